"""Input checks shared by every action: quantities in a known unit, texts a person typed, days."""

import unicodedata
from collections.abc import Iterable, Mapping
from datetime import date, datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from sameboat.registry.engine.quantity import LARGEST, QuantityError, smallest_units, whole
from sameboat.registry.models import Item, Pack, Unit
from sameboat.registry.refusals import Fault, InvalidInput

EARLIEST_DAY = date(2000, 1, 1)
"""No gift of this program is older; an earlier day is a slip of the hand."""

# Overrides and isolates that show text in another order than it is stored in (Unicode Annex 9, section 2).
_REORDERING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def checked_quantity(value: object, field: str, *, most: int = LARGEST) -> int:
    """Return a whole quantity from 1 to `most`."""
    try:
        number = whole(value)
    except QuantityError as error:
        raise InvalidInput([Fault(field, _message(error.code, most))]) from None
    if number > most:
        raise InvalidInput([Fault(field, _message("too-large", most))])
    return number


def quantity_or_unknown(value: object, field: str, *, most: int = LARGEST) -> int | None:
    """Return a whole quantity from 1 to `most`, or None for an empty value: unknown."""
    return None if value in (None, "") else checked_quantity(value, field, most=most)


def _message(code: str, most: int) -> str:
    return {
        "not-a-number": _("Write the quantity as a number, such as 500."),
        "not-whole": _("Write a whole number; parts of a unit cannot be counted."),
        "not-positive": _("The quantity must be above zero."),
        "too-large": _("At most %(most)s at once. If you really mean more, publish it in parts.")
        % {"most": f"{most:,}"},
    }[code]


def checked_money(amount: object, currency: str, field: str = "amount") -> int:
    """Return an amount of money in whole smallest units of its currency."""
    try:
        return smallest_units(amount, currency)
    except QuantityError as error:
        messages = {
            "currency": _("Write the currency's three letters, such as CNY."),
            "not-a-number": _("Write the amount as a number, such as 250.00."),
            "not-whole": _("%(currency)s does not have so many decimals.") % {"currency": currency},
            "not-positive": _("The amount must be above zero."),
            "too-large": _("The amount is larger than any gift can be."),
        }
        raise InvalidInput([Fault("currency" if error.code == "currency" else field, messages[error.code])]) from None


def checked_text(text: str, field: str, most: int) -> str:
    """Return a text in one Unicode form, stripped; refuse what is too long or cannot be shown as it is stored."""
    clean = unicodedata.normalize("NFC", text).strip()
    if len(clean) > most:
        raise InvalidInput(
            [
                Fault(
                    field,
                    _("Write at most %(most)s characters; these are %(have)s.") % {"most": most, "have": len(clean)},
                )
            ]
        )
    if not clean.isprintable() and not all(is_shown(character) for character in clean):
        raise InvalidInput([Fault(field, _("The text has characters that cannot be shown. Type it again."))])
    return clean


def shown(text: str) -> str:
    """Return a text with a replacement character for what cannot be shown, for repeating what somebody sent."""
    return text if text.isprintable() else "".join(each if is_shown(each) else "\ufffd" for each in text)


def is_shown(character: str) -> bool:
    """Return whether a character can be shown as it is stored."""
    if character in _REORDERING:
        return False
    return unicodedata.category(character) not in ("Cc", "Cs", "Co", "Cn") or character in "\n\t"


def checked_day(day: date | None, field: str, now: datetime) -> date | None:
    """Return a day on which something was said to happen, from 2000 on and not after today; None stays None."""
    if day is None:
        return None
    if day > timezone.localdate(now):
        raise InvalidInput([Fault(field, _("%(day)s has not come yet. Give the day it happened.") % {"day": day})])
    if day < EARLIEST_DAY:
        raise InvalidInput([Fault(field, _("%(day)s is too long ago. Check the year.") % {"day": day})])
    return day


PackSizes = Mapping[tuple[int, int], int]
"""How many base units a pack holds, by the keys of item and unit."""


def pack_sizes(items: Iterable[Item]) -> PackSizes:
    """Return the sizes of every pack of the items, with one query."""
    packs = Pack.objects.filter(item__in={item.pk for item in items})
    return {(item, unit): size for item, unit, size in packs.values_list("item", "unit", "base_quantity")}


def in_book_unit(
    item: Item, quantity: int | None, unit: Unit, sizes: PackSizes | None = None
) -> tuple[int | None, Unit]:
    """Return the quantity in the item's base unit where the pack's size is known; refuse a unit nobody defined.

    `sizes` are those of `pack_sizes`, where many rows share them.
    """
    if unit.pk == item.base_unit_id:
        return quantity, unit
    size = (pack_sizes([item]) if sizes is None else sizes).get((item.pk, unit.pk))
    if size is None:
        known = [item.base_unit.name, *(pack.unit.name for pack in item.packs.select_related("unit"))]
        raise InvalidInput(
            [
                Fault(
                    "unit",
                    _("%(item)s is not counted by the %(unit)s here. Use: %(known)s.")
                    % {"item": item.name, "unit": unit.name, "known": ", ".join(known)},
                )
            ]
        )
    return (None if quantity is None else quantity * size), item.base_unit
