"""The alerts of one place, as a vintage gives them: when it began to grow or to shrink, and weeks above a forecast."""

from collections.abc import Sequence

import numpy as np

from sameboat.situation.engine.alerts import (
    Alert,
    Flag,
    RtByDay,
    WeekSeen,
    forecast_alerts,
    growth_alerts,
    newest_first,
    with_doubts,
)
from sameboat.situation.engine.curve import masked
from sameboat.situation.queries.forecasts import PastRound
from sameboat.situation.queries.outbreak import Outbreak
from sameboat.situation.queries.reproduction import RtDay

MOST = 8
"""Alerts that a page lists."""


def alerts(shown: Outbreak, rounds: Sequence[PastRound]) -> list[Alert]:
    """Return the newest alerts of a place, changes before notes; those on figures that a check flagged are notes.

    Days that may still change tell nothing: an alert must not come from figures that are not all in.
    """
    if not shown.rt:
        return []
    place, signal = shown.place.code, shown.subject.signal.code
    vintage = shown.standpoint.vintage.public_id
    settled = [day for day in shown.rt if shown.settled_until is None or day.day <= shown.settled_until]
    found = growth_alerts(place, signal, vintage, _by_day(shown, settled)) if settled else []
    weeks = [
        WeekSeen(week.end, float("nan") if week.came is None else week.came, week.median, week.high_95)
        for each in rounds
        for week in each.weeks
        if week.weeks == 1 and (week.standing is None or week.standing.shown)
    ]
    found += forecast_alerts(place, signal, vintage, _one_a_week(weeks))
    flags = [
        Flag(place, signal, each.date, each.kind)
        for each in shown.flags
        if each.signal_id is None or each.signal_id == shown.subject.signal.pk
    ]
    return newest_first(with_doubts(found, flags))[:MOST]


def _by_day(shown: Outbreak, settled: Sequence[RtDay]) -> RtByDay:
    def hundredths(values: Sequence[int | None]) -> np.ndarray:
        return np.array([np.nan if value is None else value / 100 for value in values])

    return RtByDay(
        first=settled[0].day,
        cases=np.array(masked(shown.days[: len(settled)])),
        above_one=hundredths([day.growing for day in settled]),
        median=hundredths([day.median for day in settled]),
        lower=hundredths([day.lower for day in settled]),
        upper=hundredths([day.upper for day in settled]),
        told=np.array([day.median is not None for day in settled]),
    )


def _one_a_week(weeks: Sequence[WeekSeen]) -> list[WeekSeen]:
    """Return one forecast a week, the first of those given: of the newest round."""
    by_end: dict[object, WeekSeen] = {}
    for week in weeks:
        by_end.setdefault(week.end, week)
    return list(by_end.values())
