"""What the commands do: rounds of forecasts for the days asked for, and a report as a file."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone

from sameboat.figures import queries as figures
from sameboat.registry import queries as nouns
from sameboat.registry.acting import Act
from sameboat.registry.refusals import Conflict, NotFound
from sameboat.situation.actions import store_round
from sameboat.situation.engine.forecast import VintageError
from sameboat.situation.forecasting import compute
from sameboat.situation.models import Round
from sameboat.situation.queries.outbreak import outbreak
from sameboat.situation.queries.standpoint import newest_day, outermost, stand, subject
from sameboat.situation.report import ReportError, situation_report

EVERY = 7


def make_rounds(
    act: Act,
    signal: str,
    source: str,
    as_of: date | None,
    since: date | None,
    done: Callable[[int, int], None] = lambda _done, _total: None,
    *,
    now: datetime | None = None,
) -> dict[str, Any]:
    """Make the rounds of every seventh day from `since` to `as_of`, or of `as_of` alone; return what came of each.

    Each is stored on its own, so that what was made stays when a later one cannot be, under the clock's reading at that
    moment; a replay gives its own clock's as `now`.

    Raises
    ------
    NotFound
        Where nothing is counted under the signal, or the source has none of it.
    """
    counted = figures.signal(signal)
    feeds = figures.feeds_counting(counted) if counted else []
    feed = next((each for each in feeds if not source or each.code == source), None)
    if counted is None or feed is None:
        raise NotFound(
            f"There are no figures of “{signal[:48]}” here{f' from “{source[:48]}”' if source else ''}.", "signal"
        )
    last = as_of or newest_day(feed)
    days = [last] if last else []
    while since and days and days[-1] - timedelta(EVERY) >= since:
        days.append(days[-1] - timedelta(EVERY))
    rows = []
    for at, day in enumerate(reversed(days)):
        done(at, len(days))
        rows.append(_round(act, counted, figures.vintage_as_of(feed, day), day, now))
    done(len(days), len(days))
    return {"signal": signal, "feed": feed.code, "rounds": rows}


def _round(act: Act, counted: Any, vintage: Any, day: date, now: datetime | None) -> dict[str, Any]:
    if vintage is None:
        return {"day": day.isoformat(), "made": False, "why": "nothing had been published"}
    stood = Round.objects.filter(vintage=vintage, signal=counted).first()
    if stood is not None:
        return {"day": day.isoformat(), "made": False, "why": "made before", "round": stood.public_id}
    try:
        computed = compute(counted, vintage)
        made = store_round(replace(act, now=now or timezone.now()), computed=computed)
    except (VintageError, Conflict) as error:
        return {"day": day.isoformat(), "made": False, "why": str(error)}
    return {
        "day": day.isoformat(),
        "made": True,
        "round": made.public_id,
        "sha256": made.sha256,
        "suspended": [row["weeks"] for row in made.standings if not row["shown"]],
    }


def write_report(
    code: str, as_of: date | None, output: Path | None, language: str, signal: str, address: str
) -> dict[str, Any]:
    """Write a report and return where; raises NotFound for a place or day without figures, ReportError otherwise."""
    if language not in dict(settings.LANGUAGES):
        raise ReportError(
            f"“{language[:20]}” is no language of this program; there are {', '.join(dict(settings.LANGUAGES))}"
        )
    place = nouns.place(code) if code else outermost()
    about = subject(place, signal) if place else None
    standpoint = stand(about.feed, as_of) if about else None
    if place is None or about is None or standpoint is None:
        raise NotFound(
            f"There are no figures of “{code[:24] or 'any place'}”{f' by {as_of}' if as_of else ''} here.", "place"
        )
    data = situation_report(outbreak(place, about, standpoint), language, address)
    path = output or Path(f"{place.code}-{standpoint.published_on}.pdf")
    try:
        path.write_bytes(data)
    except OSError as error:
        raise ReportError(f"{path}: {error.strerror}") from error
    return {
        "file": str(path),
        "bytes": len(data),
        "vintage": standpoint.vintage.public_id,
        "sha256": standpoint.vintage.sha256,
    }
