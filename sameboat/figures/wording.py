"""Figures in the reader's words: values, reasons why there is none, what changed, what checks noticed."""

from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext_lazy

from sameboat.figures.engine import decimals
from sameboat.figures.models import Definition, QualityFlag, Signal, Vintage
from sameboat.figures.overview import Statement
from sameboat.figures.queries import Change, Point
from sameboat.registry.models import Place

REASONS = {
    "not-reported": gettext_lazy("not reported"),
    "withheld": gettext_lazy("withheld by the source"),
    "not-applicable": gettext_lazy("does not apply"),
    "suppressed": gettext_lazy("too few to show without showing who"),
    "unreadable": gettext_lazy("could not be read"),
    "withdrawn": gettext_lazy("taken back"),
}

FLAGS = {
    "negative-increment": gettext_lazy("a total became less"),
    "spike": gettext_lazy("far more on one day than on those around it"),
    "stuck-value": gettext_lazy("the same number for days"),
    "reporting-gap": gettext_lazy("zeros where reports are likely missing"),
    "missing-day": gettext_lazy("days without a figure"),
    "child-sum": gettext_lazy("the parts do not add up to the whole"),
    "stale-feed": gettext_lazy("the source is silent"),
    "future-date": gettext_lazy("a day that had not come"),
    "revised-strongly": gettext_lazy("an old figure changed by much"),
    "schema-drift": gettext_lazy("the source changed its form"),
}


DETAILS = {
    "negative-increment": gettext_lazy("from %(before)s to %(after)s"),
    "spike": gettext_lazy("%(value)s, where about %(expected)s were due"),
    "stuck-value": gettext_lazy("%(value)s, for %(days)s days"),
    "reporting-gap": gettext_lazy("%(days)s days"),
    "missing-day": gettext_lazy("%(days)s days"),
    "child-sum": gettext_lazy("the whole %(whole)s, the parts %(parts)s"),
    "stale-feed": gettext_lazy("%(days)s days"),
    "revised-strongly": gettext_lazy("the week from %(earlier)s to %(later)s"),
}


def flag_words(flag: QualityFlag) -> str:
    """Return what a check noticed and by which numbers, in the reader's language; its code where nobody wrote words."""
    words = str(FLAGS.get(flag.kind, flag.kind.replace("-", " ")))
    if flag.kind not in DETAILS:
        return words
    scale = flag.signal.decimals if flag.signal else 0
    numbers = {
        name: decimals.written(value, scale) if scale and name != "days" else f"{value:,}"
        for name, value in flag.numbers.items()
        if isinstance(value, int)
    }
    try:
        return f"{words} ({str(DETAILS[flag.kind]) % numbers})"
    except KeyError:  # a flag of an earlier program tells fewer numbers
        return words


@dataclass(frozen=True, slots=True)
class Value:
    """A value as pages write it: a whole `number`, decimal `text`, or neither and the reason in words."""

    number: int | None
    text: str
    reason: str

    @classmethod
    def of(cls, point: Point, signal: Signal) -> "Value":
        """Return a point's value."""
        if point.value is None:
            return cls(None, "", str(REASONS.get(point.missing, point.missing)))
        if signal.decimals:
            return cls(None, decimals.written(point.value, signal.decimals), "")
        return cls(point.value, "", "")

    @property
    def words(self) -> str:
        """The value as bare text, or its reason."""
        return self.reason or self.text or f"{self.number:,}"


@dataclass(frozen=True, slots=True)
class ChangeWords:
    """A change as the page of its vintage shows it; `growth` with its sign, empty where either is missing."""

    place: Place
    signal: Signal
    definition: Definition
    date: date
    before: Value | None
    now: Value
    growth: str

    @classmethod
    def of(cls, change: Change) -> "ChangeWords":
        """Return a change in words."""
        signal, growth = change.signal, ""
        if change.before and change.before.value is not None and change.now.value is not None:
            by = change.now.value - change.before.value
            growth = ("+" if by > 0 else "") + (decimals.written(by, signal.decimals) if signal.decimals else f"{by:,}")
        before = Value.of(change.before, signal) if change.before else None
        return cls(
            change.place, signal, change.definition, change.now.date, before, Value.of(change.now, signal), growth
        )


@dataclass(frozen=True, slots=True)
class FigureWords:
    """What one vintage said of a figure, and where its entry stands in the log."""

    vintage: Vintage
    value: Value
    index: int | None

    @classmethod
    def of(cls, statement: Statement, signal: Signal, index: int | None) -> "FigureWords":
        """Return a statement in words."""
        return cls(statement.vintage, Value.of(statement.point, signal), index)
