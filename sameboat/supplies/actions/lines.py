"""One line of goods: as it stands on the log, and in the running totals."""

from datetime import date, datetime

from django.utils import timezone

from sameboat.registry.acting import Act
from sameboat.registry.models import Item, Organisation, Unit
from sameboat.supplies import events
from sameboat.supplies.actions import totals
from sameboat.supplies.models import HandOver, Need


def goods_of(item: Item, quantity: int | None, unit: Unit, stated: str = "") -> events.Goods:
    return events.Goods(item=item.code, unit=unit.code, quantity=quantity, stated=stated or None)


def count_line(
    measure: str, at: datetime, line: Need | HandOver, quantity: int | None, *organisations: Organisation
) -> None:
    day = timezone.localdate(at)
    totals.add(measure, on=day, item=line.item, unit=line.unit, quantity=quantity, organisations=organisations)


def start_of_day(act: Act, day: date | None) -> datetime:
    return act.now if day is None else timezone.make_aware(datetime(day.year, day.month, day.day))
