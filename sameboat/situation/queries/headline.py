"""The outbreak in one sentence, for pages that are about something else."""

from dataclasses import dataclass
from datetime import date, timedelta

from sameboat.figures import queries as figures
from sameboat.figures.models import Signal
from sameboat.registry.models import Place
from sameboat.situation.engine.curve import Day, Stated, curve
from sameboat.situation.queries.standpoint import Subject, outermost, stand, subject

DAYS = 15


@dataclass(frozen=True)
class Headline:
    """The last day of which something is known, at the outermost place; `broken` where a break lies on it."""

    place: Place
    subject: Subject
    day: Day


def headline(as_of: date | None = None) -> Headline | None:
    """Return the headline of a day, or of now; None where nothing had been published. Reads two weeks of one place."""
    place = outermost()
    about = subject(place) if place else None
    standpoint = stand(about.feed, as_of) if about else None
    if place is None or about is None or standpoint is None:
        return None
    start = standpoint.published_on - timedelta(DAYS)
    stated = figures.statements_of(
        [place], about.signal, standpoint.vintage, definition=about.definition.code, start=start
    )
    breaks = figures.breaks(place, about.signal, standpoint.feed, standpoint.as_of)
    days = curve(
        [Stated(each.date, each.value, each.missing, each.vintage) for each in stated.get(place.code, [])],
        cumulative=about.signal.form == Signal.Form.CUMULATIVE,
        breaks=frozenset(each.date for each in breaks),
    )
    known = [day for day in days if day.total is not None or day.new is not None]
    return Headline(place, about, known[-1]) if known else None
