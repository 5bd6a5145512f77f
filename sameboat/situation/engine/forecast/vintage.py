"""Vintages: what was known of every place on one day, and their history."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from sameboat.situation.engine.incidence import Array

WEEK = 7


class VintageError(ValueError):
    """Vintages that cannot be forecast from: none by that day, or arrays that do not fit together."""


@dataclass(frozen=True)
class Vintage:
    """The figures as published on `as_of`.

    `values` holds, for each signal, new events by place and period, (places, periods), nan where nothing was
    reported. A period is `step` days long, 1 or 7, and period `n` ends on `first + n * step`.
    """

    as_of: date
    first: date
    step: int
    values: Mapping[str, Array]

    def __post_init__(self) -> None:
        if self.step not in (1, WEEK):
            raise VintageError(f"vintage of {self.as_of}: a period is 1 or 7 days long, not {self.step}")
        if len({array.shape[0] for array in self.values.values()}) != 1:
            raise VintageError(f"vintage of {self.as_of}: its signals differ in the number of places")

    def last(self, signal: str) -> date:
        """Return the last day for which any place reported `signal`.

        Raises
        ------
        VintageError
            If no place reported it at all.
        """
        reported = np.flatnonzero(~np.isnan(self.values[signal]).all(axis=0))
        if not reported.size:
            raise VintageError(f"vintage of {self.as_of}: nothing is reported for {signal!r}")
        return self.first + timedelta(int(reported[-1]) * self.step)

    def days_until(self, last: date) -> int:
        """Return the number of days that the figures up to `last` cover."""
        return (last - self.first).days + self.step

    def until(self, signal: str, last: date) -> Array:
        """Return `signal` up to and including the period that ends on `last`, (places, periods)."""
        return self.values[signal][:, : (last - self.first).days // self.step + 1]

    def week(self, signal: str, end: date) -> Array:
        """Return each place's total of the seven days ending on `end`, (places,); nan where a day is not reported."""
        array, position = self.values[signal], (end - self.first).days
        if position % self.step:
            raise VintageError(f"vintage of {self.as_of}: no period of {signal!r} ends on {end}")
        stop = position // self.step + 1
        start = stop - WEEK // self.step
        if start < 0 or stop > array.shape[1]:
            return np.full(array.shape[0], np.nan)
        return np.asarray(array[:, start:stop].sum(axis=1))


class History:
    """Vintages in the order of their publication; all hold the same signals, places and step."""

    def __init__(self, vintages: Sequence[Vintage]) -> None:
        """Take `vintages` in any order.

        Raises
        ------
        VintageError
            If there is none, two share a day, or they differ in signals, places, step or first day.
        """
        if not vintages:
            raise VintageError("a history needs at least one vintage")
        self.vintages = sorted(vintages, key=lambda vintage: vintage.as_of)
        self._days = [vintage.as_of for vintage in self.vintages]
        if len(set(self._days)) != len(self._days):
            raise VintageError("two vintages were published on the same day: keep the later one")
        forms = {
            (vintage.first, vintage.step, *((name, len(array)) for name, array in sorted(vintage.values.items())))
            for vintage in vintages
        }
        if len(forms) != 1:
            raise VintageError("the vintages differ in their signals, places, step or first day")
        self._last: dict[tuple[int, str], date] = {}

    @property
    def places(self) -> int:
        """The number of places."""
        return len(next(iter(self.vintages[0].values.values())))

    def known_on(self, day: date) -> Vintage:
        """Return the newest vintage published on or before `day`.

        Raises
        ------
        VintageError
            If none was published by then.
        """
        position = bisect_right(self._days, day)
        if not position:
            raise VintageError(f"nothing was published by {day}: the first vintage is of {self._days[0]}")
        return self.vintages[position - 1]

    def first_with(self, signals: Sequence[str], last: date) -> Vintage | None:
        """Return the oldest vintage that reaches to `last` in each of `signals`; None where no vintage does.

        Truncated to `last` it is the best record of what was known right after that day.
        """
        for number, vintage in enumerate(self.vintages):
            if all(self._reach(number, vintage, signal) >= last for signal in signals):
                return vintage
        return None

    def continued_back(self, weeks: int) -> "History":
        """Return this history with up to `weeks` weekly vintages before its oldest, each the oldest cut short.

        They stand in for vintages that nobody kept: what they lack are the revisions made since. A day on or after the
        oldest vintage sees nothing in them that it did not have.
        """
        oldest = self.vintages[0]
        short = []
        for number in range(1, weeks + 1):
            cut = number * WEEK // oldest.step
            ends = {name: (oldest.last(name) - oldest.first).days // oldest.step + 1 - cut for name in oldest.values}
            if min(ends.values()) < 1:
                break
            values = {name: array[:, : ends[name]] for name, array in oldest.values.items()}
            if any(np.isnan(array).all() for array in values.values()):
                break
            short.append(Vintage(oldest.as_of - timedelta(number * WEEK), oldest.first, oldest.step, values))
        return History([*short, *self.vintages])

    def _reach(self, number: int, vintage: Vintage, signal: str) -> date:
        if (number, signal) not in self._last:
            self._last[number, signal] = vintage.last(signal)
        return self._last[number, signal]
