"""From a source's bytes to a vintage: what was read stands, what was refused is kept beside it."""

from dataclasses import replace
from datetime import UTC, datetime

from sameboat.figures import queries
from sameboat.figures.actions.vintages import publish_vintage
from sameboat.figures.engine.readers import PlaceEntry, Places, load_mapping, read
from sameboat.figures.models import RejectedLine
from sameboat.figures.tests.conftest import day
from sameboat.registry.models import Place

MAPPING = """
    format = "csv"
    date = { column = "date" }
    place = { columns = ["country", "province"], by = "name", unassigned = ["未公布来源"] }
    values = [{ column = "confirmed", signal = "cases.confirmed" }]
"""
FILE = """date,country,province,confirmed
2020-02-12,测试国,,40
2020-02-12,测试国,East,25
2020-02-12,测试国,West,abc
2020-02-12,测试国,未公布来源,5
2020-02-12,测试国,Nowhere,9
"""


def test_a_file_becomes_a_vintage(world):
    """Names in two languages find their places; a bad number is missing; rows that were refused are kept."""
    places = Places(
        PlaceEntry(
            place.code,
            place.parent.code if place.parent else "",
            (place.name_en, place.name_zh),
            place.level == "unassigned",
        )
        for place in Place.objects.select_related("parent")
    )
    reading = read(FILE.encode(), load_mapping(MAPPING), today=day(13), places=places)
    act = replace(world.act, now=datetime(2020, 2, 13, 17, tzinfo=UTC))
    vintage = publish_vintage(
        act, feed=world.feed, published=day(13), observations=reading.observations, rejected=reading.rejected()
    )
    stood = {
        place.code: [(point.value, point.missing) for point in queries.line(place, world.cases, vintage).points]
        for place in (world.country, world.east, world.west, world.unassigned)
    }
    assert stood == {
        "XX": [(40, "")],
        "XX-E": [(25, "")],
        "XX-W": [(None, "unreadable")],
        "XX-unassigned": [(5, "")],
    }
    kept = {line.line: (line.raw["province"], line.problem) for line in RejectedLine.objects.filter(vintage=vintage)}
    assert kept[4] == ("West", "not-a-number: confirmed: 'abc' is no number")
    assert kept[6][0] == "Nowhere"
    assert kept[6][1].startswith("place-unknown: province:")
