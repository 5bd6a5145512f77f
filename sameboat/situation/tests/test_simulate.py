import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sameboat.situation.engine.serial_interval import discretised_serial_interval
from sameboat.situation.engine.simulate import (
    Disease,
    Intervention,
    ScenarioError,
    simulate_compartments,
    simulate_renewal,
)

FLU = Disease(basic_reproduction=1.8, latent_days=2.0, infectious_days=3.0)
SERIAL_INTERVAL = discretised_serial_interval(4.8, 2.3, 30)


@settings(max_examples=30, deadline=None)
@given(st.floats(0, 5), st.floats(1, 10), st.floats(1, 10), st.floats(0, 1), st.integers(0, 2**32))
def test_people_are_neither_made_nor_lost(reproduction, latent, infectious, dispersion, seed):
    """On every day the compartments add up to the population, and infections are what left the susceptible."""
    disease = Disease(reproduction, latent, infectious, dispersion)
    runs = simulate_compartments(disease, population=1000, infected=10, days=60, runs=3, seed=seed)
    total = runs.susceptible + runs.exposed + runs.infectious + runs.removed
    assert (total == 1000).all()
    assert (runs.susceptible >= 0).all()
    assert np.array_equal(np.cumsum(runs.infections, axis=1), 990 - runs.susceptible)


def test_the_same_seed_gives_the_same_runs_and_another_seed_others():
    """Scenarios can be reproduced."""
    one, again, other = (
        simulate_compartments(FLU, population=10_000, infected=20, days=80, runs=4, seed=seed).infections
        for seed in (7, 7, 8)
    )
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


def test_the_final_size_is_the_classical_one():
    """Without interventions the share ever infected solves z = 1 - exp(-R₀ z) (Kermack & McKendrick 1927)."""
    runs = simulate_compartments(FLU, population=400_000, infected=400, days=400, runs=8, seed=1)
    share = 1 - runs.susceptible[:, -1] / 400_000
    z = 0.7
    for _ in range(100):
        z = 1 - np.exp(-1.8 * z)
    # Daily steps let fewer people be infected twice over than continuous time does.
    assert share.mean() == pytest.approx(z, abs=0.02)


def test_infections_follow_the_renewal_equation_with_the_reproduction_given():
    """Cases over R(t) Λ(t), with the disease's own generation interval, average to 1."""
    runs = simulate_compartments(
        FLU, population=10_000_000, infected=2000, days=60, runs=20, seed=2, interventions=[Intervention(30, 0.5)]
    )
    weights = FLU.generation_interval(60)
    lags = np.arange(1, 60)
    for day in (25, 29, 30, 31, 45, 59):
        past = lags[lags <= day]
        expected = runs.reproduction[:, day] * (runs.infections[:, day - past] @ weights[past])
        assert (runs.infections[:, day] / expected).mean() == pytest.approx(1, abs=0.02)


def test_an_intervention_acts_from_its_first_day_to_the_day_before_its_end():
    """R falls on the first day by the factor and rises again on the last; together they multiply."""
    runs = simulate_compartments(
        FLU,
        population=10**9,
        infected=10,
        days=40,
        runs=1,
        seed=3,
        interventions=[Intervention(10, 0.5, end=20), Intervention(15, 0.4)],
    )
    for day, factor in ((9, 1.0), (10, 0.5), (14, 0.5), (15, 0.2), (19, 0.2), (20, 0.4), (39, 0.4)):
        assert runs.reproduction[0, day] == pytest.approx(1.8 * factor, rel=1e-3)


def test_dispersion_is_that_of_negative_binomial_counts():
    """From a given day the variance of the next is μ + φ μ²."""
    quiet = simulate_renewal(np.ones(8), [0, 1], initial=[500], runs=40_000, seed=4, dispersion=0.2)[:, 1]
    assert quiet.mean() == pytest.approx(500, rel=0.01)
    assert quiet.var() == pytest.approx(500 + 0.2 * 500**2, rel=0.05)


def test_reporting_leaves_the_epidemic_as_it_is():
    """Weekdays and reporting noise change what is counted, not what is passed on: means follow the renewal equation."""
    factors = np.array([1.2, 1.1, 1.1, 1.0, 1.0, 0.8, 0.8])
    common = {"initial": np.full(7, 200), "runs": 4000, "seed": 5}
    true = simulate_renewal(np.full(40, 1.1), SERIAL_INTERVAL, **common)
    seen = simulate_renewal(np.full(40, 1.1), SERIAL_INTERVAL, **common, reporting_dispersion=0.1, weekday=factors)
    assert np.allclose(seen.mean(0) / true.mean(0), factors[np.arange(40) % 7], rtol=0.03)


@pytest.mark.parametrize(
    "change",
    [
        {"disease": Disease(2, 0.5, 3)},
        {"disease": Disease(2, 3, 0.5)},
        {"disease": Disease(-1, 3, 3)},
        {"disease": Disease(2, 3, 3, -0.1)},
        {"infected": 2000},
        {"infected": -1},
        {"population": 0, "infected": 0},
        {"days": 0},
        {"runs": 0},
        {"interventions": [Intervention(3, -1)]},
        {"interventions": [Intervention(-3, 1)]},
        {"interventions": [Intervention(9, 1, end=3)]},
    ],
)
def test_impossible_scenarios_are_refused(change):
    """Durations, rates, numbers of people, days and interventions are each checked."""
    possible = {"disease": FLU, "population": 1000, "infected": 1, "days": 10, "runs": 1, "seed": 1}
    with pytest.raises(ScenarioError):
        simulate_compartments(**possible | change)


@pytest.mark.parametrize(
    "change",
    [{"reproduction": -np.ones(9)}, {"initial": [-1]}, {"initial": []}, {"initial": np.ones(10)}, {"dispersion": -1}],
)
def test_impossible_renewal_is_refused(change):
    """A negative R, count or dispersion; no first day, or more first days than days."""
    possible = {"reproduction": np.ones(9), "serial_interval": SERIAL_INTERVAL, "initial": [1], "runs": 1, "seed": 1}
    with pytest.raises(ScenarioError):
        simulate_renewal(**possible | change)
