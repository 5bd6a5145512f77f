"""The last checkpoint that left this home, kept beside the database: a database restored from before it is noticed.

A checkpoint is written here after its transaction has committed, so the database is never behind it except by being
put back. Going on from there would give indices a second time: a fork, which no explanation undoes.
"""

import fcntl
import os

from django.conf import settings

from sameboat.transparency.engine import checkpoint, signed_note, tiles
from sameboat.transparency.engine.checkpoint import Checkpoint
from sameboat.transparency.engine.tiles import ReadTile
from sameboat.transparency.errors import RolledBackError, StoreError

FILE_NAME = "published-checkpoint"

_ADVICE = (
    "Restore a newer backup. If those entries are lost for good, start a new log in a new SAMEBOAT_HOME, under a new "
    "name, and say so in public."
)


def remember(note: str) -> None:
    """Keep a checkpoint that is published now, unless a larger one is kept; the larger is on the disk, whole, then."""
    path = settings.HOME / FILE_NAME
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)  # of two who publish, the later one's stays
        kept = last()
        if kept is not None and kept.size > checkpoint.parse(signed_note.split(note)[0]).size:
            return
        draft = path.with_name(f"{FILE_NAME}.new")
        with draft.open("w", encoding="utf-8") as file:
            file.write(note)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        os.fsync(folder)
    finally:
        os.close(folder)


def catch_up(note: str) -> None:
    """Keep the store's last checkpoint, where a crash or a full disk left this file behind it."""
    kept = last()
    if kept is None or kept.size < checkpoint.parse(signed_note.split(note)[0]).size:
        remember(note)


def last() -> Checkpoint | None:
    """Return the last checkpoint that was published from this home; None before the first. Raises StoreError."""
    path = settings.HOME / FILE_NAME
    try:
        note = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    try:
        text, _ = signed_note.split(note)
        return checkpoint.parse(text)
    except (ValueError, UnicodeError) as error:
        raise StoreError(f"{path} is damaged: {error}. Put back the copy that stands in your last backup.") from error


def check_size(size: int) -> None:
    """Raise RolledBackError if a store of `size` entries is behind what was published; reads one small file."""
    published = last()
    if published is not None and size < published.size:
        raise RolledBackError(
            f"the store holds {size:,} published entries, but {published.size:,} were published from this home "
            f"({settings.HOME / FILE_NAME}): it is an old copy, and going on would fork the log. {_ADVICE}"
        )


def check_prefix(size: int, read_tile: ReadTile) -> None:
    """Raise RolledBackError unless a store of `size` entries extends what was published from this home."""
    check_size(size)
    published = last()
    if published is not None and published.size and tiles.root(published.size, read_tile) != published.root:
        raise RolledBackError(
            f"the first {published.size:,} entries of the store are not those that were published from this home "
            f"({settings.HOME / FILE_NAME}): the log was forked. {_ADVICE}"
        )
