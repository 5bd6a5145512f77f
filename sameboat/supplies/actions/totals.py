"""The running totals that pages read instead of the history; every action that moves goods adds to them."""

from datetime import date
from typing import Any

from django.db.models import F, Manager

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
    _add_line(DayTotal.objects, {"day": on, **place}, change, fresh)
    for organisation in organisations:
        _add_line(OrganisationTotal.objects, {"organisation": organisation, **place}, change, fresh)


def _add_line(rows: Manager[Any], place: dict[str, Any], change: dict[str, Any], fresh: dict[str, int]) -> None:
    if not rows.filter(**place).update(**change):
        # Two first lines of a day may arrive at once; the later one finds the earlier one's row.
        _row, created = rows.get_or_create(**place, defaults=fresh)
        if not created:
            rows.filter(**place).update(**change)
