"""Where a log can be read from: a folder of tiles, a server's address, or this installation's own store.

A source is a function that takes a path of the C2SP layout (`checkpoint`, `tile/0/x001/234`, …) and returns its bytes.
What it returns is not trusted; the auditor checks it all.
"""

import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sameboat.transparency.engine import layout, tiles
from sameboat.transparency.engine.layout import TILE_WIDTH
from sameboat.transparency.engine.merkle import HASH_SIZE
from sameboat.transparency.errors import AuditError, BadInput

if TYPE_CHECKING:
    import httpx

Fetch = Callable[[str], bytes]
"""`fetch(path)` returns what stands there. Raises MissingError where nothing does."""

LARGEST_ANSWER = TILE_WIDTH * (2 + layout.MAX_ENTRY_BYTES)
"""Bytes of a full bundle of the largest entries; an answer beyond that is nothing of a log."""

TRIES = 4
"""How often a server is asked before its silence counts as an answer."""

PAUSE = 1.0
"""Seconds before the second try; each later one waits twice as long."""

PATIENCE = 120.0
"""Seconds that one answer may take: a server that sends a byte now and then must not hold up an audit for ever."""


class _CutShortError(Exception):
    """An answer that ended before its end, or never came to it: asked for again."""


class MissingError(AuditError):
    """The log lacks what its checkpoint says it has."""

    code = "missing"


def of(place: str) -> Fetch:
    """Return a reader of a log at a server's address or in a folder."""
    return server(place) if place.startswith(("http://", "https://")) else folder(Path(place))


def folder(root: Path) -> Fetch:
    """Return a reader of a static tile folder; raises BadInput where it has no checkpoint."""
    if not (root / layout.CHECKPOINT_PATH).is_file():
        raise BadInput(f"{root} has no file '{layout.CHECKPOINT_PATH}': give the folder that holds it and 'tile'")
    return _Folder(root)


@dataclass(frozen=True, slots=True)
class _Folder:
    root: Path

    def __call__(self, path: str) -> bytes:
        try:
            with (self.root / path).open("rb") as file:
                return file.read(LARGEST_ANSWER + 1)
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            raise MissingError(f"{self.root / path} is missing; copy the log again") from None


def server(address: str, largest: int | None = None) -> Fetch:
    """Return a reader of a log that a web server serves; slow and failing answers are asked for again.

    An answer of more than `largest` bytes is refused; by default, one larger than anything in a log.
    """
    return _Server(address, largest)


class _Server:
    """Keeps a connection open. Another process that is handed one opens its own."""

    def __init__(self, address: str, largest: int | None) -> None:
        import httpx

        self.address, self.largest = address, largest
        self.start = address.rstrip("/")
        headers = {"User-Agent": "sameboat-audit", "Accept-Encoding": "gzip, identity"}
        self.client = httpx.Client(timeout=20, follow_redirects=True, headers=headers)

    def __reduce__(self) -> tuple[Callable[[str, int | None], Fetch], tuple[str, int | None]]:
        return server, (self.address, self.largest)

    def __call__(self, path: str) -> bytes:
        import httpx

        where, trouble = f"{self.start}/{path}", ""
        for attempt in range(TRIES):
            if attempt:
                time.sleep(PAUSE * 2 ** (attempt - 1))
            try:
                with self.client.stream("GET", where) as answer:
                    if answer.status_code == httpx.codes.OK:
                        return _bounded(answer, where, self.largest or LARGEST_ANSWER)
                    trouble = f"answered {answer.status_code}"
            except httpx.InvalidURL as error:
                raise BadInput(f"{self.address} is not an address: {error}") from error
            except _CutShortError as error:
                trouble = f"sent an answer that {error}"
                continue
            except httpx.HTTPError as error:
                trouble = f"did not answer ({type(error).__name__})"
                continue
            if answer.status_code in (404, 410):
                raise MissingError(f"{where} is missing there; its owner must put it back")
            if answer.status_code not in (429, 500, 502, 503, 504):
                break
        raise BadInput(f"{where} {trouble}; check the address and try again")


def _bounded(answer: "httpx.Response", where: str, largest: int) -> bytes:
    """Return the body of an answer, unpacked, holding at no time much more than `largest` bytes of it.

    A log may compress what it serves with gzip, asked for or not (tlog-tiles); nothing else is unpacked.
    """
    packing = answer.headers.get("Content-Encoding", "identity").strip().lower()
    if packing not in ("gzip", "identity", ""):
        raise AuditError(f"{where} is packed as '{packing[:40]}'; a log serves its files as they are, or with gzip")
    gzip = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS) if packing == "gzip" else None
    until = time.monotonic() + PATIENCE
    data = bytearray()
    for part in answer.iter_raw():
        try:
            data += part if gzip is None else gzip.decompress(part, largest + 1 - len(data))
        except zlib.error as error:
            raise AuditError(f"{where} is no gzip, as its server says it is: {error}") from error
        if len(data) > largest:
            raise AuditError(f"{where} is larger than anything in a log; this is not a log's answer")
        if time.monotonic() > until:
            raise _CutShortError(f"took longer than {PATIENCE:.0f} seconds")
    if gzip is not None and not gzip.eof:
        raise _CutShortError("is cut short")
    return bytes(data)


def own_store() -> Fetch:
    """Return a reader of this installation's store, through the same paths that it serves to others."""
    import django

    django.setup()
    return _OwnStore()


class _OwnStore:
    def __reduce__(self) -> tuple[Callable[[], Fetch], tuple[()]]:
        return own_store, ()

    def __call__(self, path: str) -> bytes:
        from sameboat.transparency import store

        if path == layout.CHECKPOINT_PATH:
            last = store.served_checkpoint()
            if last is None:
                raise BadInput("nothing is published yet; start the server, or run `sameboat log sequence`")
            return last.note.encode()
        place = layout.parse_path(path)
        if place.level is None:
            return tiles.encode_bundle(store.read_entries(place.index, place.width))
        return store.read_tile(place.level, place.index, place.width)


def hashes_at(fetch: Fetch, level: int, index: int, width: int) -> bytes:
    """Return `width` hashes of a tile, from the full tile where the partial one is gone."""
    data = _grown(fetch, layout.path(level, index, width), layout.path(level, index), width)
    wanted = width * HASH_SIZE
    if len(data) < wanted or (len(data) > wanted and len(data) != layout.TILE_BYTES):
        raise AuditError(f"{layout.path(level, index, width)} has {len(data)} bytes, not {wanted}: it is cut short")
    return data[:wanted]


def entries_at(fetch: Fetch, index: int, width: int) -> list[bytes]:
    """Return the first `width` entries of a bundle, from the full bundle where the partial one is gone."""
    path = layout.entries_path(index, width)
    try:
        entries = tiles.parse_bundle(_grown(fetch, path, layout.entries_path(index), width))
    except tiles.BundleError as error:
        raise AuditError(f"{path}: {error}") from error
    if len(entries) < width:
        raise AuditError(f"{path} holds {len(entries)} entries, not {width}: it is cut short")
    return entries[:width]


def _grown(fetch: Fetch, path: str, full_path: str, width: int) -> bytes:
    """Return what stands at a partial tile's path, or at the full one's: it may have filled up since."""
    try:
        return fetch(path)
    except MissingError:
        if width == TILE_WIDTH:
            raise
    try:
        return fetch(full_path)
    except MissingError:
        raise MissingError(f"{path} is missing, and so is the full {full_path}") from None
