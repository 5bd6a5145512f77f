"""Malformed, oversized, negative, absurd and repeated requests: a clear refusal, and nothing lost or half stored."""

import base64
import json
from collections import defaultdict
from datetime import timedelta

import pytest
from django.utils import timezone

from sameboat.transparency import queries as log
from sameboat.transparency.models import Entry

NOBODY = "org_01e1qg0w80000000000000000z"
NO_NEED = "need_01e1qg0w80000000000000000z"
A_KEY = base64.b64encode(bytes(32)).decode()
A_SIGNATURE = base64.b64encode(bytes(64)).decode()

NOT_JSON = [
    pytest.param(b"", 422, id="empty"),
    pytest.param(b"[]", 422, id="a list"),
    pytest.param(b"null", 422, id="null"),
    pytest.param(b'"text"', 422, id="a text"),
    pytest.param(b'{"quantity": 5', 400, id="cut short"),
    pytest.param(b'{"quantity": 5, "quantity": 6}', 400, id="a name twice"),
    pytest.param(b'{"quantity": NaN}', 400, id="NaN"),
    pytest.param(b'{"quantity": 1e999, "item": Infinity}', 400, id="Infinity"),
    pytest.param(b'{"quantity": ' + b"9" * 5000 + b"}", 400, id="an integer of 5,000 digits"),
    pytest.param(b"\xff\xfe{}", 400, id="not UTF-8"),
    pytest.param(b"[" * 200_000, 400, id="nested 200,000 deep"),
    pytest.param(b'{"note": "' + b"a" * 10_000_000 + b'"}', 413, id="10 MB"),
]

QUANTITIES = [
    pytest.param(-5, id="negative"),
    pytest.param(0, id="zero"),
    pytest.param(1.5, id="a float"),
    pytest.param(5.0, id="a float that is whole"),
    pytest.param(True, id="true"),
    pytest.param([5], id="a list"),
    pytest.param("many", id="a word"),
    pytest.param("1e3", id="an exponent"),
    pytest.param("-0", id="minus zero"),
    pytest.param("0.5", id="half"),
    pytest.param(50_000_001, id="more than anyone needs"),
    pytest.param(10**30, id="absurd"),
    pytest.param("9" * 5_000, id="5,000 digits"),
    pytest.param("٣\u202e5", id="a number that is shown in another order"),
]

TEXTS = [
    pytest.param("a" * 501, id="too long"),
    pytest.param("masks\x00", id="NUL"),
    pytest.param("masks\x1b[2J", id="an escape sequence"),
    pytest.param("\u202esksam", id="a right-to-left override"),
    pytest.param("\u2066masks", id="an isolate"),
    pytest.param("\ud800", id="half a character"),
    pytest.param("\ue000", id="a private character"),
    pytest.param(5, id="a number"),
    pytest.param({"en": "masks"}, id="an object"),
]


@pytest.fixture
def refused(everything_stored):
    """A function that sends what must be refused: returns the error, after showing that nothing was stored."""

    def send(caller, path, body, status, field=None):
        before = everything_stored()
        answer = caller.post(path, body)
        assert answer.status_code == status, answer.content
        error = answer.json()["error"]
        assert error["code"]
        assert len(error["message"]) > 15, "an error says what was wrong and what to do"
        if field is not None:
            assert error["field"] == field
        assert everything_stored() == before
        check_books()
        return error

    return send


def check_books():
    """Every asset sums to zero, and the kept balances are the sums of the postings."""
    balances = log.all_balances()
    assert balances == log.posted_sums()
    sums = defaultdict(int)
    for (account, asset), amount in balances.items():
        sums[asset] += amount
        assert amount >= 0 or account.startswith("outside:")
    assert not any(sums.values())


@pytest.fixture
def need(cast, callers):
    """A published need of 500 masks."""
    return callers.hospital.does(
        "/needs", {"organisation": cast.hospital.public_id, "item": "mask-surgical", "quantity": 500}
    )


@pytest.fixture
def gifts(cast):
    """Where the charity records what came in."""
    return f"/organisations/{cast.charity.public_id}/gifts"


@pytest.fixture
def lot(callers, gifts):
    """A lot of 300 masks."""
    return callers.charity.does(gifts, {"item": "mask-surgical", "quantity": 300})["lot"]


@pytest.fixture
def allocation(callers, lot, need):
    """100 of the lot for the need."""
    return callers.charity.does(f"/lots/{lot}/allocations", {"need": need["id"], "quantity": 100})


@pytest.fixture
def handover(callers, allocation):
    """The 100 handed over."""
    return callers.charity.does(f"/allocations/{allocation['id']}/hand-over")


# Needs


def need_body(cast, **change):
    """Return a need with something changed in it."""
    return {"organisation": cast.hospital.public_id, "item": "mask-surgical", "quantity": 500} | change


@pytest.mark.parametrize(("body", "status"), NOT_JSON)
def test_a_need_that_is_not_a_json_object_is_refused(body, status, cast, callers, refused):
    """Whatever is sent in place of a JSON object, nothing is published."""
    refused(callers.hospital, "/needs", body, status)


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_a_need_of_a_quantity_that_cannot_be_meant_is_refused(quantity, cast, callers, refused):
    """The refusal names the field."""
    refused(callers.hospital, "/needs", need_body(cast, quantity=quantity), 422, "quantity")


@pytest.mark.parametrize("text", TEXTS)
def test_a_need_with_a_text_that_cannot_be_shown_is_refused(text, cast, callers, refused):
    """What a note may not hold: controls, reordering, half characters, more than 500 characters."""
    refused(callers.hospital, "/needs", need_body(cast, note=text), 422, "note")


def test_an_unknown_unit_is_refused_with_the_known_ones(cast, callers, refused):
    """The message lists the units there are."""
    error = refused(callers.hospital, "/needs", need_body(cast, unit="crate"), 422, "unit")
    assert "box, piece" in error["message"]


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"item": "unobtainium"}, 422, "item"),
        ({"item": "mask\x00"}, 422, "item"),
        ({"organisation": NOBODY}, 404, "organisation"),
        ({"organisation": "org_\x00"}, 404, "organisation"),
        ({"organisation": "1 OR 1=1"}, 404, "organisation"),
        ({"emergency": "emergency_01e1qg0w80000000000000000z"}, 404, "emergency"),
        ({"quantiy": 5}, 422, "quantiy"),
        ({"standard": "a" * 201}, 422, "standard"),
    ],
)
def test_a_need_that_names_what_is_not_there_is_refused(change, status, field, cast, callers, refused):
    """Unknown items, organisations, emergencies and field names are told apart from valid ones."""
    refused(callers.hospital, "/needs", need_body(cast, **change), status, field)


def test_the_same_need_again_is_refused_with_the_first_ones_id(need, cast, callers, refused):
    """A repeated need says which one is open already."""
    assert need["id"] in refused(callers.hospital, "/needs", need_body(cast, quantity=9), 409)["message"]


@pytest.mark.parametrize("path", ["confirm", "meet", "stop"])
def test_a_closed_need_stays_closed(path, need, callers, refused):
    """Nobody can confirm, meet or stop it again."""
    callers.hospital.does(f"/needs/{need['id']}/stop")
    refused(callers.hospital, f"/needs/{need['id']}/{path}", {}, 409)


# Pledges and gifts


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_a_pledge_of_a_quantity_that_cannot_be_meant_is_refused(quantity, need, callers, refused):
    """The refusal names the field."""
    refused(callers.company, f"/needs/{need['id']}/pledges", {"quantity": quantity}, 422, "quantity")


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_a_gift_of_a_quantity_that_cannot_be_meant_is_refused(quantity, gifts, callers, refused):
    """The refusal names the field."""
    refused(callers.charity, gifts, {"item": "mask-surgical", "quantity": quantity}, 422, "quantity")


@pytest.mark.parametrize(("body", "status"), NOT_JSON)
def test_a_gift_that_is_not_a_json_object_is_refused(body, status, gifts, callers, refused):
    """Whatever is sent in place of a JSON object, nothing is received."""
    refused(callers.charity, gifts, body, status)


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"item": None}, 422, "item"),
        ({"unit": "crate"}, 422, "unit"),
        ({"donor": NOBODY}, 404, "donor"),
        ({"pledge": "pledge_01e1qg0w80000000000000000z"}, 404, "pledge"),
        ({"receipt": "a" * 81}, 422, "receipt"),
        ({"receipt": "\u202e1-R"}, 422, "receipt"),
        ({"received_on": "2020-02-30"}, 422, "received_on"),
        ({"received_on": "30.1.2020"}, 422, "received_on"),
        ({"received_on": 1580342400}, 422, "received_on"),
        ({"received_on": "1000-01-01"}, 422, "received_on"),
        ({"received_on": "1999-12-31"}, 422, "received_on"),
    ],
)
def test_a_gift_that_cannot_be_is_refused(change, status, field, gifts, callers, refused):
    """No item, unknown units and donors, days that were not."""
    refused(callers.charity, gifts, {"item": "mask-surgical", "quantity": 5} | change, status, field)


def test_a_gift_of_a_day_to_come_is_refused(gifts, callers, refused):
    """Nothing is received tomorrow."""
    day = (timezone.localdate() + timedelta(days=1)).isoformat()
    refused(callers.charity, gifts, {"item": "mask-surgical", "quantity": 5, "received_on": day}, 422, "received_on")


def test_a_pledge_that_was_taken_back_cannot_be_received(need, gifts, callers, refused):
    """The charity is told so."""
    pledge = callers.company.does(f"/needs/{need['id']}/pledges", {"quantity": 5})["pledge"]["id"]
    callers.company.does(f"/pledges/{pledge}/cancel")
    refused(callers.charity, gifts, {"pledge": pledge}, 409)


def test_a_pledge_is_received_once(need, gifts, callers, refused):
    """A second receipt of it is refused, and so is taking it back."""
    pledge = callers.company.does(f"/needs/{need['id']}/pledges", {"quantity": 5})["pledge"]["id"]
    callers.charity.does(gifts, {"pledge": pledge})
    refused(callers.charity, gifts, {"pledge": pledge}, 409)
    refused(callers.company, f"/pledges/{pledge}/cancel", {}, 409)


def test_a_receipt_that_contradicts_its_pledge_is_refused(need, gifts, cast, callers, refused):
    """Who made a pledge cannot be changed when it comes in."""
    pledge = callers.anyone.does(f"/needs/{need['id']}/pledges", {"quantity": 5})["pledge"]["id"]
    refused(callers.charity, gifts, {"pledge": pledge, "donor": cast.company.public_id}, 422, "donor")


@pytest.mark.parametrize(
    ("amount", "currency", "field"),
    [
        ("-1", "CNY", "amount"),
        ("0.001", "CNY", "amount"),
        ("1.5", "JPY", "amount"),
        ("9e999999", "CNY", "amount"),
        ("100.00000000000000000000000000000001", "CNY", "amount"),
        (10**20, "CNY", "amount"),
        (1.5, "CNY", "amount"),
        ("5", "yuan", "currency"),
        ("5", "", "currency"),
        ("5", "C\x00Y", "currency"),
    ],
)
def test_money_that_its_currency_does_not_have_is_refused(amount, currency, field, cast, callers, refused):
    """No amount is rounded, and no currency guessed."""
    campaign = callers.charity.does("/campaigns", {"charity": cast.charity.public_id, "title_en": "Masks"})
    fund = callers.charity.does(f"/campaigns/{campaign['id']}/funds", {"purpose_en": "Masks"})
    refused(callers.company, f"/funds/{fund['id']}/pledges", {"amount": amount, "currency": currency}, 422, field)


def test_more_than_a_fund_holds_cannot_be_paid(cast, callers, refused):
    """The message says how much it holds."""
    campaign = callers.charity.does("/campaigns", {"charity": cast.charity.public_id, "title_en": "Masks"})
    fund = callers.charity.does(f"/campaigns/{campaign['id']}/funds", {"purpose_en": "Masks"})
    callers.charity.does(f"/funds/{fund['id']}/gifts", {"amount": "20", "currency": "CNY"})
    terms = {"recipient": cast.hospital.public_id, "amount": "20.01", "currency": "CNY", "purpose": "Masks"}
    assert "20.00 CNY" in refused(callers.charity, f"/funds/{fund['id']}/payments", terms, 422, "amount")["message"]


# Allocations, hand-overs and receipts


@pytest.mark.parametrize("quantity", [*QUANTITIES, pytest.param(301, id="more than is left")])
def test_an_allocation_that_the_lot_cannot_bear_is_refused(quantity, lot, need, callers, refused):
    """The refusal names the field."""
    refused(callers.charity, f"/lots/{lot}/allocations", {"need": need["id"], "quantity": quantity}, 422, "quantity")


def test_an_allocation_to_an_unknown_need_is_refused(lot, callers, refused):
    """The refusal names the field."""
    refused(callers.charity, f"/lots/{lot}/allocations", {"need": NO_NEED, "quantity": 5}, 404, "need")


def test_an_allocation_is_handed_over_once(allocation, handover, callers, refused):
    """Not twice, and it cannot be taken back after."""
    refused(callers.charity, f"/allocations/{allocation['id']}/hand-over", {}, 409)
    refused(callers.charity, f"/allocations/{allocation['id']}/cancel", {"reason": "late"}, 409)


def test_only_the_receiver_signs(handover, callers, refused):
    """Neither the giver, nor another organisation, nor the operator can sign for what arrived."""
    for caller in (callers.charity, callers.company, callers.operator):
        refused(caller, f"/handovers/{handover['id']}/sign", {}, 403)
    refused(callers.anyone, f"/handovers/{handover['id']}/sign", {}, 401)


@pytest.mark.parametrize("quantity", [*QUANTITIES, pytest.param(101, id="more than was handed over")])
def test_a_receipt_of_a_quantity_that_cannot_be_meant_is_refused(quantity, handover, callers, refused):
    """The refusal names the field."""
    refused(callers.hospital, f"/handovers/{handover['id']}/sign", {"quantity": quantity}, 422, "quantity")


@pytest.mark.parametrize(
    ("device", "field"),
    [
        ({"public_key": A_KEY, "signature": A_SIGNATURE}, "public_key"),
        ({"public_key": "A" * 44, "signature": A_SIGNATURE}, "device.public_key"),
        ({"public_key": A_KEY, "signature": "abc"}, "device.signature"),
        ({"public_key": A_KEY}, "device.signature"),
        ("a device", "device"),
    ],
)
def test_a_receipt_with_a_signature_that_is_none_is_refused(device, field, handover, callers, refused):
    """Unregistered keys and what is no key or signature at all."""
    refused(callers.hospital, f"/handovers/{handover['id']}/sign", {"device": device}, 422, field)


def test_a_receipt_is_signed_once(handover, callers, refused):
    """A second signature is refused."""
    callers.hospital.does(f"/handovers/{handover['id']}/sign", {"quantity": 90})
    refused(callers.hospital, f"/handovers/{handover['id']}/sign", {}, 409)


@pytest.mark.parametrize(("body", "status"), NOT_JSON)
def test_a_receipt_that_is_not_a_json_object_is_refused(body, status, handover, callers, refused):
    """Whatever is sent in place of a JSON object, nothing is signed."""
    refused(callers.hospital, f"/handovers/{handover['id']}/sign", body, status)


# Repeated requests


def test_the_same_request_sent_again_is_done_once(cast, callers):
    """Under one idempotency key the second answer is the first one's, and the log has one entry of it."""
    body = need_body(cast)
    first = callers.hospital.does("/needs", body, key="5d1b")
    entries = Entry.objects.count()
    assert callers.hospital.does("/needs", body, key="5d1b") == first
    assert Entry.objects.count() == entries


def test_the_same_key_for_another_request_is_refused(cast, callers, everything_stored):
    """A key stands for one request: another body or another operation under it is refused."""
    callers.hospital.does("/needs", need_body(cast), key="5d1b")
    before = everything_stored()
    for path, body in [("/needs", need_body(cast, standard="GB 19083")), ("/needs", need_body(cast, quantity=5))]:
        assert callers.hospital.post(path, body, key="5d1b").status_code == 409
    assert everything_stored() == before


def test_a_key_is_its_callers_own(need, callers):
    """Two people who happen to use one key do not get each other's answers."""
    body = {"quantity": 5}
    one = callers.company.does(f"/needs/{need['id']}/pledges", body, key="1")
    other = callers.anyone.does(f"/needs/{need['id']}/pledges", body, key="1")
    assert one["pledge"]["id"] != other["pledge"]["id"]
    assert one["code"] != other["code"]


def test_a_repeated_pledge_gets_the_same_code(need, callers):
    """Who lost the answer on a bad line can still take the pledge back."""
    body = {"quantity": 5, "contact": "x@example.org"}
    first = callers.anyone.does(f"/needs/{need['id']}/pledges", body, key="5d1b")
    assert callers.anyone.does(f"/needs/{need['id']}/pledges", body, key="5d1b") == first
    assert callers.anyone.does(f"/pledges/{first['pledge']['id']}/cancel", {"code": first["code"]})


@pytest.mark.parametrize("key", ["a" * 129, "two words", "键"], ids=["long", "space", "not ASCII"])
def test_a_malformed_key_is_refused(key, cast, callers, everything_stored):
    """Keys are 1 to 128 printable ASCII characters; nothing is done under another."""
    before = everything_stored()
    answer = callers.hospital.post("/needs", need_body(cast), key=key)
    assert (answer.status_code, answer.json()["error"]["field"]) == (422, "Idempotency-Key")
    assert everything_stored() == before


def test_a_body_is_refused_whole_when_one_field_is_wrong(cast, callers, refused):
    """Every fault is told at once, each with its field."""
    error = refused(callers.hospital, "/needs", json.dumps({"quantity": 1.5, "note": 5, "x": 1}), 422)
    assert {fault["field"] for fault in error["faults"]} == {"organisation", "item", "quantity", "note", "x"}
