"""What one place's page says: its curve with what was said first, its breaks, Rt, and what the vintage changed."""

from dataclasses import dataclass
from datetime import date, timedelta

from sameboat.figures import queries as figures
from sameboat.figures.models import Break, Explanation, QualityFlag, Signal
from sameboat.figures.queries import Change
from sameboat.registry.models import Place
from sameboat.situation.engine.curve import LOOKED_AT, Day, Stated, curve, unsettled
from sameboat.situation.parameters import INFECTIONS, WINDOW
from sameboat.situation.queries.reproduction import RtDay, reproduction
from sameboat.situation.queries.standpoint import Standpoint, Subject, day_of

CHANGES = 25
"""Changes that a page lists; the vintage's file has all of them."""
FLAGS = 20


@dataclass(frozen=True)
class Outbreak:
    """One place and signal at one vintage. `unsettled` of the newest days may still change, going by what did so far.

    `rt` is empty for signals that are not counts of cases.
    """

    place: Place
    subject: Subject
    standpoint: Standpoint
    days: tuple[Day, ...]
    breaks: list[Break]
    explanations: list[Explanation]
    flags: list[QualityFlag]
    changes: list[Change]
    rt: tuple[RtDay, ...]
    unsettled: int

    @property
    def latest(self) -> Day | None:
        """The last day whose count is known."""
        return next((day for day in reversed(self.days) if day.new is not None or day.total is not None), None)

    @property
    def day_before(self) -> Day | None:
        """The day before the latest."""
        latest = self.latest
        return next((day for day in self.days if latest and day.day == latest.day - timedelta(1)), None)

    def new_on(self, day: date) -> int | None:
        """Return what is new on a day, None where that is not known."""
        return next((each.new for each in self.days if each.day == day), None)

    @property
    def latest_break(self) -> Break | None:
        """The break that lies on the latest day."""
        latest = self.latest
        return next((each for each in self.breaks if latest and each.date == latest.day), None)

    @property
    def latest_unsettled(self) -> bool:
        """Whether the latest day is so new that figures of its age often changed."""
        latest, settled = self.latest, self.settled_until
        return latest is not None and settled is not None and latest.day > settled

    @property
    def latest_rt(self) -> RtDay | None:
        """The last day that tells of Rt and is settled, the last that tells of it where none is."""
        told = [each for each in self.rt if each.median is not None]
        settled = [each for each in told if self.settled_until is None or each.day <= self.settled_until]
        found = settled or told
        return found[-1] if found else None

    @property
    def settled_until(self) -> date | None:
        """The last day whose figures rarely change any more, None where none is so old."""
        if not self.days:
            return None
        return self.days[-1].day - timedelta(self.unsettled)


def outbreak(place: Place, subject: Subject, standpoint: Standpoint) -> Outbreak:
    """Return what is known of a place at a vintage; reads at most `WINDOW` days, whatever the history."""
    signal, vintage = subject.signal, standpoint.vintage
    end = standpoint.published_on
    stated = figures.statements_of(
        [place], signal, vintage, definition=subject.definition.code, start=end - timedelta(WINDOW)
    )
    breaks = _nearest(figures.breaks(place, signal, standpoint.feed, standpoint.as_of), place)
    points = [Stated(point.date, point.value, point.missing, point.vintage) for point in stated.get(place.code, [])]
    days = curve(
        points, cumulative=signal.form == Signal.Form.CUMULATIVE, breaks=frozenset(each.date for each in breaks)
    )
    within = [each for each in breaks if days and days[0].day <= each.date <= days[-1].day]
    recent = days[-LOOKED_AT:]
    numbers = {day.settled_vintage for day in recent if day.settled_vintage}
    counted = signal.code in INFECTIONS
    return Outbreak(
        place=place,
        subject=subject,
        standpoint=standpoint,
        days=days,
        breaks=within,
        explanations=figures.explanations(place, standpoint.feed, standpoint.as_of, of=signal, limit=CHANGES),
        flags=figures.flags(standpoint.feed, standpoint.as_of or end, place=place, of=signal, limit=FLAGS),
        changes=figures.changes(vintage, place=place, only_revised=True, limit=CHANGES + 1),
        rt=reproduction(days) if counted else (),
        unsettled=unsettled(recent, _published(standpoint, numbers)),
    )


def _nearest(breaks: list[Break], place: Place) -> list[Break]:
    """Return one break a day: the place's own where that of what it lies in says the same."""
    by_day: dict[date, Break] = {}
    for each in breaks:
        if each.date not in by_day or each.place_id == place.pk:
            by_day[each.date] = each
    return [by_day[day] for day in sorted(by_day)]


def _published(standpoint: Standpoint, numbers: set[int]) -> dict[int, date]:
    if not numbers:
        return {}
    span = max(numbers) - min(numbers) + 1
    return {
        each.number: day_of(each)
        for each in figures.vintages(standpoint.feed, before=max(numbers) + 1, limit=span)
        if each.number in numbers
    }
