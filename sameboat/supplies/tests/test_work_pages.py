"""What members do with goods on the pages, one form at a time."""

import re
from datetime import timedelta

import pytest
from django.db import transaction
from django.urls import reverse

from sameboat.registry.models import Organisation
from sameboat.registry.tests.reading_pages import problems
from sameboat.supplies.actions.handovers import hand_over
from sameboat.supplies.actions.lots import allocate, receive_lot
from sameboat.supplies.actions.needs import publish_need
from sameboat.supplies.models import Allocation, HandOver, Need
from sameboat.transparency import queries as log
from sameboat.transparency.models import Entry


@pytest.fixture
def need(cast, people):
    """The hospital asks for 500 masks."""
    return publish_need(cast.act_hospital, organisation=cast.hospital, item=cast.masks, quantity=500)


def lot_of(cast, quantity):
    """Return a lot of masks that the charity holds."""
    with transaction.atomic():
        return receive_lot(
            cast.act_charity,
            actor=cast.charity.public_id,
            holder=cast.charity,
            item=cast.masks,
            quantity=quantity,
            unit=cast.piece,
        )


@pytest.fixture
def lot(cast, need):
    """The charity holds 800 masks."""
    return lot_of(cast, 800)


@pytest.fixture
def allocation(cast, lot, need):
    """300 of the masks are for the hospital."""
    return allocate(cast.act_charity, lot=lot, need=need, quantity=300)


@pytest.fixture
def handover(cast, allocation):
    """The 300 masks were handed over."""
    return hand_over(cast.act_charity, allocation=allocation)


ASKED = {"item": "Surgical mask", "quantity": "500", "once": "the-same-key"}


def ask(people, cast, **changes):
    sent = ASKED | {"organisation": cast.hospital.public_id} | changes
    return people.hospital.post(reverse("need-new"), sent)


@pytest.mark.parametrize("name", ["Surgical mask", "surgical MASK", "医用外科口罩", "mask-surgical"])
def test_a_need_is_published_by_any_name_of_its_item(people, cast, name):
    """English, Chinese and the code all find the item, and the asker is led to the need's page."""
    answer = ask(people, cast, item=name)
    need = Need.objects.get()
    assert (need.item, need.quantity) == (cast.masks, 500)
    assert answer.url == reverse("need", args=[need.public_id])


def test_an_empty_quantity_is_unknown(people, cast):
    """Nobody is made to invent a number."""
    ask(people, cast, quantity="")
    assert Need.objects.get().quantity is None


def test_packs_become_pieces(people, cast):
    """Ten boxes of fifty are five hundred pieces."""
    ask(people, cast, quantity="10", unit="box")
    assert Need.objects.get().quantity == 500


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"item": ""}, "Say what it is"),
        ({"item": "mask"}, "Did you mean “Surgical mask”"),
        ({"item": "Surgicl mask"}, "Did you mean “Surgical mask”"),
        ({"item": "helicopter"}, "nothing of this name"),
        ({"item": "Surgical mask", "listed": "no-such"}, "Select a valid choice"),
        ({"quantity": "-5"}, "above zero"),
        ({"quantity": "many"}, "as a number"),
        ({"quantity": "1.5"}, "whole number"),
        ({"quantity": "99999999999999"}, "At most"),
        ({"note": "x" * 501}, "at most 500 characters"),
        ({"standard": "\x07"}, "cannot be shown"),
        ({"organisation": "org_00000000000000000000000000"}, "Select a valid choice"),
    ],
)
def test_what_cannot_be_meant_is_said_and_kept(people, cast, changes, words):
    """Each slip is named in the summary, nothing is stored, and what was typed still stands in the form."""
    answer = ask(people, cast, **changes)
    assert answer.status_code == 422
    assert words in problems(answer)
    assert not Need.objects.exists()
    assert 'value="the-same-key"' in answer.text


def test_the_same_need_twice_is_refused_with_the_first_one_named(people, cast, need):
    """A second need for the same item is a conflict, not a second line."""
    answer = ask(people, cast)
    assert answer.status_code == 409
    assert need.public_id in problems(answer)


def test_a_double_tap_publishes_once(people, cast):
    """The same form sent twice makes one need and one entry, and both answers lead to it."""
    first, second = ask(people, cast), ask(people, cast)
    assert first.url == second.url
    assert Entry.objects.filter(type="need.published").count() == 1


def test_a_form_sent_again_with_other_values_asks_first(people, cast):
    """Going back and changing a sent form does nothing by itself; sending it once more is a new act."""
    ask(people, cast)
    answer = ask(people, cast, quantity="700", standard="GB 19083")
    assert answer.status_code == 409
    assert "sent before" in problems(answer)
    key = re.search(r'name="once" value="([^"]+)"', answer.text)[1]
    assert ask(people, cast, quantity="700", standard="GB 19083", once=key).status_code == 302
    assert sorted(Need.objects.values_list("quantity", flat=True)) == [500, 700]


def test_a_need_is_confirmed_with_one_tap(people, need):
    """The tap leads back to where it was made."""
    answer = people.hospital.post(reverse("need-confirm", args=[need.public_id]), {"next": "/work/needs"})
    assert answer.url == "/work/needs"
    assert log.entries_about([need.public_id])[-1].type == "need.confirmed"


def test_a_tap_never_leads_to_another_site(people, need):
    """`next` is kept to this site."""
    answer = people.hospital.post(reverse("need-confirm", args=[need.public_id]), {"next": "https://example.org/"})
    assert answer.url == reverse("work")


def test_a_need_is_met_with_one_tap(people, need):
    """The need is closed; tapping again says that it is."""
    people.hospital.post(reverse("need-meet", args=[need.public_id]))
    need.refresh_from_db()
    assert need.state == "met"
    assert people.hospital.post(reverse("need-meet", args=[need.public_id])).status_code == 409


def test_a_need_is_withdrawn_without_having_to_say_why(people, need):
    """The reason may stay empty."""
    people.hospital.post(reverse("need-stop", args=[need.public_id]), {"reason": ""})
    need.refresh_from_db()
    assert need.state == "stopped"


def test_open_needs_are_listed_a_page_at_a_time(people, cast, need, monkeypatch):
    """The link to more leads to the rest, and nothing stands twice."""
    monkeypatch.setattr("sameboat.supplies.work.needs.ROWS", 2)
    for standard in ("A", "B"):
        publish_need(cast.act_hospital, organisation=cast.hospital, item=cast.masks, quantity=9, standard=standard)
    first = people.hospital.get(reverse("needs-mine"))
    more = re.search(r'href="(\?after=[^"]+)"', first.text)[1]
    second = people.hospital.get(reverse("needs-mine") + more)
    assert len(first.context["needs"]) == 2
    assert len(second.context["needs"]) == 1


def test_a_lot_shows_each_needs_fair_share_ready_to_send(people, lot, need):
    """The quantity in the form is the fair share."""
    page = people.charity.get(reverse("lot", args=[lot.public_id]))
    [(claim, form)] = page.context["rows"]
    assert (claim.need, claim.fair_share, form["quantity"].value()) == (need, 500, 500)
    assert "800" in page.text


def send_allocation(people, lot, need, **changes):
    sent = {"need": need.public_id, "quantity": "300", "once": "the-same-key"} | changes
    return people.charity.post(reverse("lot", args=[lot.public_id]), sent)


def test_an_allocation_is_made_once(people, lot, need):
    """A double tap allocates once and comes back to the lot."""
    send_allocation(people, lot, need)
    answer = send_allocation(people, lot, need)
    assert answer.url == reverse("lot", args=[lot.public_id])
    assert Allocation.objects.get().quantity == 300


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"quantity": "801"}, "Only 800 are left"),
        ({"quantity": "501"}, "Only 500 of this need"),
        ({"quantity": ""}, "required"),
        ({"quantity": "0"}, "above zero"),
        ({"reason": "x" * 301}, "at most 300 characters"),
    ],
)
def test_an_allocation_that_cannot_be_is_refused_in_its_own_row(people, lot, need, changes, words):
    """The problem is named, the books stay as they were, and the row keeps what was typed."""
    answer = send_allocation(people, lot, need, **changes)
    assert answer.status_code == 422
    assert words in problems(answer)
    assert not Allocation.objects.exists()
    assert f'id="{need.public_id}_quantity"' in answer.text


def test_more_than_the_fair_share_needs_a_reason(people, cast, lot, need):
    """Two needs share a lot; who gets more than the fair share must be explained, and then may."""
    other = publish_need(
        cast.act_hospital, organisation=cast.hospital, item=cast.masks, quantity=500, standard="GB 19083"
    )
    answer = send_allocation(people, lot, need, quantity="450")
    assert answer.status_code == 422
    assert "fair share among 2 open needs is 400" in problems(answer)
    assert send_allocation(people, lot, need, quantity="450", reason="No masks since Monday").status_code == 302
    assert Allocation.objects.get().reason == "No masks since Monday"
    assert other.allocations.count() == 0


def test_an_allocation_is_taken_back_with_a_reason(people, allocation):
    """Without a reason it stays; with one the goods are in the lot again."""
    address = reverse("take-back", args=[allocation.public_id])
    assert "Say why" in problems(people.charity.post(address, {"reason": ""}))
    people.charity.post(address, {"reason": "Wrong hospital"})
    allocation.refresh_from_db()
    assert allocation.state == "cancelled"


def test_goods_are_handed_over_once_and_lead_to_their_slip(people, allocation):
    """A double tap hands over once; the slip says where the receiver signs."""
    address = reverse("hand-over", args=[allocation.public_id])
    first = people.charity.post(address, {"once": "the-same-key"})
    second = people.charity.post(address, {"once": "the-same-key"})
    handover = HandOver.objects.get()
    assert first.url == second.url == reverse("handover-slip", args=[handover.public_id])
    assert reverse("sign-for", args=[handover.public_id]) in people.anyone.get(first.url).text


def test_what_was_handed_over_cannot_be_handed_over_again(people, handover):
    """A stale page says that the moment has passed."""
    address = reverse("hand-over", args=[handover.allocation.public_id])
    assert people.charity.get(address).status_code == 409
    assert people.charity.post(address, {"once": "another-key"}).status_code == 409
    assert HandOver.objects.count() == 1


def receive(people, handover, **sent):
    return people.hospital.post(reverse("sign-for", args=[handover.public_id]), {"quantity": "300"} | sent)


def test_the_receiver_signs_by_account_and_the_page_says_so(people, handover):
    """Without a device key the page promises a signature by account, and that is what the log gets."""
    page = people.hospital.get(reverse("sign-for", args=[handover.public_id]))
    assert "signed by your account" in page.text
    assert receive(people, handover).url == reverse("handover", args=[handover.public_id])
    assert log.entries_about([handover.public_id])[-1].data["signed"] == {"method": "account"}


def test_fewer_may_arrive(people, handover):
    """The receiver signs for 280; the missing 20 stay unaccounted for."""
    receive(people, handover, quantity="280", note="One box wet")
    entry = log.entries_about([handover.public_id])[-1]
    assert (entry.data["goods"]["quantity"], entry.data["missing"], entry.data["note"]) == (280, 20, "One box wet")
    assert log.balance(f"handed:{handover.public_id}", "mask-surgical/piece") == 20


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"quantity": "301"}, "300 were handed over"),
        ({"quantity": "0"}, "above zero"),
        ({"quantity": "some"}, "as a number"),
        ({"note": "x" * 301}, "at most 300 characters"),
        ({"signed_with": "device-key"}, "not registered for you"),
        ({"signed_with": "device-key", "public_key": "AAAA", "signature": "AAAA"}, "not registered for you"),
    ],
)
def test_a_receipt_that_cannot_be_is_refused(people, handover, sent, words):
    """Each slip is named, and the hand-over stays unsigned."""
    answer = receive(people, handover, **sent)
    assert answer.status_code == 422
    assert words in problems(answer)
    handover.refresh_from_db()
    assert handover.signed_at is None


def test_a_refused_page_gives_no_signature_back(people, handover):
    """A signature belongs to one sending; it is never put into the page again."""
    answer = receive(people, handover, signed_with="device-key", public_key="AAAA", signature="SECRETLY")
    assert "SECRETLY" not in answer.text


def test_who_signed_already_is_led_to_what_was_signed(people, handover):
    """The slip's address stays useful after the signature; a second signature is refused."""
    receive(people, handover)
    again = people.hospital.get(reverse("sign-for", args=[handover.public_id]))
    assert again.url == reverse("handover", args=[handover.public_id])
    assert receive(people, handover, once="another-key").status_code == 409


def test_only_the_receiver_signs(people, cast, handover):
    """Neither the giver nor a stranger can sign for the receiver."""
    for somebody in (people.charity, people.stranger):
        answer = somebody.post(reverse("sign-for", args=[handover.public_id]), {"quantity": "300"})
        assert answer.status_code == 403
        assert "Test Hospital" in answer.text


def test_lots_are_listed_with_what_is_left(people, allocation):
    """Of 800 masks 300 are allocated, so 500 are left."""
    [row] = people.charity.get(reverse("lots")).context["rows"]
    assert (row.lot, row.left) == (allocation.lot, 500)


def test_a_lot_nobody_counted_says_so(people, cast):
    """Its page offers no allocation and does not show zero."""
    lot = lot_of(cast, None)
    page = people.charity.get(reverse("lot", args=[lot.public_id])).text
    assert "nobody counted this lot" in page
    assert "Allocate" not in page


def test_a_lot_is_its_holders_alone(people, cast, lot):
    """A member of another organisation cannot open the lot's page."""
    assert people.hospital.get(reverse("lot", args=[lot.public_id])).status_code == 403


@pytest.mark.parametrize("name", ["lot", "hand-over", "take-back", "sign-for", "handover-slip", "need-stop"])
def test_what_does_not_exist_is_not_found(people, name):
    """A wrong number in an address is a plain 404."""
    assert people.charity.get(reverse(name, args=["nothing_here"])).status_code == 404


def test_an_organisation_is_chosen_only_where_there_is_a_choice(people, cast):
    """With one organisation the form does not ask for whom; with two it does."""
    from sameboat.registry.actions import add_member, register_organisation
    from sameboat.registry.models import Membership, Role

    assert "Who needs it?" not in people.hospital.get(reverse("need-new")).text
    second = register_organisation(cast.act_operator, kind="hospital", name_en="Second Hospital")
    user = Membership.objects.filter(organisation=cast.hospital).first().user
    add_member(cast.act_operator, organisation=second, user=user, role=Role.ASK)
    assert "Who needs it?" in people.hospital.get(reverse("need-new")).text
    assert Organisation.objects.count() == 4


def test_an_old_need_waits_to_be_confirmed(cast, need):
    """After three days, and not before."""
    from sameboat.supplies import waiting

    mine = [cast.hospital.public_id]
    assert waiting.needs_to_confirm(mine, need.confirmed_at + timedelta(days=3)) == []
    assert waiting.needs_to_confirm(mine, need.confirmed_at + timedelta(days=3, seconds=1)) == [need]
