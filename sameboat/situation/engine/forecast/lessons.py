"""What past origins teach: how they went on, as known today."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import numpy as np

from sameboat.situation.engine.forecast.origins import (
    PSEUDO_COUNT,
    Origin,
    Origins,
    completed,
    mirrored,
    rows,
    stacked,
)
from sameboat.situation.engine.forecast.vintage import WEEK, Vintage
from sameboat.situation.engine.incidence import Array

FEWEST_EVENTS: Final = 5.0  # in four weeks, for a past origin to teach anything
WAVE_WEEKS: Final = 26.0  # about a wave: past weeks after which experience and prior belief weigh alike
BACKFILL_WEEKS: Final = 26  # past weeks from which late reports are learnt
FAMILIARITY: Final = 8.0  # weeks of its own after which a place's late reports count as much as all places'
MATURITY: Final = timedelta(weeks=4)  # after which a week's figure is taken as complete


@dataclass(frozen=True)
class Lesson:
    """Past origins with what followed, and the newest origin.

    Attributes
    ----------
    past
        Rows are (place, origin) pairs, each once as it was and once mirrored, growth and decline exchanged: a few
        months show one wave, and its drift must not be taken for a law.
    change
        (rows,) Log change from the origin's level to its target week.
    age
        (rows,) Weeks since the origin.
    trust
        (rows,) 1, or less for a mirrored row: `WAVE_WEEKS` / (`WAVE_WEEKS` + `weeks`).
    now
        The newest origin.
    lead
        Days from an origin to the end of its target week.
    weeks
        Past origins' number.
    """

    past: Origin
    change: Array
    age: Array
    trust: Array
    now: Origin
    lead: int
    weeks: int


def late_reports(origins: Origins, day: date, newest: date) -> Array:
    """Return the log of what late reports usually add to a place's newest week, (places,), as known on `day`.

    For each of the past weeks it is what `MATURITY` made of the first figure; a place's median is drawn to that of all
    places. Maturing is measured between vintages, so that a history rewritten for another reason is not taken for it.
    """
    added = []
    for age in range(1, BACKFILL_WEEKS + 1):
        end = newest - timedelta(weeks=age)
        first, past = origins.history.first_with(origins.signals, end), origins.at(end)
        if first is None or past is None:
            break
        mature = origins.history.known_on(min(day, first.as_of + MATURITY)).week(origins.signal, end)
        change = np.log(np.maximum(mature, 0) + PSEUDO_COUNT) - past.level
        added.append(np.where(past.counts >= FEWEST_EVENTS, change, np.nan))
    if not added or np.isnan(added).all():
        return np.zeros(origins.history.places)
    known = np.array(added)
    weeks = (~np.isnan(known)).sum(axis=0)
    usual = np.nanmedian(known) * len(known) / (len(known) + FAMILIARITY)
    own = np.nanmedian(np.where(weeks > 0, known, 0), axis=0)
    return np.asarray((weeks * own + FAMILIARITY * usual) / (weeks + FAMILIARITY))


def lesson(origins: Origins, vintage: Vintage, newest: date, backfill: Array, lead: int) -> Lesson:
    """Return all past origins whose target week, `lead` days on, `vintage` has reported, and the one on `newest`.

    `backfill` (places,) is added to the origins' last week, see `late_reports`.

    Raises
    ------
    ValueError
        If there is no origin on `newest`.
    """
    current = origins.at(newest, vintage)
    if current is None:
        raise ValueError(f"{origins.signal!r}: the figures of {vintage.as_of} begin too late for an origin on {newest}")
    now = completed(current, backfill)
    past, change, age = [rows(now, np.zeros(len(now.level), dtype=bool))], [np.empty(0)], [np.empty(0)]
    weeks = max(-(-lead // WEEK), 1)  # of the youngest earlier origin whose target week has ended
    while (origin := origins.at(newest - timedelta(weeks=weeks))) is not None:
        total = vintage.week(origins.signal, newest - timedelta(weeks=weeks) + timedelta(lead))
        usable = (total >= 0) & (origin.counts >= FEWEST_EVENTS) & origin.reporting
        past.append(rows(completed(origin, backfill), usable))
        change.append(np.log(total[usable] + PSEUDO_COUNT) - past[-1].level)
        age.append(np.full(len(change[-1]), float(weeks)))
        weeks += 1
    seen, followed, ages = stacked(past), np.concatenate(change), np.concatenate(age)
    mirror = WAVE_WEEKS / (WAVE_WEEKS + len(past) - 1)
    return Lesson(
        past=stacked([seen, mirrored(seen)]),
        change=np.r_[followed, -followed],
        age=np.r_[ages, ages],
        trust=np.repeat([1.0, mirror], len(followed)),
        now=now,
        lead=lead,
        weeks=len(past) - 1,
    )
