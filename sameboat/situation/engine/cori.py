"""Rt by the method of Cori et al. (2013), exactly as EpiEstim computes it, to compare with other people's figures."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammaincinv

from sameboat.situation.engine.incidence import Array, ParameterError, checked_incidence
from sameboat.situation.engine.serial_interval import checked_serial_interval, infectiousness


@dataclass(frozen=True, slots=True)
class CoriEstimate:
    """Posterior of R over a window, filed under the window's last day; NaN where there is none.

    Every array has the shape of the incidence it was made from.
    """

    mean: Array
    sd: Array
    lower: Array
    upper: Array


def estimate_cori(
    incidence: ArrayLike,
    serial_interval: ArrayLike,
    *,
    window: int = 7,
    prior_mean: float = 5.0,
    prior_sd: float = 5.0,
    level: float = 0.95,
) -> CoriEstimate:
    """Return the gamma posterior of R, taken as constant over each window of days.

    With Λ the infectiousness, the posterior over a window is gamma with shape a + ΣI and rate 1/b + ΣΛ, where a and b
    are the prior's shape and scale. Cases are taken as Poisson: where they are overdispersed the band is far too
    narrow, which is why this is not the headline.

    Parameters
    ----------
    incidence
        New cases a day, shape (days,) or (regions, days). A window with a missing day in it, or within reach of its
        infectiousness, has no estimate.
    serial_interval
        Probability of 0, 1, 2, … days.
    window
        In days.
    prior_mean, prior_sd
        Of R's gamma prior.
    level
        Probability of the central interval from `lower` to `upper`.

    Returns
    -------
    CoriEstimate
        The first estimate is filed under the first day that is later than the mean serial interval and ends a window
        that leaves out the first day, whose cases have no parents.

    Raises
    ------
    IncidenceError, SerialIntervalError
        See `checked_incidence` and `checked_serial_interval`.
    ParameterError
        A window of no day, a prior or a level out of range.

    References
    ----------
    A. Cori, N. M. Ferguson, C. Fraser, S. Cauchemez (2013). A new framework and software to estimate time-varying
    reproduction numbers during epidemics. American Journal of Epidemiology 178(9), 1505-1512.
    """
    if window < 1:
        raise ParameterError(f"A window must have at least one day; got {window}.")
    if not (prior_mean > 0 and prior_sd > 0):
        raise ParameterError(f"The prior's mean and sd must be positive; got {prior_mean} and {prior_sd}.")
    if not 0 < level < 1:
        raise ParameterError(f"A level lies between 0 and 1; got {level}.")
    counts = checked_incidence(incidence)
    weights = checked_serial_interval(serial_interval)
    shape = np.full(counts.shape, np.nan)
    rate = np.full(counts.shape, np.nan)
    cases, expected = _window_sums(counts, window), _window_sums(infectiousness(counts, weights), window)
    mean_interval = float(weights @ np.arange(len(weights)))
    # The window's last day, counted from 0: window at the earliest, and day + 1 > mean interval.
    first = max(window, int(np.floor(mean_interval)))
    shape[:, first:] = (prior_mean / prior_sd) ** 2 + cases[:, first - window + 1 :]
    rate[:, first:] = prior_mean / prior_sd**2 + expected[:, first - window + 1 :]
    tail = (1 - level) / 2
    estimate = (
        shape / rate,
        np.sqrt(shape) / rate,
        gammaincinv(shape, tail) / rate,
        gammaincinv(shape, 1 - tail) / rate,
    )
    like_input = np.shape(incidence)
    return CoriEstimate(*(array.reshape(like_input) for array in estimate))


def _window_sums(values: Array, window: int) -> Array:
    """Return the sums of every `window` days, without cumulative sums, which would lose digits and spread NaN."""
    if values.shape[1] < window:
        return np.empty((values.shape[0], 0))
    sums: Array = np.lib.stride_tricks.sliding_window_view(values, window, axis=1).sum(axis=2)
    return sums
