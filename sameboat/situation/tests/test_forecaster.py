"""One day's forecasts."""

from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from sameboat.situation.engine.forecast import Forecaster, History, Vintage, VintageError
from sameboat.situation.engine.forecast.members import MEMBERS

from .epidemics import FIRST, history, waves, week_ends, weekly_vintages

ODD_DAYS = st.one_of(st.just(float("nan")), st.integers(-50, 500).map(float), st.sampled_from([0.0, -3e5, 4e6]))


def forecast(known, past=(), signal="cases", leading=None):
    """Return the newest round of a history."""
    day = known.vintages[-1].as_of
    return Forecaster(known, signal, leading).forecast(day, week_ends(day), past)


@settings(max_examples=25, deadline=None)
@given(arrays.arrays(float, (3, 70), elements=ODD_DAYS))
def test_quantiles_are_counts_in_order_whatever_is_reported(cases):
    """Gaps, zeros, corrections and dumps give finite quantiles, none negative, none crossing; or nan for all 23."""
    cases[0] = 20.0
    made = forecast(history(cases, count=2))
    for array in [made.published, *made.members.values()]:
        blank = np.isnan(array).all(axis=-1)
        assert np.isfinite(array[~blank]).all()
        assert (array[~blank] >= 0).all()
        assert (np.diff(array[~blank], axis=-1) >= 0).all()


def test_vintages_of_later_days_change_nothing():
    """What is published after the day of a forecast, rewriting all history, leaves the forecast as it was."""
    vintages = weekly_vintages(waves())
    day = vintages[-3].as_of
    rewritten = [
        Vintage(vintage.as_of, FIRST, 1, {"cases": vintage.values["cases"] * 3 + 1}) for vintage in vintages[-2:]
    ]
    then = Forecaster(History(vintages[:-2]), "cases").forecast(day, week_ends(day))
    later = Forecaster(History(vintages[:-2] + rewritten), "cases").forecast(day, week_ends(day))
    np.testing.assert_array_equal(then.published, later.published)


def test_rounds_of_later_days_change_nothing():
    """A round made on the same day or later is not learnt from."""
    forecaster = Forecaster(history(waves()), "cases")
    days = [vintage.as_of for vintage in forecaster.history.vintages]
    rounds = [forecaster.forecast(day, week_ends(day)) for day in days]
    alone = forecaster.forecast(days[-3], week_ends(days[-3]), rounds[:-3])
    amid = forecaster.forecast(days[-3], week_ends(days[-3]), rounds)
    np.testing.assert_array_equal(alone.published, amid.published)


def test_a_second_reading_gives_the_same_forecast():
    """What a forecaster has read before leaves no trace in what it forecasts."""
    known = history(waves())
    days = [vintage.as_of for vintage in known.vintages]
    used = Forecaster(known, "cases")
    for day in reversed(days):
        used.forecast(day, week_ends(day))
    np.testing.assert_array_equal(
        used.forecast(days[-2], week_ends(days[-2])).published,
        Forecaster(known, "cases").forecast(days[-2], week_ends(days[-2])).published,
    )


def test_the_order_of_places_does_not_matter():
    """Places in another order get the same forecasts in that order."""
    cases, order = waves(), [2, 0, 3, 1]
    straight, shuffled = forecast(history(cases)), forecast(history(cases[order]))
    np.testing.assert_allclose(shuffled.published, straight.published[order], rtol=1e-6)


def test_growth_goes_on_for_a_while():
    """Where counts have doubled each week, every member but the flat one expects more than last week's."""
    cases = np.tile(np.round(10 * 2 ** (np.arange(84) / 7 - 6)), (3, 1))
    made = forecast(history(cases))
    last_week = cases[0, -7:].sum()
    above = {name: bool((array[:, 0, 11] > 1.2 * last_week).all()) for name, array in made.members.items()}
    assert above == {name: name != "flat" for name in MEMBERS}


def test_bands_widen_with_the_horizon():
    """The fourth week's 95 % band is wider than the first's, relative to its median."""
    band = forecast(history(waves())).published[..., [1, 11, 21]]
    width = np.log((band[..., 2] + 1) / (band[..., 0] + 1))
    assert (width[:, 3] > width[:, 0]).all()


def test_zeros_that_wait_for_a_report_are_not_believed():
    """Two days without a report at the end of a steady series leave the forecast near the usual week."""
    cases = np.full((3, 120), 100.0)
    cases[0, -2:] = 0
    assert forecast(history(cases)).published[0, 0, 11] == pytest.approx(700, rel=0.1)


def test_late_reports_are_expected_to_be_late_again():
    """A place whose first weekly figure always misses a fifth is forecast at its complete height."""
    complete = np.full((3, 30), 1000.0)
    vintages = []
    for weeks in range(12, 31):
        known = complete[:, :weeks].copy()
        known[0, -1] *= 0.8
        vintages.append(Vintage(FIRST + timedelta(days=7 * weeks - 6), FIRST, 7, {"cases": known}))
    made = forecast(History(vintages))
    assert made.published[0, 0, 11] == pytest.approx(1000, rel=0.06)


def test_a_silent_place_gets_no_forecast():
    """A place that has reported nothing for four weeks gets nan, and the others are forecast."""
    cases = waves()
    cases[1, -40:] = np.nan
    blank = np.isnan(forecast(history(cases)).published).all(axis=(1, 2))
    assert blank.tolist() == [False, True, False, False]


def test_a_series_with_a_years_gap_is_forecast_again():
    """A place that returns after a year without reports is forecast from what it reports now."""
    cases = waves(days=460)
    cases[0, 30:400] = np.nan
    assert np.isfinite(forecast(history(cases)).published).all()


def test_two_weekly_figures_make_no_trend():
    """Of two weekly figures, the second twice the first, all members expect the second to last."""
    made = forecast(history(np.array([[500.0, 1000.0], [300.0, 310.0]]), count=1, step=7))
    medians = np.array([array[0, :, 11] for array in made.members.values()])
    np.testing.assert_allclose(medians, 1000, rtol=0.1)


def test_a_leading_signal_is_followed():
    """Deaths are expected to rise where cases have begun to, and not where they have not."""
    cases, deaths = np.full((2, 200), 1000.0), np.full((2, 200), 20.0)
    cases[0, -21:] *= 1.06 ** np.arange(1, 22)
    values = {"cases": cases, "deaths": deaths}
    made = forecast(History([Vintage(FIRST + timedelta(days=200), FIRST, 1, values)]), signal="deaths", leading="cases")
    assert made.published[0, 3, 11] > 1.2 * made.published[1, 3, 11]


@pytest.mark.parametrize(
    ("days", "ends_after", "what"),
    [(10, 6, "too short to forecast"), (100, -9, "is over")],
)
def test_what_cannot_be_forecast_is_refused(days, ends_after, what):
    """A history of a few days, and a week long past, are refused with the dates."""
    known = history(waves(days=days), count=1)
    day = known.vintages[-1].as_of
    with pytest.raises(VintageError, match=what):
        Forecaster(known, "cases").forecast(day, [day + timedelta(days=ends_after)])


def test_a_day_before_the_first_vintage_is_refused():
    """Nothing can be forecast for a day on which nothing had been published."""
    with pytest.raises(VintageError, match="nothing was published by"):
        Forecaster(history(waves()), "cases").forecast(FIRST, week_ends(FIRST))
