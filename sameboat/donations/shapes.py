"""The shapes in which campaigns, pledges, gifts and payments go out over the API. Money is text, such as "250.00"."""

from datetime import datetime
from decimal import Decimal
from typing import Literal, cast

from pydantic import BaseModel

from sameboat.donations.models import Campaign, Fund, Gift, Payment, Pledge
from sameboat.donations.queries import MoneyTotal, Trace
from sameboat.registry.shapes import OrganisationRef
from sameboat.supplies.shapes import ItemTotalShape
from sameboat.transparency.shapes import EntryShape

KindOfGift = Literal["goods", "money"]
PledgeState = Literal["made", "received", "cancelled"]


class MoneyShape(BaseModel):
    """An amount of money in an ISO 4217 currency."""

    amount: str
    currency: str

    @classmethod
    def of(cls, line: Pledge | Gift | Payment) -> "MoneyShape | None":
        return None if line.money_units is None else cls(amount=_text(line.amount), currency=line.currency)


def _text(amount: Decimal) -> str:
    return f"{amount:f}"


class GoodsShape(BaseModel):
    """So many units of an item; a quantity of null means: nobody counted."""

    item: str
    quantity: int | None
    unit: str


class FundShape(BaseModel):
    """Money that may be spent on one purpose only, or on one need."""

    id: str
    campaign: str
    charity: OrganisationRef
    need: str | None
    purpose_en: str
    purpose_zh: str
    opened_at: datetime

    @classmethod
    def of(cls, fund: Fund) -> "FundShape":
        return cls(
            id=fund.public_id,
            campaign=fund.campaign.public_id,
            charity=OrganisationRef.of(fund.charity),
            need=fund.need.public_id if fund.need else None,
            purpose_en=fund.purpose_en,
            purpose_zh=fund.purpose_zh,
            opened_at=fund.opened_at,
        )


class CampaignShape(BaseModel):
    """What a charity collects for."""

    id: str
    charity: OrganisationRef
    emergency: str | None
    title_en: str
    title_zh: str
    filing_number: str
    filed_at: datetime

    @classmethod
    def of(cls, campaign: Campaign) -> "CampaignShape":
        return cls(
            id=campaign.public_id,
            charity=OrganisationRef.of(campaign.charity),
            emergency=campaign.emergency.public_id if campaign.emergency else None,
            title_en=campaign.title_en,
            title_zh=campaign.title_zh,
            filing_number=campaign.filing_number,
            filed_at=campaign.filed_at,
        )


class PledgeShape(BaseModel):
    """A promise of goods or money. No donor: a person, or not named."""

    id: str
    kind: KindOfGift
    donor: OrganisationRef | None
    need: str | None
    fund: str | None
    goods: GoodsShape | None
    money: MoneyShape | None
    state: PledgeState
    made_at: datetime

    @classmethod
    def of(cls, pledge: Pledge) -> "PledgeShape":
        goods = None
        if pledge.item is not None and pledge.unit is not None:
            goods = GoodsShape(item=pledge.item.code, quantity=pledge.quantity, unit=pledge.unit.code)
        return cls(
            id=pledge.public_id,
            kind=cast("KindOfGift", pledge.kind),
            donor=OrganisationRef.of_any(pledge.donor),
            need=pledge.need.public_id if pledge.need else None,
            fund=pledge.fund.public_id if pledge.fund else None,
            goods=goods,
            money=MoneyShape.of(pledge),
            state=cast("PledgeState", pledge.state),
            made_at=pledge.made_at,
        )


class NewPledgeShape(BaseModel):
    """A pledge just made, and its code: who has it may take the pledge back. Only the code's hash is kept."""

    pledge: PledgeShape
    code: str


class GiftShape(BaseModel):
    """Goods or money that a charity received. No donor: a person, or not named."""

    id: str
    kind: KindOfGift
    charity: OrganisationRef
    donor: OrganisationRef | None
    pledge: str | None
    lot: str | None
    fund: str | None
    goods: GoodsShape | None
    money: MoneyShape | None
    receipt: str
    received_at: datetime
    source_line: int | None

    @classmethod
    def of(cls, gift: Gift) -> "GiftShape":
        lot = gift.lot
        goods = GoodsShape(item=lot.item.code, quantity=lot.quantity, unit=lot.unit.code) if lot else None
        return cls(
            id=gift.public_id,
            kind=cast("KindOfGift", gift.kind),
            charity=OrganisationRef.of(gift.charity),
            donor=OrganisationRef.of_any(gift.donor),
            pledge=gift.pledge.public_id if gift.pledge else None,
            lot=lot.public_id if lot else None,
            fund=gift.fund.public_id if gift.fund else None,
            goods=goods,
            money=MoneyShape.of(gift),
            receipt=gift.receipt,
            received_at=gift.received_at,
            source_line=gift.source_line,
        )


class TraceShape(BaseModel):
    """A gift and every entry of the log on its way, oldest first."""

    gift: GiftShape
    entries: list[EntryShape]

    @classmethod
    def of(cls, trace: Trace) -> "TraceShape":
        return cls(gift=GiftShape.of(trace.gift), entries=[EntryShape.of(entry) for entry in trace.entries])


class PaymentShape(BaseModel):
    """Money paid out of a fund. Without `signed_at` the recipient has not confirmed it."""

    id: str
    fund: str
    charity: OrganisationRef
    recipient: OrganisationRef
    need: str | None
    money: MoneyShape | None
    purpose: str
    paid_at: datetime
    signed_at: datetime | None
    receiver_method: str

    @classmethod
    def of(cls, payment: Payment) -> "PaymentShape":
        return cls(
            id=payment.public_id,
            fund=payment.fund.public_id,
            charity=OrganisationRef.of(payment.fund.charity),
            recipient=OrganisationRef.of(payment.recipient),
            need=payment.need.public_id if payment.need else None,
            money=MoneyShape.of(payment),
            purpose=payment.purpose,
            paid_at=payment.paid_at,
            signed_at=payment.signed_at,
            receiver_method=payment.receiver_method,
        )


class MoneyTotalShape(BaseModel):
    """The totals of one currency."""

    currency: str
    received: str
    paid: str
    signed_for: str
    gifts: int

    @classmethod
    def of(cls, total: MoneyTotal) -> "MoneyTotalShape":
        return cls(
            currency=total.currency,
            received=_text(total.received),
            paid=_text(total.paid),
            signed_for=_text(total.signed_for),
            gifts=total.gifts,
        )


class TotalsShape(BaseModel):
    """What was asked for, came in, went out and was signed for."""

    goods: list[ItemTotalShape]
    money: list[MoneyTotalShape]
