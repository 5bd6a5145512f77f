"""Figures as files: a series, one day of all places in a place, a whole signal; the same bytes for the same vintage."""

import hashlib
from collections.abc import Iterator
from datetime import date
from zoneinfo import ZoneInfo

from sameboat.figures import queries
from sameboat.figures.engine.formats import FORMATS, Row, Table
from sameboat.figures.models import Break, Definition, Series, Vintage
from sameboat.registry.models import Place
from sameboat.registry.queries import places_within

MOST_PLACES = 5_000
"""Places in one answer about a day; a whole feed goes out as files by `sameboat figures export`."""

_AT_ONCE = 200


def tag(at: Vintage, name: str, asked: str) -> str:
    """Return a strong validator: what the file is made of, and the version of the format that it is made in.

    A vintage's figures never change, so vintage, question and format settle every byte.
    """
    made_of = f"{at.public_id} {at.sha256} {asked} {name} {FORMATS[name].version}"
    return f'"{hashlib.sha256(made_of.encode()).hexdigest()[:32]}"'


def series_table(
    place: Place, definition: Definition, at: Vintage, *, start: date | None = None, until: date | None = None
) -> Table | None:
    """Return one place's figures as they stood at a vintage; None where its feed had said nothing of them by then."""
    line = queries.line(place, definition.signal, at, definition=definition.code, start=start, until=until)
    if line is None:
        return None
    breaks = {found.date for found in _breaks(definition, at) if place.pk in found.places}
    rows = (
        Row(place.code, point.date, point.value, point.missing, point.vintage, point.date in breaks)
        for point in line.points
    )
    return _table(definition, at, rows)


def places_stated(inside: Place, definition: Definition, at: Vintage) -> list[Place]:
    """Return the places in a place, itself among them, that a feed has figures of, by code; at most one too many."""
    stated = Series.objects.filter(feed=at.feed_id, definition=definition).values("place")
    within = set(places_within(inside.code))
    found = [place for place in Place.objects.filter(pk__in=stated) if place.pk in within]
    return sorted(found, key=lambda place: place.code)[: MOST_PLACES + 1]


def day_table(places: list[Place], definition: Definition, at: Vintage, day: date) -> Table:
    """Return the figures of places on one day as they stood at a vintage; those without any are left out."""
    lines = queries.lines(places, definition.signal, at, definition=definition.code, start=day, until=day)
    broken = {pk for found in _breaks(definition, at) if found.date == day for pk in found.places}
    rows = (
        Row(code, point.date, point.value, point.missing, point.vintage, line.place.pk in broken)
        for code, line in sorted(lines.items())
        for point in line.points
    )
    return _table(definition, at, rows)


def whole_table(definition: Definition, at: Vintage, *, latest: bool = False) -> Table:
    """Return everything of one definition that stood at a vintage, read some places at a time.

    With `latest` only each place's last day.
    """
    stated = Series.objects.filter(feed=at.feed_id, signal=definition.signal_id, definition=definition)
    places = sorted(Place.objects.filter(pk__in=stated.values("place")), key=lambda place: place.code)
    breaks = [(found.date, found.places) for found in _breaks(definition, at)]

    def rows() -> Iterator[Row]:
        for first in range(0, len(places), _AT_ONCE):
            some = places[first : first + _AT_ONCE]
            lines = queries.lines(some, definition.signal, at, definition=definition.code)
            for place in some:
                points = lines[place.code].points if place.code in lines else ()
                days = {day for day, within in breaks if place.pk in within}
                for point in points[-1:] if latest else points:
                    yield Row(place.code, point.date, point.value, point.missing, point.vintage, point.date in days)

    return _table(definition, at, rows())


class _Breaking:
    """A break and the rows of the places that it speaks of."""

    def __init__(self, found: Break) -> None:
        self.date = found.date
        self.places = frozenset(places_within(found.place.code) if found.within else [found.place_id])


def _breaks(definition: Definition, at: Vintage) -> list[_Breaking]:
    """Return the breaks that had been declared when a vintage was entered: later ones do not change its files."""
    found = Break.objects.filter(feed=at.feed_id, signal=definition.signal_id, declared_at__lte=at.recorded_at)
    return [_Breaking(each) for each in found.select_related("place")]


def _table(definition: Definition, at: Vintage, rows: Iterator[Row]) -> Table:
    signal, feed = definition.signal, at.feed
    return Table(
        feed=feed.code,
        publisher=feed.publisher.public_id if feed.publisher else None,
        signal=signal.code,
        definition=definition.code,
        form=signal.form,
        unit=signal.unit_en,
        decimals=signal.decimals,
        vintage=at.public_id,
        number=at.number,
        published_at=at.published_at,
        published_on=at.published_at.astimezone(ZoneInfo(feed.zone)).date(),
        sha256=at.sha256,
        entry=bytes(at.entry).hex(),
        rows=rows,
    )
