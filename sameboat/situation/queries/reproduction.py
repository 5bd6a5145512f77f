"""Rt of one curve, computed when it is asked for and kept for a while under the vintage it was computed from."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from django.core.cache import cache

from sameboat.situation.engine.curve import Day, masked
from sameboat.situation.engine.rt import estimate_rt
from sameboat.situation.engine.serial_interval import discretised_serial_interval
from sameboat.situation.parameters import LEVEL, SERIAL_INTERVAL_DAYS, SERIAL_INTERVAL_MEAN, SERIAL_INTERVAL_SD

SECONDS_KEPT = 3_600


@dataclass(frozen=True, slots=True)
class RtDay:
    """Rt on one day, in hundredths, with its 95 % band; None where the day's count does not tell of it.

    `growing` is the probability that R exceeds 1, in percent.
    """

    day: date
    median: int | None
    lower: int | None
    upper: int | None
    growing: int | None


def reproduction(days: Sequence[Day]) -> tuple[RtDay, ...]:
    """Return Rt on every day of a curve; days that were not counted, were lowered or lie on a break tell nothing.

    The result is kept under what it was computed from, so that a crowd costs no more than one reader.
    """
    if not days:
        return ()
    new = masked(days)
    assumed = (SERIAL_INTERVAL_MEAN, SERIAL_INTERVAL_SD, SERIAL_INTERVAL_DAYS, LEVEL)
    digest = hashlib.sha256(repr((days[0].day.isoformat(), new, assumed)).encode()).hexdigest()
    key = f"situation:rt:{digest}"
    kept: tuple[RtDay, ...] | None = cache.get(key)
    if kept is None:
        kept = _estimate(days, new)
        cache.set(key, kept, SECONDS_KEPT)
    return kept


def _estimate(days: Sequence[Day], new: list[float]) -> tuple[RtDay, ...]:
    nothing = tuple(RtDay(day.day, None, None, None, None) for day in days)
    if not np.isfinite(new).any():
        return nothing
    interval = discretised_serial_interval(SERIAL_INTERVAL_MEAN, SERIAL_INTERVAL_SD, SERIAL_INTERVAL_DAYS)
    made = estimate_rt(new, interval / interval.sum(), level=LEVEL)
    return tuple(
        RtDay(
            day.day,
            *(round(100 * float(array[at])) for array in (made.median, made.lower, made.upper, made.above_one)),
        )
        if made.told[at]
        else nothing[at]
        for at, day in enumerate(days)
    )
