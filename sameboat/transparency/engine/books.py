"""Double-entry books over events: every posting set sums to zero, and no account but `outside:` goes below zero.

An account is a `kind:owner` pair such as `held:lot_…` or `fund:fund_…`; an asset is what is counted there, in whole
numbers of its smallest unit: `mask-surgical/piece`, `CNY/fen`. The accounts `outside:…` stand for the world: what
came in is negative there, so each asset's balances sum to zero at all times.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

OUTSIDE = "outside:"
MOST = 2**63 - 1
"""The most that one event can move, as a database holds it."""


@dataclass(frozen=True, slots=True)
class Posting:
    """`amount` smallest units of `asset` come into `account` (or leave it, where negative)."""

    account: str
    asset: str
    amount: int


class UnbalancedError(ValueError):
    """A set of postings breaks the books; the message names account, asset and amounts."""


def move(asset: str, amount: int, source: str, target: str) -> list[Posting]:
    """Return the two postings that move `amount` (a positive whole number) from `source` to `target`."""
    if amount <= 0:
        raise UnbalancedError(f"{asset}: {amount} cannot be moved from {source} to {target}; it must be above zero")
    return [Posting(source, asset, -amount), Posting(target, asset, amount)]


def check_balanced(postings: Iterable[Posting]) -> None:
    """Raise UnbalancedError unless the postings of every asset sum to zero."""
    sums: defaultdict[str, int] = defaultdict(int)
    for posting in postings:
        sums[posting.asset] += posting.amount
    for asset, total in sums.items():
        if total:
            raise UnbalancedError(f"{asset}: the postings sum to {total:+}, not to zero")


def net(postings: Iterable[Posting]) -> dict[tuple[str, str], int]:
    """Return what postings change, by (account, asset).

    Raises UnbalancedError unless every asset sums to zero, and for an amount that no database holds.
    """
    postings = list(postings)
    if not postings:
        return {}
    if any(abs(posting.amount) > MOST for posting in postings):
        raise UnbalancedError(f"{postings[0].asset}: an amount is beyond {MOST:,}, the most that one event can move")
    check_balanced(postings)
    changes: defaultdict[tuple[str, str], int] = defaultdict(int)
    for posting in postings:
        changes[posting.account, posting.asset] += posting.amount
    return dict(changes)


class Books:
    """Balances that grow only by balanced postings; what the auditor recomputes from the log alone.

    `balances` holds the accounts that hold anything, so that it grows with them and not with history.
    """

    def __init__(self, balances: Mapping[tuple[str, str], int] | None = None) -> None:
        self.balances = {place: amount for place, amount in (balances or {}).items() if amount}

    def post(self, postings: Iterable[Posting]) -> None:
        """Apply one event's postings, all or none.

        Raises
        ------
        UnbalancedError
            When they do not sum to zero, or would leave an account other than `outside:` below zero.
        """
        self.apply(net(postings))

    def apply(self, changes: Mapping[tuple[str, str], int]) -> None:
        """Apply what `net` returned for one event, all or none; raises UnbalancedError as `post` does."""
        after = {place: self.balances.get(place, 0) + change for place, change in changes.items()}
        for (account, asset), amount in after.items():
            if amount < 0 and not account.startswith(OUTSIDE):
                held = self.balances.get((account, asset), 0)
                raise UnbalancedError(f"{account} holds {held} {asset}; {held - amount} cannot leave it")
        for place, amount in after.items():
            if amount:
                self.balances[place] = amount
            else:
                self.balances.pop(place, None)
