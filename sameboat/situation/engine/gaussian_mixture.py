"""Quantiles, means and probabilities of many Gaussian mixtures at once."""

import numpy as np
from scipy.special import ndtr, ndtri

from sameboat.situation.engine.gaussian_sum import Mixture
from sameboat.situation.engine.incidence import Array

_ROOT_2_PI = np.sqrt(2 * np.pi)


def heaviest(mixture: Mixture, components: int) -> Mixture:
    """Return the mixtures of the heaviest components alone."""
    if mixture.weight.shape[1] <= components:
        return mixture
    order = np.argpartition(-mixture.weight, components - 1, axis=1)[:, :components]
    weight, mean, variance = (np.take_along_axis(array, order, axis=1) for array in mixture)
    return Mixture(weight / weight.sum(axis=1, keepdims=True), mean, variance)


def quantile(mixture: Mixture, probability: float, *, tolerance: float = 1e-4) -> Array:
    """Return the quantile of every mixture, (days, series).

    The steps are Newton's on the probit scale, on which a single Gaussian is a straight line, held in a bracket.

    Parameters
    ----------
    probability
        Between 0 and 1.
    tolerance
        On the probit scale: 1e-4 is a probability off by at most 4e-5.
    """
    days, components, series = mixture.weight.shape
    weight, mean, variance = (np.moveaxis(array, 1, 0).reshape(components, -1) for array in mixture)
    precision = 1 / np.sqrt(variance)
    target = float(ndtri(probability))
    centre = (weight * mean).sum(axis=0)
    sd = np.sqrt((weight * (variance + (mean - centre) ** 2)).sum(axis=0))
    result: Array = centre + target * sd
    # Cantelli's inequality bounds any quantile by the mixture's own mean and sd.
    low = centre - sd * np.sqrt((1 - probability) / probability) - 1e-9
    high = centre + sd * np.sqrt(probability / (1 - probability)) + 1e-9
    todo = np.arange(result.size)
    for step in range(100):
        at = result[todo]
        z = (at - mean) * precision
        reached = ndtri(np.clip((weight * ndtr(z)).sum(axis=0), 1e-15, 1 - 1e-15))
        density = (weight * precision * np.exp(-0.5 * z**2)).sum(axis=0) / _ROOT_2_PI
        low[todo] = np.where(reached < target, at, low[todo])
        high[todo] = np.where(reached < target, high[todo], at)
        newton = at - (reached - target) * np.exp(-0.5 * reached**2) / _ROOT_2_PI / np.maximum(density, 1e-300)
        middle = 0.5 * (low[todo] + high[todo])
        # Every fourth step halves the bracket, in case Newton's wander between two modes.
        inside = (newton > low[todo]) & (newton < high[todo]) & (step % 4 != 3)
        off = np.abs(reached - target) > tolerance
        result[todo] = np.where(off, np.where(inside, newton, middle), at)
        if not off.any():
            break
        todo = todo[off]
        weight, mean, precision = weight[:, off], mean[:, off], precision[:, off]
    return result.reshape(days, series)


def probability_above(mixture: Mixture, threshold: float) -> Array:
    """Return the probability of exceeding the threshold, (days, series)."""
    above = ndtr((mixture.mean - threshold) / np.sqrt(mixture.variance))
    result: Array = np.clip((mixture.weight * above).sum(axis=1), 0, 1)
    return result


def mean_of_exponential(mixture: Mixture) -> Array:
    """Return the mean of exp(x), (days, series)."""
    result: Array = (mixture.weight * np.exp(mixture.mean + 0.5 * mixture.variance)).sum(axis=1)
    return result
