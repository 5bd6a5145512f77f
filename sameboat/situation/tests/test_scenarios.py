"""Scenarios: measures by date, models as plug-ins, and quantiles of what they give."""

from datetime import date

import numpy as np
import pytest

from sameboat.situation import scenarios
from sameboat.situation.engine.simulate import Disease
from sameboat.situation.scenarios import Measure, Scenario, parsed_measure, project
from sameboat.transparency.errors import BadInput

FLU = Disease(1.8, 2.0, 3.0)
JANUARY = Scenario(FLU, population=1000, infected=10, first=date(2020, 1, 1), days=31, runs=40, seed=3)


@pytest.mark.parametrize(
    ("text", "measure"),
    [
        ("2020-01-23=0.4", Measure(date(2020, 1, 23), 0.4)),
        ("2020-01-23..2020-04-08=0", Measure(date(2020, 1, 23), 0.0, date(2020, 4, 8))),
    ],
)
def test_a_measure_says_what_one_types(text, measure):
    """And is shown the same way."""
    assert parsed_measure(text) == measure
    assert str(measure) == text


@pytest.mark.parametrize("text", ["", "0.4", "2020-01-23", "2020-01-23=", "2020-13-01=1", "a..b=1", "2020-01-01..=1"])
def test_what_is_no_measure_is_refused(text):
    """With an example of one."""
    with pytest.raises(BadInput, match=r"write 2020-01-23=0\.4"):
        parsed_measure(text)


def test_measures_are_counted_in_days_from_the_first():
    """One that began before the scenario holds from its first day."""
    measures = (Measure(date(2019, 12, 1), 0.5, date(2020, 1, 11)), Measure(date(2020, 1, 21), 0.2))
    found = Scenario(**{**fields(JANUARY), "measures": measures}).interventions()
    assert [(one.start, one.end, one.factor) for one in found] == [(0, 10, 0.5), (20, None, 0.2)]


def fields(scenario):
    return {name: getattr(scenario, name) for name in scenario.__slots__}


class Twice:
    """A model of somebody else's: run n infects n people a day, twice that under a measure."""

    def infections(self, scenario, done):
        factor = np.ones(scenario.days)
        for one in scenario.interventions():
            factor[one.start : one.end] *= one.factor
        done(scenario.runs, scenario.runs)
        return np.arange(scenario.runs)[:, None] * factor


def test_a_model_that_a_package_brings_is_found_by_its_entry_point(monkeypatch):
    """Its runs become quantiles by day, and of all so far."""

    class Point:
        name, value = "twice", f"{__name__}:Twice"

    monkeypatch.setattr(scenarios, "entry_points", lambda group: [Point] if group == "sameboat.scenarios" else [])
    told = []
    scenario = Scenario(**{**fields(JANUARY), "runs": 101, "measures": (Measure(date(2020, 1, 11), 2.0),)})
    made = project(scenario, "twice", lambda done, total: told.append((done, total)))
    np.testing.assert_allclose(made.daily[:, 0], [2.5, 25, 50, 75, 97.5])
    np.testing.assert_allclose(made.daily[2, [9, 10]], [50, 100])
    assert made.so_far[2, -1] == 50 * 10 + 100 * 21
    assert told == [(101, 101)]


def test_a_plug_in_does_not_take_a_built_in_models_name(monkeypatch):
    """`compartments` stays ours."""

    class Point:
        name, value = "compartments", f"{__name__}:Twice"

    monkeypatch.setattr(scenarios, "entry_points", lambda group: [Point])
    assert scenarios.models()["compartments"] == scenarios.BUILT_IN["compartments"]


def test_quantiles_are_of_runs():
    """Half of the runs lie within the middle band, day by day."""
    made = project(JANUARY)
    runs = scenarios.Compartments().infections(JANUARY, lambda _done, _total: None)
    np.testing.assert_allclose(made.daily, np.quantile(runs, scenarios.PROBABILITIES, axis=0))
    assert (np.diff(made.so_far, axis=1) >= 0).all()


def test_starsim_that_is_not_installed_is_told_with_what_to_do(monkeypatch):
    """Not a traceback."""
    monkeypatch.setitem(__import__("sys").modules, "starsim", None)
    with pytest.raises(BadInput, match=r"pip install 'sameboat\[scenarios\]'"):
        project(JANUARY, "starsim")


def test_starsim_takes_no_dispersion():
    """Rather than pass over what was asked for."""
    pytest.importorskip("starsim", reason="the extra `scenarios` is not installed")
    with pytest.raises(BadInput, match="leave the dispersion out"):
        project(Scenario(**{**fields(JANUARY), "disease": Disease(1.8, 2.0, 3.0, 0.1)}), "starsim")
