"""What a day's count should be by the weeks around it, and by how much such counts scatter. Outliers do not move it.

Everything is a median, so a single absurd day changes nothing (Hampel, 1974; Davies and Gather, 1993: the Hampel
identifier). Counts are judged on the square-root scale, on which a Poisson count has variance 1 (Anscombe, 1948); what
counts scatter beyond Poisson is measured there and divided out, as quasi-Poisson surveillance does (Farrington et al.,
1996; Noufaily et al., 2013). Each weekday is compared with its like, since offices close on Sundays.
"""

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from sameboat.figures.engine.panel import Array, Mask

WEEKS = 4
"""How many weeks before and after tell a weekday's share of its week."""

SCATTER_DAYS = 28
"""How many days before and after tell the scatter."""

REACH = SCATTER_DAYS + 14 + 7 * WEEKS + 3
"""How many days away a value may still change what is expected of a day."""

_LEAST_SHARE = 0.1
"""A weekday with less than a tenth of a day's due is one on which nobody reports; it tells no level."""

_PRIOR_COUNTS = 7.0
"""A weekday's share is believed as far as the counts behind it outweigh one a day."""

_MOST_GROWTH = 3.0
"""By how much a level is taken to grow or fall in a week; 3 is a doubling every 4.4 days."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """By place and day, (places, days); NaN where the weeks around say too little.

    Attributes
    ----------
    share
        A weekday's count over a day's average, 1 where there is no rhythm.
    before, after
        The level that the two weeks before, or after, make expected of the day, without the rhythm.
    scatter
        Standard deviation on Anscombe's scale, at least 1 (Poisson).
    """

    share: Array
    before: Array
    after: Array
    scatter: Array

    @property
    def high(self) -> Array:
        """The higher expectation of the two: a rise that lasts, or was there before, is expected."""
        result: Array = np.fmax(self.before, self.after) * self.share
        return result

    @property
    def low_level(self) -> Array:
        """The lower level of the two, without the rhythm."""
        result: Array = np.fmin(self.before, self.after)
        return result


def expect(counts: Array) -> Expectation:
    """Return what each day's count should be by the days around it, itself left out.

    Parameters
    ----------
    counts
        New cases a day, (places, days); NaN is a missing day. A negative one corrects earlier days and tells no level.
    """
    told = np.where(counts >= 0, counts, np.nan)
    share, silent = _weekday_share(told)
    with np.errstate(divide="ignore", invalid="ignore"):
        level = np.where(silent, np.nan, told / share)
    before = _extrapolated(_median(level, 7, 1), _median(level, 14, 8))
    after = _extrapolated(_median(level, -1, -7), _median(level, -8, -14))
    # Who reports on one weekday only tells a level too seldom for that.
    seldom = np.isnan(before) & np.isnan(after)
    steady = np.where(seldom, _median(level, SCATTER_DAYS, -SCATTER_DAYS, least=3), np.nan)
    before, after = np.where(seldom, steady, before), np.where(seldom, steady, after)
    middle = np.where(np.isnan(before), after, np.where(np.isnan(after), before, (before + after) / 2)) * share
    away = np.abs(anscombe(told) - anscombe(middle))
    # 1.4826 makes the median of absolute deviations the standard deviation of a normal variable.
    scatter = 1.4826 * _median(away, SCATTER_DAYS, -SCATTER_DAYS, least=10)
    return Expectation(share, before, after, np.fmax(scatter, 1.0))


def anscombe(counts: Array) -> Array:
    """Return counts on the scale on which a Poisson count has variance 1; NaN below 0."""
    result: Array = 2 * np.sqrt(np.where(counts >= 0, counts, np.nan) + 3 / 8)
    return result


def _weekday_share(told: Array) -> tuple[Array, Mask]:
    """Return by what each day's weekday exceeds its week's average, and whether nobody reports on it.

    The share is shrunk towards 1 where counts are small.
    """
    week = _mean_of_week(told)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = told / week
    lags = [7 * week_number for week_number in range(-WEEKS, WEEKS + 1) if week_number]
    share, number = _median_of(np.stack([_shifted(ratio, lag) for lag in lags], axis=-1))
    behind = np.where(np.isnan(ratio), 0.0, np.nan_to_num(week))
    counted = np.sum([np.nan_to_num(_shifted(behind, lag)) for lag in lags], axis=0)
    trust = np.where(number >= 3, counted / (counted + _PRIOR_COUNTS), 0.0)
    share = np.nan_to_num(share, nan=1.0)
    return 1 + trust * (share - 1), (share < _LEAST_SHARE) & (trust > 0.5)


def _mean_of_week(told: Array) -> Array:
    """Return the mean of the seven days around each; NaN where not all of them are told."""
    mean = np.full(told.shape, np.nan)
    if told.shape[1] >= 7:
        mean[:, 3:-3] = sliding_window_view(told, 7, axis=1).mean(axis=-1)
    return mean


def _extrapolated(near: Array, far: Array) -> Array:
    """Return the level four days on from the middle of a week, by how it differs from the week before that."""
    with np.errstate(divide="ignore", invalid="ignore"):
        growth = np.where(np.isnan(far), 1.0, (near + 0.5) / (far + 0.5))
    result: Array = near * np.clip(growth, 1 / _MOST_GROWTH, _MOST_GROWTH) ** (4 / 7)
    return result


def _shifted(values: Array, lag: int) -> Array:
    """Return the values of `lag` days earlier; NaN where there are none."""
    result = np.full(values.shape, np.nan)
    if lag > 0:
        result[:, lag:] = values[:, :-lag]
    elif lag < 0:
        result[:, :lag] = values[:, -lag:]
    return result


def _median(values: Array, from_lag: int, to_lag: int, least: int = 4) -> Array:
    """Return the median of the values from `from_lag` days before each day to `to_lag`, the day itself left out.

    NaN where fewer than `least` of them are told. A negative lag lies after the day.
    """
    places, days = values.shape
    width = from_lag - to_lag + 1
    padded = np.pad(values, ((0, 0), (max(from_lag, 0), max(-to_lag, 0))), constant_values=np.nan)
    start = max(from_lag, 0) - from_lag
    windows = sliding_window_view(padded, width, axis=1)[:, start : start + days]
    result = np.empty((places, days))
    # A block at a time: a window a day is many times the panel itself.
    for rows in range(0, places, block := max(1, 4_000_000 // max(width * days, 1))):
        part = windows[rows : rows + block].copy()
        if from_lag >= 0 >= to_lag:
            part[:, :, from_lag] = np.nan
        median, number = _median_of(part)
        result[rows : rows + block] = np.where(number >= least, median, np.nan)
    return result


def _median_of(values: Array) -> tuple[Array, Array]:
    """Return the median over the last axis, NaN left out, and how many values it is of."""
    ordered = np.sort(values, axis=-1)
    number = (~np.isnan(ordered)).sum(axis=-1)
    low = np.maximum((number - 1) // 2, 0)[..., None]
    high = np.maximum(number // 2, 0)[..., None]
    high = np.minimum(high, values.shape[-1] - 1)
    median = (np.take_along_axis(ordered, low, -1) + np.take_along_axis(ordered, high, -1))[..., 0] / 2
    return np.where(number > 0, median, np.nan), number.astype(np.float64)


def runs(mask: Mask) -> tuple[np.ndarray[tuple[int], np.dtype[np.int64]], ...]:
    """Return every run of True along the days: its row, first column and last column, in order."""
    edges = np.diff(np.pad(mask.astype(np.int8), ((0, 0), (1, 1))), axis=1)
    rows, first = np.nonzero(edges == 1)
    _, beyond = np.nonzero(edges == -1)
    return rows, first, beyond - 1
