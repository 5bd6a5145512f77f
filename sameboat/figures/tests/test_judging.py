"""What a vintage is judged by as it is published: flags raised once, cleared when gone, and never a figure changed."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from sameboat.figures import queries
from sameboat.figures.actions.feeds import declare_break
from sameboat.figures.models import QualityFlag
from sameboat.figures.tests.conftest import day, seen
from sameboat.transparency import queries as log

START = date(2019, 12, 1)


def growing(place, days, a_day=20):
    """Return a steady total so far."""
    return [(place, START + timedelta(n), a_day * (n + 1)) for n in range(days)]


def told(world, as_of=None, place=None):
    """Return what flags stand: kind, place, first day."""
    return {
        (flag.kind, flag.place.code if flag.place else "", flag.date)
        for flag in queries.flags(world.feed, as_of, place=place)
    }


def test_a_total_that_falls_is_flagged_and_stands(world):
    """The figure stays as it was stated; the flag says by how much, and the entry on the log counts it."""
    vintage = world.say(day(12), [("XX-E", day(10), 100), ("XX-E", day(11), 90)])
    flag = QualityFlag.objects.get(kind="negative-increment")
    assert (flag.place.code, flag.date, flag.numbers["increment"]) == ("XX-E", day(11), -10)
    assert queries.line(world.east, world.cases, vintage).values()[day(11)] == 90
    assert log.entry_hashed(bytes(vintage.entry)).data["flags"]["negative-increment"] == 1


def test_a_flag_is_raised_once_and_cleared_when_it_is_gone(world):
    """The next vintage does not raise it again; the one that corrects the figure clears it, and the past remembers."""
    world.say(day(12), [("XX-E", day(10), 100), ("XX-E", day(11), 90)])
    second = world.say(day(13), [("XX-E", day(12), 95)])
    assert not queries.flags_of(second)
    world.say(day(14), [("XX-E", day(10), 85)])
    falls = ("negative-increment", "XX-E", day(11))
    assert falls not in told(world)
    assert falls in told(world, day(13))
    assert falls in told(world, day(12))
    assert falls not in told(world, day(11))


def test_a_jump_is_flagged_and_names_the_break(world):
    """A day far above what is expected is a spike; where a break is declared for it the flag says so."""
    world.say(day(12), growing("XX-E", 70))
    east, west = (START + timedelta(70), START + timedelta(70))
    total = 20 * 70
    declare_break(
        world.act,
        feed=world.feed,
        signal=world.cases,
        place=world.east,
        day=east,
        kind="definition",
        text_en="Clinical",
    )
    world.say(day(13), [("XX-E", east, total + 900), *growing("XX-W", 70), ("XX-W", west, total + 900)])
    spikes = {flag.place.code: flag.numbers for flag in QualityFlag.objects.filter(kind="spike")}
    assert spikes["XX-E"]["value"] == 900
    assert spikes["XX-E"].get("definition_break") == "yes"
    assert "definition_break" not in spikes["XX-W"]


def test_a_break_of_the_sum_alone_does_not_excuse_its_parts(world):
    """Declared without what lies in it, it is named on the country's spike and not on the province's."""
    world.say(day(12), [*growing("XX", 70, 40), *growing("XX-E", 70)])
    jump = START + timedelta(70)
    declare_break(
        world.act,
        feed=world.feed,
        signal=world.cases,
        place=world.country,
        day=jump,
        kind="definition",
        within=False,
        text_en="One part",
    )
    world.say(day(13), [("XX", jump, 40 * 70 + 950), ("XX-E", jump, 20 * 70 + 900)])
    spikes = {flag.place.code: flag.numbers for flag in QualityFlag.objects.filter(kind="spike")}
    assert spikes["XX"].get("definition_break") == "yes"
    assert "definition_break" not in spikes["XX-E"]


def test_a_whole_that_is_not_its_parts_is_flagged_until_it_is(world):
    """The unassigned child counts among the parts."""
    world.say(day(12), [("XX", day(11), 30), ("XX-E", day(11), 10), ("XX-W", day(11), 15)])
    flag = QualityFlag.objects.get(kind="child-sum")
    assert (flag.place.code, flag.numbers["difference"]) == ("XX", 5)
    world.say(day(13), [("XX-unassigned", day(11), 5)])
    assert not [kind for kind, _, _ in told(world) if kind == "child-sum"]


def test_a_feed_that_was_silent_is_flagged_when_it_speaks(world):
    """The days on which it should have spoken are named."""
    world.say(day(1), [("XX-E", day(1), 1)])
    world.say(day(5), [("XX-E", day(5), 2)])
    flag = QualityFlag.objects.get(kind="stale-feed")
    assert (flag.date, flag.until, flag.place, flag.numbers["days"]) == (day(2), day(4), None, 4)


def test_a_strong_revision_stays_flagged(world):
    """What a vintage did is not undone by later vintages that leave it so."""
    world.say(day(12), growing("XX-E", 70))
    world.say(day(13), [("XX-E", START + timedelta(n), 20 * (n + 1) + (5 * n if n < 60 else 300)) for n in range(70)])
    world.say(day(14), [("XX-E", START + timedelta(70), 20 * 71 + 300)])
    assert QualityFlag.objects.filter(kind="revised-strongly", cleared=None).exists()


def test_another_definition_has_flags_of_its_own(world):
    """Judging one definition clears nothing of the other."""
    from sameboat.figures.actions.feeds import state_definition

    state_definition(
        world.operator,
        signal="cases.confirmed",
        code="clinical",
        form="cumulative",
        unit_en="people",
        unit_zh="人",
        name_en="With clinical diagnoses",
    )
    world.say(day(12), [("XX-E", day(10), 100), ("XX-E", day(11), 90)])
    from dataclasses import replace
    from datetime import UTC, datetime

    from sameboat.figures.actions.vintages import publish_vintage

    publish_vintage(
        replace(world.act, now=datetime(2020, 2, 13, 18, tzinfo=UTC)),
        feed=world.feed,
        published=day(13),
        observations=[seen("XX-E", day(10), 5, definition="clinical"), seen("XX-E", day(11), 6, definition="clinical")],
    )
    assert ("negative-increment", "XX-E", day(11)) in told(world)


@pytest.mark.parametrize("places", [2, 40])
def test_judging_takes_as_many_statements_for_many_places(world, places):
    """Flags are stored and cleared by the set."""
    from sameboat.registry.models import Place

    Place.objects.bulk_create(
        Place(code=f"XX-{n}", level="province", parent=world.country, name_en=str(n)) for n in range(places)
    )
    world.say(day(12), [row for n in range(places) for row in growing(f"XX-{n}", 10)])
    with CaptureQueriesContext(connection) as caught:
        world.say(day(13), [(f"XX-{n}", START + timedelta(10), 150) for n in range(places)])
    assert QualityFlag.objects.filter(kind="negative-increment").count() == places
    assert len(caught) < 60
