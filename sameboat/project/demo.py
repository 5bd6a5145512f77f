"""`sameboat demo`: Wuhan's real figures of early 2020, loaded once and served."""

import os
from collections.abc import Callable
from contextlib import ExitStack
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from sameboat.progress import progress_bar
from sameboat.transparency.errors import BadInput

if TYPE_CHECKING:
    from sameboat.registry.acting import Act

SCENARIO = Path(__file__).resolve().parents[2] / "scenarios" / "wuhan-2020"

PASSWORD = "same-boat-2020"  # noqa: S105 - a demo's password is no secret: it stands in the manual
"""Every demo account's password, written in the manual: the demo listens on this machine alone."""


class Forecasts:
    """Makes a round of forecasts every other week, each from what was known on its day and under that day's clock."""

    FIRST, LAST, EVERY = date(2020, 2, 13), date(2020, 4, 30), timedelta(14)

    def __init__(self) -> None:
        self.next = self.FIRST

    def day_over(self, day: date, act: "Act") -> None:
        """Make the round of a day where one is due; nothing where the figures are too few."""
        from sameboat.situation.rounds import make_rounds

        if self.next <= day <= self.LAST:
            make_rounds(act, "cases.confirmed", "", day, None, now=act.now)
            self.next = day + self.EVERY


def settings_of_a_demo() -> None:
    """Say to the settings that this is a demo, and be quiet: the last line on the screen is the address."""
    os.environ["SAMEBOAT_DEMO"] = "1"
    os.environ.setdefault("SAMEBOAT_LOG_LEVEL", "WARNING")


def load(say: Callable[[str], None]) -> None:
    """Load the scenario and make the demo accounts, unless that was done before.

    Raises BadInput where this home already holds something else.
    """
    from django.conf import settings

    from sameboat.project import demo_accounts, ready

    settings.HOME.mkdir(parents=True, exist_ok=True, mode=0o700)
    mark: Path = settings.DEMO_MARK
    if mark.exists() and mark.read_text() == "loaded\n":
        ready.make_ready(migrate=True)
        return
    if not mark.exists() and not ready.is_new():
        raise BadInput(
            f"{settings.HOME} holds an installation that is no demo; name another SAMEBOAT_HOME for the demo"
        )
    mark.write_text("loading\n")
    ready.make_ready(migrate=True)
    if ready.holds_entries():
        raise BadInput(
            f"loading the demo was cut short; remove {settings.HOME}, which holds nothing else, and start again"
        )
    from sameboat.project.replay import replay

    say("Loading Wuhan, 22 January to 12 February 2020, and China’s figures to 30 June, as published …")
    with ExitStack() as stack:
        tell = stack.enter_context(progress_bar("rows"))
        report = replay(SCENARIO, lambda _stage, done, total: tell(done, total), Forecasts().day_over)
    say(f"{sum(report.rows.values()):,} rows, {report.entries:,} entries on the log.")
    demo_accounts.make(PASSWORD)
    mark.write_text("loaded\n")


def welcome(address: str) -> list[str]:
    """Return what to try first; the last line says that it is ready."""
    from sameboat.project import demo_accounts

    return [
        "",
        "Try first:",
        f"  {address}            what is needed, what came in, what nobody has signed for",
        f"  {address}api/docs    the same for programs",
        "  sameboat log audit                 replay the log and recompute every balance",
        "",
        f"Sign in with the password {PASSWORD} as:",
        *(f"  {account.username:<12} {account.may}" for account in demo_accounts.ACCOUNTS),
        "",
        f"ready {address}",
    ]
