"""Vintages: what is kept, what stands at a moment, what is refused, and the chain of hashes on the log."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from sameboat.figures import queries
from sameboat.figures.actions.vintages import publish_vintage, stop_feed
from sameboat.figures.engine import change_file
from sameboat.figures.models import Figure, RejectedLine, Vintage
from sameboat.figures.tests.conftest import day, seen
from sameboat.registry.refusals import InvalidInput, NotPermitted
from sameboat.transparency import queries as log


def values(world, place, as_of=None):
    """Return a place's figures by day of the month as they stood at the end of a day."""
    vintage = queries.vintage_as_of(world.feed, as_of)
    line = queries.line(place, world.cases, vintage) if vintage else None
    return {point.date.day: point.value for point in line.points} if line else {}


def test_a_figure_stands_as_it_was_said_on_any_day(world):
    """A revision is a new row: the day before it still shows the old figure, the day after the new one."""
    world.say(day(12), [("XX-E", day(11), 10), ("XX-E", day(12), 12)])
    world.say(day(13), [("XX-E", day(12), 25), ("XX-E", day(13), 30)])
    assert values(world, world.east, day(11)) == {}
    assert values(world, world.east, day(12)) == {11: 10, 12: 12}
    assert values(world, world.east, day(13)) == {11: 10, 12: 25, 13: 30}
    assert values(world, world.east) == {11: 10, 12: 25, 13: 30}
    assert queries.line(world.east, world.cases, queries.vintage_as_of(world.feed)).revised == {day(12)}


def test_only_what_changed_is_stored(world):
    """Saying the same again adds a vintage without figures."""
    rows = [("XX-E", day(11), 10), ("XX-W", day(11), 3)]
    world.say(day(12), rows)
    again = world.say(day(13), rows, complete=True)
    assert (again.new, again.revised, again.withdrawn) == (0, 0, 0)
    assert Figure.objects.count() == 2


def test_missing_is_not_zero(world):
    """A figure that is missing is None with its reason; one that is zero is zero."""
    world.say(day(12), [("XX-E", day(11), None), ("XX-E", day(12), 0)])
    line = queries.line(world.east, world.cases, queries.vintage_as_of(world.feed))
    assert [(point.value, point.missing) for point in line.points] == [(None, "not-reported"), (0, "")]


def test_what_a_complete_vintage_leaves_out_is_withdrawn(world):
    """It no longer stands, and the day before it still does."""
    world.say(day(12), [("XX-E", day(11), 10), ("XX-W", day(11), 3)])
    second = world.say(day(13), [("XX-E", day(11), 10)], complete=True)
    assert second.withdrawn == 1
    assert values(world, world.west) == {}
    assert values(world, world.west, day(12)) == {11: 3}


def test_nothing_is_withdrawn_where_a_line_was_rejected(world):
    """The rejected line may have been the one that is missing: yesterday's figure stands."""
    world.say(day(12), [("XX-E", day(11), 10), ("XX-W", day(11), 3)])
    world.say(day(13), [("XX-E", day(11), 11), ("XX-W", day(11), 10**16)], complete=True)
    assert values(world, world.west) == {11: 3}
    assert values(world, world.east) == {11: 11}


def test_the_chain_of_files_on_the_log_gives_every_figure_again(world):
    """Each file hashes to its entry, each entry names the one before, and replayed they are what the store says."""
    world.say(day(12), [("XX-E", day(11), 10), ("XX-W", day(11), 3)])
    world.say(day(13), [("XX-E", day(11), 11), ("XX-E", day(12), None)])
    world.say(day(14), [("XX-E", day(12), 20)], complete=True)
    files, before = [], None
    for vintage in Vintage.objects.order_by("number"):
        data = queries.change_file_of(vintage)
        entry = log.entry_hashed(bytes(vintage.entry))
        assert change_file.sha256(data) == vintage.sha256 == entry.data["sha256"]
        assert entry.data.get("previous") == before
        before = vintage.sha256
        files.append(data)
    state = {key: row for key, row in change_file.replay(files).items() if row.missing != "withdrawn"}
    assert {(place, moment): row.value for (place, _, _, moment), row in state.items()} == {("XX-E", day(12)): 20}
    assert values(world, world.east) == {12: 20}


def test_changes_tell_what_stood_before(world):
    """The changes of a vintage say old and new value, and which figures are new."""
    world.say(day(12), [("XX-E", day(11), 10)])
    second = world.say(day(13), [("XX-E", day(11), 25), ("XX-E", day(12), 30)])
    told = [(change.now.value, change.before and change.before.value) for change in queries.changes(second)]
    assert told == [(25, 10), (30, None)]
    assert [change.now.value for change in queries.changes(second, only_revised=True)] == [25]
    assert queries.changes(second, place=world.west) == []


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (("NOWHERE", day(11), 5), "not in the tree of places"),
        (("XX-W", day(14), 5), "had not come"),
        (("XX-W", day(11), 10**15 + 1), "beyond anything"),
        (("XX-W", day(11), -1), "less than nothing"),
        (("XX-OLD", day(11), 5), "did not exist"),
    ],
)
def test_a_bad_row_never_sinks_the_good_ones_and_is_kept(world, row, why):
    """The row stands among the rejected lines with its reason; the others stand."""
    from sameboat.registry.models import Place

    Place.objects.create(code="XX-OLD", level="province", valid_until=date(2019, 12, 31))
    vintage = world.say(day(13), [("XX-E", day(11), 10), row])
    kept = RejectedLine.objects.get(vintage=vintage)
    assert why in kept.problem
    assert kept.raw["place"] == row[0]
    assert vintage.rejected == 1
    assert values(world, world.east) == {11: 10}


@pytest.mark.parametrize(
    ("published", "rows", "field"),
    [
        (day(12), [seen("XX-E", day(11), 5)], "published"),
        (day(11), [seen("XX-E", day(11), 5)], "published"),
        (date(2021, 1, 1), [seen("XX-E", day(11), 5)], "published"),
        (day(13), [seen("XX-E", day(11), 5), seen("XX-E", day(11), 6)], "observations"),
        (day(13), [seen("XX-E", day(11), 5, signal="cases.imagined")], "observations"),
        (day(13), [seen("XX-E", day(11), 5, definition="other")], "observations"),
    ],
)
def test_a_vintage_that_cannot_be_is_refused_whole(world, everything_stored, published, rows, field):
    """Out of order, in the future, contradicting itself or of a signal nobody stated: nothing is stored."""
    world.say(day(12), [("XX-E", day(11), 10)])
    before = everything_stored()
    act = replace(world.act, now=datetime(2020, 2, 13, 18, tzinfo=UTC))
    with pytest.raises(InvalidInput) as refusal:
        publish_vintage(act, feed=world.feed, published=published, observations=rows)
    assert refusal.value.field == field
    assert everything_stored() == before


def test_nobody_else_publishes_a_feed(world, cast, everything_stored):
    """Neither another organisation's member nor the operator in the publisher's name."""
    before = everything_stored()
    for act in (cast.act_hospital, cast.act_nobody, cast.act_operator):
        with pytest.raises(NotPermitted):
            world.say(day(12), [("XX-E", day(11), 10)], act=act)
    assert everything_stored() == before


def test_a_source_that_stops_leaves_what_stood(world):
    """The stop is on the log with the hash of what came; the figures stand."""
    world.say(day(12), [("XX-E", day(11), 10)])
    stop_feed(world.act, feed=world.feed, code="schema-drift", reason="column 'confirmd'", data_sha256="ab" * 32)
    assert values(world, world.east) == {11: 10}
    assert queries.stops(world.feed)[0].code == "schema-drift"


def test_statements_do_not_grow_with_places_or_history(world):
    """Publishing and reading take as many statements for many days as for one."""

    def count(rows, at):
        with CaptureQueriesContext(
            connection,
        ) as caught:
            world.say(at, rows)
        return len(caught)

    few = count([("XX-E", day(1), 1)], day(12))
    many = count([("XX-E", day(n), n) for n in range(2, 12)] + [("XX-W", day(n), n) for n in range(2, 12)], day(13))
    assert many <= few + 3
    with CaptureQueriesContext(connection) as one:
        queries.lines([world.east], world.cases, queries.vintage_as_of(world.feed))
    with CaptureQueriesContext(connection) as two:
        queries.lines([world.east, world.west], world.cases, queries.vintage_as_of(world.feed))
    assert len(one) == len(two)
