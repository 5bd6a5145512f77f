"""What is new on each day, out of totals that are stated, restated, left out and lowered."""

import math
from datetime import date, timedelta

import pytest

from sameboat.situation.engine.curve import Stated, curve, masked, unsettled


def day(number):
    return date(2020, 2, number)


def said(*rows):
    return [Stated(day(of), value, "" if value is not None else "not-reported", vintage) for of, value, vintage in rows]


def test_what_is_new_is_the_difference_of_totals():
    """The first day has nothing before it, so what was new on it is not known."""
    days = curve(said((1, 10, 1), (2, 15, 2), (3, 15, 3)), cumulative=True)
    assert [(each.total, each.new) for each in days] == [(10, None), (15, 5), (15, 0)]


def test_a_missing_day_is_not_zero_and_neither_is_the_day_after():
    """Nobody stated the 2nd, and the 3rd was not reported: nothing is known of either, nor of the 4th."""
    days = curve(said((1, 10, 1), (3, None, 3), (4, 30, 4), (5, 31, 5)), cumulative=True)
    assert [each.new for each in days] == [None, None, None, None, 1]
    assert days[1].missing == days[2].missing == "not-reported"


def test_counts_of_the_day_stand_as_they_are():
    """What is counted by the day needs no day before it."""
    assert [each.new for each in curve(said((1, 4, 1), (2, 6, 2)), cumulative=False)] == [4, 6]


def test_what_was_said_first_stands_beside_what_stands_now():
    """The 2nd was first 5 more than the 1st as known then; both were restated in the third vintage."""
    days = curve(said((1, 10, 1), (1, 12, 3), (2, 15, 2), (2, 20, 3)), cumulative=True)
    assert (days[1].first_new, days[1].new, days[1].revised) == (5, 8, True)
    assert not days[0].revised


def test_a_day_that_was_withdrawn_is_no_day():
    """What the source took back is not shown, and the curve ends before it."""
    rows = [*said((1, 10, 1), (2, 12, 2)), Stated(day(2), None, "withdrawn", 3)]
    assert [each.day for each in curve(rows, cumulative=True)] == [day(1)]


def test_an_estimate_leaves_out_what_is_no_incidence():
    """A break, a lowered total and a day that is not known are nan; the days beside them are not."""
    days = curve(
        said((1, 10, 1), (2, 90, 2), (3, 95, 3), (4, 94, 4), (5, 99, 5)),
        cumulative=True,
        breaks=frozenset([day(2)]),
    )
    assert [math.isnan(each) for each in masked(days)] == [True, True, False, True, False]


@pytest.mark.parametrize(("late", "expected"), [(0, 0), (2, 2), (40, 14)])
def test_days_are_unsettled_for_as_long_as_days_were_before(late, expected):
    """Every day was doubled so many days after it was first said; two weeks is the most that is told."""
    rows, published = [], {}
    for at in range(30):
        rows.append(Stated(date(2020, 1, 1) + timedelta(at), 50, "", at + 1))
        published[at + 1] = date(2020, 1, 1) + timedelta(at)
    for at in range(30):
        rows.append(Stated(date(2020, 1, 1) + timedelta(at), 100, "", 100 + at))
        published[100 + at] = date(2020, 1, 1) + timedelta(at + late)
    rows.sort(key=lambda row: (row.day, row.vintage))
    assert unsettled(curve(rows, cumulative=False), published) == expected


def test_nothing_said_is_no_curve():
    """Without statements there are no days."""
    assert curve([], cumulative=True) == ()
