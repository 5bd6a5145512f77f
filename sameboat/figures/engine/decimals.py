"""Values as whole smallest units inside, as decimal text outside; never a float."""

import re

MOST_DECIMALS = 9

_TEXT = re.compile(r"^(-?)([0-9]{1,16})(?:\.([0-9]{1,9}))?$", re.ASCII)


def written(value: int, decimals: int) -> str:
    """Return a value of smallest units as decimal text, all of its decimals shown: 250 with two is `2.50`."""
    if not decimals:
        return str(value)
    digits = f"{abs(value):0{decimals + 1}d}"
    return f"{'-' if value < 0 else ''}{digits[:-decimals]}.{digits[-decimals:]}"


def smallest_units(text: str, decimals: int) -> int:
    """Return decimal text such as `2.5` as smallest units; zeros behind the last decimal may stand there.

    Raises
    ------
    ValueError
        For text that is no plain decimal number, or one with more decimals than there are.
    """
    match = _TEXT.match(text)
    if match is None:
        raise ValueError(f"'{text[:30]}' is no number; write digits and at most one point, such as 1234.5")
    sign, whole, fraction = match[1], match[2], (match[3] or "").rstrip("0")
    if len(fraction) > decimals:
        raise ValueError(f"'{text[:30]}' has more than {decimals} decimals")
    value = int(whole + fraction.ljust(decimals, "0"))
    return -value if sign else value
