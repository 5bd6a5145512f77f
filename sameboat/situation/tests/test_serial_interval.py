import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import gamma

from sameboat.situation.engine.serial_interval import (
    SerialIntervalError,
    checked_serial_interval,
    discretised_serial_interval,
    infectiousness,
)
from sameboat.situation.tests import facts


@facts.NEEDED
def test_discretised_interval_equals_epiestim():
    """Mean 4.8 and sd 2.3 give EpiEstim's own probabilities."""
    theirs = facts.table("rt_reference/si_distr.csv")[:, 0]
    assert np.abs(discretised_serial_interval(4.8, 2.3, len(theirs)) - theirs).max() < 1e-12


@pytest.mark.parametrize(("mean", "sd"), [(2.1, 0.7), (4.8, 2.3), (15.3, 9.3)])
def test_discretised_interval_averages_over_the_time_of_day(mean, sd):
    """Each day's probability is the shifted gamma density under a triangle two days wide."""
    shape, scale = ((mean - 1) / sd) ** 2, sd**2 / (mean - 1)
    ours = discretised_serial_interval(mean, sd, 12)
    for day in range(1, 12):

        def weigh(x, day=day):
            return (1 - abs(x + 1 - day)) * gamma.pdf(x, shape, scale=scale)

        left, right = (quad(weigh, max(a, 0), max(a + 1, 0))[0] for a in (day - 2, day - 1))
        assert ours[day] == pytest.approx(left + right, abs=1e-8)


@settings(deadline=None)
@given(st.floats(1.5, 12), st.floats(0.2, 1))
def test_discretised_interval_is_a_distribution_with_the_mean_asked_for(mean, spread):
    """Over enough days the probabilities add up to 1 and average to the mean; nobody infects on day 0."""
    ours = discretised_serial_interval(mean, spread * (mean - 1), 400)
    assert ours[0] == 0
    assert (ours >= 0).all()
    assert ours.sum() == pytest.approx(1, abs=1e-6)
    assert ours @ np.arange(400) == pytest.approx(mean, abs=1e-3)


def test_infectiousness_is_the_renewal_sum():
    """Λ(t) is the sum of earlier counts, each weighed by the probability of its age."""
    rng = np.random.default_rng(1)
    counts, weights = rng.poisson(20, (3, 40)).astype(float), discretised_serial_interval(4.8, 2.3, 30)
    slow = np.array(
        [[sum(weights[s] * row[t - s] for s in range(min(t, 29) + 1)) for t in range(40)] for row in counts]
    )
    assert np.allclose(infectiousness(counts, weights), slow, rtol=1e-13, atol=0)


@pytest.mark.parametrize(
    "arguments", [(1.0, 2.0, 20), (np.nan, 2.0, 20), (4.8, 0.0, 20), (4.8, -1.0, 20), (4.8, np.inf, 20), (4.8, 2.3, 0)]
)
def test_impossible_moments_are_refused(arguments):
    """A mean of at most a day, an sd that is no spread, no days."""
    with pytest.raises(SerialIntervalError):
        discretised_serial_interval(*arguments)


@pytest.mark.parametrize(
    "weights",
    [[1.0], [[0.0, 1.0]], [0.0, 0.5, 0.4], [0.0, 0.7, 0.7], [0.2, 0.8], [0.0, -0.1, 1.1], [0.0, np.nan, 1.0], []],
)
def test_what_is_no_distribution_over_days_is_refused(weights):
    """Too short, of another shape, not adding up to 1, with a chance of day 0, negative, unknown, empty."""
    with pytest.raises(SerialIntervalError):
        checked_serial_interval(weights)
