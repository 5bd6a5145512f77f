"""The running totals of money that pages read instead of the history."""

from datetime import datetime

from django.db.models import F
from django.utils import timezone

from sameboat.donations.models import MoneyDayTotal


def add_to_day(measure: str, at: datetime, currency: str, units: int) -> None:
    place = {"day": timezone.localdate(at), "measure": measure, "currency": currency}
    change = {"units": F("units") + units, "lines": F("lines") + 1}
    if not MoneyDayTotal.objects.filter(**place).update(**change):
        # Two first gifts of a day may arrive at once; the later one finds the earlier one's row.
        _row, created = MoneyDayTotal.objects.get_or_create(**place, defaults={"units": units, "lines": 1})
        if not created:
            MoneyDayTotal.objects.filter(**place).update(**change)
