"""What this room says on the public log: one versioned schema an event type."""

from typing import Literal

from django.utils.translation import gettext_lazy as _
from pydantic import BaseModel, ConfigDict

from sameboat.registry.events import check_device_signature
from sameboat.transparency.engine.books import Posting, move
from sameboat.transparency.events import Event, History, Subject

DONORS = "outside:donors"
NOT_PUBLISHED = "outside:not-published"


class Goods(BaseModel):
    """So many units of an item; `quantity` is absent where nobody knows it. `stated` is the text it was read from."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    item: str
    unit: str
    quantity: int | None = None
    stated: str | None = None

    @property
    def asset(self) -> str:
        """The asset in the books."""
        return f"{self.item}/{self.unit}"

    def words(self) -> dict[str, str | int | None]:
        """Return what a signed statement must say of the goods; a receiver may count what the entry leaves unknown."""
        words: dict[str, str | int | None] = {"item": self.item, "unit": self.unit}
        return words if self.quantity is None else {**words, "quantity": self.quantity}

    def move(self, source: str, target: str) -> list[Posting]:
        """Return the postings that move the goods; none where the quantity is unknown."""
        return [] if self.quantity is None else move(self.asset, self.quantity, source, target)


class Signed(BaseModel):
    """A signature: by the member's account here, or by a device key over `text`, which anyone can check."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    method: Literal["account", "device-key"]
    key: Subject | None = None
    public_key: str | None = None
    text: str | None = None
    value: str | None = None

    def check(self, history: History, organisation: str, words: dict[str, str | int | None]) -> None:
        """Raise ClaimError where a device key is named that was not the organisation's, or did not sign `words`."""
        if self.method == "device-key":
            check_device_signature(
                history,
                organisation=organisation,
                key=self.key,
                public_key=self.public_key,
                text=self.text,
                value=self.value,
                words=words,
            )


class Source(BaseModel):
    """Where a fact that was not born here comes from."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    table: str
    line: int
    url: str | None = None
    same_as_line: int | None = None


class NeedPublished(Event, type="need.published", words=_("Need published"), doer="organisation"):
    """An organisation asks for goods; the quantity is absent where it did not say how many."""

    need: Subject
    organisation: Subject
    goods: Goods
    standard: str | None = None
    note: str | None = None
    emergency: Subject | None = None
    source: Source | None = None


class NeedConfirmed(Event, type="need.confirmed", words=_("Need confirmed"), doer="organisation"):
    """The asker says that the need still stands."""

    need: Subject
    organisation: Subject


class NeedMet(Event, type="need.met", words=_("Need met"), doer="organisation"):
    """The asker has what was needed."""

    need: Subject
    organisation: Subject


class NeedStopped(Event, type="need.stopped", words=_("Need stopped"), doer="organisation"):
    """The asker withdrew what was left of a need."""

    need: Subject
    organisation: Subject
    reason: str | None = None


class GoodsReceived(Event, type="goods.received", words=_("Goods received"), doer="holder"):
    """A holder received goods and made a lot of them. No donor: an individual, or not named."""

    lot: Subject
    holder: Subject
    goods: Goods
    donor: Subject | None = None
    gift: Subject | None = None
    pledge: Subject | None = None
    need: Subject | None = None
    period: str | None = None
    source: Source | None = None

    def postings(self) -> list[Posting]:
        return self.goods.move(DONORS, f"held:{self.lot}")


class AllocationDecided(Event, type="allocation.decided", words=_("Allocated"), doer="holder", to="receiver"):
    """The holder decided which need gets how much of a lot, by which rule, and what the fair share was."""

    allocation: Subject
    lot: Subject
    need: Subject
    holder: Subject
    receiver: Subject
    goods: Goods
    fair_share: int
    claims: int
    reason: str | None = None

    def postings(self) -> list[Posting]:
        return self.goods.move(f"held:{self.lot}", f"reserved:{self.allocation}")


class AllocationCancelled(Event, type="allocation.cancelled", words=_("Allocation taken back"), doer="holder"):
    """The holder took an allocation back before it was handed over."""

    allocation: Subject
    lot: Subject
    need: Subject
    holder: Subject
    goods: Goods
    reason: str

    def postings(self) -> list[Posting]:
        return self.goods.move(f"reserved:{self.allocation}", f"held:{self.lot}")


class GoodsHandedOver(Event, type="goods.handed_over", words=_("Handed over"), doer="giver", to="receiver"):
    """The giver handed goods over and signed. No lot, no receiver: nobody published where they came from, or went."""

    handover: Subject
    giver: Subject
    receiver: Subject | None = None
    goods: Goods
    lot: Subject | None = None
    allocation: Subject | None = None
    need: Subject | None = None
    signed: Signed | None = None
    source: Source | None = None

    def postings(self) -> list[Posting]:
        origin = NOT_PUBLISHED if self.allocation is None else f"reserved:{self.allocation}"
        return self.goods.move(origin, f"handed:{self.handover}")

    def check(self, history: History) -> None:
        if self.signed is not None:
            words = {"act": "hand over", "allocation": self.allocation, "giver": self.giver, "receiver": self.receiver}
            self.signed.check(history, self.giver, {**words, "lot": self.lot, "need": self.need, **self.goods.words()})


class GoodsReceivedBy(Event, type="goods.received_by", words=_("Signed for"), doer="receiver"):
    """The receiver signed for what arrived. What is `missing` stays in the hand-over's account until explained.

    `counted` is what the receiver counted where nobody had counted before. It moves nothing: the goods were never in
    the books.
    """

    handover: Subject
    giver: Subject
    receiver: Subject
    goods: Goods
    counted: int | None = None
    missing: int = 0
    lot: Subject | None = None
    need: Subject | None = None
    note: str | None = None
    signed: Signed

    def postings(self) -> list[Posting]:
        return self.goods.move(f"handed:{self.handover}", f"delivered:{self.receiver}")

    def check(self, history: History) -> None:
        goods = self.goods if self.counted is None else self.goods.model_copy(update={"quantity": self.counted})
        words = {"act": "receive", "handover": self.handover, "giver": self.giver, "receiver": self.receiver}
        self.signed.check(history, self.receiver, {**words, **goods.words()})
