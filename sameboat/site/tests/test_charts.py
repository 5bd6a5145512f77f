from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sameboat.site import charts

FIRST = date(2020, 1, 22)
quantities = st.one_of(st.none(), st.integers(0, 10**12))
series = st.dictionaries(st.integers(0, 60).map(lambda n: FIRST + timedelta(days=n)), quantities, min_size=1).map(
    lambda days: list(days.items())
)


@given(series)
def test_every_day_between_the_first_and_the_last_has_its_column(values):
    """A day that nobody reported still takes its place."""
    drawn = charts.columns(values).columns
    days = sorted(day for day, _ in values)
    assert [column.day for column in drawn] == [
        days[0] + timedelta(days=n) for n in range((days[-1] - days[0]).days + 1)
    ]


@given(series)
def test_columns_stand_on_the_baseline_within_the_drawing(values):
    """No column leaves the plot, and each ends at the baseline."""
    for column in charts.columns(values).columns:
        assert 0 <= column.x <= column.x + column.width <= 100.001
        assert column.y >= 0
        assert column.y + column.height == pytest.approx(charts.PLOT_HEIGHT, abs=0.02)


@given(st.lists(st.integers(1, 10**9), min_size=2, max_size=30))
def test_column_heights_are_in_proportion(values):
    """A column's height is to the peak's as its value is to the peak's value."""
    drawn = charts.columns([(FIRST + timedelta(days=n), value) for n, value in enumerate(values)]).columns
    for column in drawn:
        assert column.height / charts.PLOT_HEIGHT == pytest.approx(column.value / max(values), abs=1e-3)


def test_a_missing_day_is_not_zero():
    """A gap in the series becomes an unknown day, drawn over the full height."""
    drawn = charts.columns([(FIRST, 5), (FIRST + timedelta(days=2), 3)])
    assert (drawn.columns[1].value, drawn.columns[1].height, drawn.unknown) == (None, charts.PLOT_HEIGHT, 1)


def test_zero_is_drawn_as_nothing():
    """A day known to be zero has no column at all."""
    assert charts.columns([(FIRST, 0), (FIRST + timedelta(days=1), 4)]).columns[0].height == 0


def test_a_series_without_any_known_value_has_no_peak():
    """Nothing is called the highest when nothing is known."""
    assert charts.columns([(FIRST, None)]).peak is None


@pytest.mark.parametrize(("position", "anchor"), [(0, "start"), (5, "middle"), (9, "end")])
def test_the_label_of_the_peak_stays_in_the_drawing(position, anchor):
    """Near an edge the label grows inwards."""
    values = [(FIRST + timedelta(days=n), 9 if n == position else 1) for n in range(10)]
    assert charts.columns(values).peak_anchor == anchor


@given(st.lists(series, min_size=1, max_size=charts.MOST_LINES))
def test_labels_of_lines_do_not_touch(many):
    """Labels keep their distance and stay within reach of the plot."""
    drawn = charts.lines([(str(n), values) for n, values in enumerate(many)])
    ys = sorted(line.label_y for line in drawn.lines)
    assert all(lower - upper >= charts.LABEL_HEIGHT - 0.02 for upper, lower in pairwise(ys))
    assert 0 <= ys[0] <= ys[-1] <= charts.PLOT_HEIGHT


def test_a_line_breaks_where_nothing_is_known():
    """The line does not bridge an unknown day."""
    values = [(FIRST + timedelta(days=n), value) for n, value in enumerate([1, 2, None, 4, 5])]
    assert len(charts.lines([("handed out", values)]).lines[0].segments) == 2


@given(st.lists(st.tuples(st.just("masks"), quantities, st.integers(0, 10**9), st.just(0)), min_size=1, max_size=9))
def test_bars_share_one_scale(rows):
    """The widest known quantity fills the drawing and the others are in proportion to it."""
    widest = max(value for row in rows for value in row[1:] if value is not None)
    for bar in charts.bars(rows):
        for value, width in ((bar.asked, bar.asked_width), (bar.handed_out, bar.handed_out_width)):
            assert (width is None) == (value is None)
            if value is not None and widest:
                assert width == pytest.approx(100 * value / widest, abs=1e-3)


def test_what_nobody_signed_for_is_unconfirmed():
    """Handed out less signed for is what the receiver has not confirmed; unknown stays unknown."""
    signed, unknown = charts.bars([("masks", 10, 8, 3), ("suits", 10, None, None)])
    assert (signed.unconfirmed, unknown.unconfirmed) == (5, None)


def test_a_flow_says_when_more_went_on_than_came():
    """The difference to the next stage keeps its sign, so that books that do not agree show it."""
    assert [stage.rest for stage in charts.flow([("in", 5, "held"), ("out", 7, "open"), ("signed", None, "")])] == [
        -2,
        None,
        None,
    ]


BAD = {
    "columns of nothing": lambda: charts.columns([]),
    "a negative day": lambda: charts.columns([(FIRST, -1)]),
    "a day twice": lambda: charts.columns([(FIRST, 1), (FIRST, 2)]),
    "no lines": lambda: charts.lines([]),
    "an empty line": lambda: charts.lines([("handed out", [])]),
    "too many lines": lambda: charts.lines([(str(n), [(FIRST, 1)]) for n in range(charts.MOST_LINES + 1)]),
    "no bars": lambda: charts.bars([]),
    "a negative bar": lambda: charts.bars([("masks", -1, 0, 0)]),
    "more signed than handed out": lambda: charts.bars([("masks", 9, 3, 4)]),
    "a flow of one": lambda: charts.flow([("in", 1, "")]),
    "a negative stage": lambda: charts.flow([("in", 1, ""), ("out", -1, "")]),
}


@pytest.mark.parametrize("draw", BAD.values(), ids=BAD.keys())
def test_what_cannot_be_drawn_truthfully_is_refused(draw):
    """Bad data is an error with a name, never a drawing."""
    with pytest.raises(charts.ChartDataError):
        draw()
