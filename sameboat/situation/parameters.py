"""What the room's estimates assume, each with its source, and how much of a history its pages read."""

from typing import Final

CASES: Final = "cases.confirmed"
"""The signal that a page opens with where its place has it."""

INFECTIONS: Final = frozenset({"cases", "cases.confirmed", "cases.probable"})
"""The signals that count people who fell ill: of these Rt, alerts and forecasts are made."""

POPULATION: Final = "population"
"""The signal whose newest figure is what rates are taken by."""

SERIAL_INTERVAL_MEAN: Final = 4.7
SERIAL_INTERVAL_SD: Final = 2.9
SERIAL_INTERVAL_DAYS: Final = 21
SERIAL_INTERVAL_SOURCE: Final = (
    "H. Nishiura, N. M. Linton, A. R. Akhmetzhanov (2020). Serial interval of novel coronavirus (COVID-19) infections. "
    "International Journal of Infectious Diseases 93, 284-286."
)
"""Days from one person's symptoms to those of the people infected by them; a gamma distribution."""

LEVEL: Final = 0.95
"""Probability of the band of Rt."""

WINDOW: Final = 365
"""Days of a history that a page reads: its work does not grow with the years."""
