"""The running totals of money that pages read instead of the history."""

from datetime import datetime

from django.db.models import F
from django.utils import timezone

from sameboat.donations.models import MoneyDayTotal


def add_to_day(measure: str, at: datetime, currency: str, units: int) -> None:
    place = {"day": timezone.localdate(at), "measure": measure, "currency": currency}
    if not MoneyDayTotal.objects.filter(**place).update(units=F("units") + units, lines=F("lines") + 1):
        MoneyDayTotal.objects.create(**place, units=units, lines=1)
