import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import norm

from sameboat.situation.engine.gaussian_mixture import mean_of_exponential, probability_above, quantile
from sameboat.situation.engine.gaussian_sum import UNOBSERVED, Mixture, matern_3_2, ornstein_uhlenbeck, smooth

DAYS = 40
RNG = np.random.default_rng(6)


def smoothed(observed, variance, process, **options):
    """Return the mixture of one series under one process."""
    mixture, _ = smooth(
        observed[:, np.newaxis, np.newaxis],
        variance[:, np.newaxis, np.newaxis],
        np.zeros((1, 1)),
        [process],
        np.zeros((1, 1)),
        **{"reset": 1e-200, "memory": 3, "keep": 1} | options,
    )
    return mixture


def moments(mixture):
    """Return each day's mean and variance."""
    mean = (mixture.weight * mixture.mean).sum(axis=1)[:, 0]
    second = (mixture.weight * (mixture.variance + mixture.mean**2)).sum(axis=1)[:, 0]
    return mean, second - mean**2


def autocovariance(name, lag):
    """Return the covariance that the process should have between days so far apart."""
    if name == "random walk":
        return 0.5**2 * np.sqrt(1 - (0.1 / 0.5) ** 2) ** lag
    if name == "constant":
        return np.full(lag.shape, 0.5**2)
    r = np.sqrt(3) * lag / 9.0
    return 0.5**2 * (1 + r) * np.exp(-r)


@pytest.mark.parametrize(
    ("name", "process"),
    [
        ("random walk", ornstein_uhlenbeck(0.1, 0.5)),
        ("constant", ornstein_uhlenbeck(0.0, 0.5)),
        ("smooth", matern_3_2(9.0, 0.5)),
    ],
)
def test_without_resets_it_is_gaussian_process_regression(name, process):
    """Mean and variance are those of the dense solution, days without an observation included."""
    observed = RNG.normal(size=DAYS)
    variance = RNG.uniform(0.01, 0.3, DAYS)
    variance[[3, 4, 20, 39]] = UNOBSERVED
    days = np.arange(DAYS)
    prior = autocovariance(name, np.abs(days[:, np.newaxis] - days))
    gain = prior @ np.linalg.inv(prior + np.diag(variance))
    mean, spread = moments(smoothed(observed, variance, process))
    assert np.allclose(mean, gain @ observed, atol=1e-5)
    assert np.allclose(spread, np.diag(prior - gain @ prior), atol=1e-5)


def test_a_jump_is_found_on_its_day_where_noise_is_small():
    """A constant that may be reset follows a step at once and stays flat on both sides of it."""
    truth = np.where(np.arange(DAYS) < 17, 0.5, -0.4)
    mixture = smoothed(
        truth + RNG.normal(0, 0.05, DAYS), np.full(DAYS, 0.05**2), ornstein_uhlenbeck(0.0, 0.5), reset=0.01
    )
    mean, spread = moments(mixture)
    assert np.abs(mean - truth).max() < 0.06
    assert np.sqrt(spread).max() < 0.06


def test_with_resets_it_is_the_mixture_over_all_reset_days():
    """A constant with rare resets: the posterior is the sum over all days of one, computed one by one."""
    days, reset, noise = 12, 1e-3, 0.2
    observed = np.where(np.arange(days) < 7, 0.3, -0.5) + RNG.normal(0, noise, days)
    variance = np.full(days, noise**2)
    weights, means, variances = [], [], []
    for day in range(1, days + 1):
        log_weight, mean, spread = np.log(reset) if day < days else np.log1p(-reset), np.zeros(days), np.zeros(days)
        for part in (slice(0, day), slice(day, days)):
            n = len(observed[part])
            if not n:
                continue
            prior = np.full((n, n), 0.25)
            total = prior + np.diag(variance[part])
            _, log_det = np.linalg.slogdet(total)
            log_weight -= 0.5 * (log_det + observed[part] @ np.linalg.solve(total, observed[part]))
            mean[part] = prior @ np.linalg.solve(total, observed[part])
            spread[part] = np.diag(prior - prior @ np.linalg.solve(total, prior))
        weights.append(log_weight), means.append(mean), variances.append(spread)
    weight = np.exp(np.array(weights) - max(weights))
    weight /= weight.sum()
    expected = weight @ np.array(means)
    mean, _ = moments(smoothed(observed, variance, ornstein_uhlenbeck(0.0, 0.5), reset=reset, memory=5))
    assert np.abs(mean - expected).max() < 0.02


def test_the_process_that_made_the_data_is_found():
    """Of a bank, the member that a series was drawn from gets most of the probability."""
    processes = [ornstein_uhlenbeck(0.0, 0.5), ornstein_uhlenbeck(0.2, 0.5), matern_3_2(30.0, 0.5)]
    days = np.arange(300)
    lag = np.abs(days[:, np.newaxis] - days)
    for truth, name in ((1, "walk"), (2, "smooth")):
        r = np.sqrt(3) * lag / 30.0
        prior = 0.25 * (np.sqrt(1 - 0.16) ** lag if name == "walk" else (1 + r) * np.exp(-r))
        draw = np.linalg.cholesky(prior + 1e-9 * np.eye(300)) @ RNG.normal(size=(300, 8)) + RNG.normal(0, 0.1, (300, 8))
        _, posterior = smooth(
            draw[:, np.newaxis],
            np.full((300, 1, 8), 0.01),
            np.zeros((1, 8)),
            processes,
            np.zeros((3, 1)),
            reset=1e-3,
            memory=3,
            keep=2,
        )
        assert (posterior.argmax(axis=0) == truth).all()


MIXTURES = (
    st.lists(st.tuples(st.floats(0.01, 1), st.floats(-3, 3), st.floats(1e-3, 4)), min_size=1, max_size=6)
    .map(lambda parts: Mixture(*(np.array(column)[np.newaxis, :, np.newaxis] for column in zip(*parts, strict=True))))
    .map(lambda m: m._replace(weight=m.weight / m.weight.sum()))
)


@settings(deadline=None)
@given(MIXTURES, st.floats(0.005, 0.995))
def test_a_mixtures_quantile_has_the_probability_asked_for(mixture, probability):
    """The distribution function at the quantile is the probability."""
    at = quantile(mixture, probability)[0, 0]
    reached = (mixture.weight * norm.cdf(at, mixture.mean, np.sqrt(mixture.variance))).sum()
    assert reached == pytest.approx(probability, abs=1e-4)
    assert probability_above(mixture, at)[0, 0] == pytest.approx(1 - reached, abs=1e-9)


def test_the_mean_of_the_exponential_is_its_integral():
    """Two components, checked by quadrature."""
    mixture = Mixture(*(np.array(v)[np.newaxis, :, np.newaxis] for v in ([0.3, 0.7], [-0.2, 0.4], [0.04, 0.25])))

    def integrand(x):
        return np.exp(x) * sum(
            w * norm.pdf(x, m, np.sqrt(v)) for w, m, v in zip(*(a[0, :, 0] for a in mixture), strict=True)
        )

    assert mean_of_exponential(mixture)[0, 0] == pytest.approx(quad(integrand, -6, 8, limit=200)[0], rel=1e-6)
