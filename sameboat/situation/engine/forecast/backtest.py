"""Forecasts of the past, each made from the vintage of its day, scored beside the forecasts that others made then."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import numpy as np

from sameboat.situation.engine.forecast.combination import FITTED_WEEKS, Round
from sameboat.situation.engine.forecast.forecaster import Forecaster
from sameboat.situation.engine.forecast.quantiles import (
    BAND_50,
    BAND_95,
    covered,
    interval_score,
)
from sameboat.situation.engine.forecast.vintage import WEEK, History, VintageError
from sameboat.situation.engine.incidence import Array

OURS: Final = "sameboat"


@dataclass(frozen=True)
class Target:
    """What a hub asks for: a signal, the one that leads it if any, and the weeks that its horizons mean.

    Horizon `h` of a round of day `d` is the week that ends `offset + 7 * h` days after `d`.
    """

    signal: str
    leading: str | None
    horizons: tuple[int, ...]
    offset: int

    def end(self, day: date, horizon: int) -> date:
        """Return the last day of the week meant by `horizon` of the round of `day`."""
        return day + timedelta(self.offset + WEEK * horizon)


@dataclass(frozen=True)
class Hub:
    """A forecast hub's record: what was known when, what came true, and what its models said.

    `truth` and `forecasts` are for each target, in the order of `targets`: truth (places, rounds, horizons), nan where
    unknown; forecasts by model (places, rounds, horizons, 23), nan where a model said nothing. `rounds` are the days
    of the hub's forecasts in order.
    """

    places: tuple[str, ...]
    targets: tuple[Target, ...]
    rounds: tuple[date, ...]
    history: History
    truth: tuple[Array, ...]
    forecasts: tuple[Mapping[str, Array], ...]
    baseline: str


@dataclass(frozen=True)
class Score:
    """One model's score at one horizon of one target, over what it and the baseline both forecast.

    `wis` and `baseline_wis` are means in counts and `relative` their ratio; `ours_relative` is Sameboat's mean score
    over the same forecasts, divided by the model's: below 1 Sameboat is better. `coverage_50` and `coverage_95` are
    the shares of outcomes within the bands.
    """

    model: str
    signal: str
    horizon: int
    forecasts: int
    wis: float
    baseline_wis: float
    relative: float
    ours_relative: float
    coverage_50: float
    coverage_95: float


def replay(
    forecaster: Forecaster, target: Target, days: Sequence[date], done: Callable[[date], None] = lambda _day: None
) -> list[Round]:
    """Return the rounds of `days`, in order, each made from what was known on its day and from the rounds before it.

    Rounds of the `FITTED_WEEKS` weeks before the first day are made too, where the history reaches, so that weights
    and widths have something to go by; they are not returned. `done` is told each day.
    """
    past: list[Round] = []
    for weeks in range(FITTED_WEEKS, 0, -1):
        day = days[0] - timedelta(weeks * WEEK)
        with suppress(VintageError):
            past.append(forecaster.forecast(day, [target.end(day, horizon) for horizon in target.horizons], past))
    warm = len(past)
    for day in days:
        past.append(forecaster.forecast(day, [target.end(day, horizon) for horizon in target.horizons], past))
        done(day)
    return past[warm:]


def evaluate(
    hub: Hub,
    first: date | None = None,
    last: date | None = None,
    done: Callable[[date], None] = lambda _day: None,
) -> list[Score]:
    """Return the scores of our forecasts and of the hub's models for the rounds from `first` to `last`, both included.

    Every forecast is made from the vintage of its day alone. Raises `VintageError` if no round lies between the two.
    """
    chosen = [
        number
        for number, day in enumerate(hub.rounds)
        if (first is None or day >= first) and (last is None or day <= last)
    ]
    if not chosen:
        raise VintageError(f"no round from {first} to {last}: the hub's run from {hub.rounds[0]} to {hub.rounds[-1]}")
    days = [hub.rounds[number] for number in chosen]
    scores = []
    for target, truth, forecasts in zip(hub.targets, hub.truth, hub.forecasts, strict=True):
        forecaster = Forecaster(hub.history.continued_back(FITTED_WEEKS), target.signal, target.leading)
        rounds = replay(forecaster, target, days, done)
        ours = np.stack([made.published for made in rounds], axis=1)
        scores += score(
            target, hub.baseline, truth[:, chosen], ours, {name: f[:, chosen] for name, f in forecasts.items()}
        )
    return scores


def score(target: Target, baseline: str, truth: Array, ours: Array, forecasts: Mapping[str, Array]) -> list[Score]:
    """Return the scores of `ours` and of each of `forecasts` by horizon; arrays are as in `Hub`."""
    everyone = {OURS: ours, **forecasts}
    points = {name: interval_score(array, truth) for name, array in everyone.items()}
    scores = []
    for name, array in everyone.items():
        inside_50, inside_95 = covered(array, truth, BAND_50), covered(array, truth, BAND_95)
        for position, horizon in enumerate(target.horizons):
            point, base, own = (points[key][..., position] for key in (name, baseline, OURS))
            both = np.isfinite(point) & np.isfinite(base)
            if not both.any():
                continue
            shared = both & np.isfinite(own)
            scores.append(
                Score(
                    model=name,
                    signal=target.signal,
                    horizon=horizon,
                    forecasts=int(both.sum()),
                    wis=float(point[both].mean()),
                    baseline_wis=float(base[both].mean()),
                    relative=float(point[both].sum() / base[both].sum()),
                    ours_relative=float(own[shared].sum() / point[shared].sum()) if shared.any() else float("nan"),
                    coverage_50=float(inside_50[..., position][both].mean()),
                    coverage_95=float(inside_95[..., position][both].mean()),
                )
            )
    return scores
