"""What a reader knows beside the file and its mapping."""

from dataclasses import dataclass
from datetime import date

from sameboat.figures.engine.readers.places import Places
from sameboat.figures.engine.readers.reading import Limits


@dataclass(frozen=True, slots=True)
class Occasion:
    """The occasion on which a file is read.

    Attributes
    ----------
    today
        The day it is read on: later days are refused.
    places
        The places it may name; without them codes are taken as they stand.
    previous_rows
        `Reading.rows` of the vintage before: much fewer are taken for half a file.
    limits
        How much is read before the reader stops.
    """

    today: date
    places: Places | None
    previous_rows: int | None
    limits: Limits
