"""What the counts of the last days will become, once the late reports are in.

A reporting triangle has a row for each day on which something happened (reference day) and a column for each delay:
how many cases of that day were reported so many days later. Reports still to come are NaN; corrections may be negative.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from sameboat.situation.engine.incidence import Array
from sameboat.situation.engine.score import HUB_PROBABILITIES, checked_probabilities, coverage, weighted_interval_score

# Mean absolute value of a standard normal variable, to turn mean absolute errors into sds.
_MEAN_ABSOLUTE = np.sqrt(2 / np.pi)


class TriangleError(ValueError):
    """A reporting triangle that no nowcast can be made from."""


@dataclass(frozen=True, slots=True)
class Nowcast:
    """The final counts of every reference day as expected from one vintage.

    Attributes
    ----------
    reported
        What the vintage has reported, (days,).
    expected
        The final count by the chain ladder, (days,).
    quantiles
        Of the final count, (days, probabilities).
    probabilities
        Of the quantiles.
    """

    reported: Array
    expected: Array
    quantiles: Array
    probabilities: Array


@dataclass(frozen=True, slots=True)
class NowcastScores:
    """How nowcasts made day by day, each from its own vintage, compare with what the counts became.

    Attributes
    ----------
    delay
        Days since the reference day when each nowcast was made, (nowcasts,).
    score
        Weighted interval score of each nowcast, (nowcasts,).
    uncorrected_error
        Absolute error of the reported figure, which is also its weighted interval score, (nowcasts,).
    covered_50, covered_95
        Share of truths within the central intervals.
    """

    delay: Array
    score: Array
    uncorrected_error: Array
    covered_50: float
    covered_95: float

    @property
    def ratio(self) -> float:
        """Mean score over the mean error of the uncorrected figure; nan where that was always right."""
        error = float(self.uncorrected_error.mean())
        return float(self.score.mean()) / error if error else float("nan")


def reporting_triangle(
    reference_day: ArrayLike, delay: ArrayLike, count: ArrayLike, *, last_report_day: int, delays: int
) -> Array:
    """Return the triangle of a table of reports, (last_report_day + 1, delays); a report not in the table is 0.

    Parameters
    ----------
    reference_day, delay, count
        One entry a row of the table; days are counted from 0.
    last_report_day
        The vintage's own day: later reports are NaN.
    delays
        Number of delays kept, from 0.

    Raises
    ------
    TriangleError
        Entries of unequal number, a negative or fractional day or delay, a count that is not finite, the same report
        twice, or a report later than the vintage.
    """
    days, lags, counts = (np.asarray(array, dtype=np.float64) for array in (reference_day, delay, count))
    if not days.shape == lags.shape == counts.shape or days.ndim != 1:
        raise TriangleError("Reference days, delays and counts must be lists of the same length.")
    for name, array in (("reference day", days), ("delay", lags)):
        bad = np.flatnonzero(~np.isfinite(array) | (array < 0) | (array % 1 != 0))
        if len(bad):
            raise TriangleError(f"Row {bad[0]}: the {name} is {array[bad[0]]:g}, not a whole number of at least 0.")
    bad = np.flatnonzero(~np.isfinite(counts))
    if len(bad):
        raise TriangleError(f"Row {bad[0]}: the count is {counts[bad[0]]:g}. Leave out a report that is not known.")
    bad = np.flatnonzero(days + lags > last_report_day)
    if len(bad):
        raise TriangleError(
            f"Row {bad[0]}: reported on day {days[bad[0]] + lags[bad[0]]:g}, after the vintage's day {last_report_day}."
        )
    kept = lags < delays
    place = days[kept].astype(np.int64), lags[kept].astype(np.int64)
    triangle = np.zeros((last_report_day + 1, delays))
    times = np.zeros(triangle.shape, dtype=np.int64)
    np.add.at(times, place, 1)
    if (times > 1).any():
        day, lag = np.argwhere(times > 1)[0]
        raise TriangleError(f"Reference day {day}, delay {lag}: {times[day, lag]} reports. Keep one.")
    triangle[place] = counts[kept]
    return vintage(triangle, last_report_day)


def vintage(triangle: Array, day: int) -> Array:
    """Return the triangle as it was known on a day: rows up to it, and NaN for what was reported later."""
    rows, delays = np.arange(day + 1)[:, np.newaxis], np.arange(triangle.shape[1])
    return np.where(rows + delays <= day, triangle[: day + 1], np.nan)


def nowcast(
    triangle: ArrayLike,
    *,
    probabilities: ArrayLike = HUB_PROBABILITIES,
    window: int = 21,
    memory: int = 28,
    revision: int = 7,
) -> Nowcast:
    """Return what the counts will become, by the chain ladder, with the spread that its own past errors had.

    The chain ladder takes from the last rows by what share counts grow from each delay to the next. The same is done
    for every earlier vintage within the triangle; how those nowcasts were revised over the following days gives the
    spread. Revisions over successive spans are taken as independent, so that spans too young to be seen whole are
    pieced together from those of older rows. Errors are the Poisson ones of the cases still to come and, in proportion
    to the count, what exceeds them; their shape is that of the past errors, taken as symmetric.

    Parameters
    ----------
    triangle
        Counts by reference day and delay as known on the last row's day, (days, delays). A NaN among known reports is
        a day on which nothing was reported.
    probabilities
        Of the quantiles to return.
    window
        Rows that a growth share is taken from.
    memory
        Days of past revisions that the spread is taken from.
    revision
        Days over which a nowcast's revision is measured: a week, so that weekdays cancel.

    Raises
    ------
    TriangleError
        A triangle with fewer rows than delays, so that no share is known for the longest, or with a report that the
        last row's day cannot know of.
    ScoreError
        See `checked_probabilities`.

    References
    ----------
    T. Mack (1993). Distribution-free calculation of the standard error of chain ladder reserve estimates. ASTIN
    Bulletin 23(2), 213-225.
    """
    levels = checked_probabilities(probabilities)
    history = _History(_checked_triangle(triangle), window, revision)
    day = len(history.cumulative) - 1
    quantiles = history.quantiles(day, memory, levels)
    rows = np.arange(day + 1)
    age = np.minimum(day - rows, history.delays - 1)
    return Nowcast(history.cumulative[rows, age], history.expected[rows, age], quantiles, levels)


def evaluate_nowcasts(
    triangle: ArrayLike,
    *,
    first: int | None = None,
    last: int | None = None,
    longest: int | None = None,
    window: int = 21,
    memory: int = 28,
    revision: int = 7,
) -> NowcastScores:
    """Return the scores of the nowcasts of every day in a range, each made from that day's vintage alone.

    Scored are all reference days whose final count is known by the end of the triangle and was still incomplete.

    Parameters
    ----------
    triangle
        As for `nowcast`: the newest vintage.
    first, last
        Range of the days on which nowcasts are made; by default from the first on which one can be made.
    longest
        The longest time since the reference day to score; by default, all but the last delay.

    Raises
    ------
    TriangleError
        See `nowcast`; or nothing to score in the range.
    """
    counts = _checked_triangle(triangle)
    levels = np.array(HUB_PROBABILITIES)
    history = _History(counts, window, revision)
    days, delays = counts.shape
    earliest = max(delays, window + revision + 1)
    first = earliest if first is None else max(first, earliest)
    last = days - 1 if last is None else min(last, days - 1)
    longest = delays - 2 if longest is None else min(longest, delays - 2)
    complete = days - delays
    ages, scores, errors, truths, ranges = [], [], [], [], []
    for day in range(first, last + 1):
        rows = np.arange(max(day - longest, 0), min(day, complete) + 1)
        quantiles = history.quantiles(day, memory, levels)[rows]
        truth = history.cumulative[rows, -1]
        ages.append(day - rows)
        scores.append(weighted_interval_score(truth, quantiles, levels))
        errors.append(np.abs(history.cumulative[rows, day - rows] - truth))
        truths.append(truth)
        ranges.append(quantiles)
    if not sum(map(len, ages)):
        raise TriangleError(f"No reference day that was incomplete on days {first} to {last} is complete by now.")
    truth, quantiles = np.concatenate(truths), np.concatenate(ranges)
    covered = [
        coverage(truth, *(quantiles[:, np.searchsorted(levels, p - 1e-9)] for p in (tail, 1 - tail)))
        for tail in (0.25, 0.025)
    ]
    return NowcastScores(
        np.concatenate(ages).astype(np.float64), np.concatenate(scores), np.concatenate(errors), *covered
    )


def _checked_triangle(triangle: ArrayLike) -> Array:
    counts = np.array(triangle, dtype=np.float64)
    if counts.ndim != 2 or counts.shape[1] < 2:
        raise TriangleError(f"A reporting triangle is (days, delays) with at least two delays; got {counts.shape}.")
    days, delays = counts.shape
    if days < delays + 1:
        raise TriangleError(
            f"{days} reference days are too few for delays of up to {delays - 1} days: at least {delays + 1} are "
            "needed. Wait, or leave out the longest delays."
        )
    if np.isinf(counts).any():
        raise TriangleError("A reporting triangle must not hold infinite counts.")
    known = np.arange(days)[:, np.newaxis] + np.arange(delays) < days
    if not np.isnan(counts[~known]).all():
        row, delay = np.argwhere(~known & ~np.isnan(counts))[0]
        raise TriangleError(f"Reference day {row}, delay {delay}: a report from after the last row's day.")
    return np.where(known, np.nan_to_num(counts), np.nan)


class _History:
    """Every nowcast that could have been made within a triangle, each from what its own day knew.

    Attributes
    ----------
    cumulative
        Reports up to each delay, (days, delays).
    growth
        By what a count at each delay was expected to grow to its final size, as its vintage knew, (days, delays).
    expected
        The nowcast made of each row at each delay, (days, delays).
    """

    def __init__(self, counts: Array, window: int, revision: int) -> None:
        days, self.delays = counts.shape
        self.cumulative = np.cumsum(counts, axis=1)
        rows, delays = np.arange(days)[:, np.newaxis], np.arange(self.delays)
        self.growth = np.where(
            rows + delays < days,
            _growth_by_vintage(self.cumulative, window)[np.minimum(rows + delays, days - 1), delays],
            np.nan,
        )
        self.expected = self.cumulative * self.growth
        self.has_corrections = np.nan_to_num(counts) < 0
        # Half a case more keeps a count of zero from being certain to stay so.
        self._level = (self.cumulative + 0.5) * self.growth
        self._revision, self._window = revision, window
        self._later = np.minimum(delays + revision, self.delays - 1)
        self._revised = self.expected[:, self._later] - self.expected
        later_growth = np.maximum(self.growth[:, self._later], 1e-9)
        self._poisson = self._level * np.maximum(self.growth / later_growth - 1, 0)

    def quantiles(self, day: int, memory: int, levels: Array) -> Array:
        """Return the quantiles of rows 0 … day as expected on that day, (day + 1, levels)."""
        rows = np.arange(len(self.cumulative))[:, np.newaxis]
        delays = np.arange(self.delays)
        seen = rows + self._later
        # Nowcasts from before the window was full were worse than those of today.
        usable = (seen <= day) & (seen > day - memory) & (rows + delays >= self._window) & (delays < self.delays - 1)
        usable &= self._level > 0
        level = np.where(usable, self._level, 1.0)
        revised, poisson = np.where(usable, self._revised, 0.0), np.where(usable, self._poisson, 0.0)
        number = np.maximum(_with_neighbours(usable.sum(axis=0)), 1)
        absolute = _with_neighbours((np.abs(revised) / level).sum(axis=0)) / number
        excess = (absolute / _MEAN_ABSOLUTE) ** 2 - _with_neighbours((poisson / level**2).sum(axis=0)) / number
        excess = np.maximum(excess, 0.0)
        measured = _with_neighbours(usable.sum(axis=0)) >= 5
        if not measured.any():
            raise TriangleError(
                f"Day {day}: no past nowcast is old enough to show its error; {self._window + self._revision + 2} days "
                "of reports are needed."
            )
        excess[:-1] = np.interp(delays[:-1], delays[measured], excess[measured])
        excess[-1] = 0.0

        spread = np.sqrt(np.where(usable, poisson + excess * level**2, 1.0))
        tells = usable & (spread > 0)
        errors = revised[tells] / spread[tells]
        # Where every past nowcast was exact there is no spread for a shape to scale.
        shape = np.quantile(np.concatenate([errors, -errors]), levels) if errors.size else np.zeros_like(levels)
        total = np.array([excess[delay :: self._revision].sum() for delay in delays])

        rows = np.arange(day + 1)
        age = np.minimum(day - rows, self.delays - 1)
        level, growth = self._level[rows, age], self.growth[rows, age]
        sd = np.sqrt(np.maximum(level * (growth - 1), 0) + total[age] * level**2)
        # Where reports have never been taken back, none is expected to be.
        known = rows[:, np.newaxis] + delays <= day
        corrected = bool(self.has_corrections[: day + 1][known].any())
        floor = 0.0 if corrected else self.cumulative[rows, age][:, np.newaxis]
        final = (age == self.delays - 1)[:, np.newaxis]
        expected = self.expected[rows, age][:, np.newaxis]
        quantiles: Array = np.where(final, expected, np.maximum(expected + shape * sd[:, np.newaxis], floor))
        return quantiles


def _growth_by_vintage(cumulative: Array, window: int) -> Array:
    """Return the chain ladder's growth from each delay to the last, as known on each day, (days, delays)."""
    days, delays = cumulative.shape
    steps = np.ones((days, delays))
    for delay in range(delays - 1):
        sums = np.zeros((2, days + 1))
        # Rows from days - delay - 1 on have no report at the next delay yet.
        sums[:, 1 : days - delay] = np.cumsum(cumulative[: days - delay - 1, delay : delay + 2], axis=0).T
        end = np.maximum(np.arange(days) - delay, 0)
        start = np.maximum(end - window, 0)
        before, after = sums[:, end] - sums[:, start]
        # Half a case keeps the share finite where nothing has been reported.
        steps[:, delay] = np.where(end > 0, np.maximum(after + 0.5, 0.5) / np.maximum(before + 0.5, 0.5), 1.0)
    growth = np.ones((days, delays))
    growth[:, :-1] = np.cumprod(steps[:, -2::-1], axis=1)[:, ::-1]
    return growth


def _with_neighbours(values: Array) -> Array:
    """Return each delay's sum together with those of the delays next to it."""
    sums: Array = np.convolve(values, np.ones(3), mode="same")
    return sums
