"""Alerts: when an epidemic begins to grow or shrink, when a week leaves its forecast's band, when figures are doubtful.

An alert is an episode with a beginning and perhaps an end, and carries the numbers that its words are made of; the
words are not made here. There are two levels, and none is red: NOTE says look at the figures, CHANGE says the epidemic
changed. Two thresholds, one to begin and a laxer one to end (hysteresis), keep an alert from flickering.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from enum import StrEnum

import numpy as np

from sameboat.situation.engine.incidence import Array, Mask


class AlertError(ValueError):
    """Series that do not fit together, or thresholds in the wrong order."""


class Kind(StrEnum):
    """What an alert is about."""

    GROWING = "growing"
    SHRINKING = "shrinking"
    ABOVE_FORECAST = "above-forecast"
    DOUBTFUL_FIGURES = "doubtful-figures"


class Level(StrEnum):
    """What an alert asks for: a look at the figures, or at the epidemic."""

    NOTE = "note"
    CHANGE = "change"


@dataclass(frozen=True, slots=True)
class Alert:
    """One episode.

    Attributes
    ----------
    place, signal, vintage
        Of what, and by which vintage's id it was found.
    day
        On which it began: the day of the figure, not the day it was looked at.
    ended
        The first day on which it no longer held; None while it lasts.
    numbers
        What its words need, by names that stay: for growth `probability`, `median`, `lower`, `upper` of R; above a
        forecast `observed`, `expected`, `upper` and the `excess` over it as a share; of doubtful figures what the flag
        came with.
    doubts
        Names of the flags that stand on figures of the two weeks before: a change may be theirs.
    """

    place: str
    signal: str
    kind: Kind
    level: Level
    day: date
    vintage: str
    ended: date | None = None
    numbers: Mapping[str, float] = field(default_factory=dict)
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Flag:
    """Something odd about a figure, as whoever checks figures says: its name, and numbers that belong to it."""

    place: str
    signal: str
    day: date
    name: str
    numbers: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class GrowthRule:
    """When growth begins and ends.

    Attributes
    ----------
    begin, end
        It begins when the probability of R > 1 is at least `begin`, and ends when it falls below `end`. Shrinking is
        the same of R < 1.
    days, days_to_end
        For so many days in a row that tell of R. More days cost more time than a higher `begin` does for as many false
        alarms; see `benchmarks/alert_rates.py`.
    fewest
        Cases in the week, below which nothing begins.
    """

    begin: float = 0.95
    end: float = 0.5
    days: int = 1
    days_to_end: int = 3
    fewest: float = 20.0

    def __post_init__(self) -> None:
        if (
            not 0 < self.end <= self.begin < 1
            or self.end > 0.5
            or self.begin <= 0.5
            or min(self.days, self.days_to_end) < 1
        ):
            raise AlertError(
                f"growth begins at a probability of {self.begin} and ends at {self.end}: the first must be above 0.5 "
                "and below 1, the second at most 0.5 and above 0"
            )


@dataclass(frozen=True, slots=True)
class RtByDay:
    """What was said of R for each day in a row from `first`, and the cases, each (days,).

    For an alert that could have been given at the time, each day's figures must be what was said on that day.
    """

    first: date
    cases: Array
    above_one: Array
    median: Array
    lower: Array
    upper: Array
    told: Mask

    def __post_init__(self) -> None:
        if len({len(array) for array in self._arrays}) != 1:
            raise AlertError("cases and R must be of the same days")

    @property
    def _arrays(self) -> tuple[Array | Mask, ...]:
        return (self.cases, self.above_one, self.median, self.lower, self.upper, self.told)


@dataclass(frozen=True, slots=True)
class WeekSeen:
    """A week that is reported, beside the forecast that was made of it before.

    `upper` is the 97.5 % quantile, the 95 % band's upper edge; nan where there was no forecast or it was suspended.
    """

    end: date
    observed: float
    expected: float
    upper: float


def growth_alerts(place: str, signal: str, vintage: str, rt: RtByDay, rule: GrowthRule | None = None) -> list[Alert]:
    """Return the episodes of growth and of decline, oldest first."""
    rule = rule or GrowthRule()
    weekly = np.convolve(np.nan_to_num(rt.cases), np.ones(7))[: len(rt.cases)]
    alerts: list[Alert] = []
    rise = fall = 0
    now: Kind | None = None
    held = 0
    for day in np.flatnonzero(rt.told):
        above = float(rt.above_one[day])
        enough = weekly[day] >= rule.fewest
        rise = rise + 1 if above >= rule.begin and enough else 0
        fall = fall + 1 if 1 - above >= rule.begin and enough else 0
        kept = above if now is Kind.GROWING else 1 - above
        held = held + 1 if now is not None and kept < rule.end else 0
        begins = Kind.GROWING if rise >= rule.days else Kind.SHRINKING if fall >= rule.days else None
        today = rt.first + timedelta(int(day))
        if now is not None and (held >= rule.days_to_end or (begins is not None and begins is not now)):
            alerts[-1] = replace(alerts[-1], ended=today)
            now, held = None, 0
        if begins is not None and now is None:
            numbers = {
                "probability": above if begins is Kind.GROWING else 1 - above,
                "median": float(rt.median[day]),
                "lower": float(rt.lower[day]),
                "upper": float(rt.upper[day]),
            }
            alerts.append(Alert(place, signal, begins, Level.CHANGE, today, vintage, numbers=numbers))
            now = begins
    return alerts


def forecast_alerts(
    place: str, signal: str, vintage: str, weeks: Sequence[WeekSeen], *, fewest: float = 20.0
) -> list[Alert]:
    """Return the episodes of weeks above the 95 % band of the forecasts made before, oldest first.

    An episode lasts until a week is back within its band. Of `fewest` observed events or less nothing is said.
    """
    alerts: list[Alert] = []
    open_now = False
    for week in sorted(weeks, key=lambda week: week.end):
        if np.isnan(week.upper) or np.isnan(week.observed):
            continue
        above = week.observed > week.upper
        if above and not open_now and week.observed > fewest:
            numbers = {
                "observed": week.observed,
                "expected": week.expected,
                "upper": week.upper,
                "excess": week.observed / week.upper - 1 if week.upper > 0 else float("inf"),
            }
            alerts.append(Alert(place, signal, Kind.ABOVE_FORECAST, Level.CHANGE, week.end, vintage, numbers=numbers))
            open_now = True
        elif not above and open_now:
            alerts[-1] = replace(alerts[-1], ended=week.end)
            open_now = False
    return alerts


def flag_alerts(vintage: str, flags: Iterable[Flag]) -> list[Alert]:
    """Return a note for each flag, oldest first; of flags with one name on one place's days in a row, one note."""
    alerts: list[Alert] = []
    last: dict[tuple[str, str, str], tuple[int, date]] = {}
    for flag in sorted(flags, key=lambda flag: (flag.day, flag.place, flag.signal, flag.name)):
        key = (flag.place, flag.signal, flag.name)
        at, day = last.get(key, (-1, flag.day))
        if at >= 0 and (flag.day - day).days <= 1:
            alerts[at] = replace(alerts[at], ended=flag.day + timedelta(1))
            last[key] = (at, flag.day)
            continue
        alerts.append(
            Alert(
                flag.place,
                flag.signal,
                Kind.DOUBTFUL_FIGURES,
                Level.NOTE,
                flag.day,
                vintage,
                ended=flag.day + timedelta(1),
                numbers=flag.numbers,
                doubts=(flag.name,),
            )
        )
        last[key] = (len(alerts) - 1, flag.day)
    return alerts


def with_doubts(alerts: Iterable[Alert], flags: Sequence[Flag], *, days: int = 14) -> list[Alert]:
    """Return the alerts of change, those that stand on flagged figures made notes that name the flags.

    A flag counts from its day to `days` days later, for the same place and signal.
    """
    result = []
    for alert in alerts:
        names = {
            flag.name
            for flag in flags
            if (flag.place, flag.signal) == (alert.place, alert.signal)
            and timedelta(0) <= alert.day - flag.day <= timedelta(days)
        }
        doubtful = alert.level is Level.CHANGE and names
        result.append(replace(alert, level=Level.NOTE, doubts=tuple(sorted(names))) if doubtful else alert)
    return result


def newest_first(alerts: Iterable[Alert]) -> list[Alert]:
    """Return alerts as they are shown: changes before notes, the newest first, then by place."""
    return sorted(
        alerts, key=lambda alert: (alert.level is Level.NOTE, -alert.day.toordinal(), alert.place, alert.signal)
    )
