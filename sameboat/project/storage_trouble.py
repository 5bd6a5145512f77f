"""What ails the disk or the database, by the code that SQLite, PostgreSQL or the operating system gives the error."""

import errno
import sqlite3
from typing import Literal

Trouble = Literal["full", "failing", "damaged", "read-only", "busy"]

_SQLITE: dict[int, Trouble] = {
    sqlite3.SQLITE_FULL: "full",
    sqlite3.SQLITE_IOERR: "failing",
    sqlite3.SQLITE_CORRUPT: "damaged",
    sqlite3.SQLITE_NOTADB: "damaged",
    sqlite3.SQLITE_READONLY: "read-only",
    sqlite3.SQLITE_CANTOPEN: "failing",
    sqlite3.SQLITE_BUSY: "busy",
    sqlite3.SQLITE_LOCKED: "busy",
}
"""By primary result code (sqlite.org/rescode.html), the low eight bits."""

_POSTGRESQL: dict[str, Trouble] = {
    "53100": "full",
    "58030": "failing",
    "XX001": "damaged",
    "XX002": "damaged",
    "25006": "read-only",
    "55P03": "busy",
}
"""By SQLSTATE (PostgreSQL, appendix A)."""

_SYSTEM: dict[int, Trouble] = {
    errno.ENOSPC: "full",
    errno.EDQUOT: "full",
    errno.EFBIG: "full",
    errno.EIO: "failing",
    errno.EROFS: "read-only",
}

ADVICE: dict[Trouble, str] = {
    "full": "Make room on the disk, or enlarge it; what waits goes on by itself then.",
    "failing": "The disk does not take or give what is stored. Look at the system's log and at `sameboat doctor`, and "
    "have a new backup on another disk before anything else.",
    "damaged": "Run `sameboat doctor`, then restore a backup.",
    "read-only": "Check who owns the folder and how the disk is mounted.",
    "busy": "Wait for it or stop it, then try again.",
}
"""What the operator does about each."""


def trouble_of(error: BaseException) -> Trouble | None:
    """Return what an error of the operating system or of the database says of the disk; None where it says nothing."""
    cause = error.__cause__ or error
    if isinstance(cause, sqlite3.Error):
        return _SQLITE.get(getattr(cause, "sqlite_errorcode", 0) & 0xFF)
    if isinstance(cause, OSError):
        return _SYSTEM.get(cause.errno or 0)
    return _POSTGRESQL.get(getattr(cause, "sqlstate", None) or "")
