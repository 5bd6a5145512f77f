"""Only currencies that ISO 4217 knows are money."""

import pytest

from sameboat.registry.engine.quantity import QuantityError, smallest_units


@pytest.mark.parametrize("currency", ["", "ZZZ", "cny", "CN", "元"])
def test_what_is_no_currency_is_refused(currency):
    """Three capital letters do not make a currency."""
    with pytest.raises(QuantityError) as refused:
        smallest_units("1", currency)
    assert refused.value.code == "currency"
