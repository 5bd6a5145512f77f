"""Daily counts freed of the habits of reporting: unreported days, dumps, corrections.

What is changed here feeds the forecast's predictors only. The figures themselves, and what a forecast is scored
against, stay as published.
"""

import numpy as np

from sameboat.situation.engine.incidence import Array, Mask

DUMP_FACTOR = 4.0  # a day this many times the largest rate around it is a dump
DUMP_FLOOR = 20.0  # and this many events more, so that small counts are left alone
HABIT = 5.0  # at a mean of 5 a Poisson count is zero on 0.7 % of days: a zero there means "not reported"
LONGEST_WAIT = 6  # days a report may be late before its zeros are believed


def fill_days(reported: Array) -> tuple[Array, Mask]:
    """Return plausible daily counts and where they were filled in, both (places, days).

    `reported` is (places, days) with nan for missing. Filled in are missing days, corrections (negative days: they
    belong to a past that is not known), dumps, and zeros at the end of the series on weekdays on which the place is
    in the habit of reporting. They get the mean of the same weekday in the two weeks before, scaled by how the other
    days of the week compare with theirs.
    """
    values = reported.copy()
    missing = np.isnan(values) | (values < 0)
    counts = np.where(missing, 0.0, values)
    missing |= _dumps(counts) | _unreported_end(counts)
    values[missing] = np.nan
    _fill(values, missing)
    return values, missing


def fill_weeks(reported: Array) -> tuple[Array, Mask]:
    """Return weekly counts with missing and negative weeks replaced by the week before, and where; (places, weeks)."""
    values = reported.copy()
    missing = np.isnan(values) | (values < 0)
    for column in range(values.shape[1]):
        before = values[:, column - 1] if column else np.zeros(len(values))
        values[:, column] = np.where(missing[:, column], before, values[:, column])
    return values, missing


def _dumps(counts: Array) -> Mask:
    """Return the days whose rate, spread over the zero days before them, stands far above all rates around them."""
    places, days = counts.shape
    silent = np.zeros((places, days))
    for day in range(1, days):
        silent[:, day] = np.where(counts[:, day - 1] == 0, np.minimum(silent[:, day - 1] + 1, LONGEST_WAIT), 0)
    rate = counts / (silent + 1)
    around = np.pad(rate, ((0, 0), (28, 7)))
    windows = np.lib.stride_tricks.sliding_window_view
    before = windows(around, 28, axis=1)[:, :days].max(axis=2)
    after = windows(around, 7, axis=1)[:, 29 : 29 + days].max(axis=2)
    return np.asarray((rate > DUMP_FACTOR * np.maximum(before, after) + DUMP_FLOOR) & (np.arange(days) >= 28))


def _unreported_end(counts: Array) -> Mask:
    """Return the zeros that end the series although the place reports on that weekday, and did a week before.

    Where it reported two weeks before but not one, the silence has lasted more than a week: it is believed.
    """
    places, days = counts.shape
    unreported = np.zeros((places, days), dtype=bool)
    silent, waiting = np.ones(places, dtype=bool), np.ones(places, dtype=bool)
    for back in range(1, min(LONGEST_WAIT, days - 21) + 1):
        day = days - back
        silent &= counts[:, day] == 0
        weekday = counts[:, [day - 7, day - 14, day - 21]]
        usual = silent & ((weekday >= HABIT).sum(axis=1) >= 2)
        waiting &= ~(usual & (weekday[:, 0] == 0))
        unreported[:, day] = usual
    return unreported & waiting[:, None]


def _fill(values: Array, missing: Mask) -> None:
    for place, day in zip(*np.nonzero(missing), strict=True):
        if day < 20:
            values[place, day] = 0.0
            continue
        row = values[place]
        usual = (row[day - 13 : day - 6] + row[day - 20 : day - 13]) / 2
        week = row[day - 6 : day + 1]
        both = ~np.isnan(week) & ~np.isnan(usual)
        change = (week[both].sum() + 1) / (usual[both].sum() + 1) if both.sum() >= 2 else 1.0
        expected = usual[-1] * np.clip(change, 0.25, 4.0)
        values[place, day] = expected if np.isfinite(expected) else 0.0
