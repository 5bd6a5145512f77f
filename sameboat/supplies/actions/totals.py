"""The running totals that pages read instead of the history; every action that moves goods adds to them."""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sameboat.registry.models import Item, Organisation, Unit
from sameboat.supplies.models import DayTotal, OrganisationTotal
from sameboat.transparency import running_totals

_SUMS = ("quantity", "lines", "lines_unknown")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of `quantity` units (None: unknown) of a day; item, unit and organisations by their keys."""

    measure: str
    on: date
    item: int
    unit: int
    quantity: int | None
    organisations: Sequence[int]


def add(
    measure: str,
    *,
    on: date,
    item: Item,
    unit: Unit,
    quantity: int | None,
    organisations: tuple[Organisation | None, ...] = (),
) -> None:
    """Add one line of `quantity` units (None: unknown) to the day's total and to each organisation's, once each."""
    known = {organisation.pk for organisation in organisations if organisation is not None}
    add_all([Line(measure, on, item.pk, unit.pk, quantity, sorted(known))])


def add_all(lines: Iterable[Line]) -> None:
    """Add lines to the totals of their days and organisations, in one statement a table."""
    days, organisations = _Sums(), _Sums()
    for line in lines:
        place = (str(line.measure), line.item, line.unit)
        days.add((line.on, *place), line.quantity)
        for organisation in line.organisations:
            organisations.add((organisation, *place), line.quantity)
    running_totals.add(DayTotal, ("day", "measure", "item", "unit"), _SUMS, days.rows())
    running_totals.add(OrganisationTotal, ("organisation", "measure", "item", "unit"), _SUMS, organisations.rows())


class _Sums:
    """Quantity, lines and lines of unknown quantity by place."""

    def __init__(self) -> None:
        self._sums: dict[tuple[Hashable, ...], tuple[int, int, int]] = {}

    def add(self, place: tuple[Hashable, ...], quantity: int | None) -> None:
        total, lines, unknown = self._sums.get(place, (0, 0, 0))
        self._sums[place] = (total + (quantity or 0), lines + 1, unknown + (quantity is None))

    def rows(self) -> list[tuple[Any, ...]]:
        return [(*place, *sums) for place, sums in self._sums.items()]
