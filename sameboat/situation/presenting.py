"""What charts are drawn of: an outbreak's days as the rows that the drawings take."""

from datetime import date

from sameboat.situation.queries.forecasts import Outlook
from sameboat.situation.queries.outbreak import Outbreak


def curve_rows(shown: Outbreak) -> list[tuple[date, int | None, int | None, bool]]:
    """Return each day, what is new, what was said first, and whether a break lies on it."""
    return [(day.day, day.new, day.first_new, day.broken) for day in shown.days]


def band_rows(shown: Outbreak) -> list[tuple[date, int | None, int | None, int | None, bool]]:
    """Return Rt from the first day that tells of it on, and whether a day may still change; none where no day tells."""
    told = [at for at, day in enumerate(shown.rt) if day.median is not None]
    settled = shown.settled_until
    if not told:
        return []
    return [
        (day.day, day.median, day.lower, day.upper, settled is not None and day.day > settled)
        for day in shown.rt[told[0] :]
    ]


def fan_rows(told: Outlook) -> list[tuple[date, int, int, int, int, int, int | None]]:
    """Return the weeks that may be shown: bounds from low to high, and what came."""
    return [
        (week.end, week.low_95, week.low_50, week.median, week.high_50, week.high_95, week.came) for week in told.shown
    ]
