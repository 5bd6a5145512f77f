"""Flags on figures that look wrong: said beside them, never instead of them. No figure is changed for a flag.

Each constant is a bar set by reason, given with it; how often flags agree with what people marked by hand is measured
by `python -m benchmarks flags` and told in docs/figures-quality.md.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np

from sameboat.figures.engine.expectation import REACH, Expectation, anscombe, expect, runs
from sameboat.figures.engine.incidence import last_known
from sameboat.figures.engine.panel import Array, Mask, Panel, PanelError
from sameboat.figures.engine.readers.reading import ReaderStop, SchemaDrift
from sameboat.figures.engine.residual import residuals

KINDS = (
    "negative-increment",
    "spike",
    "stuck-value",
    "reporting-gap",
    "missing-day",
    "child-sum",
    "stale-feed",
    "future-date",
    "revised-strongly",
    "schema-drift",
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

REVISED_SHARE = 0.05
"""A week that changes by more than a twentieth: the European forecast hub's line for a large revision."""

STALE_QUANTILE = 0.95
"""A feed is stale after a silence longer than this share of its own silences so far."""


# In the class below, `date` is a field.
Day = date


@dataclass(frozen=True, slots=True)
class Flag:
    """One thing that looks wrong with a figure, or with days of figures.

    Attributes
    ----------
    kind
        One of KINDS.
    place, signal
        Their codes; "" where it is about a whole file.
    date, until
        The first and last day that it is about.
    numbers
        What it was judged by, in whole smallest units; scores in tenths; shares in thousandths.
    """

    kind: str
    place: str
    signal: str
    date: Day
    until: Day
    numbers: dict[str, int | str] = field(default_factory=dict)


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
    expectation = expect(counts)
    flags = [
        *_negative(panel, before, column),
        *_spikes(panel, counts, expectation, breaks),
        *_silences(panel, counts, expectation),
        *_repeats(panel, counts, expectation),
        *_missing_days(panel),
    ]
    chosen = flags if since is None else [flag for flag in flags if flag.until >= since]
    order = {place: row for row, place in enumerate(panel.places)}
    return sorted(chosen, key=lambda flag: (order[flag.place], flag.date, KINDS.index(flag.kind)))


def judge_from(changed: date) -> date:
    """Return the first day whose flags may differ when a figure of the day `changed` does."""
    return changed - timedelta(days=REACH)


def _flag(panel: Panel, kind: str, row: int, first: int, last: int, **numbers: float | str) -> Flag:
    told: dict[str, int | str] = {
        name: number if isinstance(number, str) else round(float(number)) for name, number in numbers.items()
    }
    if panel.definition:
        told["definition"] = panel.definition
    return Flag(kind, panel.places[row], panel.signal, panel.day(first), panel.day(last), told)


def _negative(panel: Panel, before: Array, column: Array) -> list[Flag]:
    if not panel.cumulative:
        return [
            _flag(panel, "negative-increment", row, day, day, increment=panel.values[row, day])
            for row, day in np.argwhere(panel.values < 0)
        ]
    with np.errstate(invalid="ignore"):
        falls = np.argwhere(panel.values < before)
    return [
        _flag(
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
        flags.append(_flag(panel, "spike", row, day, day, **numbers))
    return flags


def _silences(panel: Panel, counts: Array, expectation: Expectation) -> list[Flag]:
    """Flag runs without a case where cases were due: a count so far that stands still, a day's count of 0.

    The level is that of the weeks before the run and after it, the lower one; before the first cases none is due. With
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
        expected = level * (share[rows, last + 1] - share[rows, first])
        variance = scatter**2
        chance = -expected * np.where(variance > 1.001, np.log(variance) / (variance - 1), 1.0)
    kind = "stuck-value" if panel.cumulative else "reporting-gap"
    return [
        _flag(
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
        _flag(panel, "stuck-value", rows[n], first[n] - 1, last[n], days=last[n] - first[n] + 2, value=value[n])
        for n in np.nonzero(chance < np.log(UNLIKELY))[0]
    ]


def _missing_days(panel: Panel) -> list[Flag]:
    """Flag days without a figure between the first and the last that have one."""
    known = ~np.isnan(panel.values)
    started = np.maximum.accumulate(known, axis=1)
    goes_on = np.maximum.accumulate(known[:, ::-1], axis=1)[:, ::-1]
    rows, first, last = runs(started & goes_on & ~known)
    return [
        _flag(panel, "missing-day", rows[n], first[n], last[n], days=last[n] - first[n] + 1) for n in range(len(rows))
    ]


def flag_freshness(panel: Panel, *, today: date, lag: int = 1) -> list[Flag]:
    """Return which feeds are stale, and which figures are of days to come.

    A feed is stale when its last figure is older than the longest silence it usually has (the 95th percentile of those
    before, so weekly figures are given a week), and `lag` days for publishing.

    Parameters
    ----------
    today
        The day on which it is judged.
    lag
        Days that the source usually takes to publish a day.
    """
    flags = []
    known = ~np.isnan(panel.values)
    for row in range(len(panel.places)):
        days = np.flatnonzero(known[row])
        if not len(days):
            continue
        ahead = days[days > panel.column(today)]
        if len(ahead):
            flags.append(_flag(panel, "future-date", row, ahead[0], ahead[-1], days=len(ahead)))
            days = days[days <= panel.column(today)]
        if not len(days):
            continue
        usual = int(np.ceil(np.quantile(np.diff(days), STALE_QUANTILE))) if len(days) > 1 else 1
        silent = panel.column(today) - int(days[-1])
        if silent > usual + lag:
            flags.append(
                _flag(panel, "stale-feed", row, days[-1] + 1, panel.column(today), days=silent, usual=usual + lag)
            )
    return flags


def flag_sums(panel: Panel, parents: Mapping[str, str], *, published: Panel | None = None) -> list[Flag]:
    """Return the days on which a place's figure is not the sum of its parts' and its published residual.

    Days in a row on which it differs make one flag, told with the largest difference among them.

    Parameters
    ----------
    panel
        Figures of places and of their parts.
    parents
        Each place's parent by code.
    published
        Residuals that the source itself publishes ("district unknown"), where no unassigned child stands among the
        parts; same first day and days as the panel. Where none is given it should be 0.

    Raises
    ------
    PanelError
        The published residuals are of other days.
    """
    left = residuals(panel, parents)
    values = left.values
    if published is not None:
        if (published.first, published.days) != (panel.first, panel.days):
            raise PanelError("the published residuals are of other days than the panel")
        rows = {place: row for row, place in enumerate(published.places)}
        own = [published.values[rows[place]] if place in rows else np.zeros(panel.days) for place in left.places]
        values = values - np.array(own).reshape(values.shape)
    off: Mask = ~np.isnan(values) & (values != 0)
    whole = {place: row for row, place in enumerate(panel.places)}
    flags = []
    for row, first, last in zip(*runs(off), strict=True):
        worst = first + int(np.abs(values[row, first : last + 1]).argmax())
        own_figure = panel.values[whole[left.places[row]], worst]
        flags.append(
            _flag(
                left,
                "child-sum",
                row,
                first,
                last,
                days=last - first + 1,
                whole=own_figure,
                parts=own_figure - values[row, worst],
                difference=values[row, worst],
            )
        )
    return flags


def flag_revisions(earlier: Panel, later: Panel, *, week_ends: int = 5) -> list[Flag]:
    """Return the weeks whose count changed strongly from one vintage to a later one.

    A week counts where both vintages know all of its days: weeks, so that cases which moved from a Sunday to a Monday
    are no revision. Counts so far are turned into what came newly in the week.

    Parameters
    ----------
    earlier, later
        The same signal and places; the days may differ.
    week_ends
        The weekday a week ends on, Monday is 0; 5 is Saturday, as in epidemiological weeks.

    Raises
    ------
    PanelError
        The panels are of different places.
    """
    if earlier.places != later.places:
        raise PanelError("two vintages are compared place by place; these have different places")
    end = min(earlier.day(earlier.days - 1), later.day(later.days - 1))
    end -= timedelta(days=(end.weekday() - week_ends) % 7)
    start = max(earlier.first, later.first) + timedelta(days=1 if later.cumulative else 0)
    weeks = ((end - start).days + 1) // 7
    if weeks < 1:
        return []
    old, new = (_weeks(panel, end, weeks) for panel in (earlier, later))
    size = np.maximum(np.abs(old), np.abs(new))
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.abs(new - old) / size
        strong = np.argwhere(share > REVISED_SHARE)
    first = end - timedelta(days=7 * weeks - 1)
    flags = []
    for row, week in strong:
        day = later.column(first) + 7 * int(week)
        flags.append(
            _flag(
                later,
                "revised-strongly",
                row,
                day,
                day + 6,
                earlier=old[row, week],
                later=new[row, week],
                share_thousandths=1000 * share[row, week],
            )
        )
    return flags


def _weeks(panel: Panel, end: date, weeks: int) -> Array:
    """Return the counts of the last `weeks` weeks up to the day `end`, (places, weeks)."""
    last = panel.column(end)
    if panel.cumulative:
        bounds = panel.values[:, last - 7 * weeks : last + 1 : 7]
        return np.diff(bounds, axis=1)
    result: Array = panel.values[:, last - 7 * weeks + 1 : last + 1].reshape(len(panel.places), weeks, 7).sum(axis=2)
    return result


def flag_stop(stop: ReaderStop, *, day: date, signal: str = "", place: str = "") -> Flag:
    """Return the flag for a file that could not be read: the days it should have told are silent for that reason."""
    numbers: dict[str, int | str] = {"stop": stop.code, "message": str(stop)[:500]}
    if isinstance(stop, SchemaDrift):
        numbers |= {"missing": ", ".join(stop.missing)[:500], "unexpected": ", ".join(stop.unexpected)[:500]}
    return Flag("schema-drift", place, signal, day, day, numbers)
