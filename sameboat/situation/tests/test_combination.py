"""Weights of members, width of bands, and standing."""

from datetime import date, timedelta

import numpy as np
import pytest

from sameboat.situation.engine.forecast import Outcome, Round, running_score, standing
from sameboat.situation.engine.forecast.combination import fitted, member_weights
from sameboat.situation.engine.forecast.quantiles import BAND_95, LEVELS, covered, interval_score
from sameboat.situation.engine.forecast.standing import FEWEST_ROUNDS, Reason, RunningScore

SHAPE = 100 * np.exp(LEVELS - 0.5)  # quantiles around 100


def outcomes(forecasts, observed, rounds=10):
    """Return `rounds` outcomes of members whose quantiles are `forecasts`, all alike, for two places."""
    members = {name: np.tile(quantiles, (2, 1, 1)) for name, quantiles in forecasts.items()}
    combined = np.mean(list(members.values()), axis=0)
    return [
        Outcome(
            Round(date(2021, 1, 4) + timedelta(weeks=week), (date(2021, 1, 9),), members, combined, combined),
            0,
            np.full(2, observed),
        )
        for week in range(rounds)
    ]


def test_members_weigh_alike_at_first():
    """Without outcomes no member is preferred."""
    assert member_weights({"flat": 1.0, "trend": 1.0}, []) == {"flat": 0.5, "trend": 0.5}


def test_a_member_that_has_learnt_little_weighs_little():
    """Without outcomes a member weighs as its credit says."""
    assert member_weights({"flat": 1.0, "trend": 0.25}, []) == pytest.approx({"flat": 0.8, "trend": 0.2})


def test_the_better_member_weighs_more():
    """The member that came closer weighs more, and the weights add up to 1."""
    weights = member_weights({"near": 1.0, "far": 1.0}, outcomes({"near": SHAPE, "far": 2 * SHAPE}, 100.0))
    assert weights["near"] > 0.9
    assert sum(weights.values()) == pytest.approx(1)


def test_weeks_whose_outcome_is_unknown_do_not_count():
    """Outcomes that are not known yet leave the weights alike."""
    assert member_weights({"a": 1.0, "b": 1.0}, outcomes({"a": SHAPE, "b": 2 * SHAPE}, float("nan"))) == {
        "a": 0.5,
        "b": 0.5,
    }


def test_bands_stay_as_learnt_at_first():
    """Without outcomes quantiles are left as they are."""
    np.testing.assert_allclose(fitted(SHAPE[None], [], 5.0)[0], SHAPE)


def test_bands_that_missed_are_widened():
    """After weeks outside the band it is wider, its median where it was."""
    wider = fitted(SHAPE[None], outcomes({"only": SHAPE}, 300.0), 5.0)[0]
    assert wider[21] > SHAPE[21]
    assert wider[1] < SHAPE[1]
    assert wider[11] == pytest.approx(SHAPE[11])


def test_bands_that_held_easily_are_narrowed_a_little():
    """After weeks at the median the band is narrower, by no more than the bound."""
    narrower = fitted(SHAPE[None], outcomes({"only": SHAPE}, 100.0, rounds=26), 5.0)[0]
    ratio = np.log((narrower[21] + 5) / (narrower[11] + 5)) / np.log((SHAPE[21] + 5) / (SHAPE[11] + 5))
    assert 0.8 <= ratio < 1


def test_a_running_score_is_the_mean_score():
    """The running score is the mean weighted interval score and the share of outcomes in the band."""
    known = outcomes({"flat": 2 * SHAPE, "trend": SHAPE}, 130.0)
    score = running_score("trend", known)
    assert score.wis == pytest.approx(float(interval_score(SHAPE, np.array(130.0))))
    assert score.relative == pytest.approx(float(score.wis / interval_score(2 * SHAPE, np.array(130.0))))
    assert score.coverage_95 == float(covered(SHAPE, np.array(130.0), BAND_95))


def test_a_model_without_outcomes_has_no_score():
    """Nothing known gives no rounds and nan, not zero."""
    score = running_score("trend", outcomes({"flat": SHAPE, "trend": SHAPE}, float("nan")))
    assert score.rounds == 0
    assert np.isnan(score.wis)


@pytest.mark.parametrize(
    ("coverage", "rounds", "was_active", "active", "reason"),
    [
        (0.95, 12, True, True, Reason.COVERS),
        (0.79, 12, True, False, Reason.MISSES),
        (0.85, 12, True, True, Reason.COVERS),
        (0.85, 12, False, False, Reason.RECOVERING),
        (0.88, 12, False, True, Reason.COVERS),
        (0.10, FEWEST_ROUNDS - 1, True, True, Reason.NEW),
        (0.95, FEWEST_ROUNDS - 1, False, False, Reason.RECOVERING),
        (float("nan"), 0, True, True, Reason.NEW),
    ],
)
def test_a_model_is_suspended_when_its_coverage_fails(coverage, rounds, was_active, active, reason):
    """A model is suspended below 80 %, returns at 88 %, and is shown while too little is known."""
    found = standing(RunningScore("trend", 1, rounds, 1.0, 1.0, 0.5, coverage), was_active)
    assert (found.active, found.reason) == (active, reason)
