"""One figure: a place, a signal, a day, and a whole number or the reason why there is none."""

from dataclasses import dataclass
from datetime import date

MISSING_REASONS = ("not-reported", "withheld", "not-applicable", "suppressed", "unreadable", "withdrawn")
"""Why a figure is missing. Missing is never zero."""


@dataclass(frozen=True, slots=True)
class Observation:
    """What a source says of one signal in one place on one day.

    Attributes
    ----------
    place
        The place's code, such as "420100" or "CN".
    signal
        What is counted, such as "cases.confirmed".
    definition
        The code of the definition, "" for the signal's only one.
    date
        The day it was true of.
    value
        Whole smallest units of the signal, whose decimals say how many; None is missing.
    missing
        Why it is missing, one of MISSING_REASONS; "" exactly where there is a value.
    """

    place: str
    signal: str
    definition: str
    date: date
    value: int | None
    missing: str = ""
