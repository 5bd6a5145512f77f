"""`sameboat backup` and `restore`: the database and, if wanted, the keys, in one archive with a list of hashes.

An archive is a gzipped tar: `manifest.json` first, then the files that it lists, and nothing else.
"""

import fcntl
import gzip
import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import tarfile
import tempfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.db import connection, transaction

import sameboat
from sameboat.project import database_file, mirrors
from sameboat.transparency import keys, published, sequencer, store
from sameboat.transparency.engine import tiles
from sameboat.transparency.engine.checkpoint import Checkpoint
from sameboat.transparency.errors import BadInput, FoundWrong, LogError, RolledBackError

FORMAT = "sameboat-backup/v1"
MANIFEST = "manifest.json"
SQLITE = "sameboat.sqlite3"
POSTGRESQL = "sameboat.pgdump"
LOG_KEY = f"keys/{keys.FILE_NAME}"
DJANGO_KEY = "keys/django-secret"

_LARGEST_MANIFEST = 100_000
_ADVICE = "Take another backup, or copy this one again from where it was made."

Progress = Callable[[int, int], None]


class ArchiveError(FoundWrong):
    """A backup that is cut short, was changed, or is none."""

    code = "bad-backup"


class ToolError(LogError):
    """PostgreSQL's own tools are missing or failed."""

    code = "postgresql-tools"


def back_up(target: Path, *, with_keys: bool, progress: Progress | None = None) -> dict[str, Any]:
    """Write a backup of the running installation; return what is in it.

    The database is copied as it stood at one moment, while others write. The archive is whole or not there, and
    readable by its owner alone. Raises BadInput where the name is taken or there is nothing to back up.
    """
    if target.exists():
        raise BadInput(f"{target} exists; give a name that is free, so that no backup is lost")
    if with_keys and not keys.has_key():
        raise BadInput("this SAMEBOAT_HOME has no log key yet, so there is none to back up")
    with _workshop(target.parent) as folder:
        if (file := database_file.path()) is None:
            names = [POSTGRESQL]
            with _one_moment() as (moment, size):
                options = ("--format=custom", "--no-owner", f"--snapshot={moment}")
                _postgresql("pg_dump", *options, f"--file={folder / POSTGRESQL}")
        else:
            names = [SQLITE]
            size = _copy_sqlite(file, folder / SQLITE, progress)
        for name in (LOG_KEY, DJANGO_KEY) if with_keys else ():
            if (settings.HOME / name).exists():
                (folder / name).parent.mkdir(exist_ok=True)
                shutil.copyfile(settings.HOME / name, folder / name)
                names.append(name)
        about = {
            "format": FORMAT,
            "program": sameboat.__version__,
            "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "log": keys.log_vkey() if keys.has_key() else None,
            "log_size_at_least": size,
            "demo": settings.DEMO,
            "files": {name: _told(folder / name) for name in names},
        }
        (folder / MANIFEST).write_text(json.dumps(about, indent=2) + "\n")
        draft = folder / "archive"
        with gzip.open(draft, "wb", compresslevel=6) as packed, tarfile.open(fileobj=packed, mode="w|") as archive:
            for name in (MANIFEST, *names):
                archive.add(folder / name, arcname=name, filter=_without_owner)
        draft.chmod(0o600)
        with draft.open("rb") as finished:
            os.fsync(finished.fileno())
        try:
            target.hardlink_to(draft)  # unlike a rename, never over another file
        except FileExistsError:
            raise BadInput(f"{target} exists; give a name that is free, so that no backup is lost") from None
    return {"file": str(target), "bytes": target.stat().st_size, "log_size_at_least": size, "keys": with_keys}


def restore(archive: Path, *, force: bool, mirror: str = "") -> dict[str, Any]:
    """Put a backup in this home's place, check the log in it, and return what is there now.

    What was there is set aside in the home, not deleted. Raises BadInput where the home is not empty and `force` is
    not given, or a server runs on it; ArchiveError for a bad archive; RolledBackError for a backup older than what
    this home has published, or than the `mirror` shows: a folder of tiles, or a web server's address. In each of these
    cases the home is as before; PostgreSQL's database too, unless the log in the backup itself is wrong or forked.
    """
    settings.HOME.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _workshop(settings.HOME) as folder, _nobody_serves():
        about = _unpack(archive, folder)
        _check_place(about, force=force)
        seen = _seen(mirror, about) if mirror else None
        if database_file.path() is None:
            aside = None
            if POSTGRESQL not in about["files"]:
                raise BadInput("this backup is of an SQLite database, and DATABASE_URL names a PostgreSQL server")
            _take_keys(folder, about)
            options = ("--clean", "--if-exists", "--no-owner", "--exit-on-error", "--single-transaction")
            _postgresql("pg_restore", *options, f"--dbname={_uri()}", str(folder / POSTGRESQL))
            size = _check_log(seen)
        else:
            if SQLITE not in about["files"]:
                raise BadInput(
                    "this backup is of a PostgreSQL database; set DATABASE_URL to the server to restore it on"
                )
            database_file.check(folder / SQLITE, full=True)
            aside, size = _swap_sqlite(folder, about, seen)
        last = store.latest_checkpoint()
        if last is not None:
            published.remember(last.note)
        if about["demo"]:
            settings.DEMO_MARK.write_text("loaded\n")
    return {
        "home": str(settings.HOME),
        "made_at": about["made_at"],
        "log_size": size,
        "set_aside": "nothing was there" if aside is None else str(aside),
    }


def _unpack(archive: Path, folder: Path) -> dict[str, Any]:
    """Write the archive's files to a folder and return its manifest, when every name, size and hash agrees."""
    try:
        with archive.open("rb") as file, gzip.open(file) as unpacked, tarfile.open(fileobj=unpacked, mode="r|") as tar:
            first = tar.next()
            if first is None or first.name != MANIFEST or not first.isreg() or first.size > _LARGEST_MANIFEST:
                raise ArchiveError(f"{archive} is not a backup of Sameboat: it does not begin with {MANIFEST}")
            about = _manifest(archive, _content(tar, first).read())
            waiting = dict(about["files"])
            while (member := tar.next()) is not None:
                told = waiting.pop(member.name, None)
                if told is None or not member.isreg():
                    raise ArchiveError(f"{archive} holds '{member.name[:80]}', which its list does not name. {_ADVICE}")
                if member.size != told["bytes"]:
                    raise ArchiveError(f"{archive}: {member.name} has another size than its list says. {_ADVICE}")
                (folder / member.name).parent.mkdir(exist_ok=True, mode=0o700)
                if _write(_content(tar, member), folder / member.name) != told["sha256"]:
                    raise ArchiveError(f"{archive}: {member.name} was changed or damaged. {_ADVICE}")
            while unpacked.read(1 << 20):
                pass  # up to gzip's own checksum
    except (EOFError, tarfile.TarError, zlib.error) as error:
        raise ArchiveError(f"{archive} is cut short or damaged ({error}). {_ADVICE}") from error
    except gzip.BadGzipFile as error:
        raise ArchiveError(f"{archive} is not a backup of Sameboat: {error}") from error
    if waiting:
        raise ArchiveError(f"{archive} lacks {', '.join(waiting)}: it is cut short. {_ADVICE}")
    return about


def _manifest(archive: Path, data: bytes) -> dict[str, Any]:
    try:
        about = json.loads(data)
        files = about["files"]
        well_formed = (
            about["format"] == FORMAT
            and isinstance(about["made_at"], str)
            and type(about["log_size_at_least"]) is int
            and type(about["demo"]) is bool
            and set(files) <= {SQLITE, POSTGRESQL, LOG_KEY, DJANGO_KEY}
            and len({SQLITE, POSTGRESQL} & set(files)) == 1
            and all(type(told["bytes"]) is int and isinstance(told["sha256"], str) for told in files.values())
        )
    except (ValueError, TypeError, KeyError, AttributeError):
        well_formed = False
    if not well_formed:
        raise ArchiveError(f"{archive}: its {MANIFEST} is not one that this program writes ({FORMAT}). {_ADVICE}")
    return dict(about)


def _check_place(about: Mapping[str, Any], *, force: bool) -> None:
    """Raise unless the backup may take this home's place."""
    mark = published.last()
    file = database_file.path()
    if file is None:
        if connection.introspection.table_names() and not force:
            raise BadInput("the PostgreSQL database is not empty. Name an empty one, or say --force to replace it.")
        occupied = mark is not None
    else:
        occupied = mark is not None or keys.has_key() or file.exists()
    if occupied and not force:
        raise BadInput(
            f"{settings.HOME} is not empty. Name another SAMEBOAT_HOME, or say --force to set aside what is there."
        )
    if mark is not None and about["log_size_at_least"] < mark.size:
        raise RolledBackError(
            f"this backup's log has {about['log_size_at_least']:,} entries, and {mark.size:,} were published from this "
            "home: going on from it would fork the log. Restore a newer backup."
        )
    if LOG_KEY not in about["files"] and not keys.has_key():
        raise BadInput(
            "this backup was made without keys, and this home has none. Put the log's key in "
            f"{settings.HOME / LOG_KEY} first, or restore a backup made with --with-keys."
        )


def _seen(mirror: str, about: Mapping[str, Any]) -> Checkpoint:
    """Return the checkpoint that others see in a mirror; raises RolledBackError where the backup holds less."""
    seen = mirrors.seen_in(mirror, about["log"] or keys.log_vkey())
    if about["log_size_at_least"] < seen.size:
        raise RolledBackError(
            f"this backup's log has {about['log_size_at_least']:,} entries, and {mirror} shows {seen.size:,}: going on "
            "from it would fork the log. Restore a newer backup."
        )
    return seen


def _check_log(seen: Checkpoint | None) -> int:
    """Check the log that was restored, and that it extends what others have seen; return its size."""
    size = store.check_store()
    if seen is not None and tiles.root(seen.size, store.read_tile) != seen.root:
        raise RolledBackError(
            f"the first {seen.size:,} entries of this backup are not those that the mirror shows: one of them is forked"
        )
    return size


def _swap_sqlite(folder: Path, about: Mapping[str, Any], seen: Checkpoint | None) -> tuple[Path | None, int]:
    """Put the unpacked database and keys in place and check them; put back what was there if they are wrong.

    Returns where the old files are now, and the log's size.
    """
    file = database_file.path()
    assert file is not None
    connection.close()
    aside = settings.HOME / f"replaced-{datetime.now(UTC):%Y%m%dT%H%M%S.%f}"
    old = [file.with_name(file.name + end) for end in ("", "-wal", "-shm")]
    old += [settings.HOME / name for name in (LOG_KEY, DJANGO_KEY) if name in about["files"]]
    moved = [path for path in old if path.exists()]
    if moved == [settings.HOME / DJANGO_KEY]:
        moved = []  # made a moment ago, when the settings were read
    if moved:
        aside.mkdir(mode=0o700)
    for path in moved:
        path.rename(aside / path.name)
    try:
        (folder / SQLITE).rename(file)
        _take_keys(folder, about)
        size = _check_log(seen)
    except BaseException:
        connection.close()
        for path in old:
            path.unlink(missing_ok=True)
        for path in moved:
            (aside / path.name).rename(path)
        if moved:
            aside.rmdir()
        keys.log_signer.cache_clear()
        raise
    return (aside if moved else None), size


def _take_keys(folder: Path, about: Mapping[str, Any]) -> None:
    (settings.HOME / "keys").mkdir(exist_ok=True, mode=0o700)
    for name in (LOG_KEY, DJANGO_KEY):
        if name in about["files"]:
            (folder / name).chmod(0o600)
            (folder / name).replace(settings.HOME / name)
    keys.log_signer.cache_clear()


@contextmanager
def _one_moment() -> Iterator[tuple[str, int]]:
    """Yield PostgreSQL's name for how the database stands now, while the block runs, and the log's size then."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        cursor.execute("SELECT pg_export_snapshot()")
        yield cursor.fetchone()[0], store.latest_size()


def _copy_sqlite(source: Path, target: Path, progress: Progress | None) -> int:
    """Copy a database that others write to, as it stood at one moment, and return its log's size then.

    By sqlite.org/backup.html.
    """
    if not source.exists():
        raise BadInput(f"{source} does not exist: there is nothing to back up yet")
    with closing(sqlite3.connect(source)) as running, closing(sqlite3.connect(target)) as copy:

        def tell(_status: int, left: int, total: int) -> None:
            if progress is not None:
                progress(total - left, total)

        # One read transaction over all steps, so that a busy server cannot make the copy start over.
        running.execute("BEGIN")
        running.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchone()
        running.backup(copy, pages=2_000, progress=tell)
        copy.execute("PRAGMA journal_mode=DELETE")
        (size,) = copy.execute("SELECT max(size) FROM transparency_checkpoint").fetchone()
    database_file.check(target, full=True)
    return size or 0


def _uri() -> str:
    """Return the connection's address for PostgreSQL's tools, without its password."""
    database = connection.settings_dict
    user = f"{database['USER']}@" if database["USER"] else ""
    port = f":{database['PORT']}" if database["PORT"] else ""
    return f"postgresql://{user}{database['HOST']}{port}/{database['NAME']}"


def _postgresql(tool: str, *options: str) -> None:
    if shutil.which(tool) is None:
        raise ToolError(f"{tool} is not installed: install PostgreSQL's client programs, or back up on its server")
    if tool == "pg_dump":
        options = (*options, f"--dbname={_uri()}")
    secret = {"PGPASSWORD": connection.settings_dict["PASSWORD"]} if connection.settings_dict["PASSWORD"] else {}
    done = subprocess.run([tool, *options], env={**os.environ, **secret}, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise ToolError(f"{tool} failed: {done.stderr.strip()[-400:]}")


@contextmanager
def _nobody_serves() -> Iterator[None]:
    """Hold the sequencer's lock, so that no server writes to what is being replaced. Raises BadInput if one does."""
    with (settings.HOME / sequencer.LOCK_FILE).open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BadInput(f"a server runs on {settings.HOME}; stop it first") from None
        yield


@contextmanager
def _workshop(place: Path) -> Iterator[Path]:
    """Yield a folder of our own on the disk where the result will stand."""
    place.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=".sameboat-", dir=place))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _content(tar: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    content = tar.extractfile(member)
    assert content is not None
    return content


def _write(source: IO[bytes], target: Path) -> str:
    """Copy what `source` holds to a new file and return its SHA-256 in hex."""
    digest = hashlib.sha256()
    with target.open("xb") as file:
        while part := source.read(1 << 20):
            digest.update(part)
            file.write(part)
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest()


def _told(path: Path) -> dict[str, Any]:
    """Return what the manifest tells of a file."""
    with path.open("rb") as file:
        return {"bytes": path.stat().st_size, "sha256": hashlib.file_digest(file, "sha256").hexdigest()}


def _without_owner(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mode = 0o600
    return member
