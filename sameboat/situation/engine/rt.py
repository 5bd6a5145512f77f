"""The headline Rt: how many people each case infects now, with a band that is as wide as what is not known."""

from dataclasses import dataclass, fields
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from sameboat.situation.engine import gaussian_mixture
from sameboat.situation.engine.gaussian_sum import Process, matern_3_2, ornstein_uhlenbeck, smooth
from sameboat.situation.engine.incidence import Array, Mask, ParameterError, checked_incidence
from sameboat.situation.engine.negative_binomial import dispersions, gaussian_observations, pilot_path
from sameboat.situation.engine.serial_interval import checked_serial_interval, infectiousness
from sameboat.situation.engine.weekday import weekday_factors

# log R wanders within this sd around 0: a priori R lies between 0.4 and 2.7 on 95 % of days.
_SPREAD = 0.5
# How log R may move, and how probable each is a priori: constant but for resets, a random walk with daily steps of this
# sd, or a smooth curve that turns over about so many days.
_STEPS = {0.0: 0.3, 0.04: 0.7, 0.08: 1.0, 0.16: 0.4}
_LENGTHS = {20.0: 1.0, 50.0: 0.5}
# The probability that on a given day R jumps to a value of its own, and the days over which that is told from noise.
_RESET, _MEMORY = 0.003, 5
# How many members of the bank, the most probable for each series, make its estimate.
_SMOOTHED = 6
# Components of a day's posterior that its quantiles are taken from.
_COMPONENTS = 16
# A day tells of R when so much of the serial interval before it has been seen, and R = 1 would give so many cases.
_SEEN, _LEAST_EXPECTED = 0.98, 0.1
# Days in a row without a count that are bridged when later infections are expected from them.
_BRIDGED = 7
# Series computed at once, by the light first steps and by the bank of filters: as many as keep the arrays of each in
# the processor's cache.
_PILOTED_AT_ONCE, _FILTERED_AT_ONCE = 256, 48


@dataclass(frozen=True, slots=True)
class RtEstimate:
    """Rt on every day given all days; `weekday` aside, arrays have the shape of the incidence or lack its last axis.

    Attributes
    ----------
    mean, median, lower, upper
        Of R's posterior on each day.
    above_one
        Posterior probability of R > 1: of growth.
    told
        Whether the day's own count told of R. Elsewhere (before a serial interval of history, in a gap, without
        expected cases) R is carried over from other days, with a band that widens.
    dispersion
        φ of each series: the variance of a count with mean μ is μ + φ μ².
    weekday
        By what each day's count tends to exceed the week's level, in cycles of seven days from the first, (…, 7).
    """

    mean: Array
    median: Array
    lower: Array
    upper: Array
    above_one: Array
    told: Mask
    dispersion: Array
    weekday: Array


def estimate_rt(
    incidence: ArrayLike,
    serial_interval: ArrayLike,
    *,
    level: float = 0.95,
    weekday: bool = True,
    negatives: Literal["raise", "mask"] = "raise",
) -> RtEstimate:
    """Return Rt from daily counts that scatter more than Poisson counts do.

    Cases follow the renewal equation: the count of day t is negative binomial around R(t) Λ(t) × the weekday's factor.
    log R is a priori any of a bank of processes, from constant to a random walk to a smooth curve, and may jump on any
    day; how much each is worth, and how much counts scatter, is weighed by what the series itself says. The band
    therefore holds the truth about as often as it claims under Poisson and under overdispersed noise; where all scatter
    is in the reporting of a smooth epidemic, it is too wide rather than too narrow.

    The last day's estimate uses the past alone; what was said on an earlier day is what the counts up to then give.
    Counts must be complete: correct the last days for reporting delay first, or leave them out.

    Parameters
    ----------
    incidence
        New cases a day, shape (days,) or (regions, days); NaN is a missing day, which is not zero.
    serial_interval
        Probability of 0, 1, 2, … days.
    level
        Probability of the central interval from `lower` to `upper`.
    weekday
        Whether counts may depend on the day of the week; with little data they are found not to.
    negatives
        See `checked_incidence`.

    Raises
    ------
    IncidenceError, SerialIntervalError
        See `checked_incidence` and `checked_serial_interval`.
    ParameterError
        A level out of range.

    References
    ----------
    C. Fraser (2007). Estimating individual and household reproduction numbers in an emerging epidemic. PLOS ONE 2(8):
    e758. (R as the ratio of cases to infectiousness.)
    K. V. Parag (2021). Improved estimation of time-varying reproduction numbers at low case incidence and between
    epidemic waves. PLOS Computational Biology 17(9): e1009347. (Filtering and smoothing of R.)
    """
    if not 0 < level < 1:
        raise ParameterError(f"A level lies between 0 and 1; got {level}.")
    counts = checked_incidence(incidence, negatives=negatives)
    weights = checked_serial_interval(serial_interval)
    parts = [
        _estimate(counts[start : start + _PILOTED_AT_ONCE].T, weights, level, weekday)
        for start in range(0, len(counts), _PILOTED_AT_ONCE)
    ]
    shape = np.shape(incidence)
    one = {
        field.name: np.concatenate([getattr(part, field.name) for part in parts], axis=-1).T
        for field in fields(parts[0])
    }
    dispersion, factors = one.pop("dispersion").reshape(shape[:-1]), one.pop("weekday").reshape(*shape[:-1], 7)
    daily = {name: array.reshape(shape) for name, array in one.items()}
    return RtEstimate(**daily, dispersion=dispersion, weekday=factors)


def _estimate(counts: Array, serial_interval: Array, level: float, weekday: bool) -> RtEstimate:
    """Return the estimate of counts (days, series), every array with the series last."""
    factors = np.ones((7, counts.shape[1]))
    expected, told = _expected(counts, serial_interval, factors)
    path = pilot_path(counts, expected)
    if weekday:
        for _ in range(2):
            factors = weekday_factors(counts, expected * np.exp(path) / _on_days(factors, len(counts)), told)
            expected, told = _expected(counts, serial_interval, factors)
            path = pilot_path(counts, expected)
    blocks = [
        _posterior(counts[:, block], expected[:, block], path[:, block], level)
        for block in (slice(at, at + _FILTERED_AT_ONCE) for at in range(0, counts.shape[1], _FILTERED_AT_ONCE))
    ]
    mean, median, lower, upper, above_one, dispersion = (
        np.concatenate(arrays, axis=-1) for arrays in zip(*blocks, strict=True)
    )
    return RtEstimate(mean, median, lower, upper, above_one, told, dispersion, factors)


def _posterior(counts: Array, expected: Array, path: Array, level: float) -> list[Array]:
    """Return R's mean, median, lower and upper bound and its probability of exceeding 1 on each day, and φ."""
    processes, log_prior = _bank()
    rough = [ornstein_uhlenbeck(0.05, _SPREAD), matern_3_2(20.0, _SPREAD)]
    dispersion, log_prior_dispersion = dispersions(counts, expected, path, rough, reset=_RESET)
    observed, variance, evidence = gaussian_observations(counts, expected, path, dispersion)
    mixture, posterior = smooth(
        observed,
        variance,
        evidence,
        processes,
        np.repeat(log_prior, len(dispersion))[:, np.newaxis] + np.tile(log_prior_dispersion, (len(processes), 1)),
        reset=_RESET,
        memory=_MEMORY,
        keep=_SMOOTHED,
    )
    mixture = gaussian_mixture.heaviest(mixture, _COMPONENTS)
    tail = (1 - level) / 2
    weight = posterior.reshape(len(processes), *dispersion.shape).sum(axis=0)
    return [
        gaussian_mixture.mean_of_exponential(mixture),
        *(np.exp(gaussian_mixture.quantile(mixture, p)) for p in (0.5, tail, 1 - tail)),
        gaussian_mixture.probability_above(mixture, 0.0),
        (weight * dispersion).sum(axis=0),
    ]


def _bank() -> tuple[list[Process], Array]:
    """Return the processes that log R may follow and their log prior probabilities, up to a constant."""
    processes = [ornstein_uhlenbeck(step, _SPREAD) for step in _STEPS]
    processes += [matern_3_2(length, _SPREAD) for length in _LENGTHS]
    return processes, np.log([*_STEPS.values(), *_LENGTHS.values()])


def _on_days(factors: Array, days: int) -> Array:
    return factors[np.arange(days) % 7]


def _expected(counts: Array, serial_interval: Array, factors: Array) -> tuple[Array, Mask]:
    """Return how many cases R = 1 would give each day, 0 where the day does not tell of R, and where it does.

    Λ is taken from counts freed of their weekday, with short gaps bridged; each day's result has its weekday again.
    """
    weekday = _on_days(factors, len(counts))
    bridged = _bridge(counts / weekday)
    known = ~np.isnan(bridged)
    expected = infectiousness(np.where(known, bridged, 0.0).T, serial_interval).T
    seen = infectiousness(known.astype(np.float64).T, serial_interval).T / serial_interval.sum()
    told = (seen >= _SEEN) & (expected >= _LEAST_EXPECTED) & ~np.isnan(counts)
    return np.where(told, expected * weekday, 0.0), told


def _bridge(counts: Array) -> Array:
    """Return the counts with gaps of up to a week filled by the geometric line between the weeks on both sides."""
    bridged = counts.copy()
    for series in np.flatnonzero(np.isnan(counts).any(axis=0)):
        column = counts[:, series]
        known = np.flatnonzero(~np.isnan(column))
        for before, after in pairwise(known):
            if 1 < after - before <= _BRIDGED + 1:
                ends = np.nanmean(column[max(before - 6, 0) : before + 1]), np.nanmean(column[after : after + 7])
                line = np.interp(np.arange(before + 1, after), [before, after], np.log(np.array(ends) + 0.5))
                bridged[before + 1 : after, series] = np.maximum(np.exp(line) - 0.5, 0.0)
    return bridged
