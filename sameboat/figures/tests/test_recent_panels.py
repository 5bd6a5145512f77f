"""A panel kept from vintage to vintage is the one that would be read."""

from datetime import date, timedelta

import numpy as np
import pytest

from sameboat.figures import queries, recent_panels
from sameboat.figures.engine.observation import Observation
from sameboat.figures.models import Definition
from sameboat.figures.tests.conftest import day

FIRST = date(2020, 1, 20)


@pytest.fixture
def asked(monkeypatch):
    """How often a panel was read from the store."""
    reads = []
    real = queries.panel
    monkeypatch.setattr(queries, "panel", lambda *args, **more: reads.append(1) or real(*args, **more))
    return reads


def test_a_kept_panel_is_what_would_be_read(world, asked):
    """After new days, revisions, withdrawals, an older day and a new place, kept and read panel agree to the cell."""
    said = [
        [("XX", FIRST, 5), ("XX-E", FIRST, 3), ("XX-W", FIRST, 2)],
        [("XX", FIRST + timedelta(1), 9), ("XX-E", FIRST + timedelta(1), 6)],
        [("XX-E", FIRST, 4), ("XX-W", FIRST + timedelta(2), None)],
        [("XX-unassigned", FIRST - timedelta(3), 1), ("XX-E", FIRST + timedelta(2), 8)],
    ]
    definition = Definition.objects.select_related("signal").get(signal=world.cases)
    places = {place.pk: place.code for place in (world.country, world.east, world.west, world.unassigned)}
    before = None
    for number, rows in enumerate(said, start=10):
        vintage = world.say(day(number), rows)
        kept = recent_panels._kept[vintage.public_id, definition.pk].panel
        read = queries.panel(places, definition, vintage, start=date(2019, 1, 1))
        assert kept.places == read.places
        columns = [kept.column(read.day(column)) for column in range(read.days)]
        np.testing.assert_array_equal(kept.values[:, columns], read.values)
        assert before is None or (before.public_id, definition.pk) not in recent_panels._kept
        before = vintage
    # The first vintage reads the whole feed; each reads its changed days for sums, and this test reads once more.
    assert len(asked) == 1 + 2 * len(said)


def test_what_is_forgotten_is_read_again(world):
    """Another process, or a restart, judges the same."""
    world.say(day(10), [("XX-E", FIRST, 10)])
    recent_panels._kept.clear()
    vintage = world.say(day(11), [("XX-E", FIRST + timedelta(1), 4)])
    assert [flag.kind for flag in queries.flags_of(vintage)] == ["negative-increment"]


def test_what_is_kept_is_bounded(world, monkeypatch):
    """The panels used longest ago go first, but for the latest."""
    monkeypatch.setattr(recent_panels, "MOST_CELLS", 1)
    recent_panels._kept.clear()
    for number in (10, 11):
        world.say(day(number), [("XX-E", FIRST + timedelta(number), number)])
    assert len(recent_panels._kept) == 1


def test_the_panel_before_undoes_what_was_changed(world):
    """Changed cells are what stood; new ones are unknown; places not asked for are left out."""
    definition = Definition.objects.select_related("signal").get(signal=world.cases)
    world.say(day(10), [("XX-E", FIRST, 10), ("XX-W", FIRST, 2)])
    vintage = world.say(day(11), [("XX-E", FIRST, 12), ("XX-E", FIRST + timedelta(1), 15)])
    panel = queries.panel({world.east.pk: "XX-E", world.west.pk: "XX-W"}, definition, vintage, start=FIRST)
    changed = [
        Observation("XX-E", "cases.confirmed", "", FIRST, 12),
        Observation("XX-E", "cases.confirmed", "", FIRST + timedelta(1), 15),
    ]
    stood = {("XX-E", "cases.confirmed", "", FIRST): (10, "")}
    earlier = recent_panels.panel_before(panel, changed, stood, {"XX-E"})
    assert earlier.places == ("XX-E",)
    np.testing.assert_array_equal(earlier.values, [[10, np.nan]])
