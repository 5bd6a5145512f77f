"""A bank of Gaussian-sum filters: smooth processes that may be reset on any day, run forwards and backwards in time.

What is followed is a scalar x(t), observed daily with Gaussian noise. Each member of the bank takes x for a stationary
Gaussian process with its own smoothness, which on any day may instead draw a fresh value (a reset: a lockdown, a
school's first day). A reset is a hypothesis of its own for some days, until the data have told it from noise, and is
then merged into the main one, so that a day costs the same at any length of series (Alspach & Sorenson 1972). All of
it is stationary and reversible in time, so the same filter run backwards gives what the future says about a day, and
the product of both, divided by the prior, is the smoothed posterior.

Arrays are (days, …, members, series) with hypotheses before members, so that all series are computed at once.

References
----------
D. L. Alspach, H. W. Sorenson (1972). Nonlinear Bayesian estimation using Gaussian sum approximations. IEEE
Transactions on Automatic Control 17(4), 439-448.
J. Hartikainen, S. Särkkä (2010). Kalman filtering and smoothing solutions to temporal Gaussian process regression
models. IEEE MLSP, 379-384.
"""

from dataclasses import dataclass
from functools import reduce
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sameboat.situation.engine.incidence import Array

# The variance that stands for a day without an observation.
UNOBSERVED = 1e12
_TINY = 1e-300


@dataclass(frozen=True, slots=True)
class Process:
    """A stationary Gaussian process as a Markov chain in its value and slope.

    `transition` is 2 × 2; `stationary` holds the variances of value and slope, which are uncorrelated on any one day.
    """

    transition: Array
    stationary: Array


def ornstein_uhlenbeck(step: float, spread: float) -> Process:
    """Return the process whose daily change has the sd `step`, wandering within the sd `spread`; 0 is a constant."""
    keep = np.sqrt(1 - (step / spread) ** 2)
    return Process(np.array([[keep, 0.0], [0.0, 0.0]]), np.array([spread**2, 1e-10]))


def matern_3_2(length: float, spread: float) -> Process:
    """Return the once differentiable Matérn process of this length in days and sd (Hartikainen & Särkkä 2010)."""
    rate = np.sqrt(3) / length
    decay = np.exp(-rate)
    transition = decay * np.array([[1 + rate, 1.0], [-(rate**2), 1 - rate]])
    return Process(transition, np.array([spread**2, (spread * rate) ** 2]))


class Mixture(NamedTuple):
    """Weights, means and variances of one Gaussian mixture a day and series, each (days, components, series)."""

    weight: Array
    mean: Array
    variance: Array


class State(NamedTuple):
    """Weights, means (value, slope) and covariances (value, both, slope) of the hypotheses, along the first axis."""

    weight: Array
    value: Array
    slope: Array
    variance: Array
    covariance: Array
    slope_variance: Array


class _Dynamics(NamedTuple):
    """The transition and stationary variances of every member, each broadcastable to (members, series)."""

    vv: Array
    vs: Array
    sv: Array
    ss: Array
    value_variance: Array
    slope_variance: Array


def smooth(
    observed: Array,
    variance: Array,
    evidence: Array,
    processes: list[Process],
    log_prior: Array,
    *,
    reset: float,
    memory: int,
    keep: int,
) -> tuple[Mixture, Array]:
    """Return the smoothed mixtures and the members' posterior probabilities.

    Parameters
    ----------
    observed, variance
        What was observed each day and its noise variance, (days, noises, series): one column for each hypothesis about
        the noise. A day without an observation has the variance `UNOBSERVED`.
    evidence
        Log likelihood of each noise beyond what `observed` says, (noises, series).
    processes
        Each is paired with each noise: the members of the bank, noises varying fastest.
    log_prior
        Of the members, broadcastable to (members, series).
    reset
        Probability of a reset on a day.
    memory
        Days that a reset stays a hypothesis of its own.
    keep
        How many members, the most probable for each series, are smoothed.

    Returns
    -------
    Mixture
        Of x on each day, given all observations.
    array
        Posterior probability of every member, (members, series).
    """
    series = observed.shape[2]
    dynamics = _stack(processes, observed.shape[1])
    observed, variance = (np.tile(array, (1, len(processes), 1)) for array in (observed, variance))
    forward, log_likelihood = _filter(observed, variance, dynamics, reset, memory, keep="updated")
    log_posterior = log_likelihood + np.tile(evidence, (len(processes), 1)) + log_prior
    members = np.argsort(-log_posterior, axis=0)[: min(keep, len(log_posterior))]

    def chosen(array: Array) -> Array:
        wide = np.broadcast_to(array, (*array.shape[:-1], series))
        return np.take_along_axis(wide, np.broadcast_to(members, (*wide.shape[:-2], *members.shape)), axis=-2)

    dynamics = _Dynamics(*(chosen(array) for array in dynamics))
    backward, _ = _filter(chosen(observed)[::-1], chosen(variance)[::-1], dynamics, reset, memory, keep="predicted")
    past = _main_and_young(chosen(forward))
    future = _main_fresh_and_young(backward, memory)
    member_weight = _softmax(np.take_along_axis(log_posterior, members, axis=0))
    return _product(past, future, dynamics, member_weight), _softmax(log_posterior)


def log_evidence(observed: Array, variance: Array, evidence: Array, processes: list[Process], *, reset: float) -> Array:
    """Return the log likelihood of every member, (processes, noises, series); the arguments are those of `smooth`.

    A reset is merged after a day, which is enough to compare noises.
    """
    noises, series = observed.shape[1:]
    observed, variance = (np.tile(array, (1, len(processes), 1)) for array in (observed, variance))
    _, log_likelihood = _filter(observed, variance, _stack(processes, noises), reset, memory=1, keep=None)
    return log_likelihood.reshape(len(processes), noises, series) + evidence


def _stack(processes: list[Process], noises: int) -> _Dynamics:
    transition = np.repeat([process.transition for process in processes], noises, axis=0)[..., np.newaxis]
    stationary = np.repeat([process.stationary for process in processes], noises, axis=0)[..., np.newaxis]
    return _Dynamics(
        transition[:, 0, 0],
        transition[:, 0, 1],
        transition[:, 1, 0],
        transition[:, 1, 1],
        stationary[:, 0],
        stationary[:, 1],
    )


def _filter(
    observed: Array,
    variance: Array,
    dynamics: _Dynamics,
    reset: float,
    memory: int,
    keep: Literal["predicted", "updated"] | None,
) -> tuple[Array, Array]:
    """Return the states before (predicted) or after each day's observation, or none, and the log likelihood of all.

    The states are (days, 6, 1 + memory, members, series): hypothesis 0 is the main one, hypothesis 1 + t % memory was
    reset on day t and takes the place of the one reset `memory` days before, which is merged into the main one.
    """
    days, members, series = observed.shape
    vv, vs, sv, ss, value_variance, slope_variance = dynamics
    # Stationarity fixes the noise of each step.
    noise = (
        value_variance - vv**2 * value_variance - vs**2 * slope_variance,
        -vv * sv * value_variance - vs * ss * slope_variance,
        slope_variance - sv**2 * value_variance - ss**2 * slope_variance,
    )
    zero = np.zeros((1 + memory, members, series))
    p, m, v = zero.copy(), zero.copy(), zero.copy()
    pm, pmv, pv = zero + value_variance, zero.copy(), zero + slope_variance
    step = (
        (vv**2, 2 * vv * vs, vs**2, noise[0]),
        (vv * sv, vv * ss + vs * sv, vs * ss, noise[1]),
        (sv**2, 2 * sv * ss, ss**2, noise[2]),
    )
    p[0] = 1.0
    kept = np.empty((days if keep else 0, 6, 1 + memory, members, series))
    log_likelihood = np.zeros((members, series))
    for day in range(days):
        if day:
            fresh = 1 + day % memory
            state = (p, m, v, pm, pmv, pv)
            merged = _merge(State(*(array[0] for array in state)), State(*(array[fresh] for array in state)))
            for array, main in zip(state, merged, strict=True):
                array[0] = main
            m, v = vv * m + vs * v, sv * m + ss * v
            pm, pmv, pv = (a * pm + b * pmv + c * pv + d for a, b, c, d in step)
            p *= 1 - reset
            p[fresh], m[fresh], v[fresh], pmv[fresh] = reset, 0.0, 0.0, 0.0
            pm[fresh], pv[fresh] = value_variance, slope_variance
        if keep == "predicted":
            _put(kept[day], p, m, v, pm, pmv, pv)
        precision = 1 / (pm + variance[day])
        error = observed[day] - m
        surprise = error * precision
        log_density = 0.5 * (np.log(precision) - error * surprise)
        highest = log_density.max(axis=0)
        p *= np.exp(log_density - highest)
        total = p.sum(axis=0)
        p /= total
        log_likelihood += highest + np.log(total)
        m += pm * surprise
        v += pmv * surprise
        pv -= pmv**2 * precision
        left = variance[day] * precision
        pmv *= left
        pm *= left
        if keep == "updated":
            _put(kept[day], p, m, v, pm, pmv, pv)
    return kept, log_likelihood


def _put(target: Array, *arrays: Array) -> None:
    for place, array in zip(target, arrays, strict=True):
        place[...] = array


def _merge(one: State, other: State) -> State:
    """Return the one Gaussian with the weight, mean and covariance of both."""
    total = one.weight + other.weight
    share = other.weight / np.maximum(total, _TINY)
    spread = share * (1 - share)
    value_off, slope_off = other.value - one.value, other.slope - one.slope
    return State(
        total,
        one.value + share * value_off,
        one.slope + share * slope_off,
        one.variance + share * (other.variance - one.variance) + spread * value_off**2,
        one.covariance + share * (other.covariance - one.covariance) + spread * value_off * slope_off,
        one.slope_variance + share * (other.slope_variance - one.slope_variance) + spread * slope_off**2,
    )


def _merge_all(kept: Array) -> State:
    """Merge the hypotheses along the third axis of (days, 6, hypotheses, members, series)."""
    return reduce(_merge, (State(*np.moveaxis(kept[:, :, i], 1, 0)) for i in range(kept.shape[2])))


def _main_and_young(kept: Array) -> State:
    """Return two hypotheses a day, (2, days, members, series): no recent reset, and some recent reset."""
    young = _merge_all(kept[:, :, 1:])
    return State(*(np.stack([kept[:, i, 0], young[i]]) for i in range(6)))


def _main_fresh_and_young(kept: Array, memory: int) -> State:
    """Return three hypotheses a day, in the true order of days: no recent reset, one on this day, one in between."""
    days = len(kept)
    fresh_place = 1 + np.arange(days) % memory
    fresh = kept[np.arange(days), :, fresh_place]
    # On the backward filter's first day there is no future yet: the main hypothesis is the prior itself.
    fresh[0] = kept[0, :, 0]
    fresh[0, 0] = 0.0
    rest = kept[:, :, 1:].copy()
    rest[np.arange(days), 0, fresh_place - 1] = 0.0
    young = _merge_all(rest)
    return State(*(np.stack([kept[:, i, 0], fresh[:, i], young[i]])[:, ::-1] for i in range(6)))


def _product(past: State, future: State, dynamics: _Dynamics, member_weight: Array) -> Mixture:
    """Return past × future ÷ prior, which for Gaussians adds and subtracts precisions.

    The future was seen in reversed time, in which a slope has the other sign.
    """
    p_vv, p_vs, p_ss, p_log = _precision(past)
    f_vv, f_vs, f_ss, f_log = _precision(future)
    f_vs = -f_vs
    p_value, p_slope = p_vv * past.value + p_vs * past.slope, p_vs * past.value + p_ss * past.slope
    f_value, f_slope = f_vv * future.value - f_vs * future.slope, f_vs * future.value - f_ss * future.slope
    p_log = p_log - 0.5 * (p_value * past.value + p_slope * past.slope)
    f_log = f_log - 0.5 * (f_value * future.value - f_slope * future.slope)
    f_vv = f_vv - 1 / dynamics.value_variance
    f_ss = f_ss - 1 / dynamics.slope_variance
    # Merging can leave a future that is vaguer than the prior: it says nothing.
    silent = (f_vv <= 1e-9 / dynamics.value_variance) | (
        (np.abs(f_vs) > 1e-12)
        & ((f_ss < -1e-6 / dynamics.slope_variance) | (f_vv * np.maximum(f_ss, 0) < f_vs**2 * (1 - 1e-9)))
    )
    f_vv, f_vs, f_ss, f_value, f_slope = (
        np.where(silent, 0.0, array) for array in (f_vv, f_vs, f_ss, f_value, f_slope)
    )
    log_prior = 0.5 * np.log(dynamics.value_variance * dynamics.slope_variance)
    f_log = np.where(silent, np.log(np.maximum(future.weight, _TINY)) - log_prior, f_log)

    a, b, c = (p[:, np.newaxis] + f for p, f in ((p_vv, f_vv), (p_vs, f_vs), (p_ss, f_ss)))
    value, slope = p_value[:, np.newaxis] + f_value, p_slope[:, np.newaxis] + f_slope
    determinant = np.maximum(a * c - b * b, _TINY)
    mean = (c * value - b * slope) / determinant
    mean_slope = (a * slope - b * value) / determinant
    log_weight = p_log[:, np.newaxis] + f_log + 0.5 * (value * mean + slope * mean_slope - np.log(determinant))

    def flat(array: Array) -> Array:
        """From (2, 3, days, members, series) to (days, components, members, series)."""
        array = array.reshape(-1, *array.shape[2:])
        return np.moveaxis(array, 0, 1)

    weight = _softmax(flat(log_weight), axis=1) * member_weight
    days, series = weight.shape[0], weight.shape[-1]
    return Mixture(*(flat_.reshape(days, -1, series) for flat_ in (weight, flat(mean), flat(c / determinant))))


def _precision(state: State) -> tuple[Array, Array, Array, Array]:
    """Return the precision matrix, and the log of weight ÷ √determinant of the covariance."""
    determinant = np.maximum(state.variance * state.slope_variance - state.covariance**2, _TINY)
    return (
        state.slope_variance / determinant,
        -state.covariance / determinant,
        state.variance / determinant,
        np.log(np.maximum(state.weight, _TINY)) - 0.5 * np.log(determinant),
    )


def _softmax(log_weight: Array, axis: int = 0) -> Array:
    weight = np.exp(log_weight - log_weight.max(axis=axis, keepdims=True))
    result: NDArray[np.float64] = weight / weight.sum(axis=axis, keepdims=True)
    return result
