"""Needs in bulk: each row does what it would do alone, and is refused as it would be alone."""

import base64
import itertools
import json
from dataclasses import replace

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from sameboat.registry import bulk
from sameboat.registry.actions import register_organisation
from sameboat.registry.models import Bulk, Emergency, Place, Request
from sameboat.registry.refusals import Refused
from sameboat.supplies.actions.needs import publish_need, publish_needs, stop_need
from sameboat.supplies.models import DayTotal, Need, OrganisationTotal
from sameboat.transparency import queries as log
from sameboat.transparency.actions import publish
from sameboat.transparency.engine import promise
from sameboat.transparency.keys import log_signer
from sameboat.transparency.models import Entry, EntrySubject

MASKS = "mask-surgical"


@pytest.fixture
def row(cast):
    """A function that returns a row of the hospital's need, with changes; None takes a field out."""

    def make(**changes):
        content = {"organisation": cast.hospital.public_id, "item": MASKS, "quantity": 500} | changes
        return {name: value for name, value in content.items() if value is not None}

    return make


@pytest.fixture
def ward(cast):
    """Another hospital, in a place, in which nobody of the cast has a role."""
    place = Place.objects.create(code="420100", level="city", name_en="Wuhan")
    return register_organisation(cast.act_operator, kind="hospital", name_en="Another Hospital", place=place)


@pytest.fixture
def emergency(ward):
    return Emergency.objects.create(
        public_id="emergency_" + "0" * 26, hazard="pneumonia", place=ward.place, declared_from="2020-01-20"
    )


def counted_ids():
    """Return a maker of ids that gives the same ids each time."""
    numbers = itertools.count()
    return lambda kind, at: f"{kind}_{next(numbers):026d}"


def what_is_stored():
    """Return what the rooms and the log hold of needs, but for the numbers of rows."""
    leaf_hash = dict(Entry.objects.values_list("pk", "leaf_hash"))
    columns = [field.attname for field in Need._meta.concrete_fields if not field.primary_key]
    totals = ("measure", "item", "unit", "quantity", "lines", "lines_unknown")
    return {
        "needs": list(Need.objects.order_by("public_id").values_list(*columns)),
        "days": set(DayTotal.objects.values_list("day", *totals)),
        "organisations": set(OrganisationTotal.objects.values_list("organisation", *totals)),
        "entries": list(Entry.objects.order_by("pk").values_list("leaf_hash", "body", "type", "actor", "recorded_at")),
        "subjects": {
            (leaf_hash[entry], about) for entry, about in EntrySubject.objects.values_list("entry", "subject")
        },
    }


def stored_by(do):
    """Return what is stored after a deed, and undo it."""
    with transaction.atomic():
        do()
        stored = what_is_stored()
        transaction.set_rollback(True)
    return stored


def test_in_bulk_as_singly(cast, ward, emergency):
    """Rows, day and organisation totals, entries and their subjects are the same, to the byte."""
    roles = cast.act_hospital.roles | {ward.public_id: frozenset({"ask"})}
    lines = [
        (cast.hospital, 500, {}),
        (cast.hospital, None, {"standard": "GB 2626-2006", "note": "急诊科今晚用完"}),
        (ward, "1,000", {"unit": cast.box, "emergency": emergency}),
        (cast.hospital, "5", {"standard": "YY"}),
        (ward, 7, {"standard": "YY", "note": "  east gate "}),
    ]
    code = {"unit": "code", "emergency": "public_id"}

    def singly():
        act = replace(cast.act_hospital, roles=roles, make_id=counted_ids())
        for organisation, quantity, more in lines:
            publish_need(act, organisation=organisation, item=cast.masks, quantity=quantity, **more)

    def in_bulk():
        act = replace(cast.act_hospital, roles=roles, make_id=counted_ids())
        rows = [
            {"organisation": organisation.public_id, "item": MASKS, "quantity": quantity}
            | {name: getattr(value, code[name]) if name in code else value for name, value in more.items()}
            for organisation, quantity, more in lines
        ]
        publish_needs(act, needs=rows)

    stored = stored_by(in_bulk)
    assert stored == stored_by(singly)
    assert (len(stored["needs"]), len(stored["days"])) == (len(lines), 1)


BAD = {
    "no object": lambda row, w: None,
    "a list": lambda row, w: [row()],
    "a text": lambda row, w: "mask-surgical",
    "empty": lambda row, w: {},
    "a field is missing": lambda row, w: row(item=None),
    "a misspelt field": lambda row, w: row(quantitiy=5),
    "a field that cannot be shown": lambda row, w: row(**{"\0\ud800": 5}),
    "another type": lambda row, w: row(organisation=7),
    "deep": lambda row, w: row(note=json.loads("[" * 50 + "]" * 50)),
    "no such organisation": lambda row, w: row(organisation="org_" + "0" * 26),
    "another kind of id": lambda row, w: row(organisation="need_" + "0" * 26),
    "a NUL in the id": lambda row, w: row(organisation="org_\0"),
    "no such item": lambda row, w: row(item="masks"),
    "an item that cannot be shown": lambda row, w: row(item="mask\0\ud800"),
    "no such unit": lambda row, w: row(unit="barrel"),
    "not a pack of it": lambda row, w: row(unit="crate"),
    "no such emergency": lambda row, w: row(emergency="emergency_" + "0" * 26),
    "nothing": lambda row, w: row(quantity=0),
    "less than nothing": lambda row, w: row(quantity=-5),
    "half a mask": lambda row, w: row(quantity="1.5"),
    "a float": lambda row, w: row(quantity=1.0),
    "true": lambda row, w: row(quantity=True),
    "no number": lambda row, w: row(quantity="many"),
    "more than anybody needs": lambda row, w: row(quantity=50_000_001),
    "absurd": lambda row, w: row(quantity=10**400),
    "a long text": lambda row, w: row(note="a" * 501),
    "turned around": lambda row, w: row(note="\u202eetag tsae"),
    "half a character": lambda row, w: row(note="\ud83d"),
    "open already": lambda row, w: row(standard="open"),
    "not theirs": lambda row, w: row(organisation=w.public_id),
}


def test_a_bad_row_is_refused_as_it_would_be_alone_and_sinks_no_other(cast, row, ward, callers):
    """Code, message, field and faults are those of a request of its own; rows around it are published."""
    from sameboat.registry.models import Unit

    Unit.objects.create(code="crate", name_en="crate", kind="pack")
    caller = callers.hospital
    caller.does("/needs", row(standard="open"))
    bad = [make(row, ward) for make in BAD.values()]
    alone = [caller.post("/needs", json.dumps(each)) for each in bad]
    assert {answer.status_code for answer in alone} == {403, 404, 409, 422}
    mixed = [each for number, one in enumerate(bad) for each in (one, row(standard=f"GB {number}"))]
    answer = caller.does("/needs/bulk", {"needs": mixed})
    assert (answer["done"], answer["refused"]) == (len(bad), len(bad))
    refused = dict(zip(BAD, (each["error"] for each in answer["rows"][::2]), strict=True))
    assert refused == dict(zip(BAD, (each.json()["error"] for each in alone), strict=True))
    published = set(Need.objects.exclude(standard="open").values_list("public_id", flat=True))
    assert {each["id"] for each in answer["rows"][1::2]} == published
    assert [each["row"] for each in answer["rows"]] == list(range(1, 2 * len(bad) + 1))


def test_a_row_sent_twice_in_one_request_is_published_once(row, callers):
    """The second is told under which id the first stands."""
    first, second = callers.hospital.does("/needs/bulk", {"needs": [row(), row(quantity=7)]})["rows"]
    assert (second["error"]["code"], second["error"]["field"]) == ("conflict", "item")
    assert first["id"] in second["error"]["message"]
    assert Need.objects.get().quantity == 500


def test_a_need_that_was_stopped_may_be_published_again(cast, row):
    """Only an open need stands in the way."""
    need = publish_need(cast.act_hospital, organisation=cast.hospital, item=cast.masks, quantity=1)
    (refused,) = publish_needs(cast.act_hospital, needs=[row()]).outcomes
    assert refused["code"] == "conflict"
    stop_need(cast.act_hospital, need=need)
    (published,) = publish_needs(cast.act_hospital, needs=[row()]).outcomes
    assert Need.objects.get(public_id=published).state == "open"


@pytest.mark.parametrize("depth", [100, 400, 700, 900, 960, 980])
def test_a_row_nested_deep_is_no_failure_of_ours(depth, row, callers):
    """It is refused, alone or with its request, and with an idempotency key too."""
    body = json.dumps({"needs": [row(), {"note": 0}]}).replace("0}]", "[" * depth + "]" * depth + "}]")
    for key in ("", "k"):
        assert callers.hospital.post("/needs/bulk", body, key).status_code in (200, 400)


WHOLE = {
    "no rows": ({"needs": []}, 422),
    "no list": ({"needs": "all"}, 422),
    "an object": ({"needs": {"0": {}}}, 422),
    "no field": ({}, 422),
    "another field": ({"needs": [{}], "all": True}, 422),
    "too many": ({"needs": [{}] * (bulk.MOST_ROWS + 1)}, 422),
    "not JSON": (b'{"needs": [{"quantity": NaN}]}', 400),
    "a name twice": (b'{"needs": [{"item": "a", "item": "b"}]}', 400),
    "too large": ({"needs": [{"note": "a" * 1_100_000}]}, 413),
}


@pytest.mark.parametrize("case", WHOLE)
def test_a_request_that_cannot_be_read_row_by_row_is_refused_whole(case, callers, everything_stored):
    """Nothing is stored, and the answer has the shape of every refusal."""
    body, status = WHOLE[case]
    before = everything_stored()
    answer = callers.hospital.post("/needs/bulk", body)
    assert (answer.status_code, bool(answer.json()["error"]["message"])) == (status, True)
    assert everything_stored() == before


@pytest.mark.parametrize(("who", "status"), [("anyone", 401), ("charity", 403), ("company", 403), ("operator", 403)])
def test_who_may_publish_none_of_them_is_refused_whole(who, status, row, callers, everything_stored):
    """Neither other organisations' members nor the operator, who would put words in their mouth."""
    before = everything_stored()
    answer = getattr(callers, who).post("/needs/bulk", {"needs": [row(), row(standard="GB")]})
    assert answer.status_code == status
    assert everything_stored() == before


def test_sent_again_under_its_key_it_is_answered_alike(row, callers):
    """Ids, promises and refusals are the first ones, even where the reasons are gone; nothing is published twice."""
    needs = {"needs": [row(), row(item="gloves"), row(standard="GB")]}
    first = callers.hospital.does("/needs/bulk", needs, key="k")
    size = Entry.objects.count()
    assert callers.hospital.does("/needs/bulk", needs, key="k") == first
    assert (Entry.objects.count(), Bulk.objects.count(), Request.objects.count()) == (size, 1, 1)
    other = callers.hospital.post("/needs/bulk", {"needs": [row(standard="YY")]}, key="k")
    assert (other.status_code, other.json()["error"]["field"]) == (409, "idempotency_key")


def test_every_row_that_was_done_carries_the_logs_promise(row, callers):
    """More than a header holds: each is signed by the log's key for the very entry that it then publishes."""
    rows = callers.hospital.does("/needs/bulk", {"needs": [row(standard=f"GB {n}") for n in range(40)]})["rows"]
    publish()
    for each in rows:
        given = promise.open(base64.b64decode(each["promise"]), log_signer().verifier)
        entry = log.entry_hashed(given.leaf_hash)
        assert given.leaf_hash.hex() == each["leaf_hash"]
        assert (entry.data["need"], entry.index is not None) == (each["id"], True)


def test_statements_do_not_grow_with_the_rows(cast, row):
    """Ten times the rows take a few statements more, as rows fill statements: 431 needs one, 1,365 entries one."""

    def statements(count, name):
        rows = [row(standard=f"{name} {number}", unit="box") for number in range(count)]
        with CaptureQueriesContext(connection) as queries:
            publish_needs(replace(cast.act_hospital, key=name), needs=rows)
        return len(queries)

    few, many = statements(100, "few"), statements(bulk.MOST_ROWS, "many")
    assert many - few == 2
    assert few <= 20


def test_an_error_of_ours_publishes_none(cast, row, monkeypatch):
    """Where the log cannot take an entry, no row of the request is stored."""
    from sameboat.transparency import actions
    from sameboat.transparency.errors import LogError

    monkeypatch.setattr(actions, "MAX_ENTRY_BYTES", 470)
    with pytest.raises(LogError):
        publish_needs(cast.act_hospital, needs=[row(), row(standard="GB", note="a" * 300)])
    assert (Need.objects.count(), DayTotal.objects.count(), Bulk.objects.count()) == (0, 0, 0)


@pytest.mark.parametrize("count", [0, bulk.MOST_ROWS + 1])
def test_the_action_holds_the_limit_itself(count, cast, row):
    """Whoever calls it, not over HTTP alone."""
    with pytest.raises(Refused, match="1 to 1,000"):
        publish_needs(cast.act_hospital, needs=[row()] * count)
