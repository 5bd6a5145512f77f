"""What an organisation asks for: published, confirmed, met, stopped."""

from django.db.models import F
from django.utils.translation import gettext as _

from sameboat.registry.acting import Act, action, speaker
from sameboat.registry.models import Emergency, Item, Organisation, Role, Unit
from sameboat.registry.quantities import checked_text, in_book_unit, quantity_or_unknown
from sameboat.registry.refusals import Conflict
from sameboat.supplies import events
from sameboat.supplies.actions.lines import count_line, goods_of
from sameboat.supplies.models import DayTotal, Need
from sameboat.transparency.actions import append
from sameboat.transparency.events import Event

LARGEST_NEED = 50_000_000
"""No hospital network asks for more of one item at once; a bigger figure is a slip of the hand."""


@action
def publish_need(
    act: Act,
    *,
    organisation: Organisation,
    item: Item,
    quantity: int | str | None,
    unit: Unit | None = None,
    standard: str = "",
    note: str = "",
    emergency: Emergency | None = None,
    source: events.Source | None = None,
) -> Need:
    """Publish what an organisation needs; a quantity of None or "" means needed, quantity unknown.

    Raises NotPermitted, InvalidInput (quantity, unit, texts) or Conflict (the same need is open already).
    """
    actor = speaker(act, organisation, Role.ASK, from_elsewhere=source is not None)
    amount = quantity_or_unknown(quantity, "quantity", most=LARGEST_NEED)
    if source is None or unit is None:
        amount, unit = in_book_unit(item, amount, unit or item.base_unit)
    standard = checked_text(standard, "standard", 200)
    note = checked_text(note, "note", 500)
    line = source.line if source else None
    same = Need.objects.filter(
        organisation=organisation, item=item, standard=standard, state=Need.State.OPEN, source_line=line
    ).first()
    if same is not None:
        raise Conflict(
            _("This need is published already, as %(id)s. Confirm it, or stop it and publish the new quantity.")
            % {"id": same.public_id},
            "item",
        )
    need = Need.objects.create(
        public_id=act.new_id("need"),
        organisation=organisation,
        place=organisation.place,
        emergency=emergency,
        item=item,
        quantity=amount,
        unit=unit,
        standard=standard,
        note=note,
        source_line=line,
        source_url=(source.url or "") if source else "",
        published_at=act.now,
        confirmed_at=act.now,
    )
    count_line(DayTotal.Measure.ASKED, act.now, need, amount, organisation)
    append(
        events.NeedPublished(
            need=need.public_id,
            organisation=organisation.public_id,
            goods=goods_of(item, amount, unit),
            standard=standard or None,
            note=note or None,
            emergency=emergency.public_id if emergency else None,
            source=source,
        ),
        actor=actor,
        event_time=act.now,
        recorded_at=act.now,
    )
    return need


@action
def confirm_need(act: Act, *, need: Need) -> Need:
    """Say that a need still stands."""
    _require_open(act, need)
    need.confirmed_at = act.now
    need.save(update_fields=["confirmed_at"])
    _say(act, need, events.NeedConfirmed(need=need.public_id, organisation=need.organisation.public_id))
    return need


@action
def meet_need(act: Act, *, need: Need) -> Need:
    """Say that a need is met."""
    _require_open(act, need)
    _close(act, need, Need.State.MET)
    _say(act, need, events.NeedMet(need=need.public_id, organisation=need.organisation.public_id))
    return need


@action
def stop_need(act: Act, *, need: Need, reason: str = "") -> Need:
    """Withdraw what is left of a need."""
    _require_open(act, need)
    reason = checked_text(reason, "reason", 300)
    _close(act, need, Need.State.STOPPED)
    _say(
        act,
        need,
        events.NeedStopped(need=need.public_id, organisation=need.organisation.public_id, reason=reason or None),
    )
    return need


def count_pledge(need: Need, quantity: int) -> None:
    """Add a pledged quantity to a need, or take it back where negative, within the caller's action."""
    Need.objects.filter(pk=need.pk).update(pledged=F("pledged") + quantity)


def count_signed(act: Act, need: Need, quantity: int) -> None:
    """Add what was signed for to a need, within the caller's action; a need served in full is met."""
    Need.objects.filter(pk=need.pk).update(signed_for=F("signed_for") + quantity)
    need.refresh_from_db()
    if need.state == Need.State.OPEN and need.quantity is not None and need.signed_for >= need.quantity:
        _close(act, need, Need.State.MET)
        _say(act, need, events.NeedMet(need=need.public_id, organisation=need.organisation.public_id))


def _require_open(act: Act, need: Need) -> None:
    act.require(need.organisation, Role.ASK)
    need.state = Need.objects.select_for_update().values_list("state", flat=True).get(pk=need.pk)
    if need.state != Need.State.OPEN:
        raise Conflict(_("This need is closed already."))


def _close(act: Act, need: Need, state: Need.State) -> None:
    need.state, need.closed_at = state, act.now
    need.save(update_fields=["state", "closed_at"])
    count_line(DayTotal.Measure.CLOSED, act.now, need, need.quantity, need.organisation)


def _say(act: Act, need: Need, event: Event) -> None:
    append(event, actor=need.organisation.public_id, event_time=act.now, recorded_at=act.now)
