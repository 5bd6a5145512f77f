"""Where a check of figures reads files and shown figures from: an exported folder, a server, or the own database.

A folder and a server have the same paths: `figures export` writes what the API serves.
"""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from sameboat.figures.check.chain import Files, SeriesKey, Shown
from sameboat.figures.engine import decimals as writing
from sameboat.figures.export.paths import INDEX, change_path, table_path
from sameboat.transparency import sources
from sameboat.transparency.errors import BadInput
from sameboat.transparency.sources import Fetch, MissingError

LARGEST_FILE = 256 << 20
"""Bytes of a file of changes, or of a table; 2,000,000 changes have about 90 MB."""

_NEWEST = 10


class ShownWrongError(BadInput):
    """What a server or a folder shows cannot be read as figures."""

    code = "shown-wrong"


def of(place: str) -> Files:
    """Return the files of a server's address or of an exported folder."""
    return Server(place) if place.startswith(("http://", "https://")) else Folder(Path(place))


class Folder:
    """A folder that `sameboat figures export` wrote."""

    def __init__(self, root: Path) -> None:
        self.root, self.where = root, str(root)
        if not (root / INDEX).is_file():
            raise BadInput(f"{root} has no file '{INDEX}': give the folder that `sameboat figures export` wrote")
        self.index: dict[str, Any] = _json((root / INDEX).read_bytes(), INDEX)

    def change_file(self, vintage: str) -> bytes:
        """Return the file of what a vintage changed."""
        path = self.root / change_path(vintage)
        try:
            return path.read_bytes()
        except FileNotFoundError:
            raise MissingError(f"{path} is not there") from None

    def shown_at(self, feed: str, size: int) -> str:  # noqa: ARG002 - a folder has one state
        """Return the vintage at which the folder's tables stand."""
        return str(self._feed(feed).get("vintage") or "")

    def shown(
        self, feed: str, vintage: str, series: Iterable[SeriesKey], decimals: Mapping[str, int]
    ) -> Iterator[tuple[SeriesKey, Shown]]:
        """Yield every series of the folder's CSV tables, of the definitions asked for."""
        for signal, definition in sorted({(signal, definition) for _, signal, definition in series}):
            path = self.root / table_path(feed, signal, definition, "csv")
            with path.open(newline="", encoding="utf-8") as file:
                yield from _series_of(csv.reader(file), str(path), vintage, decimals.get(signal, 0))

    def _feed(self, code: str) -> dict[str, Any]:
        return next((each for each in self.index.get("feeds", []) if each.get("code") == code), {})


class Server:
    """A server of Sameboat, asked over its open API."""

    def __init__(self, address: str) -> None:
        self.where = address
        self._fetch: Fetch = sources.server(address, LARGEST_FILE)

    def change_file(self, vintage: str) -> bytes:
        """Return the file of what a vintage changed."""
        return self._fetch(f"api/{change_path(vintage)}")

    def shown_at(self, feed: str, size: int) -> str:
        """Return the newest vintage whose entry was on the log already."""
        page = self._json(f"figures/feeds/{quote(feed)}/vintages?limit={_NEWEST}")
        for each in page.get("items", []):
            index = each.get("entry_index")
            if isinstance(index, int) and index < size:
                return str(each["id"])
        return ""

    def shown(
        self, feed: str, vintage: str, series: Iterable[SeriesKey], decimals: Mapping[str, int]
    ) -> Iterator[tuple[SeriesKey, Shown]]:
        """Yield the series asked for, one request each."""
        for key in series:
            asked = dict(zip(("place", "signal", "definition"), key, strict=True)) | {"vintage": vintage}
            path = f"figures/feeds/{quote(feed)}/series.csv?{urlencode(asked)}"
            try:
                text = self._fetch(f"api/{path}").decode()
            except MissingError:
                continue
            yield from _series_of(csv.reader(io.StringIO(text, newline="")), path, vintage, decimals.get(key[1], 0))

    def _json(self, path: str) -> dict[str, Any]:
        return _json(self._fetch(f"api/{path}"), path)


def _json(data: bytes, where: str) -> dict[str, Any]:
    try:
        content = json.loads(data)
    except ValueError as error:
        raise ShownWrongError(f"{where} is not JSON: {error}") from None
    if not isinstance(content, dict):
        raise ShownWrongError(f"{where} is not an object")
    return content


def _series_of(
    lines: Iterator[list[str]], where: str, vintage: str, decimals: int
) -> Iterator[tuple[SeriesKey, Shown]]:
    """Yield the series of a CSV table, whose rows stand by place and day; raises ShownWrongError."""
    names = next(lines, [])
    next(lines, None)  # tags
    key: SeriesKey | None = None
    days: dict[date, tuple[int | None, str, int]] = {}
    for number, cells in enumerate(lines, start=3):
        try:
            row = dict(zip(names, cells, strict=True))
            here = (row["place"], row["signal"], row["definition"])
            value = writing.smallest_units(row["value"], decimals) if row["value"] else None
            figure = (value, row["missing"], int(row["stated_in"]))
            day, stood_at = date.fromisoformat(row["date"]), row["vintage"]
        except (KeyError, ValueError) as error:
            raise ShownWrongError(f"{where}, line {number}: {error}") from None
        if stood_at != vintage:
            raise ShownWrongError(f"{where}, line {number}: stands at {stood_at}, not at {vintage}; export it again")
        if key is not None and here != key:
            yield key, days
            days = {}
        key = here
        days[day] = figure
    if key is not None:
        yield key, days


class OwnStore:
    """This installation's own database."""

    where = "this installation's database"

    def change_file(self, vintage: str) -> bytes:
        """Return the file of what a vintage changed, made of what is stored."""
        from sameboat.figures import queries

        found = queries.vintage(vintage)
        if found is None:
            raise MissingError("the database has no such vintage")
        return queries.change_file_of(found)

    def shown_at(self, feed: str, size: int) -> str:
        """Return the newest vintage whose entry was on the log already."""
        from sameboat.figures import queries
        from sameboat.transparency import queries as log

        found = queries.feed(feed)
        for vintage in queries.vintages(found, limit=_NEWEST) if found else []:
            index = log.indices([bytes(vintage.entry)]).get(bytes(vintage.entry))
            if index is not None and index < size:
                return vintage.public_id
        return ""

    def shown(
        self,
        feed: str,
        vintage: str,
        series: Iterable[SeriesKey],
        decimals: Mapping[str, int],  # noqa: ARG002
    ) -> Iterator[tuple[SeriesKey, Shown]]:
        """Yield every series of the definitions asked for, as pages and files show them."""
        from sameboat.figures import overview, queries
        from sameboat.figures.export import tables as exports

        source, at = queries.feed(feed), queries.vintage(vintage)
        if source is None or at is None:
            return
        wanted = {(signal, definition) for _, signal, definition in series}
        for counted in overview.counted(source):
            signal, definition = counted.definition.signal.code, counted.definition.code
            if (signal, definition) not in wanted:
                continue
            found: dict[str, dict[date, tuple[int | None, str, int]]] = {}
            for row in exports.whole_table(counted.definition, at).rows:
                found.setdefault(row.place, {})[row.date] = (row.value, row.missing, row.stated_in)
            for place, days in found.items():
                yield (place, signal, definition), days
