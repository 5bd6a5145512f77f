"""Daily counts as arrays: what is accepted, and what a missing day is."""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


class IncidenceError(ValueError):
    """Daily counts that no estimate can be made from."""


class ParameterError(ValueError):
    """A window, prior or level that no estimate can be made with."""


def checked_incidence(incidence: ArrayLike, *, negatives: Literal["raise", "mask"] = "raise") -> Array:
    """Return daily counts as an array of shape (regions, days); NaN is a missing day, which is not zero.

    Parameters
    ----------
    incidence
        New cases a day, shape (days,) or (regions, days).
    negatives
        What to do with a negative count, which is a correction of earlier days and not an incidence: refuse it,
        or take the day as missing.

    Raises
    ------
    IncidenceError
        Not numeric, of another shape, empty, infinite, or negative.
    """
    try:
        counts = np.array(incidence, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise IncidenceError(f"Daily counts must be numbers, with NaN for a missing day: {error}.") from error
    if counts.ndim == 1:
        counts = counts[np.newaxis]
    if counts.ndim != 2 or counts.size == 0:
        raise IncidenceError(
            "Daily counts must have the shape (days,) or (regions, days) with at least one region and day; "
            f"got {np.shape(incidence)}."
        )
    if np.isinf(counts).any():
        region, day = np.argwhere(np.isinf(counts))[0]
        raise IncidenceError(f"Region {region}, day {day}: an infinite count. Mark a missing day as NaN.")
    negative = counts < 0
    if negative.any():
        if negatives == "raise":
            region, day = np.argwhere(negative)[0]
            raise IncidenceError(
                f"Region {region}, day {day}: a negative count, {counts[region, day]:g}. It corrects earlier days: "
                "correct those, or have it taken as missing with negatives='mask'."
            )
        counts[negative] = np.nan
    return counts
