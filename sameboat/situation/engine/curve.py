"""The epidemic curve: what is new on each day, out of totals or counts as they were stated and restated."""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

SETTLED_SHARE: Final = 0.9  # of the days looked at
CLOSE: Final = 0.05
LOOKED_AT: Final = 28  # newest days that say how long figures keep changing
LONGEST_UNSETTLED: Final = 14


@dataclass(frozen=True, slots=True)
class Stated:
    """One statement of a series: the value of a day, None where it is missing and why, and the vintage's number."""

    day: date
    value: int | None
    missing: str
    vintage: int


@dataclass(frozen=True, slots=True)
class Day:
    """One day of a curve.

    Attributes
    ----------
    total
        What had been counted up to this day; None where it is not known, or nobody counts a total.
    new
        What was new on this day; None where it is not known: nothing was stated, or the day before is missing.
        Negative where a total was lowered.
    first_new
        What was said to be new when this day was first spoken of; None where nothing was.
    first_vintage
        Number of the vintage that first said what was new, 0 where none did.
    settled_vintage
        Number of the vintage since which what was said to be new is within 5 % of what stands, 0 where it is not known.
    missing
        Why there is no value, empty where there is one.
    broken
        Whether a break lies here: `new` then is not what happened on this day.
    """

    day: date
    total: int | None
    new: int | None
    first_new: int | None
    first_vintage: int
    settled_vintage: int
    missing: str
    broken: bool

    @property
    def revised(self) -> bool:
        """Whether what stands now differs from what was said first."""
        return self.first_vintage > 0 and self.first_new != self.new


def curve(statements: Iterable[Stated], *, cumulative: bool, breaks: Set[date] = frozenset()) -> tuple[Day, ...]:
    """Return every day from the first to the last that was spoken of, days that nobody stated among them.

    Parameters
    ----------
    statements
        Of one series, by day and within a day by vintage, up to the vintage that the curve is shown of.
    cumulative
        Whether the values are totals so far, whose differences are what is new; else they are new themselves.
    breaks
        Days on which the series breaks.
    """
    said: dict[date, list[Stated]] = {}
    for each in statements:
        said.setdefault(each.day, []).append(each)
    said = {day: rows for day, rows in said.items() if rows[-1].missing != "withdrawn"}
    if not said:
        return ()
    first, last = min(said), max(said)
    return tuple(
        _day(first + timedelta(step), said, cumulative=cumulative, breaks=breaks)
        for step in range((last - first).days + 1)
    )


def _day(day: date, said: Mapping[date, list[Stated]], *, cumulative: bool, breaks: Set[date]) -> Day:
    rows = said.get(day, [])
    value = rows[-1].value if rows else None
    course = _course(rows, said.get(day - timedelta(1), []), cumulative=cumulative)
    opening = next((step for step in course if step[1] is not None), (0, None))
    return Day(
        day=day,
        total=value if cumulative else None,
        new=course[-1][1] if course else None,
        first_new=opening[1],
        first_vintage=opening[0],
        settled_vintage=_settled(course),
        missing=rows[-1].missing if rows else "not-reported",
        broken=day in breaks,
    )


def _course(rows: Sequence[Stated], before: Sequence[Stated], *, cumulative: bool) -> list[tuple[int, int | None]]:
    """Return what was said to be new on a day, by the number of each vintage that said something that bears on it."""
    if not cumulative:
        return [(row.vintage, row.value) for row in rows]
    course: list[tuple[int, int | None]] = []
    for vintage in sorted({row.vintage for row in (*rows, *before)}):
        now = [row.value for row in rows if row.vintage <= vintage]
        then = [row.value for row in before if row.vintage <= vintage]
        course.append((vintage, _minus(now[-1] if now else None, then[-1] if then else None)))
    return course


def _minus(now: int | None, before: int | None) -> int | None:
    return None if now is None or before is None else now - before


def _settled(course: Sequence[tuple[int, int | None]]) -> int:
    stands = course[-1][1] if course else None
    if stands is None:
        return 0
    since = 0
    for vintage, new in reversed(course):
        if new is None or abs(new - stands) > CLOSE * max(abs(stands), 1):
            break
        since = vintage
    return since


def masked(days: Sequence[Day]) -> list[float]:
    """Return what is new by day for an estimate: nan where it is not known, lowered, or lies on a break."""
    return [
        float("nan") if day.new is None or day.new < 0 or day.broken else float(day.new)  # a break is no incidence
        for day in days
    ]


def unsettled(days: Sequence[Day], published: Mapping[int, date]) -> int:
    """Return after how many days nine in ten figures had come to within 5 % of what stands now, at most two weeks.

    So many of the newest days may still change.

    Parameters
    ----------
    days
        The newest days of a curve; the last `LOOKED_AT` that are known count.
    published
        The day on which each vintage was published, by its number.
    """
    looked_at = [day for day in days if day.settled_vintage and not day.broken][-LOOKED_AT:]
    lags = sorted(max((published[day.settled_vintage] - day.day).days, 0) for day in looked_at)
    if not lags:
        return 0
    return min(lags[min(int(SETTLED_SHARE * len(lags)), len(lags) - 1)], LONGEST_UNSETTLED)
