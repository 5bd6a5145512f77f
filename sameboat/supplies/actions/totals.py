"""The running totals that pages read instead of the history; every action that moves goods adds to them."""

from datetime import date

from sameboat.registry.models import Item, Organisation, Unit
from sameboat.supplies.models import DayTotal, OrganisationTotal
from sameboat.transparency import running_totals

_SUMS = ("quantity", "lines", "lines_unknown")


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
    place = (str(measure), item.pk, unit.pk)
    sums = (quantity or 0, 1, int(quantity is None))
    running_totals.add(DayTotal, ("day", "measure", "item", "unit"), _SUMS, [(on, *place, *sums)])
    known = {organisation.pk for organisation in organisations if organisation is not None}
    running_totals.add(
        OrganisationTotal,
        ("organisation", "measure", "item", "unit"),
        _SUMS,
        [(organisation, *place, *sums) for organisation in known],
    )
