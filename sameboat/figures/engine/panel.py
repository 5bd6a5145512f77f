"""One signal in many places over many days, as an array."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from sameboat.figures.engine.observation import Observation

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


class PanelError(ValueError):
    """Figures that make no panel."""


@dataclass(frozen=True, slots=True)
class Panel:
    """What one vintage says of one signal.

    Attributes
    ----------
    signal, definition
        Their codes.
    places
        The places' codes, one a row.
    first
        The day of the first column; the others follow day by day.
    values
        Whole smallest units, (places, days); NaN is missing, which is not zero. Exact up to 2**53.
    cumulative
        Whether a day holds the count so far, or that day's own.
    """

    signal: str
    places: tuple[str, ...]
    first: date
    values: Array
    cumulative: bool = False
    definition: str = ""

    def __post_init__(self) -> None:
        if self.values.ndim != 2 or len(self.values) != len(self.places):
            raise PanelError(f"{len(self.places)} places need as many rows; the values have shape {self.values.shape}")

    @property
    def days(self) -> int:
        """How many days there are."""
        return int(self.values.shape[1])

    def day(self, column: int) -> date:
        """Return the day of a column."""
        return self.first + timedelta(days=int(column))

    def column(self, day: date) -> int:
        """Return the column of a day, which may lie outside."""
        return (day - self.first).days


def panel_of(
    observations: Iterable[Observation],
    signal: str,
    definition: str = "",
    *,
    cumulative: bool = False,
    places: Sequence[str] | None = None,
    first: date | None = None,
    last: date | None = None,
) -> Panel:
    """Return one signal's observations as a panel.

    Parameters
    ----------
    places, first, last
        The rows and days wanted; by default those that the observations have, places in alphabetical order. What lies
        outside is left out.

    Raises
    ------
    PanelError
        There is no observation of the signal and no days are given, or a value that an array cannot hold exactly.
    """
    chosen = [o for o in observations if o.signal == signal and o.definition == definition]
    if not chosen and (first is None or last is None):
        raise PanelError(f"there is no observation of {signal}{f' as {definition}' if definition else ''}")
    first = first or min(o.date for o in chosen)
    last = last or max(o.date for o in chosen)
    rows = {place: n for n, place in enumerate(places if places is not None else sorted({o.place for o in chosen}))}
    values = np.full((len(rows), max((last - first).days + 1, 0)), np.nan)
    for one in chosen:
        if one.value is not None and one.place in rows and first <= one.date <= last:
            if abs(one.value) >= 2**53:
                raise PanelError(f"{one.value} in {one.place} on {one.date} is more than an array holds exactly")
            values[rows[one.place], (one.date - first).days] = one.value
    return Panel(signal, tuple(rows), first, values, cumulative, definition)
