"""The geometry of the charts: data in, plain shapes out, drawn by the templates in `templates/site/charts/`.

Horizontal positions and widths are percentages of the drawing, so that a chart fits any width while its words keep the
reader's own text size; vertical ones are pixels. A value that is not known is None: it is drawn hatched, never as zero.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

PLOT_HEIGHT = 180
"""Pixels between the baseline, which is always zero, and the highest value."""
LABEL_HEIGHT = 46
"""Pixels a line's two-row label needs, so that the labels of two lines do not touch."""
MOST_LINES = 4
"""More lines than this cannot be told apart by dashes and direct labels."""
GAP = 0.2
"""The part of a day's width that stays empty between two columns."""


class ChartDataError(ValueError):
    """Data that cannot be drawn truthfully: nothing at all, a negative quantity, the same day twice."""


@dataclass(frozen=True)
class Column:
    """One day: a column from the baseline up, or a hatched band of full height where the value is not known."""

    day: date
    value: int | None
    x: float
    width: float
    y: float
    height: float


@dataclass(frozen=True)
class Columns:
    """Daily columns. `peak` is the first highest day, None when nothing is known."""

    columns: tuple[Column, ...]
    peak: Column | None
    height: int = PLOT_HEIGHT

    @property
    def peak_x(self) -> float:
        """Return where the peak's label stands, in percent."""
        return 0.0 if self.peak is None else round(self.peak.x + self.peak.width / 2, 3)

    @property
    def peak_anchor(self) -> str:
        """Return which end of the peak's label stands at `peak_x`, so that it stays within the drawing."""
        return "start" if self.peak_x < 20 else "end" if self.peak_x > 80 else "middle"

    @property
    def unknown(self) -> int:
        """Return how many days have no known value."""
        return sum(column.value is None for column in self.columns)


@dataclass(frozen=True)
class Line:
    """One cumulative line: `segments` are `x,y` points, broken where a value is not known; the label stands at `y`."""

    name: str
    segments: tuple[str, ...]
    last: int | None
    y: float
    label_y: float


@dataclass(frozen=True)
class Lines:
    """Lines over the same days, on one scale from zero to `ceiling`; `rows` are the same figures, a day a row."""

    lines: tuple[Line, ...]
    days: tuple[date, ...]
    rows: tuple[tuple[date, tuple[tuple[str, int | None], ...]], ...]
    ceiling: int
    height: int = PLOT_HEIGHT


@dataclass(frozen=True)
class Bar:
    """One row of goods: what was asked for, what was handed out, and how much of that the receiver signed for.

    Widths are percentages of the widest bar in the chart; a width of None is a quantity that is not known.
    """

    name: str
    asked: int | None
    handed_out: int | None
    signed: int | None
    asked_width: float | None
    handed_out_width: float | None
    signed_width: float

    @property
    def unconfirmed(self) -> int | None:
        """Return what was handed out and not signed for; None when what was handed out is not known."""
        return None if self.handed_out is None else self.handed_out - (self.signed or 0)


@dataclass(frozen=True)
class Stage:
    """One stage of a flow, and what lies between it and the next: `rest` is negative when more went on than came."""

    name: str
    value: int | None
    width: float | None
    rest_name: str
    rest: int | None
    connector: str


def columns(values: Iterable[tuple[date, int | None]]) -> Columns:
    """Return the columns of a daily series; a day that is missing between the first and the last is not known.

    Raises ChartDataError when there are no days, a day comes twice, or a value is negative.
    """
    series = _by_day(values)
    first, last = min(series), max(series)
    days = [first + timedelta(days=step) for step in range((last - first).days + 1)]
    ceiling = max((value for value in series.values() if value is not None), default=0)
    step = 100 / len(days)
    drawn = []
    for index, day in enumerate(days):
        value = series.get(day)
        height = PLOT_HEIGHT if value is None else PLOT_HEIGHT * value / (ceiling or 1)
        drawn.append(
            Column(
                day=day,
                value=value,
                x=round(step * (index + GAP / 2), 3),
                width=round(step * (1 - GAP), 3),
                y=round(PLOT_HEIGHT - height, 2),
                height=round(height, 2),
            )
        )
    peak = next((column for column in drawn if column.value == ceiling), None)
    return Columns(tuple(drawn), peak)


def lines(series: Sequence[tuple[str, Iterable[tuple[date, int | None]]]]) -> Lines:
    """Return lines over all the days that any of the series names; a line breaks where its value is not known.

    Raises ChartDataError as `columns` does, and for more than `MOST_LINES` series.
    """
    if not 1 <= len(series) <= MOST_LINES:
        raise ChartDataError(f"a chart of lines holds 1 to {MOST_LINES} lines, not {len(series)}; split it")
    known = [(name, _by_day(values)) for name, values in series]
    days = sorted(set().union(*(by_day for _, by_day in known)))
    span = (days[-1] - days[0]).days or 1
    ceiling = max((value for _, by_day in known for value in by_day.values() if value is not None), default=0)

    def point(day: date, value: int) -> tuple[float, float]:
        return 100 * (day - days[0]).days / span, PLOT_HEIGHT * (1 - value / (ceiling or 1))

    drawn = []
    for name, by_day in known:
        segments: list[list[tuple[float, float]]] = [[]]
        last, y = None, float(PLOT_HEIGHT)
        for day in days:
            value = by_day.get(day)
            if value is None:
                segments.append([])
                continue
            segments[-1].append(point(day, value))
            last, y = value, segments[-1][-1][1]
        drawn.append((name, tuple(_points(run) for run in segments if run), last, round(y, 2)))
    label_ys = _spread([y for *_, y in drawn])
    return Lines(
        lines=tuple(Line(*line, label_y) for line, label_y in zip(drawn, label_ys, strict=True)),
        days=tuple(days),
        rows=tuple((day, tuple((name, by_day.get(day)) for name, by_day in known)) for day in days),
        ceiling=ceiling,
    )


def bars(rows: Iterable[tuple[str, int | None, int | None, int | None]]) -> tuple[Bar, ...]:
    """Return one bar a row of (name, asked for, handed out, signed for), all on one scale.

    Raises ChartDataError when there are no rows, a value is negative, or more is signed for than was handed out.
    """
    listed = list(rows)
    if not listed:
        raise ChartDataError("there is nothing to draw; show the empty state instead")
    for name, asked, handed_out, signed in listed:
        for value in (asked, handed_out, signed):
            _refuse_negative(value, name)
        if signed and signed > (handed_out or 0):
            raise ChartDataError(f"{name}: {signed} signed for, but only {handed_out} handed out")
    widest = max((value for _, *values in listed for value in values if value is not None), default=0) or 1

    def width(value: int | None) -> float | None:
        return None if value is None else round(100 * value / widest, 3)

    return tuple(
        Bar(name, asked, handed_out, signed, width(asked), width(handed_out), width(signed) or 0.0)
        for name, asked, handed_out, signed in listed
    )


def flow(stages: Sequence[tuple[str, int | None, str]]) -> tuple[Stage, ...]:
    """Return the stages of (name, value, name of what does not go on), from what came in to what is signed for.

    The last stage's third name is not used. Raises ChartDataError for fewer than two stages or a negative value.
    """
    if len(stages) < 2:
        raise ChartDataError("a flow needs at least two stages")
    for name, value, _ in stages:
        _refuse_negative(value, name)
    widest = max((value for _, value, _ in stages if value is not None), default=0) or 1
    drawn = []
    for index, (name, value, rest_name) in enumerate(stages):
        following = stages[index + 1][1] if index + 1 < len(stages) else None
        rest, connector = None, ""
        if value is not None and following is not None:
            rest = value - following
            connector = _connector(100 * value / widest, 100 * following / widest)
        drawn.append(
            Stage(
                name=name,
                value=value,
                width=None if value is None else round(100 * value / widest, 3),
                rest_name=rest_name if index + 1 < len(stages) else "",
                rest=rest,
                connector=connector,
            )
        )
    return tuple(drawn)


def _by_day(values: Iterable[tuple[date, int | None]]) -> dict[date, int | None]:
    series: dict[date, int | None] = {}
    for day, value in values:
        if day in series:
            raise ChartDataError(f"{day} comes twice; add its values up first")
        _refuse_negative(value, str(day))
        series[day] = value
    if not series:
        raise ChartDataError("there is nothing to draw; show the empty state instead")
    return series


def _refuse_negative(value: int | None, where: str) -> None:
    if value is not None and value < 0:
        raise ChartDataError(f"{where}: {value} is below the baseline, which is zero")


def _points(run: list[tuple[float, float]]) -> str:
    if len(run) == 1:  # a lone day between two unknown ones still has to be seen
        x, y = run[0]
        run = [(max(x - 1, 0), y), (min(x + 1, 100), y)]
    return " ".join(f"{x:.2f},{y:.2f}" for x, y in run)


def _spread(wanted: list[float]) -> list[float]:
    """Return label positions near `wanted`, in its order, LABEL_HEIGHT apart and within the plot."""
    order = sorted(range(len(wanted)), key=wanted.__getitem__)
    placed = [0.0] * len(wanted)
    above = -float(LABEL_HEIGHT)
    for index in order:
        placed[index] = above = max(wanted[index], above + LABEL_HEIGHT)
    below = float(PLOT_HEIGHT + LABEL_HEIGHT)
    for index in reversed(order):
        placed[index] = below = min(placed[index], below - LABEL_HEIGHT)
    return [round(y, 2) for y in placed]


def _connector(upper: float, lower: float) -> str:
    """Return the outline, in a 100 by 100 box, that joins two bars by an arc like the mark's."""
    return f"M0 0H{upper:.2f}C{upper:.2f} 62 {lower:.2f} 38 {lower:.2f} 100H0Z"
