"""The running totals of money that pages read instead of the history."""

from datetime import datetime

from django.utils import timezone

from sameboat.donations.models import MoneyDayTotal
from sameboat.transparency import running_totals


def add_to_day(measure: str, at: datetime, currency: str, units: int) -> None:
    day = timezone.localdate(at)
    running_totals.add(
        MoneyDayTotal, ("day", "measure", "currency"), ("units", "lines"), [(day, str(measure), currency, units, 1)]
    )
