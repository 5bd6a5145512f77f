"""Forecasts of the past, each made from the vintage of its day, scored beside the forecasts that others made then."""

import itertools
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
    LEVELS,
    covered,
    interval_score,
)
from sameboat.situation.engine.forecast.standing import PUBLISHED, running_score, standing
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
    of the hub's forecasts in order. `notes` say in words what was missing where the record was read.
    """

    places: tuple[str, ...]
    targets: tuple[Target, ...]
    rounds: tuple[date, ...]
    history: History
    truth: tuple[Array, ...]
    forecasts: tuple[Mapping[str, Array], ...]
    baseline: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Score:
    """One model's score at one horizon of one target, over what it and the baseline both forecast.

    `horizon` is None for all horizons together.

    `wis` and `baseline_wis` are means in counts and `relative` their ratio; `ours_relative` is Sameboat's mean score
    over the same forecasts, divided by the model's: below 1 Sameboat is better. `coverage_50` and `coverage_95` are
    the shares of outcomes within the bands.
    """

    model: str
    signal: str
    horizon: int | None
    forecasts: int
    wis: float
    baseline_wis: float
    relative: float
    ours_relative: float
    coverage_50: float
    coverage_95: float


@dataclass(frozen=True)
class Suspension:
    """How many rounds of a target at a horizon would have been withheld, because the 95 % band had failed before."""

    signal: str
    horizon: int
    rounds: int
    withheld: int


@dataclass(frozen=True)
class Evaluation:
    """The scores of a hub's record, and what could not be scored.

    `days` are the rounds evaluated; `unmade` those of them for which nothing was known to forecast from, by signal.
    """

    scores: list[Score]
    suspensions: list[Suspension]
    days: tuple[date, ...]
    unmade: Mapping[str, tuple[date, ...]]


def replay(
    forecaster: Forecaster, target: Target, days: Sequence[date], done: Callable[[date], None] = lambda _day: None
) -> list[Round]:
    """Return the rounds of `days`, in order, each made from what was known on its day and from the rounds before it.

    Rounds of the `FITTED_WEEKS` weeks before the first day are made too, where the history reaches, so that weights
    and widths have something to go by; they are not returned. A day by which too little was known has no round.
    `done` is told each day.
    """
    past: list[Round] = []
    first, *_ = days
    before = [first - timedelta(weeks * WEEK) for weeks in range(FITTED_WEEKS, 0, -1)]
    for day in (*before, *days):
        with suppress(VintageError):
            past.append(forecaster.forecast(day, [target.end(day, horizon) for horizon in target.horizons], past))
        if day >= first:
            done(day)
    return [made for made in past if made.day >= first]


def evaluate(
    hub: Hub,
    first: date | None = None,
    last: date | None = None,
    done: Callable[[int, int], None] = lambda _done, _total: None,
) -> Evaluation:
    """Return the scores of our forecasts and of the hub's models for the rounds from `first` to `last`, both included.

    Every forecast is made from the vintage of its day alone. `done` is told how many rounds are made, of how many.

    Raises
    ------
    VintageError
        If no round lies between the two, or nothing was known on any of them.
    """
    chosen = [
        number
        for number, day in enumerate(hub.rounds)
        if (first is None or day >= first) and (last is None or day <= last)
    ]
    if not chosen:
        asked = f"from {first or 'the beginning'} to {last or 'the end'}"
        raise VintageError(f"no round {asked}: the hub's run from {hub.rounds[0]} to {hub.rounds[-1]}")
    days = [hub.rounds[number] for number in chosen]
    made_so_far = itertools.count(1)
    history = hub.history.continued_back(FITTED_WEEKS)
    scores, suspensions, unmade = [], [], {}
    for target, truth, forecasts in zip(hub.targets, hub.truth, hub.forecasts, strict=True):
        forecaster = Forecaster(history, target.signal, target.leading)
        made_rounds = replay(
            forecaster, target, days, lambda _day: done(next(made_so_far), len(days) * len(hub.targets))
        )
        # Before the oldest vintage kept there is only what stands in for vintages: good to learn from, not to score.
        rounds = [made for made in made_rounds if made.day >= hub.history.vintages[0].as_of]
        if missing := sorted(set(days) - {made.day for made in rounds}):
            unmade[target.signal] = tuple(missing)
        ours = np.full((len(hub.places), len(days), len(target.horizons), len(LEVELS)), np.nan)
        for made in rounds:
            ours[:, days.index(made.day)] = made.published
        scores += score(
            target, hub.baseline, truth[:, chosen], ours, {name: f[:, chosen] for name, f in forecasts.items()}
        )
        suspensions += suspended(forecaster, target, rounds)
    if all(len(unmade.get(target.signal, ())) == len(days) for target in hub.targets):
        known = hub.history.vintages
        raise VintageError(
            f"nothing to forecast from on {days[0]} to {days[-1]}: the vintages are of {known[0].as_of} to "
            f"{known[-1].as_of}, and the figures too short or too new"
        )
    return Evaluation(scores, suspensions, tuple(days), unmade)


def suspended(forecaster: Forecaster, target: Target, rounds: Sequence[Round]) -> list[Suspension]:
    """Return how many of `rounds` were made while what is published stood suspended, by horizon."""
    counts = []
    for position, horizon in enumerate(target.horizons):
        active, withheld = True, 0
        for made in rounds:
            outcomes = forecaster.outcomes(made.day, rounds, position)
            active = standing(running_score(PUBLISHED, outcomes), active).active
            withheld += not active
        counts.append(Suspension(target.signal, horizon, len(rounds), withheld))
    return counts


def score(target: Target, baseline: str, truth: Array, ours: Array, forecasts: Mapping[str, Array]) -> list[Score]:
    """Return the scores of `ours` and of each of `forecasts` by horizon; arrays are as in `Hub`."""
    everyone = {OURS: ours, **forecasts}
    points = {name: interval_score(array, truth) for name, array in everyone.items()}
    scores = []
    for name, array in everyone.items():
        inside_50, inside_95 = covered(array, truth, BAND_50), covered(array, truth, BAND_95)
        cells: list[tuple[int | None, slice]] = [(h, slice(n, n + 1)) for n, h in enumerate(target.horizons)]
        for horizon, positions in (*cells, (None, slice(None))):
            point, base, own = (points[key][..., positions] for key in (name, baseline, OURS))
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
                    relative=_ratio(point[both], base[both]),
                    ours_relative=_ratio(own[shared], point[shared]),
                    coverage_50=float(inside_50[..., positions][both].mean()),
                    coverage_95=float(inside_95[..., positions][both].mean()),
                )
            )
    return scores


def _ratio(ours: Array, theirs: Array) -> float:
    """Return the ratio of two means over the same forecasts; nan where there is nothing to divide by."""
    total = float(theirs.sum())
    return float(ours.sum()) / total if total else float("nan")
