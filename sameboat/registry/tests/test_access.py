"""Who calls: tokens, sessions with CSRF, addresses behind a proxy, and how often each may."""

import pytest
from django.contrib.auth.models import User
from django.test import Client, RequestFactory

from conftest import Caller
from sameboat.registry import rate_limits
from sameboat.registry.access import client_address
from sameboat.registry.models import AccessToken
from sameboat.registry.refusals import TooMany

pytestmark = pytest.mark.django_db


def test_a_token_acts_as_its_owner(callers, cast):
    """The caller is told who they are and what they may do for whom."""
    who = callers.hospital.get("/me").json()
    assert (who["user"], who["operator"]) == ("hospital", False)
    assert [(each["organisation"]["id"], each["roles"]) for each in who["memberships"]] == [
        (cast.hospital.public_id, ["ask", "sign"])
    ]


def test_a_token_is_kept_as_its_hash_only(callers):
    """Nobody who reads the database can act as somebody else."""
    token = callers.hospital.does("/tokens")["token"]
    assert not [row for row in AccessToken.objects.values_list() if token in str(row)]


def test_revoked_tokens_no_longer_hold(callers):
    """Who lost a token makes all of theirs worthless, and nobody else's."""
    second = Caller(callers.hospital.does("/tokens")["token"])
    assert second.does("/tokens/revoke") == {"revoked": 2}
    assert [caller.get("/me").status_code for caller in (callers.hospital, second, callers.charity)] == [401, 401, 200]


@pytest.mark.parametrize("header", ["Bearer sb_wrong", "Bearer ", "Bearer \x00", "Basic aGk6aGk=", "sb_"])
def test_a_wrong_token_is_nobody(header, cast):
    """It is told to sign in, and never taken for a person without an account."""
    answer = Client(headers={"Authorization": header}).get("/api/me")
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Bearer")


def test_a_token_of_a_locked_account_no_longer_holds(callers):
    """Locking the account is enough; its tokens need not be found."""
    User.objects.filter(username="hospital").update(is_active=False)
    assert callers.hospital.get("/me").status_code == 401


def test_a_session_writes_only_with_its_csrf_token(callers, cast):
    """A page of another site cannot make a signed-in member publish."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.get(username="hospital"))
    body = {"organisation": cast.hospital.public_id, "item": "mask-surgical", "quantity": 5}
    refused = client.post("/api/needs", body, content_type="application/json")
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "not-permitted")
    token = "a" * 32
    client.cookies["csrftoken"] = token
    done = client.post("/api/needs", body, content_type="application/json", headers={"X-CSRFToken": token})
    assert done.status_code == 201


def test_what_only_a_member_sees_is_kept_by_nobody(callers):
    """Neither a proxy nor a browser may store it, and no other site's page may read it."""
    answer = callers.hospital.get("/me")
    assert answer["Cache-Control"] == "private, no-store"
    assert "Access-Control-Allow-Origin" not in answer


def test_an_anonymous_address_may_write_ten_times_a_minute(callers, cast):
    """The eleventh is told when to try again; a member at the same address is not held up."""
    need = callers.hospital.does(
        "/needs", {"organisation": cast.hospital.public_id, "item": "mask-surgical", "quantity": 500}
    )
    path = f"/needs/{need['id']}/pledges"
    assert {callers.anyone.post(path, {"quantity": 1}).status_code for _ in range(10)} == {201}
    refused = callers.anyone.post(path, {"quantity": 1})
    assert refused.status_code == 429
    assert 1 <= int(refused["Retry-After"]) <= 60
    assert callers.company.post(path, {"quantity": 1}).status_code == 201


def test_sign_in_attempts_are_counted_for_each_name_and_address_alone():
    """Five a minute; another name is not held up."""
    for _ in range(5):
        rate_limits.check("sign-in", "somebody")
    with pytest.raises(TooMany) as refused:
        rate_limits.check("sign-in", "somebody")
    assert 1 <= refused.value.retry_after <= 60
    rate_limits.check("sign-in", "somebody else")


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("unknown", "unknown"),
    ],
)
def test_an_ipv6_address_counts_for_its_network(address, counted):
    """A household that owns a /64 does not get a limit for each of its addresses."""
    assert rate_limits.network_of(address) == counted


@pytest.mark.parametrize(
    ("behind", "forwarded", "address"),
    [
        (False, "192.0.2.7", "127.0.0.1"),
        (True, "192.0.2.7", "192.0.2.7"),
        (True, "192.0.2.66, 192.0.2.7", "192.0.2.7"),
        (True, "", "unknown"),
    ],
)
def test_only_our_own_proxy_is_believed_about_an_address(behind, forwarded, address, settings):
    """What the caller wrote into the header itself stands before what our proxy added, and does not count."""
    settings.BEHIND_PROXY = behind
    request = RequestFactory().get("/", headers={"X-Forwarded-For": forwarded})
    assert client_address(request) == address
