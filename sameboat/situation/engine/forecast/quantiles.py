"""The 23 quantiles of a hub's forecast. Arrays carry them on the last axis, in the order of `LEVELS`."""

from typing import Final

import numpy as np

from sameboat.situation.engine.incidence import Array, Mask
from sameboat.situation.engine.score import HUB_PROBABILITIES, weighted_interval_score

LEVELS: Final[Array] = np.array(HUB_PROBABILITIES)
MEDIAN: Final = 11
BAND_95: Final = (1, 21)  # positions of the 2.5 % and 97.5 % quantile
BAND_50: Final = (6, 16)  # positions of the 25 % and 75 % quantile


def interval_score(quantiles: Array, observed: Array) -> Array:
    """Return the weighted interval score of `quantiles` (..., 23) against `observed` (...), in counts; nan as there.

    Quantiles that cross, as rounded ones of published forecasts do, are sorted first.
    """
    return weighted_interval_score(observed, np.sort(quantiles, axis=-1), HUB_PROBABILITIES)


def covered(quantiles: Array, observed: Array, band: tuple[int, int]) -> Mask:
    """Return where `observed` (...) lies within the band of `quantiles` (..., 23), its edges included."""
    low, high = band
    return np.asarray((observed >= quantiles[..., low]) & (observed <= quantiles[..., high]))


def weighted_quantiles(sample: Array, weight: Array, levels: Array = LEVELS) -> Array:
    """Return the quantiles of a one-dimensional `sample` whose items carry non-negative `weight`.

    Between two items the distribution is interpolated linearly, each item standing at the middle of its weight.
    """
    order = np.argsort(sample, kind="stable")
    share = weight[order]
    middle = np.cumsum(share) - share / 2
    return np.asarray(np.interp(levels, middle / share.sum(), sample[order]))
