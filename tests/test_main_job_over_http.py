"""The main job over HTTP: a gift is followed from a published need to the receiver's signature, by programs alone."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from sameboat.transparency.actions import publish
from sameboat.transparency.engine import merkle


class DeviceKey:
    """A member's device: it makes a key and signs statements with it."""

    def __init__(self):
        self.key = Ed25519PrivateKey.generate()
        raw = self.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.public_key = base64.b64encode(raw).decode()

    def sign(self, text):
        """Return the signature of a statement as the API takes it."""
        value = base64.b64encode(self.key.sign(text.encode())).decode()
        return {"public_key": self.public_key, "signature": value}


@pytest.fixture
def device():
    """A fresh device."""
    return DeviceKey()


@pytest.fixture
def delivered(cast, callers, device):
    """A pledge of 500 masks by a person without an account, delivered and signed for with a device key."""
    need = callers.hospital.does(
        "/needs", {"organisation": cast.hospital.public_id, "item": "mask-surgical", "quantity": "10", "unit": "box"}
    )
    promise = callers.anyone.does(f"/needs/{need['id']}/pledges", {"quantity": 500, "contact": "139-0000"})
    gift = callers.charity.does(
        f"/organisations/{cast.charity.public_id}/gifts", {"pledge": promise["pledge"]["id"], "receipt": "R-1"}
    )
    shares = callers.anyone.get(f"/lots/{gift['lot']}/fair-shares").json()
    allocation = callers.charity.does(
        f"/lots/{gift['lot']}/allocations", {"need": need["id"], "quantity": shares["shares"][0]["quantity"]}
    )
    handover = callers.charity.does(f"/allocations/{allocation['id']}/hand-over")
    callers.hospital.does(f"/organisations/{cast.hospital.public_id}/keys", {"public_key": device.public_key})
    statement = callers.hospital.get(f"/handovers/{handover['id']}/statement").json()["text"]
    signed = callers.hospital.does(f"/handovers/{handover['id']}/sign", {"device": device.sign(statement)})
    return need, gift, signed


def test_goods_are_delivered_when_the_receivers_device_has_signed(delivered, callers):
    """The hand-over carries the receiver's device signature, and the need is met."""
    need, _gift, signed = delivered
    assert (signed["received_quantity"], signed["receiver_method"]) == (500, "device-key")
    assert callers.anyone.get(f"/needs/{need['id']}").json()["state"] == "met"


def test_every_step_of_the_trace_is_proved_against_the_checkpoint(delivered, callers):
    """A donor with nothing but the API checks each entry's hash and its way to the signed root."""
    publish()
    _need, gift, _signed = delivered
    checkpoint = callers.anyone.get("/log/checkpoint").json()
    entries = callers.anyone.get(f"/gifts/{gift['id']}/trace").json()["entries"]
    for entry in entries:
        proof = callers.anyone.get("/log/proofs/inclusion", index=entry["index"], size=checkpoint["size"]).json()
        merkle.verify_inclusion(
            merkle.leaf_hash(entry["text"].encode()),
            entry["index"],
            checkpoint["size"],
            [bytes.fromhex(step) for step in proof["proof"]],
            bytes.fromhex(checkpoint["root"]),
        )
    assert [entry["type"] for entry in entries] == [
        "need.published",
        "pledge.made",
        "goods.received",
        "allocation.decided",
        "goods.handed_over",
        "key.registered",
        "goods.received_by",
    ]


def test_what_a_person_told_in_private_is_nowhere_in_the_public_api(delivered, callers):
    """The contact of a donor without an account appears in no public answer."""
    publish()
    need, gift, _signed = delivered
    for path in (f"/needs/{need['id']}/pledges", f"/gifts/{gift['id']}/trace", "/gifts.csv", "/log/entries"):
        answer = callers.anyone.get(path)
        assert "139-0000" not in b"".join(answer).decode(), path


def test_money_is_followed_to_the_recipients_signature(cast, callers, device):
    """Two gifts in one fund pay first in, first out; the charity and the recipient sign; the totals agree."""
    charity, hospital = cast.charity.public_id, cast.hospital.public_id
    campaign = callers.charity.does("/campaigns", {"charity": charity, "title_zh": "口罩"})
    fund = callers.charity.does(f"/campaigns/{campaign['id']}/funds", {"purpose_en": "Masks"})
    promise = callers.anyone.does(f"/funds/{fund['id']}/pledges", {"amount": "100.50", "currency": "CNY"})
    first = callers.charity.does(f"/funds/{fund['id']}/gifts", {"pledge": promise["pledge"]["id"]})
    callers.charity.does(f"/funds/{fund['id']}/gifts", {"amount": 200, "currency": "CNY"})
    callers.charity.does(f"/organisations/{charity}/keys", {"public_key": device.public_key})
    terms = {"recipient": hospital, "amount": "150", "currency": "CNY", "purpose": "3,000 masks"}
    statement = callers.charity.get(f"/funds/{fund['id']}/payment-statement", **terms).json()["text"]
    payment = callers.charity.does(f"/funds/{fund['id']}/payments", terms | {"device": device.sign(statement)})
    signed = callers.hospital.does(f"/payments/{payment['id']}/sign")
    assert signed["signed_at"]
    trace = callers.anyone.get(f"/gifts/{first['id']}/trace").json()["entries"]
    paid = next(entry for entry in trace if entry["type"] == "money.disbursed")
    assert [share["units"] for share in paid["data"]["shares"]] == [10_050, 4_950]
    assert callers.anyone.get("/totals").json()["money"] == [
        {"currency": "CNY", "received": "300.50", "paid": "150.00", "signed_for": "150.00", "gifts": 2}
    ]


def test_a_donor_without_an_account_takes_a_pledge_back_with_its_code(cast, callers):
    """The code that was shown once is enough, another is not, and the need's pledged sum goes back."""
    need = callers.hospital.does(
        "/needs", {"organisation": cast.hospital.public_id, "item": "mask-surgical", "quantity": 500}
    )
    promise = callers.anyone.does(f"/needs/{need['id']}/pledges", {"quantity": 100})
    path = f"/pledges/{promise['pledge']['id']}/cancel"
    assert callers.anyone.post(path, {"code": "wrong"}).status_code == 403
    assert callers.anyone.does(path, {"code": promise["code"]})["state"] == "cancelled"
    assert callers.anyone.get(f"/needs/{need['id']}").json()["pledged"] == 0
