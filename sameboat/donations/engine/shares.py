"""First in, first out: the oldest money in a fund is spent first, so each gift can be followed to a payment."""

from collections.abc import Iterable


class ShortError(ValueError):
    """The fund holds less than is to be paid; `held` says how much."""

    def __init__(self, held: int) -> None:
        super().__init__(f"the fund holds {held}")
        self.held = held


def first_in_first_out(amount: int, held: Iterable[tuple[str, int]]) -> list[tuple[str, int]]:
    """Return which gifts pay how much of `amount`, both in smallest units.

    `held` gives each gift's id and what is left of it, oldest first; it is read only as far as needed. Raises
    ShortError when all gifts together hold less.
    """
    if amount <= 0:
        raise ValueError(f"{amount} cannot be paid")
    shares: list[tuple[str, int]] = []
    missing = amount
    for gift, left in held:
        if left <= 0:
            continue
        share = min(left, missing)
        shares.append((gift, share))
        missing -= share
        if not missing:
            return shares
    raise ShortError(amount - missing)
