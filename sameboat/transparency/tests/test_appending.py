"""Appending to the log: the same content is one entry, whatever the clock says of its moment."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction

from sameboat.registry.events import OrganisationRegistered
from sameboat.supplies.actions.needs import confirm_need, publish_need
from sameboat.transparency import promises, sources, store
from sameboat.transparency.actions import append, publish
from sameboat.transparency.auditor import audit
from sameboat.transparency.engine.books import Posting, move
from sameboat.transparency.errors import LogError
from sameboat.transparency.keys import log_signer
from sameboat.transparency.models import Balance, Entry, EntrySubject, PrivatePart

NOW = datetime(2020, 1, 30, 3, tzinfo=UTC)
EVENT = OrganisationRegistered(organisation="org_" + "0" * 26, kind="hospital", name_en="Test Hospital")


class Moving(OrganisationRegistered):
    """The same event, of goods that move."""

    def postings(self) -> list[Posting]:
        return move("mask/piece", 5, "outside:donors", "held:lot")


def say(event=EVENT, at=NOW, **more):
    with transaction.atomic():
        return append(event, actor="operator", event_time=NOW, recorded_at=at, **more)


def test_the_same_content_is_one_entry(db):
    """Said twice, it stands once, with its subjects once, and both callers get that entry."""
    assert say().pk == say().pk
    assert (Entry.objects.count(), EntrySubject.objects.count()) == (1, 1)


def test_the_same_content_is_one_entry_after_it_was_published(db):
    """The leaf stays the only one of its hash however late the repetition comes."""
    first = say()
    publish()
    assert say().pk == first.pk
    assert publish() is None
    assert store.latest_size() == 1


def test_a_repetition_is_promised_as_the_first_was(db):
    """Who repeats what stands there gets the same leaf hash to hold the log to."""
    with promises.taking() as first:
        say()
    with promises.taking() as again:
        say()
    assert first == again == [bytes(Entry.objects.get().leaf_hash)]


@pytest.mark.parametrize(
    "change", [{"at": NOW + timedelta(milliseconds=1)}, {"event": EVENT.model_copy(update={"name_en": "T"})}]
)
def test_other_content_is_another_entry(db, change):
    """A millisecond or a letter makes another entry."""
    say()
    say(**change)
    assert Entry.objects.count() == 2


def test_what_has_a_private_part_is_never_the_same(db):
    """Each private part has its own key, so equal words of two people do not show as equal on the log."""
    say(private={"contact": "139-0000"})
    say(private={"contact": "139-0000"})
    assert (Entry.objects.count(), PrivatePart.objects.count()) == (2, 2)


def test_what_moves_something_is_not_moved_twice(db):
    """A repetition that would move goods again is refused, and the books stay."""
    event = Moving(**EVENT.model_dump())
    say(event)
    with pytest.raises(LogError, match="second time"):
        say(event)
    assert Balance.objects.get(account="held:lot").amount == 5


def test_an_action_repeated_within_its_millisecond_says_it_once(cast):
    """Two taps in one millisecond are one statement, not a failure."""
    need = publish_need(cast.act_hospital, organisation=cast.hospital, item=cast.masks, quantity=500)
    for _ in range(2):
        confirm_need(cast.act_hospital, need=need)
    assert Entry.objects.filter(type="need.confirmed").count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="on SQLite writers wait for each other")
def test_two_processes_that_say_the_same_at_once_get_one_entry():
    """The second waits for the first to commit and takes its entry."""
    import threading

    found = []

    def other():
        try:
            found.append(say().pk)
        finally:
            connection.close()

    with transaction.atomic():
        first = append(EVENT, actor="operator", event_time=NOW, recorded_at=NOW)
        thread = threading.Thread(target=other)
        thread.start()
    thread.join()
    assert found == [first.pk]


CLOCK = [0, 60, -86_400 * 365, 3_600, -1, 86_400 * 365 * 50, 5]
"""Seconds by which a clock jumps between one entry and the next."""


def say_while_the_clock_jumps():
    """Append an entry after each jump, publish each, and return the moments that the clock said."""
    moments = [NOW + timedelta(seconds=sum(CLOCK[: number + 1])) for number in range(len(CLOCK))]
    for moment in moments:
        say(at=moment)
        publish()
    return moments


def test_a_clock_that_jumps_neither_stops_nor_reorders_the_log(db):
    """Entries stand in the order of their acceptance, each with what the clock said; proofs and books hold."""
    said = say_while_the_clock_jumps()
    assert [entry.recorded_at for entry in Entry.objects.order_by("index")] == said
    assert not audit(sources.own_store(), log_signer().verifier).wrong


def test_the_auditor_counts_where_the_clock_went_back(db):
    """Who reads the log is told how often it claims an earlier moment than before, and where first; seconds are not."""
    say_while_the_clock_jumps()
    found = audit(sources.own_store(), log_signer().verifier)
    assert (found.clock_went_back, found.first_went_back) == (1, 2)


def test_a_steady_clock_is_not_blamed(db):
    """Entries a second apart, and of the same moment, are no jump."""
    for seconds in (0, 0, 1, 1):
        say(EVENT.model_copy(update={"name_en": f"{seconds}"}), at=NOW + timedelta(seconds=seconds))
    publish()
    found = audit(sources.own_store(), log_signer().verifier)
    assert (found.clock_went_back, found.first_went_back) == (0, None)


def test_an_entry_without_a_moment_is_a_fault(monkeypatch, db):
    """What does not say when it was recorded is told by the auditor with its index."""
    monkeypatch.setattr("sameboat.transparency.actions._stamp", lambda moment: "yesterday")
    say()
    publish()
    (fault,) = audit(sources.own_store(), log_signer().verifier).faults
    assert (fault.index, "recorded_at" in fault.problem) == (0, True)
