"""The formats that figures go out in, one file each: a table in, bytes out, the same bytes for the same table."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from sameboat.figures.engine.formats import fhir_json, hub_csv, hxl_csv, parquet, plain_json, sdmx_csv
from sameboat.figures.engine.formats.table import Row as Row
from sameboat.figures.engine.formats.table import Table as Table


@dataclass(frozen=True, slots=True)
class Format:
    """How a table is written; `version` changes whenever the bytes for the same table would."""

    content_type: str
    version: str
    parts: Callable[[Table], Iterator[bytes]]

    def encode(self, table: Table) -> bytes:
        """Return the whole file."""
        return b"".join(self.parts(table))


FORMATS: Mapping[str, Format] = {
    name: Format(writer.CONTENT_TYPE, writer.VERSION, writer.parts)
    for name, writer in (
        ("csv", hxl_csv),
        ("json", plain_json),
        ("parquet", parquet),
        ("sdmx.csv", sdmx_csv),
        ("fhir.json", fhir_json),
        ("hub.csv", hub_csv),
    )
}
"""Formats by how the names of their files end."""
