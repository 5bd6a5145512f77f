"""Quality flags: known mistakes are flagged, ordinary weeks are not, and no figure is changed."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sameboat.figures.engine.flags import (
    KINDS,
    flag_freshness,
    flag_panel,
    flag_revisions,
    flag_stop,
    flag_sums,
    judge_from,
)
from sameboat.figures.engine.panel import PanelError
from sameboat.figures.engine.readers import NotTheFormat, SchemaDrift
from sameboat.figures.tests.epidemics import (
    FIRST,
    chinese_cities,
    chinese_table,
    european,
    panel,
    panel_from,
    quiet,
)
from sameboat.figures.tests.facts import NEEDED

NAN = np.nan


def day(column):
    """Return the day of a column."""
    return FIRST + timedelta(days=column)


def found(values, *, kind=None, cumulative=False, **options):
    """Return the flags of one place as (kind, first column, last column)."""
    flags = flag_panel(panel(values, cumulative=cumulative), **options)
    rows = [(f.kind, (f.date - FIRST).days, (f.until - FIRST).days) for f in flags]
    return [row for row in rows if kind in (None, row[0])]


@pytest.mark.parametrize("level", [0.3, 3, 30, 300, 30_000])
@pytest.mark.parametrize("cumulative", [False, True])
def test_ordinary_weeks_raise_no_flag(level, cumulative):
    """Ten places of a hundred and twenty quiet days, with weekends, at any level: nothing looks wrong."""
    counts = quiet(level=level, places=10, seed=7)
    values = counts.cumsum(axis=1) if cumulative else counts
    assert flag_panel(panel(values, cumulative=cumulative)) == []


def test_an_epidemic_that_doubles_in_five_days_raises_no_flag():
    """Steep growth and a steep fall are no spike."""
    up = np.exp(np.log(2) / 5 * np.arange(60)) * 5
    counts = np.random.default_rng(3).poisson(np.concatenate([up, up[::-1]])).astype(float)
    assert found(counts, kind="spike") == []


def test_a_level_that_changes_for_good_is_no_spike():
    """Three times as many cases from a day on are an event, not a slip of one day."""
    counts = quiet()
    counts[0, 60:] *= 3
    assert found(counts, kind="spike") == []


@pytest.mark.parametrize("at", [40, 41, 45, 46, 60, 118, 119])
@pytest.mark.parametrize("cumulative", [False, True])
def test_a_day_with_four_times_its_due_is_a_spike(at, cumulative):
    """On any weekday, in the middle or on the last day, in daily counts or counts so far."""
    counts = quiet()
    counts[0, at] *= 5
    values = counts.cumsum(axis=1) if cumulative else counts
    assert found(values, cumulative=cumulative) == [("spike", at, at)]


def test_a_spike_says_what_it_was_judged_by():
    """Value, expectation and score are told, and that a definition changed that day."""
    counts = quiet()
    counts[0, 60] = 5000
    (flag,) = flag_panel(panel(counts), breaks=[day(60)])
    assert flag.numbers["value"] == 5000
    assert 150 < flag.numbers["expected"] < 350
    assert flag.numbers["score_tenths"] > 50
    assert flag.numbers["definition_break"] == "yes"
    assert all(isinstance(number, int | str) for number in flag.numbers.values())


@pytest.mark.parametrize(("first", "last"), [(50, 50), (50, 53), (119, 119)])
def test_days_without_cases_where_many_were_due_are_a_gap(first, last):
    """Zeros in a busy series are a reporting gap; in counts so far they are a value that is stuck."""
    counts = quiet()
    counts[0, first : last + 1] = 0
    assert found(counts) == [("reporting-gap", first, last)]
    assert found(counts.cumsum(axis=1), cumulative=True) == [("stuck-value", first, last)]


def test_a_weekday_on_which_nobody_reports_is_no_gap():
    """Zeros every Sunday, with twice the cases on Monday, are a rhythm; so is a report once a week."""
    counts = quiet()
    counts[0, 7::7] += counts[0, 6:-1:7]
    counts[0, 6::7] = 0
    assert found(counts) == []
    weekly = np.zeros((1, 120))
    weekly[0, 2::7] = quiet(level=100)[0, 2::7]
    assert found(weekly) == []


def test_silence_before_the_first_case_is_no_gap():
    """A place without cases before its epidemic reports nothing wrong."""
    counts = quiet()
    counts[0, :50] = 0
    assert found(counts, kind="reporting-gap") == []


def test_one_same_number_for_a_week_is_stuck():
    """A count that repeats too long for chance is flagged; small counts repeat by themselves."""
    counts = quiet()
    counts[0, 50:57] = 231
    assert found(counts, kind="stuck-value") == [("stuck-value", 50, 56)]
    assert found(np.full(12, 1.0), kind="stuck-value") == []


@pytest.mark.parametrize(
    ("values", "cumulative", "flags"),
    [
        ([5, 7, 6, 8], True, [(2, 2, -1)]),
        ([5, NAN, 4, 8], True, [(1, 2, -1)]),
        ([5, NAN, NAN, NAN], True, []),
        ([5, -3, 6, -1], False, [(1, 1, -3), (3, 3, -1)]),
        ([5, 5, 5, 5], True, []),
    ],
)
def test_a_count_that_falls_is_a_negative_increment(values, cumulative, flags):
    """With what it was, what it became, and the days it may lie in."""
    raised = [f for f in flag_panel(panel(values, cumulative=cumulative)) if f.kind == "negative-increment"]
    assert [((f.date - FIRST).days, (f.until - FIRST).days, f.numbers["increment"]) for f in raised] == flags


def test_days_without_a_figure_are_missing_between_the_first_and_the_last():
    """Before a series begins and after it ends nothing is missing in it."""
    counts = quiet()[0]
    counts[:3] = counts[50:52] = counts[118:] = NAN
    assert found(counts) == [("missing-day", 50, 51)]


def test_a_weekly_series_misses_the_week_and_not_the_days_between():
    """Days between weekly figures are no gap, and a spike among them is seen; a week left out is missing."""
    weekly = np.full((1, 400), NAN)
    weekly[0, 5::7] = np.random.default_rng(1).poisson(200, 57)
    assert found(weekly) == []
    weekly[0, 5 + 7 * 30] = NAN
    weekly[0, 5 + 7 * 40] = 2000
    assert found(weekly) == [("missing-day", 6 + 7 * 29, 4 + 7 * 31), ("spike", 5 + 7 * 40, 5 + 7 * 40)]


@pytest.mark.parametrize(
    ("known", "today", "kinds"),
    [
        (range(30), 30, []),
        (range(30), 31, []),
        (range(30), 32, ["stale-feed"]),
        (range(0, 30, 7), 36, []),
        (range(0, 30, 7), 37, ["stale-feed"]),
        (range(30), 27, ["future-date"]),
        ([5], 7, []),
        ([5], 8, ["stale-feed"]),
        ([], 30, []),
    ],
)
def test_a_feed_is_stale_after_a_silence_longer_than_its_own(known, today, kinds):
    """A daily feed is given a day more than one to publish, a weekly feed a week; days to come are told."""
    values = np.full(60, NAN)
    values[list(known)] = 1
    assert [f.kind for f in flag_freshness(panel(values), today=day(today))] == kinds


def test_a_whole_that_is_not_its_parts_is_flagged_with_the_worst_day():
    """Days in a row make one flag; a published residual explains a difference; an unknown part accuses nobody."""
    figures = panel([[10, 10, 9, 10, 10], [4, 4, 4, 4, NAN], [6, 5, 2, 6, 5]], places=("W", "A", "B"))
    (flag,) = flag_sums(figures, {"A": "W", "B": "W"})
    assert (flag.place, flag.date, flag.until) == ("W", day(1), day(2))
    assert flag.numbers == {"days": 2, "whole": 9, "parts": 6, "difference": 3}
    published = panel([[0, 1, 3, 0, 0]], places=("W",))
    assert flag_sums(figures, {"A": "W", "B": "W"}, published=published) == []
    with pytest.raises(PanelError, match="other days"):
        flag_sums(figures, {}, published=panel([[1]], places=("W",)))


@pytest.mark.parametrize("cumulative", [False, True])
@pytest.mark.parametrize(
    ("change", "weeks"), [({}, 0), ({40: 200}, 1), ({40: 20}, 0), ({38: 300, 39: -300}, 0), ({40: -300, 47: 300}, 2)]
)
def test_a_week_that_changes_by_more_than_a_twentieth_is_revised_strongly(cumulative, change, weeks):
    """Cases that move within a week are no revision; those that move to another change both."""
    old = np.round(quiet(days=80, level=300))
    new = old.copy()
    for column, number in change.items():
        new[0, column] += number
    if cumulative:
        old, new = old.cumsum(axis=1), new.cumsum(axis=1)
    earlier, later = panel(old[:, :70], cumulative=cumulative), panel(new, cumulative=cumulative)
    flags = flag_revisions(earlier, later)
    assert len(flags) == weeks
    assert all(f.until.weekday() == 5 and (f.until - f.date).days == 6 for f in flags)
    assert all(f.date <= day(47) <= f.until or f.date <= day(40) <= f.until for f in flags)


def test_vintages_of_other_places_or_without_a_common_week_are_not_compared():
    """Two vintages are compared place by place, over weeks that both know."""
    assert flag_revisions(panel(np.ones(5)), panel(np.ones(9))) == []
    with pytest.raises(PanelError, match="different places"):
        flag_revisions(panel(np.ones(9)), panel(np.ones((2, 9))))


def test_a_reader_that_stopped_is_a_flag():
    """A stop becomes a flag that says why, and names the columns of a drift."""
    drift = flag_stop(SchemaDrift("renamed", ["confirmed"], ["cases"]), day=FIRST, signal="cases")
    assert (drift.kind, drift.numbers["missing"], drift.numbers["unexpected"]) == ("schema-drift", "confirmed", "cases")
    assert flag_stop(NotTheFormat("a web page"), day=FIRST).numbers == {
        "stop": "not-the-format",
        "message": "a web page",
    }


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2**32 - 1), st.integers(90, 199))
def test_judging_the_latest_days_raises_the_same_flags_as_judging_all(seed, since):
    """A vintage that changed nothing long ago need not be judged anew from its beginning."""
    rng = np.random.default_rng(seed)
    counts = quiet(days=200, seed=seed, places=2)
    for column in rng.integers(0, 200, 6):
        counts[rng.integers(2), column] *= rng.choice([0, 6, -1, NAN])
    whole = panel(counts)
    expected = [flag for flag in flag_panel(whole) if flag.until >= day(since)]
    assert flag_panel(whole, since=day(since)) == expected


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 2**32 - 1))
def test_a_place_is_judged_by_its_own_figures_alone(seed):
    """Other places beside it, however large, change nothing."""
    rng = np.random.default_rng(seed)
    counts = np.concatenate([quiet(level=level, seed=seed) for level in (5, 500, 50_000)])
    for column in rng.integers(0, 120, 9):
        counts[rng.integers(3), column] *= rng.choice([0, 6, -1, NAN])
    alone = [flag for row in range(3) for flag in flag_panel(panel(counts[[row]], places=(f"P{row}",)))]
    assert flag_panel(panel(counts)) == alone


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**32 - 1), st.integers(0, 199))
def test_a_change_reaches_no_flag_before_the_day_that_judge_from_names(seed, changed):
    """Flags of days before it stay as they were when a figure changes."""
    counts = quiet(days=200, seed=seed)
    other = counts.copy()
    other[0, changed] *= 8
    before = judge_from(day(changed))
    assert [f for f in flag_panel(panel(counts)) if f.until < before] == [
        f for f in flag_panel(panel(other)) if f.until < before
    ]


@settings(deadline=None, max_examples=100)
@given(st.lists(st.none() | st.integers(-(10**12), 10**12) | st.integers(0, 5), min_size=1, max_size=60), st.booleans())
def test_any_series_is_judged_and_left_as_it_was(values, cumulative):
    """Whatever the figures, flags are of known kinds and of the series' own days, and no figure is changed."""
    given_panel = panel([NAN if value is None else value for value in values], cumulative=cumulative)
    before = given_panel.values.copy()
    for flag in flag_panel(given_panel):
        assert flag.kind in KINDS
        assert FIRST <= flag.date <= flag.until <= day(len(values) - 1)
    assert np.array_equal(before, given_panel.values, equal_nan=True)


def raised(flags, kind, place):
    """Return the flags of one kind and place by their last day."""
    return {f.until: f.numbers for f in flags if (f.kind, f.place) == (kind, place)}


WUHAN = "420100"


@NEEDED
def test_wuhan_on_13_february_2020_is_a_spike_on_a_change_of_definition():
    """+13,436 in a day, when clinical diagnoses began to count."""
    flags = flag_panel(chinese_cities("confirmed"), breaks=[date(2020, 2, 13)])
    spike = raised(flags, "spike", WUHAN)[date(2020, 2, 13)]
    assert (spike["value"], spike["definition_break"]) == (13_436, "yes")
    assert spike["expected"] < 4000


@NEEDED
def test_the_deaths_of_wuhan_fall_on_14_february_and_leap_on_17_april():
    """1,036 became 1,016, and 1,290 were added in a day."""
    flags = flag_panel(chinese_cities("dead"))
    assert raised(flags, "negative-increment", WUHAN)[date(2020, 2, 14)] == {
        "increment": -20,
        "before": 1036,
        "after": 1016,
    }
    assert raised(flags, "spike", WUHAN)[date(2020, 4, 17)]["value"] == 1290


@NEEDED
def test_all_73_falls_of_chinese_cities_are_flagged():
    """Every decrease of a city's confirmed cases, with code or without, is a negative increment."""
    cities = chinese_cities("confirmed")
    assert sum(f.kind == "negative-increment" for f in flag_panel(cities)) == 73


@NEEDED
def test_provinces_that_are_not_the_sum_of_their_cities_are_flagged():
    """Hubei differs from its cities on 12 February: its total had moved a day before Wuhan's row."""
    table = chinese_table().filter(pl.col("provinceCode").is_not_null())
    tagged = table.with_columns(
        place=pl.when(pl.col("city").is_null())
        .then("provinceCode")
        .otherwise(pl.coalesce("cityCode", pl.concat_str("province", "city", separator="/")))
    )
    parents = {row["place"]: row["provinceCode"] for row in tagged.filter(pl.col("city").is_not_null()).to_dicts()}
    known = panel_from(tagged, "place", "confirmed", cumulative=True)
    # A city without a row has no cases yet; a province without one is not known.
    values = known.values.copy()
    children = [n for n, place in enumerate(known.places) if place in parents]
    values[children] = np.nan_to_num(values[children])
    whole = panel(values, places=known.places, cumulative=True, first=known.first)
    flags = flag_sums(whole, parents)
    hubei = [f for f in flags if f.place == "420000" and f.date <= date(2020, 2, 12) <= f.until]
    assert len(hubei) == 1
    assert abs(hubei[0].numbers["difference"]) > 10_000
    off = sum(f.numbers["days"] for f in flags)
    assert off > 800


@NEEDED
def test_france_on_20_may_2021_is_a_negative_increment():
    """-349,116 cases in a day: double counts removed."""
    flags = flag_panel(european("cases"))
    assert raised(flags, "negative-increment", "FR")[date(2021, 5, 20)] == {"increment": -349_116}
