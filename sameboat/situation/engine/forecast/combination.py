"""How members become one forecast: weights by recent scores, and bands as wide as recent misses ask for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np

from sameboat.situation.engine.forecast.quantiles import BAND_50, BAND_95, LEVELS, MEDIAN, interval_score
from sameboat.situation.engine.forecast.vintage import WEEK
from sameboat.situation.engine.incidence import Array

WEIGHTED_WEEKS: Final = 12  # past rounds that set the weights
SHARPNESS: Final = 8.0  # a member whose score is 10 % worse weighs 1.1 ** -8 = 0.47 of the other
FITTED_WEEKS: Final = 26  # past rounds that set the width
HALF_BELIEF: Final = 13  # past rounds after which half of a measured factor, in logs, is believed
HELD: Final = ((BAND_50, 0.50), (BAND_95, 0.95))  # bands, and the share of outcomes they ought to hold
MARGIN: Final = 1.0  # standard errors of the 95 % band's share that are aimed at beyond it
MOST: Final = 0.985  # share that is aimed at in any case at most
NARROWEST: Final = 0.8
WIDEST: Final = 1.8


@dataclass(frozen=True)
class Round:
    """The forecasts made on one day, in counts: (places, horizons, 23) for each member, and combined.

    A horizon's target is the week that ends on its entry of `ends`. `combined` is before its bands were fitted to
    recent misses, `published` after.
    """

    day: date
    ends: tuple[date, ...]
    members: Mapping[str, Array]
    combined: Array
    published: Array


@dataclass(frozen=True)
class Outcome:
    """A past round at one horizon, beside what has come of it as known today: (places,), nan where not known."""

    round: Round
    horizon: int
    observed: Array


def member_weights(credit: Mapping[str, float], outcomes: Sequence[Outcome]) -> dict[str, float]:
    """Return each member's weight, summing to 1, from its `credit` and its scores in `outcomes`, given oldest first.

    The weight is the credit, times the inverse of the member's mean relative score in the newest rounds to the power
    `SHARPNESS`. A round counts as one, whatever the size of the epidemic then. Without outcomes the credit decides.
    """
    names = list(credit)
    relative = []
    for outcome in outcomes[-WEIGHTED_WEEKS:]:
        forecasts = (outcome.round.members[name][:, outcome.horizon] for name in names)
        scores = np.array([np.nansum(interval_score(forecast, outcome.observed)) for forecast in forecasts])
        if scores.min() > 0:
            relative.append(scores / scores.mean())
    earned = np.mean(relative, axis=0) ** -SHARPNESS if relative else np.ones(len(names))
    weights = np.array(list(credit.values())) * earned
    return dict(zip(names, (weights / weights.sum()).tolist(), strict=True))


def fitted(quantiles: Array, outcomes: Sequence[Outcome], pseudo_count: float) -> Array:
    """Return `quantiles` (places, 23) with their log distance from the median stretched as `outcomes` ask for.

    Two factors, of the 50 % and the 95 % band, say how much wider the bands of past rounds ought to have been to hold
    their share of outcomes: split conformal prediction (Romano et al. 2019, arXiv:1905.03222) with a multiplicative
    score. Few rounds are believed less, and 95 % is aimed at with a margin: the places of one week err together, and
    so do rounds whose weeks overlap. The more the share held differs from round to round, the larger the margin.
    """
    past = outcomes[-FITTED_WEEKS:]
    belief = len(past) / (len(past) + HALF_BELIEF)
    factors = [_factor(past, band, share, pseudo_count) ** belief for band, share in HELD]
    stretch = np.interp(np.abs(LEVELS - 0.5), [0.25, 0.475], factors)
    logs = np.log(quantiles + pseudo_count)
    middle = logs[:, MEDIAN, None]
    counts = np.exp(middle + (logs - middle) * stretch) - pseudo_count
    return np.asarray(np.maximum.accumulate(np.maximum(counts, 0), axis=1))


def _factor(outcomes: Sequence[Outcome], band: tuple[int, int], share: float, pseudo_count: float) -> float:
    """Return the factor, in logs from the median, at which the bands would have held `share` of the outcomes."""
    rounds = [_needed(outcome, band, pseudo_count) for outcome in outcomes]
    rounds = [needed for needed in rounds if needed.size]
    if not rounds:
        return 1.0
    known = np.concatenate(rounds)
    factor = np.quantile(known, share)
    if band == BAND_95:
        held = np.array([(needed <= factor).mean() for needed in rounds])
        outcome = outcomes[-1]
        overlapping = max((outcome.round.ends[outcome.horizon] - outcome.round.day).days / WEEK, 1.0)
        error = float(held.std()) * np.sqrt(overlapping / len(rounds))
        factor = np.quantile(known, min(share + MARGIN * error, MOST))
    return float(np.clip(factor, NARROWEST, WIDEST))


def _needed(outcome: Outcome, band: tuple[int, int], pseudo_count: float) -> Array:
    """Return by what each place's band ought to have been stretched to just hold the outcome, where one is known."""
    logs = np.log(outcome.round.combined[:, outcome.horizon] + pseudo_count)
    miss = np.log(np.maximum(outcome.observed, 0) + pseudo_count) - logs[:, MEDIAN]
    low, high = (np.abs(logs[:, edge] - logs[:, MEDIAN]) for edge in band)
    ratios = np.abs(miss) / np.maximum(np.where(miss > 0, high, low), 1e-6)
    return np.asarray(ratios[~np.isnan(ratios)])
