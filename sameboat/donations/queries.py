"""Every read of pledges, gifts and payments that leaves this room, and the trace of a gift."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import OuterRef, Sum, Value
from django.db.models.functions import Concat

from sameboat.donations.models import Campaign, Fund, Gift, MoneyDayTotal, Payment, Pledge
from sameboat.registry.engine import signature
from sameboat.registry.engine.quantity import money
from sameboat.registry.models import Organisation
from sameboat.supplies import queries as supplies
from sameboat.supplies.models import DayTotal, Need
from sameboat.transparency import queries as log

UNNAMED = "unnamed"
"""The actor on the log for a donor who is a person, or did not say who."""

Measure = MoneyDayTotal.Measure


def gifts_left(fund: Fund, currency: str) -> Iterator[tuple[str, int]]:
    """Yield each gift of a fund of which something is left, and how much in smallest units, oldest first."""
    after = 0
    account = Concat(Value("gift:"), OuterRef("public_id"))
    unspent = Gift.objects.filter(fund=fund, currency=currency).filter(log.holds_something(account))
    while True:
        rows = list(unspent.filter(pk__gt=after).order_by("pk").values_list("pk", "public_id")[:500])
        if not rows:
            return
        held = log.balances(f"gift:{gift}" for _, gift in rows)
        for _, gift in rows:
            yield gift, held.get((f"gift:{gift}", currency), 0)
        after = rows[-1][0]


def payment_statement(fund: Fund, recipient: Organisation, units: int, currency: str, purpose: str) -> str:
    """Return the text a charity's device key signs when paying out.

    It names the fund's last payment before this one, so that one signature cannot pay twice.
    """
    last = Payment.objects.filter(fund=fund).order_by("-pk").values_list("public_id", flat=True).first()
    return signature.statement(
        {
            "act": "pay",
            "after": last,
            "fund": fund.public_id,
            "charity": fund.charity.public_id,
            "recipient": recipient.public_id,
            "units": units,
            "currency": currency,
            "purpose": purpose,
        }
    )


def payment_receipt_statement(payment: Payment) -> str:
    """Return the text a recipient's device key signs for money paid out."""
    return signature.statement(
        {
            "act": "receive money",
            "payment": payment.public_id,
            "charity": payment.fund.charity.public_id,
            "recipient": payment.recipient.public_id,
            "units": payment.money_units,
            "currency": payment.currency,
        }
    )


_GIFT_PARTS = (
    "charity",
    "donor",
    "pledge",
    "fund__campaign__charity",
    "lot__item",
    "lot__unit",
    "lot__need__organisation",
    "lot__holder",
)


def gift(public_id: str) -> Gift | None:
    """Return one gift."""
    return Gift.objects.select_related(*_GIFT_PARTS).filter(public_id=public_id).first()


def gifts(
    *,
    kind: str = "",
    donor: Organisation | None = None,
    charity: Organisation | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[Gift]:
    """Return gifts, newest first, those whose row stands before `before`."""
    found = Gift.objects.select_related(*_GIFT_PARTS)
    if kind:
        found = found.filter(kind=kind)
    if donor is not None:
        found = found.filter(donor=donor)
    if charity is not None:
        found = found.filter(charity=charity)
    if before is not None:
        found = found.filter(pk__lt=before)
    return list(found.order_by("-pk")[:limit])


def pledge(public_id: str) -> Pledge | None:
    """Return one pledge."""
    return (
        Pledge.objects.select_related(
            "donor", "need__organisation", "need__item", "fund__campaign__charity", "item", "unit"
        )
        .filter(public_id=public_id)
        .first()
    )


def actor_of(pledge: Pledge) -> str:
    """Return who speaks on the log as the donor of a pledge."""
    return pledge.donor.public_id if pledge.donor else UNNAMED


def entry_of(pledge: Pledge) -> log.EntryView | None:
    """Return the entry with which a pledge was made."""
    return next(iter(log.entries_about([pledge.public_id], limit=1)), None)


def told_in_private(pledge: Pledge) -> list[tuple[log.EntryView, list[str]]]:
    """Return the entries of a pledge with a private part still kept, each with the names of its fields."""
    entries = [entry for entry in log.entries_about([pledge.public_id]) if entry.type == "pledge.made"]
    kept = log.private_fields(entry.number for entry in entries)
    return [(entry, kept[entry.number]) for entry in entries if entry.number in kept]


def open_pledges(charity: Organisation | None = None, limit: int = 50) -> list[Pledge]:
    """Return pledges that wait to be received, oldest first; of money, those to a charity's funds."""
    found = Pledge.objects.filter(state=Pledge.State.MADE).select_related(
        "donor", "need__organisation", "item", "unit", "fund__campaign"
    )
    if charity is not None:
        found = found.filter(kind="goods") | found.filter(fund__campaign__charity=charity)
    return list(found.order_by("pk")[:limit])


def pledges_to(need: Need, before: int | None = None, limit: int = 50) -> list[Pledge]:
    """Return the pledges made to a need, newest first."""
    found = Pledge.objects.filter(need=need).select_related("donor", "need", "fund", "unit", "item")
    if before is not None:
        found = found.filter(pk__lt=before)
    return list(found.order_by("-pk")[:limit])


def campaign(public_id: str) -> Campaign | None:
    """Return one campaign."""
    return Campaign.objects.select_related("charity", "emergency").filter(public_id=public_id).first()


def campaigns(charity: Organisation | None = None, before: int | None = None, limit: int = 50) -> list[Campaign]:
    """Return campaigns, newest first."""
    found = Campaign.objects.select_related("charity", "emergency").prefetch_related("funds")
    if charity is not None:
        found = found.filter(charity=charity)
    if before is not None:
        found = found.filter(pk__lt=before)
    return list(found.order_by("-pk")[:limit])


def fund(public_id: str) -> Fund | None:
    """Return one fund."""
    return Fund.objects.select_related("campaign__charity", "need").filter(public_id=public_id).first()


def funds(
    charity: Organisation | None = None,
    campaign: Campaign | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[Fund]:
    """Return funds, newest first."""
    found = Fund.objects.select_related("campaign__charity", "need")
    if charity is not None:
        found = found.filter(campaign__charity=charity)
    if campaign is not None:
        found = found.filter(campaign=campaign)
    if before is not None:
        found = found.filter(pk__lt=before)
    return list(found.order_by("-pk")[:limit])


def payment(public_id: str) -> Payment | None:
    """Return one payment."""
    return (
        Payment.objects.select_related("fund__campaign__charity", "recipient", "need")
        .filter(public_id=public_id)
        .first()
    )


def payments(
    *,
    fund: Fund | None = None,
    recipient: Organisation | None = None,
    unsigned: bool = False,
    before: int | None = None,
    limit: int = 50,
) -> list[Payment]:
    """Return payments, newest first."""
    found = Payment.objects.select_related("fund__campaign__charity", "recipient", "need")
    if fund is not None:
        found = found.filter(fund=fund)
    if recipient is not None:
        found = found.filter(recipient=recipient)
    if unsigned:
        found = found.filter(signed_at=None)
    if before is not None:
        found = found.filter(pk__lt=before)
    return list(found.order_by("-pk")[:limit])


@dataclass(frozen=True, slots=True)
class Trace:
    """A gift and every entry on the log about it, its pledge, its lot and all that became of it, oldest first."""

    gift: Gift
    entries: list[log.EntryView]


def trace(found: Gift) -> Trace:
    """Return a gift's trace. Grows with what became of this gift, not with the log; at most 500 entries."""
    subjects = [found.public_id]
    if found.pledge is not None:
        subjects.append(found.pledge.public_id)
    if found.lot is not None:
        subjects.append(found.lot.public_id)
    entries = log.entries_about(subjects)
    paid = [entry.data["payment"] for entry in entries if entry.type == "money.disbursed"]
    needs = {entry.data["need"] for entry in entries if entry.data.get("need")}
    keys = {entry.data["signed"]["key"] for entry in entries if entry.data.get("signed", {}).get("key")}
    known = {entry.leaf_hash for entry in entries}
    beside = [
        entry
        for entry in log.entries_about([*paid, *needs, *keys])
        if entry.leaf_hash not in known
        and (entry.type in ("need.published", "key.registered") or entry.data.get("payment") in paid)
    ]
    return Trace(found, sorted([*entries, *beside], key=lambda entry: entry.number))


def proof_entries(found: Gift) -> list[log.EntryView]:
    """Return what a gift's proof file holds: its trace, and the entries that say who its organisations are."""
    entries = trace(found).entries
    named = {subject for entry in entries for subject in entry.subjects if subject.startswith("org_")}
    registered = [
        entry
        for organisation in sorted(named)
        for entry in log.entries_about([organisation], limit=1)
        if entry.type == "organisation.registered"
    ]
    return sorted([*entries, *registered], key=lambda entry: entry.number)


@dataclass(frozen=True, slots=True)
class MoneyTotal:
    """The totals of one currency up to a day."""

    currency: str
    received: Decimal
    paid: Decimal
    signed_for: Decimal
    gifts: int


def money_totals(as_of: date | None = None) -> list[MoneyTotal]:
    """Return the totals of each currency up to a day; grows with days, not with gifts."""
    rows = MoneyDayTotal.objects.all() if as_of is None else MoneyDayTotal.objects.filter(day__lte=as_of)
    found: dict[str, dict[str, tuple[int, int]]] = {}
    for currency, measure, units, lines in rows.values_list("currency", "measure").annotate(Sum("units"), Sum("lines")):
        found.setdefault(currency, {})[measure] = (units, lines)
    return [_money_total(currency, sums) for currency, sums in sorted(found.items())]


def _money_total(currency: str, sums: dict[str, tuple[int, int]]) -> MoneyTotal:
    received, paid, signed_for = (money(sums.get(measure, (0, 0))[0], currency) for measure in Measure.values)
    return MoneyTotal(currency, received, paid, signed_for, gifts=sums.get(Measure.RECEIVED, (0, 0))[1])


def gift_counts() -> dict[str, int]:
    """Return how many gifts of goods and of money there are."""
    goods = DayTotal.objects.filter(measure=DayTotal.Measure.RECEIVED).aggregate(lines=Sum("lines"))["lines"] or 0
    paid = MoneyDayTotal.objects.filter(measure=Measure.RECEIVED).aggregate(lines=Sum("lines"))["lines"] or 0
    return {"goods": goods, "money": paid}


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Where a gift is now: units of its lot, or money. None where nobody knows, as of gifts published elsewhere."""

    received: int | None = None
    held: int | None = None
    handed_over: int | None = None
    signed_for: int | None = None
    money_held: Decimal | None = None
    money_paid: Decimal | None = None

    @property
    def lost_from_sight(self) -> bool:
        """Whether nobody published where the gift went."""
        return self.held is None and self.money_held is None


def whereabouts(found: Gift) -> Whereabouts:
    """Return how much of a gift is still held, was handed over or paid, and was signed for."""
    elsewhere = found.source_line is not None
    if found.lot is not None:
        if elsewhere and not found.lot.handovers.exists():
            return Whereabouts(received=found.lot.quantity)
        handed = found.lot.handovers.aggregate(all=Sum("quantity"), signed=Sum("received_quantity"))
        left = supplies.left_of(found.lot)
        return Whereabouts(found.lot.quantity, left, handed["all"] or 0, handed["signed"] or 0)
    units = log.balance(f"gift:{found.public_id}", found.currency)
    if elsewhere and units == found.money_units:
        return Whereabouts()
    held = money(units, found.currency)
    return Whereabouts(money_held=held, money_paid=found.amount - held)
