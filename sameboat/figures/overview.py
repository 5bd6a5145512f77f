"""Reads that put together: how a feed stands, what it counts, what parts leave of a whole, who said what when."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Count, F, OuterRef, Subquery

from sameboat.figures import queries
from sameboat.figures.models import (
    Definition,
    Explanation,
    Feed,
    FeedMapping,
    Figure,
    RejectedLine,
    Series,
    Signal,
    Vintage,
)
from sameboat.registry.models import Place
from sameboat.transparency import queries as log


@dataclass(frozen=True, slots=True)
class FeedState:
    """A feed with its last vintage; `silent_since` is the first moment at which it should have spoken and had not."""

    feed: Feed
    last: Vintage | None
    silent_since: datetime | None


@dataclass(frozen=True, slots=True)
class Counted:
    """A definition that a feed has figures of, and of how many places."""

    definition: Definition
    places: int


@dataclass(frozen=True, slots=True)
class Rest:
    """What a place has beyond its parts on a day: unknown where it, or one of its parts, has no figure then.

    `without` counts the parts without one. A rest below zero says that the parts were counted more than the whole.
    """

    date: date
    whole: int | None
    parts: int | None
    rest: int | None
    without: int


@dataclass(frozen=True, slots=True)
class Statement:
    """What one vintage said of one figure."""

    point: queries.Point
    vintage: Vintage


def feed_states(feeds: Sequence[Feed], now: datetime) -> list[FeedState]:
    """Return how feeds stand, in their order; one statement for all of them."""
    newest = Vintage.objects.filter(feed=OuterRef("feed")).order_by("-number").values("number")[:1]
    last = {
        vintage.feed_id: vintage
        for vintage in Vintage.objects.filter(feed__in=feeds, number=Subquery(newest)).select_related("feed__publisher")
    }
    return [FeedState(feed, last.get(feed.pk), _silent_since(feed, last.get(feed.pk), now)) for feed in feeds]


def _silent_since(feed: Feed, last: Vintage | None, now: datetime) -> datetime | None:
    spoke = last.published_at if last else feed.registered_at
    # A day's grace: who speaks daily speaks at another hour each day.
    due = spoke + timedelta(days=feed.cadence_days + 1)
    return due if due < now else None


def counted(feed: Feed) -> list[Counted]:
    """Return what a feed counts, by signal."""
    places = dict(
        Series.objects.filter(feed=feed).values_list("definition").annotate(places=Count("place", distinct=True))
    )
    found = Definition.objects.filter(pk__in=places).select_related("signal")
    return [Counted(row, places[row.pk]) for row in found.order_by("signal__code", "pk")]


def definitions_of_each(signals: Sequence[Signal]) -> dict[int, list[Definition]]:
    """Return the definitions of signals, the first first, by the signal's row."""
    found: dict[int, list[Definition]] = {signal.pk: [] for signal in signals}
    for row in Definition.objects.filter(signal__in=signals).select_related("signal").order_by("pk"):
        found[row.signal_id].append(row)
    return found


def explanations_of(vintage: Vintage, changes: Sequence[queries.Change], limit: int = 20) -> list[Explanation]:
    """Return what the publisher said of the places and days that these changes of a vintage speak of."""
    if not changes:
        return []
    level = {change.place.pk for change in changes}
    places = set(level)
    while level:
        level = set(Place.objects.filter(children__in=level).values_list("pk", flat=True)) - places
        places |= level
    days = [change.now.date for change in changes]
    found = Explanation.objects.filter(
        feed=vintage.feed_id, place__in=places, date__lte=max(days), until__gte=min(days)
    ).select_related("place", "signal")
    return list(found.order_by("-explained_at", "-pk")[:limit])


def rests(place: Place, of: Signal, at: Vintage, *, start: date | None = None, until: date | None = None) -> list[Rest]:
    """Return what a place has beyond the sum of its parts, for each day on which either has a figure."""
    whole = queries.line(place, of, at, start=start, until=until)
    parts = queries.children(place, at.feed, of)
    lines = queries.lines(parts, of, at, start=start, until=until)
    values = [line.values() for line in lines.values()]
    own = whole.values() if whole else {}
    found = []
    for day in sorted(set(own).union(*values)) if values else []:
        known = [value[day] for value in values if value.get(day) is not None]
        without = len(parts) - len(known)
        total = None if without else sum(number for number in known if number is not None)
        here = own.get(day)
        found.append(Rest(day, here, total, None if here is None or total is None else here - total, without))
    return found


def series_of(feed: Feed, definition: Definition, after: str = "", limit: int = 200) -> list[Place]:
    """Return places that a feed has figures of by this definition, by code, those after a code."""
    inside = Series.objects.filter(feed=feed, definition=definition).values("place")
    return list(Place.objects.filter(pk__in=inside, code__gt=after).order_by(F("code"))[:limit])


def statements_of_figure(
    place: Place, of: Signal, from_feed: Feed, day: date, *, definition: str = "", limit: int = 200
) -> list[Statement]:
    """Return everything that a feed ever said of one figure, the first first: who said what when."""
    found = Figure.objects.filter(
        series__feed=from_feed, series__place=place, series__signal=of, series__definition__code=definition, date=day
    )
    return [
        Statement(queries.Point(row.date, row.value, row.missing, row.vintage.number), row.vintage)
        for row in found.select_related("vintage__feed__publisher").order_by("vintage_id")[:limit]
    ]


def mapping_of(of: Feed) -> FeedMapping | None:
    """Return how a source's files are read now; None where nobody declared it."""
    return FeedMapping.objects.filter(feed=of).select_related("feed").order_by("-pk").first()


def rejected_lines(of: Vintage, limit: int = 50) -> list[RejectedLine]:
    """Return the lines of a source that could not be used, for who sent them: they stand as they came."""
    return list(of.rejected_lines.order_by("pk")[:limit])


def broken_vintages(limit: int = 10) -> list[Vintage]:
    """Return vintages whose stored changes do not hash to what the log says of them, at most `limit`.

    Grows with history: for the self-check only.
    """
    found: list[Vintage] = []
    for vintage in Vintage.objects.select_related("feed").order_by("pk").iterator():
        digest = hashlib.sha256()
        try:
            for part in queries.change_file_parts(vintage):
                digest.update(part)
        except ValueError:  # a row that no file can hold
            digest = hashlib.sha256()
        entry = log.entry_hashed(bytes(vintage.entry))
        if entry is None or entry.data["sha256"] != digest.hexdigest():
            found.append(vintage)
            if len(found) == limit:
                break
    return found
