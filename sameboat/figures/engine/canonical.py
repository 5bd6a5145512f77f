"""Figures as a table of our own, one a row, that reads back to the same figures."""

import csv
import io
from collections.abc import Iterable

from sameboat.figures.engine.observation import Observation
from sameboat.figures.engine.readers.mapping import DateColumn, PlaceColumns, TableMapping, ValueColumn

UNLIMITED = 10**18
"""The largest figure a store keeps (a signed 64-bit number holds a little more)."""


def write_csv(observations: Iterable[Observation]) -> bytes:
    """Return figures as CSV in UTF-8: whole smallest units, a missing one empty with its reason beside it."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(("place", "series", "date", "value", "missing"))
    for one in observations:
        value = "" if one.value is None else one.value
        writer.writerow((one.place, _series(one.signal, one.definition), one.date.isoformat(), value, one.missing))
    return text.getvalue().encode()


def canonical_mapping(signals: Iterable[tuple[str, str]]) -> TableMapping:
    """Return the mapping that reads what `write_csv` wrote of these signals and definitions."""
    values = tuple(
        ValueColumn(
            column=_series(signal, definition),
            signal=signal,
            definition=definition,
            least=-UNLIMITED,
            most=UNLIMITED,
            optional=True,
        )
        for signal, definition in signals
    )
    return TableMapping(
        format="csv",
        layout="long",
        date=DateColumn(column="date"),
        place=PlaceColumns(columns=("place",)),
        values=values,
        signal_column="series",
        value_column="value",
        missing_column="missing",
        missing={},
        ends_with_newline=True,
    )


def _series(signal: str, definition: str) -> str:
    return f"{signal}/{definition}" if definition else signal
