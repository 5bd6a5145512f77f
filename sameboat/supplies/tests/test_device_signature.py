"""A signature made by a device over the words that a page shows."""

import base64
from dataclasses import replace
from datetime import date

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.contrib.auth.models import User
from django.urls import reverse

from sameboat.registry.actions import register_key, revoke_key
from sameboat.registry.models import SigningKey
from sameboat.registry.tests.reading_pages import problems
from sameboat.supplies import queries
from sameboat.supplies.actions.handovers import hand_over, record_published_handover, sign_for
from sameboat.supplies.actions.lots import allocate
from sameboat.supplies.actions.needs import publish_need
from sameboat.supplies.actions.signing import DeviceSignature
from sameboat.supplies.events import Source
from sameboat.supplies.tests.test_work_pages import lot_of
from sameboat.transparency import queries as log


@pytest.fixture
def device():
    """A device's private key."""
    return Ed25519PrivateKey.generate()


def public(device):
    return base64.b64encode(device.public_key().public_bytes_raw()).decode()


@pytest.fixture
def signing_page(people, cast, device):
    """The page on which the hospital signs for 300 masks, its device registered."""
    need = publish_need(cast.act_hospital, organisation=cast.hospital, item=cast.masks, quantity=300)
    lot = lot_of(cast, 300)
    handover = hand_over(cast.act_charity, allocation=allocate(cast.act_charity, lot=lot, need=need, quantity=300))
    member = replace(cast.act_hospital, user_id=User.objects.get(username="hospital").pk)
    register_key(member, organisation=cast.hospital, public_key=public(device))
    return reverse("sign-for", args=[handover.public_id])


def signed_with(device, statement):
    signature = base64.b64encode(device.sign(statement.encode())).decode()
    return {"signed_with": "device-key", "public_key": public(device), "signature": signature}


def test_what_the_page_shows_is_what_a_device_signs(people, signing_page, device):
    """The statement in the page, signed as it stands, is accepted and stands on the log."""
    statement = people.hospital.get(signing_page).context["signing"].statement
    answer = people.hospital.post(signing_page, {"quantity": "300"} | signed_with(device, statement))
    assert answer.status_code == 302
    entry = log.entries_about([signing_page.split("/")[-2]])[-1]
    assert (entry.data["signed"]["method"], entry.data["signed"]["text"]) == ("device-key", statement)


def test_a_signature_of_another_quantity_is_refused(people, signing_page, device):
    """Who signs for 300 cannot be made to have signed for 299."""
    statement = people.hospital.get(signing_page).context["signing"].statement
    answer = people.hospital.post(signing_page, {"quantity": "299"} | signed_with(device, statement))
    assert answer.status_code == 422
    assert "sign again" in problems(answer)


def test_only_keys_in_use_are_offered_to_the_page(people, cast, signing_page, device):
    """A revoked key is no longer named in the page, and no longer accepted."""
    statement = people.hospital.get(signing_page).context["signing"].statement
    key = SigningKey.objects.get()
    revoke_key(replace(cast.act_hospital, user_id=key.user_id), key=key, reason="phone lost")
    assert people.hospital.get(signing_page).context["signing"].public_keys == []
    answer = people.hospital.post(signing_page, {"quantity": "300"} | signed_with(device, statement))
    assert "not registered for you" in problems(answer)


def test_a_count_of_what_nobody_had_counted_is_signed_too(cast, people, device):
    """The receiver counts 40 of an unknown quantity: the log holds the count, and the device signed exactly that."""
    handover = record_published_handover(
        cast.act_operator,
        giver=cast.charity,
        receiver=cast.hospital,
        item=cast.masks,
        quantity=None,
        unit=cast.piece,
        stated="若干",
        handed_on=date(2020, 1, 30),
        source=Source(table="handouts", line=1),
    )
    member = replace(cast.act_hospital, user_id=User.objects.get(username="hospital").pk)
    register_key(member, organisation=cast.hospital, public_key=public(device))
    text = queries.receipt_statement(handover, 40)
    sent = signed_with(device, text)
    sign_for(member, handover=handover, quantity="40", device=DeviceSignature(sent["public_key"], sent["signature"]))
    data = log.entries_about([handover.public_id])[-1].data
    assert (data["counted"], data["goods"].get("quantity"), data["signed"]["text"]) == (40, None, text)
    assert log.all_balances() == {}
