"""The tables of a scenario's folder: UTF-8 CSV with a header row, a large one compressed with gzip."""

import csv
import gzip
import io
import zlib
from collections.abc import Iterator
from pathlib import Path

Row = dict[str, str]


class ScenarioError(Exception):
    """A scenario's table is missing or a row of it cannot be read; the message names table and line."""


def rows(folder: Path, table: str) -> Iterator[tuple[int, Row]]:
    """Yield each row of `table`.csv, or of `table`.csv.gz, with its number from 1.

    Raises ScenarioError where there is no such table, or where it is no such text.
    """
    path = folder / f"{table}.csv"
    packed = folder / f"{table}.csv.gz"
    try:
        data = gzip.decompress(packed.read_bytes()) if packed.exists() else path.read_bytes()
        yield from enumerate(csv.DictReader(io.StringIO(data.decode(), newline="")), start=1)
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise ScenarioError(f"{packed if packed.exists() else path}: {error}") from error
