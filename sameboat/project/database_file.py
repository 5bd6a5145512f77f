"""The SQLite file as a file: whether it is whole, before anything is read out of it."""

from pathlib import Path

from django.conf import settings

from sameboat.transparency.errors import FoundWrong

_MAGIC = b"SQLite format 3\x00"
_HEADER = 100


class DamagedDatabaseError(FoundWrong):
    """The database's file is cut short or is none."""

    code = "damaged-database"


def path() -> Path | None:
    """Return the database's file; None where a server holds the database."""
    database = settings.DATABASES["default"]
    return Path(database["NAME"]) if database["ENGINE"].endswith("sqlite3") else None


def check_whole() -> None:
    """Raise DamagedDatabaseError where the file is no database or shorter than its first page says.

    Reads 100 bytes (sqlite.org/fileformat2.html, section 1.3); damage inside is `PRAGMA integrity_check`'s business.
    """
    file = path()
    if file is None or not file.exists() or file.stat().st_size == 0:
        return
    with file.open("rb") as opened:
        header = opened.read(_HEADER)
    advice = "Restore a backup: `sameboat restore FILE --force`. Keep this file aside; much of it may be readable."
    if len(header) < _HEADER or not header.startswith(_MAGIC):
        raise DamagedDatabaseError(f"{file} is not an SQLite database, or only its first bytes are left. {advice}")
    page = int.from_bytes(header[16:18]) or 0
    page = 65_536 if page == 1 else page
    pages, size = int.from_bytes(header[28:32]), file.stat().st_size
    journal = file.with_name(f"{file.name}-wal")
    wanted = page * pages
    if wanted > size and not (journal.exists() and journal.stat().st_size):
        raise DamagedDatabaseError(f"{file} is cut short: it should have {wanted:,} bytes and has {size:,}. {advice}")
