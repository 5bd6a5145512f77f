import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sameboat.situation.engine.nowcast import (
    TriangleError,
    evaluate_nowcasts,
    nowcast,
    reporting_triangle,
    vintage,
)
from sameboat.situation.engine.score import ScoreError
from sameboat.situation.tests import facts

DELAYS = 10
SHARES = np.array([0.3, 0.25, 0.15, 0.1, 0.07, 0.05, 0.03, 0.02, 0.02, 0.01])


def triangle(days=80, mean=400.0, clusters=50, seed=21):
    """Return reports of days with Poisson numbers of cases, their delays drawn from clusters around SHARES."""
    rng = np.random.default_rng(seed)
    level = mean * np.exp(0.6 * np.sin(np.arange(days) / 12))
    shares = rng.gamma(clusters * SHARES, 1 / clusters, (days, DELAYS))
    full = rng.poisson(level[:, np.newaxis] * shares).astype(float)
    return vintage(full, days - 1)


@facts.NEEDED
def test_german_hospitalisations_are_nowcast_as_well_as_asked_for():
    """From each day's vintage alone: a fifth of the uncorrected error, and half of the truths in the 50 % band."""
    scores = evaluate_nowcasts(facts.german_triangle())
    assert scores.ratio <= 0.25
    assert 0.45 <= scores.covered_50 <= 0.55
    assert 0.92 <= scores.covered_95 <= 0.98


@facts.NEEDED
def test_a_nowcast_knows_no_later_report():
    """A vintage cut from the whole table gives the figures that the evaluation used for that day."""
    whole = facts.german_triangle()
    day = 90
    alone = nowcast(vintage(whole, day))
    changed = whole.copy()
    later = np.arange(len(whole))[:, np.newaxis] + np.arange(whole.shape[1]) > day
    changed[later & ~np.isnan(whole)] += 1000
    assert np.array_equal(alone.quantiles, nowcast(vintage(changed, day)).quantiles)


def test_bands_hold_simulated_truths_about_as_often_as_they_say():
    """Twelve epidemics with clustered delays."""
    scores = [evaluate_nowcasts(triangle(days=120, seed=seed)) for seed in range(12)]
    assert np.mean([s.covered_50 for s in scores]) == pytest.approx(0.5, abs=0.06)
    assert np.mean([s.covered_95 for s in scores]) == pytest.approx(0.95, abs=0.03)


def test_constant_delays_are_completed_exactly():
    """Where every day has the same shares, what will come is known."""
    totals = np.linspace(1000, 5000, 60)
    full = totals[:, np.newaxis] * SHARES
    cast = nowcast(vintage(full, 59))
    assert np.allclose(cast.expected, totals, rtol=1e-3)
    assert np.allclose(cast.reported[-1], totals[-1] * SHARES[0])


def test_the_chain_ladder_is_macks():
    """Growth factors are ratios of sums over the last rows that have both delays."""
    cumulative = np.cumsum(triangle(days=60), axis=1)
    factors = []
    for delay in range(DELAYS - 1):
        rows = slice(59 - delay - 15, 59 - delay)
        factors.append(cumulative[rows, delay + 1].sum() / cumulative[rows, delay].sum())
    expected = [cumulative[59 - age, age] * np.prod(factors[age:]) for age in range(DELAYS)]
    # Half a case is added to both sums.
    assert np.allclose(nowcast(triangle(days=60), window=15).expected[::-1][:DELAYS], expected, rtol=1e-3)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32), st.floats(0.5, 2000))
def test_quantiles_ascend_and_complete_days_are_certain(seed, mean):
    """On any triangle quantiles do not descend, are not below what was reported, and complete days are as reported."""
    cast = nowcast(triangle(mean=mean, seed=seed))
    assert (np.diff(cast.quantiles, axis=1) >= 0).all()
    assert (cast.quantiles >= cast.reported[:, np.newaxis]).all()
    complete = slice(None, len(cast.reported) - DELAYS + 1)
    assert np.array_equal(cast.quantiles[complete], np.repeat(cast.reported[complete, np.newaxis], 23, axis=1))


def test_corrections_may_take_reports_back():
    """Where a tenth is taken back after five days, the nowcast of days still uncorrected lies below their report."""
    full = np.tile(np.r_[600.0, 300, 100, 0, 0, -100, 0, 0, 0, 0], (60, 1))
    cast = nowcast(vintage(full, 59))
    assert cast.expected[-4] == pytest.approx(900, rel=1e-2)
    assert cast.reported[-4] == 1000
    assert cast.quantiles[-4, 11] < 950


def test_nothing_reported_at_all_is_expected_to_stay_small():
    """Triangles of zeros give zeros with a narrow band."""
    cast = nowcast(vintage(np.zeros((40, DELAYS)), 39))
    assert (cast.expected == 0).all()
    assert cast.quantiles.max() < 5


def test_a_day_without_any_report_is_caught_up_later():
    """A NaN among known reports counts as nothing reported on that day."""
    counts = triangle()
    silent = counts.copy()
    rows = np.arange(60, 70)
    silent[rows, 70 - rows + 0 - 1] = np.nan
    as_zero = np.where(np.isnan(silent) & ~np.isnan(counts), 0, silent)
    assert np.array_equal(nowcast(silent).quantiles, nowcast(as_zero).quantiles)


def test_a_table_of_reports_becomes_a_triangle():
    """What is not in the table is 0 where it could have been reported, and NaN where not yet; long delays are cut."""
    made = reporting_triangle([0, 0, 1, 2, 0], [0, 2, 1, 0, 3], [5, 1, 4, 3, 9], last_report_day=3, delays=3)
    assert np.array_equal(made, [[5, 0, 1], [0, 4, 0], [3, 0, np.nan], [0, np.nan, np.nan]], equal_nan=True)


@pytest.mark.parametrize(
    ("table", "says"),
    [
        (([0, 0], [1, 1], [2, 2]), "2 reports"),
        (([0], [-1], [2]), "Row 0: the delay is -1"),
        (([0.5], [1], [2]), "Row 0: the reference day is 0.5"),
        (([0, 1], [0, 0], [2, np.nan]), "Row 1: the count is nan"),
        (([0, 4], [0, 2], [1, 1]), "Row 1: reported on day 6, after"),
        (([0, 1], [0], [1]), "same length"),
    ],
)
def test_reports_that_cannot_be_are_refused_with_their_row(table, says):
    """Twice the same, before their day, on half a day, of unknown size, from the future, lists that do not fit."""
    with pytest.raises(TriangleError, match=says):
        reporting_triangle(*table, last_report_day=5, delays=4)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (np.zeros(5), "days, delays"),
        (np.zeros((5, 1)), "two delays"),
        (np.zeros((8, DELAYS)), "too few"),
        (np.full((40, DELAYS), np.inf), "infinite"),
        (np.zeros((40, DELAYS)), "after the last row's day"),
        (vintage(np.zeros((11, DELAYS)), 10), "past nowcast"),
    ],
)
def test_what_is_no_triangle_is_refused(given, says):
    """Other shapes, too few rows, infinities, reports from the future, too short a past to know the error."""
    with pytest.raises(TriangleError, match=says):
        nowcast(given)


def test_quantiles_without_a_median_are_refused():
    """Probabilities are those of a forecast."""
    with pytest.raises(ScoreError):
        nowcast(triangle(), probabilities=[0.1, 0.9])


def test_a_range_with_nothing_to_score_is_refused():
    """The error says which days were looked at."""
    with pytest.raises(TriangleError, match="days 79 to 79"):
        evaluate_nowcasts(triangle(), first=79, longest=3)
