"""What a command says: its result for people or as JSON, its errors, and its exit code."""

import dataclasses
import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

FINE = 0
WRONG = 1
MISTAKE = 2
UNABLE = 3


@runtime_checkable
class Report(Protocol):
    """A result with its own words; a plain mapping or a list of mappings needs none."""

    @property
    def wrong(self) -> bool:
        """Whether something wrong was found, so that the command exits with 1."""
        ...

    def as_json(self) -> Any: ...
    def as_text(self) -> Iterable[str]: ...


@dataclasses.dataclass(frozen=True, slots=True)
class Failure:
    """Why a command could not do its work: a code for programs, a message for people, the exit code."""

    code: str
    message: str
    exit_code: int
    field: str = ""


def failure_of(error: BaseException) -> Failure | None:
    """Return how to tell a user about an error, or None for a fault of the program itself."""
    from sameboat.registry.refusals import Refused
    from sameboat.transparency import errors

    if isinstance(error, Refused):
        return Failure(error.code, error.message, MISTAKE, error.field)
    if isinstance(error, errors.FoundWrong):
        return Failure(error.code, str(error), WRONG)
    if isinstance(error, errors.BadInput):
        return Failure(error.code, str(error), MISTAKE)
    if isinstance(error, errors.LogError):
        return Failure("log", str(error), UNABLE)
    if isinstance(error, OSError):
        from sameboat.project.storage_trouble import ADVICE, trouble_of

        what, trouble = f"{error.filename}: " if error.filename else "", trouble_of(error)
        advice = "Check the path, its permissions and the disk." if trouble is None else ADVICE[trouble]
        return Failure("system", f"{what}{error.strerror or error}. {advice}", UNABLE)
    database = sys.modules.get("django.db")
    if database is not None and isinstance(error, database.DatabaseError):
        return Failure("database", database_trouble(error), UNABLE)
    configured = sys.modules.get("django.core.exceptions")
    if configured is not None and isinstance(error, configured.ImproperlyConfigured):
        return Failure("settings", f"{error} See docs/settings.md.", MISTAKE)
    return None


_TROUBLES = {
    "full": "The disk is full, and nothing was changed",
    "failing": "The disk failed, and nothing was changed",
    "damaged": "The database file is damaged or cut short",
    "read-only": "The database cannot be written to",
    "busy": "Another program holds the database",
}


def database_trouble(error: BaseException) -> str:
    """Return what a database's error means and what to do."""
    from sameboat.project.storage_trouble import ADVICE, trouble_of

    text = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    if "no such table" in text or "does not exist" in text:
        return f"The database is not set up ({text}). Run `sameboat serve --migrate` or `sameboat demo`."
    trouble = trouble_of(error)
    if trouble is not None:
        return f"{_TROUBLES[trouble]} ({text}). {ADVICE[trouble]}"
    return f"The database does not answer: {text}. Check DATABASE_URL and that its server runs; see `sameboat doctor`."


def show(result: Any, *, as_json: bool) -> int:
    """Print a command's result and return its exit code."""
    if result is None:
        return FINE
    if isinstance(result, Report):
        if as_json:
            print_json(result.as_json())
        else:
            for line in result.as_text():
                say(line)
        return WRONG if result.wrong else FINE
    if as_json:
        print_json(result)
    elif isinstance(result, Mapping):
        _show_mapping(result)
    else:
        _show_rows(list(result))
    return FINE


def show_failure(failure: Failure, *, as_json: bool) -> int:
    """Print why a command failed, as JSON on the output or in words beside it; return its exit code."""
    if as_json:
        told = {"code": failure.code, "message": failure.message}
        print_json({"error": told | ({"field": failure.field} if failure.field else {})})
    else:
        where = f" ({failure.field})" if failure.field else ""
        sys.stderr.write(f"sameboat: {harmless(failure.message)}{where}\n")
    return failure.exit_code


def say(line: str) -> None:
    """Print one line now, also where the output is a pipe."""
    sys.stdout.write(harmless(line) + "\n")
    sys.stdout.flush()


_COMMANDS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""Characters that command a terminal or turn text round instead of being read."""


def harmless(text: str) -> str:
    """Return text with � for what would command a terminal: others wrote part of it, in a log or a proof file."""
    return _COMMANDS.sub("\N{REPLACEMENT CHARACTER}", text)


def print_json(value: Any) -> None:
    """Print a value as JSON."""
    text = json.dumps(value, ensure_ascii=False, indent=2, default=_plain)
    say(_COMMANDS.sub(lambda found: f"\\u{ord(found[0]):04x}", text))


def _plain(value: object) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal | Path):
        return str(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    return str(value)


def _show_mapping(result: Mapping[str, Any]) -> None:
    width = max((len(name) for name in result), default=0)
    for name, value in result.items():
        say(f"{name.replace('_', ' '):<{width}}  {_cell(value)}")


def _show_rows(rows: Sequence[Mapping[str, Any]]) -> None:
    if not rows:
        say("nothing")
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name, value in rows[0].items():
        table.add_column(name.replace("_", " "), justify="right" if isinstance(value, int) else "left", overflow="fold")
    for row in rows:
        table.add_row(*(_cell(value) for value in row.values()))
    # A pipe has no width: never cut a value there.
    width = None if sys.stdout.isatty() else 10_000
    Console(highlight=False, markup=False, width=width).print(table)


def _cell(value: object) -> str:
    if value is None:
        return "unknown"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds", sep=" ")
    return str(value)
