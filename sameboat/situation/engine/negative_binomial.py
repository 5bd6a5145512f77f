"""Negative-binomial counts around R(t) Λ(t), seen as Gaussian observations of log R.

The variance of a count with mean μ is μ + φ μ²: φ, the dispersion, is 0 for Poisson counts and 1/k for negative
binomial ones of size k.
"""

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.special import gammaln

from sameboat.situation.engine.gaussian_sum import UNOBSERVED, Process, log_evidence
from sameboat.situation.engine.incidence import Array

# φ is looked for on this grid: from as good as Poisson to counts that say next to nothing.
_DISPERSIONS = np.geomspace(1e-6, 1.5, 11)
# Mean of the exponential prior of φ.
_PRIOR_DISPERSION = 0.5
# How many sds of log φ the outer two of the three values lie from the middle one.
_SPREAD = 1.3
# The daily change of log R that the pilot smoother assumes, and the dispersion.
_PILOT_STEP, _PILOT_DISPERSION = 0.06, 0.05


def gaussian_observations(
    counts: Array, expected: Array, log_r: Array, dispersion: Array
) -> tuple[Array, Array, Array]:
    """Return the Gaussian observations of log R that act as the counts do.

    The log likelihood of log R is replaced by its second-order expansion. It is made between the path that is believed
    (`log_r`) and the one that each count alone would tell, half way where counts are noisy and at the count itself
    where they are not: there the parabola agrees with the likelihood over the whole way between both, which keeps the
    evidence of rival dispersions honest.

    Parameters
    ----------
    counts, expected
        Cases and Λ, (days, series); Λ = 0 marks a day that tells nothing.
    log_r
        A path near which to expand, (days, series).
    dispersion
        φ, (noises, series).

    Returns
    -------
    observed, variance
        (days, noises, series).
    evidence
        Log likelihood beyond what `observed` says, (noises, series), up to a constant a series.
    """
    told = (expected > 0)[:, np.newaxis]
    count = np.where(told, counts[:, np.newaxis], 0.0)
    mean = np.where(told, (expected * np.exp(log_r))[:, np.newaxis], 1.0)
    noise = dispersion + 1 / (count + 0.5)
    way = 0.5 + 0.5 * _PILOT_STEP**2 / (_PILOT_STEP**2 + noise)
    shift = way * np.log((count + 0.5) / (mean + 0.5))
    mean = mean * np.exp(shift)
    inflation = 1 + dispersion * mean
    gradient = (count - mean) / inflation
    variance = inflation**2 / (mean * (1 + dispersion * count))
    size = 1 / dispersion
    evidence = (
        gammaln(count + size)
        - gammaln(size)
        + count * np.log(dispersion * mean)
        - (count + size) * np.log(inflation)
        + 0.5 * (gradient**2 * variance + np.log(variance))
    )
    observed = log_r[:, np.newaxis] + shift + gradient * variance
    return (
        np.where(told, observed, 0.0),
        np.where(told, variance, UNOBSERVED),
        np.where(told, evidence, 0.0).sum(axis=0),
    )


def pilot_path(counts: Array, expected: Array) -> Array:
    """Return a first smooth path of log R, (days, series), near which to expand the likelihood."""
    told = expected > 0
    log_r = np.log(
        (_centred_week(np.where(told, counts, 0.0)) + 1) / (_centred_week(np.where(told, expected, 0.0)) + 1)
    )
    dispersion = np.full((1, counts.shape[1]), _PILOT_DISPERSION)
    for _ in range(4):
        observed, variance, _ = gaussian_observations(counts, expected, log_r, dispersion)
        log_r = _random_walk_smoother(observed[:, 0], variance[:, 0])
    return log_r


def dispersions(
    counts: Array, expected: Array, log_r: Array, processes: list[Process], *, reset: float
) -> tuple[Array, Array]:
    """Return three values of φ that stand for its posterior, and their log prior, both (3, series)."""
    grid = np.repeat(_DISPERSIONS[:, np.newaxis], counts.shape[1], axis=1)
    observed, variance, evidence = gaussian_observations(counts, expected, log_r, grid)
    log_likelihood = log_evidence(observed, variance, evidence, processes, reset=reset)
    log_posterior = np.logaddexp.reduce(log_likelihood, axis=0) + _log_prior(grid)
    log_grid = np.log(_DISPERSIONS)
    fine = np.linspace(log_grid[0], log_grid[-1], 100)[:, np.newaxis]
    log_weight = CubicSpline(log_grid, log_posterior, axis=0)(fine[:, 0])
    weight = np.exp(log_weight - log_weight.max(axis=0))
    weight /= weight.sum(axis=0)
    centre = (weight * fine).sum(axis=0)
    sd = np.sqrt((weight * (fine - centre) ** 2).sum(axis=0))
    values = np.exp(centre + np.array([[-_SPREAD], [0.0], [_SPREAD]]) * sd)
    return values, _log_prior(values)


def _log_prior(dispersion: Array) -> Array:
    result: Array = -dispersion / _PRIOR_DISPERSION
    return result


def _centred_week(values: Array) -> Array:
    """Return the sum of the three days before, the day and the three days after."""
    padded = np.pad(values, ((3, 3), (0, 0)))
    sums: Array = np.lib.stride_tricks.sliding_window_view(padded, 7, axis=0).sum(axis=-1)
    return sums


def _random_walk_smoother(observed: Array, variance: Array) -> Array:
    """Return the smoothed mean of a Gaussian random walk with daily steps of the sd `_PILOT_STEP`."""
    step = _PILOT_STEP**2
    mean, spread = np.zeros_like(observed), np.zeros_like(observed)
    m, p = np.zeros(observed.shape[1]), np.full(observed.shape[1], 0.5)
    for day in range(len(observed)):
        if day:
            p = p + step
        gain = p / (p + variance[day])
        m = m + gain * (observed[day] - m)
        p = p * (1 - gain)
        mean[day], spread[day] = m, p
    for day in range(len(observed) - 2, -1, -1):
        mean[day] += spread[day] / (spread[day] + step) * (mean[day + 1] - mean[day])
    return mean
