"""Two people at once: exactly one gets the last goods, and one request sent twice is done once."""

import threading
from dataclasses import replace

import pytest
from django.core.management import call_command
from django.db import connection, connections

from sameboat.donations.actions.campaigns import file_campaign, open_fund
from sameboat.donations.actions.gifts import receive_goods, receive_money
from sameboat.donations.actions.payments import disburse
from sameboat.registry.refusals import Refused
from sameboat.supplies.actions.handovers import hand_over, sign_for
from sameboat.supplies.actions.lots import allocate
from sameboat.supplies.actions.needs import meet_need, publish_need
from sameboat.supplies.models import DayTotal, Need
from sameboat.transparency import queries as log
from sameboat.transparency.actions import publish
from sameboat.transparency.errors import LogError
from sameboat.transparency.models import Entry
from sameboat.transparency.store import check_store, latest_size

ROUNDS = 4

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _store_shared_by_threads(transactional_db, tmp_path):
    """SQLite tests run in memory, which threads cannot share as they share a file; PostgreSQL needs nothing."""
    if connection.vendor != "sqlite":
        yield
        return
    in_memory = connection.settings_dict["NAME"]
    connection.close()
    held = connection.connection
    connection.settings_dict["NAME"] = tmp_path / "store.sqlite3"
    connection.connection = None
    call_command("migrate", verbosity=0)
    yield
    connection.connection.close()
    connection.settings_dict["NAME"] = in_memory
    connection.connection = held


@pytest.fixture
def cast(_store_shared_by_threads, cast):
    """The cast, registered in the store that the threads share."""
    return cast


def at_once(*deeds):
    """Run deeds in a thread each, started together; return what each returned or was refused with."""
    gate, results = threading.Barrier(len(deeds)), [None] * len(deeds)

    def run(number, deed):
        try:
            gate.wait(timeout=30)
            results[number] = deed()
        except (Refused, LogError) as refusal:
            results[number] = refusal
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(number, deed)) for number, deed in enumerate(deeds)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert None not in results, "a deed failed with an error that is no refusal"
    return results


def done(results):
    """Return the results that are no refusals."""
    return [result for result in results if not isinstance(result, Exception)]


def entries(event_type):
    """Return how many entries of a type the log has."""
    return Entry.objects.filter(type=event_type).count()


def need_of(cast, standard, quantity=500):
    """Return a published need."""
    return publish_need(
        cast.act_hospital, organisation=cast.hospital, item=cast.masks, quantity=quantity, standard=standard
    )


def test_the_last_goods_go_to_one(cast):
    """Of two allocations of all that is left of a lot one is made, and the other refused."""
    for round_ in range(ROUNDS):
        one, other = need_of(cast, f"a{round_}"), need_of(cast, f"b{round_}")
        lot = receive_goods(cast.act_charity, charity=cast.charity, item=cast.masks, quantity=100).lot
        results = at_once(
            *(
                lambda need=need, lot=lot: allocate(
                    cast.act_charity, lot=lot, need=need, quantity=100, reason="nearest"
                )
                for need in (one, other)
            )
        )
        assert len(done(results)) == 1
        assert log.balance(f"held:{lot.public_id}", "mask-surgical/piece") == 0
    assert entries("allocation.decided") == ROUNDS


def test_a_need_is_not_allocated_more_than_it_asks(cast):
    """Two lots offered to one need at once: only what it asked for is allocated."""
    for round_ in range(ROUNDS):
        need = need_of(cast, f"a{round_}", quantity=100)
        lots = [
            receive_goods(cast.act_charity, charity=cast.charity, item=cast.masks, quantity=100).lot for _ in range(2)
        ]
        at_once(
            *(
                lambda need=need, lot=lot: allocate(
                    cast.act_charity, lot=lot, need=need, quantity=100, reason="nearest"
                )
                for lot in lots
            )
        )
        assert Need.objects.get(pk=need.pk).allocated == 100


def test_the_last_money_is_paid_once(cast):
    """Of two payments of all that a fund holds one is made."""
    campaign = file_campaign(cast.act_charity, charity=cast.charity, title_en="Masks")
    for _ in range(ROUNDS):
        fund = open_fund(cast.act_charity, campaign=campaign, purpose_en="Masks")
        receive_money(cast.act_charity, fund=fund, amount="10", currency="CNY")

        def pay(fund=fund):
            return disburse(
                cast.act_charity, fund=fund, recipient=cast.hospital, amount="10", currency="CNY", purpose="Masks"
            )

        assert len(done(at_once(pay, pay))) == 1
    assert entries("money.disbursed") == ROUNDS


def test_one_request_sent_twice_at_once_is_done_once(cast):
    """Under one idempotency key both callers get the same hand-over, and the log has one entry of it."""
    for round_ in range(ROUNDS):
        need = need_of(cast, f"a{round_}")
        lot = receive_goods(cast.act_charity, charity=cast.charity, item=cast.masks, quantity=100).lot
        allocation = allocate(cast.act_charity, lot=lot, need=need, quantity=100, reason="nearest")
        act = replace(cast.act_charity, key=f"key-{round_}")
        results = at_once(*([lambda act=act, allocation=allocation: hand_over(act, allocation=allocation)] * 2))
        assert len(done(results)) == 2
        assert len({handover.pk for handover in results}) == 1
    assert entries("goods.handed_over") == ROUNDS


def test_a_hand_over_is_signed_once(cast):
    """Of two signatures at once, as of two taps on a phone, one counts."""
    for round_ in range(ROUNDS):
        need = need_of(cast, f"a{round_}")
        lot = receive_goods(cast.act_charity, charity=cast.charity, item=cast.masks, quantity=100).lot
        allocation = allocate(cast.act_charity, lot=lot, need=need, quantity=100, reason="nearest")
        handover = hand_over(cast.act_charity, allocation=allocation)
        results = at_once(*([lambda handover=handover: sign_for(cast.act_hospital, handover=handover)] * 2))
        assert len(done(results)) == 1
    assert entries("goods.received_by") == ROUNDS


def test_two_who_publish_at_once_give_no_index_twice(cast):
    """Without a sequencer's lock between them: every entry has one index, and both sign checkpoints of one log."""
    for round_ in range(ROUNDS):
        for number in range(3):
            need_of(cast, f"{round_}-{number}", quantity=5)
        results = at_once(*([lambda: publish() or "nothing waited"] * 3))
        assert len(done(results)) == 3
        assert list(Entry.objects.order_by("index").values_list("index", flat=True)) == list(range(latest_size()))
        assert check_store(full=True) == Entry.objects.count()


def test_a_need_is_closed_once(cast):
    """Of two people who say at once that a need is met, one says it on the log."""
    for round_ in range(ROUNDS):
        need = need_of(cast, f"a{round_}")
        results = at_once(*([lambda pk=need.pk: meet_need(cast.act_hospital, need=Need.objects.get(pk=pk))] * 2))
        assert len(done(results)) == 1
    assert entries("need.met") == ROUNDS


def test_the_first_lines_of_a_day_all_count(cast):
    """Four needs published at once on a fresh day: each is stored, and the day's total has them all."""
    results = at_once(*(lambda name=name: need_of(cast, name, quantity=5) for name in "abcd"))
    assert len(done(results)) == 4
    total = DayTotal.objects.get(measure="asked")
    assert (total.lines, total.quantity) == (4, 20)
