"""One figure as a source states it."""

from dataclasses import dataclass
from datetime import date

MISSING_REASONS = (
    "not-reported",
    "withheld",
    "not-applicable",
    "suppressed",
    "unreadable",
    "withdrawn",
)
"""Why a figure has no value. `suppressed`: too few people to show without showing who; `withdrawn`: taken back."""


@dataclass(frozen=True, slots=True)
class Observation:
    """What a source says of one place, day and signal.

    Attributes
    ----------
    place
        Code in the tree of places, such as `420100`, `CN`, or a place's own `…-unassigned` child.
    signal
        Such as `cases.confirmed`.
    definition
        Code of the definition that the count follows; empty for the signal's first.
    date
        The day that the figure speaks of.
    value
        Whole smallest units of the signal, whose `decimals` say how many make one; None where it is missing.
    missing
        Why, one of `MISSING_REASONS`; empty exactly where there is a value.
    """

    place: str
    signal: str
    definition: str
    date: date
    value: int | None
    missing: str = ""

    def __post_init__(self) -> None:
        if (self.value is None) != bool(self.missing):
            raise ValueError(f"{self.place} {self.signal} {self.date}: a figure has a value or a reason why not")
        if self.missing and self.missing not in MISSING_REASONS:
            raise ValueError(f"'{self.missing}' is no reason; there are {', '.join(MISSING_REASONS)}")


@dataclass(frozen=True, slots=True)
class Rejected:
    """A line of a source that cannot be used: its number, its cells as they came, and what is wrong with it."""

    line: int
    raw: dict[str, str]
    problem: str
