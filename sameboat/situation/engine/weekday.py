"""The week's rhythm in daily counts: offices that close, tests that wait."""

import numpy as np

from sameboat.situation.engine.incidence import Array, Mask


def weekday_factors(counts: Array, level: Array, told: Mask) -> Array:
    """Return by what each weekday's count exceeds the level, (7, series), with a geometric mean of 1.

    Each weekday's log factor is shrunk towards 0 as far as the seven differ no more than their own errors would make
    them (empirical Bayes), so that a series without a rhythm is left as it is.

    Parameters
    ----------
    counts, level
        Cases, and what they would be without the rhythm, (days, series).
    told
        The days to use.
    """
    days = len(counts)
    # Overdispersed counts deserve equal weights, small ones weights by their level: this lies in between.
    weight = np.where(told, 1 / (1 + 0.05 * level), 0.0)
    count = np.where(told, counts, 0.0)
    log_factor, variance = np.zeros((7, counts.shape[1])), np.full((7, counts.shape[1]), np.inf)
    for weekday in range(min(7, days)):
        w, y, m = weight[weekday::7], count[weekday::7], level[weekday::7]
        enough = (w > 0).sum(axis=0) >= 3
        total = np.where(enough, (w * m).sum(axis=0), 1.0)
        factor = ((w * y).sum(axis=0) + 0.5) / (total + 0.5)
        error = (w**2 * (y - factor * m) ** 2).sum(axis=0) + 0.25
        log_factor[weekday] = np.where(enough, np.log(factor), 0.0)
        variance[weekday] = np.where(enough, error / (total * factor) ** 2, np.inf)
    usable = np.isfinite(variance).all(axis=0)
    log_factor = np.where(usable, log_factor - log_factor.mean(axis=0), 0.0)
    variance = np.where(usable, variance, 1.0)
    rhythm = np.maximum((log_factor**2).sum(axis=0) / 6 - variance.mean(axis=0), 0.0)
    shrunk = log_factor * rhythm / (rhythm + variance)
    result: Array = np.exp(shrunk - shrunk.mean(axis=0))
    return result
