"""Erase the private part of an entry: key and row go, `erasure` is appended, and nothing stays in the database's files.

The row is deleted in its action's transaction. On SQLite that is not all. `secure_delete` overwrites what is deleted
where it stands, but the write-ahead log keeps the page as it was, and SQLite leaves copies behind when it moves rows
between pages (of one deleted row in a thousand, measured). What remains is done by `finish`, which the sequencer
calls: the table is written anew, its old pages zeroed, and the write-ahead log cut to nothing. Three marks in
SAMEBOAT_HOME say how far that is, so that a crash in between loses none of it.

PostgreSQL keeps a deleted row in its file until the table is written anew (`VACUUM FULL`), which is done as soon as the
erasure has committed. Its write-ahead log belongs to the server; docs/transparency.md says what to set there.
"""

import os
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction

from sameboat.transparency.actions import Accepted, append
from sameboat.transparency.events import Erasure, Reason
from sameboat.transparency.models import PrivatePart

TO_REWRITE = "erased-to-rewrite"
REWRITING = "erased-rewriting"
TO_CUT = "erased-to-cut"

BUSY_MILLISECONDS = 500
"""How long one attempt to cut the write-ahead log waits for readers; writers wait meanwhile."""


def erase(leaf_hash: bytes, *, reason: Reason, actor: str, about: str | None, recorded_at: datetime) -> Accepted | None:
    """Erase the private part of an accepted entry in the caller's transaction; return the `erasure` entry.

    None, and no entry, where there is no private part, or none any more.
    """
    deleted, _ = PrivatePart.objects.filter(entry__leaf_hash=leaf_hash).delete()
    if not deleted:
        return None
    _mark(settings.HOME / TO_REWRITE)
    if connection.vendor == "postgresql":  # another machine's sequencer, which may be the one that runs, has no mark
        transaction.on_commit(finish, robust=True)
    return append(
        Erasure(entry=leaf_hash.hex(), reason=reason, about=about),
        actor=actor,
        event_time=recorded_at,
        recorded_at=recorded_at,
    )


def unfinished() -> bool:
    """Return whether something that was erased may still stand in the database's files."""
    return any((settings.HOME / name).exists() for name in (TO_REWRITE, REWRITING, TO_CUT))


def finish() -> bool:
    """Leave nothing of what was erased in the database's files; return whether that is done.

    False within a transaction, and where a reader still holds the write-ahead log: call it again. Takes as long as
    the private parts are many, about two seconds for 100,000, in which others wait to write.
    """
    if not unfinished():
        return True
    if connection.in_atomic_block:
        return False
    to_rewrite, rewriting, to_cut = (settings.HOME / name for name in (TO_REWRITE, REWRITING, TO_CUT))
    if to_rewrite.exists():
        to_rewrite.replace(rewriting)
    if rewriting.exists():
        if connection.vendor == "postgresql":
            _vacuum()
        else:
            _rewrite()
        rewriting.replace(to_cut)
    if connection.vendor == "sqlite" and not _cut():
        return False
    to_cut.unlink(missing_ok=True)
    return True


def _mark(path: Path) -> None:
    """Leave a mark that is on the disk before the erasure commits."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    os.close(descriptor)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _vacuum() -> None:
    """Have PostgreSQL write the table of private parts anew; raises OperationalError where others hold it too long."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET lock_timeout = {4 * BUSY_MILLISECONDS}")
        try:
            cursor.execute(f"VACUUM FULL {PrivatePart._meta.db_table}")
        finally:
            cursor.execute("RESET lock_timeout")


def _rewrite() -> None:
    """Write the table of private parts anew. Emptied as a whole, its pages are zeroed as a whole."""
    table = PrivatePart._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA temp_store=MEMORY")  # the copy must not reach a file either
        try:
            with transaction.atomic():
                cursor.execute(f"CREATE TEMP TABLE kept AS SELECT * FROM main.{table}")  # noqa: S608
                cursor.execute(f"DELETE FROM main.{table}")  # noqa: S608
                cursor.execute(f"INSERT INTO main.{table} SELECT * FROM temp.kept ORDER BY id")  # noqa: S608
                cursor.execute("DROP TABLE temp.kept")
        finally:
            cursor.execute("PRAGMA temp_store=DEFAULT")


def _cut() -> bool:
    """Cut the write-ahead log to nothing, unless a reader needs it; return whether it is."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout")
        usual = cursor.fetchone()[0]
        cursor.execute(f"PRAGMA busy_timeout={BUSY_MILLISECONDS}")
        try:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            busy: int = cursor.fetchone()[0]
        finally:
            cursor.execute(f"PRAGMA busy_timeout={usual}")
    return not busy
