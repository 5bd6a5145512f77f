"""The charts of an outbreak draw what is known, hatch what is not, and never flatten days under a break."""

from datetime import date, timedelta

import pytest

from sameboat.site.charts import PLOT_HEIGHT, ChartDataError
from sameboat.site.curves import DEPTH, FAN_MOST, MULTIPLE_HEIGHT, band, curve, fan, multiples
from sameboat.site.maps import LARGEST, circle_map


def days(*rows):
    return [(date(2020, 2, 1) + timedelta(at), *row) for at, row in enumerate(rows)]


def test_a_break_does_not_set_the_scale():
    """A column ten times as high is cut off and open; the highest other day has the full height."""
    chart = curve(days((10, 10, False), (100, 100, True), (8, 8, False)))
    assert [bar.kind for bar in chart.bars] == ["known", "cut", "known"]
    assert chart.bars[0].height == PLOT_HEIGHT
    assert chart.peak.value == 10
    assert [mark.letters for mark in chart.marks] == ["A"]


def test_a_break_that_is_no_higher_stands_on_the_scale():
    """Nothing is cut where nothing would be flattened."""
    assert curve(days((10, 10, False), (9, 9, True))).bars[1].kind == "break"


def test_marks_that_would_touch_are_one():
    """Breaks on neighbouring days share their letters; one far away has its own."""
    rows = [(1, 1, at in (3, 4, 80)) for at in range(100)]
    assert [mark.letters for mark in curve(days(*rows)).marks] == ["A B", "C"]


def test_what_was_said_first_is_marked_only_where_it_differs():
    """The mark stands at its own value on the same scale."""
    chart = curve(days((10, 5, False), (10, 10, False), (10, None, False)))
    assert [bar.first_y for bar in chart.bars] == [PLOT_HEIGHT / 2, None, None]
    assert chart.revised == 1


def test_an_unknown_day_is_hatched_over_the_full_height():
    """It is neither zero nor left out."""
    bar = curve(days((10, 10, False), (None, None, False))).bars[1]
    assert (bar.kind, bar.height) == ("unknown", PLOT_HEIGHT)


def test_a_lowered_total_hangs_below_the_baseline():
    """Its depth is on the scale, and limited."""
    chart = curve(days((100, 100, False), (-10, -10, False), (-900, -900, False)))
    assert (chart.bars[1].y, chart.bars[1].height) == (PLOT_HEIGHT, 18.0)
    assert chart.bars[2].height == chart.depth == DEPTH
    assert chart.lowered == 2


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [(date(2020, 2, 1), 1, 1, False), (date(2020, 2, 3), 1, 1, False)],
        [(date(2020, 2, 1), 1, 1, False), (date(2020, 2, 1), 1, 1, False)],
    ],
)
def test_days_that_do_not_follow_each_other_are_refused(rows):
    """A gap in the data must be named, with None."""
    with pytest.raises(ChartDataError):
        curve(rows)


def test_a_band_breaks_where_nothing_is_told():
    """Two runs with a hatched stretch between; R = 1 stands on the scale."""
    chart = band(days((150, 100, 200, False), (None, None, None, False), (90, 50, 100, False), (80, 40, 90, True)))
    assert [run.settled for run in chart.runs] == [True, True, False]
    assert len(chart.untold) == 1
    assert chart.one_y == PLOT_HEIGHT / 2
    assert chart.last[1] == 80


def test_a_band_is_cut_at_its_ceiling():
    """An upper bound of 90 does not flatten the rest."""
    assert band(days((150, 100, 9000, False), (150, 100, 200, False))).ceiling == 600


def test_a_fan_keeps_bands_in_order_and_cuts_what_would_flatten_the_weeks():
    """The 95 % band encloses the 50 % band; the scale ends at three times what is likely."""
    chart = fan([(date(2020, 2, 1), 100), (date(2020, 2, 8), None)], [(date(2020, 2, 15), 10, 50, 80, 120, 9_000, 90)])
    week = chart.weeks[0]
    assert week.y_95 <= week.y_50 <= week.median_y <= week.y_50 + week.height_50 <= week.y_95 + week.height_95
    assert chart.ceiling == FAN_MOST * 100
    assert week.cut
    assert week.came_y == pytest.approx(PLOT_HEIGHT * (1 - 90 / 300))
    assert chart.bars[1].kind == "unknown"


def test_small_charts_share_one_scale():
    """The smaller place is drawn small; an unknown stretch is hatched."""
    values = [("big", [1, 100, None]), ("small", [1, 50, 50])]
    chart = multiples(
        [(name, [(date(2020, 2, 1) + timedelta(at), v) for at, v in enumerate(vs)]) for name, vs in values]
    )
    assert chart.ceiling == 100
    assert f"50.0,{MULTIPLE_HEIGHT / 2}" in chart.charts[1].areas[0]
    assert len(chart.charts[0].unknown) == 1
    assert chart.charts[1].unknown == ()


def test_small_charts_of_other_days_are_refused():
    """They could not be compared."""
    with pytest.raises(ChartDataError):
        multiples([("a", [(date(2020, 2, 1), 1)]), ("b", [(date(2020, 2, 2), 1)])])


SPOTS = [
    ("/a", "Hubei", "30.6", "114.3", 400, 40),
    ("/b", "Zhejiang", "30.3", "120.2", 100, None),
    ("/c", "Tibet", "29.7", "91.1", 0, 0),
    ("/d", "Nowhere", None, None, 50, 3),
    ("/e", "Hainan", "20.0", "110.3", None, None),
]


def test_a_circle_is_as_large_as_its_count():
    """A quarter of the count has half the radius; the largest is drawn first, so that it hides none."""
    circles = circle_map(SPOTS).circles
    assert [circle.name for circle in circles] == ["Hubei", "Zhejiang"]
    assert [circle.radius for circle in circles] == [LARGEST, LARGEST / 2]


def test_a_place_that_cannot_be_drawn_is_counted():
    """No cases, no count or no coordinates: the reader is told how many stand in the table alone."""
    drawn = circle_map(SPOTS)
    assert drawn.elsewhere == 3
    assert drawn.unrated == 1
    assert drawn.circles[1].shade == 0


def test_places_stand_as_they_lie():
    """North is up, east is right, and a degree is as long on both axes as on the ground."""
    spots = [("/a", "A", "0", "0", 1, 1), ("/b", "B", "10", "0", 1, 1), ("/c", "C", "0", "10", 1, 1)]
    circles = {circle.name: circle for circle in circle_map(spots).circles}
    assert circles["B"].y < circles["A"].y
    assert circles["C"].x > circles["A"].x
    north = circles["A"].y - circles["B"].y
    east = (circles["C"].x - circles["A"].x) * 4 / 3
    assert east == pytest.approx(north, rel=0.02)


def test_names_do_not_lie_on_each_other():
    """Of thirty places in one spot few are named, and the first is."""
    spots = [(f"/{at}", f"Place {at}", 30 + at / 1000, 110 + at / 1000, 100 - at, 1) for at in range(30)]
    labels = circle_map(spots).labels
    assert 1 <= len(labels) < 6
    assert "Place 0" in [label.name for label in labels]


def test_nothing_to_draw_is_refused():
    """A map without a circle would say that nothing happened."""
    with pytest.raises(ChartDataError):
        circle_map(SPOTS[2:])
