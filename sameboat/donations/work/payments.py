"""Money paid out: the charity looks the payment over and signs it, the recipient signs for it."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from sameboat.donations import queries, waiting
from sameboat.donations.actions.payments import disburse, sign_for_payment
from sameboat.donations.models import Fund
from sameboat.donations.work.forms import PayForm
from sameboat.donations.work.receipts import require_money
from sameboat.registry.models import Role
from sameboat.registry.quantities import checked_money, checked_text
from sameboat.registry.refusals import NotPermitted
from sameboat.registry.work.pages import act_from, done, for_members, found, page, sent
from sameboat.supplies.work.forms import SignedForm


@for_members
def pay(request: HttpRequest, public_id: str) -> HttpResponse:
    """Pay money out of a fund: first looked over, then signed and sent."""
    act, fund = act_from(request), found(queries.fund(public_id))
    require_money(act, fund)
    form = PayForm(sent(request))
    if request.POST.get("step") == "send":
        payment = form.carry_out(lambda given: disburse(act, fund=fund, need=fund.need, **given))
        if payment is not None:
            words = _("Paid. %(recipient)s signs for it next, here:") % {"recipient": payment.recipient.name}
            sign_at = reverse("sign-for-payment", args=[payment.public_id])
            return done(request, words, reverse("funds-mine"), sign_at, request.build_absolute_uri(sign_at))
    statement = form.carry_out(lambda given: _statement(fund, given))
    if statement is not None and not form.errors:
        signing = form.signing(request, act, fund.charity, statement)
        return page(request, "donations/work/pay-check.html", form, fund=fund, signing=signing)
    return page(request, "donations/work/pay.html", form, fund=fund, left=waiting.left_in(fund))


def _statement(fund: Fund, given: dict[str, Any]) -> str:
    units = checked_money(given["amount"], given["currency"])
    purpose = checked_text(given["purpose"], "purpose", 300)
    return queries.payment_statement(fund, given["recipient"], units, given["currency"], purpose)


@for_members
def sign(request: HttpRequest, public_id: str) -> HttpResponse:
    """Sign for money that was paid."""
    act, payment = act_from(request), found(queries.payment(public_id))
    recipient = payment.recipient
    if not act.may(recipient, Role.MONEY) and not act.may(recipient, Role.SIGN):
        raise NotPermitted(
            _("Only a member of %(recipient)s who may sign there can sign for this money.")
            % {"recipient": recipient.name}
        )
    if request.method != "POST" and payment.signed_at is not None:
        return redirect("work")
    form = SignedForm(sent(request))
    signed = form.carry_out(lambda given: sign_for_payment(act, payment=payment, **given))
    if signed is not None:
        words = _("Signed for by %(recipient)s. The givers can follow their money to you now.")
        return done(request, words % {"recipient": recipient.name}, reverse("work"))
    signing = form.signing(request, act, recipient, queries.payment_receipt_statement(payment))
    return page(request, "donations/work/sign-for-payment.html", form, payment=payment, signing=signing)
