import numpy as np
import pytest
import scoringrules
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sameboat.situation.engine.score import (
    HUB_PROBABILITIES,
    ScoreError,
    coverage,
    pairwise_relative_skill,
    relative_score,
    weighted_interval_score,
)

NUMBERS = st.floats(-1e4, 1e4)
FORECASTS = arrays(np.float64, (5, 23), elements=NUMBERS).map(lambda a: np.sort(a, axis=-1))


@settings(deadline=None)
@given(FORECASTS, arrays(np.float64, 5, elements=NUMBERS))
def test_equals_scoringrules(quantiles, truth):
    """The weighted sum of scoringrules' interval scores and the median's error, to twelve digits."""
    # Its own weighted_interval_score adds the median where it means its error, unless numba is there (0.10.0).
    miss = 2 * np.array(HUB_PROBABILITIES[:11])
    intervals = scoringrules.interval_score(truth, quantiles[:, :11], quantiles[:, :11:-1], miss)
    theirs = (0.5 * np.abs(truth - quantiles[:, 11]) + (miss / 2 * intervals).sum(axis=1)) / 11.5
    ours = weighted_interval_score(truth, quantiles, HUB_PROBABILITIES)
    assert np.allclose(ours, theirs, rtol=1e-12, atol=1e-12)


@settings(deadline=None)
@given(FORECASTS, arrays(np.float64, 5, elements=NUMBERS))
def test_is_twice_the_mean_quantile_score(quantiles, truth):
    """Bracher et al. (2021), equation 3, with scoringrules' quantile score."""
    pinball = scoringrules.quantile_score(truth[:, np.newaxis], quantiles, np.array(HUB_PROBABILITIES)).mean(axis=1)
    assert np.allclose(
        weighted_interval_score(truth, quantiles, HUB_PROBABILITIES), 2 * pinball, rtol=1e-12, atol=1e-12
    )


@settings(deadline=None)
@given(NUMBERS, NUMBERS)
def test_of_a_single_number_is_its_absolute_error(truth, forecast):
    """A forecast without spread scores by how far off it is."""
    score = weighted_interval_score(truth, np.full(23, forecast), HUB_PROBABILITIES)
    assert score == pytest.approx(abs(truth - forecast), abs=1e-9)


def test_the_truth_has_the_best_expected_score():
    """The quantiles of the law that the truth is drawn from beat wider, narrower and shifted ones."""
    rng = np.random.default_rng(3)
    truth = rng.normal(size=20_000)
    right = np.quantile(rng.normal(size=200_000), HUB_PROBABILITIES)

    def mean_score(quantiles):
        return weighted_interval_score(truth, np.tile(quantiles, (len(truth), 1)), HUB_PROBABILITIES).mean()

    assert mean_score(right) < min(mean_score(right * 1.3), mean_score(right * 0.7), mean_score(right + 0.3))


def test_coverage_counts_ends_and_leaves_out_the_unknown():
    """Two of three known truths lie within, one of them on the edge."""
    assert coverage([1, 5, 9, np.nan], [1, 6, 0, 0], [3, 8, 9, 9]) == pytest.approx(2 / 3)
    assert np.isnan(coverage([np.nan], [0], [1]))


def test_relative_score_uses_the_forecasts_that_both_made():
    """A model that left out the hard week is compared on the others only."""
    assert relative_score([1, np.nan, 2], [2, 100, 4]) == 0.5


def test_pairwise_skill_is_the_ratio_of_means_when_all_made_the_same_forecasts():
    """With nothing missing, skills are means over the baseline's mean."""
    scores = np.random.default_rng(4).gamma(2, size=(4, 50))
    assert np.allclose(pairwise_relative_skill(scores, baseline=2), scores.mean(1) / scores[2].mean())


def test_pairwise_skill_follows_its_definition():
    """The geometric mean of a model's ratios to all models on shared forecasts, over the baseline's."""
    scores = np.random.default_rng(5).gamma(2, size=(3, 40))
    scores[0, :10], scores[1, 30:] = np.nan, np.nan

    def theta(i):
        ratios = [relative_score(scores[i], scores[j]) for j in range(3)]
        return np.prod(ratios) ** (1 / 3)

    ours = pairwise_relative_skill(scores, baseline=0)
    assert np.allclose(ours, [theta(i) / theta(0) for i in range(3)])


def test_a_model_without_shared_forecasts_has_no_skill():
    """It is NaN and leaves the others' as they are."""
    scores = np.array([[1.0, 1.0], [2.0, 2.0], [np.nan, np.nan]])
    assert np.allclose(pairwise_relative_skill(scores, baseline=0), [1.0, 2.0, np.nan], equal_nan=True)


@pytest.mark.parametrize(
    ("truth", "quantiles", "probabilities"),
    [
        (0.0, [1, 2], [0.25, 0.75]),
        (0.0, [1, 2, 3], [0.25, 0.5, 0.8]),
        (0.0, [1, 2, 3], [0.75, 0.5, 0.25]),
        (0.0, [1, 2, 3], [0.0, 0.5, 1.0]),
        (0.0, [3, 2, 1], [0.25, 0.5, 0.75]),
        ([0.0, 1.0], [1, 2, 3], [0.25, 0.5, 0.75]),
    ],
)
def test_what_is_no_forecast_is_refused(truth, quantiles, probabilities):
    """No median, unpaired, descending or impossible probabilities; descending quantiles; shapes that do not fit."""
    with pytest.raises(ScoreError):
        weighted_interval_score(truth, quantiles, probabilities)
