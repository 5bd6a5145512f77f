"""A source's own file: read as its mapping says, or stopped on the log with what stood before standing."""

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile

from conftest import Caller
from sameboat.figures import overview, queries
from sameboat.figures.actions.sources import read_source, set_mapping
from sameboat.figures.models import FeedStop, SourceFile, Vintage
from sameboat.figures.tests.conftest import day
from sameboat.project.tests.conftest import call
from sameboat.registry.acting import act_of
from sameboat.registry.actions import add_member, make_token
from sameboat.registry.refusals import Conflict, InvalidInput
from sameboat.transparency import queries as log

MAPPING = """
format = "csv"
date = { column = "day" }
place = { columns = ["place"] }
values = [{ column = "confirmed", signal = "cases.confirmed" }]
"""
GOOD = b"day,place,confirmed\n2020-02-11,XX-E,10\n2020-02-11,XX-W,3\n"
RENAMED = b"day,place,confirmd\n2020-02-12,XX-E,12\n"


@pytest.fixture
def mapped(world):
    """The world with a declared mapping."""
    set_mapping(world.act, feed=world.feed, text=MAPPING)
    return world


def read(world, data, published, **more):
    """Read a file for the commission."""
    from dataclasses import replace
    from datetime import UTC, datetime

    now = datetime(published.year, published.month, published.day, 17, tzinfo=UTC)
    return read_source(replace(world.act, now=now, **more), feed=world.feed, data=data, published=published)


def test_a_file_becomes_a_vintage(mapped):
    """Its figures stand, and beside the vintage the file's hash and its rows."""
    vintage = read(mapped, GOOD, day(12))
    assert isinstance(vintage, Vintage)
    line = queries.line(mapped.east, mapped.cases, vintage)
    assert line.values() == {day(11): 10}
    kept = SourceFile.objects.get(vintage=vintage)
    assert (kept.rows, len(kept.sha256)) == (2, 64)


def test_a_source_that_changed_its_form_is_stopped(mapped):
    """The stop is on the log with the file's hash; yesterday's figures stand and no vintage is made."""
    read(mapped, GOOD, day(12))
    stop = read(mapped, RENAMED, day(13))
    assert isinstance(stop, FeedStop)
    assert stop.code == "schema-drift"
    assert "confirmd" in stop.reason
    assert Vintage.objects.count() == 1
    (entry,) = [each for each in log.entries_about([mapped.feed.public_id]) if each.type == "feed.stopped"]
    assert entry.data["sha256"] == stop.data_sha256
    assert queries.line(mapped.east, mapped.cases, queries.vintage_as_of(mapped.feed)).values() == {day(11): 10}


def test_half_a_file_is_stopped(mapped):
    """Fewer rows than the vintage before had is not a withdrawal."""
    read(mapped, GOOD, day(12))
    stop = read(mapped, b"day,place,confirmed\n2020-02-12,XX-E,12\n", day(13))
    assert stop.code == "half-file"


def test_a_bad_line_never_sinks_the_good_ones(mapped):
    """It is kept with its reason; the others stand."""
    vintage = read(mapped, GOOD + b"soon,XX-E,1\n2020-02-11,NOWHERE,1\n", day(12))
    assert (vintage.new, vintage.rejected) == (2, 2)
    assert [row.line for row in overview.rejected_lines(vintage)] == [4, 5]


def test_the_same_request_twice_reads_once(mapped):
    """Also where it stopped: one stop, one answer."""
    one, two = (read(mapped, GOOD, day(12), key="a") for _ in range(2))
    assert one == two
    one, two = (read(mapped, RENAMED, day(13), key="b") for _ in range(2))
    assert one == two
    assert FeedStop.objects.count() == 1


def test_without_a_mapping_nothing_is_read(world):
    """Somebody must have said how."""
    with pytest.raises(Conflict):
        read(world, GOOD, day(12))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "mapping"),
        ("{", "mapping"),
        ('format = "csv"', "mapping"),
        (MAPPING.replace("cases.confirmed", "cases.imagined"), "Nobody stated"),
        (MAPPING.replace('"cases.confirmed" }', '"cases.confirmed", decimals = 2 }'), "has 0 decimals, not 2"),
        ("x" * 100_001, "at most"),
    ],
)
def test_a_mapping_that_cannot_hold_is_refused(world, everything_stored, text, words):
    """With what is wrong with it, and nothing is stored."""
    before = everything_stored()
    with pytest.raises(InvalidInput) as refusal:
        set_mapping(world.act, feed=world.feed, text=text)
    assert refusal.value.field == "mapping"
    assert words == "mapping" or words in refusal.value.message
    assert everything_stored() == before


def test_a_publisher_uploads_a_file(world):
    """The vintage with what could not be used; a file that cannot be read is 422, and stands on the log."""
    user = User.objects.create(username="statistician")
    add_member(world.operator, organisation=world.commission, user=user, role="figures")
    publisher = Caller(make_token(act_of(user)))

    def upload(data, published):
        file = SimpleUploadedFile("figures.csv", data)
        return publisher.client.post(f"/api/figures/feeds/test/files?published={published}", {"file": file})

    assert upload(GOOD, "2020-02-12").status_code == 409
    publisher.does("/figures/feeds/test/mapping", {"mapping": MAPPING})
    assert Caller().get("/figures/feeds/test/mapping").json()["text"] == MAPPING
    answer = upload(GOOD + b"soon,XX-E,1\n", "2020-02-12")
    assert (answer.status_code, answer.json()["new"], answer.json()["problems"][0]["line"]) == (201, 2, 4)
    stopped = upload(RENAMED, "2020-02-13")
    assert (stopped.status_code, stopped.json()["error"]["field"]) == (422, "file")
    assert "confirmd" in stopped.json()["error"]["message"]
    assert [row["code"] for row in Caller().get("/figures/feeds/test/stops").json()] == ["schema-drift"]
    assert upload(b"", "2020-02-13").status_code == 422
    assert publisher.client.post("/api/figures/feeds/test/files?published=2020-02-13").status_code == 422


def test_the_command_line_reads_a_file(world, tmp_path):
    """Declared, read, and told in words where it cannot be read."""
    mapping, file = tmp_path / "mapping.toml", tmp_path / "figures.csv"
    mapping.write_text(MAPPING)
    file.write_bytes(GOOD)
    assert call("figures", "map", "test", mapping).code == 0
    assert call("figures", "read", "test", file, "--published", "2020-02-12", "--json").json["new"] == 2
    file.write_bytes(RENAMED)
    ended = call("figures", "read", "test", file, "--published", "2020-02-13")
    assert (ended.code, "confirmd" in ended.errors) == (2, True)
