"""What a holder has and whom it is for: lots received, allocations decided and taken back."""

from datetime import date

from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from sameboat.registry.acting import Act, action
from sameboat.registry.models import Item, Organisation, Role, Unit
from sameboat.registry.quantities import checked_quantity, checked_text
from sameboat.registry.refusals import Conflict, Fault, InvalidInput
from sameboat.supplies import events, queries
from sameboat.supplies.actions import totals
from sameboat.supplies.actions.lines import count_line, goods_of, start_of_day
from sameboat.supplies.actions.publishing import LARGEST_NEED
from sameboat.supplies.models import Allocation, DayTotal, Lot, Need
from sameboat.transparency.actions import append


def receive_lot(
    act: Act,
    *,
    actor: str,
    holder: Organisation,
    item: Item,
    quantity: int | None,
    unit: Unit,
    stated: str = "",
    donor: Organisation | None = None,
    gift: str | None = None,
    pledge: str | None = None,
    need: Need | None = None,
    received_on: date | None = None,
    period: str | None = None,
    source: events.Source | None = None,
) -> Lot:
    """Enter goods that came in as a lot, within the caller's action; the caller has checked permission and input."""
    lot = Lot.objects.create(
        public_id=act.new_id("lot"),
        holder=holder,
        donor=donor,
        item=item,
        quantity=quantity,
        unit=unit,
        stated=stated,
        need=need,
        received_at=start_of_day(act, received_on),
        source_line=source.line if source else None,
    )
    givers = (holder,) if donor is None else (holder, donor)
    totals.add(
        DayTotal.Measure.RECEIVED,
        on=received_on or timezone.localdate(act.now),
        item=item,
        unit=unit,
        quantity=quantity,
        organisations=givers,
    )
    append(
        events.GoodsReceived(
            lot=lot.public_id,
            holder=holder.public_id,
            goods=goods_of(item, quantity, unit, stated),
            donor=donor.public_id if donor else None,
            gift=gift,
            pledge=pledge,
            need=need.public_id if need else None,
            period=period,
            source=source,
        ),
        actor=actor,
        event_time=received_on or act.now,
        recorded_at=act.now,
    )
    return lot


@action
def allocate(act: Act, *, lot: Lot, need: Need, quantity: int | str, reason: str = "") -> Allocation:
    """Decide that a need gets so much of a lot. More than the fair share needs a reason, which everyone can read.

    Raises NotPermitted, InvalidInput or Conflict (another item or unit, a closed need, not so much left).
    """
    act.require(lot.holder, Role.STORE)
    amount = checked_quantity(quantity, "quantity", most=LARGEST_NEED)
    reason = checked_text(reason, "reason", 300)
    need = Need.objects.select_for_update(of=("self",)).select_related("organisation", "item", "unit").get(pk=need.pk)
    if need.state != Need.State.OPEN:
        raise Conflict(_("This need is closed. Choose an open one."), "need")
    if (lot.item_id, lot.unit_id) != (need.item_id, need.unit_id):
        raise Conflict(
            _("The lot holds %(item)s by the %(unit)s; this need asks for something else.")
            % {"item": lot.item.name, "unit": lot.unit.name},
            "need",
        )
    if lot.need_id not in (None, need.pk):
        raise Conflict(_("This lot was given for another need. Ask its donor before it goes elsewhere."), "need")
    left = queries.left_of(lot)
    if left is None:
        raise Conflict(_("Nobody has counted this lot. Count it first."), "lot")
    if amount > left:
        raise InvalidInput([Fault("quantity", _("Only %(left)s are left in this lot.") % {"left": f"{left:,}"})])
    if need.outstanding is not None and amount > need.outstanding:
        raise InvalidInput(
            [Fault("quantity", _("Only %(left)s of this need are open.") % {"left": f"{need.outstanding:,}"})]
        )
    shares = queries.fair_shares(lot)
    fair = shares.get(need.public_id, 0)
    if amount > fair and not reason:
        raise InvalidInput(
            [
                Fault(
                    "reason",
                    _("The fair share among %(claims)s open needs is %(fair)s. Say why this one gets more.")
                    % {"claims": f"{len(shares):,}", "fair": f"{fair:,}"},
                )
            ]
        )
    allocation = Allocation.objects.create(
        public_id=act.new_id("alloc"),
        lot=lot,
        need=need,
        quantity=amount,
        fair_share=fair,
        reason=reason,
        decided_at=act.now,
    )
    Need.objects.filter(pk=need.pk).update(allocated=F("allocated") + amount)
    count_line(DayTotal.Measure.ALLOCATED, act.now, need, amount, need.organisation)
    append(
        events.AllocationDecided(
            allocation=allocation.public_id,
            lot=lot.public_id,
            need=need.public_id,
            holder=lot.holder.public_id,
            receiver=need.organisation.public_id,
            goods=goods_of(lot.item, amount, lot.unit),
            fair_share=fair,
            claims=len(shares),
            reason=reason or None,
        ),
        actor=lot.holder.public_id,
        event_time=act.now,
        recorded_at=act.now,
    )
    return allocation


@action
def cancel_allocation(act: Act, *, allocation: Allocation, reason: str) -> Allocation:
    """Take an allocation back before it is handed over; the goods return to their lot."""
    lot = allocation.lot
    act.require(lot.holder, Role.STORE)
    reason = checked_text(reason, "reason", 300)
    if not reason:
        raise InvalidInput([Fault("reason", _("Say why the allocation is taken back."))])
    changed = Allocation.objects.filter(pk=allocation.pk, state=Allocation.State.OPEN).update(
        state=Allocation.State.CANCELLED
    )
    if not changed:
        raise Conflict(_("This allocation is no longer open."))
    Need.objects.filter(pk=allocation.need_id).update(allocated=F("allocated") - allocation.quantity)
    append(
        events.AllocationCancelled(
            allocation=allocation.public_id,
            lot=lot.public_id,
            need=allocation.need.public_id,
            holder=lot.holder.public_id,
            goods=goods_of(lot.item, allocation.quantity, lot.unit),
            reason=reason,
        ),
        actor=lot.holder.public_id,
        event_time=act.now,
        recorded_at=act.now,
    )
    allocation.refresh_from_db()
    return allocation
