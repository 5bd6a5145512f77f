"""The HTTP API of needs, lots, allocations and hand-overs."""

from functools import partial
from typing import Annotated, Any, Literal

from django.http import HttpRequest, StreamingHttpResponse
from ninja import Query, Router, Status
from pydantic import Field

from sameboat.registry import asking, bulk, tables
from sameboat.registry.access import act_of_caller, members
from sameboat.registry.api import PUBLIC_KEY_PATTERN
from sameboat.registry.asking import Asked, Before, Day, Limit, Number, Page, Text
from sameboat.registry.shapes import BulkShape
from sameboat.supplies import queries
from sameboat.supplies.actions import handovers, lots, needs
from sameboat.supplies.actions.signing import DeviceSignature
from sameboat.supplies.files import HANDOVER_COLUMNS, NEED_COLUMNS
from sameboat.supplies.need_rows import NewNeed
from sameboat.supplies.queries import NeedFilter
from sameboat.supplies.shapes import (
    AllocationShape,
    DayShape,
    FairSharesShape,
    HandOverShape,
    ItemTotalShape,
    LotShape,
    NeedShape,
    ShareShape,
    StatementShape,
)

router = Router(tags=["supplies"])


class SoughtNeeds(Asked):
    """Which needs; what is left empty does not restrict."""

    text: Text = Field("", description="Part of an organisation's or item's name.")
    place: Text = Field("", description="A place's code; what lies in it counts too.")
    item: Text = Field("", description="An item's code, or a category's.")
    state: Literal["open", "met", "stopped", ""] = "open"
    organisation: Text = Field("", description="An organisation's id.")

    def filter(self) -> NeedFilter:
        """Return what the query searches by."""
        return NeedFilter(**self.model_dump(exclude={"before", "limit"}))


class SoughtNeedsPage(SoughtNeeds):
    """Which needs, as of when, and which page of them."""

    as_of: Day | None = Field(None, description="As it was at the end of this day.")
    before: Before = None
    limit: Limit = 50


@router.get("/needs", response=Page[NeedShape])
def list_needs(request: HttpRequest, sought: Query[SoughtNeedsPage]) -> dict[str, Any]:
    """Search needs, newest first; without a state, the open ones."""
    rows = queries.needs(sought.filter(), before=sought.before, limit=sought.limit + 1)
    return asking.page(rows, sought.limit, partial(NeedShape.of, as_of=sought.as_of))


@router.get("/needs.csv", response={200: str})
def needs_as_csv(request: HttpRequest, sought: Query[SoughtNeeds]) -> StreamingHttpResponse:
    """Download needs as CSV with an HXL tag row."""
    return tables.csv_file(request, "needs", NEED_COLUMNS, partial(queries.needs, sought.filter()))


@router.get("/needs.json", response={200: list[dict[str, Any]]})
def needs_as_json(request: HttpRequest, sought: Query[SoughtNeeds]) -> StreamingHttpResponse:
    """Download the same rows as JSON."""
    return tables.json_file(request, "needs", NEED_COLUMNS, partial(queries.needs, sought.filter()))


class NewNeeds(Asked):
    """Many needs, each an object with the fields of `POST /api/needs`; each is published or refused on its own."""

    needs: list[Any] = Field(min_length=1, max_length=bulk.MOST_ROWS)


# Before the operations on one need, whose address would take this one for an id.
@router.post("/needs/bulk", auth=members, response=BulkShape)
def publish_needs(request: HttpRequest, body: NewNeeds) -> BulkShape:
    """Publish up to 1,000 needs at once; each row is answered on its own, and a bad one sinks no good one."""
    act = act_of_caller(request)
    done = needs.publish_needs(act, needs=body.needs)
    return BulkShape.of(done, act.accepted)


@router.get("/needs/{need_id}", response=NeedShape)
def get_need(request: HttpRequest, need_id: str) -> NeedShape:
    """Show one need."""
    return NeedShape.of(asking.found("need", queries.need, need_id))


@router.post("/needs", auth=members, response={201: NeedShape})
def publish_need(request: HttpRequest, body: NewNeed) -> Status[NeedShape]:
    """Publish what an organisation needs; its members who may ask can."""
    need = needs.publish_need(
        act_of_caller(request),
        organisation=asking.organisation(body.organisation),
        item=asking.item(body.item),
        quantity=body.quantity,
        unit=asking.unit_if(body.unit),
        standard=body.standard,
        note=body.note,
        emergency=asking.emergency_if(body.emergency),
    )
    return Status(201, NeedShape.of(need))


@router.post("/needs/{need_id}/confirm", auth=members, response=NeedShape)
def confirm_need(request: HttpRequest, need_id: str) -> NeedShape:
    """Say that a need still stands."""
    need = asking.found("need", queries.need, need_id)
    return NeedShape.of(needs.confirm_need(act_of_caller(request), need=need))


@router.post("/needs/{need_id}/meet", auth=members, response=NeedShape)
def meet_need(request: HttpRequest, need_id: str) -> NeedShape:
    """Say that a need is met."""
    need = asking.found("need", queries.need, need_id)
    return NeedShape.of(needs.meet_need(act_of_caller(request), need=need))


class Reason(Asked):
    """Why."""

    reason: str = ""


@router.post("/needs/{need_id}/stop", auth=members, response=NeedShape)
def stop_need(request: HttpRequest, need_id: str, body: Reason) -> NeedShape:
    """Withdraw what is left of a need."""
    need = asking.found("need", queries.need, need_id)
    return NeedShape.of(needs.stop_need(act_of_caller(request), need=need, reason=body.reason))


@router.get("/organisations/{org_id}/totals", response=list[ItemTotalShape])
def get_organisation_totals(request: HttpRequest, org_id: str) -> list[ItemTotalShape]:
    """Show what one organisation asked for, gave, received, was handed and signed for."""
    return [ItemTotalShape.of(row) for row in queries.organisation_totals(asking.organisation(org_id))]


@router.get("/organisations/{org_id}/lots", response=Page[LotShape])
def list_lots(request: HttpRequest, org_id: str, before: Before = None, limit: Limit = 50) -> dict[str, Any]:
    """Show the lots that an organisation holds or held, newest first."""
    rows = queries.lots_of(asking.organisation(org_id), before=before, limit=limit + 1)
    return asking.page(rows, limit, partial(LotShape.of, left=queries.left_of_each(rows)))


@router.get("/lots/{lot_id}", response=LotShape)
def get_lot(request: HttpRequest, lot_id: str) -> LotShape:
    """Show one lot and what is left of it."""
    lot = asking.found("lot", queries.lot, lot_id)
    return LotShape.of(lot, left=queries.left_of_each([lot]))


@router.get("/lots/{lot_id}/fair-shares", response=FairSharesShape)
def get_fair_shares(request: HttpRequest, lot_id: str) -> FairSharesShape:
    """Show the max-min fair share of what is left of a lot for each open need of its kind."""
    lot = asking.found("lot", queries.lot, lot_id)
    shares = [ShareShape(need=need, quantity=quantity) for need, quantity in queries.fair_shares(lot).items()]
    return FairSharesShape(lot=lot.public_id, left=queries.left_of(lot), unit=lot.unit.code, shares=shares)


class NewAllocation(Asked):
    """Which need gets how much of a lot; a reason where it is more than the fair share."""

    need: str
    quantity: Number
    reason: str = ""


@router.post("/lots/{lot_id}/allocations", auth=members, response={201: AllocationShape})
def allocate(request: HttpRequest, lot_id: str, body: NewAllocation) -> Status[AllocationShape]:
    """Decide that a need gets so much of a lot."""
    allocation = lots.allocate(
        act_of_caller(request),
        lot=asking.found("lot", queries.lot, lot_id),
        need=asking.found("need", queries.need, body.need, "need"),
        quantity=body.quantity,
        reason=body.reason,
    )
    return Status(201, AllocationShape.of(allocation))


@router.get("/allocations/{allocation_id}", response=AllocationShape)
def get_allocation(request: HttpRequest, allocation_id: str) -> AllocationShape:
    """Show one allocation."""
    return AllocationShape.of(asking.found("alloc", queries.allocation, allocation_id))


@router.post("/allocations/{allocation_id}/cancel", auth=members, response=AllocationShape)
def cancel_allocation(request: HttpRequest, allocation_id: str, body: Reason) -> AllocationShape:
    """Take an allocation back before it is handed over; the goods return to their lot."""
    allocation = asking.found("alloc", queries.allocation, allocation_id)
    return AllocationShape.of(lots.cancel_allocation(act_of_caller(request), allocation=allocation, reason=body.reason))


@router.get("/allocations/{allocation_id}/statement", response=StatementShape)
def get_hand_over_statement(request: HttpRequest, allocation_id: str) -> StatementShape:
    """Show the text that the giver's device key signs when handing over."""
    allocation = asking.found("alloc", queries.allocation, allocation_id)
    return StatementShape(text=queries.hand_over_statement(allocation))


class Device(Asked):
    """A signature by a registered device key over the statement of this act."""

    public_key: str = Field(pattern=PUBLIC_KEY_PATTERN)
    signature: str = Field(pattern=r"^[A-Za-z0-9+/]{86}==$", description="Base64 of the 64 bytes.")


class HandOverNow(Asked):
    """Handing over; without a device the caller's account signs."""

    device: Device | None = None


def device_signature(device: Device | None) -> DeviceSignature | None:
    """Return a device's signature as actions take it."""
    return None if device is None else DeviceSignature(device.public_key, device.signature)


@router.post("/allocations/{allocation_id}/hand-over", auth=members, response={201: HandOverShape})
def hand_over(request: HttpRequest, allocation_id: str, body: HandOverNow) -> Status[HandOverShape]:
    """Hand an allocation's goods over; the giver signs."""
    allocation = asking.found("alloc", queries.allocation, allocation_id)
    handover = handovers.hand_over(act_of_caller(request), allocation=allocation, device=device_signature(body.device))
    return Status(201, HandOverShape.of(handover))


class SoughtHandOvers(Asked):
    """Which hand-overs; what is left empty does not restrict."""

    receiver: str | None = None
    giver: str | None = None
    need: str | None = None
    unsigned: bool = Field(False, description="Only those nobody signed for.")

    def filter(self) -> dict[str, Any]:
        """Return what the query searches by."""
        return {
            "receiver": asking.organisation_if(self.receiver, "receiver"),
            "giver": asking.organisation_if(self.giver, "giver"),
            "need": asking.found_if("need", queries.need, self.need, "need"),
            "unsigned": self.unsigned,
        }


class SoughtHandOversPage(SoughtHandOvers):
    """Which hand-overs, and which page of them."""

    before: Before = None
    limit: Limit = 50


@router.get("/handovers", response=Page[HandOverShape])
def list_handovers(request: HttpRequest, sought: Query[SoughtHandOversPage]) -> dict[str, Any]:
    """Search hand-overs, newest first."""
    rows = queries.handovers(**sought.filter(), before=sought.before, limit=sought.limit + 1)
    return asking.page(rows, sought.limit, HandOverShape.of)


@router.get("/handovers.csv", response={200: str})
def handovers_as_csv(request: HttpRequest, sought: Query[SoughtHandOvers]) -> StreamingHttpResponse:
    """Download hand-overs as CSV with an HXL tag row."""
    return tables.csv_file(request, "handovers", HANDOVER_COLUMNS, _handover_rows(sought))


@router.get("/handovers.json", response={200: list[dict[str, Any]]})
def handovers_as_json(request: HttpRequest, sought: Query[SoughtHandOvers]) -> StreamingHttpResponse:
    """Download the same rows as JSON."""
    return tables.json_file(request, "handovers", HANDOVER_COLUMNS, _handover_rows(sought))


def _handover_rows(sought: SoughtHandOvers) -> Any:
    restrictions = sought.filter()
    return lambda before, limit: queries.handovers(**restrictions, before=before, limit=limit)


@router.get("/handovers/{handover_id}", response=HandOverShape)
def get_handover(request: HttpRequest, handover_id: str) -> HandOverShape:
    """Show one hand-over."""
    return HandOverShape.of(asking.found("hand", queries.handover, handover_id))


@router.get("/handovers/{handover_id}/statement", response=StatementShape)
def get_receipt_statement(
    request: HttpRequest,
    handover_id: str,
    quantity: Annotated[
        int | None, Query(ge=1, le=10**12, description="What arrived; left out, all that was handed over.")
    ] = None,
) -> StatementShape:
    """Show the text that the receiver's device key signs for what arrived."""
    handover = asking.found("hand", queries.handover, handover_id)
    return StatementShape(text=queries.receipt_statement(handover, handover.quantity if quantity is None else quantity))


class Receipt(Asked):
    """Signing for what arrived; without a quantity, for all that was handed over."""

    quantity: Number | None = None
    note: str = ""
    device: Device | None = None


@router.post("/handovers/{handover_id}/sign", auth=members, response=HandOverShape)
def sign_for(request: HttpRequest, handover_id: str, body: Receipt) -> HandOverShape:
    """Sign for what arrived; only the receiver's members who may sign can."""
    handover = handovers.sign_for(
        act_of_caller(request),
        handover=asking.found("hand", queries.handover, handover_id),
        quantity=body.quantity,
        note=body.note,
        device=device_signature(body.device),
    )
    return HandOverShape.of(handover)


class SoughtDays(Asked):
    """Which daily totals; without an item or unit, all lines count but quantities of different kinds are summed."""

    measure: Literal["asked", "closed", "received", "allocated", "handed-over", "signed-for", "missing"]
    item: Text = Field("", description="An item's code.")
    unit: Text = Field("", description="A unit's code.")


@router.get("/totals/daily", response=list[DayShape])
def list_daily_totals(request: HttpRequest, sought: Query[SoughtDays]) -> list[DayShape]:
    """Show each day's total of one measure."""
    items = [sought.item] if sought.item else []
    return [DayShape.on(day) for day in queries.daily(sought.measure, items, sought.unit)]
