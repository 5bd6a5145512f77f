"""The parts of a place side by side: how many so far, how many in a week, and how many in 100,000 residents."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np

from sameboat.figures import queries as figures
from sameboat.registry.models import Place
from sameboat.situation.engine.incidence import Array
from sameboat.situation.parameters import POPULATION
from sameboat.situation.queries.standpoint import Standpoint, Subject

WEEK = 7
DAYS = 10
"""How far back the last known figure of a place may lie; what is older is not known."""


class PlaceRow(NamedTuple):
    """One place: what stands on its last known `day`. Unknown is None.

    `counted` is the total so far, or where days are counted the sum of a week; `week` what was new in seven days;
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
    """Return the parts of a place at a vintage; as many statements whatever their number."""
    listed = figures.places_of_parts(of, standpoint.feed, subject.signal)
    codes = {pk: code for pk, code, *_ in listed}
    end = standpoint.published_on
    start = end - timedelta(DAYS)
    found = figures.panel(codes, subject.definition, standpoint.vintage, start=start, until=end)
    by_code = dict(zip(found.places, found.values, strict=True))
    nothing = np.full(found.values.shape[1], np.nan)
    breaks = figures.breaks_of_parts(of, subject.signal, standpoint.feed, standpoint.as_of)
    known = residents(codes)
    rows = []
    for pk, code, name_en, name_zh, latitude, longitude in listed:
        values = by_code.get(code, nothing)
        told = np.flatnonzero(~np.isnan(values))
        day = found.first + timedelta(int(told[-1])) if told.size else None
        count, week = _counts(values[: told[-1] + 1] if told.size else values[:0], cumulative=found.cumulative)
        broken = any(
            day is not None and day - timedelta(WEEK) < each.date <= day
            for each in breaks
            if each.place_id == pk or each.place_id not in codes
        )
        rate = per_100_000(count, known.people.get(code))
        rows.append(PlaceRow(code, name_en, name_zh, latitude, longitude, day, count, week, rate, broken))
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


def residents(places: Mapping[int, str]) -> Residents:
    """Return how many people live in places, codes by primary key, as the first source that counts them says now.

    The newest, whatever day a page stands at: the question is what share fell ill, not what was known of the people.
    """
    counted = figures.signal(POPULATION)
    feeds = figures.feeds_counting(counted) if counted else []
    vintage = figures.vintage_as_of(feeds[0]) if feeds else None
    if counted is None or vintage is None:
        return Residents({}, "", None)
    found = figures.panel(places, figures.definitions(counted)[0], vintage, start=date.min)
    newest: dict[str, int] = {}
    last = -1
    for code, values in zip(found.places, found.values, strict=True):
        told = np.flatnonzero(~np.isnan(values))
        if told.size:
            newest[code], last = int(values[told[-1]]), max(last, int(told[-1]))
    return Residents(newest, feeds[0].name, found.day(last) if newest else None)
