"""Weighted quantile regression, many levels at once, with a prior."""

import numpy as np

from sameboat.situation.engine.incidence import Array

FIRST_SMOOTHING = 0.1  # residuals smaller than this count as this large, at first
LAST_SMOOTHING = 0.0005  # and in the end: more would widen the outer levels
SHARPENED = 0.8  # the smoothing from step to step
STEPS = 40
ENOUGH = 1e-4  # change of a coefficient at which the iteration stops


def quantile_regression(
    predictors: Array, outcomes: Array, weights: Array, levels: Array, prior: Array, strength: Array
) -> Array:
    """Return the coefficients that minimise the pinball loss at each of `levels`, (levels, predictors).

    Parameters
    ----------
    predictors, outcomes, weights
        (rows, predictors), (rows,) and (rows,); no row at all is allowed.
    prior, strength
        The coefficients believed beforehand, (levels, predictors), and how strongly, (predictors,): the penalty is
        strength / 4 x (coefficient - prior) squared, beside the summed loss; a row weighs about 1 / its residual.
        Must be positive where the rows do not determine a coefficient.

    Minimised by majorisation (Hunter and Lange 2000, doi:10.1080/10618600.2000.10474866): each step is a weighted
    least-squares problem, so it needs no linear-programming solver and all levels share their matrix products.
    """
    size = predictors.shape[1]
    upper = np.triu_indices(size)
    products = predictors[:, upper[0]] * predictors[:, upper[1]]
    tilt = (2 * levels - 1)[:, None] * (weights @ predictors)
    coefficients = prior.copy()
    matrix = np.empty((len(levels), size, size))
    diagonal = np.arange(size)
    for step in range(STEPS):
        smoothing = max(FIRST_SMOOTHING * SHARPENED**step, LAST_SMOOTHING)
        residuals = outcomes - coefficients @ predictors.T
        pull = weights / (smoothing + np.abs(residuals))
        packed = pull @ products
        matrix[:, upper[0], upper[1]] = packed
        matrix[:, upper[1], upper[0]] = packed
        matrix[:, diagonal, diagonal] += strength
        right = (pull * outcomes) @ predictors + tilt + strength * prior
        change = np.linalg.solve(matrix, right[..., None])[..., 0] - coefficients
        coefficients = coefficients + change
        if smoothing == LAST_SMOOTHING and np.abs(change).max() < ENOUGH:
            break
    return coefficients
