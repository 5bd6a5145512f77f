"""Daily counts freed of the habits of reporting."""

import numpy as np
import pytest

from sameboat.situation.engine.forecast.reporting import fill_days, fill_weeks


def steady(days=70, count=100.0):
    """Return one place's steady daily counts."""
    return np.full((1, days), count)


def filled(cases):
    """Return the days that were filled in."""
    return np.flatnonzero(fill_days(cases)[1][0]).tolist()


def test_a_steady_series_stays_as_it_is():
    """Nothing is filled in where every day was reported."""
    assert filled(steady()) == []


@pytest.mark.parametrize("odd", [float("nan"), -500.0, 5000.0])
def test_a_gap_a_correction_and_a_dump_are_filled_with_the_usual(odd):
    """One missing, negative or enormous day becomes a day like its weekdays."""
    cases = steady()
    cases[0, 50] = odd
    assert fill_days(cases)[0][0, 50] == pytest.approx(100, rel=0.05)


def test_a_filled_day_follows_the_growth_of_its_week():
    """A day missing from a week three times as high as before is filled at that height."""
    cases = steady()
    cases[0, -7:] = 300
    cases[0, -1] = np.nan
    assert fill_days(cases)[0][0, -1] == pytest.approx(300, rel=0.15)


def test_zeros_at_the_end_are_not_yet_reported():
    """The last days of a place that reports daily are filled in, its zeros not believed."""
    cases = steady()
    cases[0, -2:] = 0
    assert filled(cases) == [68, 69]


def test_weekdays_without_reports_stay_zero():
    """A place that never reports on two weekdays keeps its zeros there, also at the end."""
    cases = steady()
    cases[0, 5::7] = cases[0, 6::7] = 0
    assert filled(cases) == []


def test_a_weekly_report_is_no_dump():
    """A place that reports once a week keeps its figures."""
    cases = np.zeros((1, 70))
    cases[0, 3::7] = 700
    assert filled(cases) == []


def test_the_first_weekly_report_after_daily_ones_is_no_dump():
    """A week's total on one day is that week's rate, not a dump, when the days before it are zero."""
    cases = steady()
    cases[0, 56:63] = [0, 0, 0, 0, 0, 0, 700]
    assert 62 not in filled(cases)


def test_zeros_are_believed_after_a_week():
    """Of a silence of ten days none is filled in: the place has stopped, or there is nothing to report."""
    cases = steady()
    cases[0, -10:] = 0
    assert filled(cases) == []


def test_rare_events_stay_rare():
    """Zeros among counts of one or two are zeros."""
    cases = np.tile([1.0, 0.0, 2.0, 0.0, 0.0], 14)[None]
    assert filled(cases) == []


def test_a_missing_week_is_taken_from_the_week_before():
    """Weekly figures carry the last one over a gap and a correction."""
    weeks, missing = fill_weeks(np.array([[10.0, np.nan, -5.0, 20.0]]))
    assert weeks.tolist() == [[10, 10, 10, 20]]
    assert missing.tolist() == [[False, True, True, False]]
