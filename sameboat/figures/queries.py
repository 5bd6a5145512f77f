"""Every read of figures that leaves this room: as of any moment, with what stood before and why it changed."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from django.db import connection
from django.db.models import Exists, FloatField, OuterRef, Q, QuerySet
from django.db.models.functions import Cast, Collate

from sameboat.figures.engine import change_file
from sameboat.figures.engine.observation import Observation
from sameboat.figures.engine.panel import Panel
from sameboat.figures.models import (
    Break,
    Definition,
    Explanation,
    Feed,
    FeedStop,
    Figure,
    QualityFlag,
    Series,
    Signal,
    Vintage,
)
from sameboat.registry.models import Place
from sameboat.registry.queries import places_within

AsOf = date | datetime | None
"""A day (its end, in the feed's zone), a moment, or None: now."""

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


@dataclass(frozen=True, slots=True)
class Change:
    """What one vintage changed: a figure, and what stood before; `before` is None for a new one."""

    place: Place
    signal: Signal
    definition: Definition
    now: Point
    before: Point | None
    row: int


def feeds() -> list[Feed]:
    """Return every feed, the first registered first."""
    return list(Feed.objects.select_related("publisher").order_by("pk"))


def feed(code: str) -> Feed | None:
    """Return the feed with this code or public id."""
    return Feed.objects.select_related("publisher").filter(Q(code=code) | Q(public_id=code)).first()


def feeds_of(place: str, of: str) -> list[Feed]:
    """Return the feeds that have said anything of a place and signal, by their codes."""
    speaking = Series.objects.filter(place__code=place, signal__code=of).values("feed")
    return list(Feed.objects.select_related("publisher").filter(pk__in=speaking).order_by("code"))


def signals() -> list[Signal]:
    """Return every signal, by code."""
    return list(Signal.objects.order_by("code"))


def signal(code: str) -> Signal | None:
    """Return one signal."""
    return Signal.objects.filter(code=code).first()


def decimals_of(codes: Iterable[str]) -> dict[str, int]:
    """Return how many decimals signals have, by their codes; unknown ones are left out."""
    return dict(Signal.objects.filter(code__in=list(codes)).values_list("code", "decimals"))


def definitions(of: Signal) -> list[Definition]:
    """Return a signal's definitions, the first first."""
    return list(of.definitions.select_related("signal").order_by("pk"))


def vintage(public_id: str) -> Vintage | None:
    """Return one vintage."""
    return Vintage.objects.select_related("feed__publisher").filter(public_id=public_id).first()


def vintages(of: Feed, before: int | None = None, limit: int = 50) -> list[Vintage]:
    """Return a feed's vintages, newest first, those with a number below `before`."""
    found = Vintage.objects.filter(feed=of).select_related("feed")
    if before is not None:
        found = found.filter(number__lt=before)
    return list(found.order_by("-number")[:limit])


def vintage_as_of(of: Feed, as_of: AsOf = None) -> Vintage | None:
    """Return the vintage that was a feed's latest at a moment; None where it had not spoken yet."""
    found = Vintage.objects.filter(feed=of).select_related("feed__publisher")
    if as_of is not None:
        found = found.filter(published_at__lt=end_of(of, as_of))
    return found.order_by("-published_at").first()


def vintage_before(of: Vintage) -> Vintage | None:
    """Return the vintage that a feed published before one."""
    return Vintage.objects.filter(feed=of.feed_id, number=of.number - 1).select_related("feed").first()


def vintage_after(of: Vintage) -> Vintage | None:
    """Return the vintage that a feed published after one."""
    return Vintage.objects.filter(feed=of.feed_id, number=of.number + 1).select_related("feed").first()


def end_of(of: Feed, as_of: date | datetime) -> datetime:
    """Return the first moment after `as_of`."""
    if isinstance(as_of, datetime):
        return as_of + timedelta(microseconds=1)
    return datetime.combine(as_of + timedelta(days=1), time(), ZoneInfo(of.zone))


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


def changes(
    of: Vintage, *, place: Place | None = None, only_revised: bool = False, after: int | None = None, limit: int = 200
) -> list[Change]:
    """Return what a vintage changed, by series and day; with `only_revised` not the figures that are new.

    `after` is the `row` of the last one shown before. Cost grows with the rows shown and with those left out.
    """
    if only_revised and not of.revised + of.withdrawn:
        return []
    rows = Figure.objects.filter(vintage=of)
    if after is not None:
        rows = rows.filter(pk__gt=after)
    if place is not None:
        rows = rows.filter(series__place__in=places_within(place.code))
    if only_revised:
        rows = rows.filter(_stated_before(of))
    # Their numbers follow series and day, in which order a vintage stores them.
    found = list(rows.select_related("series__place", "series__signal", "series__definition").order_by("pk")[:limit])
    before = _before(of, found)
    return [
        Change(
            row.series.place,
            row.series.signal,
            row.series.definition,
            Point(row.date, row.value, row.missing, of.number),
            before.get((row.series_id, row.date)),
            row.pk,
        )
        for row in found
    ]


def _stated_before(of: Vintage) -> Q:
    earlier = Figure.objects.filter(series=OuterRef("series"), date=OuterRef("date"), vintage_id__lt=of.pk)
    return Q(Exists(earlier))


def _before(of: Vintage, rows: Sequence[Figure]) -> dict[tuple[int, date], Point]:
    if not rows:
        return {}
    numbers = dict(Vintage.objects.filter(feed=of.feed_id, number__lt=of.number).values_list("pk", "number"))
    days = [row.date for row in rows]
    wanted = {(row.series_id, row.date) for row in rows}
    found: dict[tuple[int, date], Point] = {}
    earlier = Figure.objects.filter(
        vintage_id__lt=of.pk,
        series_id__in={row.series_id for row in rows},
        date__gte=min(days),
        date__lte=max(days),
    ).order_by("vintage_id")
    for pk, day, vintage_pk, value, missing in earlier.values_list(
        "series_id", "date", "vintage_id", "value", "missing"
    ):
        if (pk, day) in wanted:
            found[pk, day] = Point(day, value, missing, numbers[vintage_pk])
    return found


def change_file_of(of: Vintage) -> bytes:
    """Return the canonical file of what a vintage changed: its SHA-256 stands on the log."""
    return b"".join(change_file_parts(of))


def change_file_parts(of: Vintage) -> Iterator[bytes]:
    """Yield that file line by line; the database sorts it, by bytes and not by a language's rules."""
    bytewise = "C" if connection.vendor == "postgresql" else "BINARY"
    codes = [f"series__{noun}__code" for noun in ("place", "signal", "definition")]
    rows = of.figures.order_by(*(Collate(code, bytewise) for code in codes), "date")
    found = rows.values_list(*codes, "date", "value", "missing")
    return change_file.parts(Observation(*row) for row in found.iterator(chunk_size=10_000))


def breaks(place: Place, of: Signal, from_feed: Feed, as_of: AsOf = None) -> list[Break]:
    """Return the breaks that hold for a place, its own and those of what it lies in, by day; those known at `as_of`."""
    above = Q(within=True, place__in=_with_those_above(place))
    found = Break.objects.filter(Q(place=place) | above, feed=from_feed, signal=of).select_related("place", "signal")
    if as_of is not None:
        found = found.filter(declared_at__lt=end_of(from_feed, as_of))
    return list(found.order_by("date"))


def breaks_of_parts(of: Place, signal: Signal, from_feed: Feed, as_of: AsOf = None) -> list[Break]:
    """Return the breaks of the parts of a place, and those of the place or of what it lies in that hold for them."""
    here = Q(place__parent=of) | Q(within=True, place__in=_with_those_above(of))
    found = Break.objects.filter(here, feed=from_feed, signal=signal)
    if as_of is not None:
        found = found.filter(declared_at__lt=end_of(from_feed, as_of))
    return list(found.order_by("date"))


def explanations(
    place: Place, from_feed: Feed, as_of: AsOf = None, *, of: Signal | None = None, limit: int = 50
) -> list[Explanation]:
    """Return what was said of why figures of a place, or of what it lies in, changed; the latest days first."""
    found = Explanation.objects.filter(feed=from_feed, place__in=_with_those_above(place))
    if of is not None:
        found = found.filter(Q(signal=None) | Q(signal=of))
    if as_of is not None:
        found = found.filter(explained_at__lt=end_of(from_feed, as_of))
    return list(found.select_related("place", "signal").order_by("-date", "-pk")[:limit])


def flags(
    from_feed: Feed,
    as_of: AsOf = None,
    *,
    place: Place | None = None,
    within: bool = False,
    of: Signal | None = None,
    limit: int = 100,
) -> list[QualityFlag]:
    """Return what checks noticed in a feed's vintages up to a moment and was still so then, the latest days first.

    With `place` only its own flags, and with `within` also those of what lies in it; with `of` only that signal's.
    """
    found = QualityFlag.objects.filter(vintage__feed=from_feed)
    if as_of is None:
        found = found.filter(cleared=None)
    else:
        end = end_of(from_feed, as_of)
        found = found.filter(Q(cleared=None) | Q(cleared__published_at__gte=end), vintage__published_at__lt=end)
    if place is not None:
        found = found.filter(place__in=places_within(place.code)) if within else found.filter(place=place)
    if of is not None:
        found = found.filter(signal=of)
    return list(found.select_related("place", "signal", "vintage").order_by("-date", "-pk")[:limit])


def flags_of(of: Vintage, limit: int = 200) -> list[QualityFlag]:
    """Return what checks noticed in one vintage."""
    return list(of.flags.select_related("place", "signal").order_by("kind", "place__code", "date")[:limit])


def stops(from_feed: Feed, as_of: AsOf = None, limit: int = 20) -> list[FeedStop]:
    """Return when a source could not be read, the latest first."""
    found = FeedStop.objects.filter(feed=from_feed)
    if as_of is not None:
        found = found.filter(stopped_at__lt=end_of(from_feed, as_of))
    return list(found.order_by("-stopped_at")[:limit])


def children(of: Place, from_feed: Feed, signal: Signal) -> list[Place]:
    """Return the parts of a place that a feed has figures of, by code; `…-unassigned` children are among them."""
    inside: QuerySet[Series] = Series.objects.filter(feed=from_feed, signal=signal, place__parent=of)
    return list(Place.objects.filter(pk__in=inside.values("place")).order_by("code"))


def places_of_parts(of: Place, from_feed: Feed, signal: Signal) -> list[tuple[int, str, str, str, Any, Any]]:
    """Return those parts as primary key, code, names in English and Chinese, latitude and longitude, by code.

    Without making objects of them: a country may have thousands.
    """
    inside: QuerySet[Series] = Series.objects.filter(feed=from_feed, signal=signal, place__parent=of)
    degrees = (Cast("latitude", FloatField()), Cast("longitude", FloatField()))
    found = Place.objects.filter(pk__in=inside.values("place")).order_by("code")
    return list(found.values_list("pk", "code", "name_en", "name_zh", *degrees))


def feeds_counting(of: Signal, place: Place | None = None) -> list[Feed]:
    """Return the feeds that have figures of a signal, or of it at one place; the first registered first."""
    rows = Series.objects.filter(signal=of)
    if place is not None:
        rows = rows.filter(place=place)
    return list(Feed.objects.select_related("publisher").filter(pk__in=rows.values("feed")).order_by("pk"))


def signals_of(place: Place, from_feed: Feed) -> list[Signal]:
    """Return what a feed counts at a place, by code."""
    rows = Series.objects.filter(place=place, feed=from_feed)
    return list(Signal.objects.filter(pk__in=rows.values("signal")).order_by("code"))


def outermost(from_feed: Feed, of: Signal) -> Place | None:
    """Return the place that no other place with figures of a feed contains: the country, where it counts one."""
    counted = Series.objects.filter(feed=from_feed, signal=of).values("place")
    return Place.objects.filter(pk__in=counted).exclude(parent__in=counted).order_by("pk").first()


def places_called(text: str, limit: int = 10) -> list[Place]:
    """Return places of which there are figures and whose name, or code, holds a text; the shortest codes first."""
    called = Q(name_en__icontains=text) | Q(name_zh__icontains=text) | Q(code=text)
    counted = Place.objects.filter(called, pk__in=Series.objects.values("place")).select_related("parent")
    return list(counted.order_by("code")[:limit])


def _with_those_above(place: Place) -> list[int]:
    found, here = [place.pk], place
    while here.parent_id is not None:
        here = here.parent  # type: ignore[assignment]  # not None: its key is not
        found.append(here.pk)
    return found
