"""A model's running score, and whether it may still be shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from sameboat.situation.engine.forecast.combination import Outcome
from sameboat.situation.engine.forecast.quantiles import BAND_50, BAND_95, covered, interval_score
from sameboat.situation.engine.incidence import Array

COMBINED: Final = "combined"
PUBLISHED: Final = "published"
YARDSTICK: Final = "flat"
RUNNING_WEEKS: Final = 12  # newest known rounds that make the running score
FEWEST_ROUNDS: Final = 4  # below which nothing is said of a model
SUSPENDED_BELOW: Final = 0.80  # share of outcomes in the 95 % band: four times as many misses as promised
RESUMED_FROM: Final = 0.88


@dataclass(frozen=True)
class RunningScore:
    """How a model did at one horizon over the newest rounds whose outcome is known.

    `wis` is its mean weighted interval score in counts, `relative` that over the flat member's; below 1 it is better.
    `coverage_50` and `coverage_95` are the shares of outcomes within its bands. All are nan where nothing is known.
    """

    model: str
    horizon: int
    rounds: int
    wis: float
    relative: float
    coverage_50: float
    coverage_95: float


class Reason(StrEnum):
    """Why a model is shown or not."""

    COVERS = "its band held what it promised"
    NEW = "too few outcomes are known to judge it"
    MISSES = "too many outcomes fell outside its 95 % band"
    RECOVERING = "suspended earlier, and not yet good enough to return"


@dataclass(frozen=True)
class Standing:
    """Whether a model is active, why, and the running score that says so."""

    active: bool
    reason: Reason
    score: RunningScore


def running_score(model: str, outcomes: Sequence[Outcome]) -> RunningScore:
    """Return the running score of a member, of "combined" or of "published", from `outcomes` of one horizon.

    `outcomes` are given oldest first; the newest `RUNNING_WEEKS` count.

    Raises
    ------
    KeyError
        If no forecast has that name.
    """
    newest = list(outcomes)[-RUNNING_WEEKS:]
    horizon = newest[0].horizon if newest else 0
    if not newest:
        return RunningScore(model, horizon, 0, *[float("nan")] * 4)
    observed = np.stack([outcome.observed for outcome in newest])
    own = np.stack([_forecast(model, outcome) for outcome in newest])
    flat = np.stack([_forecast(YARDSTICK, outcome) for outcome in newest])
    scores, yardstick = interval_score(own, observed), interval_score(flat, observed)
    known = ~np.isnan(scores) & ~np.isnan(yardstick)
    if not known.any():
        return RunningScore(model, horizon, 0, *[float("nan")] * 4)
    total = float(yardstick[known].sum())
    return RunningScore(
        model=model,
        horizon=horizon,
        rounds=int(known.any(axis=1).sum()),
        wis=float(scores[known].mean()),
        relative=float(scores[known].sum()) / total if total else float("nan"),
        coverage_50=float(covered(own, observed, BAND_50)[known].mean()),
        coverage_95=float(covered(own, observed, BAND_95)[known].mean()),
    )


def standing(score: RunningScore, was_active: bool = True) -> Standing:
    """Return whether the model of `score` is active, given whether it was before.

    It is suspended when its 95 % band held less than `SUSPENDED_BELOW` of the outcomes, and returns at
    `RESUMED_FROM`: two thresholds, so that it does not flicker between them. A model that is new is shown.
    """
    if score.rounds < FEWEST_ROUNDS:
        return Standing(was_active, Reason.NEW if was_active else Reason.RECOVERING, score)
    if was_active:
        active = score.coverage_95 >= SUSPENDED_BELOW
        return Standing(active, Reason.COVERS if active else Reason.MISSES, score)
    active = score.coverage_95 >= RESUMED_FROM
    return Standing(active, Reason.COVERS if active else Reason.RECOVERING, score)


def _forecast(model: str, outcome: Outcome) -> Array:
    named = {COMBINED: outcome.round.combined, PUBLISHED: outcome.round.published, **outcome.round.members}
    return np.asarray(named[model][:, outcome.horizon])
