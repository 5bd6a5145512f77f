"""Device keys on the pages: registered and revoked."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.urls import reverse

from sameboat.registry.models import SigningKey
from sameboat.registry.tests.reading_pages import problems
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


@pytest.mark.parametrize("query", ["", "?for=&next=/work", "?for=org_nobody"])
def test_a_lone_organisation_needs_no_choosing(people, cast, query):
    """The only organisation stands in the form, whatever the address asks for."""
    page = people.hospital.get(reverse("keys") + query)
    assert page.context["form"]["organisation"].value() == cast.hospital.public_id


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
