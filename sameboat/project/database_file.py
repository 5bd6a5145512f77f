"""The SQLite file: where it is, and whether SQLite can read it.

It is never opened but through SQLite: closing any other handle on it would drop the locks of this process's
connections, and another process could then throw away the write-ahead log (sqlite.org/howtocorrupt.html, section 2.2).
"""

import sqlite3
from contextlib import closing
from pathlib import Path

from django.conf import settings

from sameboat.transparency.errors import FoundWrong


class DamagedDatabaseError(FoundWrong):
    """The database's file is damaged, cut short, or none."""

    code = "damaged-database"


def path() -> Path | None:
    """Return the database's file; None where a server holds the database."""
    database = settings.DATABASES["default"]
    return Path(database["NAME"]) if database["ENGINE"].endswith("sqlite3") else None


def check(file: Path, *, full: bool = False) -> None:
    """Raise DamagedDatabaseError where SQLite cannot read a database; the file's size is compared with its pages.

    With `full` every page is looked at (`PRAGMA integrity_check`), which takes a while in a large file.
    """
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=rw", uri=True)) as opened:
            opened.execute("SELECT count(*) FROM sqlite_schema").fetchone()
            pages, page = (opened.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size"))
            problems = [row[0] for row in opened.execute("PRAGMA integrity_check(3)")] if full else ["ok"]
        # With a write-ahead log beside it, the file may be behind.
        journal = file.with_name(f"{file.name}-wal")
        if file.stat().st_size < pages * page and not (journal.exists() and journal.stat().st_size):
            problems = [f"it should have {pages * page:,} bytes"]
    except sqlite3.DatabaseError as error:
        problems = [str(error)]
    if problems != ["ok"]:
        raise DamagedDatabaseError(
            f"{file} is damaged or cut short ({file.stat().st_size:,} bytes): {'; '.join(problems)}. Put it aside, "
            "much of it may be readable, and restore a backup: `sameboat restore FILE --force`."
        )
