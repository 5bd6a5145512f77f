"""`sameboat doctor`: looks at everything that must be so, and says what to do about what is not."""

import os
import shutil
import stat
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

State = Literal["fine", "careful", "wrong", "not-checked"]

LEAST_FREE = 500_000_000
"""Bytes of free disk under which the doctor says careful."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at: how it is, and what to do where it is not fine."""

    name: str
    state: State
    found: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Every check, in the order in which one builds on another."""

    checks: list[Check]

    @property
    def wrong(self) -> bool:
        return any(check.state == "wrong" for check in self.checks)

    def as_json(self) -> dict[str, Any]:
        return {"ok": not self.wrong, "checks": [asdict(check) for check in self.checks]}

    def as_text(self) -> Iterator[str]:
        marks: dict[State, str] = {"fine": "fine", "careful": "CAREFUL", "wrong": "WRONG", "not-checked": "not checked"}
        for check in self.checks:
            yield f"{marks[check.state]:<12} {check.name}: {check.found}"
            if check.advice:
                yield f"{'':<12} {check.advice}"
        yield ""
        yield "Something is wrong; see above." if self.wrong else "Nothing is wrong."


def diagnose(set_up: Callable[[], None]) -> Diagnosis:
    """Return the diagnosis of this installation. `set_up` reads its settings; all else is found from there.

    A check that needs one that failed is told as not checked. Nothing is changed, but that keys are made on the first
    reading of the settings.
    """
    from sameboat.project.presenting import failure_of

    checks: list[Check] = []
    broken = False

    def look(name: str, check: Callable[[], Check], *, needs_what_stands_before: bool = True) -> None:
        nonlocal broken
        if broken and needs_what_stands_before:
            checks.append(Check(name, "not-checked", "something that it needs is wrong"))
            return
        try:
            checks.append(check())
        except Exception as error:
            failure = failure_of(error)
            if failure is None:
                raise
            checks.append(Check(name, "wrong", failure.message))
        broken = broken or checks[-1].state == "wrong"

    look("settings", lambda: _settings(set_up))
    look("database file", _database_file)
    look("database", _database)
    look("tables", _tables)
    look("log", _log)
    look("balances", _balances)
    look("figures", _figures)
    if os.environ.get("SAMEBOAT_WITNESSES"):
        look("witnesses", _witnesses)
    look("erasures", _erasures)
    broken = checks[0].state == "wrong"
    look("keys", _keys)
    look("disk", _disk)
    look("clock", _clock)
    look("static files", _static_files)
    return Diagnosis(checks)


def _settings(set_up: Callable[[], None]) -> Check:
    set_up()
    from django.conf import settings

    from sameboat.transparency import keys

    if settings.DEBUG:
        return Check("settings", "careful", "SAMEBOAT_DEBUG=1 shows faults to strangers", "Unset it on a real server.")
    wanted = os.environ.get("SAMEBOAT_LOG_ORIGIN")
    if wanted and keys.has_key() and keys.log_signer().name != wanted:
        return Check(
            "settings",
            "wrong",
            f"SAMEBOAT_LOG_ORIGIN is {wanted}, but this home's log is {keys.log_signer().name}",
            "A log keeps its name for good: set it back, or use another SAMEBOAT_HOME.",
        )
    return Check("settings", "fine", f"home {settings.HOME}")


def _database_file() -> Check:
    from sameboat.project import database_file

    file = database_file.path()
    if file is None:
        return Check("database file", "fine", "a PostgreSQL server holds the database")
    if not file.exists():
        return Check(
            "database file", "wrong", f"{file} does not exist", "Start with `sameboat serve` or `sameboat demo`."
        )
    database_file.check(file, full=True)
    return Check("database file", "fine", f"{file.stat().st_size:,} bytes, whole")


def _database() -> Check:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return Check("database", "fine", f"{connection.vendor} answers")


def _tables() -> Check:
    from sameboat.project import ready

    waiting = ready.pending_migrations()
    if waiting:
        return Check(
            "tables",
            "wrong",
            f"{len(waiting)} changes wait, the first is {waiting[0]}",
            "Make a backup, then start once with `sameboat serve --migrate`.",
        )
    return Check("tables", "fine", "up to date")


def _log() -> Check:
    from sameboat.transparency import queries, store

    size = store.check_store(full=True)
    waiting = queries.state().waiting
    found = f"{size:,} entries lead to the signed root"
    if waiting:
        return Check("log", "careful", f"{found}; {waiting:,} wait", "Is a server or `sameboat log sequence` running?")
    return Check("log", "fine", found)


def _balances() -> Check:
    from sameboat.transparency import queries

    drifted = queries.drifted_balances()
    if drifted:
        account, asset, held, posted = drifted[0]
        found = f"{account} is kept as {held:,} {asset}, its postings sum to {posted:,}"
        return Check("balances", "wrong", found, "The database was changed by hand: restore a backup.")
    return Check("balances", "fine", "every balance is the sum of its postings")


def _figures() -> Check:
    from sameboat.figures import overview

    broken = overview.broken_vintages()
    if broken:
        names = ", ".join(f"{each.feed.code} {each.number}" for each in broken)
        found = f"these vintages are not what the log says of them: {names}"
        return Check("figures", "wrong", found, "The database was changed by hand: restore a backup.")
    return Check("figures", "fine", "every vintage of figures hashes to its entry on the log")


def _witnesses() -> Check:
    from sameboat.transparency import queries

    state, states = queries.state(), queries.witness_states()
    failing = [witness for witness in states if witness.failures]
    if failing:
        first = failing[0]
        found = f"{len(failing)} of {len(states)} fail; {first.name}: {first.trouble}"
        return Check("witnesses", "careful", found, "See `sameboat log witnesses`, and ask those who run them.")
    if state.witnessed_size != state.size:
        found = f"{state.witnessed_size or 0:,} of {state.size:,} entries are witnessed"
        return Check("witnesses", "careful", found, "Is a server or `sameboat log sequence` running?")
    return Check("witnesses", "fine", f"all {len(states)} cosign")


def _erasures() -> Check:
    from sameboat.transparency import erasing

    if erasing.unfinished():
        return Check(
            "erasures",
            "careful",
            "what was erased may still stand in the database's files",
            "A running server or `sameboat log sequence` ends it within seconds; start one.",
        )
    return Check("erasures", "fine", "nothing that was erased is left in the database's files")


def _keys() -> Check:
    from django.conf import settings

    folder: Path = settings.HOME / "keys"
    loose = [
        path.name
        for path in [folder, *sorted(folder.glob("*"))]
        if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077
    ]
    if loose:
        return Check(
            "keys",
            "wrong",
            f"others on this machine can read {', '.join(loose)}",
            f"chmod 700 {folder}; chmod 600 {folder}/*. "
            "If somebody may have read them, say so to those who rely on the log.",
        )
    return Check("keys", "fine", "readable by their owner alone")


def _disk() -> Check:
    from django.conf import settings

    free = shutil.disk_usage(settings.HOME).free
    if free < LEAST_FREE:
        return Check("disk", "careful", f"{free:,} bytes are free", "Make room: a full disk stops every action.")
    return Check("disk", "fine", f"{free / 1e9:,.1f} GB free")


def _clock() -> Check:
    from sameboat.project import database_file
    from sameboat.transparency import queries

    now = datetime.now(UTC)
    try:
        signed = queries.state().signed_at
    except Exception:
        signed = None
    if signed is not None and now < signed:
        return Check(
            "clock",
            "wrong",
            f"it is {now:%Y-%m-%d %H:%M:%S} UTC here; the last checkpoint was signed at {signed:%Y-%m-%d %H:%M:%S}",
            "Set the clock; let NTP keep it.",
        )
    program = datetime.fromtimestamp(Path(database_file.__file__).stat().st_mtime, UTC)
    if now < program:
        return Check("clock", "wrong", f"{now:%Y-%m-%d} UTC is before this program was installed", "Set the clock.")
    return Check("clock", "fine", f"{now:%Y-%m-%d %H:%M:%S} UTC")


def _static_files() -> Check:
    from sameboat.project import ready

    if not ready.static_is_collected():
        return Check("static files", "careful", "not gathered yet", "The next start of `sameboat serve` does it.")
    return Check("static files", "fine", "gathered")
