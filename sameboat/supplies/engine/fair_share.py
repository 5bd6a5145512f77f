"""Max-min fair division of one lot among needs: nobody gets more while somebody with an open need could get less.

For one kind of goods and whole units, max-min fairness is leximin: raise the smallest share first, and stop a share
where its need is met (water-filling; Bertsekas and Gallager, Data Networks, 1992, section 6.5.2). What a place
already holds of the kind counts, so that who was handed 5,000 yesterday waits for who was handed none.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Claim:
    """`key` asks for up to `wanted` units (None: needed, quantity unknown) and `had` so many before."""

    key: str
    wanted: int | None
    had: int = 0


def max_min_shares(supply: int, claims: Sequence[Claim]) -> dict[str, int]:
    """Return each claim's share of `supply` whole units; shares sum to at most `supply`.

    A claim of unknown quantity is treated as unbounded: it is served like the others but never counts as met. Ties
    go to the claim that stands first. Cost grows as n log(n) in the claims and not in the supply.
    """
    if supply < 0:
        raise ValueError(f"a supply of {supply} cannot be shared")
    shares = {claim.key: 0 for claim in claims}
    if len(shares) != len(claims):
        raise ValueError("a claim stands twice; merge the two first")
    level = _water_level(supply, claims)
    left = supply
    for claim in claims:
        share = _share(claim, level)
        shares[claim.key] = share
        left -= share
    for claim in sorted(claims, key=lambda claim: claim.had + shares[claim.key]):
        if left == 0:
            break
        if claim.had + shares[claim.key] <= level and _room(claim) > shares[claim.key]:
            shares[claim.key] += 1
            left -= 1
    return shares


def _room(claim: Claim) -> int:
    return 10**15 if claim.wanted is None else max(claim.wanted, 0)


def _share(claim: Claim, level: int) -> int:
    return min(max(level - claim.had, 0), _room(claim))


def _water_level(supply: int, claims: Sequence[Claim]) -> int:
    """Return the highest whole level to which every claim can be filled with `supply`."""
    low, high = 0, max((claim.had for claim in claims), default=0) + supply
    while low < high:
        middle = (low + high + 1) // 2
        if sum(_share(claim, middle) for claim in claims) <= supply:
            low = middle
        else:
            high = middle - 1
    return low
