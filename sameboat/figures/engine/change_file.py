"""The canonical file of what a vintage changed, and the chain of hashes over such files.

The file is CSV (RFC 4180) in UTF-8 with line feeds and no quotes, for its cells are codes, days and whole numbers. Its
rows stand in the order of place, signal, definition and date, each pair once. The same changes make the same bytes.
"""

import csv
import hashlib
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from sameboat.figures.engine.observation import Observation

COLUMNS = ("place", "signal", "definition", "date", "value", "missing")
CODE = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,47}$")
"""What codes of places, signals and definitions are made of."""

Key = tuple[str, str, str, date]
"""Place, signal, definition and day: what one figure is about."""

State = Mapping[Key, Observation]
"""Every figure of a feed as a vintage left it."""

_NUMBER = re.compile(r"^(0|-?[1-9][0-9]{0,17})$")


class ChangeFileError(ValueError):
    """A file that is no canonical file of changes; the message names the line."""


def encode(changes: Iterable[Observation]) -> bytes:
    """Return the canonical file of changes, in whatever order they come.

    Raises
    ------
    ChangeFileError
        Where two changes speak of the same figure, or a code has characters that codes do not have.
    """
    return b"".join(parts(sorted(changes, key=key_of)))


def parts(changes: Iterable[Observation]) -> Iterator[bytes]:
    """Yield the canonical file of changes that come in its order, one line each, so that none of it need be held.

    Raises
    ------
    ChangeFileError
        As `encode` does, and where the changes do not come in order.
    """
    yield (",".join(COLUMNS) + "\n").encode()
    before: Key | None = None
    for row in changes:
        key = key_of(row)
        if key == before:
            raise ChangeFileError(f"{row.place} {row.signal} {row.date}: changed twice in one vintage")
        if before is not None and key < before:
            raise ChangeFileError(f"{row.place} {row.signal} {row.date}: out of order")
        if not (
            CODE.match(row.place) and CODE.match(row.signal) and (not row.definition or CODE.match(row.definition))
        ):
            raise ChangeFileError(f"{row.place} {row.signal} {row.definition}: not codes")
        value = "" if row.value is None else str(row.value)
        yield f"{row.place},{row.signal},{row.definition},{row.date.isoformat()},{value},{row.missing}\n".encode()
        before = key


def parse(data: bytes) -> list[Observation]:
    """Return the changes that a canonical file holds; raises ChangeFileError for any other bytes."""
    try:
        text = data.decode("utf-8")
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise ChangeFileError(f"not CSV in UTF-8: {error}") from None
    if not rows or tuple(rows[0]) != COLUMNS:
        raise ChangeFileError(f"line 1: the columns must be {','.join(COLUMNS)}")
    changes = [_row(number, cells) for number, cells in enumerate(rows[1:], start=2)]
    if encode(changes) != data:
        raise ChangeFileError("the rows are not in canonical order or form")
    return changes


def _row(number: int, cells: list[str]) -> Observation:
    if len(cells) != len(COLUMNS):
        raise ChangeFileError(f"line {number}: {len(cells)} cells, not {len(COLUMNS)}")
    place, signal, definition, day, value, missing = cells
    if value and not _NUMBER.match(value):
        raise ChangeFileError(f"line {number}: '{value[:30]}' is not a whole number")
    try:
        return Observation(place, signal, definition, date.fromisoformat(day), int(value) if value else None, missing)
    except ValueError as error:
        raise ChangeFileError(f"line {number}: {error}") from None


def key_of(row: Observation) -> Key:
    """Return what a figure is about."""
    return row.place, row.signal, row.definition, row.date


def sha256(data: bytes) -> str:
    """Return the hash under which a file of changes stands on the log, in hex."""
    return hashlib.sha256(data).hexdigest()


def replay(files: Iterable[bytes]) -> dict[Key, Observation]:
    """Return every figure as the last of a feed's files leaves it, for whoever checks the whole chain."""
    state: dict[Key, Observation] = {}
    for data in files:
        state.update((key_of(row), row) for row in parse(data))
    return state
