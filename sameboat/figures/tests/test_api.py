"""The API of figures: as of any moment, to the byte, with the vintage named; who may write; what is refused."""

from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from conftest import Caller
from sameboat.figures import queries
from sameboat.figures.engine import change_file
from sameboat.figures.engine.formats import FORMATS
from sameboat.figures.models import Vintage
from sameboat.figures.tests.conftest import day
from sameboat.registry.acting import act_of
from sameboat.registry.actions import add_member, make_token

EAST = {"place": "XX-E", "signal": "cases.confirmed"}


@pytest.fixture
def told(world):
    """The world after two vintages: of the 12th, and of the 13th, which revised a figure and added two."""
    world.say(day(12), [("XX-E", day(11), 10), ("XX-E", day(12), 12), ("XX-W", day(12), 3), ("XX", day(12), 20)])
    world.say(day(13), [("XX-E", day(12), 25), ("XX-E", day(13), 30), ("XX-W", day(13), None)])
    return world


@pytest.fixture
def publisher(world):
    """A member of the commission who may publish, with a token."""
    user = User.objects.create(username="statistician")
    add_member(world.operator, organisation=world.commission, user=user, role="figures")
    return Caller(make_token(act_of(user)))


@pytest.fixture
def operator(db):
    """The operator, with a token."""
    return Caller(make_token(act_of(User.objects.create(username="root", is_staff=True))))


anyone = Caller()


def series(**query):
    """Return the answer about the east's cases."""
    return anyone.get("/figures/feeds/test/series", **EAST | query)


def values(answer):
    """Return values by day of the month."""
    return {int(row["date"][-2:]): row["value"] for row in answer.json()["figures"]}


def test_a_series_stands_as_it_was_said_on_any_day(told):
    """As of the 12th the old figure stands, as of a moment after the second vintage the new one."""
    assert values(series(as_of="2020-02-12")) == {11: 10, 12: 12}
    assert values(series()) == {11: 10, 12: 25, 13: 30}
    assert values(series(as_of="2020-02-13T23:59:58+08:00")) == {11: 10, 12: 12}
    assert values(series(as_of="2020-02-13T23:59:59+08:00")) == {11: 10, 12: 25, 13: 30}
    assert values(series(start="2020-02-12", until="2020-02-12")) == {12: 25}
    assert series().json()["revised"] == ["2020-02-12"]


def test_every_answer_names_its_vintage(told):
    """Id, number, moment, the file's hash, and the leaf hash of its entry."""
    vintage = Vintage.objects.get(number=1)
    expected = {
        "id": vintage.public_id,
        "number": 1,
        "published_at": "2020-02-12T15:59:59Z",
        "sha256": vintage.sha256,
        "entry": bytes(vintage.entry).hex(),
    }
    assert series(as_of="2020-02-12").json()["vintage"] == expected
    residual = anyone.get("/figures/feeds/test/residual", place="XX", signal="cases.confirmed", as_of="2020-02-12")
    assert residual.json()["vintage"] == expected
    changes = anyone.get(f"/figures/vintages/{vintage.public_id}/changes")
    assert changes.json()["vintage"] == expected
    file = anyone.get("/figures/feeds/test/series.json", **EAST | {"as_of": "2020-02-12"})
    assert file.json()["vintage"] == expected
    assert file["Sameboat-Vintage-SHA256"] == vintage.sha256


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("path", ["series", "day"])
def test_a_file_is_reproduced_to_the_byte(told, path, name):
    """Asked again after a later vintage and a later break, the same vintage gives the same bytes and the same tag."""
    from sameboat.figures.actions.feeds import declare_break

    pinned = Vintage.objects.get(number=2).public_id
    where = EAST if path == "series" else {"place": "XX", "signal": "cases.confirmed", "date": "2020-02-12"}
    address = f"/figures/feeds/test/{path}.{name}"
    first = anyone.get(address, **where | {"vintage": pinned})
    by_day = anyone.get(address, **where | {"as_of": "2020-02-13"})
    told.say(day(14), [("XX-E", day(12), 99), ("XX-W", day(12), 4), ("XX-E", day(14), 40)])
    about = {"feed": told.feed, "signal": told.cases, "place": told.east, "day": day(12), "text_en": "Recounted"}
    declare_break(told.act.__class__(**vars_of(told.act)), kind="correction", **about)
    again = anyone.get(address, **where | {"vintage": pinned})
    assert first.status_code == 200
    assert (
        first.content
        == again.content
        == by_day.content
        == anyone.get(address, **where | {"as_of": "2020-02-13"}).content
    )
    assert first["ETag"] == again["ETag"]
    assert not first["ETag"].startswith("W/")
    assert "immutable" in first["Cache-Control"]
    assert by_day["Cache-Control"] == "no-cache"
    latest = anyone.get(address, **where)
    assert latest.content != first.content
    assert latest["ETag"] != first["ETag"]


def vars_of(act):
    """Return an act's fields, a day later than the second vintage was entered."""
    return {"now": datetime(2020, 2, 15, tzinfo=UTC), "roles": act.roles, "scope": act.scope}


def test_who_holds_a_file_is_not_sent_it_again(told):
    """304 with the tag, for a series, a day and a file of changes; not for another question."""
    pinned = Vintage.objects.get(number=1).public_id
    for address, query in (
        ("/figures/feeds/test/series.csv", EAST | {"vintage": pinned}),
        ("/figures/feeds/test/day.csv", EAST | {"vintage": pinned, "date": "2020-02-12"}),
        (f"/figures/vintages/{pinned}/changes.csv", {}),
    ):
        held = anyone.get(address, **query)["ETag"]
        again = anyone.get(address, headers={"If-None-Match": held}, **query)
        assert (again.status_code, again.content, again["ETag"]) == (304, b"", held)
    other = anyone.get("/figures/feeds/test/series.csv", headers={"If-None-Match": held}, **EAST)
    assert other.status_code == 200


def test_the_file_of_changes_is_what_was_hashed(told):
    """Its bytes hash to what stands in the answer, in its tag and on the log."""
    for vintage in anyone.get("/figures/feeds/test/vintages").json()["items"]:
        file = anyone.get(f"/figures/vintages/{vintage['id']}/changes.csv")
        data = b"".join(file.streaming_content)
        assert change_file.sha256(data) == vintage["sha256"] == file["ETag"].strip('"')
        assert int(file["Content-Length"]) == len(data)
        assert change_file.parse(data)


def test_a_long_file_of_changes_goes_out_whole(told, monkeypatch):
    """Also from the disk, in parts."""
    from sameboat.figures import answering

    monkeypatch.setattr(answering, "IN_MEMORY", 10)
    monkeypatch.setattr(answering, "_PART", 7)
    vintage = Vintage.objects.get(number=1)
    file = anyone.get(f"/figures/vintages/{vintage.public_id}/changes.csv")
    assert b"".join(file.streaming_content) == queries.change_file_of(vintage)


def test_the_file_of_changes_is_sorted_by_bytes(told):
    """Upper case before lower, hyphen before digits, whatever the database's language would do."""
    from sameboat.registry.models import Place

    codes = ["a", "B", "A-1", "A1", "A.1", "Z", "b"]
    Place.objects.bulk_create([Place(code=code, level="city", parent=told.east) for code in codes])
    vintage = told.say(day(14), [(code, day(13), 1) for code in codes])
    places = [row.place for row in change_file.parse(queries.change_file_of(vintage))]
    assert places == sorted(codes)


def test_changes_tell_what_stood_before_and_go_by_pages(told):
    """Each page after the other gives every change once."""
    vintage = Vintage.objects.get(number=2)
    found, after = [], {}
    while after is not None:
        page = anyone.get(f"/figures/vintages/{vintage.public_id}/changes", limit=1, **after).json()
        found += page["items"]
        after = {"after": page["next"]} if page["next"] else None
    assert [(row["place"], row["before"] and row["before"]["value"], row["now"]["value"]) for row in found] == [
        ("XX-E", 12, 25),
        ("XX-E", None, 30),
        ("XX-W", None, None),
    ]
    revised = anyone.get(f"/figures/vintages/{vintage.public_id}/changes", only_revised=True).json()["items"]
    assert [row["now"]["date"] for row in revised] == ["2020-02-12"]
    west = anyone.get(f"/figures/vintages/{vintage.public_id}/changes", place="XX-W").json()["items"]
    assert [row["now"]["missing"] for row in west] == ["not-reported"]


def test_who_said_what_when(told):
    """Both statements of one figure, each with its vintage."""
    told.say(day(14), [("XX-E", day(12), None, "withdrawn")])
    answer = anyone.get("/figures/feeds/test/statements", **EAST | {"date": "2020-02-12"}).json()
    assert [(row["vintage"]["number"], row["value"], row["missing"]) for row in answer["statements"]] == [
        (1, 12, ""),
        (2, 25, ""),
        (3, None, "withdrawn"),
    ]
    assert answer["publisher"]["name_en"] == "Test Commission"


def test_a_day_shows_every_place_within(told):
    """All places in a place that have a figure on the day, the missing with their reason."""
    whole = {"place": "XX", "signal": "cases.confirmed"}
    file = anyone.get("/figures/feeds/test/day.json", **whole | {"date": "2020-02-12", "as_of": "2020-02-12"}).json()
    assert [(row["place"], row["value"]) for row in file["figures"]] == [("XX", 20), ("XX-E", 12), ("XX-W", 3)]
    file = anyone.get("/figures/feeds/test/day.json", **whole | {"date": "2020-02-13"}).json()
    assert [(row["place"], row["value"], row["missing"]) for row in file["figures"]] == [
        ("XX-E", 30, ""),
        ("XX-W", None, "not-reported"),
    ]


def test_what_a_place_has_beyond_its_parts(told):
    """Whole less parts; unknown where a part is unknown, and never zero for that."""
    asked = {"place": "XX", "signal": "cases.confirmed"}
    days = anyone.get("/figures/feeds/test/residual", **asked).json()["days"]
    by_day = {row["date"]: (row["whole"], row["parts"], row["rest"], row["without"]) for row in days}
    assert by_day == {
        "2020-02-11": (None, None, None, 1),
        "2020-02-12": (20, 28, -8, 0),
        "2020-02-13": (None, None, None, 1),
    }


def test_a_value_with_decimals_is_exact_text(world, operator, publisher):
    """In and out as text; more decimals than the signal has are refused by row."""
    rate = {"signal": "rate", "form": "index", "unit_en": "per 1,000", "unit_zh": "‰", "name_en": "Rate", "decimals": 2}
    operator.does("/figures/definitions", rate)
    row = {"place": "XX-E", "signal": "rate", "date": "2020-02-11"}
    body = {"published": "2020-02-12", "observations": [row | {"value": "2.5"}]}
    publisher.does("/figures/feeds/test/vintages", body)
    answer = anyone.get("/figures/feeds/test/series", place="XX-E", signal="rate")
    assert values(answer) == {11: "2.50"}
    body = {"published": "2020-02-13", "observations": [row | {"value": 1}, row | {"value": "2.505"}]}
    refused = publisher.post("/figures/feeds/test/vintages", body)
    assert (refused.status_code, refused.json()["error"]["field"]) == (422, "observations.1.value")


def test_a_publisher_publishes_once_for_one_key(world, publisher):
    """The vintage with what it changed and the rows that could not be used; sent again it is the same one."""
    rows = [EAST | {"date": "2020-02-11", "value": 10}, EAST | {"place": "NOWHERE", "date": "2020-02-11", "value": 1}]
    body = {"published": "2020-02-12", "observations": rows}
    first = publisher.does("/figures/feeds/test/vintages", body, key="one")
    assert (first["number"], first["new"], first["rejected"]) == (1, 1, 1)
    assert first["problems"][0]["line"] == 2
    assert publisher.does("/figures/feeds/test/vintages", body, key="one") == first
    assert Vintage.objects.count() == 1


def test_breaks_explanations_and_stops_are_told(told, publisher):
    """What the publisher said stands in the answers, also of places within; as of an earlier day it does not."""
    where = {"place": "XX", "signal": "cases.confirmed", "date": "2020-02-12", "text_en": "Counted by symptoms"}
    publisher.does("/figures/feeds/test/breaks", where | {"kind": "definition"})
    publisher.does("/figures/feeds/test/explanations", where)
    assert [row["kind"] for row in series().json()["breaks"]] == ["definition"]
    assert [row["kind"] for row in anyone.get("/figures/feeds/test/breaks", **EAST).json()] == ["definition"]
    assert anyone.get("/figures/feeds/test/breaks", **EAST | {"as_of": "2020-02-13"}).json() == []
    assert [row["text_en"] for row in anyone.get("/figures/feeds/test/explanations", place="XX-E").json()] == [
        "Counted by symptoms"
    ]
    assert anyone.get("/figures/feeds/test/stops").json() == []


def test_a_file_marks_the_break_that_was_known(told, publisher):
    """SDMX says B on the day of a break that was declared before the vintage was entered."""
    publisher.does("/figures/feeds/test/breaks", EAST | {"date": "2020-02-12", "kind": "backlog", "text_en": "Late"})
    row = EAST | {"date": "2020-02-14", "value": 50}
    publisher.does("/figures/feeds/test/vintages", {"published": "2020-02-15", "observations": [row]})
    text = anyone.get("/figures/feeds/test/series.sdmx.csv", **EAST).content.decode()
    assert [line.split(",")[8:11] for line in text.splitlines() if ",B," in line] == [["2020-02-12", "25", "B"]]


def test_feeds_and_signals_say_what_is_counted(told):
    """A feed names its last vintage, what it counts and of how many places, and since when it is silent."""
    (feed,) = anyone.get("/figures/feeds").json()
    assert (feed["code"], feed["last"]["number"], feed["silent_since"]) == ("test", 2, "2020-02-15T15:59:59Z")
    counts = anyone.get("/figures/feeds/test").json()["counts"]
    assert counts == [{"signal": "cases.confirmed", "definition": "", "places": 3}]
    (signal,) = anyone.get("/figures/signals").json()
    assert [each["code"] for each in signal["definitions"]] == [""]


@pytest.mark.parametrize(
    ("path", "query", "status", "field"),
    [
        ("series", {"as_of": "yesterday"}, 422, "as_of"),
        ("series", {"as_of": "2020-02-30"}, 422, "as_of"),
        ("series", {"as_of": "2020-02-12T10:00:00"}, 422, "as_of"),
        ("series", {"as_of": "20200212"}, 422, "as_of"),
        ("series", {"as_of": "0001-01-01"}, 422, "as_of"),
        ("series", {"as_of": "9999-12-31"}, 422, "as_of"),
        ("series", {"as_of": "2199-12-31"}, 422, "as_of"),
        ("series", {"as_of": "2199-12-31T00:00:00Z"}, 422, "as_of"),
        ("series", {"as_of": "2020-02-11"}, 404, "as_of"),
        ("series", {"place": "NOWHERE"}, 422, "place"),
        ("series", {"place": "XX\x00"}, 422, "place"),
        ("series", {"place": "XX-unassigned"}, 404, "place"),
        ("series", {"signal": "cases.imagined"}, 422, "signal"),
        ("series", {"definition": "imagined"}, 422, "definition"),
        ("series", {"start": "2020-02-13", "until": "2020-02-12"}, 422, "until"),
        ("series", {"start": "2020-2-13"}, 422, "start"),
        ("series", {"start": "1900-01-01", "until": "2200-12-31"}, 200, None),
        ("series", {"vintage": "vint_nothing"}, 404, "vintage"),
        ("series", {"vintage": "vint_01e1qg0w80000000000000000z", "as_of": "2020-02-12"}, 422, "vintage"),
        ("series.csv", {"place": "XX-unassigned"}, 404, "place"),
        ("series.xlsx", {}, 422, "ending"),
        ("day.csv", {}, 422, "date"),
        ("day.csv", {"date": "2020-13-01"}, 422, "date"),
        ("day.csv", {"date": "2199-01-01"}, 200, None),
        ("statements", {}, 422, "date"),
        ("residual", {"start": "2020-02-13", "until": "2020-02-12"}, 422, "until"),
    ],
)
def test_a_wrong_question_is_told_what_is_wrong(told, path, query, status, field):
    """Which field, whatever of the question it is; a range without figures is empty and no error."""
    answer = anyone.get(f"/figures/feeds/test/{path}", **EAST | query)
    assert answer.status_code == status, answer.content
    if field:
        assert answer.json()["error"]["field"] == field


def test_a_vintage_of_another_source_is_refused(told, operator):
    """A series is asked at a vintage of its own source."""
    operator.does("/figures/feeds", {"code": "other", "name_en": "Other"})
    vintage = Vintage.objects.get(number=1).public_id
    answer = anyone.get("/figures/feeds/other/series", **EAST | {"vintage": vintage})
    assert (answer.status_code, answer.json()["error"]["field"]) == (422, "vintage")


@pytest.mark.parametrize("path", ["", "/vintages", "/series", "/day.csv", "/statements", "/stops"])
def test_an_unknown_source_is_not_found(told, path):
    """404, and where the known ones stand."""
    answer = anyone.get(f"/figures/feeds/nobody{path}", **EAST | {"date": "2020-02-12"})
    assert answer.status_code in (404, 422)
    assert "/api/figures/feeds" in anyone.get("/figures/feeds/nobody").json()["error"]["message"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/figures/feeds", {"code": "new", "name_en": "New"}),
        ("/figures/definitions", {"signal": "x", "form": "index", "unit_en": "x", "unit_zh": "x", "name_en": "X"}),
        ("/figures/feeds/test/vintages", {"published": "2020-02-14", "observations": []}),
        ("/figures/feeds/test/breaks", EAST | {"date": "2020-02-12", "kind": "backlog", "text_en": "x"}),
        ("/figures/feeds/test/explanations", {"place": "XX-E", "date": "2020-02-12", "text_en": "x"}),
    ],
)
def test_who_must_not_write_is_refused(told, callers, publisher, operator, path, body):
    """Nobody without an account, no member of another organisation, no operator in the publisher's name."""
    assert anyone.post(path, body).status_code == 401
    assert callers.hospital.post(path, body).status_code == 403
    wrong = publisher if path in ("/figures/feeds", "/figures/definitions") else operator
    assert wrong.post(path, body).status_code == 403
    right = operator if wrong is publisher else publisher
    assert right.post(path, body).status_code == 201


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ({"value": 1.5}, "observations.0.value"),
        ({"value": True}, "observations.0.value"),
        ({"value": "1,000"}, "observations.0.value"),
        ({"value": "many"}, "observations.0.value"),
        ({}, "observations.0.missing"),
        ({"value": 1, "missing": "withheld"}, "observations.0.missing"),
        ({"missing": "because"}, "observations.0.missing"),
        ({"value": 1, "date": "12 Feb"}, "observations.0.date"),
        ({"value": 1, "signal": "cases.imagined"}, "observations"),
        ({"value": 1, "extra": 1}, "observations.0.extra"),
    ],
)
def test_a_figure_that_cannot_be_read_is_told_by_row(world, publisher, everything_stored, row, field):
    """Nothing is stored, and the answer names the row."""
    before = everything_stored()
    body = {"published": "2020-02-12", "observations": [EAST | {"date": "2020-02-11"} | row]}
    refused = publisher.post("/figures/feeds/test/vintages", body)
    assert (refused.status_code, refused.json()["error"]["field"]) == (422, field)
    assert everything_stored() == before


def test_reading_takes_as_many_statements_for_many_places_and_vintages(told):
    """Neither a list of vintages, nor a day of all places, nor a page of changes asks the database by row."""

    def count(address, **query):
        with CaptureQueriesContext(connection) as caught:
            answer = anyone.get(address, **query)
            list(answer.streaming_content) if answer.streaming else answer.content
        return len(caught)

    def all_counts():
        last = Vintage.objects.order_by("-number").first().public_id
        return [
            count("/figures/feeds"),
            count("/figures/feeds/test/vintages"),
            count("/figures/feeds/test/series", **EAST),
            count("/figures/feeds/test/day.csv", place="XX", signal="cases.confirmed", date="2020-02-13"),
            count(f"/figures/vintages/{last}/changes"),
            count(f"/figures/vintages/{last}/changes.csv"),
            count("/figures/feeds/test/statements", **EAST | {"date": "2020-02-12"}),
        ]

    from sameboat.registry.models import Place

    before = all_counts()
    Place.objects.bulk_create([Place(code=f"XX-{n}", level="city", parent=told.country) for n in range(50)])
    for n in range(14, 20):
        told.say(day(n), [(f"XX-{m}", day(13), n * m) for m in range(50)] + [("XX-E", day(12), n)])
    assert all_counts() == before
