"""Parquet, for millions of rows. The same Polars writes the same bytes; another version may pack them otherwise."""

import io
from collections.abc import Iterator
from datetime import UTC
from decimal import Decimal
from importlib.metadata import version

from sameboat.figures.engine.formats.table import Table

CONTENT_TYPE = "application/vnd.apache.parquet"
VERSION = f"1 polars {version('polars')}"

ROW_GROUP = 131_072


def parts(table: Table) -> Iterator[bytes]:
    """Yield the file, in one part: its directory stands at its end.

    Columns are those of the CSV. `value` is INT64, or a DECIMAL with the signal's decimals; null where it is missing.
    """
    import polars as pl

    places: list[str] = []
    days, values, missing, stated = [], [], [], []
    for row in table.rows:
        places.append(row.place)
        days.append(row.date)
        values.append(row.value)
        missing.append(row.missing)
        stated.append(row.stated_in)
    if table.decimals:
        kind: type[pl.DataType] | pl.DataType = pl.Decimal(20, table.decimals)
        numbers = [None if value is None else Decimal(value).scaleb(-table.decimals) for value in values]
        figures = pl.Series("value", numbers, dtype=kind)
    else:
        figures = pl.Series("value", values, dtype=pl.Int64)
    frame = pl.DataFrame(
        [
            pl.Series("place", places, dtype=pl.String),
            pl.Series("date", days, dtype=pl.Date),
            figures,
            pl.Series("missing", missing, dtype=pl.String),
            pl.Series("stated_in", stated, dtype=pl.Int64),
        ]
    ).select(
        pl.lit(table.feed).alias("feed"),
        "place",
        pl.lit(table.signal).alias("signal"),
        pl.lit(table.definition).alias("definition"),
        "date",
        "value",
        pl.lit(table.unit).alias("unit"),
        "missing",
        "stated_in",
        pl.lit(table.vintage).alias("vintage"),
        pl.lit(table.published_at.astimezone(UTC)).cast(pl.Datetime("ms", "UTC")).alias("published_at"),
    )
    file = io.BytesIO()
    frame.write_parquet(file, compression="zstd", row_group_size=ROW_GROUP)
    yield file.getvalue()
