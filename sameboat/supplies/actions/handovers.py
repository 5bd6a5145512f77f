"""From hand to hand: the giver signs, the receiver signs, and only then it counts as delivered."""

from datetime import date

from django.db.models import F
from django.utils.translation import gettext as _

from sameboat.registry.acting import OPERATOR, Act, action
from sameboat.registry.models import Item, Organisation, Role, Unit
from sameboat.registry.quantities import checked_text, quantity_or_unknown
from sameboat.registry.refusals import Conflict, Fault, InvalidInput, NotPermitted
from sameboat.supplies import events, queries
from sameboat.supplies.actions import totals
from sameboat.supplies.actions.lines import count_line, goods_of, start_of_day
from sameboat.supplies.actions.needs import count_signed
from sameboat.supplies.actions.publishing import LARGEST_NEED
from sameboat.supplies.actions.signing import DeviceSignature, signed_by
from sameboat.supplies.models import Allocation, DayTotal, HandOver, Need
from sameboat.transparency.actions import append


@action
def hand_over(act: Act, *, allocation: Allocation, device: DeviceSignature | None = None) -> HandOver:
    """Hand an allocation's goods over to the receiver; the giver signs, by account or with a device key.

    Raises NotPermitted, InvalidInput (the signature) or Conflict (handed over or cancelled already).
    """
    lot, need = allocation.lot, allocation.need
    act.require(lot.holder, Role.STORE)
    signed = signed_by(act, lot.holder, queries.hand_over_statement(allocation), device)
    changed = Allocation.objects.filter(pk=allocation.pk, state=Allocation.State.OPEN).update(
        state=Allocation.State.HANDED_OVER
    )
    if not changed:
        raise Conflict(_("This allocation was handed over or taken back already."))
    handover = HandOver.objects.create(
        public_id=act.new_id("hand"),
        allocation=allocation,
        lot=lot,
        need=need,
        giver=lot.holder,
        receiver=need.organisation,
        item=lot.item,
        quantity=allocation.quantity,
        unit=lot.unit,
        handed_at=act.now,
        giver_method=signed.method,
    )
    Need.objects.filter(pk=need.pk).update(handed_over=F("handed_over") + allocation.quantity)
    count_line(DayTotal.Measure.HANDED_OVER, act.now, handover, allocation.quantity, lot.holder, need.organisation)
    append(
        events.GoodsHandedOver(
            handover=handover.public_id,
            giver=handover.giver.public_id,
            receiver=need.organisation.public_id,
            goods=goods_of(lot.item, allocation.quantity, lot.unit),
            lot=lot.public_id,
            allocation=allocation.public_id,
            need=need.public_id,
            signed=signed,
        ),
        actor=handover.giver.public_id,
        event_time=act.now,
        recorded_at=act.now,
    )
    return handover


@action
def record_published_handover(
    act: Act,
    *,
    giver: Organisation,
    receiver: Organisation | None,
    item: Item,
    quantity: int | None,
    unit: Unit,
    stated: str,
    handed_on: date,
    source: events.Source,
) -> HandOver:
    """Enter a hand-over that the giver published elsewhere, without lot or signature; operators only.

    Nobody signed it here, so it stays "not confirmed by the receiver" until the receiver does.
    """
    act.require_operator()
    handover = HandOver.objects.create(
        public_id=act.new_id("hand"),
        giver=giver,
        receiver=receiver,
        item=item,
        quantity=quantity,
        unit=unit,
        stated=stated,
        handed_at=start_of_day(act, handed_on),
        source_line=source.line,
        same_as_line=source.same_as_line,
    )
    totals.add(
        DayTotal.Measure.HANDED_OVER,
        on=handed_on,
        item=item,
        unit=unit,
        quantity=quantity,
        organisations=(giver, receiver),
    )
    append(
        events.GoodsHandedOver(
            handover=handover.public_id,
            giver=giver.public_id,
            receiver=receiver.public_id if receiver else None,
            goods=goods_of(item, quantity, unit, stated),
            source=source,
        ),
        actor=OPERATOR,
        event_time=handed_on,
        recorded_at=act.now,
    )
    return handover


@action
def sign_for(
    act: Act,
    *,
    handover: HandOver,
    quantity: int | str | None = None,
    note: str = "",
    device: DeviceSignature | None = None,
) -> HandOver:
    """The receiver signs for what arrived; without a quantity, for all that was handed over.

    Raises NotPermitted (not the receiver), InvalidInput (more than was handed over, the signature) or Conflict
    (signed already).
    """
    handover = HandOver.objects.select_for_update(of=("self",)).get(pk=handover.pk)
    receiver = handover.receiver
    if receiver is None:
        raise NotPermitted(_("Nobody published to whom these goods were handed, so nobody can sign for them."))
    if not act.may(receiver, Role.SIGN):
        raise NotPermitted(
            _("These goods were handed to %(receiver)s. Only a member who may sign there can sign for them.")
            % {"receiver": receiver.name}
        )
    if handover.signed_at is not None:
        raise Conflict(_("This hand-over is signed already."))
    amount = quantity_or_unknown(quantity, "quantity", most=LARGEST_NEED)
    if amount is None:
        amount = handover.quantity
    if handover.quantity is not None and amount is not None and amount > handover.quantity:
        raise InvalidInput(
            [
                Fault(
                    "quantity",
                    _("%(handed)s were handed over; nobody can sign for more.") % {"handed": f"{handover.quantity:,}"},
                )
            ]
        )
    note = checked_text(note, "note", 300)
    signed = signed_by(act, receiver, queries.receipt_statement(handover, amount), device)
    missing = 0 if handover.quantity is None or amount is None else handover.quantity - amount
    handover.signed_at, handover.received_quantity, handover.receiver_method = act.now, amount, signed.method
    handover.save(update_fields=["signed_at", "received_quantity", "receiver_method"])
    count_line(DayTotal.Measure.SIGNED_FOR, act.now, handover, amount, handover.giver, receiver)
    if missing:
        count_line(DayTotal.Measure.MISSING, act.now, handover, missing, handover.giver, receiver)
    need = handover.need
    append(
        events.GoodsReceivedBy(
            handover=handover.public_id,
            giver=handover.giver.public_id,
            receiver=receiver.public_id,
            goods=goods_of(handover.item, amount if handover.quantity is not None else None, handover.unit),
            counted=amount if handover.quantity is None else None,
            missing=missing,
            lot=handover.lot.public_id if handover.lot else None,
            need=need.public_id if need else None,
            note=note or None,
            signed=signed,
        ),
        actor=receiver.public_id,
        event_time=act.now,
        recorded_at=act.now,
    )
    if need is not None and amount is not None:
        count_signed(act, need, amount)
    return handover
