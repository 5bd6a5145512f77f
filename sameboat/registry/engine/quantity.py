"""Whole quantities and money in smallest units. Unknown is `None`, never 1 and never 0."""

import re
from decimal import Decimal, InvalidOperation

LARGEST = 10**12
"""No single line of relief goods or money is larger; a bigger figure is a slip of the hand."""

# ISO 4217 minor units of the currencies that differ from 2.
_EXPONENTS = {"JPY": 0, "KRW": 0, "VND": 0, "CLP": 0, "ISK": 0, "BHD": 3, "KWD": 3, "OMR": 3, "TND": 3}
_CURRENCY = re.compile(r"^[A-Z]{3}$")


class QuantityError(ValueError):
    """A quantity or an amount that cannot be meant; `code` names the mistake."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def whole(value: object) -> int:
    """Return `value` as a whole number above zero.

    Takes an int, or text as people write it: `1,000`, `1 000`, full-width digits `１０００`.

    Raises
    ------
    QuantityError
        `not-a-number`, `not-whole`, `not-positive` or `too-large`.
    """
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        raise QuantityError("not-a-number", f"{value!r} is not a quantity")
    text = re.sub(r"[,，\s]", "", str(value))
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise QuantityError("not-a-number", f"{str(value)[:40]!r} is not a number") from None
    if not number.is_finite():
        raise QuantityError("not-a-number", f"{text[:40]} is not a number")
    if number <= 0:
        raise QuantityError("not-positive", f"{text[:40]} is not above zero")
    if number > LARGEST:
        raise QuantityError("too-large", f"{text[:40]} is more than {LARGEST:,}")
    if number != number.to_integral_value():
        raise QuantityError("not-whole", f"{text[:40]} is not a whole number")
    return int(number)


def exponent(currency: str) -> int:
    """Return how many decimals a currency has (ISO 4217), or raise QuantityError for what is no currency code."""
    if not _CURRENCY.match(currency):
        raise QuantityError("currency", f"{currency[:10]!r} is not a currency; write its three letters, such as CNY")
    return _EXPONENTS.get(currency, 2)


def smallest_units(amount: object, currency: str) -> int:
    """Return an amount of money in whole smallest units (fen, cent); refuse what does not fit exactly."""
    digits = exponent(currency)
    text = re.sub(r"[,，\s]", "", str(amount))
    try:
        units = Decimal(text).scaleb(digits)
    except InvalidOperation:
        raise QuantityError("not-a-number", f"{str(amount)[:40]!r} is not an amount of money") from None
    try:
        return whole(units)
    except QuantityError as error:
        if error.code == "not-whole":
            raise QuantityError("not-whole", f"{text[:40]} {currency} has more than {digits} decimals") from None
        raise


def money(units: int, currency: str) -> Decimal:
    """Return smallest units as a Decimal amount with the currency's number of decimals."""
    return Decimal(units).scaleb(-exponent(currency))
