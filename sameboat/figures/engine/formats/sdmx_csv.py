"""SDMX-CSV 2.0 (SDMX 3.0; sdmx-twg/sdmx-csv, data message field guide), the status by SDMX's CL_OBS_STATUS 2.2.

The dataflow's dimensions are not coded: places and signals go by the codes that this installation publishes. The first
definition of a signal is `_Z`, not applicable, because a dimension has a value in every row.
"""

import csv
import io
from collections.abc import Iterator

from sameboat.figures.engine.formats.table import Row, Table, cell

CONTENT_TYPE = "application/vnd.sdmx.data+csv; version=2.0.0"
VERSION = "1"

DATAFLOW = "SAMEBOAT:FIGURES(1.0.0)"
COLUMNS = (
    "STRUCTURE",
    "STRUCTURE_ID",
    "ACTION",
    "FREQ",
    "SOURCE",
    "REF_AREA",
    "INDICATOR",
    "DEFINITION",
    "TIME_PERIOD",
    "OBS_VALUE",
    "OBS_STATUS",
    "UNIT_MEASURE",
    "DECIMALS",
    "MISSING_REASON",
    "VINTAGE",
)
NORMAL, BREAK, MISSING = "A", "B", "O"
STATUS = {
    "not-reported": "O",
    "withheld": "Q",
    "suppressed": "Q",
    "not-applicable": "M",
    "unreadable": "L",
}
"""O missing; Q suppressed; M cannot exist; L exists but was not collected. MISSING_REASON has the exact reason."""


def parts(table: Table) -> Iterator[bytes]:
    """Yield the file in parts, one line or more each."""
    yield _line([*COLUMNS])
    head = ["dataflow", DATAFLOW, "I", "D", cell(table.feed)]
    about = [cell(table.signal), cell(table.definition) or "_Z"]
    tail = [cell(table.unit), str(table.decimals)]
    for row in table.rows:
        figure = [row.date.isoformat(), table.written(row), _status(row)]
        yield _line([*head, cell(row.place), *about, *figure, *tail, row.missing, str(row.stated_in)])


def _status(row: Row) -> str:
    if row.missing:
        return STATUS.get(row.missing, MISSING)
    return BREAK if row.breaks else NORMAL


def _line(cells: list[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow(cells)
    return text.getvalue().encode()
