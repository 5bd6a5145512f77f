"""CSV with a row of HXL tags (hxlstandard.org 1.1) under the names; empty where there is no value, with the reason."""

import csv
import io
from collections.abc import Iterator

from sameboat.figures.engine.formats.table import Table, cell

CONTENT_TYPE = "text/csv; charset=utf-8"
VERSION = "1"

COLUMNS = {
    "feed": "#meta+feed",
    "place": "#loc+code",
    "signal": "#indicator+code",
    "definition": "#indicator+definition",
    "date": "#date",
    "value": "#indicator+value+num",
    "unit": "#indicator+unit",
    "missing": "#status+missing",
    "stated_in": "#meta+vintage+stated",
    "vintage": "#meta+vintage+id",
    "published_at": "#date+published",
}


def parts(table: Table) -> Iterator[bytes]:
    """Yield the file in parts, one line or more each."""
    yield _line([*COLUMNS]) + _line([*COLUMNS.values()])
    head = [cell(table.feed)]
    about = [cell(table.signal), cell(table.definition)]
    unit, tail = cell(table.unit), [table.vintage, table.stamp]
    for row in table.rows:
        figure = [row.date.isoformat(), table.written(row), unit, row.missing, str(row.stated_in)]
        yield _line([*head, cell(row.place), *about, *figure, *tail])


def _line(cells: list[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow(cells)
    return text.getvalue().encode()
