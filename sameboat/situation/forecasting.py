"""Forecasts of a vintage: everything read from it and from those before, nothing from those after; nothing stored."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from typing import Any

import numpy as np

from sameboat.figures import queries as figures
from sameboat.figures.models import Feed, Signal, Vintage
from sameboat.registry.models import Place
from sameboat.situation.engine.forecast import Forecaster, History, VintageError, running_score, standing
from sameboat.situation.engine.forecast import Round as Made
from sameboat.situation.engine.forecast import Vintage as Known
from sameboat.situation.engine.forecast.combination import FITTED_WEEKS
from sameboat.situation.engine.forecast.members import MEMBERS
from sameboat.situation.engine.forecast.vintage import WEEK
from sameboat.situation.engine.forecast_file import Forecast
from sameboat.situation.engine.incidence import Array
from sameboat.situation.models import Estimate, Round
from sameboat.situation.queries.standpoint import day_of

HORIZONS = 4
PUBLISHED, COMBINED = "sameboat", "combined"
"""How the published forecast and the one before its bands were fitted are called in the file."""

MOST_PLACES = 80
LEAST_COUNTED = 100
"""A part of a part is forecast when so many were counted there, the largest first, up to `MOST_PLACES` in all."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How the rounds before had done some weeks ahead; shares in percent.

    `active`: whether this week's forecast stands on its own; `shown`: whether it and all nearer ones do.
    """

    weeks: int
    active: bool
    shown: bool
    reason: str
    rounds: int
    relative: int | None
    coverage_50: int | None
    coverage_95: int | None


@dataclass(frozen=True)
class Computed:
    """A round that is not stored yet."""

    vintage: Vintage
    signal: Signal
    day: date
    last: date
    ends: tuple[date, ...]
    places: tuple[Place, ...]
    forecasts: tuple[Forecast, ...]
    standings: tuple[Standing, ...]


def compute(signal: Signal, vintage: Vintage) -> Computed:
    """Return the forecasts of the four weeks after a vintage's last day, with the standing of the rounds before.

    Only this vintage and those before it are read, and only breaks declared by its day; rounds stored of earlier
    vintages set weights and widths.

    Raises
    ------
    VintageError
        Where the vintage holds too little to forecast from.
    """
    day = day_of(vintage)
    places = _places(signal, vintage)
    if not places:
        raise VintageError(f"nothing is counted as {signal.code} by {day}")
    history = _history(places, signal, vintage)
    forecaster = Forecaster(history.continued_back(FITTED_WEEKS), signal.code)
    newest = history.known_on(day)
    last = newest.last(signal.code)
    ends = tuple(last + timedelta(WEEK * weeks) for weeks in range(1, HORIZONS + 1))
    stored = list(
        Round.objects.filter(feed=vintage.feed_id, signal=signal, vintage__number__lt=vintage.number).order_by("-day")[
            :FITTED_WEEKS
        ]
    )[::-1]
    past = [_made(each, places) for each in stored]
    made = forecaster.forecast(day, ends, past)
    forecasts = [
        Forecast(name, place.code, end, tuple(round(100 * float(value)) for value in array[at, horizon]))
        for name, array in _by_name(made).items()
        for at, place in enumerate(places)
        for horizon, end in enumerate(ends)
        if np.isfinite(array[at, horizon]).all()
    ]
    before = {row["weeks"]: row["active"] for row in stored[-1].standings} if stored else {}
    standings: list[Standing] = []
    for horizon in range(HORIZONS):
        told = _standing(forecaster, day, past, horizon, was_active=before.get(horizon + 1, True))
        standings.append(replace(told, shown=told.active and all(each.shown for each in standings)))
    return Computed(vintage, signal, day, last, ends, tuple(places), tuple(forecasts), tuple(standings))


def as_row(each: Standing) -> dict[str, Any]:
    """Return a standing as it is stored."""
    return asdict(each)


def _by_name(made: Made) -> dict[str, Array]:
    return {**made.members, COMBINED: made.combined, PUBLISHED: made.published}


def _standing(forecaster: Forecaster, day: date, past: Sequence[Made], horizon: int, *, was_active: bool) -> Standing:
    told = standing(running_score("published", forecaster.outcomes(day, past, horizon)), was_active)
    score = told.score

    def percent(value: float) -> int | None:
        return None if np.isnan(value) else round(100 * value)

    return Standing(
        weeks=horizon + 1,
        active=told.active,
        shown=told.active,
        reason=told.reason.name.lower(),
        rounds=score.rounds,
        relative=percent(score.relative),
        coverage_50=percent(score.coverage_50),
        coverage_95=percent(score.coverage_95),
    )


def _places(signal: Signal, vintage: Vintage) -> list[Place]:
    """Return the outermost place, its parts, and the parts of those in which most was counted by then."""
    feed: Feed = vintage.feed
    whole = figures.outermost(feed, signal)
    if whole is None:
        return []
    parts = figures.children(whole, feed, signal)
    inner = [place for part in parts for place in figures.children(part, feed, signal)]
    found = figures.lines([whole, *parts, *inner], signal, vintage, start=day_of(vintage) - timedelta(WEEK))

    def counted(place: Place) -> int:
        values = found[place.code].values().values() if place.code in found else ()
        return max((value for value in values if value is not None), default=-1)

    largest = sorted((place for place in inner if counted(place) >= LEAST_COUNTED), key=lambda place: -counted(place))
    known = [place for place in (whole, *parts) if counted(place) >= 0]
    return [*known, *largest][:MOST_PLACES]


def _history(places: Sequence[Place], signal: Signal, vintage: Vintage) -> History:
    """Return what was known on the day of each vintage: new cases by place and day, nan on breaks."""
    rows = {place.code: at for at, place in enumerate(places)}
    stated = figures.statements_of(places, signal, vintage)
    points = [(point.vintage, rows[code], point.date, point.value) for code, found in stated.items() for point in found]
    if not points:
        raise VintageError(f"nothing is counted as {signal.code} by {day_of(vintage)}")
    days = [day for _, _, day, _ in points]
    first, width = min(days), (max(days) - min(days)).days + 1
    known_on = {
        each.number: day_of(each) for each in figures.vintages(vintage.feed, vintage.number + 1, vintage.number)
    }
    broken = _broken(places, signal, vintage, first, width)
    by_day: dict[date, list[tuple[int, date, int | None]]] = defaultdict(list)
    for number, row, day, value in sorted(points, key=lambda point: point[0]):
        by_day[known_on[number]].append((row, day, value))
    state = np.full((len(places), width), np.nan)
    vintages = []
    for as_of in sorted(by_day):
        for row, day, value in by_day[as_of]:
            state[row, (day - first).days] = np.nan if value is None else value
        reach = np.flatnonzero(~np.isnan(state).all(axis=0))
        if reach.size:
            new = _new(state[:, : reach[-1] + 1], cumulative=signal.form == Signal.Form.CUMULATIVE)
            new[broken[:, : reach[-1] + 1]] = np.nan
            if not np.isnan(new).all():
                vintages.append(Known(as_of, first, 1, {signal.code: new}))
    if vintages and vintages[-1].as_of != day_of(vintage):  # it changed nothing: what stood before stands on its day
        vintages.append(Known(day_of(vintage), first, 1, vintages[-1].values))
    return History(vintages)


def _new(state: Array, *, cumulative: bool) -> Array:
    if not cumulative:
        return state.copy()
    new = np.full_like(state, np.nan)
    new[:, 1:] = np.diff(state, axis=1)
    return new


def _broken(places: Sequence[Place], signal: Signal, vintage: Vintage, first: date, width: int) -> Any:
    broken = np.zeros((len(places), width), dtype=bool)
    for row, place in enumerate(places):
        for each in figures.breaks(place, signal, vintage.feed, day_of(vintage)):
            if 0 <= (each.date - first).days < width:
                broken[row, (each.date - first).days] = True
    return broken


def _made(stored: Round, places: Sequence[Place]) -> Made:
    """Return a stored round as the engine knows it, with these places in this order; nan where it had none of one."""
    rows = {place.pk: at for at, place in enumerate(places)}
    estimates = list(Estimate.objects.filter(round=stored, place__in=rows))
    ends = tuple(stored.last + timedelta(WEEK * weeks) for weeks in range(1, HORIZONS + 1))
    columns: Mapping[date, int] = {end: at for at, end in enumerate(ends)}
    arrays = {name: np.full((len(places), HORIZONS, 23), np.nan) for name in (*MEMBERS, COMBINED, PUBLISHED)}
    for each in estimates:
        if each.model in arrays and each.end in columns:
            arrays[each.model][rows[each.place_id], columns[each.end]] = np.array(each.quantiles) / 100
    published, combined = arrays.pop(PUBLISHED), arrays.pop(COMBINED)
    return Made(stored.day, ends, arrays, combined, published)
