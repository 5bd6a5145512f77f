"""What this room says on the public log. Money stands in whole smallest units (fen, cent) of its currency."""

from typing import Literal

from django.utils.translation import gettext_lazy as _
from pydantic import BaseModel, ConfigDict

from sameboat.supplies.events import DONORS, Goods, Signed, Source
from sameboat.transparency.engine.books import Posting, move
from sameboat.transparency.errors import ClaimError
from sameboat.transparency.events import Event, History, Subject


class Money(BaseModel):
    """An amount in whole smallest units of an ISO 4217 currency."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    currency: str
    units: int

    def words(self) -> dict[str, str | int | None]:
        """Return what a signed statement must say of the money."""
        return {"currency": self.currency, "units": self.units}

    def move(self, source: str, target: str) -> list[Posting]:
        """Return the postings that move the money."""
        return move(self.currency, self.units, source, target)


class Share(BaseModel):
    """The part of a payment that one gift paid."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    gift: Subject
    units: int


class CampaignFiled(Event, type="campaign.filed", words=_("Campaign filed"), doer="charity"):
    """A charity filed a campaign: for what it collects, and under which filing number."""

    campaign: Subject
    charity: Subject
    title_en: str = ""
    title_zh: str = ""
    emergency: Subject | None = None
    filing_number: str | None = None


class FundOpened(Event, type="fund.opened", words=_("Fund opened"), doer="charity"):
    """A charity opened a fund; money in it may be spent on its purpose only."""

    fund: Subject
    campaign: Subject
    charity: Subject
    purpose_en: str = ""
    purpose_zh: str = ""
    need: Subject | None = None


class PledgeMade(Event, type="pledge.made", words=_("Pledged"), doer="donor"):
    """A donor promised goods or money to a need or a fund. No donor: a person, or not named."""

    pledge: Subject
    kind: Literal["goods", "money"]
    donor: Subject | None = None
    need: Subject | None = None
    fund: Subject | None = None
    goods: Goods | None = None
    money: Money | None = None


class PledgeCancelled(Event, type="pledge.cancelled", words=_("Pledge taken back")):
    """The donor took a pledge back before it was received."""

    pledge: Subject
    need: Subject | None = None
    fund: Subject | None = None


class DonationReceived(Event, type="donation.received", words=_("Money received"), doer="charity"):
    """A charity received money into a fund."""

    gift: Subject
    fund: Subject
    charity: Subject
    money: Money
    donor: Subject | None = None
    pledge: Subject | None = None
    receipt: str | None = None
    period: str | None = None
    source: Source | None = None

    def postings(self) -> list[Posting]:
        return self.money.move(DONORS, f"gift:{self.gift}")


class MoneyDisbursed(Event, type="money.disbursed", words=_("Money paid out"), doer="charity", to="recipient"):
    """A charity paid money out of a fund to a recipient, for a purpose; the oldest gifts in the fund pay first."""

    payment: Subject
    fund: Subject
    charity: Subject
    recipient: Subject
    money: Money
    shares: list[Share]
    purpose: str
    need: Subject | None = None
    signed: Signed

    def postings(self) -> list[Posting]:
        target = f"paid:{self.payment}"
        return [
            posting
            for share in self.shares
            for posting in move(self.money.currency, share.units, f"gift:{share.gift}", target)
        ]

    def check(self, history: History) -> None:
        if sum(share.units for share in self.shares) != self.money.units:
            raise ClaimError(f"{self.payment}: the gifts' shares do not sum to what was paid")
        words = {"act": "pay", "fund": self.fund, "charity": self.charity, "recipient": self.recipient}
        self.signed.check(history, self.charity, {**words, "purpose": self.purpose, **self.money.words()})


class MoneyReceivedBy(Event, type="money.received_by", words=_("Money signed for"), doer="recipient"):
    """The recipient signed for money paid out."""

    payment: Subject
    charity: Subject
    recipient: Subject
    money: Money
    signed: Signed

    def postings(self) -> list[Posting]:
        return self.money.move(f"paid:{self.payment}", f"delivered:{self.recipient}")

    def check(self, history: History) -> None:
        words = {"act": "receive money", "payment": self.payment, "charity": self.charity, "recipient": self.recipient}
        self.signed.check(history, self.recipient, {**words, **self.money.words()})
