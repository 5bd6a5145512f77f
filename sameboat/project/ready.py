"""What must be so before anything is served: tables up to date, a log that agrees with itself, static files there."""

import hashlib
import io

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from sameboat.project import database_file
from sameboat.transparency import queries, store, witness_policy
from sameboat.transparency.errors import BadInput


def make_ready(*, migrate: bool) -> int:
    """Bring the installation into a state in which it can serve; return the log's size.

    A new database gets its tables. An old one is changed only with `migrate`. Raises BadInput where that is missing or
    the witnesses' policy is wrong, StoreError where the stored log does not agree with its last checkpoint.
    """
    settings.HOME.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = database_file.path()
    if file is not None and file.exists():
        database_file.check(file)
    waiting = pending_migrations()
    if waiting and (migrate or is_new()):
        call_command("migrate", verbosity=0, interactive=False)
    elif waiting:
        raise BadInput(
            f"the database is older than this program: {len(waiting)} changes of its tables wait, the first is "
            f"{waiting[0]}. Make a backup (`sameboat backup FILE`), then start once with --migrate."
        )
    witness_policy.witnesses()  # a policy that cannot be read is found out now, not by the first checkpoint
    size = store.check_store()
    collect_static()
    return size


def is_new() -> bool:
    """Return whether the database has no tables yet."""
    return not connection.introspection.table_names()


def holds_entries() -> bool:
    """Return whether anything was ever said on the log here."""
    state = queries.state()
    return bool(state.size or state.waiting)


def pending_migrations() -> list[str]:
    """Return the migrations that the database has not seen, as `room.name`."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]


def collect_static() -> bool:
    """Gather static files where the server finds them, if any has changed; return whether it did."""
    stamp = settings.STATIC_ROOT / ".collected"
    now = _static_state()
    if stamp.exists() and stamp.read_text() == now:
        return False
    call_command("collectstatic", verbosity=0, interactive=False, stdout=io.StringIO())
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(now)
    return True


def static_is_collected() -> bool:
    """Return whether the gathered static files are those of this program."""
    stamp = settings.STATIC_ROOT / ".collected"
    return stamp.exists() and stamp.read_text() == _static_state()


def _static_state() -> str:
    """Return a hash over the names, sizes and times of every static file."""
    digest = hashlib.sha256()
    for finder in get_finders():
        for path, storage in sorted(finder.list([]), key=lambda found: str(found[0])):
            stat = storage.get_modified_time(path), storage.size(path)
            digest.update(repr((path, stat)).encode())
    return digest.hexdigest()
