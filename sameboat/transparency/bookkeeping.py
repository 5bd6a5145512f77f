"""The books as the database keeps them: postings, and the balance of each account, in one transaction with the entries.

No account but `outside:…` goes below nothing, not even between two events of one transaction, as the auditor posts
them one after another.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection, transaction

from sameboat.transparency import rows, running_totals
from sameboat.transparency.engine import books
from sameboat.transparency.engine.books import Posting
from sameboat.transparency.errors import BooksError
from sameboat.transparency.models import Balance, LedgerPosting


@dataclass(frozen=True, slots=True)
class Moves:
    """What an entry moves: its row's key, its event's type, its postings."""

    entry: int
    type: str
    postings: Sequence[Posting]


def post(entries: Sequence[Moves]) -> None:
    """Store the postings of entries, in their order, and change the balances by them.

    Raises
    ------
    BooksError
        When an entry's postings do not sum to zero, or take from an account more than it then holds.
    """
    if not entries:
        return
    changes: dict[tuple[str, str], _Change] = {}
    for entry in entries:
        try:
            books.check_balanced(entry.postings)
        except books.UnbalancedError as error:
            raise BooksError(f"{entry.type}: {error}") from error
        for place, amount in _by_place(entry.postings).items():
            changes.setdefault(place, _Change()).add(amount)
    _take(entries, {place: change for place, change in changes.items() if change.needs(place[0])})
    coming = [(*place, change.amount) for place, change in changes.items() if not change.needs(place[0])]
    running_totals.add(Balance, ("account", "asset"), ("amount",), coming)
    rows.insert(
        LedgerPosting,
        ("entry", "account", "asset", "amount"),
        [(entry.entry, p.account, p.asset, p.amount) for entry in entries for p in entry.postings],
    )


@dataclass(slots=True)
class _Change:
    """What several entries change of one balance together, and the lowest it stands in between."""

    amount: int = 0
    lowest: int = 0

    def add(self, amount: int) -> None:
        self.amount += amount
        self.lowest = min(self.lowest, self.amount)

    def needs(self, account: str) -> bool:
        """Return whether the account must hold something before."""
        return self.lowest < 0 and not account.startswith(books.OUTSIDE)


def _by_place(postings: Sequence[Posting]) -> dict[tuple[str, str], int]:
    sums: dict[tuple[str, str], int] = {}
    for posting in postings:
        place = (posting.account, posting.asset)
        sums[place] = sums.get(place, 0) + posting.amount
    return sums


_TAKE = "UPDATE transparency_balance SET amount = amount + %s WHERE account = %s AND asset = %s AND amount >= %s"


def _take(entries: Sequence[Moves], changes: dict[tuple[str, str], _Change]) -> None:
    """Change balances of which each must hold enough for the lowest it stands in between."""
    if not changes:
        return
    taken = [(change.amount, *place, -change.lowest) for place, change in sorted(changes.items())]
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.executemany(_TAKE, taken)
            if cursor.rowcount != len(taken):
                raise _TooLittleError
    except _TooLittleError:
        raise BooksError(_first_short(entries, changes)) from None


class _TooLittleError(Exception):
    """One of several accounts holds too little."""


def _first_short(entries: Sequence[Moves], changes: dict[tuple[str, str], _Change]) -> str:
    """Return which entry is the first to take more than there is, and how much there is."""
    held = dict.fromkeys(changes, 0)
    for part in rows.parts(sorted({account for account, _ in changes}), rows.MOST_NAMED):
        kept = Balance.objects.filter(account__in=part).values_list("account", "asset", "amount")
        held |= {(account, asset): amount for account, asset, amount in kept}
    for entry in entries:
        for (account, asset), amount in sorted(_by_place(entry.postings).items()):
            there = held.get((account, asset), 0)
            if there + amount < 0 and not account.startswith(books.OUTSIDE):
                return f"{entry.type}: {account} holds {there:,} {asset}; {-amount:,} cannot leave it"
            held[account, asset] = there + amount
    raise AssertionError("unreachable")
