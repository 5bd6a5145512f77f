"""What a donor told in private: kept beside the log, shown to whom the donor chooses, gone when the donor says so."""

import hashlib
import json

import pytest
from django.contrib.auth.models import User
from django.test import override_settings

from sameboat.donations.actions.gifts import receive_goods
from sameboat.donations.actions.pledges import cancel_pledge, pledge_goods
from sameboat.donations.actions.privacy import erase_private, open_private
from sameboat.donations.models import Pledge
from sameboat.donations.queries import proof_entries
from sameboat.registry.acting import act_of
from sameboat.registry.actions import open_account
from sameboat.registry.models import Request
from sameboat.registry.refusals import Conflict, InvalidInput, NotPermitted
from sameboat.supplies.actions.needs import publish_need
from sameboat.transparency import proofs, queries, sources
from sameboat.transparency.actions import publish
from sameboat.transparency.auditor import audit, compare
from sameboat.transparency.engine import commitment, proof_file
from sameboat.transparency.keys import log_signer
from sameboat.transparency.models import Entry, PrivatePart

NAME, CONTACT, CODE = "王小明 of Hankou", "139-0000-4711", "its own code"


@pytest.fixture
def told(cast):
    """A pledge by a person without an account, published, with a name and a contact."""
    need = publish_need(cast.act_hospital, organisation=cast.hospital, item=cast.masks, quantity=500)
    pledge = pledge_goods(cast.act_nobody, need=need, quantity=500, code=CODE, donor_name=NAME, contact=CONTACT)
    publish()
    return pledge


def the_entry(kind="pledge.made"):
    return Entry.objects.get(type=kind)


def test_erasing_deletes_row_and_key(told, cast):
    """Nothing of the private part is left in the store."""
    erase_private(cast.act_nobody, pledge=told, code=CODE)
    assert not PrivatePart.objects.exists()


def test_the_log_says_that_it_was_erased_and_nothing_of_what_was(told, cast):
    """The new entry names the entry it is about, the pledge and the reason, and has no private part itself."""
    erase_private(cast.act_nobody, pledge=told, code=CODE)
    content = json.loads(bytes(the_entry("erasure").body))
    assert content["data"] == {
        "entry": bytes(the_entry().leaf_hash).hex(),
        "reason": "asked",
        "about": told.public_id,
    }
    assert (content["actor"], content["v"], "private" in content) == ("unnamed", 1, False)


def test_every_proof_and_every_total_stays_valid(told, cast):
    """A proof file made before verifies after, one made after verifies too, and the books balance."""
    gift = receive_goods(cast.act_charity, charity=cast.charity, pledge=told)
    publish()
    before = proofs.proof_file(proof_entries(gift))
    erase_private(cast.act_nobody, pledge=told, code=CODE)
    publish()
    for data in (before, proofs.proof_file(proof_entries(gift))):
        proof_file.verify(data, [log_signer().verifier])
    found = audit(sources.own_store(), log_signer().verifier)
    compare(found, queries.posted_sums())
    assert (found.wrong, found.types["erasure"]) == (False, 1)


def test_an_entry_that_waits_can_be_erased_too(cast):
    """Who changes their mind at once need not wait for the next checkpoint."""
    need = publish_need(cast.act_hospital, organisation=cast.hospital, item=cast.masks, quantity=500)
    pledge = pledge_goods(cast.act_nobody, need=need, quantity=5, code=CODE, contact=CONTACT)
    erase_private(cast.act_nobody, pledge=pledge, code=CODE)
    assert not PrivatePart.objects.exists()


def test_erasing_twice_says_it_once(told, cast):
    """A second request changes nothing and says nothing."""
    for _ in range(2):
        erase_private(cast.act_nobody, pledge=told, code=CODE)
    assert Entry.objects.filter(type="erasure").count() == 1


def test_the_operator_says_why(told, cast):
    """The operator may, speaks as the operator, and gives one of the known reasons."""
    erase_private(cast.act_operator, pledge=told, reason="law")
    content = json.loads(bytes(the_entry("erasure").body))
    assert (content["actor"], content["data"]["reason"]) == ("operator", "law")


def test_a_reason_of_ones_own_words_is_refused(told, cast, everything_stored):
    """Free text could say who it was; nothing is erased for it."""
    before = everything_stored()
    with pytest.raises(InvalidInput):
        erase_private(cast.act_operator, pledge=told, reason=f"{NAME} asked")
    assert everything_stored() == before


def test_the_account_that_made_it_is_unlinked(cast):
    """A member who erases is no longer named by the pledge; the code still takes it back."""
    user = User.objects.create_user("li")
    need = publish_need(cast.act_hospital, organisation=cast.hospital, item=cast.masks, quantity=500)
    pledge = pledge_goods(act_of(user), need=need, quantity=5, code=CODE, contact=CONTACT)
    erase_private(act_of(user), pledge=pledge)
    assert Pledge.objects.get().user is None
    with pytest.raises(NotPermitted):
        cancel_pledge(act_of(user), pledge=Pledge.objects.get())
    assert cancel_pledge(cast.act_nobody, pledge=Pledge.objects.get(), code=CODE).state == "cancelled"


@pytest.mark.parametrize("fields", [["contact"], ["donor_name"], ["donor_name", "contact"], ["contact", "contact"]])
def test_a_proof_file_opens_what_was_chosen_and_nothing_else(told, cast, fields):
    """The file verifies, carries the chosen words, and neither the other words nor the record's key."""
    data = open_private(cast.act_nobody, pledge=told, fields=fields, code=CODE)
    (entry,) = proof_file.verify(data, [log_signer().verifier]).entries
    words = {"donor_name": NAME, "contact": CONTACT}
    assert {opening.name: opening.value for opening in entry.openings} == {name: words[name] for name in fields}
    text = data.decode()
    assert [name for name in words if words[name] in text] == sorted(set(fields), reverse=True)
    assert bytes(PrivatePart.objects.get().key).hex() not in text


@pytest.mark.parametrize("fields", [[], ["telephone"], ["contact", "telephone"]])
def test_only_what_was_told_can_be_opened(told, cast, fields):
    """No field, or one that is not there, is a mistake that names those that are."""
    with pytest.raises(InvalidInput, match="contact, donor_name"):
        open_private(cast.act_nobody, pledge=told, fields=fields, code=CODE)


def test_nothing_can_be_opened_after_it_was_erased(told, cast):
    """Neither its donor nor the operator can make an opening any more, and the old commitment opens nothing."""
    committed = json.loads(bytes(the_entry().body))["private"]
    erase_private(cast.act_nobody, pledge=told, code=CODE)
    for act in (cast.act_nobody, cast.act_operator):
        with pytest.raises(Conflict):
            open_private(act, pledge=told, fields=["contact"], code=CODE)
    assert not commitment.opens(committed, bytes(32), {"donor_name": NAME, "contact": CONTACT})


def test_a_pledge_that_is_not_published_cannot_be_proved_yet(cast):
    """The donor is told to wait a moment."""
    need = publish_need(cast.act_hospital, organisation=cast.hospital, item=cast.masks, quantity=500)
    pledge = pledge_goods(cast.act_nobody, need=need, quantity=5, code=CODE, contact=CONTACT)
    with pytest.raises(Conflict, match="not published yet"):
        open_private(cast.act_nobody, pledge=pledge, fields=["contact"], code=CODE)


PROMISE = {"quantity": 5, "code": CODE, "donor_name": NAME, "contact": CONTACT}


@pytest.fixture
def requested(cast):
    """The same, asked for under an idempotency key, and how to ask again."""
    need = publish_need(cast.act_hospital, organisation=cast.hospital, item=cast.masks, quantity=500)
    act = cast.later(cast.act_nobody, key="once")
    return lambda **changed: pledge_goods(cast.later(act), need=need, **PROMISE | changed)


def test_a_requests_fingerprint_cannot_be_found_by_guessing(requested):
    """Who reads the database but not the installation's secret cannot try names and numbers against it."""
    pledge = requested()
    kept = Request.objects.get().fingerprint
    need = ["Need", pledge.need_id]
    for guess in ([[], {"need": need, **PROMISE}], PROMISE):
        assert hashlib.sha256(json.dumps(guess, sort_keys=True).encode()).hexdigest() != kept
    with override_settings(SECRET_KEY="another installation's"), pytest.raises(Conflict):
        requested()


def test_erasing_forgets_what_the_request_said(requested, cast):
    """The fingerprint goes, and the same key still answers with the pledge instead of making a second one."""
    pledge = requested()
    erase_private(cast.act_nobody, pledge=pledge, code=CODE)
    assert Request.objects.get().fingerprint == ""
    assert requested(contact="other") == pledge
    assert Pledge.objects.count() == 1


def test_a_password_leaves_no_fingerprint(cast):
    """Two requests that differ in the password alone are the same: nothing kept depends on it."""
    act = cast.later(cast.act_operator, key="once")
    first = open_account(act, username="li", password="a boat of our own")
    assert open_account(cast.later(act), username="li", password="quite another boat") == first


def test_a_network_address_cannot_be_found_by_guessing():
    """All IPv4 addresses can be tried within minutes against a plain hash, so the scope of a key is none."""
    from django.contrib.auth.models import AnonymousUser

    scope = act_of(AnonymousUser(), address="192.0.2.7").scope
    assert scope == act_of(AnonymousUser(), address="192.0.2.7").scope
    assert hashlib.sha256(b"192.0.2.7").hexdigest()[:32] not in scope
    with override_settings(SECRET_KEY="another installation's"):
        assert act_of(AnonymousUser(), address="192.0.2.7").scope != scope


def test_the_api_opens_and_erases(told, callers):
    """Who has the code gets a proof file that opens a field, then erases; without it both are refused."""
    path = f"/pledges/{told.public_id}"
    assert callers.anyone.post(f"{path}/open", {"fields": ["contact"]}).status_code == 403
    assert callers.anyone.post(f"{path}/erase", {}).status_code == 403
    answer = callers.anyone.post(f"{path}/open", {"fields": ["contact"], "code": CODE})
    assert answer.headers["Cache-Control"] == "no-store"
    assert proof_file.verify(answer.content).entries[0].openings[0].value == CONTACT
    assert callers.anyone.does(f"{path}/erase", {"code": CODE})["id"] == told.public_id
    assert callers.anyone.post(f"{path}/open", {"fields": ["contact"], "code": CODE}).status_code == 409


def test_the_page_opens_and_erases_without_any_script(told, people):
    """Two plain forms: one downloads the proof file, the other erases and says so."""
    address = f"/pledges/{told.public_id}/private"
    assert b"Erase what you told us" in people.anyone.get(address).content
    refused = people.anyone.post(f"{address}/open", {"fields_to_open": ["contact"]})
    assert (refused.status_code, CONTACT in refused.content.decode()) == (403, False)
    file = people.anyone.post(f"{address}/open", {"fields_to_open": ["contact"], "code": CODE})
    assert proof_file.verify(file.content).entries[0].openings[0].value == CONTACT
    shown = people.anyone.post(address, {"code": CODE}, follow=True).content.decode()
    assert "What you told us is erased." in shown
    assert "We keep nothing private" in people.anyone.get(address).content.decode()


def test_the_page_asks_what_the_file_shall_show(told, people):
    """Nothing chosen is a problem told beside the field."""
    answer = people.anyone.post(f"/pledges/{told.public_id}/private/open", {"code": CODE})
    assert (answer.status_code, b"Choose what the file shall show." in answer.content) == (422, True)


def test_the_pledge_leads_to_its_promise_and_to_what_was_told(told, people):
    """Both are one tap from the pledge's page."""
    shown = people.anyone.get(f"/pledges/{told.public_id}").content.decode()
    assert f"/log/promises/{bytes(the_entry().leaf_hash).hex()}" in shown
    assert f"/pledges/{told.public_id}/private" in shown


def test_the_command_opens_and_erases(told, tmp_path):
    """As on the page, for who operates the machine too."""
    from sameboat.project.tests.conftest import call

    file = tmp_path / "mine.json"
    wrong = call("pledge", "open", told.public_id, file, "--field", "contact", "--code", "wrong")
    assert (wrong.code, file.exists()) == (2, False)
    assert call("pledge", "open", told.public_id, file, "--field", "contact", "--code", CODE).code == 0
    assert f"contact = {CONTACT}" in call("verify", file).output
    assert call("pledge", "erase", told.public_id, "--reason", "law").code == 0
    assert not PrivatePart.objects.exists()
