"""The HTTP API of campaigns, pledges, gifts and payments."""

from functools import partial
from typing import Any, Literal

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from ninja import Query, Router, Status
from pydantic import Field

from sameboat.donations import queries
from sameboat.donations.actions import campaigns, gifts, payments, pledges, privacy
from sameboat.donations.files import GIFT_COLUMNS
from sameboat.donations.shapes import (
    CampaignShape,
    FundShape,
    GiftShape,
    MoneyTotalShape,
    NewPledgeShape,
    PaymentShape,
    PledgeShape,
    TotalsShape,
    TraceShape,
)
from sameboat.registry import asking, tables
from sameboat.registry.access import act_of_caller, anyone, members
from sameboat.registry.asking import Asked, Before, Day, Limit, Number, Page, Text
from sameboat.registry.quantities import checked_money, checked_text
from sameboat.supplies import queries as supplies
from sameboat.supplies.api import Device, device_signature
from sameboat.supplies.shapes import ItemTotalShape, StatementShape
from sameboat.transparency.events import Reason

router = Router(tags=["donations"])


@router.get("/totals", response=TotalsShape)
def get_totals(request: HttpRequest, as_of: Day | None = None) -> TotalsShape:
    """Show what was asked for, came in, went out and was signed for, up to a day."""
    return TotalsShape(
        goods=[ItemTotalShape.of(row) for row in supplies.item_totals(as_of)],
        money=[MoneyTotalShape.of(row) for row in queries.money_totals(as_of)],
    )


@router.get("/campaigns", response=Page[CampaignShape])
def list_campaigns(
    request: HttpRequest, charity: str | None = None, before: Before = None, limit: Limit = 50
) -> dict[str, Any]:
    """Show campaigns, newest first."""
    rows = queries.campaigns(asking.organisation_if(charity, "charity"), before, limit + 1)
    return asking.page(rows, limit, CampaignShape.of)


@router.get("/campaigns/{campaign_id}", response=CampaignShape)
def get_campaign(request: HttpRequest, campaign_id: str) -> CampaignShape:
    """Show one campaign."""
    return CampaignShape.of(asking.found("campaign", queries.campaign, campaign_id))


class NewCampaign(Asked):
    """What a charity collects for, with a title in English or Chinese."""

    charity: str
    title_en: str = ""
    title_zh: str = ""
    emergency: str | None = None
    filing_number: str = ""


@router.post("/campaigns", auth=members, response={201: CampaignShape})
def file_campaign(request: HttpRequest, body: NewCampaign) -> Status[CampaignShape]:
    """File a campaign; the charity's members who look after its money can."""
    campaign = campaigns.file_campaign(
        act_of_caller(request),
        charity=asking.organisation(body.charity, "charity"),
        title_en=body.title_en,
        title_zh=body.title_zh,
        emergency=asking.emergency_if(body.emergency),
        filing_number=body.filing_number,
    )
    return Status(201, CampaignShape.of(campaign))


@router.get("/funds", response=Page[FundShape])
def list_funds(
    request: HttpRequest,
    charity: str | None = None,
    campaign: str | None = None,
    before: Before = None,
    limit: Limit = 50,
) -> dict[str, Any]:
    """Show funds, newest first."""
    rows = queries.funds(
        asking.organisation_if(charity, "charity"),
        asking.found_if("campaign", queries.campaign, campaign, "campaign"),
        before,
        limit + 1,
    )
    return asking.page(rows, limit, FundShape.of)


@router.get("/funds/{fund_id}", response=FundShape)
def get_fund(request: HttpRequest, fund_id: str) -> FundShape:
    """Show one fund."""
    return FundShape.of(asking.found("fund", queries.fund, fund_id))


class NewFund(Asked):
    """What a fund's money may be spent on, in English or Chinese; or on one need only."""

    purpose_en: str = ""
    purpose_zh: str = ""
    need: str | None = None


@router.post("/campaigns/{campaign_id}/funds", auth=members, response={201: FundShape})
def open_fund(request: HttpRequest, campaign_id: str, body: NewFund) -> Status[FundShape]:
    """Open a fund in a campaign, restricted to a purpose."""
    fund = campaigns.open_fund(
        act_of_caller(request),
        campaign=asking.found("campaign", queries.campaign, campaign_id),
        purpose_en=body.purpose_en,
        purpose_zh=body.purpose_zh,
        need=asking.found_if("need", supplies.need, body.need, "need"),
    )
    return Status(201, FundShape.of(fund))


class Donor(Asked):
    """Who promises. An organisation's id needs its member's sign-in; name and contact stay private."""

    donor: str | None = None
    donor_name: str = Field("", description="Never published: the log holds a commitment to it.")
    contact: str = Field("", description="Never published: the log holds a commitment to it.")


class NewGoodsPledge(Donor):
    """So many units promised to a need."""

    quantity: Number
    unit: str | None = None


@router.get("/needs/{need_id}/pledges", response=Page[PledgeShape])
def list_pledges(request: HttpRequest, need_id: str, before: Before = None, limit: Limit = 50) -> dict[str, Any]:
    """Show the pledges made to a need, newest first."""
    rows = queries.pledges_to(asking.found("need", supplies.need, need_id), before, limit + 1)
    return asking.page(rows, limit, PledgeShape.of)


@router.post("/needs/{need_id}/pledges", auth=anyone, response={201: NewPledgeShape})
def pledge_goods(request: HttpRequest, need_id: str, body: NewGoodsPledge) -> Status[NewPledgeShape]:
    """Promise goods to a need; anyone may. Keep the code of the answer: it is shown this once."""
    act = act_of_caller(request)
    code = pledges.code_for(act)
    pledge = pledges.pledge_goods(
        act,
        need=asking.found("need", supplies.need, need_id),
        quantity=body.quantity,
        code=code,
        unit=asking.unit_if(body.unit),
        donor=asking.organisation_if(body.donor, "donor"),
        donor_name=body.donor_name,
        contact=body.contact,
    )
    return Status(201, NewPledgeShape(pledge=PledgeShape.of(pledge), code=code))


class NewMoneyPledge(Donor):
    """An amount promised to a fund."""

    amount: Number
    currency: str = Field(description="Three letters of ISO 4217, such as CNY.")


@router.post("/funds/{fund_id}/pledges", auth=anyone, response={201: NewPledgeShape})
def pledge_money(request: HttpRequest, fund_id: str, body: NewMoneyPledge) -> Status[NewPledgeShape]:
    """Promise money to a fund; anyone may. Keep the code of the answer: it is shown this once."""
    act = act_of_caller(request)
    code = pledges.code_for(act)
    pledge = pledges.pledge_money(
        act,
        fund=asking.found("fund", queries.fund, fund_id),
        amount=str(body.amount),
        currency=body.currency,
        code=code,
        donor=asking.organisation_if(body.donor, "donor"),
        donor_name=body.donor_name,
        contact=body.contact,
    )
    return Status(201, NewPledgeShape(pledge=PledgeShape.of(pledge), code=code))


@router.get("/pledges/{pledge_id}", response=PledgeShape)
def get_pledge(request: HttpRequest, pledge_id: str) -> PledgeShape:
    """Show one pledge."""
    return PledgeShape.of(asking.found("pledge", queries.pledge, pledge_id))


class Code(Asked):
    """The code that its donor was given when the pledge was made."""

    code: str = ""


@router.post("/pledges/{pledge_id}/cancel", auth=anyone, response=PledgeShape)
def cancel_pledge(request: HttpRequest, pledge_id: str, body: Code) -> PledgeShape:
    """Take a pledge back before it is received: its donor may, or who has its code."""
    pledge = asking.found("pledge", queries.pledge, pledge_id)
    return PledgeShape.of(pledges.cancel_pledge(act_of_caller(request), pledge=pledge, code=body.code))


class Erasing(Code):
    """The pledge's code, and why what was told with it is erased."""

    reason: Reason = "asked"


@router.post("/pledges/{pledge_id}/erase", auth=anyone, response=PledgeShape)
def erase_private(request: HttpRequest, pledge_id: str, body: Erasing) -> PledgeShape:
    """Erase the name and contact told with a pledge: its donor may, who has its code, or the operator.

    The pledge stays, and every proof; the log says that its private part was erased.
    """
    pledge = asking.found("pledge", queries.pledge, pledge_id)
    erased = privacy.erase_private(act_of_caller(request), pledge=pledge, code=body.code, reason=body.reason)
    return PledgeShape.of(erased)


class Opening(Code):
    """The pledge's code, and which private fields to open."""

    fields: list[Text] = Field(max_length=10, description="Such as donor_name or contact.")


@router.post("/pledges/{pledge_id}/open", auth=anyone, response={200: dict[str, Any]})
def open_private(request: HttpRequest, pledge_id: str, body: Opening) -> HttpResponse:
    """Make a proof file that opens some private fields of a pledge, for whom the donor chooses; nothing is changed."""
    pledge = asking.found("pledge", queries.pledge, pledge_id)
    file = privacy.open_private(act_of_caller(request), pledge=pledge, fields=body.fields, code=body.code)
    return HttpResponse(file, content_type="application/json", headers={"Cache-Control": "no-store"})


class SoughtGifts(Asked):
    """Which gifts; what is left empty does not restrict."""

    kind: Literal["goods", "money", ""] = ""
    donor: str | None = None
    charity: str | None = None

    def filter(self) -> dict[str, Any]:
        """Return what the query searches by."""
        return {
            "kind": self.kind,
            "donor": asking.organisation_if(self.donor, "donor"),
            "charity": asking.organisation_if(self.charity, "charity"),
        }


class SoughtGiftsPage(SoughtGifts):
    """Which gifts, and which page of them."""

    before: Before = None
    limit: Limit = 50


@router.get("/gifts", response=Page[GiftShape])
def list_gifts(request: HttpRequest, sought: Query[SoughtGiftsPage]) -> dict[str, Any]:
    """Search gifts that came in, newest first."""
    rows = queries.gifts(**sought.filter(), before=sought.before, limit=sought.limit + 1)
    return asking.page(rows, sought.limit, GiftShape.of)


@router.get("/gifts.csv", response={200: str})
def gifts_as_csv(request: HttpRequest, sought: Query[SoughtGifts]) -> StreamingHttpResponse:
    """Download gifts as CSV with an HXL tag row."""
    return tables.csv_file(request, "gifts", GIFT_COLUMNS, _gift_rows(sought))


@router.get("/gifts.json", response={200: list[dict[str, Any]]})
def gifts_as_json(request: HttpRequest, sought: Query[SoughtGifts]) -> StreamingHttpResponse:
    """Download the same rows as JSON."""
    return tables.json_file(request, "gifts", GIFT_COLUMNS, _gift_rows(sought))


def _gift_rows(sought: SoughtGifts) -> Any:
    return partial(_gifts_before, sought.filter())


def _gifts_before(restrictions: dict[str, Any], before: int | None, limit: int) -> Any:
    return queries.gifts(**restrictions, before=before, limit=limit)


@router.get("/gifts/{gift_id}", response=GiftShape)
def get_gift(request: HttpRequest, gift_id: str) -> GiftShape:
    """Show one gift."""
    return GiftShape.of(asking.found("gift", queries.gift, gift_id))


@router.get("/gifts/{gift_id}/trace", response=TraceShape)
def get_trace(request: HttpRequest, gift_id: str) -> TraceShape:
    """Follow a gift: every entry of the log on its way, from the need to the signature."""
    return TraceShape.of(queries.trace(asking.found("gift", queries.gift, gift_id)))


class ReceivedGoods(Asked):
    """What came in: of a pledge, or of an item. Without a pledge, no quantity means that nobody counted."""

    pledge: str | None = None
    item: str | None = None
    quantity: Number | None = None
    unit: str | None = None
    donor: str | None = None
    receipt: str = ""
    received_on: Day | None = None


@router.post("/organisations/{org_id}/gifts", auth=members, response={201: GiftShape})
def receive_goods(request: HttpRequest, org_id: str, body: ReceivedGoods) -> Status[GiftShape]:
    """Record that goods came in to an organisation; its members who store goods can."""
    gift = gifts.receive_goods(
        act_of_caller(request),
        charity=asking.organisation(org_id),
        pledge=asking.found_if("pledge", queries.pledge, body.pledge, "pledge"),
        item=asking.item(body.item) if body.item else None,
        quantity=body.quantity,
        unit=asking.unit_if(body.unit),
        donor=asking.organisation_if(body.donor, "donor"),
        receipt=body.receipt,
        received_on=body.received_on,
    )
    return Status(201, GiftShape.of(gift))


class ReceivedMoney(Asked):
    """What came into a fund: of a pledge, or an amount."""

    pledge: str | None = None
    amount: Number | None = None
    currency: str = ""
    donor: str | None = None
    receipt: str = ""
    received_on: Day | None = None


@router.post("/funds/{fund_id}/gifts", auth=members, response={201: GiftShape})
def receive_money(request: HttpRequest, fund_id: str, body: ReceivedMoney) -> Status[GiftShape]:
    """Record that money came into a fund; the charity's members who look after its money can."""
    gift = gifts.receive_money(
        act_of_caller(request),
        fund=asking.found("fund", queries.fund, fund_id),
        pledge=asking.found_if("pledge", queries.pledge, body.pledge, "pledge"),
        amount="" if body.amount is None else str(body.amount),
        currency=body.currency,
        donor=asking.organisation_if(body.donor, "donor"),
        receipt=body.receipt,
        received_on=body.received_on,
    )
    return Status(201, GiftShape.of(gift))


@router.get("/funds/{fund_id}/payment-statement", response=StatementShape)
def get_payment_statement(
    request: HttpRequest, fund_id: str, recipient: str, amount: Text, currency: Text, purpose: str
) -> StatementShape:
    """Show the text that the charity's device key signs when paying so. Nothing is paid yet."""
    text = queries.payment_statement(
        asking.found("fund", queries.fund, fund_id),
        asking.organisation(recipient, "recipient"),
        checked_money(amount, currency),
        currency,
        checked_text(purpose, "purpose", 300),
    )
    return StatementShape(text=text)


class NewPayment(Asked):
    """Money to pay out of a fund; without a device the caller's account signs."""

    recipient: str
    amount: Number
    currency: str
    purpose: str
    need: str | None = None
    device: Device | None = None


@router.post("/funds/{fund_id}/payments", auth=members, response={201: PaymentShape})
def disburse(request: HttpRequest, fund_id: str, body: NewPayment) -> Status[PaymentShape]:
    """Pay money out of a fund; the oldest gifts in it pay first. The charity signs."""
    payment = payments.disburse(
        act_of_caller(request),
        fund=asking.found("fund", queries.fund, fund_id),
        recipient=asking.organisation(body.recipient, "recipient"),
        amount=str(body.amount),
        currency=body.currency,
        purpose=body.purpose,
        need=asking.found_if("need", supplies.need, body.need, "need"),
        device=device_signature(body.device),
    )
    return Status(201, PaymentShape.of(payment))


class SoughtPayments(Asked):
    """Which payments, and which page of them; what is left empty does not restrict."""

    fund: str | None = None
    recipient: str | None = None
    unsigned: bool = Field(False, description="Only those nobody signed for.")
    before: Before = None
    limit: Limit = 50


@router.get("/payments", response=Page[PaymentShape])
def list_payments(request: HttpRequest, sought: Query[SoughtPayments]) -> dict[str, Any]:
    """Search payments, newest first."""
    rows = queries.payments(
        fund=asking.found_if("fund", queries.fund, sought.fund, "fund"),
        recipient=asking.organisation_if(sought.recipient, "recipient"),
        unsigned=sought.unsigned,
        before=sought.before,
        limit=sought.limit + 1,
    )
    return asking.page(rows, sought.limit, PaymentShape.of)


@router.get("/payments/{payment_id}", response=PaymentShape)
def get_payment(request: HttpRequest, payment_id: str) -> PaymentShape:
    """Show one payment."""
    return PaymentShape.of(asking.found("paid", queries.payment, payment_id))


@router.get("/payments/{payment_id}/statement", response=StatementShape)
def get_payment_receipt_statement(request: HttpRequest, payment_id: str) -> StatementShape:
    """Show the text that the recipient's device key signs for money paid out."""
    payment = asking.found("paid", queries.payment, payment_id)
    return StatementShape(text=queries.payment_receipt_statement(payment))


class PaymentReceipt(Asked):
    """Signing for money; without a device the caller's account signs."""

    device: Device | None = None


@router.post("/payments/{payment_id}/sign", auth=members, response=PaymentShape)
def sign_for_payment(request: HttpRequest, payment_id: str, body: PaymentReceipt) -> PaymentShape:
    """Sign for money paid out; only the recipient's members can."""
    payment = asking.found("paid", queries.payment, payment_id)
    return PaymentShape.of(
        payments.sign_for_payment(act_of_caller(request), payment=payment, device=device_signature(body.device))
    )
