"""The shapes in which needs, lots and hand-overs go out over the API. A quantity of null means: nobody knows."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Literal, cast

from pydantic import BaseModel

from sameboat.registry.shapes import OrganisationRef
from sameboat.supplies import queries
from sameboat.supplies.models import Allocation, HandOver, Lot, Need
from sameboat.supplies.queries import DayLines, ItemTotal, Total

NeedState = Literal["open", "met", "stopped"]
AllocationState = Literal["open", "handed-over", "cancelled"]


class NeedShape(BaseModel):
    """A need. As of an earlier day the running sums are null: they are kept for now only."""

    id: str
    organisation: OrganisationRef
    place: str | None
    emergency: str | None
    item: str
    quantity: int | None
    unit: str
    standard: str
    note: str
    source_line: int | None
    source_url: str
    state: NeedState
    published_at: datetime
    confirmed_at: datetime | None
    closed_at: datetime | None
    pledged: int | None
    allocated: int | None
    handed_over: int | None
    signed_for: int | None
    outstanding: int | None

    @classmethod
    def of(cls, need: Need, as_of: date | None = None) -> "NeedShape":
        moment = queries.end_of(as_of) if as_of else None
        open_then = moment is not None and (need.closed_at is None or need.closed_at >= moment)
        confirmed_since = moment is not None and need.confirmed_at >= moment
        return cls(
            id=need.public_id,
            organisation=OrganisationRef.of(need.organisation),
            place=need.place.code if need.place else None,
            emergency=need.emergency.public_id if need.emergency else None,
            item=need.item.code,
            quantity=need.quantity,
            unit=need.unit.code,
            standard=need.standard,
            note=need.note,
            source_line=need.source_line,
            source_url=need.source_url,
            state="open" if open_then else cast("NeedState", need.state),
            published_at=need.published_at,
            confirmed_at=None if confirmed_since else need.confirmed_at,
            closed_at=None if open_then else need.closed_at,
            pledged=need.pledged if moment is None else None,
            allocated=need.allocated if moment is None else None,
            handed_over=need.handed_over if moment is None else None,
            signed_for=need.signed_for if moment is None else None,
            outstanding=need.outstanding if moment is None else None,
        )


class LotShape(BaseModel):
    """Goods of one kind from one origin in one holder's hands. `left` comes from the books."""

    id: str
    holder: OrganisationRef
    donor: OrganisationRef | None
    item: str
    quantity: int | None
    unit: str
    stated: str
    need: str | None
    received_at: datetime
    source_line: int | None
    left: int | None

    @classmethod
    def of(cls, lot: Lot, left: Mapping[str, int | None]) -> "LotShape":
        return cls(
            id=lot.public_id,
            holder=OrganisationRef.of(lot.holder),
            donor=OrganisationRef.of_any(lot.donor),
            item=lot.item.code,
            quantity=lot.quantity,
            unit=lot.unit.code,
            stated=lot.stated,
            need=lot.need.public_id if lot.need else None,
            received_at=lot.received_at,
            source_line=lot.source_line,
            left=left[lot.public_id],
        )


class ShareShape(BaseModel):
    """The fair share of a lot for one need."""

    need: str
    quantity: int


class FairSharesShape(BaseModel):
    """What is left of a lot, and its max-min fair share for each open need of its kind."""

    lot: str
    left: int | None
    unit: str
    shares: list[ShareShape]


class AllocationShape(BaseModel):
    """A part of a lot is for a need. A reason stands where it is more than the fair share."""

    id: str
    lot: str
    need: str
    receiver: OrganisationRef
    item: str
    quantity: int
    unit: str
    fair_share: int
    reason: str
    decided_at: datetime
    state: AllocationState

    @classmethod
    def of(cls, allocation: Allocation) -> "AllocationShape":
        return cls(
            id=allocation.public_id,
            lot=allocation.lot.public_id,
            need=allocation.need.public_id,
            receiver=OrganisationRef.of(allocation.need.organisation),
            item=allocation.lot.item.code,
            quantity=allocation.quantity,
            unit=allocation.lot.unit.code,
            fair_share=allocation.fair_share,
            reason=allocation.reason,
            decided_at=allocation.decided_at,
            state=cast("AllocationState", allocation.state),
        )


class HandOverShape(BaseModel):
    """Goods passed from a giver to a receiver. Without `signed_at` the receiver has not confirmed it."""

    id: str
    giver: OrganisationRef
    receiver: OrganisationRef | None
    lot: str | None
    need: str | None
    item: str
    quantity: int | None
    unit: str
    stated: str
    handed_at: datetime
    giver_method: str
    signed_at: datetime | None
    received_quantity: int | None
    receiver_method: str
    source_line: int | None
    same_as_line: int | None

    @classmethod
    def of(cls, handover: HandOver) -> "HandOverShape":
        return cls(
            id=handover.public_id,
            giver=OrganisationRef.of(handover.giver),
            receiver=OrganisationRef.of_any(handover.receiver),
            lot=handover.lot.public_id if handover.lot else None,
            need=handover.need.public_id if handover.need else None,
            item=handover.item.code,
            quantity=handover.quantity,
            unit=handover.unit.code,
            stated=handover.stated,
            handed_at=handover.handed_at,
            giver_method=handover.giver_method,
            signed_at=handover.signed_at,
            received_quantity=handover.received_quantity,
            receiver_method=handover.receiver_method,
            source_line=handover.source_line,
            same_as_line=handover.same_as_line,
        )


class TotalShape(BaseModel):
    """The sum of the known quantities, of how many lines, of which so many are unknown."""

    quantity: int
    lines: int
    lines_unknown: int

    @classmethod
    def of(cls, total: Total) -> "TotalShape":
        return cls(quantity=total.quantity, lines=total.lines, lines_unknown=total.lines_unknown)


class ItemTotalShape(BaseModel):
    """The totals of one kind of goods in one unit, by measure: asked, received, handed-over, signed-for, …"""

    item: str
    unit: str
    totals: dict[str, TotalShape]

    @classmethod
    def of(cls, row: ItemTotal) -> "ItemTotalShape":
        totals = {measure: TotalShape.of(total) for measure, total in sorted(row.totals.items())}
        return cls(item=row.item.code, unit=row.unit.code, totals=totals)


class DayShape(TotalShape):
    """One day's total."""

    day: date

    @classmethod
    def on(cls, lines: DayLines) -> "DayShape":
        total = lines.total
        return cls(day=lines.day, quantity=total.quantity, lines=total.lines, lines_unknown=total.lines_unknown)


class StatementShape(BaseModel):
    """The exact text, in UTF-8, that a device key signs."""

    text: str
