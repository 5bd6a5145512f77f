"""Flags on figures that look wrong: said beside them, never instead of them. No figure is changed for a flag.

Each constant is a bar set by reason, given with it; how often flags agree with what people marked by hand is measured
by `python -m benchmarks flags` and told in docs/figures-quality.md.
"""

from collections.abc import Collection
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from sameboat.figures.engine.cross_checks import flag_revisions, flag_sums
from sameboat.figures.engine.expectation import REACH, Expectation, anscombe, expect, runs
from sameboat.figures.engine.flag import KINDS, Flag, flag_of
from sameboat.figures.engine.incidence import last_known
from sameboat.figures.engine.panel import Array, Panel
from sameboat.figures.engine.readers.reading import ReaderStop, SchemaDrift

__all__ = (
    "KINDS",
    "Flag",
    "flag_freshness",
    "flag_panel",
    "flag_revisions",
    "flag_stop",
    "flag_sums",
    "judge_from",
)

SPIKE_SCORE = 5.0
"""Standard deviations above what is expected. 3,000 places by 400 days are 1.2 million trials: a normal variable passes
5 in one of 3.5 million, and counts have heavier tails than that."""

SPIKE_TIMES = 2.0
"""A spike is at least twice what is expected: less is a busy day, however steady the series."""

SPIKE_LEAST = 10
"""Nor is a cluster of a few cases a spike of reporting."""

UNLIKELY = 1e-6
"""A run of zeros or of one number is flagged when chance would bring it about once in a panel of 1.2 million days."""

LEVEL_DOUBT = float(2 * 1.2533 / np.sqrt(7))
"""Twice the standard error of a median of seven days, in standard deviations: a level that may be so much lower is
taken to be, before zeros are called unlikely."""

FADING_DAYS = 7.0
"""Days for which a level goes on by itself, about a serial interval and a delay of reporting. A longer silence says no
more: it may be the end of an outbreak, or the time between two."""

TOO_FEW = 7
"""Cases in all the days judged, of which none can be a spike (SPIKE_LEAST), and no run of one number or of silence as
unlikely as UNLIKELY: the median of a week is at most 1."""

USUAL_STEPS = 0.95
"""A silence is unusual when it is longer than this share of the steps from one figure of the place to the next."""


def flag_panel(panel: Panel, *, breaks: Collection[date] = (), since: date | None = None) -> list[Flag]:
    """Return the flags that one vintage of one signal raises by itself, by place and day.

    Negative increments, spikes, stuck values, reporting gaps and missing days.

    Parameters
    ----------
    panel
        Counts so far or increments.
    breaks
        Days from which another definition holds; a spike on one says so.
    since
        The first day to judge, for a vintage that changed nothing long before it. The same flags are raised from that
        day on as by judging all of it, but for runs that are longer than REACH.
    """
    usual = _usual_steps(panel)
    if since is not None:
        start = max(panel.column(since) - REACH - 1, 0)
        panel = Panel(
            panel.signal,
            panel.places,
            panel.day(start),
            panel.values[:, start:],
            panel.cumulative,
            panel.definition,
        )
    before, column = last_known(panel.values)
    counts = panel.values
    if panel.cumulative:
        # Over a gap the increment is of several days: it may be negative, and is no day's count.
        counts = np.where(column == np.arange(panel.days) - 1, panel.values - before, np.nan)
    flags = [
        *_negative(panel, before, column),
        *_unlikely(panel, counts, breaks),
        *_missing_days(panel, usual),
    ]
    chosen = flags if since is None else [flag for flag in flags if flag.until >= since]
    order = {place: row for row, place in enumerate(panel.places)}
    return sorted(chosen, key=lambda flag: (order[flag.place], flag.date, KINDS.index(flag.kind)))


def judge_from(changed: date) -> date:
    """Return the first day whose flags may differ when a figure of the day `changed` does.

    Missing days are judged by the habit of the whole series, which one figure hardly changes.
    """
    return changed - timedelta(days=REACH)


def _unlikely(panel: Panel, counts: Array, breaks: Collection[date]) -> list[Flag]:
    """Flag counts that the days around make unlikely; so few cases as `TOO_FEW` never are, and need no expectation."""
    some = np.flatnonzero(np.nansum(np.abs(counts), axis=1) > TOO_FEW)
    if not len(some):
        return []
    busy = replace(panel, places=tuple(panel.places[row] for row in some), values=panel.values[some])
    expectation = expect(counts[some])
    return [
        *_spikes(busy, counts[some], expectation, breaks),
        *_silences(busy, counts[some], expectation),
        *_repeats(busy, counts[some], expectation),
    ]


def _negative(panel: Panel, before: Array, column: Array) -> list[Flag]:
    if not panel.cumulative:
        return [
            flag_of(panel, "negative-increment", row, day, day, increment=panel.values[row, day])
            for row, day in np.argwhere(panel.values < 0)
        ]
    with np.errstate(invalid="ignore"):
        falls = np.argwhere(panel.values < before)
    return [
        flag_of(
            panel,
            "negative-increment",
            row,
            int(column[row, day]) + 1,
            day,
            increment=panel.values[row, day] - before[row, day],
            before=before[row, day],
            after=panel.values[row, day],
        )
        for row, day in falls
    ]


def _spikes(panel: Panel, counts: Array, expectation: Expectation, breaks: Collection[date]) -> list[Flag]:
    expected = expectation.high
    with np.errstate(invalid="ignore"):
        score = (anscombe(counts) - anscombe(expected)) / expectation.scatter
        found = (score > SPIKE_SCORE) & (counts > SPIKE_TIMES * expected) & (counts - expected >= SPIKE_LEAST)
    flags = []
    for row, day in np.argwhere(found):
        numbers: dict[str, float | str] = {
            "value": counts[row, day],
            "expected": expected[row, day],
            "score_tenths": min(score[row, day] * 10, 10_000),
        }
        if panel.day(day) in breaks:
            numbers["definition_break"] = "yes"
        flags.append(flag_of(panel, "spike", row, day, day, **numbers))
    return flags


def _silences(panel: Panel, counts: Array, expectation: Expectation) -> list[Flag]:
    """Flag runs without a case where cases were due: a count so far that stands still, a day's count of 0.

    The level is that of the weeks before the run and after it, the lower one; before the first cases none is due. An
    outbreak may end: cases are due for `FADING_DAYS` from the run's beginning, and as many before its end. With
    variance s2 times the mean (s2 the scatter squared) a negative binomial count is 0 with probability
    s2 ** (-mean / (s2 - 1)), a Poisson one with exp(-mean).
    """
    rows, first, last = runs(counts == 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        before, after = expectation.before[rows, first], expectation.after[rows, last]
        level = np.where(np.isnan(after), before, np.minimum(before, after))
        scatter = np.fmax(expectation.scatter[rows, first], 1.0)
        level = np.fmax((np.maximum(anscombe(level) - LEVEL_DOUBT * scatter, 0.0) / 2) ** 2 - 3 / 8, 0.0)
        share = np.pad(np.cumsum(expectation.share, axis=1), ((0, 0), (1, 0)))
        due = share[rows, last + 1] - share[rows, first]
        expected = level * np.minimum(due, np.where(np.isnan(after), FADING_DAYS, 2 * FADING_DAYS))
        variance = scatter**2
        chance = -expected * np.where(variance > 1.001, np.log(variance) / (variance - 1), 1.0)
    kind = "stuck-value" if panel.cumulative else "reporting-gap"
    return [
        flag_of(
            panel,
            kind,
            rows[n],
            first[n],
            last[n],
            days=last[n] - first[n] + 1,
            expected=expected[n],
            **({"value": panel.values[rows[n], last[n]]} if panel.cumulative else {}),
        )
        for n in np.nonzero(chance < np.log(UNLIKELY))[0]
    ]


def _repeats(panel: Panel, counts: Array, expectation: Expectation) -> list[Flag]:
    """Flag runs of one count above 0, too long for chance: the likeliest single count has about 0.4 / deviation."""
    same = np.zeros(counts.shape, dtype=bool)
    same[:, 1:] = (counts[:, 1:] == counts[:, :-1]) & (counts[:, 1:] > 0)
    rows, first, last = runs(same)
    value = counts[rows, first]
    deviation = np.fmax(expectation.scatter[rows, first], 1.0) * np.sqrt(value)
    chance = (last - first + 1) * np.log(np.fmin(0.4 / deviation, 1.0))
    return [
        flag_of(panel, "stuck-value", rows[n], first[n] - 1, last[n], days=last[n] - first[n] + 2, value=value[n])
        for n in np.nonzero(chance < np.log(UNLIKELY))[0]
    ]


def _usual_steps(panel: Panel) -> NDArray[np.int64]:
    """Return for each place how many days lie at most, usually, from one figure to the next: 1 for a daily series."""
    usual = np.ones(len(panel.places), dtype=np.int64)
    known = ~np.isnan(panel.values)
    for row in np.nonzero(~known.all(axis=1))[0]:
        steps = np.sort(np.diff(np.flatnonzero(known[row])))
        if len(steps):
            usual[row] = steps[int(USUAL_STEPS * (len(steps) - 1))]
    return usual


def _missing_days(panel: Panel, usual: NDArray[np.int64]) -> list[Flag]:
    """Flag days without a figure between two that have one, more of them than the place is used to."""
    known = ~np.isnan(panel.values)
    started = np.maximum.accumulate(known, axis=1)
    goes_on = np.maximum.accumulate(known[:, ::-1], axis=1)[:, ::-1]
    rows, first, last = runs(started & goes_on & ~known)
    return [
        flag_of(panel, "missing-day", row, start, end, days=end - start + 1)
        for row, start, end in zip(rows.tolist(), first.tolist(), last.tolist(), strict=True)
        if end - start + 2 > usual[row]
    ]


def flag_freshness(panel: Panel, *, today: date, lag: int = 1) -> list[Flag]:
    """Return which feeds are stale, and which figures are of days to come.

    A feed is stale when its last figure is older than the longest step it usually takes, so weekly figures are given a
    week, and `lag` days for publishing.

    Parameters
    ----------
    today
        The day on which it is judged.
    lag
        Days that the source usually takes to publish a day.
    """
    flags = []
    known = ~np.isnan(panel.values)
    steps = _usual_steps(panel)
    for row in range(len(panel.places)):
        days = np.flatnonzero(known[row])
        if not len(days):
            continue
        ahead = days[days > panel.column(today)]
        if len(ahead):
            flags.append(flag_of(panel, "future-date", row, ahead[0], ahead[-1], days=len(ahead)))
            days = days[days <= panel.column(today)]
        if not len(days):
            continue
        silent, usual = panel.column(today) - int(days[-1]), int(steps[row]) + lag
        if silent > usual:
            flags.append(flag_of(panel, "stale-feed", row, days[-1] + 1, panel.column(today), days=silent, usual=usual))
    return flags


def flag_stop(stop: ReaderStop, *, day: date, signal: str = "", place: str = "") -> Flag:
    """Return the flag for a file that could not be read: the days it should have told are silent for that reason."""
    numbers: dict[str, int | str] = {"stop": stop.code, "message": str(stop)[:500]}
    if isinstance(stop, SchemaDrift):
        numbers |= {"missing": ", ".join(stop.missing)[:500], "unexpected": ", ".join(stop.unexpected)[:500]}
    return Flag("schema-drift", place, signal, day, day, numbers)
