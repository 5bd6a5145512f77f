"""What a forecaster sees at an origin: level, growth and their steadiness, read from one vintage."""

from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Final

import numpy as np

from sameboat.situation.engine.forecast.reporting import fill_days, fill_weeks
from sameboat.situation.engine.forecast.vintage import WEEK, History, Vintage
from sameboat.situation.engine.incidence import Array, Mask

PSEUDO_COUNT: Final = 5.0  # added before the logarithm, so that zeros have one
# Log change from week to week that is believed, by step: a factor of 4.5 where days can be checked, else of 2.
LARGEST_STEP: Final = {1: 1.5, WEEK: 0.7}
WEEKS: Final = 7  # of levels read at an origin
DAYS_READ: Final = (WEEKS + 5) * WEEK  # dumps are told from the four weeks before them
SHORTEST: Final = {1: 4 * WEEK, WEEK: 1}  # days of figures below which nothing is forecast, by step
TREND_DAYS: Final = 3 * WEEK  # two weeks make no trend
YEAR: Final = 52
PLACES_DIFFER: Final = 0.03  # variance between places of true weekly log growth
CLUSTERING: Final = 4.0  # variance of the log ratio of two counts, times the count: twice Poisson's


@dataclass(frozen=True)
class Origin:
    """One origin's predictors, a row a place; changes are of logs, and bounded.

    Attributes
    ----------
    level
        (places,) Log of the last seven days' count: what forecasts start from.
    growth
        (places, 3) Its change over the last week, the week before, and the one before that.
    recent
        (places,) Change of the last three days against the same days a week before; of weekly figures, the mean of
        `growth`.
    leading
        (places, 4) Weekly growth of the leading signal, newest first; (places, 0) without one.
    height
        (places,) The level over its mean of the past year.
    unsteadiness
        (places,) Mean absolute change of growth from week to week.
    counts
        (places,) Events of the last four weeks.
    reporting
        (places,) Whether anything was reported in them.
    """

    level: Array
    growth: Array
    recent: Array
    leading: Array
    height: Array
    unsteadiness: Array
    counts: Array
    reporting: Mask


def rows(origin: Origin, chosen: Mask) -> Origin:
    """Return the chosen places of `origin`."""
    return Origin(**{field.name: getattr(origin, field.name)[chosen] for field in fields(Origin)})


def stacked(origins: list[Origin]) -> Origin:
    """Return all rows of `origins` under each other; one at least."""
    return Origin(
        **{field.name: np.concatenate([getattr(origin, field.name) for origin in origins]) for field in fields(Origin)}
    )


def mirrored(origin: Origin) -> Origin:
    """Return `origin` with growth and decline exchanged."""
    return replace(origin, growth=-origin.growth, recent=-origin.recent, leading=-origin.leading, height=-origin.height)


def completed(origin: Origin, backfill: Array) -> Origin:
    """Return `origin` with late reports added, and with growth that small counts cannot show taken from all places.

    `backfill` (places,) is the log of what late reports add to the last week. A place's growth keeps the share of its
    variance that is not the noise of counting; the rest is the growth common to all places, weighted by the root of
    their counts.
    """
    growth = origin.growth.copy()
    growth[:, 0] += backfill
    own = PLACES_DIFFER / (PLACES_DIFFER + CLUSTERING * np.exp(-origin.level))
    weight = np.where(origin.reporting, np.exp(origin.level / 2), 0)
    weight = weight / max(weight.sum(), 1e-9)
    recent = origin.recent + backfill / 3
    return replace(
        origin,
        level=origin.level + backfill,
        growth=own[:, None] * growth + (1 - own)[:, None] * (weight @ growth),
        recent=own * recent + (1 - own) * (weight @ recent),
    )


class Origins:
    """Reads origins of one signal from a history, each once."""

    def __init__(self, history: History, signal: str, leading: str | None = None) -> None:
        self.history, self.signal, self.leading = history, signal, leading
        self._read: dict[tuple[date, date], Origin] = {}

    @property
    def signals(self) -> list[str]:
        """The signals an origin needs."""
        return [self.signal] if self.leading is None else [self.signal, self.leading]

    def newest(self, vintage: Vintage) -> date:
        """Return the last day that `vintage` reaches in all signals."""
        return min(vintage.last(signal) for signal in self.signals)

    def at(self, last: date, vintage: Vintage | None = None) -> Origin | None:
        """Return the origin that ends on `last`; None where figures do not reach it, or began too short before it.

        It is read from `vintage`, or from the oldest vintage that reaches `last`: what was known at the time.
        """
        vintage = vintage or self.history.first_with(self.signals, last)
        if vintage is None or vintage.days_until(last) < SHORTEST[vintage.step]:
            return None
        key = (vintage.as_of, last)
        if key not in self._read:
            self._read[key] = self._origin(vintage, last)
        return self._read[key]

    def _origin(self, vintage: Vintage, last: date) -> Origin:
        reported = vintage.until(self.signal, last)
        weeks, recent = _weekly(reported, vintage.step)
        most = LARGEST_STEP[vintage.step]
        steps = _steps(weeks, most)
        level = np.log(weeks[:, 1] + PSEUDO_COUNT) + steps[:, 0]
        if vintage.days_until(last) < TREND_DAYS:
            steps = np.zeros_like(steps)
        leading = np.empty((len(level), 0))
        if self.leading is not None:
            leading = _steps(_weekly(vintage.until(self.leading, last), vintage.step)[0], most)[:, :4]
        month = reported[:, -4 * WEEK // vintage.step :]
        return Origin(
            level=level,
            growth=steps[:, :3],
            recent=steps[:, :3].mean(axis=1) if recent is None else recent,
            leading=leading,
            height=np.clip(level - _yearly_mean(reported, vintage.step), -2, 1),
            unsteadiness=np.abs(steps[:, :-1] - steps[:, 1:]).mean(axis=1),
            counts=weeks[:, :4].sum(axis=1),
            reporting=np.asarray((~np.isnan(month)).any(axis=1)),
        )


def _weekly(reported: Array, step: int) -> tuple[Array, Array | None]:
    """Return the counts of the last `WEEKS` weeks, newest first, (places, WEEKS), and the recent growth of daily ones.

    A history that is shorter is continued backwards with its oldest week.
    """
    if step == WEEK:
        return _newest_first(fill_weeks(reported[:, -WEEKS:])[0]), None
    filled, _ = fill_days(reported[:, -DAYS_READ:])
    whole = min(filled.shape[1] // WEEK, WEEKS)
    weeks = _newest_first(filled[:, -whole * WEEK :].reshape(len(filled), whole, WEEK).sum(axis=2))
    now, before = filled[:, -3:].sum(axis=1), filled[:, -10:-7].sum(axis=1)
    recent = np.log((now + PSEUDO_COUNT) / (before + PSEUDO_COUNT))
    return weeks, np.clip(recent, -LARGEST_STEP[step], LARGEST_STEP[step])


def _newest_first(weeks: Array) -> Array:
    return np.asarray(np.pad(weeks, ((0, 0), (WEEKS - weeks.shape[1], 0)), mode="edge")[:, ::-1])


def _steps(weeks: Array, most: float) -> Array:
    """Return the log changes from week to week, newest first, each at most `most`; (places, WEEKS - 1)."""
    logs = np.log(weeks + PSEUDO_COUNT)
    return np.asarray(np.clip(logs[:, :-1] - logs[:, 1:], -most, most))


def _yearly_mean(reported: Array, step: int) -> Array:
    """Return the mean over the past year of the log of weekly counts, (places,)."""
    periods = WEEK // step
    counts = np.nan_to_num(np.maximum(reported, 0))
    whole = min(counts.shape[1] // periods, YEAR)
    weeks = counts[:, -whole * periods :].reshape(len(counts), whole, periods).sum(axis=2)
    return np.asarray(np.log(weeks + PSEUDO_COUNT).mean(axis=1))
