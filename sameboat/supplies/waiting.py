"""What waits for a member's hand, oldest first; every list is cut at its limit, and none reads the history."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import OuterRef, QuerySet, Value
from django.db.models.functions import Concat

from sameboat.supplies.models import Allocation, HandOver, Lot, Need
from sameboat.transparency import queries as log

STALE_AFTER = timedelta(days=3)
"""A need that nobody confirmed for so long may be met by now: its asker is asked again."""


def needs_to_confirm(organisations: Sequence[str], now: datetime, limit: int = 10) -> list[Need]:
    """Return open needs that their askers confirmed more than three days ago."""
    stale = _open_needs(organisations).filter(confirmed_at__lt=now - STALE_AFTER)
    return list(stale.order_by("confirmed_at", "pk")[:limit])


def open_needs(organisations: Sequence[str], after: str = "", limit: int = 50) -> list[Need]:
    """Return open needs in the order of their ids, those behind the id `after`."""
    return list(_open_needs(organisations).filter(public_id__gt=after).order_by("public_id")[:limit])


def _open_needs(organisations: Sequence[str]) -> QuerySet[Need]:
    found = Need.objects.filter(organisation__public_id__in=organisations, state=Need.State.OPEN)
    return found.select_related("organisation", "item", "unit")


def handovers_to_sign(receivers: Sequence[str], limit: int = 10) -> list[HandOver]:
    """Return hand-overs to these organisations that nobody signed for."""
    found = HandOver.objects.filter(receiver__public_id__in=receivers, signed_at=None)
    return list(found.select_related("giver", "receiver", "item", "unit").order_by("pk")[:limit])


def allocations_to_hand_over(holders: Sequence[str], limit: int = 10) -> list[Allocation]:
    """Return allocations that these organisations decided and did not hand over yet."""
    found = Allocation.objects.filter(lot__holder__public_id__in=holders, state=Allocation.State.OPEN)
    return list(
        found.select_related("lot__holder", "lot__item", "lot__unit", "need__organisation").order_by("pk")[:limit]
    )


@dataclass(frozen=True, slots=True)
class LotLeft:
    """A lot and what is left in it by the books; None where nobody counted it."""

    lot: Lot
    left: int | None


def lots_to_allocate(holders: Sequence[str], limit: int = 10) -> list[LotLeft]:
    """Return lots that still hold something nobody allocated, oldest first."""
    account = Concat(Value("held:"), OuterRef("public_id"))
    found = _lots(holders).filter(log.holds_something(account)).order_by("pk")[:limit]
    return with_left(list(found))


def lots_held(holders: Sequence[str], before: str = "", limit: int = 50) -> list[LotLeft]:
    """Return the lots of these organisations, newest first, those before the id `before`."""
    found = _lots(holders)
    if before:
        found = found.filter(public_id__lt=before)
    return with_left(list(found.order_by("-public_id")[:limit]))


def _lots(holders: Sequence[str]) -> QuerySet[Lot]:
    found = Lot.objects.filter(holder__public_id__in=holders)
    return found.select_related("holder", "donor", "item", "unit", "need__organisation")


def with_left(lots: list[Lot]) -> list[LotLeft]:
    """Return lots with what is left in each, from one reading of the books."""
    held = log.balances(f"held:{lot.public_id}" for lot in lots)
    return [
        LotLeft(
            lot,
            None
            if lot.quantity is None
            else held.get((f"held:{lot.public_id}", f"{lot.item.code}/{lot.unit.code}"), 0),
        )
        for lot in lots
    ]


def allocations_of(lot: Lot, limit: int = 100) -> list[Allocation]:
    """Return a lot's allocations, newest first, each with its hand-over where there is one."""
    found = Allocation.objects.filter(lot=lot).select_related("need__organisation", "handover")
    return list(found.order_by("-pk")[:limit])


@dataclass(frozen=True, slots=True)
class Claim:
    """An open need that a lot could serve, and its fair share of what is left."""

    need: Need
    fair_share: int


def claims_on(shares: dict[str, int], start: int = 0, limit: int = 25) -> list[Claim]:
    """Return the needs of fair shares, the largest share first, from place `start` on."""
    ordered = sorted(shares.items(), key=lambda pair: -pair[1])[start : start + limit]
    needs = Need.objects.select_related("organisation", "item", "unit").filter(public_id__in=dict(ordered))
    by_id = {need.public_id: need for need in needs}
    return [Claim(by_id[need], share) for need, share in ordered if need in by_id]
