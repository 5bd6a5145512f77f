"""The plainest file of figures: CSV with the columns place, signal, date and value; definition and missing if need be.

Values are in the signal's unit, as decimal text. A line that cannot be used is kept with what is wrong, and the others
are read.
"""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sameboat.figures.engine import decimals as writing
from sameboat.figures.engine.observation import Observation, Rejected

NEEDED = ("place", "signal", "date", "value")
ALLOWED = (*NEEDED, "definition", "missing")


class TableError(ValueError):
    """A file that is no such table; the message says what to change."""


@dataclass(frozen=True, slots=True)
class Read:
    """What a file says, and its lines that cannot be used."""

    observations: list[Observation]
    rejected: list[Rejected]


def read(data: bytes, decimals: Mapping[str, int]) -> Read:
    """Return what a file says; `decimals` of each signal known.

    A row of HXL tags under the names is passed over. Raises TableError where the file is no CSV in UTF-8 with these
    columns.
    """
    try:
        lines = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise TableError(f"The file is not CSV in UTF-8: {error}.") from None
    names = [name.strip().lower() for name in lines[0]] if lines else []
    if missing := [name for name in NEEDED if name not in names]:
        raise TableError(f"The first line must name the columns {', '.join(NEEDED)}; {', '.join(missing)} is missing.")
    if unknown := sorted(set(names) - set(ALLOWED)) or len(names) != len(set(names)):
        told = ", ".join(unknown) if isinstance(unknown, list) else "a column twice"
        raise TableError(f"The columns may be {', '.join(ALLOWED)}; the file has {told[:80]}.")
    found, rejected = [], []
    for number, cells in enumerate(lines[1:], start=2):
        if not any(cells) or (number == 2 and any(cell.startswith("#") for cell in cells)):
            continue
        raw = dict(zip(names, (cell.strip() for cell in cells), strict=False))
        try:
            found.append(_observation(raw, len(cells) == len(names), decimals))
        except ValueError as error:
            rejected.append(Rejected(number, raw, str(error)))
    return Read(found, rejected)


def _observation(raw: Mapping[str, str], whole: bool, decimals: Mapping[str, int]) -> Observation:
    if not whole:
        raise ValueError("The line has more or fewer cells than the first one.")
    if raw["signal"] not in decimals:
        raise ValueError(f"Nobody stated what “{raw['signal'][:48]}” counts.")
    value = writing.smallest_units(raw["value"], decimals[raw["signal"]]) if raw["value"] else None
    missing = raw.get("missing", "") or ("not-reported" if value is None else "")
    return Observation(
        raw["place"], raw["signal"], raw.get("definition", ""), date.fromisoformat(raw["date"]), value, missing
    )
