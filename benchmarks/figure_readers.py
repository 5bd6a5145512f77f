"""How fast a table of figures becomes observations, every cell checked; beside Polars, which checks nothing."""

import io
import time
import tracemalloc
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import polars as pl
from openpyxl import Workbook

from sameboat.figures.engine.readers import load_mapping, read

ROWS, SHEET_ROWS, CASES = 1_000_000, 50_000, 100_000
PLACES = 500
TODAY = date(2026, 1, 1)


def measure() -> Iterator[dict[str, Any]]:
    """Yield seconds for a long CSV of a million rows, a sheet, and a line list; and the memory a row takes."""
    data = _long(ROWS)
    mapping = load_mapping(
        """
        format = "csv"
        layout = "long"
        date = { column = "date" }
        place = { columns = ["place"] }
        signal_column = "signal"
        value_column = "value"
        values = [{ column = "cases", signal = "cases.confirmed" }]
        """
    )
    began = time.perf_counter()
    reading = read(data, mapping, today=TODAY)
    ours = time.perf_counter() - began
    assert len(reading.observations) == ROWS
    began = time.perf_counter()
    frame = pl.read_csv(io.BytesIO(data), try_parse_dates=True, schema_overrides={"place": pl.String})
    rows = frame.rows()
    peer = time.perf_counter() - began
    assert len(rows) == ROWS
    yield {
        "what": "CSV of 1,000,000 rows to observations",
        "ours": ours,
        "unit": "s",
        "bar": "< 20",
        "peer": "Polars to tuples, unchecked",
        "peers": peer,
    }
    del reading, frame, rows
    tracemalloc.start()
    part = read(_long(100_000), mapping, today=TODAY)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    yield {
        "what": "memory at most, a row of CSV",
        "ours": most / len(part.observations),
        "unit": "bytes",
        "bar": "< 1000",
    }

    sheet = _sheet(SHEET_ROWS)
    wide = load_mapping(
        """
        format = "excel"
        date = { column = "date" }
        place = { columns = ["place"] }
        values = [{ column = "cases", signal = "cases.confirmed" }, { column = "deaths", signal = "deaths" }]
        """
    )
    began = time.perf_counter()
    assert len(read(sheet, wide, today=TODAY).observations) == 2 * SHEET_ROWS
    yield {
        "what": f"Excel of {SHEET_ROWS:,} rows, four columns",
        "ours": time.perf_counter() - began,
        "unit": "s",
        "bar": "< 20",
    }

    cases = _cases(CASES)
    listed = load_mapping(
        """
        format = "linelist-csv"
        cases = [{ column = "onset", signal = "cases.by-onset" }]
        place = { columns = ["place"] }
        strata = [{ column = "sex", values = { F = "female", M = "male" } }]
        """
    )
    began = time.perf_counter()
    read(cases, listed, today=TODAY)
    yield {"what": f"line list of {CASES:,} persons", "ours": time.perf_counter() - began, "unit": "s", "bar": "< 20"}


def _day(number: int) -> date:
    return date(2020, 1, 1) + timedelta(days=number)


def _long(rows: int) -> bytes:
    lines = (f"{_day(n // PLACES)},{110000 + n % PLACES},cases,{n * 7919 % 5000}" for n in range(rows))
    return ("date,place,signal,value\n" + "\n".join(lines) + "\n").encode()


def _sheet(rows: int) -> bytes:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("figures")
    sheet.append(["date", "place", "cases", "deaths"])
    for n in range(rows):
        sheet.append([_day(n // PLACES), 110000 + n % PLACES, n * 7919 % 5000, n % 9])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _cases(rows: int) -> bytes:
    lines = (f"{_day(n * 7919 % 200)},{110000 + n * 31 % 20},{'FM'[n % 2]}" for n in range(rows))
    return ("onset,place,sex\n" + "\n".join(lines) + "\n").encode()
