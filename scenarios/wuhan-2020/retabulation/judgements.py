"""The hand-made tables beside this folder: what a stated text was taken to be, and why."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from retabulation.quantities import base_quantity_each, is_case, is_garment
from retabulation.sources import Row, one_line, read_csv


class UnjudgedError(Exception):
    """A stated text that the judgement tables do not name."""


@dataclass(frozen=True)
class Measured:
    """A unit's code, the whole number of base units (None: unknown) and how it was found."""

    unit: str
    base_quantity: int | None
    reading: str


class Judgements:
    """The judgement tables of one folder, and the questions asked of them."""

    def __init__(self, folder: Path) -> None:
        self.places = {row["code"]: row for row in read_csv(folder / "places.csv")}
        self.items = {row["code"]: row for row in read_csv(folder / "items.csv")}
        self.organisations = {row["key"]: row for row in read_csv(folder / "organisations.csv")}
        self._units = {row["stated_as"]: row["code"] for row in read_csv(folder / "units.csv") if row["stated_as"]}
        self._items: dict[str, list[Row]] = {}
        for row in read_csv(folder / "item_aliases.csv"):
            self._items.setdefault(row["stated_item"], []).append(row)
        self._organisations: dict[str, list[Row]] = {}
        for row in read_csv(folder / "organisation_aliases.csv"):
            self._organisations.setdefault(row["alias"], []).append(row)
        self._prefixes = {alias[:-1]: rows for alias, rows in self._organisations.items() if alias.endswith("*")}
        self._packs = {
            (row["stated_item"], row["specification"], row["stated_unit"]): row["base_quantity_each"]
            for row in read_csv(folder / "pack_readings.csv")
        }

    def item(self, stated: str, detail: str) -> Row:
        """Return the catalogue's row for a stated item; `detail` is its specification or standard.

        Raises UnjudgedError where no alias names it.
        """
        for alias in self._items.get(stated, []):
            if not alias["detail"] or re.search(alias["detail"], detail, re.IGNORECASE):
                return self.items[alias["item"]]
        raise UnjudgedError(f"No row of item_aliases.csv names the item {stated!r} ({detail!r}).")

    def organisation(self, stated: str, under: tuple[str, ...] = ()) -> str:
        """Return an organisation's key, "" for nobody named; `under` are the places a list puts the name under.

        Raises UnjudgedError where no alias names it.
        """
        name = one_line(stated)
        if not name:
            return ""
        rows = self._organisations.get(name, [])
        for row in rows:
            if row["under"] in under:
                return row["organisation"]
        for row in rows:
            if not row["under"]:
                return row["organisation"]
        for prefix, named in self._prefixes.items():
            if name.startswith(prefix):
                return named[0]["organisation"]
        raise UnjudgedError(
            f"No row of organisation_aliases.csv names {name!r} (under {', '.join(under) or 'nothing'})."
        )

    def named(self, name: str) -> str:
        """Return the key of the organisation that has exactly this name wherever it stands, "" where none has."""
        rows = self._organisations.get(name, [])
        return rows[0]["organisation"] if len(rows) == 1 and not rows[0]["under"] else ""

    def measure(self, number: int | None, word: str, stated_item: str, specification: str, base_unit: str) -> Measured:
        """Return the unit's code and the base quantity of `number` of them."""
        judged = self._packs.get((stated_item, specification, word))
        if judged is not None:
            each, reading = (int(judged), "judged-pack") if judged else (None, "unknown")
        else:
            each, reading = base_quantity_each(word, specification, base_unit)
        if word == "件":
            if is_garment(word, specification, base_unit):
                unit = "garment"
            else:
                case = is_case(word, specification) or judged not in (None, "", "1")
                unit = "case" if case else "jian"
        else:
            unit = self._units[word or "/"]
        if number is None:
            return Measured(unit if word else "", None, "unknown")
        return Measured(unit, None if each is None else number * each, reading)

    def place(self, name: str, within: str = "") -> str | None:
        """Return the code of the place of this Chinese name, inside the place `within`; None where there is none."""
        codes = [
            code
            for code, row in self.places.items()
            if row["name_zh"] in (name, f"{name}省", f"{name}市") and within in ("", code, row["parent"])
        ]
        return codes[0] if len(codes) == 1 else None
