"""From hand to hand: the giver hands over and signs, the receiver signs for what arrived."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from sameboat.registry.models import Role
from sameboat.registry.refusals import Conflict, NotPermitted
from sameboat.registry.work.pages import act_from, done, for_anyone, for_members, found, page, sent
from sameboat.supplies import queries
from sameboat.supplies.actions.handovers import hand_over, sign_for
from sameboat.supplies.work.forms import ReceiptForm, SignedForm
from sameboat.supplies.work.lots import require_holder


@for_members
def hand_over_page(request: HttpRequest, public_id: str) -> HttpResponse:
    """Hand an allocation over; the giver signs."""
    act, allocation = act_from(request), found(queries.allocation(public_id))
    require_holder(act, allocation.lot)
    if request.method != "POST" and allocation.state != allocation.State.OPEN:
        raise Conflict(_("This allocation was handed over or taken back already."))
    form = SignedForm(sent(request))
    handover = form.carry_out(lambda given: hand_over(act, allocation=allocation, **given))
    if handover is not None:
        words = _("Handed over. %(receiver)s signs next; this slip shows them where.") % {
            "receiver": allocation.need.organisation.name
        }
        return done(request, words, reverse("handover-slip", args=[handover.public_id]))
    statement = queries.hand_over_statement(allocation)
    signing = form.signing(request, act, allocation.lot.holder, statement)
    return page(request, "supplies/work/hand-over.html", form, allocation=allocation, signing=signing)


@for_members
def sign(request: HttpRequest, public_id: str) -> HttpResponse:
    """Sign for what arrived; fewer than were handed over is allowed, and the rest stays unaccounted for."""
    act, handover = act_from(request), found(queries.handover(public_id))
    receiver = handover.receiver
    if receiver is None or not act.may(receiver, Role.SIGN):
        raise NotPermitted(
            _("Only a member of the receiver who may sign there can sign for these goods: %(receiver)s.")
            % {"receiver": receiver.name if receiver else _("not published")}
        )
    if request.method != "POST" and handover.signed_at is not None:
        return redirect("handover", public_id)
    form = ReceiptForm(sent(request), initial={"quantity": handover.quantity})
    signed = form.carry_out(lambda given: sign_for(act, handover=handover, **given))
    if signed is not None:
        words = _("Signed for by %(receiver)s. Everyone can follow these goods to you now.") % {
            "receiver": receiver.name
        }
        return done(request, words, reverse("handover", args=[public_id]))
    statement = queries.receipt_statement(handover, handover.quantity)
    signing = form.signing(request, act, receiver, statement)
    return page(request, "supplies/work/sign-for.html", form, handover=handover, signing=signing)


@for_anyone
def slip(request: HttpRequest, public_id: str) -> HttpResponse:
    """Show a slip to print and to put with the goods: what they are, and where the receiver signs."""
    handover = found(queries.handover(public_id))
    address = request.build_absolute_uri(reverse("sign-for", args=[public_id]))
    return page(request, "supplies/work/slip.html", handover=handover, address=address)
