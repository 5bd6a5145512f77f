"""Reads a table of daily series, one a column, and says what is odd about it.

What cannot be read is refused with its line. What can be read but should not be trusted blindly (a gap, a correction,
a spike) is kept, or taken as missing, and named in the notes.
"""

import csv
import io
import re
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np

from sameboat.situation.engine.incidence import Array
from sameboat.transparency.errors import BadInput

MISSING = {"", "na", "nan", "null", "none", "n/a", "-", "."}
INDEX_NAMES = {"", "date", "dates", "day", "days", "time", "t", "reference_date", "日期"}
DATE_FORMATS = {r"\d{4}-\d{2}-\d{2}": "-", r"\d{4}/\d{2}/\d{2}": "/"}
MOST_PEOPLE = 1e10  # no day can have more cases than there are people
LONGEST = 20_000  # days; a table that claims more has a mistyped year
MOST_BYTES = 200_000_000
SPIKE, SPIKE_FLOOR = 10.0, 50.0  # a day this many times the largest of the four weeks around it, and this many cases
GROWING_DAYS = 21  # a series that never falls for so long is looked at as cumulative
A_SHORT_SERIES = 14  # days below which an estimate says little


@dataclass(frozen=True)
class SeriesTable:
    """Daily series by name, (series, days), nan for a day that is missing; `days` are dates, or numbers from 1."""

    names: tuple[str, ...]
    days: tuple[date | int, ...]
    counts: Array
    notes: tuple[str, ...]


class TableError(BadInput):
    """A table that cannot be read; the message names the line."""

    code = "table"


def read_series(path: Path, today: date) -> SeriesTable:
    """Return the series in a CSV file; its first column may hold dates or numbers of days.

    Parameters
    ----------
    path
        A file of text with a header. Cells are separated by commas, semicolons or tabs. An empty cell, NA and NaN are
        a missing day.
    today
        Later days are noted as of the future.

    Raises
    ------
    TableError
        If the file is no such table: empty, binary or a web page, lines of unequal length, a cell that is not a
        number, dates in two formats, a day twice, more cases than people.
    """
    header, rows = read_cells(path)
    if len(set(header)) != len(header):
        twice = next(name for name in header if header.count(name) > 1)
        raise TableError(f"{path}: two columns are called '{twice}'; rename one")
    keyed = _has_index(header, rows)
    days, order, notes = _days(path, rows, today) if keyed else ([*range(1, len(rows) + 1)], [*range(len(rows))], [])
    names = header[1:] if keyed else header
    if not names:
        raise TableError(f"{path}: it has a column of days and none of counts; put one series a column")
    counts = np.full((len(names), len(days)), np.nan)
    for position, (line, cells) in zip(order, rows, strict=True):
        for series, cell in enumerate(cells[1:] if keyed else cells):
            counts[series, position] = _number(cell, f"{path}: line {line}, column '{names[series]}'")
    for name, row in zip(names, counts, strict=True):
        notes += _oddities(name, row, days)
    return SeriesTable(tuple(names), tuple(days), counts, tuple(notes))


def read_cells(path: Path) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """Return a CSV file's header and its other lines, each with its number; empty lines are left out.

    Raises
    ------
    TableError
        If it is no table of text, or a line has more or fewer cells than the header.
    """
    if path.is_dir():
        raise TableError(f"{path}: this is a folder; name the CSV file in it")
    data = path.read_bytes()
    if not data.strip():
        raise TableError(f"{path}: the file is empty")
    if len(data) > MOST_BYTES:
        raise TableError(f"{path}: {len(data):,} bytes are more than the {MOST_BYTES:,} that are read; split it")
    if b"\0" in data[:4096] or data[:4] == b"PAR1":
        raise TableError(f"{path}: this is not text; save the table as CSV in UTF-8")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TableError(f"{path}: byte {error.start} is not UTF-8; save the table as CSV in UTF-8") from error
    if re.match(r"\s*<(!doctype|html|head|\?xml|body)", text, re.IGNORECASE):
        raise TableError(f"{path}: this is a web page and not a table; download the file itself")
    first = text.lstrip().split("\n", 1)[0]
    separator = max(",;\t", key=first.count)
    try:
        lines = [(n, [cell.strip() for cell in cells]) for n, cells in _lines(text, separator) if any(cells)]
    except csv.Error as error:
        raise TableError(f"{path}: it cannot be read as CSV ({error})") from error
    header, rows = lines[0][1], lines[1:]
    if not rows:
        raise TableError(f"{path}: it has one line only; a header and at least one line of figures are needed")
    for line, cells in rows:
        if len(cells) != len(header):
            cut = "; the file seems to be cut short" if line == rows[-1][0] and len(cells) < len(header) else ""
            raise TableError(f"{path}: line {line} has {len(cells)} cells where the header has {len(header)}{cut}")
    return header, rows


def _lines(text: str, separator: str) -> list[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    # A line of a table with one column is empty where its cell is: a missing day, unless the file ends there.
    lines = [(reader.line_num, cells or [""]) for cells in reader]
    while lines and not any(lines[-1][1]):
        lines.pop()
    if lines and len(lines[0][1]) == 1:
        return [(n, cells if any(cells) else ["NA"]) for n, cells in lines]
    return lines


def _has_index(header: list[str], rows: list[tuple[int, list[str]]]) -> bool:
    """Return whether the first column holds days: by its name, or because its first cell is a date."""
    return header[0].lower() in INDEX_NAMES or _separator_of(rows[0][1][0]) is not None


def _separator_of(cell: str) -> str | None:
    return next((mark for form, mark in DATE_FORMATS.items() if re.fullmatch(form, cell)), None)


def _days(path: Path, rows: list[tuple[int, list[str]]], today: date) -> tuple[list[date | int], list[int], list[str]]:
    """Return every day from the first to the last, each row's position among them, and notes."""
    mark = _separator_of(rows[0][1][0])
    found: list[int] = []
    for line, (cell, *_) in rows:
        where = f"{path}: line {line}"
        if mark is None:
            if not re.fullmatch(r"\d{1,6}", cell):
                raise TableError(f"{where}: '{cell[:40]}' is neither a date like 2020-02-29 nor the number of a day")
            found.append(int(cell))
            continue
        if _separator_of(cell) != mark:
            example = f"2020{mark}02{mark}29"
            raise TableError(
                f"{where}: '{cell[:40]}' is not a date like {example}, as the first one is; use one format"
            )
        try:
            found.append(date(*map(int, cell.split(mark))).toordinal())
        except ValueError:
            raise TableError(f"{where}: '{cell}' is not a day of the calendar") from None
    lines: dict[int, int] = {}
    for day, (line, (cell, *_)) in zip(found, rows, strict=True):
        if day in lines:
            raise TableError(f"{path}: lines {lines[day]} and {line} are both of {cell}; keep one")
        lines[day] = line
    first, last = min(found), max(found)
    if last - first >= LONGEST:
        raise TableError(
            f"{path}: its days run from line {lines[first]} to line {lines[last]} over {last - first:,} days; "
            f"at most {LONGEST:,} are read, so a year may be mistyped"
        )
    notes = []
    if found != sorted(found):
        notes.append("the lines are not in the order of their days: they were sorted")
    gaps = [(b - a - 1, a) for a, b in pairwise(sorted(found)) if b - a > 1]
    days: list[date | int] = [date.fromordinal(n) if mark else n for n in range(first, last + 1)]
    if gaps:
        longest, after = max(gaps)
        before: date | int = date.fromordinal(after) if mark else after
        absent = sum(length for length, _ in gaps)
        notes.append(
            f"{absent} days have no line and count as missing; the longest gap is {longest} days after {before}"
        )
    if mark and (ahead := sum(day > today.toordinal() for day in found)):
        notes.append(f"{ahead} days are in the future: the last is {days[-1]}, today is {today}")
    return days, [day - first for day in found], notes


def _number(cell: str, where: str) -> float:
    if cell.lower() in MISSING:
        return float("nan")
    try:
        value = float(cell)
    except ValueError:
        hint = "; put one series a column" if re.search(r"[^\W\d_]", cell) else ""
        raise TableError(f"{where}: '{cell[:40]}' is not a number{hint}") from None
    if abs(value) > MOST_PEOPLE:
        raise TableError(f"{where}: {cell[:40]} is more than there are people")
    return value


def _oddities(name: str, series: Array, days: list[date | int]) -> list[str]:
    """Return what is odd about a series; negative days are set to missing in it."""
    notes = []
    if (negative := np.flatnonzero(series < 0)).size:
        notes.append(
            f"{name}: {negative.size} days are negative, the first {days[negative[0]]} ({series[negative[0]]:g}): "
            "corrections of other days, taken as missing"
        )
        series[negative] = np.nan
    known = series[~np.isnan(series)]
    if not known.size:
        return [*notes, f"{name}: every day is missing"]
    if not known.any():
        return [*notes, f"{name}: every day is zero: nothing can be told"]
    if known.size < A_SHORT_SERIES:
        notes.append(f"{name}: {known.size} days tell little")
    if (missing := int(np.isnan(series).sum()) - negative.size) > 0:
        notes.append(f"{name}: {missing} days are missing")
    spikes = [day for day in range(len(series)) if _stands_out(series, day)]
    if spikes:
        notes.append(f"{name}: {len(spikes)} spikes, the first on {days[spikes[0]]} ({series[spikes[0]]:g})")
    if known.size >= GROWING_DAYS and (np.diff(known) >= 0).all() and known[-1] > known[0]:
        notes.append(f"{name}: it never falls: is this a cumulative count? New cases a day are needed")
    if (known % 1 != 0).any():
        notes.append(f"{name}: not whole numbers: of smoothed figures the bands are too narrow")
    return notes


def _stands_out(series: Array, day: int) -> bool:
    around = np.r_[series[max(day - 14, 0) : day], series[day + 1 : day + 15]]
    around = around[~np.isnan(around)]
    return bool(around.size >= 7 and series[day] > SPIKE * around.max() + SPIKE_FLOOR)


def day_after(day: date | int, days: int) -> date | int:
    """Return the day so many days later, of the same kind."""
    return day + timedelta(days) if isinstance(day, date) else day + days
