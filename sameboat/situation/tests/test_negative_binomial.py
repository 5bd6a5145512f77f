import numpy as np
import pytest
from scipy.stats import nbinom, poisson

from sameboat.situation.engine.gaussian_sum import UNOBSERVED, matern_3_2, ornstein_uhlenbeck
from sameboat.situation.engine.negative_binomial import dispersions, gaussian_observations, pilot_path
from sameboat.situation.engine.weekday import weekday_factors

PROCESSES = [ornstein_uhlenbeck(0.05, 0.5), matern_3_2(20.0, 0.5)]


def log_likelihood(count, expected, log_r, dispersion):
    """Return the exact one."""
    mean = expected * np.exp(log_r)
    size = 1 / dispersion
    return nbinom.logpmf(count, size, size / (size + mean))


@pytest.mark.parametrize("dispersion", [0.01, 0.1, 0.5])
@pytest.mark.parametrize("ratio", [0.4, 1.0, 2.5])
def test_the_parabola_follows_the_likelihood_between_the_path_and_the_count(dispersion, ratio):
    """From the believed log R to the one that the count alone tells, the log likelihood changes as it does."""
    expected, count = 400.0, np.round(400 * ratio)
    observed, variance, _ = (
        a.ravel()[0]
        for a in gaussian_observations(
            np.array([[count]]), np.array([[expected]]), np.zeros((1, 1)), np.array([[dispersion]])
        )
    )
    told = np.log(ratio)
    exact = log_likelihood(count, expected, told, dispersion) - log_likelihood(count, expected, 0, dispersion)
    parabola = 0.5 * (observed**2 - (told - observed) ** 2) / variance
    assert parabola == pytest.approx(exact, rel=0.15, abs=0.05)


def test_the_evidence_completes_the_likelihood():
    """Evidence and parabola together are the exact log likelihood near the point of expansion, up to a constant."""
    counts, expected = np.array([[300.0], [420.0]]), np.full((2, 1), 350.0)
    grid = np.array([[0.005], [0.05], [0.3]])
    observed, variance, evidence = gaussian_observations(counts, expected, np.zeros((2, 1)), grid)
    log_r = 0.05
    ours = evidence[:, 0] - 0.5 * ((observed[..., 0] - log_r) ** 2 / variance[..., 0] + np.log(variance[..., 0])).sum(0)
    exact = [log_likelihood(counts, expected, log_r, phi[0]).sum() for phi in grid]
    assert np.allclose(ours - ours[0], np.array(exact) - exact[0], atol=0.05)


def test_a_day_that_expects_nothing_tells_nothing():
    """Where Λ is 0 the observation has no weight, whatever the count."""
    _, variance, evidence = gaussian_observations(
        np.array([[7.0]]), np.zeros((1, 1)), np.zeros((1, 1)), np.ones((2, 1))
    )
    assert (variance == UNOBSERVED).all()
    assert (evidence == 0).all()


@pytest.mark.parametrize("truth", [0.02, 0.1, 0.4])
def test_dispersion_is_recovered(truth):
    """Counts of known dispersion around a moving R: the middle one of the three values is close to it."""
    rng = np.random.default_rng(7)
    days, series = 200, 40
    log_r = 0.4 * np.sin(np.arange(days) / 15)[:, np.newaxis] + np.zeros((1, series))
    expected = np.full((days, series), 300.0)
    counts = rng.poisson(expected * np.exp(log_r) * rng.gamma(1 / truth, truth, (days, series))).astype(float)
    values, _ = dispersions(counts, expected, pilot_path(counts, expected), PROCESSES, reset=0.01)
    assert np.median(values[1]) == pytest.approx(truth, rel=0.2)


def test_poisson_counts_are_found_to_be_so():
    """Without overdispersion the variance that φ adds is a small part of the Poisson one."""
    counts = poisson.rvs(100, size=(200, 20), random_state=8).astype(float)
    expected = np.full(counts.shape, 100.0)
    values, _ = dispersions(counts, expected, pilot_path(counts, expected), PROCESSES, reset=0.01)
    assert np.median(values[1]) * 100 < 0.1


def test_the_weeks_rhythm_is_recovered_and_none_is_invented():
    """Factors of a rhythm are found to a few per cent; without one they stay close to 1."""
    rng = np.random.default_rng(9)
    factors = np.array([1.2, 1.1, 1.1, 1.05, 1.0, 0.8, 0.75])
    factors /= np.exp(np.log(factors).mean())
    level, told = np.full((140, 10), 500.0), np.ones((140, 10), dtype=bool)
    clusters = rng.gamma(100, 1 / 100, level.shape)
    with_rhythm = rng.poisson(level * factors[np.arange(140) % 7, np.newaxis] * clusters).astype(float)
    without = rng.poisson(level * clusters).astype(float)
    assert np.abs(weekday_factors(with_rhythm, level, told) / factors[:, np.newaxis] - 1).mean() < 0.04
    assert np.abs(np.log(weekday_factors(without, level, told))).mean() < 0.02


@pytest.mark.parametrize("days", [1, 6, 20])
def test_too_few_weeks_show_no_rhythm(days):
    """With less than three of every weekday all factors are 1."""
    counts = np.full((days, 2), 10.0) * (1 + np.arange(days)[:, np.newaxis] % 7)
    assert (weekday_factors(counts, np.full((days, 2), 40.0), np.ones((days, 2), dtype=bool)) == 1).all()
