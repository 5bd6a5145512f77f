"""JSON for programs: what the figures are and at which vintage, then one figure a line. No floats.

A value of a signal without decimals is a number, of any other decimal text; null where it is missing.
"""

import json
from collections.abc import Iterator
from typing import Any

from sameboat.figures.engine.formats.table import Table

CONTENT_TYPE = "application/json"
VERSION = "1"


def parts(table: Table) -> Iterator[bytes]:
    """Yield the file in parts, one line or more each."""
    about = {
        "feed": table.feed,
        "publisher": table.publisher,
        "signal": table.signal,
        "definition": table.definition,
        "form": table.form,
        "unit": table.unit,
        "decimals": table.decimals,
        "vintage": {
            "id": table.vintage,
            "number": table.number,
            "published_at": table.stamp,
            "sha256": table.sha256,
            "entry": table.entry,
        },
    }
    yield _dumped(about)[:-1].encode() + b',"figures":['
    between = b"\n"
    for row in table.rows:
        value = row.value if row.value is None or not table.decimals else table.written(row)
        figure = {
            "place": row.place,
            "date": row.date.isoformat(),
            "value": value,
            "missing": row.missing,
            "stated_in": row.stated_in,
        }
        yield between + _dumped(figure).encode()
        between = b",\n"
    yield b"\n]}\n"


def _dumped(content: dict[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))
