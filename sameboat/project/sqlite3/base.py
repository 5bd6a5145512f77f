"""The connection. Source of what it mends: sqlite.org/c3ref/busy_timeout.html.

SQLite lets one transaction write at a time. The others look again after pauses of up to a tenth of a second, so under
load the lock is free half of the time while everybody sleeps, and the sequencer may find it taken for seconds. Here
they wait in line, and the next one is woken when a transaction ends. Other processes still wait as SQLite makes them.
"""

from collections import defaultdict
from typing import Any

from django.db.backends.sqlite3 import base
from django.db.utils import OperationalError

from sameboat.project.sqlite3.line import Line

PATIENCE = 20.0
"""Seconds that a transaction waits in line before the store counts as busy."""

_lines: defaultdict[str, Line] = defaultdict(Line)


# Django's stubs leave out what its backends override.
class DatabaseWrapper(base.DatabaseWrapper):
    """Django's own, in line; the sequencer's goes first, as everyone waits for what it publishes."""

    goes_first = False
    _entered: Line | None = None

    def _start_transaction_under_autocommit(self) -> None:
        line = _lines[str(self.settings_dict["NAME"])]
        if not line.enter(PATIENCE, first=self.goes_first):
            raise OperationalError("database is locked")
        self._entered = line
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]
        except BaseException:
            self._leave()
            raise

    def _commit(self) -> Any:
        # Where it fails, the transaction is open until it is rolled back.
        done = super()._commit()  # type: ignore[misc]
        self._leave()
        return done

    def _rollback(self) -> Any:
        try:
            return super()._rollback()  # type: ignore[misc]
        finally:
            self._leave()

    def _close(self) -> Any:
        try:
            return super()._close()  # type: ignore[misc]
        finally:
            self._leave()

    def _leave(self) -> None:
        line, self._entered = self._entered, None
        if line is not None:
            line.leave()
