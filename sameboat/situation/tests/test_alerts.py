"""Alerts: they begin when something changed, end when it is over, do not flicker, and are seldom false."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.alert_rates import as_said, simulated
from sameboat.situation.engine.alerts import (
    Alert,
    AlertError,
    Flag,
    GrowthRule,
    Kind,
    Level,
    RtByDay,
    WeekSeen,
    flag_alerts,
    forecast_alerts,
    growth_alerts,
    newest_first,
    with_doubts,
)

FIRST = date(2021, 1, 4)


def rt(above, cases=100.0, told=None):
    """Return R by day with these probabilities of growth."""
    above = np.array(above, dtype=float)
    return RtByDay(
        FIRST,
        np.broadcast_to(np.array(cases, dtype=float), above.shape),
        above,
        median=0.5 + above,
        lower=above,
        upper=1 + above,
        told=np.ones(len(above), dtype=bool) if told is None else np.array(told, dtype=bool),
    )


def episodes(alerts):
    """Return what began on which day and ended on which, in days from the first."""
    return [
        (alert.kind.value, (alert.day - FIRST).days, alert.ended and (alert.ended - FIRST).days) for alert in alerts
    ]


THREE_DAYS = GrowthRule(days=3)


def found(above, rule=THREE_DAYS, **options):
    return episodes(growth_alerts("x", "cases", "v1", rt(above, **options), rule))


MIDDLE = [0.7] * 7


def test_growth_begins_on_the_third_day_in_a_row_if_three_are_asked_for():
    """And lasts; without a rule the first day is enough."""
    assert found([*MIDDLE, 0.96, 0.97, 0.99, 0.99]) == [("growing", 9, None)]
    assert found([*MIDDLE, 0.96, 0.97, 0.99, 0.99], rule=None) == [("growing", 7, None)]


def test_a_day_of_doubt_starts_the_count_again():
    """Two days are not enough."""
    assert found([*MIDDLE, 0.96, 0.97, 0.8, 0.96, 0.97]) == []


def test_growth_ends_below_half_and_not_before():
    """Between both thresholds nothing changes: no flicker."""
    flicker = [0.94, 0.96] * 10
    assert found([*MIDDLE, 0.99, 0.99, 0.99, *flicker, 0.6, 0.55]) == [("growing", 9, None)]
    assert found([*MIDDLE, 0.99, 0.99, 0.99, 0.4, 0.4, 0.4, 0.7]) == [("growing", 9, 12)]


def test_shrinking_is_the_mirror_of_growing():
    """The same days, with one kind for the other."""
    path = [*MIDDLE, 0.99, 0.99, 0.99, 0.3, 0.3, 0.3, 0.02, 0.02, 0.02]
    mirrored = found([1 - p for p in path])
    names = {"growing": "shrinking", "shrinking": "growing"}
    assert mirrored == [(names[kind], begun, ended) for kind, begun, ended in found(path)]
    assert [kind for kind, *_ in found(path)] == ["growing", "shrinking"]


def test_growth_that_turns_to_decline_at_once_ends_on_that_day():
    """A lockdown: no day holds both."""
    assert found([*MIDDLE, 0.99, 0.99, 0.99, 0.01, 0.01, 0.01]) == [("growing", 9, 12), ("shrinking", 12, None)]


def test_days_that_do_not_tell_are_passed_over():
    """A gap neither begins nor ends anything."""
    above = [*MIDDLE, 0.99, 0.99, 0.1, 0.1, 0.1, 0.99]
    told = [True] * 9 + [False] * 3 + [True]
    assert found(above, told=told) == [("growing", 12, None)]


def test_nothing_begins_on_a_handful_of_cases():
    """Two cases a day make no wave."""
    assert found([0.99] * 20, cases=2.0) == []
    assert found([0.99] * 20, cases=3.0) != []


def test_an_alert_carries_its_numbers():
    """Place, signal, vintage, and what its words need."""
    alert = growth_alerts("HB", "cases", "vint_1", rt([*MIDDLE, 0.9, 0.9, 0.98]))[0]
    assert (alert.place, alert.signal, alert.vintage, alert.level) == ("HB", "cases", "vint_1", Level.CHANGE)
    assert alert.numbers == pytest.approx({"probability": 0.98, "median": 1.48, "lower": 0.98, "upper": 1.98})


@given(st.lists(st.floats(0, 1), min_size=1, max_size=80))
def test_episodes_do_not_overlap(above):
    """Whatever the probabilities: in order, each ended before the next begins, at most the last open."""
    made = found(above)
    for (_, begun, ended), (_, following, _) in pairwise(made):
        assert ended is not None
        assert begun < ended <= following


@given(st.lists(st.floats(0, 1), min_size=10, max_size=60), st.integers(1, 9))
def test_what_was_said_is_not_unsaid(above, days):
    """From fewer days, the same episodes so far."""
    later = found(above)
    earlier = found(above[: len(above) - days])
    last = len(above) - days - 1
    known = [(kind, begun, ended if ended is not None and ended <= last else None) for kind, begun, ended in later]
    assert earlier == [one for one in known if one[1] <= last]


@pytest.mark.parametrize("rule", [(0.5, 0.5, 3), (1.0, 0.5, 3), (0.95, 0.6, 3), (0.95, 0.0, 3), (0.95, 0.5, 0)])
def test_thresholds_in_the_wrong_order_are_refused(rule):
    """They would let growth and decline hold at once, or nothing ever end."""
    with pytest.raises(AlertError):
        GrowthRule(*rule)


def test_days_that_do_not_fit_are_refused():
    """R of other days than the cases."""
    with pytest.raises(AlertError):
        replace(rt([0.5] * 5), cases=np.zeros(4))


def week(number, observed, upper):
    return WeekSeen(FIRST + timedelta(7 * number + 5), observed, 0.7 * upper, upper)


def test_weeks_above_the_band_are_one_episode():
    """It begins with the first and ends with the first back within, whatever the order of weeks."""
    weeks = [week(0, 90, 100), week(1, 150, 100), week(2, 300, 200), week(3, 190, 200), week(4, 250, 200)]
    alerts = forecast_alerts("x", "cases", "v1", weeks[::-1])
    assert episodes(alerts) == [("above-forecast", 12, 26), ("above-forecast", 33, None)]
    assert alerts[0].numbers == {"observed": 150, "expected": 70, "upper": 100, "excess": 0.5}


@pytest.mark.parametrize(("observed", "upper"), [(100, 100), (float("nan"), 100), (500, float("nan")), (15, 3)])
def test_no_alert_at_the_edge_without_a_forecast_or_of_few(observed, upper):
    """The band's edge belongs to it; a suspended forecast judges nothing; fifteen cases are few."""
    assert forecast_alerts("x", "cases", "v1", [week(0, observed, upper)]) == []


def flag(day, name="spike", place="x"):
    return Flag(place, "cases", FIRST + timedelta(day), name, {"count": 9.0})


def test_flags_on_days_in_a_row_are_one_note():
    """Other names, places and days apart are others."""
    alerts = flag_alerts("v1", [flag(3), flag(2), flag(4), flag(9), flag(3, "zero"), flag(3, place="y")])
    assert sorted((alert.place, alert.doubts[0], *episodes([alert])[0][1:]) for alert in alerts) == [
        ("x", "spike", 2, 5),
        ("x", "spike", 9, 10),
        ("x", "zero", 3, 4),
        ("y", "spike", 3, 4),
    ]
    assert {alert.level for alert in alerts} == {Level.NOTE}


@pytest.mark.parametrize(("day", "doubtful"), [(9, True), (0, True), (10, False)])
def test_a_change_on_flagged_figures_is_a_note(day, doubtful):
    """It names the flag; flags of other places, later days or long before do not count."""
    change = Alert("x", "cases", Kind.GROWING, Level.CHANGE, FIRST + timedelta(9), "v1")
    flags = [flag(day), flag(9, place="y"), flag(-9)]
    (made,) = with_doubts([change], flags)
    assert (made.level, made.doubts) == ((Level.NOTE, ("spike",)) if doubtful else (Level.CHANGE, ()))


def test_changes_are_shown_before_notes_and_the_newest_first():
    """The order of a page."""
    notes = flag_alerts("v1", [flag(20)])
    changes = growth_alerts("x", "cases", "v1", rt([*MIDDLE, 0.99, 0.99, 0.99, 0.01, 0.01, 0.01]))
    assert [alert.kind for alert in newest_first([*notes, *changes])] == [
        Kind.SHRINKING,
        Kind.GROWING,
        Kind.DOUBTFUL_FIGURES,
    ]


def test_a_shrinking_epidemic_gives_hardly_a_false_alarm_and_a_wave_is_seen():
    """R said each day from the days before alone: 24 places at 0.9, and the same that rise to 1.4 on day 60."""
    days = np.arange(85)
    calm, rising = (
        as_said(simulated(path, 5, runs=24), first=45) for path in (np.full(85, 0.9), np.where(days < 60, 0.9, 1.4))
    )
    false = [a for one in calm for a in growth_alerts("x", "cases", "", one) if a.kind is Kind.GROWING]
    assert len(false) <= 1
    seen = [
        any(a.kind is Kind.GROWING and (a.day - one.first).days >= 60 for a in growth_alerts("x", "cases", "", one))
        for one in rising
    ]
    assert np.mean(seen) >= 0.8
