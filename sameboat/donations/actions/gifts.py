"""What a charity received: goods made a lot, money put into a fund."""

from datetime import date, datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from sameboat.donations import events
from sameboat.donations.actions.pledges import LARGEST_PLEDGE, take_pledge
from sameboat.donations.actions.totals import add_to_day
from sameboat.donations.models import Fund, Gift, Kind, MoneyDayTotal, Pledge
from sameboat.registry.acting import Act, action, speaker
from sameboat.registry.engine.quantity import LARGEST
from sameboat.registry.models import Item, Organisation, Role, Unit
from sameboat.registry.quantities import (
    checked_day,
    checked_money,
    checked_text,
    in_book_unit,
    quantity_or_unknown,
)
from sameboat.registry.refusals import Conflict, Fault, InvalidInput
from sameboat.supplies.actions.lots import receive_lot
from sameboat.supplies.events import Source
from sameboat.transparency.actions import append


@action
def receive_goods(
    act: Act,
    *,
    charity: Organisation,
    pledge: Pledge | None = None,
    item: Item | None = None,
    quantity: int | str | None = None,
    unit: Unit | None = None,
    donor: Organisation | None = None,
    stated: str = "",
    receipt: str = "",
    received_on: date | None = None,
    period: str | None = None,
    source: Source | None = None,
) -> Gift:
    """Record that goods came in: of a pledge (its donor, item and need then hold), or without one.

    Without a pledge an empty quantity means that nobody counted. Raises NotPermitted, InvalidInput or Conflict (the
    pledge was received or cancelled already).
    """
    actor = speaker(act, charity, Role.STORE, from_elsewhere=source is not None)
    receipt = checked_text(receipt, "receipt", 80)
    received_on = checked_day(received_on, "received_on", act.now)
    amount = quantity_or_unknown(quantity, "quantity", most=LARGEST if source else LARGEST_PLEDGE)
    if pledge is not None:
        take_pledge(pledge, Kind.GOODS)
        if item is not None and item.pk != pledge.item_id:
            raise InvalidInput([Fault("item", _("The pledge is of another item. Record what else came in by itself."))])
        _require_same_donor(pledge, donor)
        item, donor = pledge.item, pledge.donor
        amount = pledge.quantity if amount is None else amount
    if item is None:
        raise InvalidInput([Fault("item", _("Say what came in."))])
    if pledge is None and source is not None and unit is not None:
        book_unit = unit  # as published: counted in its own unit where the pack's size is not known
    else:
        amount, book_unit = in_book_unit(item, amount, unit or (pledge.unit if pledge else None) or item.base_unit)
    gift_id = act.new_id("gift")
    lot = receive_lot(
        act,
        actor=actor,
        holder=charity,
        item=item,
        quantity=amount,
        unit=book_unit,
        stated=stated,
        donor=donor,
        gift=gift_id,
        pledge=pledge.public_id if pledge else None,
        need=pledge.need if pledge else None,
        received_on=received_on,
        period=period,
        source=source,
    )
    return Gift.objects.create(
        public_id=gift_id,
        kind=Kind.GOODS,
        charity=charity,
        donor=donor,
        pledge=pledge,
        lot=lot,
        receipt=receipt,
        received_at=lot.received_at,
        source_line=source.line if source else None,
    )


@action
def receive_money(
    act: Act,
    *,
    fund: Fund,
    pledge: Pledge | None = None,
    amount: str = "",
    currency: str = "",
    donor: Organisation | None = None,
    receipt: str = "",
    received_on: date | None = None,
    period: str | None = None,
    source: Source | None = None,
) -> Gift:
    """Record that money came into a fund: of a pledge (its donor and, if not given, its amount then hold), or not."""
    charity = fund.charity
    actor = speaker(act, charity, Role.MONEY, from_elsewhere=source is not None)
    receipt = checked_text(receipt, "receipt", 80)
    received_on = checked_day(received_on, "received_on", act.now)
    if pledge is not None:
        if pledge.fund_id != fund.pk:
            raise Conflict(_("This pledge was made to another fund."), "pledge")
        take_pledge(pledge, Kind.MONEY)
        _require_same_donor(pledge, donor)
        donor, currency = pledge.donor, currency or pledge.currency
        amount = amount or str(pledge.amount)
    units = checked_money(amount, currency)
    received_at = act.now
    if received_on is not None:
        received_at = timezone.make_aware(datetime(received_on.year, received_on.month, received_on.day))
    gift = Gift.objects.create(
        public_id=act.new_id("gift"),
        kind=Kind.MONEY,
        charity=charity,
        donor=donor,
        pledge=pledge,
        fund=fund,
        currency=currency,
        money_units=units,
        receipt=receipt,
        received_at=received_at,
        source_line=source.line if source else None,
    )
    add_to_day(MoneyDayTotal.Measure.RECEIVED, received_at, currency, units)
    append(
        events.DonationReceived(
            gift=gift.public_id,
            fund=fund.public_id,
            charity=charity.public_id,
            money=events.Money(currency=currency, units=units),
            donor=donor.public_id if donor else None,
            pledge=pledge.public_id if pledge else None,
            receipt=receipt or None,
            period=period,
            source=source,
        ),
        actor=actor,
        event_time=received_on or act.now,
        recorded_at=act.now,
    )
    return gift


def _require_same_donor(pledge: Pledge, donor: Organisation | None) -> None:
    if donor is not None and donor.pk != pledge.donor_id:
        raise InvalidInput([Fault("donor", _("Somebody else made this pledge. Leave the donor out."))])
