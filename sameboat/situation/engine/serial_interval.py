"""The serial interval, from one person's symptoms to those of the people infected by them, in whole days."""

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammainc

from sameboat.situation.engine.incidence import Array

# The share of a serial interval that may fall beyond its last given day.
MISSING_TAIL = 0.01


class SerialIntervalError(ValueError):
    """A serial interval that is not a distribution over days 1, 2, …"""


def discretised_serial_interval(mean: float, sd: float, days: int) -> Array:
    """Return the probability of each serial interval of 0, 1, …, days - 1 days.

    A gamma distribution shifted by one day, so that nobody infects on the day they fall ill, averaged over the time of
    day of both events: Cori et al. (2013), web appendix 11, as `discr_si` of EpiEstim.

    Parameters
    ----------
    mean, sd
        In days; the mean must exceed 1.
    days
        Length of the result. What falls beyond is left out, not added to the last day.

    Raises
    ------
    SerialIntervalError
        A mean of at most 1, an sd or a number of days that is not positive.

    References
    ----------
    A. Cori, N. M. Ferguson, C. Fraser, S. Cauchemez (2013). A new framework and software to estimate time-varying
    reproduction numbers during epidemics. American Journal of Epidemiology 178(9), 1505-1512.
    """
    if not (np.isfinite(mean) and mean > 1):
        raise SerialIntervalError(f"The mean serial interval must exceed 1 day; got {mean}.")
    if not (np.isfinite(sd) and sd > 0):
        raise SerialIntervalError(f"The sd of the serial interval must be positive; got {sd}.")
    if days < 1:
        raise SerialIntervalError(f"A serial interval needs at least one day; got {days}.")
    shape, scale = ((mean - 1) / sd) ** 2, sd**2 / (mean - 1)
    # With F the cdf and G(x) = ∫₀ˣ F, the average over both times of day is the second difference of G.
    ends = np.arange(-2.0, days)
    cdf = gammainc(shape, np.maximum(ends, 0) / scale)
    mean_part = shape * scale * gammainc(shape + 1, np.maximum(ends, 0) / scale)
    integral = ends * cdf - mean_part
    density: Array = np.maximum(np.diff(integral, n=2), 0.0)
    return density


def checked_serial_interval(probability: ArrayLike) -> Array:
    """Return the probabilities of 0, 1, 2, … days as an array without trailing zeros.

    Raises
    ------
    SerialIntervalError
        Not a list of probabilities that add up to 1 (up to 1 % may be missing at the end), or some at day 0.
    """
    weights = np.array(probability, dtype=np.float64)
    if weights.ndim != 1 or len(weights) < 2:
        raise SerialIntervalError("A serial interval is a list of probabilities, for 0, 1, 2, … days.")
    if not np.isfinite(weights).all() or (weights < 0).any():
        raise SerialIntervalError("The probabilities of a serial interval must be numbers of at least 0.")
    if weights[0] > 0:
        raise SerialIntervalError(f"A serial interval of 0 days must have probability 0; got {weights[0]:g}.")
    if not 1 - MISSING_TAIL <= weights.sum() <= 1 + 1e-6:
        raise SerialIntervalError(f"The probabilities of a serial interval must add up to 1, not {weights.sum():g}.")
    return weights[: np.flatnonzero(weights)[-1] + 1]


def infectiousness(counts: Array, serial_interval: Array) -> Array:
    """Return how many cases R = 1 would give each day: Λ(t) = Σ w(s) I(t - s), with 0 on the first day.

    Parameters
    ----------
    counts
        Shape (..., days); a NaN makes the days within its reach NaN.
    serial_interval
        Probability of 0, 1, 2, … days.

    Returns
    -------
    Array of the shape of `counts`.
    """
    total = np.zeros_like(counts)
    days = counts.shape[-1]
    for lag in np.flatnonzero(serial_interval[:days]):
        total[..., lag:] += serial_interval[lag] * counts[..., : days - lag]
    return total
