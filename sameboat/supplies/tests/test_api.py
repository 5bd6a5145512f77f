"""Needs and hand-overs over HTTP: searched, paged, as of a day, downloaded as files."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta

import pytest
from asgiref.sync import async_to_sync
from django.test import AsyncClient

from sameboat.registry.models import Place
from sameboat.supplies.models import Need

pytestmark = pytest.mark.django_db


def publish(callers, cast, quantity=500, **change):
    """Return a need that the hospital published."""
    body = {"organisation": cast.hospital.public_id, "item": "mask-surgical", "quantity": quantity} | change
    return callers.hospital.does("/needs", body)


def ids(answer):
    """Return the ids on a page."""
    return [each["id"] for each in answer.json()["items"]]


def content(answer):
    """Return a streamed file as text."""
    return b"".join(answer.streaming_content).decode()


def test_needs_are_paged_from_the_newest_without_a_gap(cast, callers):
    """Following `next` gives each once, even where one was published in between."""
    published = [publish(callers, cast, standard=f"GB {n}")["id"] for n in range(5)]
    first = callers.anyone.get("/needs", limit=2)
    publish(callers, cast, standard="GB 6")
    second = callers.anyone.get("/needs", limit=2, before=first.json()["next"])
    third = callers.anyone.get("/needs", limit=2, before=second.json()["next"])
    assert ids(first) + ids(second) + ids(third) == published[::-1]
    assert third.json()["next"] is None


def test_a_quantity_nobody_knows_is_null(cast, callers):
    """Never 0 and never 1."""
    need = publish(callers, cast, quantity=None)
    assert (need["quantity"], need["outstanding"]) == (None, None)


def test_a_quantity_in_packs_is_kept_in_base_units(cast, callers):
    """Ten boxes of 50 are 500 pieces, whatever unit the asker wrote."""
    need = publish(callers, cast, quantity="１０", unit="box")
    assert (need["quantity"], need["unit"]) == (500, "piece")


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({}, True),
        ({"text": "测试医"}, True),
        ({"text": "口罩"}, True),
        ({"text": "ventilator"}, False),
        ({"item": "mask"}, True),
        ({"item": "mask-surgical"}, True),
        ({"item": "gown"}, False),
        ({"place": "420000"}, True),
        ({"place": "440000"}, False),
        ({"state": "met"}, False),
        ({"state": ""}, True),
    ],
)
def test_a_need_is_found_by_what_it_is(filters, found, cast, callers):
    """By words, item, category, place and state; other values do not find it."""
    hubei = Place.objects.create(code="420000", level="province")
    cast.hospital.place = Place.objects.create(code="420100", level="city", parent=hubei)
    cast.hospital.save()
    need = publish(callers, cast)
    assert (need["id"] in ids(callers.anyone.get("/needs", **filters))) is found


@pytest.mark.parametrize(
    "filters",
    [
        {"state": "gone"},
        {"as_of": "yesterday"},
        {"as_of": "9999-12-31"},
        {"as_of": "0001-01-01"},
        {"as_of": "20200130"},
        {"limit": 0},
        {"limit": 201},
        {"before": 0},
        {"before": 2**63},
        {"before": "need_1"},
    ],
)
def test_a_search_that_cannot_be_meant_is_refused(filters, cast, callers):
    """The refusal names the parameter."""
    answer = callers.anyone.get("/needs", **filters)
    assert answer.status_code == 422
    assert answer.json()["error"]["field"] in filters


def test_a_closed_need_is_open_as_of_the_day_before(cast, callers):
    """Standing at an earlier day, later closing is not known, and running sums are unknown rather than today's."""
    need = publish(callers, cast)
    callers.hospital.does(f"/needs/{need['id']}/stop")
    yesterday = datetime.now(tz=UTC) - timedelta(days=1)
    Need.objects.update(published_at=yesterday - timedelta(days=1), confirmed_at=yesterday - timedelta(days=1))
    (then,) = callers.anyone.get("/needs", as_of=(yesterday - timedelta(hours=12)).date().isoformat()).json()["items"]
    assert (then["state"], then["closed_at"], then["pledged"]) == ("open", None, None)
    assert ids(callers.anyone.get("/needs")) == []


def test_needs_as_csv_have_a_row_of_hxl_tags_and_every_need(cast, callers):
    """Names, tags, then a row each; unknown is empty."""
    publish(callers, cast, note="urgent, please")
    publish(callers, cast, quantity=None, standard="GB 19083")
    answer = callers.anyone.get("/needs.csv")
    names, tags, *rows = csv.reader(io.StringIO(content(answer)))
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert all(tag.startswith("#") for tag in tags)
    assert [row[names.index("quantity")] for row in rows] == ["", "500"]
    assert rows[1][names.index("note")] == "urgent, please"


@pytest.mark.parametrize("note", ["=1+1", "+1", "-1", "@SUM(A1)"])
def test_a_text_cannot_run_as_a_formula_in_a_spreadsheet(note, cast, callers):
    """It is written so that a spreadsheet shows it."""
    publish(callers, cast, note=note)
    names, _tags, row = csv.reader(io.StringIO(content(callers.anyone.get("/needs.csv"))))
    assert row[names.index("note")] == f"'{note}"


def test_a_file_of_more_rows_than_are_read_at_once_has_each_once(cast, callers, monkeypatch):
    """Pages of rows join without a gap or a repetition, in both kinds of file."""
    monkeypatch.setattr("sameboat.registry.tables.ROWS_AT_ONCE", 2)
    published = [publish(callers, cast, standard=f"GB {n}")["id"] for n in range(4)]
    rows = json.loads(content(callers.anyone.get("/needs.json")))
    assert [row["id"] for row in rows] == published[::-1]
    _names, _tags, *lines = csv.reader(io.StringIO(content(callers.anyone.get("/needs.csv"))))
    assert [line[0] for line in lines] == published[::-1]


def test_an_empty_file_is_still_a_file(db, callers):
    """CSV has its two head rows and JSON is an empty array."""
    assert len(list(csv.reader(io.StringIO(content(callers.anyone.get("/handovers.csv")))))) == 2
    assert json.loads(content(callers.anyone.get("/handovers.json"))) == []


def test_an_unchanged_list_is_not_sent_again(cast, callers):
    """The log's state is the list's ETag: it holds until anything happens."""
    publish(callers, cast)
    tag = callers.anyone.get("/needs")["ETag"]
    assert callers.anyone.get("/needs", headers={"If-None-Match": tag}).status_code == 304
    publish(callers, cast, standard="GB 19083")
    assert callers.anyone.get("/needs", headers={"If-None-Match": tag}).status_code == 200


def test_a_list_costs_the_same_number_of_queries_however_long(cast, callers, django_assert_max_num_queries):
    """No query a row."""
    for number in range(12):
        publish(callers, cast, standard=f"GB {number}")
    with django_assert_max_num_queries(4):
        callers.anyone.get("/needs")


def test_fair_shares_of_a_lot_serve_the_smaller_need_in_full(cast, callers):
    """Max-min: 300 among needs of 100 and of 500 are 100 and 200."""
    small, large = publish(callers, cast, quantity=100), publish(callers, cast, quantity=500, standard="GB 19083")
    path = f"/organisations/{cast.charity.public_id}/gifts"
    gift = callers.charity.does(path, {"item": "mask-surgical", "quantity": 300})
    shares = callers.anyone.get(f"/lots/{gift['lot']}/fair-shares").json()
    assert {share["need"]: share["quantity"] for share in shares["shares"]} == {small["id"]: 100, large["id"]: 200}


def test_more_than_the_fair_share_needs_a_reason_that_everyone_can_read(cast, callers):
    """Without one it is refused; with one the reason stands on the allocation."""
    publish(callers, cast, quantity=300)
    large = publish(callers, cast, quantity=500, standard="GB 19083")
    path = f"/organisations/{cast.charity.public_id}/gifts"
    lot = callers.charity.does(path, {"item": "mask-surgical", "quantity": 300})["lot"]
    body = {"need": large["id"], "quantity": 300}
    assert callers.charity.post(f"/lots/{lot}/allocations", body).json()["error"]["field"] == "reason"
    made = callers.charity.does(f"/lots/{lot}/allocations", body | {"reason": "intensive care"})
    assert callers.anyone.get(f"/allocations/{made['id']}").json()["reason"] == "intensive care"
    assert callers.anyone.get(f"/lots/{lot}").json()["left"] == 0


def test_what_is_missing_on_arrival_stays_visible(cast, callers):
    """The receiver signs for 90 of 100; the day's totals show 10 missing."""
    need = publish(callers, cast, quantity=100)
    path = f"/organisations/{cast.charity.public_id}/gifts"
    lot = callers.charity.does(path, {"item": "mask-surgical", "quantity": 100})["lot"]
    made = callers.charity.does(f"/lots/{lot}/allocations", {"need": need["id"], "quantity": 100})
    handover = callers.charity.does(f"/allocations/{made['id']}/hand-over")
    assert ids(callers.anyone.get("/handovers", unsigned="true")) == [handover["id"]]
    callers.hospital.does(f"/handovers/{handover['id']}/sign", {"quantity": 90, "note": "one box wet"})
    assert ids(callers.anyone.get("/handovers", unsigned="true")) == []
    (missing,) = callers.anyone.get("/totals/daily", measure="missing", item="mask-surgical").json()
    assert missing["quantity"] == 10
    totals = callers.anyone.get(f"/organisations/{cast.hospital.public_id}/totals").json()
    assert totals[0]["totals"]["signed-for"]["quantity"] == 90


def test_a_file_is_streamed_by_an_asynchronous_server_too(cast, callers):
    """Part by part, not collected in memory first."""
    publish(callers, cast)

    async def fetch():
        answer = await AsyncClient().get("/api/needs.csv")
        assert answer.is_async
        return [part async for part in answer.streaming_content]

    parts = async_to_sync(fetch)()
    assert len(parts) > 1
    assert len(list(csv.reader(io.StringIO(b"".join(parts).decode())))) == 3
