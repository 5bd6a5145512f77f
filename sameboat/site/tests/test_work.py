"""The page of what waits, the doors of every work page, and signing in."""

from dataclasses import replace

import pytest
from django.test import Client
from django.urls import reverse

from sameboat.donations.actions.campaigns import file_campaign, open_fund
from sameboat.donations.actions.gifts import receive_goods, receive_money
from sameboat.donations.actions.payments import disburse
from sameboat.donations.actions.pledges import pledge_goods
from sameboat.registry import rate_limits
from sameboat.registry.actions import register_key
from sameboat.supplies.actions.handovers import hand_over
from sameboat.supplies.actions.lots import allocate
from sameboat.supplies.actions.needs import publish_need

NUMBER = "the-same-key"


@pytest.fixture
def everything(cast, people):
    """One of each thing that a work page is about, by the name of its page."""
    need = publish_need(cast.act_hospital, organisation=cast.hospital, item=cast.masks, quantity=500)
    pledge = pledge_goods(cast.act_company, need=need, quantity=10, code="a code", donor=cast.company)
    lot = receive_goods(cast.act_charity, charity=cast.charity, item=cast.masks, quantity=800).lot
    waits = allocate(cast.act_charity, lot=lot, need=need, quantity=200)
    handover = hand_over(cast.act_charity, allocation=allocate(cast.act_charity, lot=lot, need=need, quantity=100))
    campaign = file_campaign(cast.act_charity, charity=cast.charity, title_en="Masks")
    fund = open_fund(cast.act_charity, campaign=campaign, purpose_en="Masks")
    receive_money(cast.act_charity, fund=fund, amount="100", currency="CNY")
    payment = disburse(
        cast.act_charity, fund=fund, recipient=cast.hospital, amount="60", currency="CNY", purpose="Masks"
    )
    key = register_key(replace(cast.act_hospital, user_id=None), organisation=cast.hospital, public_key="A" * 42 + "E=")
    numbers = {
        "need-confirm": need,
        "need-meet": need,
        "need-stop": need,
        "lot": lot,
        "hand-over": waits,
        "take-back": waits,
        "sign-for": handover,
        "receive-pledge": pledge,
        "receive-money": fund,
        "pay": fund,
        "sign-for-payment": payment,
        "key-revoke": key,
    }
    return {name: [thing.public_id] for name, thing in numbers.items()}


MEMBERS_ONLY = [
    "need-new",
    "needs-mine",
    "need-confirm",
    "need-meet",
    "need-stop",
    "lots",
    "lot",
    "hand-over",
    "take-back",
    "sign-for",
    "receive-pledge",
    "receive-goods",
    "receive-money",
    "campaign-new",
    "funds-mine",
    "fund-new",
    "pay",
    "sign-for-payment",
    "keys",
    "key-revoke",
]
BUTTONS = ("need-confirm", "need-meet")


@pytest.mark.parametrize("name", ["work", *MEMBERS_ONLY])
def test_who_is_not_signed_in_is_asked_to_and_comes_back(people, everything, name):
    """Every page for members leads to the sign-in with the way back."""
    address = reverse(name, args=everything.get(name, []))
    answer = people.anyone.post(address) if name in BUTTONS else people.anyone.get(address)
    assert answer.url == f"{reverse('sign-in')}?next={address}"


@pytest.mark.parametrize("name", MEMBERS_ONLY)
def test_who_has_no_role_is_refused_with_a_page_that_says_so(people, everything, name):
    """Reading and sending are both refused, calmly, and the page says who to ask or whose it is."""
    address = reverse(name, args=everything.get(name, []))
    answers = [people.stranger.post(address, {"once": NUMBER, "reason": "mine", "quantity": "1"})]
    if name not in BUTTONS:
        answers.append(people.stranger.get(address))
    for answer in answers:
        assert answer.status_code == 403
        assert "You may not do this." in answer.text
        assert "Nothing was changed." in answer.text


@pytest.mark.parametrize("name", ["pledge-goods", "pledge-money", "sign-in", *MEMBERS_ONLY])
def test_a_form_of_another_site_changes_nothing(cast, people, everything, name):
    """Every page that changes something refuses a request without our token."""
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = people.hospital.cookies
    numbers = everything | {"pledge-goods": everything["need-stop"], "pledge-money": everything["pay"]}
    assert strict.post(reverse(name, args=numbers.get(name, []))).status_code == 403


def test_each_sees_what_waits_for_their_hand(people, everything):
    """The hospital signs and confirms; the charity hands over, allocates and receives; the giver has nothing to do."""

    def titles(browser):
        return [str(section.title) for section in browser.get(reverse("work")).context["sections"]]

    assert titles(people.hospital) == [
        "Hand-overs to sign for",
        "Payments to sign for",
        "Needs that nobody confirmed for three days",
    ]
    assert titles(people.charity) == ["Goods to hand over", "Goods to allocate", "Pledges that may have come in"]
    assert titles(people.company) == []


def test_nothing_waits_for_who_has_no_role(people):
    """The page says whom to ask."""
    assert "member of no organisation" in people.stranger.get(reverse("work")).text


def test_more_rows_ask_no_more_of_the_database(people, cast, everything, django_assert_max_num_queries):
    """The page asks the same few questions however much waits."""
    for number in range(30):
        publish_need(
            cast.act_hospital, organisation=cast.hospital, item=cast.masks, quantity=9, standard=f"Standard {number}"
        )
    with django_assert_max_num_queries(12):
        page = people.hospital.get(reverse("work"))
    assert "More than" in page.text
    assert page.text.count("Still needed") == 10


def test_a_lot_asks_no_more_of_the_database_for_more_needs(people, cast, everything, django_assert_max_num_queries):
    """The page of a lot asks the same few questions for one open need or for thirty."""
    for number in range(30):
        publish_need(
            cast.act_hospital, organisation=cast.hospital, item=cast.masks, quantity=9, standard=f"Standard {number}"
        )
    with django_assert_max_num_queries(14):
        people.charity.get(reverse("lot", args=everything["lot"]))


@pytest.mark.parametrize("prefix", ["", "/zh-hans"])
@pytest.mark.parametrize("name", ["work", "need-new", "needs-mine", "sign-for", "keys"])
def test_a_work_page_stands_in_both_languages(people, everything, name, prefix):
    """The words of the page are the reader's."""
    page = people.hospital.get(prefix + reverse(name, args=everything.get(name, [])))
    assert page.status_code == 200
    assert f'lang="{"zh-hans" if prefix else "en"}"' in page.text


def test_pages_of_work_are_never_kept_by_a_cache(people, everything):
    """What a member sees belongs to that member alone."""
    for name in ("work", "lots", "need-new"):
        browser = people.charity if name == "lots" else people.hospital
        assert "no-store" in browser.get(reverse(name))["Cache-Control"]


def test_many_passwords_for_one_name_are_slowed_down(people):
    """After five tries in a minute the right password has to wait too, and the page says how long."""
    sent = {"username": "hospital", "password": "a long enough password"}
    for _ in range(5):
        people.anyone.post(reverse("sign-in"), sent | {"password": "wrong"})
    answer = people.anyone.post(reverse("sign-in"), sent)
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) > 0
    assert people.anyone.post(reverse("sign-in"), sent, REMOTE_ADDR="203.0.113.7").status_code == 429
    rate_limits.forget()
    assert people.anyone.post(reverse("sign-in"), sent).url == reverse("work")


def test_many_names_from_one_address_are_slowed_down(people):
    """Who tries one password on many names has to wait after thirty; others elsewhere do not."""
    for number in range(30):
        people.anyone.post(reverse("sign-in"), {"username": f"name {number}", "password": "wrong"})
    sent = {"username": "hospital", "password": "a long enough password"}
    assert people.anyone.post(reverse("sign-in"), sent).status_code == 429
    assert people.anyone.post(reverse("sign-in"), sent, REMOTE_ADDR="203.0.113.7").status_code == 302
