"""What the counts of the last days will become, as rows: the work of `sameboat situation nowcast`."""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from sameboat.situation.engine.nowcast import nowcast
from sameboat.situation.tables.reports import read_triangles
from sameboat.situation.told_plainly import told_plainly

COLUMNS = ("stratum", "day", "reported", "expected", "lower_95", "lower_50", "median", "upper_50", "upper_95")
LEVELS = {"lower_95": 0.025, "lower_50": 0.25, "median": 0.5, "upper_50": 0.75, "upper_95": 0.975}


@dataclass(frozen=True)
class NowcastTable:
    """Rows of the days that are not complete yet, newest last; and what was odd."""

    rows: list[dict[str, Any]]
    notes: tuple[str, ...]

    wrong = False

    def as_json(self) -> dict[str, Any]:
        """Return what a program reads."""
        return {"notes": list(self.notes), "nowcasts": self.rows}

    def as_text(self) -> Iterable[str]:
        """Return CSV."""
        buffer = io.StringIO()
        writer = csv.DictWriter(buffer, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(self.rows)
        return buffer.getvalue().splitlines()


def nowcast_file(path: Path, as_of: date | None = None) -> NowcastTable:
    """Return the nowcasts of every stratum in a table of reports, as known on `as_of`.

    Raises
    ------
    BadInput
        If the table cannot be read, or is too short for its delays.
    """
    rows: list[dict[str, Any]] = []
    notes: list[str] = []
    for triangle in read_triangles(path, as_of):
        notes += triangle.notes
        with told_plainly(f"{path}, {triangle.name}"):
            made = nowcast(triangle.counts, revision=triangle.revision)
        places = {name: int(np.abs(made.probabilities - level).argmin()) for name, level in LEVELS.items()}
        for row in range(len(triangle.counts) - triangle.counts.shape[1] + 1, len(triangle.counts)):
            quantiles = {name: float(made.quantiles[row, place]) for name, place in places.items()}
            known = {"reported": float(made.reported[row]), "expected": float(made.expected[row])}
            rows.append({"stratum": triangle.name, "day": triangle.day(row), **known, **quantiles})
    return NowcastTable(rows, tuple(dict.fromkeys(notes)))
