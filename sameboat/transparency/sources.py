"""Where a log can be read from: a folder of tiles, a server's address, or this installation's own store.

A source is a function that takes a path of the C2SP layout (`checkpoint`, `tile/0/x001/234`, …) and returns its bytes.
What it returns is not trusted; the auditor checks it all.
"""

import time
from collections.abc import Callable
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

    def fetch(path: str) -> bytes:
        try:
            with (root / path).open("rb") as file:
                return file.read(LARGEST_ANSWER + 1)
        except (FileNotFoundError, NotADirectoryError):
            raise MissingError(f"{root / path} is missing; copy the log again") from None

    return fetch


def server(address: str, largest: int = LARGEST_ANSWER) -> Fetch:
    """Return a reader of a log that a web server serves; slow and failing answers are asked for again.

    An answer of more than `largest` bytes is refused.
    """
    import httpx

    client = httpx.Client(timeout=20, follow_redirects=True, headers={"User-Agent": "sameboat-audit"})
    start = address.rstrip("/")

    def fetch(path: str) -> bytes:
        trouble = ""
        for attempt in range(TRIES):
            if attempt:
                time.sleep(0.5 * 2**attempt)
            try:
                with client.stream("GET", f"{start}/{path}") as answer:
                    if answer.status_code == httpx.codes.OK:
                        return _bounded(answer, f"{start}/{path}", largest)
                    trouble = f"answered {answer.status_code}"
            except httpx.InvalidURL as error:
                raise BadInput(f"{address} is not an address: {error}") from error
            except httpx.HTTPError as error:
                trouble = f"did not answer ({type(error).__name__})"
                continue
            if answer.status_code in (404, 410):
                raise MissingError(f"{start}/{path} is missing there; its owner must put it back")
            if answer.status_code not in (429, 500, 502, 503, 504):
                break
        raise BadInput(f"{start}/{path} {trouble}; check the address and try again")

    return fetch


def _bounded(answer: "httpx.Response", where: str, largest: int) -> bytes:
    data = bytearray()
    for part in answer.iter_bytes():
        data += part
        if len(data) > largest:
            raise AuditError(f"{where} is larger than anything in a log; this is not a log's answer")
    return bytes(data)


def own_store() -> Fetch:
    """Return a reader of this installation's store, through the same paths that it serves to others."""
    from sameboat.transparency import store

    def fetch(path: str) -> bytes:
        if path == layout.CHECKPOINT_PATH:
            last = store.served_checkpoint()
            if last is None:
                raise BadInput("nothing is published yet; start the server, or run `sameboat log sequence`")
            return last.note.encode()
        place = layout.parse_path(path)
        if place.level is None:
            return tiles.encode_bundle(store.read_entries(place.index, place.width))
        return store.read_tile(place.level, place.index, place.width)

    return fetch


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
