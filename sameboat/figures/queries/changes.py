"""What one vintage changed, and the file of it whose hash stands on the log."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from django.db import connection
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Collate

from sameboat.figures.engine import change_file
from sameboat.figures.engine.observation import Observation
from sameboat.figures.models import (
    Definition,
    Figure,
    Signal,
    Vintage,
)
from sameboat.figures.queries.stated import Point
from sameboat.registry.models import Place
from sameboat.registry.queries import places_within


@dataclass(frozen=True, slots=True)
class Change:
    """What one vintage changed: a figure, and what stood before; `before` is None for a new one."""

    place: Place
    signal: Signal
    definition: Definition
    now: Point
    before: Point | None
    row: int


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
