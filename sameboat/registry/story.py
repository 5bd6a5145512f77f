"""Entries of the log told in the reader's words: what was done, by whom, to whom, how much, and who signed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from sameboat.registry.engine import signature
from sameboat.registry.engine.quantity import money
from sameboat.registry.models import Item, Organisation, Unit
from sameboat.transparency.errors import UnknownEventError
from sameboat.transparency.events import schema
from sameboat.transparency.queries import EntryView


@dataclass(frozen=True, slots=True)
class Step:
    """One entry in words. `state` is of the seal: signed, account, awaiting, not-confirmed, invalid, or none.

    `counted` tells whether the step has a quantity at all; then a `quantity` of None is unknown.
    """

    entry: EntryView
    what: str
    who: Organisation | None
    to: Organisation | None
    when: datetime | date
    item: str = ""
    counted: bool = False
    quantity: int | None = None
    unit: str = ""
    stated: str = ""
    amount: Decimal | None = None
    currency: str = ""
    state: str = ""
    note: str = ""
    source: dict[str, Any] | None = None
    unnamed: bool = False


def tell(entries: Sequence[EntryView]) -> list[Step]:
    """Return the steps of entries, in their order. Reads the names of organisations, items and units once each."""
    named = Organisation.objects.in_bulk(
        {s for e in entries for s in e.subjects if s.startswith("org_")}, field_name="public_id"
    )
    goods = [entry.data["goods"] for entry in entries if "goods" in entry.data]
    items = Item.objects.in_bulk({each["item"] for each in goods}, field_name="code")
    units = Unit.objects.in_bulk({each["unit"] for each in goods}, field_name="code")
    signed = {
        entry.data.get("handover") or entry.data.get("payment")
        for entry in entries
        if entry.type in ("goods.received_by", "money.received_by")
    }
    return [_step(entry, named, items, units, signed) for entry in entries]


def _step(
    entry: EntryView,
    named: dict[str, Organisation],
    items: dict[str, Item],
    units: dict[str, Unit],
    signed: set[str | None],
) -> Step:
    data = entry.data
    try:
        form = schema(entry.type, entry.version)
        what, doer, to = str(form.words), form.doer, form.to
    except UnknownEventError:
        what, doer, to = entry.type, "", ""
    amount: dict[str, Any] = {}
    if "goods" in data:
        item, unit = items.get(data["goods"]["item"]), units.get(data["goods"]["unit"])
        amount = {
            "item": item.name if item else data["goods"]["item"],
            "counted": True,
            "quantity": data["goods"].get("quantity"),
            "unit": unit.counted(data["goods"].get("quantity")) if unit else data["goods"]["unit"],
            "stated": data["goods"].get("stated", ""),
        }
    elif "money" in data:
        currency = data["money"]["currency"]
        amount = {"amount": money(data["money"]["units"], currency), "currency": currency}
    return Step(
        entry=entry,
        what=what,
        who=named.get(data.get(doer, "")),
        to=named.get(data.get(to, "")),
        when=entry.event_time,
        state=_state(entry, signed),
        note=_note(data),
        unnamed=doer == "donor" and doer not in data,
        source=data.get("source") if isinstance(data.get("source"), dict) else None,
        **amount,
    )


def _state(entry: EntryView, signed: set[str | None]) -> str:
    data = entry.data
    if entry.type in ("goods.handed_over", "money.disbursed"):
        if (data.get("handover") or data.get("payment")) in signed:
            return ""
        return "not-confirmed" if "source" in data else "awaiting"
    by = data.get("signed")
    if not by or entry.type not in ("goods.received_by", "money.received_by"):
        return ""
    if by["method"] != "device-key":
        return "account"
    try:
        signature.check(by["public_key"], by["value"], by["text"])
    except signature.SignatureError:
        return "invalid"
    return "signed"


def _note(data: dict[str, Any]) -> str:
    if data.get("counted"):
        return _("The receiver counted %(counted)s.") % {"counted": f"{data['counted']:,}"}
    if data.get("missing"):
        return _("%(missing)s did not arrive.") % {"missing": f"{data['missing']:,}"}
    told = data.get("reason") or data.get("note") or data.get("purpose") or data.get("standard") or ""
    return str(told)
