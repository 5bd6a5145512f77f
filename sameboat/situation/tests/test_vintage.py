"""Vintages and their history."""

from datetime import date, timedelta

import numpy as np
import pytest

from sameboat.situation.engine.forecast import History, Vintage, VintageError

from .epidemics import FIRST, history, waves


def vintage(as_of=date(2021, 2, 1), first=FIRST, step=1, **values):
    """Return a small vintage."""
    return Vintage(as_of, first, step, values or {"cases": np.ones((2, 10))})


def test_a_week_is_the_sum_of_its_seven_days():
    """A week's total is that of the seven days up to its end."""
    days = vintage(cases=np.arange(20.0).reshape(1, 20))
    assert days.week("cases", FIRST + timedelta(days=12)).tolist() == [sum(range(6, 13))]


def test_a_week_with_a_missing_day_is_unknown():
    """A day that is not reported makes its week nan, not smaller."""
    cases = np.ones((1, 20))
    cases[0, 8] = np.nan
    assert np.isnan(vintage(cases=cases).week("cases", FIRST + timedelta(days=12))).all()


@pytest.mark.parametrize("days", [3, 40])
def test_a_week_outside_the_figures_is_unknown(days):
    """A week that begins before the figures or ends after them is nan."""
    assert np.isnan(vintage().week("cases", FIRST + timedelta(days=days))).all()


def test_the_vintage_of_a_day_is_the_newest_by_then():
    """On a day between two vintages, the earlier one is known."""
    known = history(waves())
    middle = known.vintages[3]
    assert known.known_on(middle.as_of + timedelta(days=3)) is middle


def test_a_history_is_continued_back_with_its_oldest_vintage():
    """A weekly vintage before the oldest holds what the oldest does, one week less."""
    known = history(waves(), count=2)
    longer = known.continued_back(3)
    oldest, made_up = known.vintages[0].values["cases"], longer.vintages[2]
    assert made_up.as_of == known.vintages[0].as_of - timedelta(weeks=1)
    np.testing.assert_array_equal(made_up.values["cases"], oldest[:, :-7])


def test_a_history_is_not_continued_beyond_its_first_day():
    """Two weekly figures give one vintage more, of the first figure alone."""
    assert len(history(np.ones((2, 2)), count=1, step=7).continued_back(10).vintages) == 2


@pytest.mark.parametrize(
    ("vintages", "what"),
    [
        ([], "at least one"),
        ([vintage(), vintage()], "same day"),
        ([vintage(), vintage(date(2021, 2, 8), deaths=np.ones((2, 10)))], "differ"),
        ([vintage(), vintage(date(2021, 2, 8), cases=np.ones((3, 10)))], "differ"),
        ([vintage(), vintage(date(2021, 2, 8), first=date(2020, 1, 1))], "differ"),
    ],
)
def test_vintages_that_do_not_fit_together_are_refused(vintages, what):
    """No vintage, two of one day, and other signals, places or first days are refused."""
    with pytest.raises(VintageError, match=what):
        History(vintages)


def test_a_period_is_a_day_or_a_week():
    """Any other step is refused."""
    with pytest.raises(VintageError, match="1 or 7 days"):
        vintage(step=30)
