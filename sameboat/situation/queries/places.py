"""The parts of a place side by side: how many so far, how many in a week, and how many in 100,000 residents."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np
from django.core.cache import cache

from sameboat.figures import queries as figures
from sameboat.registry.models import Place
from sameboat.situation.engine.incidence import Array
from sameboat.situation.parameters import POPULATION
from sameboat.situation.queries.standpoint import Standpoint, Subject

WEEK = 7
DAYS = 15
"""How far back the last known figure of a place may lie; what is older is not known."""
SECONDS_KEPT = 3_600


class PlaceRow(NamedTuple):
    """One place: what stands on its last known `day`. Unknown is None.

    `counted` is the total so far, or for what is counted by the day the sum of a week; `week` what was new in seven days;
    `rate` tenths in 100,000 residents of `counted`. `broken` tells that a break lies in that week.
    """

    code: str
    name_en: str
    name_zh: str
    latitude: float | None
    longitude: float | None
    day: date | None
    counted: int | None
    week: int | None
    rate: int | None
    broken: bool


@dataclass(frozen=True, slots=True)
class Residents:
    """How many people live in places by their code, by whom and of what day that is said."""

    people: dict[str, int]
    source: str
    day: date | None


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a place, those with most first; places whose count is not known stand last."""

    rows: tuple[PlaceRow, ...]
    residents: Residents

    @property
    def unknown(self) -> int:
        """How many places have no known count."""
        return sum(row.counted is None for row in self.rows)

    @property
    def rated(self) -> int:
        """Of how many places the rate is known."""
        return sum(row.rate is not None for row in self.rows)


def parts(of: Place, subject: Subject, standpoint: Standpoint) -> Parts:
    """Return the parts of a place at a vintage, kept for a while under the vintage and what was declared by then."""
    told = (standpoint.vintage.public_id, standpoint.vintage.sha256, standpoint.as_of, of.pk, subject.definition.pk)
    key = f"situation:parts:{':'.join(str(each) for each in told)}:{subject.signal.pk}"
    kept: Parts | None = cache.get(key)
    if kept is None:
        kept = side_by_side(figures.children(of, standpoint.feed, subject.signal), subject, standpoint)
        cache.set(key, kept, SECONDS_KEPT)
    return kept


def side_by_side(places: Sequence[Place], subject: Subject, standpoint: Standpoint) -> Parts:
    """Return places side by side; as many statements whatever their number."""
    end = standpoint.published_on
    found = figures.panel(
        {place.pk: place.code for place in places},
        subject.definition,
        standpoint.vintage,
        start=end - timedelta(DAYS),
        until=end,
    )
    by_code = dict(zip(found.places, found.values, strict=True))
    nothing = np.full(found.values.shape[1], np.nan)
    breaks = figures.breaks_of(places, subject.signal, standpoint.feed, standpoint.as_of)
    known = residents(places)
    rows = []
    for place in places:
        values = by_code.get(place.code, nothing)
        told = np.flatnonzero(~np.isnan(values))
        day = found.first + timedelta(int(told[-1])) if told.size else None
        count, week = _counts(values[: told[-1] + 1] if told.size else values[:0], cumulative=found.cumulative)
        people = known.people.get(place.code)
        rows.append(
            PlaceRow(
                code=place.code,
                name_en=place.name_en,
                name_zh=place.name_zh,
                latitude=None if place.latitude is None else float(place.latitude),
                longitude=None if place.longitude is None else float(place.longitude),
                day=day,
                counted=count,
                week=week,
                rate=per_100_000(count, people),
                broken=day is not None
                and any(day - timedelta(WEEK) < each.date <= day for each in breaks.get(place.code, [])),
            )
        )
    rows.sort(key=lambda row: (row.counted is None, -(row.counted or 0), row.code))
    return Parts(tuple(rows), known)


def _counts(values: Array, *, cumulative: bool) -> tuple[int | None, int | None]:
    """Return the count and the week of a place whose last value is known; None where they are not."""
    if not values.size:
        return None, None
    if cumulative:
        before = values[-1 - WEEK] if len(values) > WEEK else np.nan
        return int(values[-1]), None if np.isnan(before) else int(values[-1] - before)
    total = values[-WEEK:].sum() if len(values) >= WEEK else np.nan
    week = None if np.isnan(total) else int(total)
    return week, week


def per_100_000(count: int | None, people: int | None) -> int | None:
    """Return how many that are in 100,000 people, in tenths; None where either is not known."""
    return None if count is None or not people or count < 0 else round(count * 1_000_000 / people)


def residents(places: Sequence[Place]) -> Residents:
    """Return how many people live in places, as the newest vintage of the first source that counts them says.

    The newest, whatever day a page stands at: the question is what share fell ill, not what was known of the people.
    """
    counted = figures.signal(POPULATION)
    feeds = figures.feeds_counting(counted) if counted else []
    vintage = figures.vintage_as_of(feeds[0]) if feeds else None
    if counted is None or vintage is None:
        return Residents({}, "", None)
    newest: dict[str, int] = {}
    day: date | None = None
    for code, line in figures.lines(places, counted, vintage).items():
        for when, value in line.values().items():
            if value is not None:
                newest[code], day = value, when
    return Residents(newest, feeds[0].name, day)
