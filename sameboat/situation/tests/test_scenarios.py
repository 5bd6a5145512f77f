"""Scenarios: measures by date, models as plug-ins, and quantiles of what they give."""

import json
from datetime import date

import numpy as np
import pytest

from sameboat.project.tests.conftest import call
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


SCENARIO = ["situation", "simulate", "--population", "20000", "--from", "2020-01-01", "--infected", "50"]


def test_a_measure_works_from_its_date_on():
    """Until then both scenarios are the same to the person; afterwards fewer are infected."""
    free, bound = (
        call(*SCENARIO, "--days", "60", *measure, "--json").json["days"]
        for measure in ([], ["--measure", "2020-01-20=0.2"])
    )
    assert free[:19] == bound[:19]
    assert bound[-1]["so_far"][2] < 0.5 * free[-1]["so_far"][2]
    assert free[19]["day"] == "2020-01-20"


def test_a_measure_that_ends_is_lifted_on_that_day():
    """A factor of 0 stops every infection until the day before its end."""
    days = call(*SCENARIO, "--days", "40", "--measure", "2020-01-11..2020-01-21=0", "--json").json["days"]
    assert [day["infections"][-1] for day in days[10:20]] == [0.0] * 10
    assert days[20]["infections"][2] > 0
    assert days[9]["infections"][2] > 0


def test_the_same_seed_gives_the_same_scenario():
    """And another seed another."""
    one, again, other = (call(*SCENARIO, "--days", "30", "--seed", seed).output for seed in ("7", "7", "8"))
    assert one == again
    assert one != other


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--measure", "lockdown"], "is no measure; write 2020-01-23=0.4"),
        (["--measure", "2020-01-23=-1"], "a factor lies between 0"),
        (["--measure", "2021-01-23=0.5"], "does not touch the days"),
        (["--measure", "2020-02-01..2020-01-15=0.5"], "does not touch the days"),
        (["--infected", "30000"], "do not fit a population"),
        (["--latent", "0.5"], "at least one day"),
        (["--runs", "0"], "0 runs"),
        (["--days", "100000", "--runs", "100000"], "run-days"),
        (["--model", "oracle"], "there is no model 'oracle' here; there are compartments"),
    ],
)
def test_assumptions_that_cannot_be_exit_with_2(arguments, words):
    """Each is told in words."""
    ended = call(*SCENARIO, *arguments)
    assert (ended.code, words in ended.errors) == (2, True), ended.errors


def test_starsim_agrees_with_the_compartments_about_how_many_are_infected_in_the_end():
    """Agents on a random network end near the final size of the well-mixed population, measures or not."""
    pytest.importorskip("starsim", reason="the extra `scenarios` is not installed")
    arguments = ["--days", "120", "--infected", "200", "--r0", "1.8", "--latent", "2", "--infectious", "3"]
    arguments += ["--measure", "2020-02-01=0.9", "--json"]
    theirs = call(*SCENARIO, *arguments, "--runs", "2", "--model", "starsim").json
    ours = call(*SCENARIO, *arguments, "--runs", "50").json
    assert theirs["days"][-1]["so_far"][2] == pytest.approx(ours["days"][-1]["so_far"][2], rel=0.12)
    again = call(*SCENARIO, *arguments, "--runs", "2", "--model", "starsim").json
    assert json.dumps(again) == json.dumps(theirs)
