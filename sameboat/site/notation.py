"""How quantities, money, days and moments are written for the reader of a language.

Pure functions of a value and a Babel locale; the template tags of `face` pass the active language. The rules for
grouping, digits and dates are Unicode CLDR's. English is CLDR's `en_001` (3 Feb 2020), for readers all over the world.
"""

from datetime import date, datetime, timedelta, tzinfo
from decimal import Decimal, localcontext
from functools import cache

from babel import Locale
from babel.core import UnknownLocaleError
from babel.dates import format_date, format_skeleton
from babel.numbers import format_currency, format_decimal, get_currency_name, is_currency

NARROW_SPACE = "\u202f"
LOCALES = {"en": "en_001", "zh-hans": "zh_Hans_CN"}


class NotationError(ValueError):
    """A value that cannot be written honestly: a float quantity, a naive time, a currency that ISO 4217 lacks."""


@cache
def locale_of(language: str) -> Locale:
    """Return the Babel locale for a Django language code such as `zh-hans`; English where CLDR does not know it."""
    try:
        return Locale.parse(LOCALES.get(language, language.replace("-", "_")))
    except (UnknownLocaleError, ValueError):
        return Locale.parse(LOCALES["en"])


def quantity(number: int, locale: Locale) -> str:
    """Return a whole number with the reader's grouping: `2,004,310`.

    Raises NotationError for anything but an int: a quantity is a whole number of base units, and a rounded or guessed
    one must not pass as counted.
    """
    if isinstance(number, bool) or not isinstance(number, int):
        raise NotationError(f"a quantity is a whole number, not {number!r}; write None where it is not known")
    with localcontext(
        prec=max(28, len(str(number)) + 4)
    ):  # an absurd number must be shown as it was said, not break the page
        return format_decimal(number, locale=locale)


def share(part: int, whole: int, locale: Locale) -> str:
    """Return `part` of `whole` in whole percents: `10 %`, `under 1 %` as `<1 %`, `>99 %`.

    Nothing is rounded into none or all: 0 % and 100 % are written only when they are exact. Raises NotationError when
    `whole` is not positive or `part` lies outside 0 to `whole`.
    """
    if whole <= 0 or not 0 <= part <= whole:
        raise NotationError(
            f"no share can be taken of {part!r} in {whole!r}: the part must lie between 0 and the whole"
        )
    percent = (200 * part + whole) // (2 * whole)
    sign = ""
    if percent == 0 < part:
        sign, percent = "<", 1
    elif percent == 100 and part < whole:
        sign, percent = ">", 99
    return f"{sign}{format_decimal(percent, locale=locale)}{NARROW_SPACE}%"


def money(amount: Decimal | int, currency: str, locale: Locale) -> str:
    """Return an amount, without its code, to the currency's own number of decimals: `50,000,000.00`.

    Raises NotationError for a float, or for a code that ISO 4217 does not have.
    """
    if isinstance(amount, bool) or not isinstance(amount, (Decimal, int)):
        raise NotationError(f"money is a Decimal, not {amount!r}")
    if not is_currency(currency):
        raise NotationError(f"'{currency}' is not an ISO 4217 currency; write three capital letters such as CNY")
    return format_currency(amount, currency, format="#,##0.00", locale=locale)


def currency_name(currency: str, locale: Locale) -> str:
    """Return a currency's name in the reader's language: `Chinese Yuan`, `人民币`."""
    return get_currency_name(currency, locale=locale)


def day(when: date, locale: Locale) -> str:
    """Return a day with its year: `3 Feb 2020`, `2020年2月3日`."""
    return format_date(when, "medium", locale=locale)


def day_of_year(when: date, locale: Locale) -> str:
    """Return a day without its year, for an axis whose year is stated elsewhere: `3 Feb`, `2月3日`."""
    return format_skeleton("MMMd", when, locale=locale)


def moment(when: datetime, zone: tzinfo, locale: Locale) -> str:
    """Return a moment to the minute on the clock of `zone`, with the offset: `3 Feb 2020, 14:05 UTC+8`.

    Raises NotationError for a naive time.
    """
    if when.tzinfo is None:
        raise NotationError(f"{when!r} has no time zone, so nobody can say when it was")
    there = when.astimezone(zone)
    separator = " " if locale.language == "zh" else ", "
    return f"{day(there.date(), locale)}{separator}{there:%H:%M} {offset(there)}"


def offset(when: datetime) -> str:
    """Return an aware time's distance from UTC: `UTC+8`, `UTC−3:30`, `UTC`."""
    distance = when.utcoffset() or timedelta()
    if not distance:
        return "UTC"
    hours, minutes = divmod(abs(distance) // timedelta(minutes=1), 60)
    return f"UTC{'+' if distance > timedelta() else '−'}{hours}{f':{minutes:02}' if minutes else ''}"
