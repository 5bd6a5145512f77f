"""What people do with gifts on the pages, one form at a time."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from sameboat.donations.actions.campaigns import file_campaign, open_fund
from sameboat.donations.actions.gifts import receive_money
from sameboat.donations.actions.payments import disburse
from sameboat.donations.actions.pledges import pledge_goods, pledge_money
from sameboat.donations.models import Campaign, Fund, Gift, Payment, Pledge
from sameboat.donations.waiting import left_in
from sameboat.registry import rate_limits
from sameboat.supplies.actions.needs import publish_need
from sameboat.supplies.tests.test_work_pages import problems
from sameboat.transparency import queries as log


@pytest.fixture
def need(cast, people):
    """The hospital asks for 500 masks."""
    return publish_need(cast.act_hospital, organisation=cast.hospital, item=cast.masks, quantity=500)


@pytest.fixture
def pledge(cast, need):
    """The company pledged 500 masks."""
    return pledge_goods(cast.act_company, need=need, quantity=500, code="a code", donor=cast.company)


@pytest.fixture
def fund(cast, people):
    """The charity collects money for masks."""
    campaign = file_campaign(cast.act_charity, charity=cast.charity, title_en="Masks for hospitals")
    return open_fund(cast.act_charity, campaign=campaign, purpose_en="Masks")


@pytest.fixture
def filled_fund(cast, fund):
    """100 yuan came into the fund."""
    receive_money(cast.act_charity, fund=fund, amount="100", currency="CNY")
    return fund


def promise(people, need, **changes):
    sent = {"quantity": "200", "once": "the-same-key"} | changes
    return people.anyone.post(reverse("pledge-goods", args=[need.public_id]), sent)


def test_anyone_pledges_goods_and_keeps_a_code(people, need):
    """Nobody has to sign in; the page that follows shows the code, and only in the donor's own browser."""
    answer = promise(people, need, donor_name="Somebody", contact="139-0000")
    made = Pledge.objects.get()
    shown = people.anyone.get(answer.url)
    assert (made.quantity, made.donor) == (200, None)
    assert len(shown.context["code"]) == 22
    assert people.hospital.get(answer.url).context["code"] == ""


def test_what_a_donor_says_of_themselves_stays_private(people, need):
    """Name and contact stand neither on the log nor on the pledge's page."""
    answer = promise(people, need, donor_name="Somebody Secret", contact="139-0000")
    entry = log.entries_about([Pledge.objects.get().public_id])[0]
    assert entry.has_private
    for text in (entry.text, people.anyone.get(answer.url).text):
        assert "Secret" not in text
        assert "139-0000" not in text


def test_a_double_tap_pledges_once_with_one_code(people, need):
    """Both answers lead to the same pledge, and the code shown is the one that counts."""
    first = promise(people, need)
    code = people.anyone.get(first.url).context["code"]
    second = promise(people, need)
    assert first.url == second.url
    assert people.anyone.get(second.url).context["code"] == code
    assert Pledge.objects.count() == 1


def test_a_member_pledges_for_the_organisation(people, cast, need):
    """The company's member may choose the company."""
    sent = {"quantity": "200", "donor": cast.company.public_id}
    people.company.post(reverse("pledge-goods", args=[need.public_id]), sent)
    assert Pledge.objects.get().donor == cast.company


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"quantity": ""}, "required"),
        ({"quantity": "-1"}, "above zero"),
        ({"quantity": "50000001"}, "At most"),
        ({"donor_name": "x" * 121}, "at most 120 characters"),
        ({"contact": "\x1b"}, "cannot be shown"),
    ],
)
def test_a_pledge_that_cannot_be_is_refused(people, need, changes, words):
    """Each slip is named and nothing is stored."""
    answer = promise(people, need, **changes)
    assert answer.status_code == 422
    assert words in problems(answer)
    assert not Pledge.objects.exists()


def test_a_closed_need_takes_no_pledge(people, cast, need):
    """Both the page and a form that was open too long say so."""
    people.hospital.post(reverse("need-meet", args=[need.public_id]))
    assert people.anyone.get(reverse("pledge-goods", args=[need.public_id])).status_code == 409
    assert promise(people, need).status_code == 409


def test_who_pledges_too_often_without_signing_in_is_slowed_down(people, need):
    """After ten tries in a minute an address has to wait, and is told how long; a member is not counted."""
    for number in range(10):
        assert promise(people, need, once=f"key-number-{number}").status_code == 302
    answer = promise(people, need, once="one-too-many")
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) > 0
    assert people.company.post(reverse("pledge-goods", args=[need.public_id]), {"quantity": "5"}).status_code == 302
    rate_limits.forget()


def test_money_is_pledged_to_a_fund(people, fund):
    """Amount and currency are taken as people write them."""
    sent = {"amount": "1,000.50", "currency": "cny", "once": "the-same-key"}
    people.anyone.post(reverse("pledge-money", args=[fund.public_id]), sent)
    made = Pledge.objects.get()
    assert (made.money_units, made.currency) == (100_050, "CNY")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"amount": "ten"}, "as a number"),
        ({"amount": "0.001"}, "decimals"),
        ({"currency": "yuan"}, "three letters"),
        ({"currency": ""}, "required"),
    ],
)
def test_a_pledge_of_no_amount_is_refused(people, fund, changes, words):
    """Each slip is named and nothing is stored."""
    sent = {"amount": "10", "currency": "CNY"} | changes
    answer = people.anyone.post(reverse("pledge-money", args=[fund.public_id]), sent)
    assert answer.status_code == 422
    assert words in problems(answer)


def test_who_has_the_code_takes_the_pledge_back(people, need):
    """A wrong code is refused with the reason; the right one cancels."""
    address = promise(people, need).url
    code = people.anyone.get(address).context["code"]
    assert people.anyone.post(address, {"code": "not it"}).status_code == 403
    people.anyone.post(address, {"code": code})
    assert Pledge.objects.get().state == "cancelled"


def test_a_member_of_the_giver_needs_no_code(people, pledge):
    """The company's member takes its pledge back with one tap."""
    page = people.company.get(reverse("pledge", args=[pledge.public_id]))
    assert not page.context["needs_code"]
    people.company.post(reverse("pledge", args=[pledge.public_id]), {"once": "the-same-key"})
    pledge.refresh_from_db()
    assert pledge.state == "cancelled"


def test_a_received_pledge_leads_to_its_gift(people, cast, pledge):
    """The donor's page shows the way to the trace."""
    people.charity.post(reverse("receive-pledge", args=[pledge.public_id]), receipt_of(cast))
    gift = reverse("gift", args=[Gift.objects.get().public_id])
    assert gift in people.anyone.get(reverse("pledge", args=[pledge.public_id])).text


def receipt_of(cast, **changes):
    return {"charity": cast.charity.public_id, "quantity": "500", "receipt": "R-1", "once": "the-same-key"} | changes


def test_a_pledge_is_received_once_and_leads_to_its_lot(people, cast, pledge):
    """What really came in is counted; a double tap records it once."""
    address = reverse("receive-pledge", args=[pledge.public_id])
    first = people.charity.post(address, receipt_of(cast, quantity="480"))
    second = people.charity.post(address, receipt_of(cast, quantity="480"))
    gift = Gift.objects.get()
    assert gift.lot.quantity == 480
    assert first.url == second.url == reverse("lot", args=[gift.lot.public_id])


@pytest.mark.parametrize(
    ("changes", "words"),
    [({"quantity": "-1"}, "above zero"), ({"quantity": ""}, "required"), ({"receipt": "x" * 81}, "at most 80")],
)
def test_a_receipt_that_cannot_be_is_refused(people, cast, pledge, changes, words):
    """The pledge stays open."""
    answer = people.charity.post(reverse("receive-pledge", args=[pledge.public_id]), receipt_of(cast, **changes))
    assert answer.status_code == 422
    assert words in problems(answer)
    pledge.refresh_from_db()
    assert pledge.state == "made"


def test_a_cancelled_pledge_cannot_be_received(people, cast, pledge):
    """The page says that the moment has passed."""
    people.company.post(reverse("pledge", args=[pledge.public_id]))
    address = reverse("receive-pledge", args=[pledge.public_id])
    assert people.charity.get(address).status_code == 409
    assert people.charity.post(address, receipt_of(cast)).status_code == 409


def test_pledged_money_is_received_into_its_fund(people, cast, fund):
    """The amount that came in may differ from what was pledged."""
    pledge = pledge_money(cast.act_nobody, fund=fund, amount="100", currency="CNY", code="a code")
    address = reverse("receive-pledge", args=[pledge.public_id])
    people.charity.post(address, {"amount": "99.50", "currency": "CNY", "receipt": "R-2"})
    assert Gift.objects.get().money_units == 9_950


COUNTED = {"item": "Surgical mask", "quantity": "800", "once": "the-same-key"}


def record(people, cast, **changes):
    sent = COUNTED | {"charity": cast.charity.public_id} | changes
    return people.charity.post(reverse("receive-goods"), sent)


def test_goods_without_a_pledge_are_recorded_with_their_giver(people, cast):
    """The giver is found by a registered name."""
    record(people, cast, donor="测试公司", received_on="2020-01-29")
    gift = Gift.objects.get()
    assert (gift.donor, gift.lot.quantity) == (cast.company, 800)
    assert timezone.localdate(gift.received_at).isoformat() == "2020-01-29"


def test_goods_nobody_counted_are_unknown(people, cast):
    """An empty quantity is stored as unknown."""
    record(people, cast, quantity="")
    assert Gift.objects.get().lot.quantity is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"donor": "Test"}, "Did you mean"),
        ({"donor": "Nobody at all"}, "Nobody is registered under this name"),
        ({"received_on": (timezone.localdate() + timedelta(days=2)).isoformat()}, "has not come yet"),
        ({"received_on": "1066-10-14"}, "too long ago"),
        ({"received_on": "yesterday"}, "valid date"),
        ({"item": ""}, "Say what it is"),
        ({"quantity": "0"}, "above zero"),
    ],
)
def test_goods_that_cannot_be_are_refused(people, cast, changes, words):
    """Each slip is named and nothing is stored."""
    answer = record(people, cast, **changes)
    assert answer.status_code == 422
    assert words in problems(answer)
    assert not Gift.objects.exists()


def test_money_without_a_pledge_is_recorded_once(people, cast, fund):
    """A double tap records one gift."""
    sent = {"amount": "250.00", "currency": "CNY", "donor": "Test Company", "once": "the-same-key"}
    for _ in range(2):
        people.charity.post(reverse("receive-money", args=[fund.public_id]), sent)
    gift = Gift.objects.get()
    assert (gift.money_units, gift.donor) == (25_000, cast.company)


def test_a_campaign_leads_to_its_first_fund(people, cast):
    """The campaign is filed, and the next page opens a fund in it."""
    sent = {"charity": cast.charity.public_id, "title_en": "Masks", "filing_number": "F-1"}
    answer = people.charity.post(reverse("campaign-new"), sent)
    campaign = Campaign.objects.get()
    page = people.charity.get(answer.url)
    assert page.context["form"]["campaign"].value() == campaign.public_id
    people.charity.post(reverse("fund-new"), {"campaign": campaign.public_id, "purpose_en": "Masks"})
    assert Fund.objects.get().campaign == campaign


@pytest.mark.parametrize(
    ("name", "sent", "words"),
    [
        ("campaign-new", {}, "title"),
        ("campaign-new", {"title_en": "x" * 201}, "at most 200"),
        ("fund-new", {}, "may be spent on"),
        ("fund-new", {"purpose_en": "Masks", "need": "need_no"}, "no need with this number"),
    ],
)
def test_a_campaign_or_fund_without_words_is_refused(people, cast, fund, name, sent, words):
    """Each slip is named."""
    own = {"charity": cast.charity.public_id, "campaign": fund.campaign.public_id}
    answer = people.charity.post(reverse(name), own | sent)
    assert answer.status_code == 422
    assert words in problems(answer)


def test_a_fund_can_be_for_one_need_only(people, cast, fund, need):
    """The need is given by the address of its page."""
    sent = {
        "campaign": fund.campaign.public_id,
        "purpose_en": "These masks",
        "need": f"http://testserver{reverse('need', args=[need.public_id])}",
    }
    people.charity.post(reverse("fund-new"), sent)
    assert Fund.objects.latest("pk").need == need


def test_who_has_no_campaign_is_led_to_one(people):
    """The page offers to file a campaign instead of a form that cannot be sent."""
    assert reverse("campaign-new") in people.charity.get(reverse("fund-new")).text


PAID = {"recipient": "Test Hospital", "amount": "60", "currency": "CNY", "purpose": "Masks", "once": "the-same-key"}


def pay(people, fund, **changes):
    return people.charity.post(reverse("pay", args=[fund.public_id]), PAID | changes)


def test_a_payment_is_looked_over_before_it_is_sent(people, filled_fund):
    """The first sending pays nothing: it shows the payment and the exact words that are signed."""
    page = pay(people, filled_fund)
    assert "Pay CNY 60 to Test Hospital?" in page.text
    assert '"units":6000' in page.context["signing"].statement
    assert not Payment.objects.exists()


def test_a_payment_is_sent_once(people, filled_fund):
    """A double tap pays once, and the fund holds what is left."""
    for _ in range(2):
        assert pay(people, filled_fund, step="send").url == reverse("funds-mine")
    assert Payment.objects.count() == 1
    assert [(currency, str(amount)) for currency, amount in left_in(filled_fund)] == [("CNY", "40.00")]


@pytest.mark.parametrize("step", ["", "send"])
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"recipient": ""}, "required"),
        ({"recipient": "Nobody"}, "Nobody is registered"),
        ({"amount": "0"}, "above zero"),
        ({"amount": "1.001"}, "decimals"),
        ({"purpose": ""}, "required"),
        ({"purpose": "\x07"}, "cannot be shown"),
    ],
)
def test_a_payment_that_cannot_be_is_refused_at_either_step(people, filled_fund, changes, words, step):
    """Each slip is named on the form, and nothing is paid."""
    answer = pay(people, filled_fund, step=step, **changes)
    assert answer.status_code == 422
    assert words in problems(answer)
    assert not Payment.objects.exists()


def test_more_than_the_fund_holds_cannot_be_paid(people, filled_fund):
    """The page says what the fund holds."""
    answer = pay(people, filled_fund, amount="100.01", step="send")
    assert answer.status_code == 422
    assert "holds 100.00 CNY" in problems(answer)


def test_the_recipient_signs_for_money(people, cast, filled_fund):
    """The payment is signed once, by the recipient and nobody else."""
    payment = disburse(
        cast.act_charity, fund=filled_fund, recipient=cast.hospital, amount="60", currency="CNY", purpose="Masks"
    )
    address = reverse("sign-for-payment", args=[payment.public_id])
    assert people.charity.post(address, {}).status_code == 403
    assert people.hospital.post(address, {"once": "the-same-key"}).url == reverse("work")
    assert people.hospital.post(address, {"once": "the-same-key"}).url == reverse("work")
    assert people.hospital.post(address, {"once": "another-key"}).status_code == 409
    assert log.entries_about([payment.public_id])[-1].type == "money.received_by"


@pytest.mark.parametrize("name", ["pay", "receive-money"])
def test_a_fund_is_its_charitys_alone(people, cast, fund, name):
    """A member who may keep money elsewhere still may not here."""
    from sameboat.registry.actions import add_member
    from sameboat.registry.models import Membership, Role

    user = Membership.objects.filter(organisation=cast.hospital).first().user
    add_member(cast.act_operator, organisation=cast.hospital, user=user, role=Role.MONEY)
    assert people.hospital.get(reverse(name, args=[fund.public_id])).status_code == 403
    answer = people.hospital.post(reverse(name, args=[fund.public_id]), PAID | {"step": "send"})
    assert answer.status_code == 403


def test_no_page_shows_a_form_for_a_number_that_does_not_exist(people):
    """A wrong number in an address is a plain 404."""
    names = ["pledge-goods", "pledge-money", "pledge", "receive-pledge", "receive-money", "pay", "sign-for-payment"]
    assert {people.charity.get(reverse(name, args=["nothing_here"])).status_code for name in names} == {404}


def test_the_once_key_is_fresh_on_every_page(people, need):
    """Two pages carry two keys, so that two pledges are two."""
    keys = {
        re.search(
            r'name="once" value="([^"]+)"', people.anyone.get(reverse("pledge-goods", args=[need.public_id])).text
        )[1]
        for _ in range(3)
    }
    assert len(keys) == 3
