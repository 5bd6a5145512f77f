"""What a place's published figure holds beyond those of its parts: cases whose district nobody knows, or a mistake."""

from collections.abc import Mapping

import numpy as np

from sameboat.figures.engine.panel import Panel


def residuals(panel: Panel, parents: Mapping[str, str]) -> Panel:
    """Return, for every place with parts in the panel, its own figure less the sum of its parts', by day.

    Unknown (NaN) on a day on which its own figure or that of any part is missing: a sum without a part is no sum.

    Parameters
    ----------
    panel
        Figures of places and of their parts.
    parents
        Each place's parent by code. A place that stands not in the panel is no part.
    """
    rows = {place: row for row, place in enumerate(panel.places)}
    children: dict[str, list[int]] = {}
    for place, row in rows.items():
        parent = parents.get(place, "")
        if parent in rows and parent != place:
            children.setdefault(parent, []).append(row)
    own = sorted(children, key=rows.__getitem__)
    values = np.full((len(own), panel.days), np.nan)
    for number, place in enumerate(own):
        values[number] = panel.values[rows[place]] - panel.values[children[place]].sum(axis=0)
    return Panel(panel.signal, tuple(own), panel.first, values, definition=panel.definition)
