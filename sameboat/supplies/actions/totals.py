"""The running totals that pages read instead of the history; every action that moves goods adds to them."""

from datetime import date

from django.db.models import F

from sameboat.registry.models import Item, Organisation, Unit
from sameboat.supplies.models import DayTotal, OrganisationTotal


def add(
    measure: str,
    *,
    on: date,
    item: Item,
    unit: Unit,
    quantity: int | None,
    organisations: tuple[Organisation, ...] = (),
) -> None:
    """Add one line of `quantity` units (None: unknown) to the day's total and to each organisation's."""
    change = {
        "quantity": F("quantity") + (quantity or 0),
        "lines": F("lines") + 1,
        "lines_unknown": F("lines_unknown") + int(quantity is None),
    }
    fresh = {"quantity": quantity or 0, "lines": 1, "lines_unknown": int(quantity is None)}
    place = {"measure": measure, "item": item, "unit": unit}
    if not DayTotal.objects.filter(day=on, **place).update(**change):
        DayTotal.objects.create(day=on, **place, **fresh)
    for organisation in organisations:
        if not OrganisationTotal.objects.filter(organisation=organisation, **place).update(**change):
            OrganisationTotal.objects.create(organisation=organisation, **place, **fresh)
