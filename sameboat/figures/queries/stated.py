"""What was stated of places and signals: as of a vintage, by the set, and everything that was ever said."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from django.db import connection

from sameboat.figures.engine.panel import Panel
from sameboat.figures.models import (
    Definition,
    Feed,
    Figure,
    Series,
    Signal,
    Vintage,
)
from sameboat.figures.queries.feeds import vintage_as_of
from sameboat.registry.models import Place

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Point:
    """One figure as it stood: its value or why it is missing, and the number of the vintage that said so."""

    date: date
    value: int | None
    missing: str
    vintage: int


@dataclass(frozen=True, slots=True)
class Line:
    """The figures of one place and signal as they stood at one vintage, by day; `revised` days once had another."""

    place: Place
    signal: Signal
    definition: Definition
    feed: Feed
    vintage: Vintage
    points: tuple[Point, ...]
    revised: frozenset[date]

    def values(self) -> dict[date, int | None]:
        """Return the values by day; a missing one is None, never 0."""
        return {point.date: point.value for point in self.points}


def line(
    place: Place,
    of: Signal,
    at: Vintage,
    *,
    definition: str = "",
    start: date | None = None,
    until: date | None = None,
) -> Line | None:
    """Return one place's figures as they stood at a vintage; None where its feed had said nothing of them by then."""
    return lines([place], of, at, definition=definition, start=start, until=until).get(place.code)


def lines(
    places: Iterable[Place],
    of: Signal,
    at: Vintage,
    *,
    definition: str = "",
    start: date | None = None,
    until: date | None = None,
) -> dict[str, Line]:
    """Return many places' figures as they stood at a vintage, by the place's code; those without any are left out.

    Two or three statements whatever the number of places; cost grows with the days asked for and their revisions.
    """
    by_pk = {place.pk: place for place in places}
    by = Definition.objects.filter(signal=of, code=definition).first()
    stated = Series.objects.filter(feed=at.feed_id, definition=by)
    if len(by_pk) <= _AT_ONCE:
        stated = stated.filter(place__in=by_pk)
    series = {pk: place for pk, place in stated.values_list("pk", "place_id") if place in by_pk}
    found: dict[int, dict[date, tuple[int, int | None, str]]] = {pk: {} for pk in series}
    revised: dict[int, set[date]] = {}
    for pk, day, number, value, missing in _statements(list(series), at, start, until):
        days = found[pk]
        if day in days:
            revised.setdefault(pk, set()).add(day)
        days[day] = (number, value, missing)
    result = {}
    for pk, days in found.items():
        if not days or by is None:
            continue
        place = by_pk[series[pk]]
        points = tuple(
            Point(day, value, missing, number)
            for day, (number, value, missing) in sorted(days.items())
            if missing != "withdrawn"
        )
        result[place.code] = Line(place, of, by, at.feed, at, points, frozenset(revised.get(pk, ())))
    return result


def _points(series: Sequence[int], at: Vintage, start: date | None, until: date | None) -> Iterable[tuple[int, Point]]:
    """Yield every statement of each series up to a vintage, a later vintage's after an earlier one's."""
    for pk, day, number, value, missing in _statements(series, at, start, until):
        yield pk, Point(day, value, missing, number)


def _statements(
    series: Sequence[int], at: Vintage, start: date | None, until: date | None
) -> Iterable[tuple[int, date, int, int | None, str]]:
    """Yield series, day, number of the vintage, value and reason of the same, without making objects of them."""
    rows = Figure.objects.filter(vintage_id__lte=at.pk)
    if start is not None:
        rows = rows.filter(date__gte=start)
    if until is not None:
        rows = rows.filter(date__lte=until)
    for first in range(0, len(series), _AT_ONCE):
        found = rows.filter(series_id__in=series[first : first + _AT_ONCE]).order_by("series_id", "date", "vintage_id")
        columns = ("series_id", "date", "vintage__number", "value", "missing")
        yield from found.values_list(*columns).iterator(chunk_size=5_000)


def panel(places: Mapping[int, str], of: Definition, at: Vintage, *, start: date, until: date | None = None) -> Panel:
    """Return the figures of many places as they stood at a vintage, as an array; places without any are left out.

    `places` are codes by primary key. The days run from `start`, or from the first that has a figure, to `until`, or to
    the last that has one. Read straight from the rows: a day's checks look at a hundred thousand figures.
    """
    codes = {
        pk: places[place]
        for pk, place in Series.objects.filter(feed=at.feed_id, definition=of, place__in=places).values_list(
            "pk", "place_id"
        )
    }
    ordered = sorted(codes, key=codes.__getitem__)
    stated: list[tuple[int, str, int | None]] = []
    with connection.cursor() as cursor:
        for first in range(0, len(ordered), _AT_ONCE):
            some = ordered[first : first + _AT_ONCE]
            # Days as text: reading each as a date took longer than all the rest.
            cursor.execute(
                "SELECT series_id, CAST(date AS TEXT), value FROM figures_figure "  # noqa: S608
                f"WHERE series_id IN ({', '.join(['%s'] * len(some))}) AND vintage_id <= %s AND date BETWEEN %s AND %s "
                "ORDER BY series_id, date, vintage_id",
                [*some, at.pk, start, until or date.max],
            )
            stated += cursor.fetchall()
    days = {text: date.fromisoformat(text) for text in {text for _, text, _ in stated}}
    first_day, last_day = min(days.values(), default=start), max(days.values(), default=start)
    columns = {text: (day - first_day).days for text, day in days.items()}
    known = sorted({pk for pk, _, _ in stated}, key=codes.__getitem__)
    numbers = {pk: row for row, pk in enumerate(known)}
    values = np.full((len(known), (last_day - first_day).days + 1), np.nan)
    for pk, text, value in stated:  # a later vintage's statement stands after an earlier one's
        values[numbers[pk], columns[text]] = np.nan if value is None else value
    form = of.signal.form
    return Panel(
        of.signal.code, tuple(codes[pk] for pk in known), first_day, values, form == Signal.Form.CUMULATIVE, of.code
    )


def statements(place: Place, of: Signal, from_feed: Feed, *, definition: str = "") -> list[Point]:
    """Return everything that a feed ever said of a place and signal, by day and then by vintage."""
    last = vintage_as_of(from_feed)
    series = Series.objects.filter(feed=from_feed, place=place, signal=of, definition__code=definition).first()
    if last is None or series is None:
        return []
    return [point for _, point in _points([series.pk], last, None, None)]


def statements_of(
    places: Iterable[Place], of: Signal, up_to: Vintage, *, definition: str = "", start: date | None = None
) -> dict[str, list[Point]]:
    """Return every statement of many places up to a vintage, by the place's code: what a forecast learns from.

    Days before `start` are left out; a day's statements stand in the order of their vintages.
    """
    by_pk = {place.pk: place.code for place in places}
    codes = {
        pk: by_pk[place_id]
        for pk, place_id in Series.objects.filter(
            feed=up_to.feed_id, signal=of, definition__code=definition, place__in=by_pk
        ).values_list("pk", "place_id")
    }
    result: dict[str, list[Point]] = {}
    for pk, point in _points(list(codes), up_to, start, None):
        result.setdefault(codes[pk], []).append(point)
    return result
