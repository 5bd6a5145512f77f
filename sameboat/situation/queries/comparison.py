"""Places side by side over time, on one scale."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sameboat.figures import queries as figures
from sameboat.figures.models import Signal
from sameboat.registry.models import Place
from sameboat.situation.engine.curve import Day, Stated, curve
from sameboat.situation.parameters import WINDOW
from sameboat.situation.queries.places import per_100_000, residents
from sameboat.situation.queries.standpoint import Standpoint, Subject

MOST = 8
"""Places on one page: more cannot be told apart."""
WEEK = 7
CHOICES = 60
"""Parts of one place that a list of choices names."""


@dataclass(frozen=True)
class Compared:
    """One place over the days of all: counts, or tenths in 100,000 residents; None where not known.

    `latest` and `highest` are the last known day and the first highest one, with their values.
    """

    place: Place
    values: tuple[tuple[date, int | None], ...]
    latest: tuple[date, int] | None
    highest: tuple[date, int] | None


def compare(
    places: Sequence[Place], subject: Subject, standpoint: Standpoint, *, total: bool, rate: bool
) -> tuple[Compared, ...]:
    """Return up to `MOST` places over the same days: totals so far, or what was new in the seven days to each."""
    places = places[:MOST]
    stated = figures.statements_of(
        places,
        subject.signal,
        standpoint.vintage,
        definition=subject.definition.code,
        start=standpoint.published_on - timedelta(WINDOW),
    )
    breaks = {place.code: figures.breaks(place, subject.signal, standpoint.feed, standpoint.as_of) for place in places}
    cumulative = subject.signal.form == Signal.Form.CUMULATIVE
    people = residents({place.pk: place.code for place in places}).people if rate else {}
    curves = {
        place.code: curve(
            [Stated(each.date, each.value, each.missing, each.vintage) for each in stated.get(place.code, [])],
            cumulative=cumulative,
            breaks=frozenset(each.date for each in breaks[place.code]),
        )
        for place in places
    }
    known = [day.day for days in curves.values() for day in days]
    if not known:
        return tuple(Compared(place, (), None, None) for place in places)
    first, last = min(known), max(known)
    every = [first + timedelta(step) for step in range((last - first).days + 1)]
    found = []
    for place in places:
        values = _totals(curves[place.code]) if total and cumulative else _weeks(curves[place.code])
        if rate:
            values = {day: per_100_000(value, people.get(place.code)) for day, value in values.items()}
        row = tuple((day, values.get(day)) for day in every)
        told = [(day, value) for day, value in row if value is not None]
        highest = max(told, key=lambda each: each[1], default=None)
        found.append(Compared(place, row, told[-1] if told else None, highest))
    return tuple(found)


def all_have_residents(places: Sequence[Place]) -> bool:
    """Return whether it is known of each place how many people live there, so that rates can be compared."""
    return len(residents({place.pk: place.code for place in places}).people) == len(places)


def _totals(days: Sequence[Day]) -> dict[date, int | None]:
    return {day.day: day.total for day in days}


def _weeks(days: Sequence[Day]) -> dict[date, int | None]:
    """Return what was new in the seven days to each day; None where one is not known, lowered or broken."""
    new = [None if day.broken or day.new is None or day.new < 0 else day.new for day in days]
    sums: dict[date, int | None] = {}
    for at in range(WEEK - 1, len(days)):
        week = new[at - WEEK + 1 : at + 1]
        sums[days[at].day] = None if any(value is None for value in week) else sum(value or 0 for value in week)
    return sums


def choices(whole: Place, chosen: Sequence[Place], subject: Subject) -> list[Place]:
    """Return what could be compared too: the whole, its parts, and the places beside and in those chosen."""
    found = {whole.code: whole}
    around = [whole, *chosen, *(place.parent for place in chosen if place.parent is not None)]
    for each in {place.pk: place for place in around}.values():
        found |= {place.code: place for place in figures.children(each, subject.feed, subject.signal)[:CHOICES]}
    for place in chosen:
        found.pop(place.code, None)
    return list(found.values())
