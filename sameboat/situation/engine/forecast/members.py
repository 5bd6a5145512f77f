"""The member models: each turns a lesson into quantiles of the log change from the newest level to the target week.

All are pooled over places and return (places, 23). What they share is a prior, which a short history leans on and a
long one outgrows: growth goes on with damping, and errors grow with the lead.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import numpy as np
from scipy.optimize import nnls

from sameboat.situation.engine.forecast.lessons import WAVE_WEEKS, Lesson
from sameboat.situation.engine.forecast.origins import Origin
from sameboat.situation.engine.forecast.quantiles import LEVELS, weighted_quantiles
from sameboat.situation.engine.forecast.regression import quantile_regression
from sameboat.situation.engine.forecast.vintage import WEEK
from sameboat.situation.engine.incidence import Array

DAMPING: Final = 0.65  # share of a week's log growth that lasts into the next week
SPREAD: Final = (0.06, 0.05, 0.8, 0.1, 0.1)  # mean absolute log error expected beforehand, see `_prior_spread`
SLOPE_WEEKS: Final = 8.0  # what the prior of a slope weighs, in weeks of all places' rows: places err together
SPREAD_WEEKS: Final = 2.0  # the same of the spread
ROW_STRENGTH: Final = 5.0  # of one row in `quantile_regression`: one over a usual residual
SLOPES_TOGETHER: Final = 0.3  # how strongly the quantiles' slopes are drawn to the median's, for each row
WIDEST: Final = 4.0  # log change that no outcome is believed to exceed
HALF_LIFE: Final = 40.0  # weeks after which a past origin weighs half
SIZE_POWER: Final = 0.5  # for the median a row weighs as its count to this power: scores are in counts, not in logs
SPREAD_POWER: Final = 0.25  # the same for the spread, so that small places are heard too

Member = Callable[[Lesson], Array]
Predictors = Callable[[Origin], Array]

PRIOR_LEVELS: Final[Array] = np.arange(1, 100) / 100


def flat(lesson: Lesson) -> Array:
    """Return no change, give or take what past weeks changed by, up or down alike."""
    even = replace(lesson, trust=np.ones_like(lesson.trust))
    return _with_spread(even, _bounded(even.change), np.zeros(len(even.now.level)))


def renewal(lesson: Lesson) -> Array:
    """Return the recent growth continued with damping; nothing is learnt but the spread.

    The log-linear form of the renewal equation: a reproduction number that returns to 1 moves the log of incidence by
    a multiple of today's growth rate (Wallinga and Lipsitch 2007, doi:10.1098/rspb.2006.3754).
    """
    residuals = _bounded(lesson.change) - _drift(lesson.past, lesson.lead)
    return _with_spread(lesson, residuals, _drift(lesson.now, lesson.lead))


def trend(lesson: Lesson) -> Array:
    """Return a pooled median regression on growth over several lags, the newest days and the leading signal."""
    past, now = _designs(lesson, _growth)
    slopes = _median_slopes(lesson, past, _weights(lesson, SIZE_POWER))
    residuals = _bounded(lesson.change) - _drift(lesson.past, lesson.lead) - past @ slopes
    return _with_spread(lesson, residuals, _drift(lesson.now, lesson.lead) + now @ slopes)


def pooled_quantiles(lesson: Lesson) -> Array:
    """Return a pooled quantile regression on `trend`'s predictors, the height within the year, and the spread's."""
    past, now = _designs(lesson, lambda origin: np.column_stack([_growth(origin), origin.height]))
    weights = _weights(lesson, SPREAD_POWER)
    slopes = _median_slopes(lesson, past, weights)
    spreads = _prior_shape(LEVELS)[:, None] * _prior_spread(lesson.lead)
    prior = np.column_stack([slopes[0] + spreads[:, 0], np.tile(slopes[1:], (len(LEVELS), 1)), spreads[:, 1:]])
    own = _rows_of(SLOPE_WEEKS, lesson) * ROW_STRENGTH
    together = own + SLOPES_TOGETHER * len(lesson.change)
    strength = np.r_[own, np.full(len(slopes) - 1, together), np.full(spreads.shape[1] - 1, 0.002 * own)]
    coefficients = quantile_regression(
        np.column_stack([past, _unsteady(lesson.past)[:, 1:]]),
        _bounded(lesson.change) - _drift(lesson.past, lesson.lead),
        weights,
        LEVELS,
        prior,
        strength,
    )
    change = np.column_stack([now, _unsteady(lesson.now)[:, 1:]]) @ coefficients.T
    return np.sort(_drift(lesson.now, lesson.lead)[:, None] + change, axis=1)


MEMBERS: Final[dict[str, Member]] = {
    "flat": flat,
    "renewal": renewal,
    "trend": trend,
    "pooled-quantiles": pooled_quantiles,
}
LEARNT: Final = frozenset({"trend", "pooled-quantiles"})  # members whose median is learnt


def credit(lesson: Lesson) -> dict[str, float]:
    """Return how far each member is believed before its scores are known: less while it has little to learn from."""
    experience = lesson.weeks / (lesson.weeks + WAVE_WEEKS)
    return {name: experience if name in LEARNT else 1.0 for name in MEMBERS}


def _with_spread(lesson: Lesson, residuals: Array, centre: Array) -> Array:
    """Return `centre` (places,) plus a spread by place times standard quantiles, both learnt from `residuals`."""
    weights = _weights(lesson, SPREAD_POWER)
    unsteady = _unsteady(lesson.past)
    spread = _spread(lesson, unsteady, residuals, weights)
    sample = np.r_[residuals / np.maximum(unsteady @ spread, 0.01), _prior_shape(PRIOR_LEVELS)]
    prior_weight = np.full(len(PRIOR_LEVELS), _rows_of(SPREAD_WEEKS, lesson) / len(PRIOR_LEVELS))
    shape = weighted_quantiles(sample, np.r_[weights, prior_weight])
    return np.asarray(centre[:, None] + np.maximum(_unsteady(lesson.now) @ spread, 0.01)[:, None] * shape)


def _spread(lesson: Lesson, unsteady: Array, residuals: Array, weights: Array) -> Array:
    """Return non-negative coefficients that give the mean absolute residual from `unsteady`, drawn to the prior."""
    root = np.sqrt(weights)
    pull = np.sqrt(_rows_of(SPREAD_WEEKS, lesson)) * np.array([1.0, 0.3, 0.3, 0.3])  # in the columns' usual sizes
    design = np.vstack([unsteady * root[:, None], np.diag(pull)])
    misses = np.r_[np.minimum(np.abs(residuals), 3) * root, pull * _prior_spread(lesson.lead)]
    coefficients: Array = nnls(design, misses)[0]
    return coefficients


def _median_slopes(lesson: Lesson, past: Array, weights: Array) -> Array:
    """Return the coefficients of the median of what damped growth leaves, (predictors,), drawn to zero."""
    size = past.shape[1]
    strength = np.full(size, _rows_of(SLOPE_WEEKS, lesson) * ROW_STRENGTH)
    outcomes = _bounded(lesson.change) - _drift(lesson.past, lesson.lead)
    slopes = quantile_regression(past, outcomes, weights, np.array([0.5]), np.zeros((1, size)), strength)
    return np.asarray(slopes[0])


def _designs(lesson: Lesson, predictors: Predictors) -> tuple[Array, Array]:
    """Return the past and the newest origins' predictors after a constant, in units of their usual size."""
    past, now = predictors(lesson.past), predictors(lesson.now)
    scale = np.maximum(past.std(axis=0), 0.05) if len(past) else np.ones(past.shape[1])
    return _after_ones(past / scale), _after_ones(now / scale)


def _after_ones(columns: Array) -> Array:
    return np.column_stack([np.ones(len(columns)), columns])


def _growth(origin: Origin) -> Array:
    """Return growth of three weeks, of the newest days, curvature, and the leading signal's; (rows, 5 or 9)."""
    newest = origin.growth[:, 0]
    return np.column_stack([origin.growth, origin.recent, newest * np.abs(newest), origin.leading])


def _drift(origin: Origin, lead: int) -> Array:
    """Return what is expected beforehand, (rows,): today's weekly growth, damped from week to week, over `lead` days.

    With a leading signal, today's growth is the mean of that signal's over four weeks: what is on its way.
    """
    if origin.leading.shape[1]:
        today = origin.leading.mean(axis=1)
    else:
        today = 0.5 * origin.recent + 0.35 * origin.growth[:, 0] + 0.15 * origin.growth[:, 1]
    return np.asarray(today * DAMPING * (1 - DAMPING ** (lead / WEEK)) / (1 - DAMPING))


def _unsteady(origin: Origin) -> Array:
    """Return what the spread is learnt from, (rows, 4): a constant, smallness, growth and unsteadiness."""
    smallness = np.exp(-origin.level / 2)
    return _after_ones(np.column_stack([smallness, np.abs(origin.growth[:, 0]), origin.unsteadiness]))


def _prior_spread(lead: int) -> Array:
    """Return the mean absolute log change expected beforehand, as coefficients of `_unsteady`'s columns.

    A report's own error and a week's, times the weeks of `lead`; a count's (0.8 is a Poisson count's mean absolute
    deviation in standard deviations); a tenth each of growth and unsteadiness.
    """
    report, week, *others = SPREAD
    return np.array([report + week * lead / WEEK, *others])


def _prior_shape(levels: Array) -> Array:
    """Return the quantiles of the double exponential distribution whose mean absolute value is 1."""
    distance = levels - 0.5
    return np.asarray(-np.sign(distance) * np.log1p(-2 * np.abs(distance)))


def _weights(lesson: Lesson, power: float) -> Array:
    """Return the weight of each row, 1 on average: more for the young, the large and the trusted."""
    weights = lesson.trust * 0.5 ** (lesson.age / HALF_LIFE) * np.exp(power * lesson.past.level)
    return np.asarray(weights / weights.mean()) if len(weights) else weights


def _rows_of(weeks: float, lesson: Lesson) -> float:
    return weeks * len(lesson.now.level)


def _bounded(change: Array) -> Array:
    return np.clip(change, -WIDEST, WIDEST)
