"""Figures: series, changes, statements, and what a place has beyond its parts.

A value of a signal without decimals is a number, any other is text.
"""

from datetime import date

from pydantic import BaseModel, Field

from sameboat.figures.engine import decimals
from sameboat.figures.models import Break, Signal
from sameboat.figures.overview import Rest, Statement
from sameboat.figures.queries import Change, Line, Point
from sameboat.figures.shapes.feeds import VintageRef
from sameboat.figures.shapes.remarks import BreakShape
from sameboat.registry.shapes import OrganisationRef

Value = int | str | None
"""Null where it is missing; then `missing` says why."""


def value_of(value: int | None, signal: Signal) -> Value:
    """Return a value of smallest units as it goes out."""
    return value if value is None or not signal.decimals else decimals.written(value, signal.decimals)


class PointShape(BaseModel):
    """One figure: its day, its value or why it is missing, and the number of the vintage that said so."""

    date: date
    value: Value
    missing: str
    stated_in: int

    @classmethod
    def of(cls, point: Point, signal: Signal) -> "PointShape":
        return cls(date=point.date, value=value_of(point.value, signal), missing=point.missing, stated_in=point.vintage)


class SeriesShape(BaseModel):
    """The figures of one place as they stood at a vintage; `revised` are the days that once had another value."""

    feed: str
    place: str
    signal: str
    definition: str
    form: str
    unit: str
    decimals: int
    vintage: VintageRef
    figures: list[PointShape]
    revised: list[date]
    breaks: list[BreakShape]

    @classmethod
    def of(cls, line: Line, breaks: list[Break]) -> "SeriesShape":
        return cls(
            feed=line.feed.code,
            place=line.place.code,
            signal=line.signal.code,
            definition=line.definition.code,
            form=line.signal.form,
            unit=line.signal.unit_en,
            decimals=line.signal.decimals,
            vintage=VintageRef.of(line.vintage),
            figures=[PointShape.of(point, line.signal) for point in line.points],
            revised=sorted(line.revised),
            breaks=[BreakShape.of(each) for each in breaks],
        )


class ChangeShape(BaseModel):
    """A figure that a vintage stated anew; `before` is what stood until then, null for a figure that is new."""

    place: str
    signal: str
    definition: str
    before: PointShape | None
    now: PointShape

    @classmethod
    def of(cls, change: Change) -> "ChangeShape":
        return cls(
            place=change.place.code,
            signal=change.signal.code,
            definition=change.definition.code,
            before=PointShape.of(change.before, change.signal) if change.before else None,
            now=PointShape.of(change.now, change.signal),
        )


class ChangesShape(BaseModel):
    """What a vintage changed, a page of it; `next` is the `after` of the page after it, null on the last one."""

    vintage: VintageRef
    items: list[ChangeShape]
    next: int | None


class SaidShape(BaseModel):
    """What one vintage said of a figure."""

    vintage: VintageRef
    value: Value
    missing: str

    @classmethod
    def of(cls, statement: Statement, signal: Signal) -> "SaidShape":
        return cls(
            vintage=VintageRef.of(statement.vintage),
            value=value_of(statement.point.value, signal),
            missing=statement.point.missing,
        )


class SaidOfFigureShape(BaseModel):
    """Everything that a feed ever said of one figure, the first first: who said what when."""

    feed: str
    publisher: OrganisationRef | None
    place: str
    signal: str
    definition: str
    date: date
    unit: str
    statements: list[SaidShape]


class RestShape(BaseModel):
    """What a place has beyond its parts on a day; null where it or a part has no figure. Below zero is possible."""

    date: date
    whole: Value
    parts: Value
    rest: Value
    without: int = Field(description="How many of the parts have no figure on that day.")

    @classmethod
    def of(cls, found: Rest, signal: Signal) -> "RestShape":
        return cls(
            date=found.date,
            whole=value_of(found.whole, signal),
            parts=value_of(found.parts, signal),
            rest=value_of(found.rest, signal),
            without=found.without,
        )


class RestsShape(BaseModel):
    """What a place has beyond its parts, day by day."""

    feed: str
    place: str
    signal: str
    parts: list[str]
    vintage: VintageRef
    days: list[RestShape]
