"""What a witness must never forget: the logs it watches, and the last checkpoint of each that it cosigned.

One SQLite file. A transaction that has ended is on the disk; one that a crash cut short never was.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from sameboat.transparency.engine import cosignature, merkle
from sameboat.transparency.engine.signed_note import NoteVerifier
from sameboat.transparency.engine.witnessing import NEVER, Cosigned
from sameboat.transparency.errors import StoreError

FILE_NAME = "witness.sqlite3"
MOST_FORKS = 1_000
"""Forks kept a log; the first ones say all there is to say."""

# Sizes reach 2**64 - 1, beyond SQLite's integers.
_TABLES = """
    CREATE TABLE IF NOT EXISTS log_key (
        origin TEXT NOT NULL, vkey TEXT NOT NULL, added_at INTEGER NOT NULL, PRIMARY KEY (origin, vkey)
    );
    CREATE TABLE IF NOT EXISTS cosigned (
        origin TEXT PRIMARY KEY, size TEXT NOT NULL, root BLOB NOT NULL, at INTEGER NOT NULL, note TEXT NOT NULL
    );
    CREATE TABLE IF NOT EXISTS fork (
        origin TEXT NOT NULL, cosigned_note TEXT NOT NULL, other_note TEXT NOT NULL, seen_at INTEGER NOT NULL,
        PRIMARY KEY (origin, other_note)
    );
"""


@dataclass(frozen=True, slots=True)
class WatchedLog:
    """A log: its name, its keys, the last checkpoint of it that was cosigned, as a note, and how many forks it showed.

    `note` is empty before the first.
    """

    origin: str
    vkeys: tuple[str, ...]
    last: Cosigned
    note: str
    forks: int


class Memory:
    """The file, opened. One thread uses it; any number of processes may."""

    def __init__(self, path: Path) -> None:
        """Open the memory, making it where there is none. Raises StoreError for a file that is damaged or none."""
        self._path = path
        self._rows = sqlite3.connect(path, isolation_level=None, timeout=10)
        try:
            self._rows.execute("PRAGMA journal_mode = WAL")
            self._rows.execute("PRAGMA synchronous = FULL")
            self._rows.executescript(_TABLES)
            (found,) = self._rows.execute("PRAGMA quick_check(1)").fetchone()
        except sqlite3.DatabaseError as error:
            self._rows.close()
            found = str(error)
        if found != "ok":
            raise StoreError(
                f"{path} is damaged ({found}). A witness without its memory could cosign two histories: move this home "
                "aside, start again with a new key under a new name, and tell the logs that used the old one."
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._rows.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Do all that is done inside at once, or not at all; on the disk when it ends. Others wait."""
        self._rows.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._rows.execute("ROLLBACK")
            raise
        self._rows.execute("COMMIT")

    def watch(self, origin: str, vkey: str, now: int) -> bool:
        """Watch a log by one more key; return whether the key is new."""
        with self.transaction():
            done = self._rows.execute("INSERT OR IGNORE INTO log_key VALUES (?, ?, ?)", (origin, vkey, now))
        return done.rowcount == 1

    def keys(self, origin: str) -> list[NoteVerifier]:
        """Return the keys by which a log is known; none if it is not watched."""
        found = self._rows.execute("SELECT vkey FROM log_key WHERE origin = ? ORDER BY added_at, vkey", (origin,))
        return [cosignature.trusted_key(vkey) for (vkey,) in found]

    def last(self, origin: str) -> Cosigned:
        """Return the last checkpoint of a log that was cosigned, or `NEVER`."""
        row = self._rows.execute("SELECT size, root, at FROM cosigned WHERE origin = ?", (origin,)).fetchone()
        return NEVER if row is None else self._cosigned(*row)

    def remember(self, origin: str, cosigned: Cosigned, note: str) -> None:
        """Put a checkpoint in the place of the last one, within a transaction."""
        self._rows.execute(
            "INSERT OR REPLACE INTO cosigned VALUES (?, ?, ?, ?, ?)",
            (origin, str(cosigned.size), cosigned.root, cosigned.at, note),
        )

    def keep_fork(self, origin: str, note: str, now: int) -> bool:
        """Keep two checkpoints of one size that the log signed, as evidence; return whether it is new."""
        with self.transaction():
            done = self._rows.execute(
                "INSERT OR IGNORE INTO fork SELECT ?1, COALESCE((SELECT note FROM cosigned WHERE origin = ?1), ''), "
                "?2, ?3 WHERE (SELECT COUNT(*) FROM fork WHERE origin = ?1) < ?4",
                (origin, note, now, MOST_FORKS),
            )
        return done.rowcount == 1

    def forks(self, origin: str) -> list[tuple[str, str]]:
        """Return the forks of a log as pairs of notes: what was cosigned, and what the log signed beside it."""
        rows = self._rows.execute(
            "SELECT cosigned_note, other_note FROM fork WHERE origin = ? ORDER BY seen_at", (origin,)
        )
        return [(cosigned, other) for cosigned, other in rows]

    def logs(self) -> list[WatchedLog]:
        """Return the logs that are watched, by name."""
        rows = self._rows.execute(
            "SELECT DISTINCT log_key.origin, size, root, at, COALESCE(note, ''), "
            "(SELECT COUNT(*) FROM fork WHERE fork.origin = log_key.origin) "
            "FROM log_key LEFT JOIN cosigned USING (origin) ORDER BY log_key.origin"
        ).fetchall()
        vkeys: dict[str, list[str]] = {}
        for origin, vkey in self._rows.execute("SELECT origin, vkey FROM log_key ORDER BY added_at, vkey"):
            vkeys.setdefault(origin, []).append(vkey)
        return [
            WatchedLog(
                origin, tuple(vkeys[origin]), NEVER if size is None else self._cosigned(size, root, at), note, forks
            )
            for origin, size, root, at, note, forks in rows
        ]

    def _cosigned(self, size: str, root: bytes, at: int) -> Cosigned:
        if not size.isdecimal() or len(root) != merkle.HASH_SIZE:
            raise StoreError(f"{self._path} holds something that no witness wrote; it was changed by hand")
        return Cosigned(int(size), root, at)
