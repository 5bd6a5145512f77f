from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sameboat.site import notation

EN, ZH = notation.locale_of("en"), notation.locale_of("zh-hans")
WUHAN = ZoneInfo("Asia/Shanghai")


@given(st.integers())
def test_no_digit_of_a_quantity_is_lost(number):
    """Grouping changes how a number looks, not what it is."""
    assert int(notation.quantity(number, EN).replace(",", "")) == number


@pytest.mark.parametrize("bad", [1.0, True, "12", Decimal("1.5"), float("nan")])
def test_only_whole_numbers_are_quantities(bad):
    """A rounded, guessed or mistyped quantity is refused."""
    with pytest.raises(notation.NotationError):
        notation.quantity(bad, EN)


@given(st.integers(1, 10**9).flatmap(lambda whole: st.tuples(st.integers(0, whole), st.just(whole))))
def test_none_and_all_are_written_only_when_exact(parts):
    """0 % means none and 100 % means all, without exception."""
    part, whole = parts
    written = notation.share(part, whole, EN)
    assert (written == "0\u202f%") == (part == 0)
    assert (written == "100\u202f%") == (part == whole)


@pytest.mark.parametrize(
    ("part", "whole", "written"), [(200, 2000, "10"), (1, 3501, "<1"), (3500, 3501, ">99"), (1, 2, "50"), (1, 8, "13")]
)
def test_shares_are_whole_percents(part, whole, written):
    """A share is rounded to the nearest whole percent, halves up."""
    assert notation.share(part, whole, EN) == f"{written}\u202f%"


@pytest.mark.parametrize(("part", "whole"), [(1, 0), (2, 1), (-1, 3), (1, -1)])
def test_a_share_lies_between_none_and_all(part, whole):
    """What is no share of a whole is refused."""
    with pytest.raises(notation.NotationError):
        notation.share(part, whole, EN)


@pytest.mark.parametrize(
    ("amount", "currency", "written"),
    [
        ("50000000", "CNY", "50,000,000.00"),
        ("0.005", "EUR", "0.00"),
        ("-12.3", "USD", "-12.30"),
        ("1234", "JPY", "1,234"),
    ],
)
def test_money_has_its_currencys_decimals(amount, currency, written):
    """The number of decimals is the currency's own."""
    assert notation.money(Decimal(amount), currency, EN) == written


@pytest.mark.parametrize(
    ("amount", "currency"), [(1.5, "CNY"), ("1", "CNY"), (True, "CNY"), (1, "RMB"), (1, "cny"), (1, "")]
)
def test_money_is_a_decimal_in_a_known_currency(amount, currency):
    """A float or an unknown code is refused."""
    with pytest.raises(notation.NotationError):
        notation.money(amount, currency, EN)


@pytest.mark.parametrize(("locale", "written"), [(EN, "3 Feb 2020, 14:05 UTC+8"), (ZH, "2020年2月3日 14:05 UTC+8")])
def test_a_moment_is_told_on_the_clock_of_its_place(locale, written):
    """A time stored in UTC is written in the place's zone, with its offset."""
    assert notation.moment(datetime(2020, 2, 3, 6, 5, tzinfo=UTC), WUHAN, locale) == written


def test_a_naive_time_is_refused():
    """Nobody can say when a time without a zone was."""
    with pytest.raises(notation.NotationError):
        notation.moment(datetime(2020, 2, 3), WUHAN, EN)


@pytest.mark.parametrize(
    ("zone", "written"), [("UTC", "UTC"), ("America/St_Johns", "UTC−3:30"), ("Asia/Kathmandu", "UTC+5:45")]
)
def test_offsets_have_their_sign_and_minutes(zone, written):
    """Offsets west of Greenwich and of half hours are written right."""
    assert notation.offset(datetime(2020, 2, 3, tzinfo=ZoneInfo(zone))) == written


@pytest.mark.parametrize(("locale", "written"), [(EN, "3 Feb"), (ZH, "2月3日")])
def test_a_day_on_an_axis_has_no_year(locale, written):
    """The year is stated elsewhere on a chart."""
    assert notation.day_of_year(date(2020, 2, 3), locale) == written


def test_an_unknown_language_reads_english():
    """A language that CLDR does not know falls back to English."""
    assert notation.locale_of("tlh-qaak") == EN
