"""How good a forecast was: weighted interval score, coverage, and both relative to other forecasters."""

import numpy as np
from numpy.typing import ArrayLike

from sameboat.situation.engine.incidence import Array

# The probabilities that the forecast hubs ask for.
HUB_PROBABILITIES = (0.01, 0.025, *(round(0.05 * step, 2) for step in range(1, 20)), 0.975, 0.99)


class ScoreError(ValueError):
    """Forecasts that cannot be scored."""


def checked_probabilities(probabilities: ArrayLike) -> Array:
    """Return probabilities of quantiles: ascending, symmetric around the median, the median among them.

    Raises
    ------
    ScoreError
        Any other probabilities.
    """
    levels = np.array(probabilities, dtype=np.float64)
    if levels.ndim != 1 or len(levels) % 2 == 0 or not ((levels > 0) & (levels < 1)).all():
        raise ScoreError("Quantiles need an odd number of probabilities between 0 and 1.")
    if (np.diff(levels) <= 0).any() or not np.allclose(levels + levels[::-1], 1, atol=1e-9):
        raise ScoreError("Quantiles need ascending probabilities in pairs that add up to 1, and the median.")
    return levels


def weighted_interval_score(observed: ArrayLike, quantiles: ArrayLike, probabilities: ArrayLike) -> Array:
    """Return the weighted interval score of each forecast: an error in the unit of the forecast; smaller is better.

    For a forecast that is one number it is the absolute error. It is NaN where the truth or any quantile is.

    Parameters
    ----------
    observed
        The truth, any shape.
    quantiles
        The same shape with the quantiles last.
    probabilities
        Of the quantiles.

    Raises
    ------
    ScoreError
        Shapes that do not fit, quantiles that descend, or see `checked_probabilities`.

    References
    ----------
    J. Bracher, E. L. Ray, T. Gneiting, N. G. Reich (2021). Evaluating epidemic forecasts in an interval format. PLOS
    Computational Biology 17(2): e1008618.
    """
    levels = checked_probabilities(probabilities)
    truth, forecast = np.asarray(observed, dtype=np.float64), np.asarray(quantiles, dtype=np.float64)
    if forecast.shape != (*truth.shape, len(levels)):
        raise ScoreError(
            f"A truth of shape {truth.shape} with {len(levels)} probabilities needs quantiles of shape "
            f"{(*truth.shape, len(levels))}; got {forecast.shape}."
        )
    if (np.diff(forecast, axis=-1) < 0).any():
        raise ScoreError("Quantiles must not descend as their probability rises.")
    intervals = len(levels) // 2
    lower, upper = forecast[..., :intervals], forecast[..., : -intervals - 1 : -1]
    miss = 2 * levels[:intervals]
    below = np.maximum(lower - truth[..., np.newaxis], 0)
    above = np.maximum(truth[..., np.newaxis] - upper, 0)
    weighted = miss / 2 * (upper - lower) + below + above
    total = 0.5 * np.abs(truth - forecast[..., intervals]) + weighted.sum(axis=-1)
    score: Array = total / (intervals + 0.5)
    return score


def coverage(observed: ArrayLike, lower: ArrayLike, upper: ArrayLike) -> float:
    """Return the share of truths within their interval, ends included, among those where all three are known.

    Returns
    -------
    float
        NaN where there is none.
    """
    truth, low, high = (np.asarray(array, dtype=np.float64) for array in (observed, lower, upper))
    known = ~(np.isnan(truth) | np.isnan(low) | np.isnan(high))
    if not known.any():
        return float("nan")
    return float(((truth >= low) & (truth <= high))[known].mean())


def relative_score(scores: ArrayLike, baseline: ArrayLike) -> float:
    """Return the mean score over the baseline's, on the forecasts that both made (ratio of means).

    Parameters
    ----------
    scores, baseline
        One a forecast, in the same order; NaN where none was made.
    """
    ours, theirs = np.asarray(scores, dtype=np.float64), np.asarray(baseline, dtype=np.float64)
    both = ~(np.isnan(ours) | np.isnan(theirs))
    return float(ours[both].sum() / theirs[both].sum()) if both.any() else float("nan")


def pairwise_relative_skill(scores: ArrayLike, *, baseline: int) -> Array:
    """Return each model's relative skill as the forecast hubs define it, with the baseline at 1.

    Every pair of models is compared by the ratio of their mean scores on the forecasts that both made; a model's skill
    is the geometric mean of its ratios to all models, divided by the baseline's. It is fair to models that left out
    the hard weeks, and equals the ratio of means where all made the same forecasts.

    Parameters
    ----------
    scores
        (models, forecasts); NaN where none was made.
    baseline
        Row of the baseline.

    Returns
    -------
    array
        (models,); NaN for a model that shares no forecast with another.

    References
    ----------
    E. Y. Cramer et al. (2022). Evaluation of individual and ensemble probabilistic forecasts of COVID-19 mortality in
    the United States. PNAS 119(15): e2113561119.
    """
    table = np.asarray(scores, dtype=np.float64)
    log_ratio = np.array([[np.log(relative_score(ours, theirs)) for theirs in table] for ours in table])
    shared = np.isfinite(log_ratio)
    mean_log = np.where(shared, log_ratio, 0.0).sum(axis=1) / np.maximum(shared.sum(axis=1), 1)
    # A model is always on par with itself.
    skill = np.where(shared.sum(axis=1) > 1, np.exp(mean_log), np.nan)
    result: Array = skill / skill[baseline]
    return result
