"""Target data of a forecast hub, form "time series" (hubverse.io, target-data): what was observed, as of the vintage.

A missing figure has an empty observation, which hubverse's readers take for NA.
"""

from collections.abc import Iterator

from sameboat.figures.engine.formats.table import Table, cell

CONTENT_TYPE = "text/csv; charset=utf-8"
VERSION = "1"
COLUMNS = ("location", "target_end_date", "target", "observation", "as_of")


def parts(table: Table) -> Iterator[bytes]:
    """Yield the file in parts, one line or more each. A later definition's target names it after its signal."""
    yield (",".join(COLUMNS) + "\n").encode()
    target = cell(f"{table.signal} {table.definition}".strip())
    for row in table.rows:
        yield f"{cell(row.place)},{row.date},{target},{table.written(row)},{table.published_on}\n".encode()
