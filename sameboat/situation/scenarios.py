"""Scenarios: what an outbreak might become under assumptions, by a model that is a plug-in. Never a forecast.

A further model is a package with an entry point in the group `sameboat.scenarios`, whose name is the model's and whose
object, called without arguments, fits `ScenarioModel`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any, Protocol

import numpy as np

from sameboat.situation.engine.incidence import Array
from sameboat.situation.engine.simulate import Disease, Intervention, simulate_compartments
from sameboat.situation.told_plainly import told_plainly
from sameboat.transparency.errors import BadInput

GROUP = "sameboat.scenarios"
BUILT_IN = {
    "compartments": "sameboat.situation.scenarios:Compartments",
    "starsim": "sameboat.situation.starsim_model:Starsim",
}
PROBABILITIES = (0.025, 0.25, 0.5, 0.75, 0.975)
MOST_CELLS = 50_000_000  # runs times days that are kept

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Measure:
    """From `start` until the day before `end`, or for good if that is None, transmission is multiplied by `factor`."""

    start: date
    factor: float
    end: date | None = None

    def __str__(self) -> str:
        """Return how one would type it."""
        return f"{self.start}{f'..{self.end}' if self.end else ''}={self.factor:g}"


@dataclass(frozen=True, slots=True)
class Scenario:
    """Assumptions: a disease, the people, the days, what is done when, and how often to run it."""

    disease: Disease
    population: int
    infected: int
    first: date
    days: int
    runs: int
    seed: int
    measures: tuple[Measure, ...] = ()

    def interventions(self) -> list[Intervention]:
        """Return the measures counted in days from the first.

        Raises
        ------
        BadInput
            If one begins after the last day, ends before the first or before it begins.
        """
        last = self.first + timedelta(self.days - 1)
        for measure in self.measures:
            if measure.start > last or (measure.end is not None and measure.end <= max(self.first, measure.start)):
                raise BadInput(f"measure {measure}: it does not touch the days from {self.first} to {last}")
        return [
            Intervention(
                max((measure.start - self.first).days, 0),
                measure.factor,
                None if measure.end is None else (measure.end - self.first).days,
            )
            for measure in self.measures
        ]


class ScenarioModel(Protocol):
    """A model of outbreaks. The same scenario must give the same runs."""

    def infections(self, scenario: Scenario, done: Progress) -> Array:
        """Return new infections by run and day, (runs, days); `done` is told how many runs are done, of how many.

        Raises BadInput where the scenario cannot be simulated, or the package behind the model is not installed.
        """
        ...


class Compartments:
    """The built-in stochastic compartment model of a well-mixed population."""

    def infections(self, scenario: Scenario, done: Progress) -> Array:
        """Return new infections by run and day, all runs at once."""
        with told_plainly("compartments"):
            runs = simulate_compartments(
                scenario.disease,
                population=scenario.population,
                infected=scenario.infected,
                days=scenario.days,
                runs=scenario.runs,
                seed=scenario.seed,
                interventions=scenario.interventions(),
            )
        done(scenario.runs, scenario.runs)
        return runs.infections


@dataclass(frozen=True)
class Projection:
    """What a model made of a scenario: quantiles of new infections by day and of all so far, (probabilities, days)."""

    model: str
    scenario: Scenario
    daily: Array
    so_far: Array

    wrong = False

    @property
    def days(self) -> list[date]:
        """Return the scenario's days."""
        return [self.scenario.first + timedelta(day) for day in range(self.scenario.days)]

    def as_json(self) -> dict[str, Any]:
        """Return what a program reads."""
        scenario = self.scenario
        return {
            "model": self.model,
            "seed": scenario.seed,
            "runs": scenario.runs,
            "population": scenario.population,
            "measures": [
                {"start": measure.start, "end": measure.end, "factor": measure.factor} for measure in scenario.measures
            ],
            "probabilities": list(PROBABILITIES),
            "days": [
                {"day": day, "infections": self.daily[:, n].tolist(), "so_far": self.so_far[:, n].tolist()}
                for n, day in enumerate(self.days)
            ],
        }

    def as_text(self) -> Iterable[str]:
        """Yield a line a week, and one wherever a measure begins or ends."""
        scenario = self.scenario
        yield f"a scenario and no forecast: {self.model}, {scenario.runs} runs, seed {scenario.seed}"
        changes: dict[date, list[str]] = {}
        for measure in scenario.measures:
            changes.setdefault(max(measure.start, scenario.first), []).append(f"from here x {measure.factor:g}")
            if measure.end is not None:
                changes.setdefault(measure.end, []).append(f"x {measure.factor:g} ends")
        yield f"{'':10}  {'new infections that day':^42}  {'all so far':^28}"
        names = [f"{probability:.1%}" for probability in PROBABILITIES]
        yield f"{'day':10}  {''.join(f'{name:>8}' for name in names)}    {names[0]:>8}{names[2]:>10}{names[-1]:>10}"
        for number, day in enumerate(self.days):
            if number % 7 and day not in changes and number != scenario.days - 1:
                continue
            daily = "".join(f"{value:>8,.0f}" for value in self.daily[:, number])
            total = "{:>8,.0f}{:>10,.0f}{:>10,.0f}".format(*self.so_far[[0, 2, -1], number])
            yield f"{day}  {daily}    {total}  {', '.join(changes.get(day, []))}".rstrip()


def models() -> dict[str, str]:
    """Return every model that is known, with where its object stands (`module:object`)."""
    return {point.name: point.value for point in entry_points(group=GROUP)} | BUILT_IN


def project(scenario: Scenario, model: str = "compartments", done: Progress = lambda _done, _total: None) -> Projection:
    """Return the quantiles of a scenario's runs by one of the models.

    Raises
    ------
    BadInput
        If there is no such model, or the scenario cannot be simulated.
    """
    known = models()
    if model not in known:
        raise BadInput(f"there is no model '{model[:40]}' here; there are {', '.join(sorted(known))}")
    if scenario.days < 1 or scenario.runs < 1 or scenario.days * scenario.runs > MOST_CELLS:
        raise BadInput(f"{scenario.runs} runs of {scenario.days} days: between 1 and {MOST_CELLS:,} run-days are done")
    scenario.interventions()
    module, _, name = known[model].partition(":")
    made: ScenarioModel = getattr(import_module(module), name)()
    infections = made.infections(scenario, done)
    return Projection(
        model,
        scenario,
        np.quantile(infections, PROBABILITIES, axis=0),
        np.quantile(np.cumsum(infections, axis=1), PROBABILITIES, axis=0),
    )


def parsed_measure(text: str) -> Measure:
    """Return the measure that `2020-01-23=0.4` or `2020-01-23..2020-04-08=0.4` says.

    Raises
    ------
    BadInput
        If it says anything else.
    """
    span, _, factor = text.partition("=")
    start, dots, end = span.partition("..")
    try:
        measure = Measure(date.fromisoformat(start), float(factor), date.fromisoformat(end) if dots else None)
    except ValueError:
        raise BadInput(
            f"'{text[:60]}' is no measure; write 2020-01-23=0.4 (from that day on, 40 % of the transmission) or "
            "2020-01-23..2020-04-08=0.4 (until the day before the second)"
        ) from None
    if not 0 <= measure.factor <= 100:
        raise BadInput(f"measure {text[:60]}: a factor lies between 0 (nobody infects) and 100")
    return measure
