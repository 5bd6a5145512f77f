"""Increments and residuals: what cannot be known stays unknown."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sameboat.figures.engine.incidence import Lump, increments
from sameboat.figures.engine.observation import Observation
from sameboat.figures.engine.panel import Panel, PanelError, panel_of
from sameboat.figures.engine.residual import residuals
from sameboat.figures.tests.epidemics import panel

NAN = np.nan
DAY = date(2020, 2, 10)


def so_far(*values):
    """Return one place's counts so far."""
    return panel(values, cumulative=True, first=DAY)


@pytest.mark.parametrize(
    ("values", "daily"),
    [
        ((5, 7, 7, 12), (NAN, 2, 0, 5)),
        ((5, 7, 6), (NAN, 2, -1)),
        ((5, NAN, 9, 10), (NAN, NAN, NAN, 1)),
        ((NAN, 4, 5), (NAN, NAN, 1)),
        ((4,), (NAN,)),
    ],
)
def test_an_increment_is_known_where_both_days_are(values, daily):
    """Next to a missing day the increment is unknown, not 0; a correction stays negative."""
    assert np.array_equal(increments(so_far(*values)).panel.values[0], daily, equal_nan=True)


def test_what_came_over_a_gap_is_told_with_its_days():
    """Across a gap the days' sum is known, and so are the days it covers."""
    found = increments(so_far(5, NAN, NAN, 11, 12, NAN, 10))
    assert found.lumps == (
        Lump("P0", date(2020, 2, 11), date(2020, 2, 13), 6),
        Lump("P0", date(2020, 2, 15), date(2020, 2, 16), -2),
    )


@pytest.mark.parametrize(("day", "lumps"), [(11, 0), (12, 0), (13, 0), (10, 1), (14, 1)])
def test_across_a_break_nothing_is_known(day, lumps):
    """A day from which another definition holds has no increment, and a gap that holds one has no sum."""
    found = increments(so_far(5, NAN, NAN, 11, 12), breaks=[date(2020, 2, day)])
    assert len(found.lumps) == lumps
    assert np.isnan(found.panel.values[0, 4]) == (day == 14)


def test_increments_of_increments_are_refused():
    """A panel of daily counts has no increments."""
    with pytest.raises(PanelError, match="increments already"):
        increments(panel([1, 2]))


@settings(deadline=None)
@given(st.lists(st.none() | st.integers(0, 10**12), min_size=1, max_size=30))
def test_increments_and_lumps_add_up_to_the_rise(values):
    """What is told of days and of gaps adds up to the last known count less the first."""
    found = increments(so_far(*[NAN if value is None else value for value in values]))
    known = [value for value in values if value is not None]
    rise = known[-1] - known[0] if known else 0
    assert int(np.nansum(found.panel.values)) + sum(lump.amount for lump in found.lumps) == rise


def test_a_panel_holds_observations_and_nothing_for_the_missing():
    """Missing observations and days without any are NaN; other signals and definitions are left out."""
    found = panel_of(
        [
            Observation("B", "s", "", date(2020, 1, 1), 5),
            Observation("A", "s", "", date(2020, 1, 3), None, "withheld"),
            Observation("A", "s", "x", date(2020, 1, 3), 9),
            Observation("A", "t", "", date(2020, 1, 3), 9),
        ],
        "s",
    )
    assert found.places == ("A", "B")
    assert np.array_equal(found.values, [[NAN, NAN, NAN], [5, NAN, NAN]], equal_nan=True)


@pytest.mark.parametrize(
    "observations", [[], [Observation("A", "s", "", date(2020, 1, 1), 2**53)]], ids=["none", "too large"]
)
def test_a_panel_that_would_be_empty_or_inexact_is_refused(observations):
    """No observations make no panel, nor do values that a float would round."""
    with pytest.raises(PanelError):
        panel_of(observations, "s")
    with pytest.raises(PanelError):
        Panel("s", ("A", "B"), DAY, np.zeros((1, 3)))


def test_a_residual_is_unknown_when_any_part_is():
    """A place's figure less its parts', unknown on days on which the place or any part is missing."""
    tree = {"A": "W", "B": "W", "A1": "A", "X": "nowhere"}
    found = residuals(
        panel(
            [[10, 10, NAN, 10], [4, 5, 4, NAN], [5, 5, 5, 5], [4, 6, 4, 4], [1, 1, 1, 1]],
            places=("W", "A", "B", "A1", "X"),
            first=DAY,
        ),
        tree,
    )
    assert found.places == ("W", "A")
    assert np.array_equal(found.values, [[1, 0, NAN, NAN], [0, -1, 0, NAN]], equal_nan=True)
