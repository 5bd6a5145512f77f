"""Rt of every series of a table, as rows that can be written as CSV: the work of `sameboat situation rt`."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

import numpy as np
from scipy.special import gammaincc, gammaincinv

from sameboat.situation.engine.cori import estimate_cori
from sameboat.situation.engine.incidence import Array
from sameboat.situation.engine.rt import estimate_rt
from sameboat.situation.engine.serial_interval import discretised_serial_interval
from sameboat.situation.tables.series import LONGEST, SeriesTable, TableError, read_cells
from sameboat.situation.told_plainly import told_plainly

Method = Literal["cori", "headline"]
COLUMNS = ("series", "day", "mean", "median", "lower", "upper", "above_one", "told")
TAIL = 12  # standard deviations after which nothing is left of a serial interval
AT_ONCE = 64  # series estimated between two steps of the progress bar


@dataclass(frozen=True)
class RtTable:
    """Estimates by name of column, each (series, days): nan where there is none; and what was odd."""

    method: Method
    series: SeriesTable
    estimates: dict[str, Array]
    serial_interval: Array
    level: float

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield one mapping for each series and day, with None where there is no estimate."""
        for number, name in enumerate(self.series.names):
            for position, day in enumerate(self.series.days):
                values = {column: self.estimates[column][number, position] for column in COLUMNS[2:-1]}
                yield {
                    "series": name,
                    "day": day.isoformat() if isinstance(day, date) else day,
                    **{column: None if np.isnan(value) else float(value) for column, value in values.items()},
                    "told": bool(self.estimates["told"][number, position]),
                }

    def as_csv(self) -> str:
        """Return the rows as CSV: numbers in full, an empty cell where there is none, told as 1 or 0."""
        buffer = io.StringIO()
        writer = csv.DictWriter(buffer, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows({**row, "told": int(row["told"])} for row in self.rows())
        return buffer.getvalue()

    def as_json(self) -> dict[str, Any]:
        """Return what a program reads."""
        return {
            "method": self.method,
            "level": self.level,
            "serial_interval_mean": float(self.serial_interval @ np.arange(len(self.serial_interval))),
            "series": list(self.series.names),
            "notes": list(self.series.notes),
            "estimates": list(self.rows()),
        }


@dataclass(frozen=True)
class RtReport:
    """The result of the command: the table itself, or where it was written."""

    table: RtTable
    written: Path | None

    wrong = False

    def as_json(self) -> dict[str, Any]:
        """Return the estimates, or where they were written."""
        if self.written is None:
            return self.table.as_json()
        return {**self.table.as_json(), "estimates": None, "written": str(self.written)}

    def as_text(self) -> Iterable[str]:
        """Return CSV, or a line about the file."""
        if self.written is None:
            return self.table.as_csv().splitlines()
        days, series = len(self.table.series.days), len(self.table.series.names)
        return [
            f"{series} series of {days} days, {self.table.method}: {self.written}",
            *self.table.series.notes,
        ]


def estimate_table(
    series: SeriesTable,
    method: Method,
    serial_interval: Array,
    *,
    window: int = 7,
    prior_mean: float = 5.0,
    prior_sd: float = 5.0,
    level: float = 0.95,
    done: Callable[[int, int], None] = lambda _done, _total: None,
) -> RtTable:
    """Return Rt of every series by one of the two methods; window and prior are Cori's alone.

    Raises
    ------
    BadInput
        If a serial interval, window, prior or level cannot be.
    """
    parts: list[dict[str, Array]] = []
    for start in range(0, len(series.names), AT_ONCE):
        counts = series.counts[start : start + AT_ONCE]
        with told_plainly(method):
            if method == "cori":
                parts.append(_cori(counts, serial_interval, window, prior_mean, prior_sd, level))
            else:
                parts.append(_headline(counts, serial_interval, level))
        done(min(start + AT_ONCE, len(series.names)), len(series.names))
    estimates = {column: np.concatenate([part[column] for part in parts]) for column in COLUMNS[2:]}
    return RtTable(method, series, estimates, serial_interval, level)


def _cori(
    counts: Array, weights: Array, window: int, prior_mean: float, prior_sd: float, level: float
) -> dict[str, Array]:
    found = estimate_cori(counts, weights, window=window, prior_mean=prior_mean, prior_sd=prior_sd, level=level)
    told = ~np.isnan(found.mean)
    shape, rate = (found.mean / found.sd) ** 2, found.mean / found.sd**2
    return {
        "mean": found.mean,
        "median": gammaincinv(shape, 0.5) / rate,
        "lower": found.lower,
        "upper": found.upper,
        "above_one": gammaincc(shape, rate),
        "told": told,
    }


def _headline(counts: Array, weights: Array, level: float) -> dict[str, Array]:
    found = estimate_rt(counts, weights, level=level)
    return {column: getattr(found, column) for column in COLUMNS[2:]}


def read_serial_interval(path: Path) -> Array:
    """Return the probabilities of 0, 1, 2, … days in a file: one a line, after a header or none.

    A first column of days 0, 1, 2, … (or from 1, then day 0 has none) may stand before them.

    Raises
    ------
    TableError
        If it is no such table.
    """
    header, rows = read_cells(path)
    cells = [header, *(cells for _, cells in rows)]
    try:
        numbers = [[float(cell) for cell in line] for line in cells[_has_words(header) :]]
    except ValueError:
        raise TableError(f"{path}: a serial interval is one probability a line; some line is not a number") from None
    table: Array = np.array(numbers, dtype=np.float64)
    if table.shape[1] == 1:
        return table.ravel()
    start = table[0, 0]
    if table.shape[1] == 2 and start in (0, 1) and (table[:, 0] == start + np.arange(len(table))).all():
        # R numbers its lines from 1: there the first line is of day 0, whose probability is 0.
        shifted = start == 1 and table[0, 1] > 0
        probabilities: Array = np.r_[np.zeros(int(shifted)), table[:, 1]]
        return probabilities
    raise TableError(f"{path}: a serial interval is one probability a line, or days and probabilities")


def _has_words(header: list[str]) -> bool:
    try:
        _ = [float(cell) for cell in header]
    except ValueError:
        return True
    return False


def default_serial_interval(mean: float, sd: float, days: int) -> Array:
    """Return the serial interval discretised as EpiEstim does, as long as the series, or as it takes to be whole.

    Raises
    ------
    BadInput
        If there is none with this mean and sd.
    """
    with told_plainly("serial interval"):
        whole = int(max(mean, 0) + TAIL * max(sd, 0)) if np.isfinite(mean + sd) else 0
        return discretised_serial_interval(mean, sd, max(days + 1, min(whole, LONGEST)))
