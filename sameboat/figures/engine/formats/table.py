"""What every format writes: figures of one signal as they stood at one vintage."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime

from sameboat.figures.engine import decimals


@dataclass(frozen=True, slots=True)
class Row:
    """One figure: `value` in smallest units or None, `stated_in` the number of the vintage that said so.

    `breaks` tells that it is not comparable with those before it.
    """

    place: str
    date: date
    value: int | None
    missing: str
    stated_in: int
    breaks: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Figures of one feed, signal and definition at one vintage; codes alone, for a name may change and a code not.

    Attributes
    ----------
    vintage, number, sha256, entry
        The vintage's id and number, the hash of its file of changes, and the leaf hash of its entry on the log, in hex.
    published_at, published_on
        When it was published, and the day of that in the feed's zone.
    rows
        In the order of place and day; read once.
    """

    feed: str
    publisher: str | None
    signal: str
    definition: str
    form: str
    unit: str
    decimals: int
    vintage: str
    number: int
    published_at: datetime
    published_on: date
    sha256: str
    entry: str
    rows: Iterable[Row]

    @property
    def stamp(self) -> str:
        """When the vintage was published, in UTC."""
        return self.published_at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")

    def written(self, row: Row) -> str:
        """Return a figure as decimal text, empty where it is missing."""
        return "" if row.value is None else decimals.written(row.value, self.decimals)


def cell(text: str) -> str:
    """Return a text that no spreadsheet runs as a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
