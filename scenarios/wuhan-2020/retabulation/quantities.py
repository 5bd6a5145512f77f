"""How a stated quantity becomes a whole number of an item's base unit, or stays unknown.

Nothing is estimated: a number is carried over only where the notice itself gives every factor. The rules stand in
README.md under "How the numbers were read".
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal

# How many base units one of the stated words is, where the word counts the thing itself. 件 is missing on purpose:
# it is a garment or a freight case.
COUNT_WORDS: dict[str, dict[str, int]] = {
    "piece": {"个": 1, "只": 1, "支": 1, "片": 1, "枚": 1, "副": 1, "张": 1, "床": 1, "台": 1},
    "single": {"个": 1, "只": 1, "支": 1, "副": 2, "双": 2},
    "set": {"套": 1, "个": 1},
    "garment": {"套": 1, "个": 1},
    "machine": {"台": 1, "个": 1, "套": 1},
    "box": {"盒": 1},
    "bag-packet": {"包": 1},
    "bottle": {"瓶": 1},
    "retail-pack": {"盒": 1, "瓶": 1},
    "vial": {"支": 1, "瓶": 1, "袋": 1},
}
# Inside a pack's contents ("50件/箱" of suits) 件 can only be the garment.
GARMENTS = {"set", "garment"}
# Vessels that hold the stated size themselves ("25L" beside 桶); a carton or case holds several.
VESSELS = {"桶", "壶", "瓶", "提", "罐", "袋"}
SIZES: dict[str, dict[str, Decimal]] = {
    "ml": {"ml": Decimal(1), "l": Decimal(1000), "升": Decimal(1000)},
    "g": {"g": Decimal(1), "kg": Decimal(1000), "公斤": Decimal(1000)},
}

_WORD = "个只支片枚副双套件盒包瓶袋箱桶壶罐提台组板张"
_CONTENTS = re.compile(rf"(\d+)([{_WORD}])?(?:/([{_WORD}])$)?")
_SIZE = re.compile(rf"(\d+(?:\.\d+)?)(ml|l|升|kg|g|公斤)(?:/([{_WORD}]))?")
_STATED = re.compile(r"(\d+)(?:\.0+)?(\D*)")


class QuantityError(Exception):
    """A quantity of the raw files that none of the rules reads."""


@dataclass(frozen=True)
class Stated:
    """A stated quantity: its number (None: unknown), its unit's word ("" where not stated), and how it was read."""

    number: int | None
    word: str
    reading: str


def read_stated(quantity: str, unit: str, specification: str) -> Stated:
    """Return what a line states: plain ("15"), decimal ("41.0"), with its unit inside ("198件"), or unknown.

    One line has its columns shifted (specification 箱, unit 2, quantity empty): read as 2 箱.
    Raises QuantityError for anything else.
    """
    if not quantity and unit.isdigit():
        return Stated(int(unit), specification, "shifted-columns")
    if not quantity:
        return Stated(None, unit, "not-stated")
    match = _STATED.fullmatch(quantity)
    if not match:
        raise QuantityError(f"The quantity {quantity!r} is not a number with an optional unit.")
    number, word = int(match[1]), match[2]
    if word and unit:
        raise QuantityError(f"The quantity {quantity!r} has a unit inside and {unit!r} beside it.")
    if word:
        return Stated(number, word, "unit-inside")
    return Stated(number, unit, "decimal" if "." in quantity else "plain")


Level = tuple[int, str, str]


def _contents(specification: str) -> list[Level]:
    """Return (count, inner word, outer word) for each level of packing that the specification gives.

    "50枚*40盒/箱" is [(50, 枚, 盒), (40, 盒, 箱)]; "450/件" is [(450, "", 件)]. Empty where any part is not plain.
    """
    levels: list[Level] = []
    for part in re.split(r"[,\s]+", specification):
        if "/" not in part:
            continue
        chain: list[Level] = []
        for piece in re.split(r"[*x×]|(?<=[^\d.,])(?=\d)", _SIZE.sub("", part, count=1)):
            if not piece:
                continue
            match = _CONTENTS.fullmatch(piece)
            if not match:
                return []
            if chain and not chain[-1][2]:
                if not match[2]:
                    return []
                chain[-1] = (chain[-1][0], chain[-1][1], match[2])
            chain.append((int(match[1]), match[2] or "", match[3] or ""))
        if chain and not chain[-1][2]:
            return []
        levels += chain
    return levels


def _pack(word: str, base_unit: str, levels: list[Level], size: tuple[str, int] | None) -> int | None:
    """Return the base units in one `word`, through the levels of packing; None where they do not lead there."""
    for level in levels:
        count, inner, outer = level
        if outer != word:
            continue
        if base_unit in SIZES:
            if size and inner in VESSELS and size[0] in ("", inner):
                return count * size[1]
            continue
        own = COUNT_WORDS.get(base_unit, {}).get(inner)
        if own is None and inner == "件" and base_unit in GARMENTS:
            own = 1
        if own is None and not inner and base_unit == "piece":
            own = 1
        if own is not None:
            return count * own
        deeper = _pack(inner, base_unit, [other for other in levels if other != level], size) if inner else None
        if deeper is not None:
            return count * deeper
    return None


def base_quantity_each(word: str, specification: str, base_unit: str) -> tuple[int | None, str]:
    """Return (base units in one stated unit or None, how that was found).

    The ways: `own-unit` (the word counts the item itself), `pack` (the specification gives the contents),
    `size` (a vessel and its stated volume or mass), `unknown`.
    """
    own = COUNT_WORDS.get(base_unit, {}).get(word)
    if own is not None:
        return own, "own-unit"
    text = unicodedata.normalize("NFKC", specification).lower()
    if is_garment(word, specification, base_unit):
        return 1, "own-unit"
    size = None
    if base_unit in SIZES:
        found = [match for match in _SIZE.finditer(text) if match[2] in SIZES[base_unit]]
        if len(found) == 1 and "+" not in text:
            amount = Decimal(found[0][1]) * SIZES[base_unit][found[0][2]]
            if amount == amount.to_integral_value():
                size = (found[0][3] or "", int(amount))
    each = _pack(word, base_unit, _contents(text), size)
    if each is not None:
        return each, "pack"
    if size and word in VESSELS and size[0] in ("", word):
        return size[1], "size"
    return None, "unknown"


def is_garment(word: str, specification: str, base_unit: str) -> bool:
    """Return whether 件 is plainly one garment: of clothing, and the specification counts 件 inside its packs."""
    levels = _contents(unicodedata.normalize("NFKC", specification).lower())
    return word == "件" and base_unit in GARMENTS and any(inner == "件" for _, inner, _ in levels)


def is_case(word: str, specification: str) -> bool:
    """Return whether 件 is plainly a freight case: the specification gives contents per 件."""
    return word == "件" and "/件" in unicodedata.normalize("NFKC", specification)
