"""A flag: one thing that looks wrong with figures, said beside them."""

from dataclasses import dataclass, field
from datetime import date

from sameboat.figures.engine.panel import Panel

KINDS = (
    "negative-increment",
    "spike",
    "stuck-value",
    "reporting-gap",
    "missing-day",
    "child-sum",
    "stale-feed",
    "future-date",
    "revised-strongly",
    "schema-drift",
)

# In the class below, `date` is a field.
Day = date


@dataclass(frozen=True, slots=True)
class Flag:
    """One thing that looks wrong with a figure, or with days of figures.

    Attributes
    ----------
    kind
        One of KINDS.
    place, signal
        Their codes; "" where it is about a whole file.
    date, until
        The first and last day that it is about.
    numbers
        What it was judged by, in whole smallest units; scores in tenths; shares in thousandths.
    """

    kind: str
    place: str
    signal: str
    date: Day
    until: Day
    numbers: dict[str, int | str] = field(default_factory=dict)


def flag_of(panel: Panel, kind: str, row: int, first: int, last: int, **numbers: float | str) -> Flag:
    """Return a flag on columns of one row of a panel; numbers are rounded to whole ones, and the definition is told."""
    told: dict[str, int | str] = {
        name: number if isinstance(number, str) else round(float(number)) for name, number in numbers.items()
    }
    if panel.definition:
        told["definition"] = panel.definition
    return Flag(kind, panel.places[row], panel.signal, panel.day(first), panel.day(last), told)
