"""Check a promise in a file against a log, and tell it in words and as JSON."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sameboat.transparency import promises, sources
from sameboat.transparency.engine import base64_text, layout, promise
from sameboat.transparency.engine.promise import PromiseError
from sameboat.transparency.engine.signed_note import MAX_BYTES, KeyFormatError, NoteError, Verifier
from sameboat.transparency.errors import BadInput, FoundWrong
from sameboat.transparency.promises import Kept


class ForgedPromiseError(FoundWrong):
    """A promise that the log's key did not sign."""

    code = "promise"


def check(file: Path, source: str | None, vkey: str) -> "PromiseStory":
    """Return whether a log keeps the promise in a file.

    Raises BadInput for what is no promise, or where the key is missing; ForgedPromiseError for one that the key did
    not sign; AuditError for a log that cannot be believed.
    """
    note = _note(file)
    log = _key(source, vkey)
    try:
        given = promise.open(note, log)
    except PromiseError as error:
        raise BadInput(f"{file}: {error}") from error
    except NoteError as error:
        raise ForgedPromiseError(
            f"{file} is no promise of the log {log.name}: {error}. Check the key given with --vkey, and that the file "
            "is as it was received."
        ) from error
    fetch, seen_at = _latest(source)
    from sameboat.progress import progress_bar

    with progress_bar("entries looked at") as progress:
        return PromiseStory(promises.look_for(given, fetch, log, seen_at, progress), note)


def _note(file: Path) -> str:
    with file.open("rb") as opened:
        data = opened.read(MAX_BYTES + 1)
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise BadInput(f"{file} is not text, so it holds no promise") from None
    if "\n\n" in text:
        return text
    try:
        return base64_text.decode(text.strip()).decode()
    except ValueError:
        raise BadInput(f"{file} holds neither a signed promise nor the Base64 of one; was it cut short?") from None


def _key(source: str | None, vkey: str) -> Verifier:
    try:
        if vkey:
            return Verifier.from_vkey(vkey)
    except KeyFormatError as error:
        raise BadInput(f"--vkey: {error}") from error
    if source is not None:
        raise BadInput("give the log's public key with --vkey, got from somewhere else than the log itself")
    from sameboat.transparency import keys

    if not keys.has_key():
        raise BadInput("this SAMEBOAT_HOME has no log; name the log with --log and its key with --vkey")
    return keys.log_signer().verifier


def _latest(source: str | None) -> tuple[sources.Fetch, int]:
    """Return a reader of the log, and when what it reads was the log's latest, in POSIX milliseconds."""
    now = time.time_ns() // 1_000_000
    if source is None:
        import django

        django.setup()
        return sources.own_store(), now
    if source.startswith(("http://", "https://")):
        return sources.server(source), now
    fetch = sources.folder(Path(source))
    copied = (Path(source) / layout.CHECKPOINT_PATH).stat().st_mtime_ns // 1_000_000
    return fetch, min(now, copied)


@dataclass(frozen=True, slots=True)
class PromiseStory:
    """What became of a promise, in words and as JSON."""

    found: Kept
    note: str

    @property
    def wrong(self) -> bool:
        return self.found.verdict == "broken"

    def as_json(self) -> dict[str, Any]:
        found = self.found
        return {
            "verdict": found.verdict,
            "log": found.promise.origin,
            "leaf_hash": found.promise.leaf_hash.hex(),
            "accepted_at": _moment(found.promise.accepted_at),
            "due_at": _moment(found.promise.due_at),
            "index": found.index,
            "log_size": found.size,
            "checked_at": _moment(found.seen_at),
            "promise": self.note,
            "checkpoint": found.note,
        }

    def as_text(self) -> Iterator[str]:
        found = self.found
        yield f"{found.promise.origin} accepted the entry {found.promise.leaf_hash.hex()}"
        yield f"on {_moment(found.promise.accepted_at)} and promised to publish it by {_moment(found.promise.due_at)}."
        if found.verdict == "kept":
            yield f"Kept: it is entry {found.index:,} of {found.size:,} under the signed root {found.root.hex()}."
            return
        yield f"None of the {found.size:,} entries under the signed root {found.root.hex()} is it."
        if found.verdict == "not-due":
            yield f"Not due yet, as of {_moment(found.seen_at)}: ask again after that time."
            return
        yield f"Broken, as of {_moment(found.seen_at)} by this machine's clock. Keep this as evidence, and show it to"
        yield "others: the log's key signed both, and a witness's line under the checkpoint says when."
        yield ""
        yield from self.note.splitlines()
        yield ""
        yield from found.note.splitlines()


def _moment(milliseconds: int) -> str:
    try:
        at = datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return f"{milliseconds} milliseconds after 1970"
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
