"""Device keys on the pages: registered, used in a signature, revoked."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.urls import reverse

from sameboat.donations.actions.gifts import receive_goods
from sameboat.registry.models import SigningKey
from sameboat.supplies.actions.handovers import hand_over
from sameboat.supplies.actions.lots import allocate
from sameboat.supplies.actions.needs import publish_need
from sameboat.supplies.tests.test_work_pages import problems
from sameboat.transparency import queries as log


@pytest.fixture
def device():
    """A device's private key."""
    return Ed25519PrivateKey.generate()


def public(device):
    return base64.b64encode(device.public_key().public_bytes_raw()).decode()


def register(browser, organisation, device, **changes):
    sent = {"organisation": organisation.public_id, "public_key": public(device), "once": "the-same-key"}
    return browser.post(reverse("keys"), sent | changes)


def test_a_device_is_registered_once_and_leads_back(people, cast, device):
    """A double tap registers one key; the member comes back to where the key is needed."""
    for _ in range(2):
        assert register(people.hospital, cast.hospital, device, next="/work").url == "/work"
    assert SigningKey.objects.get().public_key == public(device)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"public_key": ""}, "made no key"),
        ({"public_key": "AAAA"}, "32"),
        ({"public_key": "not base64!"}, "base64"),
        ({"public_key": "A" * 65}, "at most 64"),
    ],
)
def test_what_is_no_key_is_refused(people, cast, device, changes, words):
    """The page says what was wrong, and nothing is registered."""
    answer = register(people.hospital, cast.hospital, device, **changes)
    assert answer.status_code == 422
    assert words in problems(answer)
    assert not SigningKey.objects.exists()


def test_a_key_of_somebody_else_is_refused(people, cast, device):
    """One key signs for one member at one organisation."""
    register(people.charity, cast.charity, device)
    answer = register(people.hospital, cast.hospital, device)
    assert answer.status_code == 409
    assert "somebody else" in problems(answer)


def test_a_key_is_revoked_by_its_owner_alone(people, cast, device):
    """A stranger may not; afterwards the page shows it as revoked."""
    register(people.hospital, cast.hospital, device)
    key = SigningKey.objects.get()
    address = reverse("key-revoke", args=[key.public_id])
    assert people.charity.post(address, {"reason": "mine"}).status_code == 403
    assert people.hospital.post(address, {"reason": "phone lost"}).url == reverse("keys")
    key.refresh_from_db()
    assert key.revoked_at is not None
    assert log.entries_about([key.public_id])[-1].data["reason"] == "phone lost"


@pytest.fixture
def signing_page(people, cast, device):
    """The page on which the hospital signs for 300 masks, its device registered."""
    need = publish_need(cast.act_hospital, organisation=cast.hospital, item=cast.masks, quantity=300)
    lot = receive_goods(cast.act_charity, charity=cast.charity, item=cast.masks, quantity=300).lot
    handover = hand_over(cast.act_charity, allocation=allocate(cast.act_charity, lot=lot, need=need, quantity=300))
    register(people.hospital, cast.hospital, device)
    return reverse("sign-for", args=[handover.public_id])


def signed_with(device, statement):
    signature = base64.b64encode(device.sign(statement.encode())).decode()
    return {"method": "device-key", "public_key": public(device), "signature": signature}


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


def test_only_keys_in_use_are_offered_to_the_page(people, signing_page, device):
    """A revoked key is no longer named in the page, and no longer accepted."""
    statement = people.hospital.get(signing_page).context["signing"].statement
    key = SigningKey.objects.get()
    people.hospital.post(reverse("key-revoke", args=[key.public_id]), {"reason": "phone lost"})
    assert people.hospital.get(signing_page).context["signing"].public_keys == []
    answer = people.hospital.post(signing_page, {"quantity": "300"} | signed_with(device, statement))
    assert "not registered for you" in problems(answer)
