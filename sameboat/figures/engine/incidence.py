"""What came newly each day, from counts so far. What cannot be known stays unknown; nothing is spread or smoothed."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

import numpy as np

from sameboat.figures.engine.panel import Array, Panel, PanelError


@dataclass(frozen=True, slots=True)
class Lump:
    """What came newly over several days together, because the days between are missing.

    Attributes
    ----------
    place
        The place's code.
    first, last
        The days it covers, both included.
    amount
        Of all these days together; negative for a correction.
    """

    place: str
    first: date
    last: date
    amount: int


@dataclass(frozen=True, slots=True)
class Increments:
    """Daily increments and what is known of several days only together.

    Attributes
    ----------
    panel
        Increments by place and day; NaN where the day or the day before it is missing, on a day of a break, and on the
        first day, before which nothing is known. Negative ones, which correct earlier days, are kept.
    lumps
        In the order of places and days.
    """

    panel: Panel
    lumps: tuple[Lump, ...]


def increments(cumulative: Panel, breaks: Collection[date] = ()) -> Increments:
    """Return the daily increments of counts so far, within one vintage.

    Parameters
    ----------
    cumulative
        Counts so far.
    breaks
        Days from which another definition holds: what came newly on them, or over a gap that holds one, is unknown.

    Raises
    ------
    PanelError
        The panel holds increments already.
    """
    if not cumulative.cumulative:
        raise PanelError(f"{cumulative.signal} is no count so far; its days are increments already")
    values = cumulative.values
    daily = np.full_like(values, np.nan)
    if cumulative.days > 1:
        daily[:, 1:] = np.diff(values, axis=1)
    broken = np.zeros(cumulative.days, dtype=bool)
    for day in breaks:
        if 0 <= (column := cumulative.column(day)) < cumulative.days:
            broken[column] = True
    daily[:, broken] = np.nan
    panel = Panel(cumulative.signal, cumulative.places, cumulative.first, daily, definition=cumulative.definition)
    return Increments(panel, tuple(_lumps(cumulative, broken.cumsum())))


def last_known(values: Array) -> tuple[Array, Array]:
    """Return, for each day, the latest known value before it and its column; NaN and -1 where there is none."""
    known = ~np.isnan(values)
    columns = np.where(known, np.arange(values.shape[1]), -1)
    latest = np.maximum.accumulate(columns, axis=1)
    before = np.full(values.shape, -1)
    before[:, 1:] = latest[:, :-1]
    found = np.take_along_axis(values, np.maximum(before, 0), axis=1)
    return np.where(before >= 0, found, np.nan), before.astype(np.float64)


def _lumps(cumulative: Panel, breaks_so_far: np.ndarray[tuple[int], np.dtype[np.int64]]) -> list[Lump]:
    values = cumulative.values
    before, column = last_known(values)
    far = ~np.isnan(values) & (column >= 0) & (column < np.arange(cumulative.days) - 1)
    lumps = []
    for row, last in np.argwhere(far):
        first = int(column[row, last])
        if breaks_so_far[last] == breaks_so_far[first]:
            amount = int(values[row, last] - before[row, last])
            lumps.append(Lump(cumulative.places[row], cumulative.day(first + 1), cumulative.day(last), amount))
    return lumps
