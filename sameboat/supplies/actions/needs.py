"""What an organisation asks for: published, confirmed, met, stopped."""

from collections.abc import Sequence
from typing import Any

from django.db.models import F
from django.utils.translation import gettext as _

from sameboat.registry import bulk
from sameboat.registry.acting import Act, action
from sameboat.registry.models import Bulk, Emergency, Item, Organisation, Role, Unit
from sameboat.registry.quantities import checked_text
from sameboat.registry.refusals import Conflict, Fault, InvalidInput, Refused
from sameboat.supplies import events
from sameboat.supplies.actions.lines import count_line
from sameboat.supplies.actions.publishing import NeedLine, publish_lines
from sameboat.supplies.models import DayTotal, Need
from sameboat.supplies.need_rows import need_lines
from sameboat.transparency.actions import append
from sameboat.transparency.events import Event


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
    line = NeedLine(organisation, item, quantity, unit, standard, note, emergency, source)
    (outcome,) = publish_lines(act, [line])
    if isinstance(outcome, Refused):
        raise outcome
    return outcome


@action
def publish_needs(act: Act, *, needs: Sequence[Any]) -> Bulk:
    """Publish many needs, at most MOST_ROWS, each an object with the fields of NewNeed; bad ones sink no good one.

    Returns what became of each, in their order. Raises NotPermitted where the person may publish none of them,
    InvalidInput where there are none, or too many.
    """
    if not 1 <= len(needs) <= bulk.MOST_ROWS:
        words = _("Send 1 to %(most)s needs at once.") % {"most": f"{bulk.MOST_ROWS:,}"}
        raise InvalidInput([Fault("needs", words)])
    outcomes = publish_lines(act, need_lines(needs))
    return bulk.keep(act, [each if isinstance(each, Refused) else each.public_id for each in outcomes])


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
