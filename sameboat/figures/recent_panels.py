"""Panels of the latest vintages, kept by this process so that the next vintage is judged without reading them again.

A panel is a function of its vintage, whose public id is never used twice: what is kept is right as long as it is kept,
and where nothing is, the panel is read.
"""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from sameboat.figures import queries
from sameboat.figures.engine.differences import Stood
from sameboat.figures.engine.observation import Observation
from sameboat.figures.engine.panel import Panel
from sameboat.figures.models import Definition, Series, Vintage

MOST_CELLS = 4_000_000
"""Figures kept in all, of 8 bytes each; the panels used longest ago go first."""

FURTHER_BACK = timedelta(60)
"""So much more is read than is asked for, as the next vintage may change figures somewhat older."""

_WORTH_IT = 4
"""A panel of the whole feed is read and kept where no more than so many times the places asked for are in it."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """A panel that holds every series of its feed and definition from a day on."""

    since: date
    panel: Panel


_kept: OrderedDict[tuple[str, int], _Kept] = OrderedDict()
_lock = threading.Lock()


def panel_at(
    vintage: Vintage,
    before: Vintage | None,
    of: Definition,
    changed: Sequence[Observation],
    places: dict[int, str],
    start: date,
) -> Panel:
    """Return the figures of `places`, and perhaps of others of the feed, as a stored vintage leaves them.

    Parameters
    ----------
    changed
        What the vintage changed of this definition against `before`.
    places
        Codes by primary key.
    start
        The days from here on are wanted; earlier ones may stand in the panel too.
    """
    with _lock:
        last = _kept.pop((before.public_id, of.pk), None) if before is not None else None
    if last is not None and last.since <= start:
        now = _Kept(last.since, _changed(last.panel, changed))
    else:
        everyone = dict(
            Series.objects.filter(feed=vintage.feed_id, definition=of).values_list("place_id", "place__code")
        )
        if len(everyone) > _WORTH_IT * len(places):
            return queries.panel(places, of, vintage, start=start)
        since = start - FURTHER_BACK
        now = _Kept(since, queries.panel(everyone, of, vintage, start=since))
    with _lock:
        _kept[vintage.public_id, of.pk] = now
        while len(_kept) > 1 and sum(each.panel.values.size for each in _kept.values()) > MOST_CELLS:
            _kept.popitem(last=False)
    return now.panel


def panel_before(panel: Panel, changed: Sequence[Observation], stood: Stood, places: set[str]) -> Panel:
    """Return the figures of `places` before `changed` as an array of the same days, from those after it."""
    rows = [row for row, place in enumerate(panel.places) if place in places]
    numbers = {panel.places[row]: number for number, row in enumerate(rows)}
    values = panel.values[rows]
    for row in changed:
        column = panel.column(row.date)
        if row.place in numbers and 0 <= column < panel.days:
            value = stood.get((row.place, row.signal, row.definition, row.date), (None, ""))[0]
            values[numbers[row.place], column] = np.nan if value is None else value
    return Panel(panel.signal, tuple(numbers), panel.first, values, panel.cumulative, panel.definition)


def _changed(panel: Panel, changed: Sequence[Observation]) -> Panel:
    """Return a panel after some of its figures have changed, with the places and days that are new."""
    fresh = sorted({row.place for row in changed} - set(panel.places))
    days = [row.date for row in changed]
    first = min([panel.first, *days]) if panel.places else min(days)
    last = max([panel.day(panel.days - 1), *days]) if panel.places else max(days)
    before = (panel.first - first).days if panel.places else 0
    values = np.full((len(panel.places) + len(fresh), (last - first).days + 1), np.nan)
    values[: len(panel.places), before : before + panel.days] = panel.values
    places = (*panel.places, *fresh)
    numbers = {place: row for row, place in enumerate(places)}
    for row in changed:
        values[numbers[row.place], (row.date - first).days] = np.nan if row.value is None else row.value
    order = sorted(range(len(places)), key=places.__getitem__)
    return Panel(
        panel.signal, tuple(places[row] for row in order), first, values[order], panel.cumulative, panel.definition
    )
