"""Quantities and amounts are exact, positive and not absurd, however people write them."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sameboat.registry.engine.quantity import LARGEST, QuantityError, money, smallest_units, whole


@pytest.mark.parametrize(
    ("written", "meant"),
    [(500, 500), ("1,000", 1000), ("1 000", 1000), ("１０００", 1000), ("5.0", 5), (Decimal("2E+3"), 2000), ("+7", 7)],
)
def test_a_number_is_read_as_people_write_it(written, meant):
    """Separators, full-width digits and needless decimals do not change the number."""
    assert whole(written) == meant


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("", "not-a-number"),
        ("many", "not-a-number"),
        ("nan", "not-a-number"),
        ("Infinity", "not-a-number"),
        ("1e3", "not-a-number"),
        ("1_000", "not-a-number"),
        ("0x10", "not-a-number"),
        (1.0, "not-a-number"),
        (True, "not-a-number"),
        (None, "not-a-number"),
        ("1.5", "not-whole"),
        ("100.00000000000000000000000000000001", "not-whole"),
        (0, "not-positive"),
        ("-3", "not-positive"),
        ("-" + "9" * 100, "not-positive"),
        (LARGEST + 1, "too-large"),
        pytest.param("9" * 100_000, "too-large", id="text-of-100000-digits"),
        pytest.param(10**5000, "too-large", id="int-of-5000-digits"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_its_own_code(written, code):
    """Each kind of slip has its code, and none is rounded into a number."""
    with pytest.raises(QuantityError) as refused:
        whole(written)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("amount", "currency", "code"),
    [
        ("9e999999", "CNY", "not-a-number"),
        ("1.001", "CNY", "not-whole"),
        ("100.00000000000000000000000000000001", "CNY", "not-whole"),
        ("1.5", "JPY", "not-whole"),
        ("1", "yuan", "currency"),
        ("1", "CNY\n", "currency"),
        (str(LARGEST), "CNY", "too-large"),
    ],
)
def test_an_amount_that_its_currency_does_not_have_is_refused(amount, currency, code):
    """No amount is rounded to fit a currency, whatever its length."""
    with pytest.raises(QuantityError) as refused:
        smallest_units(amount, currency)
    assert refused.value.code == code


@given(st.integers(1, LARGEST), st.sampled_from(["CNY", "JPY", "KWD"]))
def test_money_comes_back_as_it_was_written(units, currency):
    """Writing smallest units as an amount and reading it again gives the same units."""
    assert smallest_units(str(money(units, currency)), currency) == units
