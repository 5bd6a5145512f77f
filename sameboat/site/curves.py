"""The geometry of the charts of an outbreak: plain values in, plain shapes out, as in `charts.py`.

Horizontal positions are percentages of the drawing, vertical ones pixels. What is not known is None: hatched, never
zero. What lies on a break is no value of its day: it is drawn open, and cut off where it would flatten the others.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Literal

from sameboat.site.charts import GAP, PLOT_HEIGHT, ChartDataError

DEPTH = 54
"""Pixels below the baseline, at most, for counts that were taken back."""
CUT = 1.1
"""A column on a break that is so many times as high as the highest other is cut off."""
CLOSE = 5.0
"""Marks of two breaks closer than this, in percent of the width, are one mark."""

CurveRow = tuple[date, int | None, int | None, bool]
"""A day, what is new, what was first said to be new, and whether a break lies on it."""

BandRow = tuple[date, int | None, int | None, int | None, bool]
"""A day, the middle, lower and upper bound in hundredths, and whether it may still change."""


@dataclass(frozen=True)
class Bar:
    """One day: `kind` says how it is drawn; `first_y` is where what was said first stands, if it differs."""

    day: date
    value: int | None
    kind: Literal["known", "unknown", "lowered", "break", "cut"]
    x: float
    width: float
    y: float
    height: float
    first_y: float | None

    @property
    def middle(self) -> float:
        """The middle of the day, in percent."""
        return round(self.x + self.width / 2, 3)


@dataclass(frozen=True)
class Mark:
    """The letter of a break, at `x` percent; letters that would touch are one mark."""

    letters: str
    x: float

    @property
    def anchor(self) -> str:
        """Which end of the letters stands at `x`."""
        return _anchor(self.x)


@dataclass(frozen=True)
class Curve:
    """Daily columns on one scale. `height` is what stands above the baseline, `depth` what hangs below it."""

    bars: tuple[Bar, ...]
    marks: tuple[Mark, ...]
    peak: Bar | None
    depth: float
    height: int = PLOT_HEIGHT

    @property
    def peak_anchor(self) -> str:
        """Which end of the peak's label stands at its middle."""
        return "middle" if self.peak is None else _anchor(self.peak.middle)

    @property
    def unknown(self) -> int:
        """How many days are not known."""
        return sum(bar.kind == "unknown" for bar in self.bars)

    @property
    def lowered(self) -> int:
        """On how many days a total was lowered."""
        return sum(bar.kind == "lowered" for bar in self.bars)

    @property
    def revised(self) -> int:
        """On how many days what was said first was something else."""
        return sum(bar.first_y is not None for bar in self.bars)

    @property
    def cut(self) -> int:
        """How many columns are cut off."""
        return sum(bar.kind == "cut" for bar in self.bars)

    @property
    def bottom(self) -> float:
        """Where the day labels stand below the plot."""
        return self.height + self.depth + 22


def curve(rows: Sequence[CurveRow]) -> Curve:
    """Return the columns of consecutive days.

    Raises ChartDataError when there are no days or they do not follow each other.
    """
    _check_days([row[0] for row in rows])
    ordinary = [value for _, new, first, broken in rows if not broken for value in (new, first) if value is not None]
    ceiling = max((value for value in ordinary if value > 0), default=0)
    ceiling = ceiling or max((abs(new) for _, new, _, _ in rows if new is not None), default=0) or 1
    depth = round(min(DEPTH, max((-PLOT_HEIGHT * value / ceiling for value in ordinary if value < 0), default=0.0)), 2)
    step = 100 / len(rows)
    bars = tuple(_bar(row, at, step, ceiling, depth) for at, row in enumerate(rows))
    peak = max((bar for bar in bars if bar.kind == "known"), key=lambda bar: bar.value or 0, default=None)
    return Curve(bars, _marks([bar for bar, row in zip(bars, rows, strict=True) if row[3]]), peak, depth)


def _bar(row: CurveRow, at: int, step: float, ceiling: int, depth: float) -> Bar:
    day, new, first, broken = row
    x, width = round(step * (at + GAP / 2), 3), round(step * (1 - GAP), 3)
    first_y = None
    if first is not None and first != new and not broken:
        first_y = round(min(max(PLOT_HEIGHT * (1 - first / ceiling), 0), PLOT_HEIGHT + depth), 2)
    if new is None:
        return Bar(day, None, "unknown", x, width, 0, PLOT_HEIGHT, first_y)
    if new < 0:
        return Bar(
            day, new, "lowered", x, width, PLOT_HEIGHT, round(min(depth, -PLOT_HEIGHT * new / ceiling), 2), first_y
        )
    kind: Literal["known", "break", "cut"] = "known"
    if broken:
        kind = "cut" if new > CUT * ceiling else "break"
    height = round(PLOT_HEIGHT * min(new / ceiling, 1), 2)
    return Bar(day, new, kind, x, width, round(PLOT_HEIGHT - height, 2), height, first_y)


def _marks(broken: Sequence[Bar]) -> tuple[Mark, ...]:
    marks: list[Mark] = []
    for at, bar in enumerate(broken):
        letter = chr(ord("A") + at % 26)
        if marks and bar.middle - marks[-1].x < CLOSE:
            marks[-1] = Mark(f"{marks[-1].letters} {letter}", marks[-1].x)
        else:
            marks.append(Mark(letter, bar.middle))
    return tuple(marks)


@dataclass(frozen=True)
class Run:
    """One unbroken stretch of a band: the outline of its area and the points of its middle line."""

    area: str
    line: str
    settled: bool


@dataclass(frozen=True)
class Band:
    """A line with its band over days, on a scale from zero to `ceiling` hundredths; `one_y` is where 1 stands."""

    days: tuple[date, ...]
    runs: tuple[Run, ...]
    untold: tuple[tuple[float, float], ...]
    last: BandRow | None
    ceiling: int
    one_y: float
    last_y: float
    height: int = PLOT_HEIGHT


def band(rows: Sequence[BandRow], most: int = 600) -> Band:
    """Return a line with its band; it breaks where nothing is told, and a band above `most` hundredths is cut there.

    Raises ChartDataError when there are no days or they do not follow each other.
    """
    _check_days([row[0] for row in rows])
    told = [row for row in rows if row[1] is not None]
    ceiling = min(most, max([200, *(upper for *_, upper, _ in told if upper is not None)]))
    span = max(len(rows) - 1, 1)

    def at(position: int, value: int) -> str:
        return f"{100 * position / span:.2f},{PLOT_HEIGHT * (1 - min(value, ceiling) / ceiling):.1f}"

    runs = tuple(
        Run(
            area=" ".join(
                [at(position, rows[position][2] or 0) for position in stretch]
                + [at(position, rows[position][3] or 0) for position in reversed(stretch)]
            ),
            line=" ".join(at(position, rows[position][1] or 0) for position in stretch),
            settled=not rows[stretch[0]][4],
        )
        for stretch in _stretches(rows)
    )
    last = told[-1] if told else None
    return Band(
        days=tuple(row[0] for row in rows),
        runs=runs,
        untold=tuple(
            (round(100 * max(first - 0.5, 0) / span, 2), round(100 * (until - first + 1) / span, 2))
            for first, until in _gaps(rows)
        ),
        last=last,
        ceiling=ceiling,
        one_y=round(PLOT_HEIGHT * (1 - 100 / ceiling), 2),
        last_y=round(PLOT_HEIGHT * (1 - min(last[1] or 0, ceiling) / ceiling), 2) if last else 0.0,
    )


def _stretches(rows: Sequence[BandRow]) -> list[list[int]]:
    """Return the positions of each stretch that is told and alike settled; one begins where the other ends."""
    found: list[list[int]] = []
    for position, row in enumerate(rows):
        if row[1] is None:
            continue
        follows = bool(found) and found[-1][-1] == position - 1
        if follows and rows[position - 1][4] == row[4]:
            found[-1].append(position)
        else:
            if follows:  # the settled part reaches to where the other begins
                found[-1].append(position)
            found.append([position])
    return found


def _gaps(rows: Sequence[BandRow]) -> list[tuple[int, int]]:
    """Return the first and last position of each stretch that tells nothing, from the first day that tells on."""
    told = [position for position, row in enumerate(rows) if row[1] is not None]
    if not told:
        return []
    known = set(told)
    gaps: list[tuple[int, int]] = []
    for position in range(told[0], len(rows)):
        if position in known:
            continue
        if gaps and gaps[-1][1] == position - 1:
            gaps[-1] = (gaps[-1][0], position)
        else:
            gaps.append((position, position))
    return gaps


def _anchor(x: float) -> str:
    return "start" if x < 20 else "end" if x > 80 else "middle"


def _check_days(days: Sequence[date]) -> None:
    if not days:
        raise ChartDataError("there is nothing to draw; show the empty state instead")
    if any((after - before).days != 1 for before, after in pairwise(days)):
        raise ChartDataError("the days do not follow each other; name every day, with None where nothing is known")


FAN_MOST = 3
"""The upper bounds of a fan are cut off beyond so many times the highest count before or median after."""

HistoryRow = tuple[date, int | None]
FanRow = tuple[date, int, int, int, int, int, int | None]
"""The end of a week, the bounds of the 95 % and 50 % band from low to high with the median amid, and what came."""


@dataclass(frozen=True)
class FanWeek:
    """One week forecast: rectangles for both bands, where the median stands, and where what came of it."""

    end: date
    x: float
    width: float
    y_95: float
    height_95: float
    y_50: float
    height_50: float
    median_y: float
    came_y: float | None
    cut: bool
    values: FanRow

    @property
    def middle(self) -> float:
        """The middle of the week, in percent."""
        return round(self.x + self.width / 2, 3)


@dataclass(frozen=True)
class Fan:
    """Weeks that are known as columns, then weeks forecast as bands; `ceiling` is the top of the scale."""

    bars: tuple[Bar, ...]
    weeks: tuple[FanWeek, ...]
    ceiling: int
    height: int = PLOT_HEIGHT

    @property
    def cut(self) -> bool:
        """Whether a band goes on above the drawing."""
        return any(week.cut for week in self.weeks)


def fan(history: Sequence[HistoryRow], forecast: Sequence[FanRow]) -> Fan:
    """Return the weeks before and the bands of the weeks after, on one scale from zero.

    Raises ChartDataError where nothing is forecast.
    """
    if not forecast:
        raise ChartDataError("nothing is forecast; say why instead")
    known = [value for _, value in history if value is not None]
    likely = max([*known, *(row[3] for row in forecast), *(row[6] or 0 for row in forecast), 1])
    ceiling = min(max([likely, *(row[5] for row in forecast)]), FAN_MOST * likely)
    step = 100 / (len(history) + len(forecast))

    def y(value: float) -> float:
        return round(PLOT_HEIGHT * (1 - min(max(value, 0), ceiling) / ceiling), 2)

    bars = []
    for at, (end, value) in enumerate(history):
        x, width = round(step * (at + GAP / 2), 3), round(step * (1 - GAP), 3)
        if value is None:
            bars.append(Bar(end, None, "unknown", x, width, 0, PLOT_HEIGHT, None))
        else:
            bars.append(Bar(end, value, "known", x, width, y(value), round(PLOT_HEIGHT - y(value), 2), None))
    weeks = tuple(
        FanWeek(
            end=row[0],
            x=round(step * (len(history) + at + GAP / 2), 3),
            width=round(step * (1 - GAP), 3),
            y_95=y(row[5]),
            height_95=round(max(y(row[1]) - y(row[5]), 2), 2),
            y_50=y(row[4]),
            height_50=round(max(y(row[2]) - y(row[4]), 2), 2),
            median_y=y(row[3]),
            came_y=None if row[6] is None else y(row[6]),
            cut=row[5] > ceiling,
            values=row,
        )
        for at, row in enumerate(forecast)
    )
    return Fan(tuple(bars), weeks, ceiling)


MULTIPLE_HEIGHT = 90
"""Pixels of each of many small charts."""


@dataclass(frozen=True)
class Multiple:
    """One of many small charts: `areas` are outlines from the baseline up, broken where nothing is known."""

    name: str
    areas: tuple[str, ...]
    unknown: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Multiples:
    """Small charts over the same days on one scale from zero to `ceiling`."""

    charts: tuple[Multiple, ...]
    days: tuple[date, ...]
    ceiling: int
    height: int = MULTIPLE_HEIGHT


def multiples(series: Sequence[tuple[str, Sequence[tuple[date, int | None]]]]) -> Multiples:
    """Return one small chart a series; all must speak of the same consecutive days.

    Raises ChartDataError for no series, no days, or days that differ.
    """
    if not series:
        raise ChartDataError("there is nothing to draw; show the empty state instead")
    days = [day for day, _ in series[0][1]]
    _check_days(days)
    if any([day for day, _ in values] != days for _, values in series):
        raise ChartDataError("small charts on one scale must have the same days")
    ceiling = max((value for _, values in series for _, value in values if value is not None), default=0) or 1
    span = max(len(days) - 1, 1)

    def x(position: float) -> float:
        return round(100 * min(max(position, 0), span) / span, 2)

    charts = []
    for name, values in series:
        runs: list[list[int]] = []
        for position, (_, value) in enumerate(values):
            if value is not None:
                if runs and runs[-1][-1] == position - 1:
                    runs[-1].append(position)
                else:
                    runs.append([position])
        areas = []
        for run in runs:
            top = [(x(at), round(MULTIPLE_HEIGHT * (1 - max(values[at][1] or 0, 0) / ceiling), 1)) for at in run]
            outline = [(top[0][0], MULTIPLE_HEIGHT), *top, (top[-1][0], MULTIPLE_HEIGHT)]
            areas.append(" ".join(f"{left},{up}" for left, up in outline))
        known = {position for run in runs for position in run}
        gaps = _runs_of([position for position in range(len(values)) if position not in known])
        unknown = tuple((x(first - 0.5), round(x(until + 0.5) - x(first - 0.5), 2)) for first, until in gaps)
        charts.append(Multiple(name, tuple(areas), unknown))
    return Multiples(tuple(charts), tuple(days), ceiling)


def _runs_of(positions: Sequence[int]) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    for position in positions:
        if runs and runs[-1][1] == position - 1:
            runs[-1] = (runs[-1][0], position)
        else:
            runs.append((position, position))
    return runs
