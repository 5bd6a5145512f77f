"""Whole quantities and money in smallest units. Unknown is `None`, never 1 and never 0."""

import re
from decimal import Decimal
from fractions import Fraction

from babel.core import get_global

LARGEST = 10**12
"""No single line of relief goods or money is larger; a bigger figure is a slip of the hand."""

# ISO 4217 minor units of the currencies that differ from 2.
_EXPONENTS = {"JPY": 0, "KRW": 0, "VND": 0, "CLP": 0, "ISK": 0, "BHD": 3, "KWD": 3, "OMR": 3, "TND": 3}
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)\Z")


class QuantityError(ValueError):
    """A quantity or an amount that cannot be meant; `code` names the mistake."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def whole(value: object) -> int:
    """Return `value` as a whole number above zero.

    Takes an int, a Decimal, or text as people write it: `1,000`, `1 000`, full-width digits `１０００`.

    Raises
    ------
    QuantityError
        `not-a-number`, `not-whole`, `not-positive` or `too-large`.
    """
    number = _number(value)
    if number.denominator != 1:
        raise QuantityError("not-whole", f"{str(value)[:40]} is not a whole number")
    return number.numerator


def _number(value: object) -> Fraction:
    """Return `value` exactly, if it is above zero and at most LARGEST."""
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        raise QuantityError("not-a-number", f"{str(value)[:40]!r} is not a quantity")
    if isinstance(value, int):
        number = Fraction(value)
    else:
        text = re.sub(r"[,，\s]", "", f"{value:f}" if isinstance(value, Decimal) else value)
        if not _NUMBER.match(text):
            raise QuantityError("not-a-number", f"{text[:40]!r} is not a number")
        # An absurdly long text is not worth an exact conversion.
        number = Fraction(Decimal(text)) if len(text) <= 64 else Fraction(-1 if text[0] == "-" else LARGEST + 1)
    if number <= 0:
        raise QuantityError("not-positive", "the number is not above zero")
    if number > LARGEST:
        raise QuantityError("too-large", f"the number is more than {LARGEST:,}")
    return number


def exponent(currency: str) -> int:
    """Return how many decimals a currency has (ISO 4217), or raise QuantityError for what is no currency code."""
    if currency not in get_global("all_currencies"):
        raise QuantityError("currency", f"{currency[:10]!r} is not a currency; write its three letters, such as CNY")
    return _EXPONENTS.get(currency, 2)


def smallest_units(amount: object, currency: str) -> int:
    """Return an amount of money in whole smallest units (fen, cent); refuse what does not fit exactly."""
    digits = exponent(currency)
    scale: int = 10**digits
    units = _number(amount) * scale
    if units.denominator != 1:
        raise QuantityError("not-whole", f"{str(amount)[:40]} {currency} has more than {digits} decimals")
    if units > LARGEST:
        raise QuantityError("too-large", f"{str(amount)[:40]} {currency} is more than any line can be")
    return units.numerator


def money(units: int, currency: str) -> Decimal:
    """Return smallest units as a Decimal amount with the currency's number of decimals."""
    return Decimal(units).scaleb(-exponent(currency))
