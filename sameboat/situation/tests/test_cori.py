import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sameboat.situation.engine.cori import estimate_cori
from sameboat.situation.engine.incidence import IncidenceError
from sameboat.situation.engine.serial_interval import SerialIntervalError, discretised_serial_interval
from sameboat.situation.tests import facts

SERIAL_INTERVAL = discretised_serial_interval(4.8, 2.3, 60)


@facts.NEEDED
@pytest.mark.parametrize(("ours", "theirs"), [("mean", "mean"), ("lower", "lo"), ("upper", "hi")])
def test_equals_epiestim(ours, theirs):
    """50 simulated epidemics of 200 days: EpiEstim 2.2.4's figures within 1e-9."""
    counts = facts.table("rt_reference/simulated_incidence.csv").T
    golden = facts.table(f"rt_reference/epiestim_2.2.4_{theirs}.parquet").T
    estimate = estimate_cori(counts, discretised_serial_interval(4.8, 2.3, counts.shape[1] + 1))
    # The file's windows start on days 8 to 194, counted from 1: they end on days 13 to 199, counted from 0.
    assert np.abs(getattr(estimate, ours)[:, 13:] - golden).max() < 1e-9


@settings(deadline=None)
@given(arrays(np.int64, 40, elements=st.integers(0, 5000)), st.integers(2, 9))
def test_scaling_all_counts_hardly_moves_the_mean(counts, factor):
    """R is a ratio: with a vague prior a series and its multiple tell the same, the larger one more surely."""
    small = estimate_cori(counts + 50, SERIAL_INTERVAL, prior_mean=1, prior_sd=1000)
    large = estimate_cori((counts + 50) * factor, SERIAL_INTERVAL, prior_mean=1, prior_sd=1000)
    known = ~np.isnan(small.mean)
    assert np.allclose(small.mean[known], large.mean[known], rtol=1e-4)
    assert (large.sd[known] < small.sd[known]).all()


def test_a_missing_day_hides_the_estimates_it_touches_and_no_others():
    """NaN is not zero: windows that hold it, or whose infectiousness does, have no estimate."""
    counts = np.random.default_rng(2).poisson(100, 150).astype(float)
    holed = counts.copy()
    holed[60] = np.nan
    whole, part = estimate_cori(counts, SERIAL_INTERVAL), estimate_cori(holed, SERIAL_INTERVAL)
    reach = 60 + len(np.trim_zeros(SERIAL_INTERVAL, "b")) + 6
    assert np.isnan(part.mean[60:120]).all()
    assert np.array_equal(part.mean[:60], whole.mean[:60], equal_nan=True)
    assert np.array_equal(part.mean[reach:], whole.mean[reach:])


def test_without_cases_the_prior_is_what_is_left():
    """A series of zeros says nothing: the estimate is the prior."""
    estimate = estimate_cori(np.zeros(30), SERIAL_INTERVAL)
    assert estimate.mean[-1] == pytest.approx(5)
    assert estimate.sd[-1] == pytest.approx(5)


@pytest.mark.parametrize("days", [1, 6])
def test_a_series_shorter_than_the_window_has_no_estimate(days):
    """One day, or a day less than the window: NaN, not an error."""
    assert np.isnan(estimate_cori(np.ones(days), SERIAL_INTERVAL).mean).all()


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"incidence": [1, -1]}, IncidenceError),
        ({"serial_interval": [0.5, 0.5]}, SerialIntervalError),
        ({"window": 0}, ValueError),
        ({"prior_mean": 0}, ValueError),
        ({"prior_sd": -1}, ValueError),
        ({"level": 1.0}, ValueError),
    ],
)
def test_bad_input_is_refused(arguments, error):
    """Counts, interval, window, prior and level are each checked."""
    with pytest.raises(error):
        estimate_cori(**{"incidence": np.ones(30), "serial_interval": SERIAL_INTERVAL} | arguments)
