"""Whatever members do in whatever order, books, totals and counters say what the log's entries add up to."""

from collections import defaultdict
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sameboat.donations.actions.campaigns import file_campaign, open_fund
from sameboat.donations.actions.gifts import receive_goods, receive_money
from sameboat.donations.actions.payments import disburse, sign_for_payment
from sameboat.donations.actions.pledges import cancel_pledge, new_code, pledge_goods, pledge_money
from sameboat.donations.models import Gift, MoneyDayTotal, Payment, Pledge
from sameboat.registry.refusals import Refused
from sameboat.supplies.actions.handovers import hand_over, sign_for
from sameboat.supplies.actions.lots import allocate, cancel_allocation
from sameboat.supplies.actions.needs import meet_need, publish_need, stop_need
from sameboat.supplies.models import Allocation, DayTotal, HandOver, Lot, Need
from sameboat.transparency import queries as log
from sameboat.transparency.engine.books import Books
from sameboat.transparency.errors import LogError
from sameboat.transparency.events import schema
from sameboat.transparency.models import Entry


class Relief:
    """The cast at work: each method is one thing that somebody may try, on the `which`-th thing there is."""

    def __init__(self, cast):
        self.cast = cast
        self.hours = 0
        campaign = file_campaign(cast.act_charity, charity=cast.charity, title_en="Masks")
        self.fund = open_fund(cast.act_charity, campaign=campaign, purpose_en="Masks")
        for which in (10, 12):  # something to begin with, so that the later steps are reached
            self.publish(which, 200)
            self.receive(which, 150)
        receive_money(cast.act_charity, fund=self.fund, amount="300", currency="CNY")

    def at(self, act):
        """Return the act some hours later than the one before, so that work crosses days."""
        self.hours += 5
        return replace(act, now=act.now + timedelta(hours=self.hours))

    def publish(self, which, amount):
        unit = self.cast.box if which % 2 else self.cast.piece
        quantity = None if which % 5 == 4 else amount
        publish_need(
            self.at(self.cast.act_hospital),
            organisation=self.cast.hospital,
            item=self.cast.masks,
            quantity=quantity,
            unit=unit,
            standard=f"GB {which}",
        )

    def meet(self, which, amount):
        meet_need(self.at(self.cast.act_hospital), need=nth(Need, which))

    def stop(self, which, amount):
        stop_need(self.at(self.cast.act_hospital), need=nth(Need, which))

    def promise(self, which, amount):
        pledge_goods(self.at(self.cast.act_company), need=nth(Need, which), quantity=amount, code=new_code())

    def promise_money(self, which, amount):
        pledge_money(
            self.at(self.cast.act_company),
            fund=self.fund,
            amount=str(amount),
            currency=("CNY", "JPY")[which % 2],
            code=new_code(),
            donor=self.cast.company,
        )

    def take_back(self, which, amount):
        cancel_pledge(self.at(self.cast.act_company), pledge=nth(Pledge, which))

    def receive_promised(self, which, amount):
        pledge = nth(Pledge, which)
        if pledge.kind == "goods":
            receive_goods(self.at(self.cast.act_charity), charity=self.cast.charity, pledge=pledge, quantity=amount)
        else:
            receive_money(self.at(self.cast.act_charity), fund=self.fund, pledge=pledge)

    def receive(self, which, amount):
        quantity = None if which % 5 == 4 else amount
        receive_goods(
            self.at(self.cast.act_charity), charity=self.cast.charity, item=self.cast.masks, quantity=quantity
        )

    def allocate(self, which, amount):
        lot, need = nth(Lot, which), nth(Need, which // 2)
        allocate(self.at(self.cast.act_charity), lot=lot, need=need, quantity=amount, reason="nearest")

    def take_allocation_back(self, which, amount):
        cancel_allocation(self.at(self.cast.act_charity), allocation=nth(Allocation, which), reason="wrong")

    def hand_over(self, which, amount):
        hand_over(self.at(self.cast.act_charity), allocation=nth(Allocation, which))

    def sign(self, which, amount):
        sign_for(self.at(self.cast.act_hospital), handover=nth(HandOver, which), quantity=amount if which % 2 else None)

    def pay(self, which, amount):
        disburse(
            self.at(self.cast.act_charity),
            fund=self.fund,
            recipient=self.cast.hospital,
            amount=str(amount),
            currency=("CNY", "JPY")[which % 2],
            purpose="Masks",
        )

    def sign_for_money(self, which, amount):
        sign_for_payment(self.at(self.cast.act_hospital), payment=nth(Payment, which))


def nth(model, which):
    """Return one of the rows there are, so that random work hits something."""
    count = model.objects.count()
    if not count:
        raise Refused("there is none yet")
    return model.objects.order_by("pk")[which % count]


DEEDS = sorted(name for name in vars(Relief) if not name.startswith("_") and name != "at")
deeds = st.lists(st.tuples(st.sampled_from(DEEDS), st.integers(0, 12), st.integers(1, 150)), min_size=20, max_size=60)


def events():
    """Return every entry with its event, in the order of acceptance."""
    entries = [log._view(entry) for entry in Entry.objects.order_by("pk")]
    return [(entry, schema(entry.type, entry.version).model_validate(entry.data)) for entry in entries]


def day_of(entry):
    """Return the local day on which an entry's event was true."""
    moment = entry.event_time
    return timezone.localdate(moment) if isinstance(moment, datetime) else moment


def totals_by_log(found):
    """Return what the totals of goods must be by the entries alone: {(day, measure, unit): [quantity, lines]}."""
    asked = {event.need: event.goods for _, event in found if event.type == "need.published"}
    sums = defaultdict(lambda: [0, 0])

    def count(entry, measure, unit, quantity):
        sums[day_of(entry), measure, unit][0] += quantity or 0
        sums[day_of(entry), measure, unit][1] += 1

    measures = {
        "need.published": "asked",
        "goods.received": "received",
        "allocation.decided": "allocated",
        "goods.handed_over": "handed-over",
        "goods.received_by": "signed-for",
    }
    for entry, event in found:
        if event.type in measures:
            count(entry, measures[event.type], event.goods.unit, event.goods.quantity)
        if event.type in ("need.met", "need.stopped"):
            count(entry, "closed", asked[event.need].unit, asked[event.need].quantity)
        if event.type == "goods.received_by" and event.missing:
            count(entry, "missing", event.goods.unit, event.missing)
    return dict(sums)


def money_by_log(found):
    """Return what the totals of money must be by the entries alone: {(day, measure, currency): [units, lines]}."""
    measures = {"donation.received": "received", "money.disbursed": "paid", "money.received_by": "signed-for"}
    sums = defaultdict(lambda: [0, 0])
    for entry, event in found:
        if event.type in measures:
            place = (day_of(entry), measures[event.type], event.money.currency)
            sums[place][0] += event.money.units
            sums[place][1] += 1
    return dict(sums)


def check_everything():
    """Compare what is kept with what the log's entries add up to."""
    found = events()
    books = Books()
    for _, event in found:
        books.post(event.postings())  # raises where an account but `outside:` would fall below zero
    balances = {place: amount for place, amount in books.balances.items() if amount}
    assert log.all_balances() == balances
    assert log.posted_sums() == balances
    by_asset = defaultdict(int)
    for (_account, asset), amount in balances.items():
        by_asset[asset] += amount
    assert not any(by_asset.values())

    rows = DayTotal.objects.values_list("day", "measure", "unit__code", "quantity", "lines")
    assert {(day, measure, unit): [quantity, lines] for day, measure, unit, quantity, lines in rows} == totals_by_log(
        found
    )
    rows = MoneyDayTotal.objects.values_list("day", "measure", "currency", "units", "lines")
    assert {(day, measure, currency): [units, lines] for day, measure, currency, units, lines in rows} == money_by_log(
        found
    )
    for need in Need.objects.all():
        allocations = [each for each in need.allocations.all() if each.state != "cancelled"]
        handovers = list(need.handovers.all())
        assert need.pledged == sum(pledge.quantity for pledge in need.pledges.all() if pledge.state != "cancelled")
        assert need.allocated == sum(allocation.quantity for allocation in allocations)
        assert need.handed_over == sum(handover.quantity for handover in handovers)
        assert need.signed_for == sum(handover.received_quantity or 0 for handover in handovers)
    for lot in Lot.objects.exclude(quantity=None):
        gone = sum(each.quantity for each in lot.allocations.all() if each.state != "cancelled")
        assert log.balance(f"held:{lot.public_id}", f"mask-surgical/{lot.unit.code}") == lot.quantity - gone
    assert Gift.objects.count() == sum(event.type in ("goods.received", "donation.received") for _, event in found)


@pytest.mark.django_db
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(deeds)
def test_what_is_kept_is_what_the_log_adds_up_to(cast, attempts):
    """After any attempts, done or refused, the log alone gives every balance, total and counter."""
    with transaction.atomic():
        relief = Relief(cast)
        done = 0
        for deed, which, amount in attempts:
            try:
                getattr(relief, deed)(which, amount)
                done += 1
            except (Refused, LogError):
                continue
        check_everything()
        transaction.set_rollback(True)
