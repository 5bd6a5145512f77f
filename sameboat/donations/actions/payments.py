"""What a charity pays out, and the recipient's signature."""

from django.utils.translation import gettext as _

from sameboat.donations import events, queries
from sameboat.donations.actions.totals import add_to_day
from sameboat.donations.engine.shares import ShortError, first_in_first_out
from sameboat.donations.models import Fund, MoneyDayTotal, Payment
from sameboat.registry.acting import Act, action
from sameboat.registry.engine.quantity import money
from sameboat.registry.models import Organisation, Role
from sameboat.registry.quantities import (
    checked_money,
    checked_text,
)
from sameboat.registry.refusals import Conflict, Fault, InvalidInput, NotPermitted
from sameboat.supplies.actions.signing import DeviceSignature, signed_by
from sameboat.supplies.models import Need
from sameboat.transparency.actions import append


@action
def disburse(
    act: Act,
    *,
    fund: Fund,
    recipient: Organisation,
    amount: str,
    currency: str,
    purpose: str,
    need: Need | None = None,
    device: DeviceSignature | None = None,
) -> Payment:
    """Pay money out of a fund; the oldest gifts pay first. The charity signs, by account or with a device key.

    Raises NotPermitted, InvalidInput (amount, purpose, more than the fund holds) or Conflict (restricted otherwise).
    """
    act.require(fund.charity, Role.MONEY)
    fund = Fund.objects.select_for_update(of=("self",)).select_related("campaign__charity", "need").get(pk=fund.pk)
    units = checked_money(amount, currency)
    purpose = checked_text(purpose, "purpose", 300)
    if not purpose:
        raise InvalidInput([Fault("purpose", _("Say what the money is for."))])
    if fund.need is not None and (need is None or need.pk != fund.need.pk):
        raise Conflict(_("This fund may be spent on one need only: %(id)s.") % {"id": fund.need.public_id}, "need")
    try:
        shares = first_in_first_out(units, queries.gifts_left(fund, currency))
    except ShortError as error:
        held = money(error.held, currency) if error.held else 0
        raise InvalidInput(
            [Fault("amount", _("The fund holds %(held)s %(currency)s.") % {"held": held, "currency": currency})]
        ) from None
    text = queries.payment_statement(fund, recipient, units, currency, purpose)
    signed = signed_by(act, fund.charity, text, device)
    payment = Payment.objects.create(
        public_id=act.new_id("paid"),
        fund=fund,
        recipient=recipient,
        need=need,
        currency=currency,
        money_units=units,
        purpose=purpose,
        paid_at=act.now,
    )
    add_to_day(MoneyDayTotal.Measure.PAID, act.now, currency, units)
    append(
        events.MoneyDisbursed(
            payment=payment.public_id,
            fund=fund.public_id,
            charity=fund.charity.public_id,
            recipient=recipient.public_id,
            money=events.Money(currency=currency, units=units),
            shares=[events.Share(gift=gift, units=share) for gift, share in shares],
            purpose=purpose,
            need=need.public_id if need else None,
            signed=signed,
        ),
        actor=fund.charity.public_id,
        event_time=act.now,
        recorded_at=act.now,
    )
    return payment


@action
def sign_for_payment(act: Act, *, payment: Payment, device: DeviceSignature | None = None) -> Payment:
    """The recipient signs for money paid out."""
    if not act.may(payment.recipient, Role.MONEY) and not act.may(payment.recipient, Role.SIGN):
        raise NotPermitted(
            _("This money was paid to %(recipient)s. Only a member who may sign there can sign for it.")
            % {"recipient": payment.recipient.name}
        )
    signed = signed_by(act, payment.recipient, queries.payment_receipt_statement(payment), device)
    changed = Payment.objects.filter(pk=payment.pk, signed_at=None).update(
        signed_at=act.now, receiver_method=signed.method
    )
    if not changed:
        raise Conflict(_("This payment is signed already."))
    add_to_day(MoneyDayTotal.Measure.SIGNED_FOR, act.now, payment.currency, payment.money_units)
    append(
        events.MoneyReceivedBy(
            payment=payment.public_id,
            charity=payment.fund.charity.public_id,
            recipient=payment.recipient.public_id,
            money=events.Money(currency=payment.currency, units=payment.money_units),
            signed=signed,
        ),
        actor=payment.recipient.public_id,
        event_time=act.now,
        recorded_at=act.now,
    )
    payment.refresh_from_db()
    return payment
