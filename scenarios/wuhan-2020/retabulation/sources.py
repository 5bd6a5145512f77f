"""The raw files: where they are, what they hold, and which of their lines are no facts."""

from __future__ import annotations

import csv
import os
import re
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent
CHECKOUT = FOLDER.parent.parent

Row = dict[str, str]


class MissingFactsError(Exception):
    """The raw files are not where they were looked for."""


@dataclass(frozen=True)
class LeftOut:
    """A line of a raw table that is no fact, and why. Lines count records, the first after the header being 1."""

    table: str
    line: int
    reason: str


LEFT_OUT = (
    LeftOut("gifts_in_kind", 146, "a header line of the notice among the rows"),
    LeftOut("gifts_in_kind", 173, "the rest of the item named on the line before (a word of English on the box)"),
    LeftOut("gifts_in_kind", 175, "the rest of the item named on the line before (its model)"),
    LeftOut("gifts_in_kind", 349, "the closing paragraph of the notice"),
    LeftOut("handouts", 441, "the title of a day's notice among the rows"),
    LeftOut("handouts", 442, "a header line of the notice among the rows"),
)


def facts_folder() -> Path:
    """Return the folder of facts: `SAMEBOAT_FACTS`, or `../shared/facts` beside the checkout.

    Raises MissingFactsError where it has no `wuhan-2020` in it.
    """
    folder = Path(os.environ.get("SAMEBOAT_FACTS", CHECKOUT.parent / "shared" / "facts"))
    if not (folder / "wuhan-2020").is_dir():
        raise MissingFactsError(f"No folder wuhan-2020 in {folder}: set SAMEBOAT_FACTS to the folder of facts.")
    return folder


def read_csv(path: Path) -> list[Row]:
    """Return the rows of a UTF-8 CSV file, each value without the white space around it."""
    with path.open(encoding="utf-8-sig", newline="") as lines:
        return [{column: value.strip() for column, value in row.items()} for row in csv.DictReader(lines)]


def read_raw(facts: Path, table: str) -> list[Row]:
    """Return the rows of one raw table."""
    return read_csv(facts / "wuhan-2020" / f"{table}.csv")


def numbered(rows: list[Row], table: str) -> list[tuple[int, Row]]:
    """Return (line, row) for the rows that are facts; a line is a record's number, from 1."""
    dropped = {entry.line for entry in LEFT_OUT if entry.table == table}
    return [(line, row) for line, row in enumerate(rows, 1) if line not in dropped]


def one_line(text: str) -> str:
    """Return the text with every run of white space, line breaks too, as one space."""
    return re.sub(r"\s+", " ", text).strip()
