"""Flags from holding figures against others: a whole against its parts, a vintage against an earlier one."""

from collections.abc import Mapping
from datetime import date, timedelta

import numpy as np

from sameboat.figures.engine.expectation import runs
from sameboat.figures.engine.flag import Flag, flag_of
from sameboat.figures.engine.panel import Array, Mask, Panel, PanelError
from sameboat.figures.engine.residual import residuals

REVISED_SHARE = 0.05
"""A week that changes by more than a twentieth: the European forecast hub's line for a large revision."""


def flag_sums(panel: Panel, parents: Mapping[str, str], *, published: Panel | None = None) -> list[Flag]:
    """Return the days on which a place's figure is not the sum of its parts' and its published residual.

    Days in a row on which it differs make one flag, told with the largest difference among them.

    Parameters
    ----------
    panel
        Figures of places and of their parts.
    parents
        Each place's parent by code.
    published
        Residuals that the source itself publishes ("district unknown"), where no unassigned child stands among the
        parts; same first day and days as the panel. Where none is given it should be 0.

    Raises
    ------
    PanelError
        The published residuals are of other days.
    """
    left = residuals(panel, parents)
    values = left.values
    if published is not None:
        if (published.first, published.days) != (panel.first, panel.days):
            raise PanelError("the published residuals are of other days than the panel")
        rows = {place: row for row, place in enumerate(published.places)}
        own = [published.values[rows[place]] if place in rows else np.zeros(panel.days) for place in left.places]
        values = values - np.array(own).reshape(values.shape)
    off: Mask = ~np.isnan(values) & (values != 0)
    whole = {place: row for row, place in enumerate(panel.places)}
    flags = []
    for row, first, last in zip(*runs(off), strict=True):
        worst = first + int(np.abs(values[row, first : last + 1]).argmax())
        own_figure = panel.values[whole[left.places[row]], worst]
        flags.append(
            flag_of(
                left,
                "child-sum",
                row,
                first,
                last,
                days=last - first + 1,
                whole=own_figure,
                parts=own_figure - values[row, worst],
                difference=values[row, worst],
            )
        )
    return flags


def flag_revisions(earlier: Panel, later: Panel, *, week_ends: int = 5) -> list[Flag]:
    """Return the weeks whose count changed strongly from one vintage to a later one.

    A week counts where both vintages know all of its days: weeks, so that cases which moved from a Sunday to a Monday
    are no revision. Counts so far are turned into what came newly in the week.

    Parameters
    ----------
    earlier, later
        The same signal and places; the days may differ.
    week_ends
        The weekday a week ends on, Monday is 0; 5 is Saturday, as in epidemiological weeks.

    Raises
    ------
    PanelError
        The panels are of different places.
    """
    if earlier.places != later.places:
        raise PanelError("two vintages are compared place by place; these have different places")
    end = min(earlier.day(earlier.days - 1), later.day(later.days - 1))
    end -= timedelta(days=(end.weekday() - week_ends) % 7)
    start = max(earlier.first, later.first) + timedelta(days=1 if later.cumulative else 0)
    weeks = ((end - start).days + 1) // 7
    if weeks < 1:
        return []
    old, new = (_weeks(panel, end, weeks) for panel in (earlier, later))
    size = np.maximum(np.abs(old), np.abs(new))
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.abs(new - old) / size
        strong = np.argwhere(share > REVISED_SHARE)
    first = end - timedelta(days=7 * weeks - 1)
    flags = []
    for row, week in strong:
        day = later.column(first) + 7 * int(week)
        flags.append(
            flag_of(
                later,
                "revised-strongly",
                row,
                day,
                day + 6,
                earlier=old[row, week],
                later=new[row, week],
                share_thousandths=1000 * share[row, week],
            )
        )
    return flags


def _weeks(panel: Panel, end: date, weeks: int) -> Array:
    """Return the counts of the last `weeks` weeks up to the day `end`, (places, weeks)."""
    last = panel.column(end)
    if panel.cumulative:
        bounds = panel.values[:, last - 7 * weeks : last + 1 : 7]
        return np.diff(bounds, axis=1)
    result: Array = panel.values[:, last - 7 * weeks + 1 : last + 1].reshape(len(panel.places), weeks, 7).sum(axis=2)
    return result
