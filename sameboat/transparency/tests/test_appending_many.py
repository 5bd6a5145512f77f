"""Appending many events at once is appending each of them, in a few statements."""

from datetime import UTC, datetime
from typing import ClassVar

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from sameboat.registry.events import OrganisationRegistered
from sameboat.transparency import promises
from sameboat.transparency.actions import Said, append, append_all, publish
from sameboat.transparency.engine import merkle
from sameboat.transparency.engine.books import Posting, move
from sameboat.transparency.errors import BooksError, LogError
from sameboat.transparency.events import Event
from sameboat.transparency.models import Balance, Entry, EntrySubject, LedgerPosting, PrivatePart

NOW = datetime(2020, 1, 30, 3, tzinfo=UTC)
STOCK, WARD, WORLD = "held:stock", "held:ward", "outside:donors"


class Moved(Event):
    """So many masks went from one account to another; a type that is not registered."""

    type: ClassVar[str] = "test.moved"
    version: ClassVar[int] = 1

    name: str
    source: str
    target: str
    amount: int

    def postings(self) -> list[Posting]:
        return move("mask/piece", self.amount, self.source, self.target)


def registered(number):
    return OrganisationRegistered(organisation=f"org_{number:026d}", kind="hospital", name_zh=f"第{number}医院")


def said(*events, **more):
    return [Said(event, "operator", NOW, NOW, **more) for event in events]


def append_together(*events):
    with transaction.atomic():
        return append_all(said(*events))


def append_singly(*events):
    with transaction.atomic():
        return [append(event, actor="operator", event_time=NOW, recorded_at=NOW) for event in events]


STORY = [
    registered(1),
    Moved(name="a", source=WORLD, target=STOCK, amount=9),
    Moved(name="b", source=STOCK, target=WARD, amount=4),
    registered(2),
    registered(1),
    Moved(name="c", source=WARD, target=STOCK, amount=1),
    Moved(name="d", source=STOCK, target="handed:x", amount=6),
]


def what_is_stored():
    """Return every row of the log but for the numbers of rows."""
    number = dict(Entry.objects.values_list("pk", "leaf_hash"))
    return {
        "entries": list(Entry.objects.order_by("pk").values_list("leaf_hash", "body", "type", "actor", "event_time")),
        "recorded": list(Entry.objects.order_by("pk").values_list("recorded_at", flat=True)),
        "subjects": [(number[e], s) for e, s in EntrySubject.objects.order_by("pk").values_list("entry", "subject")],
        "postings": [
            (number[entry], *rest)
            for entry, *rest in LedgerPosting.objects.order_by("pk").values_list("entry", "account", "asset", "amount")
        ],
        "balances": set(Balance.objects.values_list("account", "asset", "amount")),
    }


def stored_by(append_events):
    """Return what stands on the log after the story, and undo it."""
    with transaction.atomic():
        with promises.taking() as promised:
            append_events(*STORY)
        stored = what_is_stored() | {"promised": promised}
        transaction.set_rollback(True)
    return stored


def test_together_they_stand_as_singly(db):
    """Entries, their order, subjects, postings, balances and promises are the same."""
    together = stored_by(append_together)
    assert together == stored_by(append_singly)
    assert len(together["entries"]) == len(STORY) - 1
    assert ("held:ward", "mask/piece", 3) in together["balances"]


def test_each_gets_the_entry_that_it_is(db):
    """What is returned names the stored entry, in the order of what was said."""
    accepted = append_together(*STORY)
    rows = dict(Entry.objects.values_list("pk", "body"))
    assert [merkle.leaf_hash(bytes(rows[each.pk])) for each in accepted] == [each.leaf_hash for each in accepted]
    assert accepted[4] == accepted[0]


def test_said_before_it_is_that_entry(db):
    """What stands on the log already, published or not, is found and not appended again."""
    first, second = append_together(registered(1)), append_together(registered(2))
    publish()
    again = append_together(registered(3), registered(2), registered(1))
    assert again[1:] == [*second, *first]
    assert (Entry.objects.count(), EntrySubject.objects.count()) == (3, 3)


@pytest.mark.parametrize("count", [700, 2_800])
def test_statements_grow_with_what_they_hold(count, db):
    """1,365 entries fill one statement, and 4,096 subjects one: four times the events need few more."""
    with CaptureQueriesContext(
        connection,
    ) as queries:
        append_together(*map(registered, range(count)))
    statements = [query["sql"] for query in queries if query["sql"].startswith("INSERT")]
    assert len(statements) == -(-count // 1_365) + -(-count // 4_096)
    assert len(queries) == len(statements) + 2  # the savepoint


def test_private_parts_are_kept_each_under_its_own_key(db):
    """Equal words of two people show as two commitments."""
    with transaction.atomic():
        append_all(said(registered(1), registered(1), private={"contact": "139-0000"}))
    one, other = PrivatePart.objects.order_by("pk")
    assert one.data == other.data == {"contact": "139-0000"}
    assert bytes(one.key) != bytes(other.key)


REFUSED = {
    "never there": ([Moved(name="a", source=STOCK, target=WARD, amount=1)], "held:stock holds 0 mask/piece; 1 cannot"),
    "before it came": (
        [
            Moved(name="a", source=STOCK, target=WARD, amount=5),
            Moved(name="b", source=WORLD, target=STOCK, amount=5),
        ],
        "held:stock holds 0 mask/piece; 5 cannot",
    ),
    "more than is left": (
        [
            Moved(name="a", source=WORLD, target=STOCK, amount=5),
            Moved(name="b", source=STOCK, target=WARD, amount=3),
            Moved(name="c", source=WARD, target="handed:x", amount=3),
            Moved(name="d", source=STOCK, target=WARD, amount=3),
        ],
        "held:stock holds 2 mask/piece; 3 cannot",
    ),
    "moved twice in one breath": (
        [Moved(name="a", source=WORLD, target=STOCK, amount=5)] * 2,
        "nothing is moved a second time",
    ),
    "too large": ([registered(1).model_copy(update={"name_en": "A" * 66_000})], "65,535 is the most"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_one_that_cannot_be_sinks_them_all(case, db, everything_stored):
    """The books refuse the first event that takes what is not there, and nothing of the others is stored."""
    events, words = REFUSED[case]
    before = everything_stored()
    with pytest.raises(LogError, match=words):
        append_together(registered(7), *events)
    assert everything_stored() == before


def test_what_is_there_may_be_taken_by_several(db):
    """Several accounts that give and get at once are each held to what they had."""
    append_together(
        Moved(name="a", source=WORLD, target=STOCK, amount=5), Moved(name="b", source=WORLD, target=WARD, amount=1)
    )
    append_together(
        Moved(name="c", source=STOCK, target=WARD, amount=5), Moved(name="d", source=WARD, target=STOCK, amount=6)
    )
    held = dict(Balance.objects.exclude(account=WORLD).values_list("account", "amount"))
    assert held == {STOCK: 6, WARD: 0}
    with pytest.raises(BooksError, match="held:ward holds 0"):
        append_together(
            Moved(name="e", source=STOCK, target="handed:x", amount=6),
            Moved(name="f", source=WARD, target=STOCK, amount=1),
        )
