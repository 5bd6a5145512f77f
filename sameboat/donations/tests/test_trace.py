"""A gift is followed from a published need to the receiver's signature."""

import pytest

from sameboat.donations import queries
from sameboat.donations.actions.campaigns import file_campaign, open_fund
from sameboat.donations.actions.gifts import receive_goods, receive_money
from sameboat.donations.actions.payments import disburse, sign_for_payment
from sameboat.donations.actions.pledges import new_code, pledge_goods, pledge_money
from sameboat.supplies.actions.handovers import hand_over, sign_for
from sameboat.supplies.actions.lots import allocate
from sameboat.supplies.actions.needs import publish_need
from sameboat.transparency import queries as log
from sameboat.transparency import store
from sameboat.transparency.actions import publish
from sameboat.transparency.engine import merkle


@pytest.fixture
def goods_gift(cast):
    """A gift of 500 masks that went all the way."""
    need = publish_need(cast.act_hospital, organisation=cast.hospital, item=cast.masks, quantity=500)
    pledge = pledge_goods(cast.act_company, need=need, quantity="500", code=new_code(), donor=cast.company)
    gift = receive_goods(cast.act_charity, charity=cast.charity, pledge=pledge, receipt="R-1")
    allocation = allocate(cast.act_charity, lot=gift.lot, need=need, quantity=500)
    handover = hand_over(cast.act_charity, allocation=allocation)
    sign_for(cast.act_hospital, handover=handover)
    return gift


def test_every_step_of_goods_stands_on_the_log_in_order(goods_gift):
    """The trace tells the whole life of the gift and nothing else."""
    entries = queries.trace(goods_gift).entries
    assert [entry.type for entry in entries] == [
        "need.published",
        "pledge.made",
        "goods.received",
        "allocation.decided",
        "goods.handed_over",
        "goods.received_by",
    ]


def test_a_need_served_in_full_is_met(goods_gift):
    """The last signature closes the need, and the log says so."""
    need = goods_gift.pledge.need
    need.refresh_from_db()
    assert (need.state, need.signed_for) == ("met", 500)
    assert log.entries_about([need.public_id])[-1].type == "need.met"


def test_the_goods_end_with_the_receiver(goods_gift):
    """The books hold nothing of the lot but what the receiver signed for; the asset sums to zero."""
    assert log.all_balances() == {
        ("outside:donors", "mask-surgical/piece"): -500,
        (f"delivered:{goods_gift.pledge.need.organisation.public_id}", "mask-surgical/piece"): 500,
    }


def test_every_step_is_proved_by_the_checkpoint(goods_gift):
    """Each entry's inclusion proof leads to the root that the checkpoint signs."""
    checkpoint = publish()
    for entry in queries.trace(goods_gift).entries:
        proof = log.inclusion_proof(entry.index, checkpoint.size)
        merkle.verify_inclusion(
            bytes.fromhex(entry.leaf_hash), entry.index, checkpoint.size, proof, bytes(checkpoint.root)
        )
    assert store.check_store(full=True) == checkpoint.size


def test_money_is_followed_to_the_recipients_signature(cast):
    """The oldest gift in a fund pays first, and its trace shows its share of the payment."""
    campaign = file_campaign(cast.act_charity, charity=cast.charity, title_en="Masks for Wuhan")
    fund = open_fund(cast.act_charity, campaign=campaign, purpose_en="Masks")
    pledge = pledge_money(cast.act_nobody, fund=fund, amount="100.50", currency="CNY", code=new_code(), contact="x@y")
    first = receive_money(cast.act_charity, fund=fund, pledge=pledge)
    second = receive_money(cast.act_charity, fund=fund, amount="200", currency="CNY", donor=cast.company)
    payment = disburse(
        cast.act_charity, fund=fund, recipient=cast.hospital, amount="150", currency="CNY", purpose="3,000 masks"
    )
    sign_for_payment(cast.act_hospital, payment=payment)
    shares = {
        share["gift"]: share["units"]
        for entry in queries.trace(first).entries
        if entry.type == "money.disbursed"
        for share in entry.data["shares"]
    }
    assert shares == {first.public_id: 10_050, second.public_id: 4_950}
    assert [entry.type for entry in queries.trace(first).entries] == [
        "pledge.made",
        "donation.received",
        "money.disbursed",
        "money.received_by",
    ]


def test_a_persons_contact_never_reaches_the_log(cast):
    """The log holds a commitment to what a donor told in private, and not the words."""
    campaign = file_campaign(cast.act_charity, charity=cast.charity, title_en="Masks")
    fund = open_fund(cast.act_charity, campaign=campaign, purpose_en="Masks")
    pledge = pledge_money(
        cast.act_nobody, fund=fund, amount="5", currency="CNY", code=new_code(), donor_name="Nobody", contact="139-0000"
    )
    entry = log.entries_about([pledge.public_id])[0]
    assert entry.has_private
    assert "139-0000" not in entry.text
    assert "Nobody" not in entry.text
