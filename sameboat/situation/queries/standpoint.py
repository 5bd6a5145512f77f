"""Where a page stands: which feed, which of its vintages, and the vintages next to it."""

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from zoneinfo import ZoneInfo

from django.utils.translation import get_language

from sameboat.figures import queries as figures
from sameboat.figures.models import Definition, Feed, Signal, Vintage
from sameboat.registry.models import Place
from sameboat.situation.parameters import CASES
from sameboat.transparency import queries as log


@dataclass(frozen=True)
class Standpoint:
    """One vintage of one feed, as a reader sees it who asks for a day, for a vintage, or for now.

    `as_of` is the day asked for (that of a vintage asked for), None for now: what was declared and explained later is
    then left out.
    """

    feed: Feed
    vintage: Vintage
    as_of: date | None
    before: Vintage | None
    after: Vintage | None
    after_next: Vintage | None

    @cached_property
    def entry(self) -> log.EntryView | None:
        """The entry of the log that carries the vintage's hash."""
        return log.entry_hashed(bytes(self.vintage.entry))

    @property
    def published_on(self) -> date:
        """The day on which the vintage was published, where the feed is."""
        return day_of(self.vintage)

    @property
    def step_before(self) -> str:
        """The question that leads to the vintage before; empty at the first."""
        return self._question(self.before, self.vintage) if self.before else ""

    @property
    def step_after(self) -> str:
        """The question that leads to the vintage after; empty at the last."""
        return self._question(self.after, self.after_next) if self.after else ""

    @property
    def question(self) -> str:
        """The question that leads to this very vintage, whatever is published later."""
        return self._question(self.vintage, self.after)

    @staticmethod
    def _question(vintage: Vintage, following: Vintage | None) -> str:
        """Return a vintage's day where it is the last of its day, else its id."""
        if following is None or day_of(following) > day_of(vintage):
            return f"as_of={day_of(vintage).isoformat()}"
        return f"vintage={vintage.public_id}"


def day_of(vintage: Vintage) -> date:
    """Return the day on which a vintage was published, in its feed's zone."""
    return vintage.published_at.astimezone(ZoneInfo(vintage.feed.zone)).date()


def stand(feed: Feed, as_of: date | None = None, vintage: str = "") -> Standpoint | None:
    """Return the standpoint of a day, of a vintage by its id, or of now; None where the feed has not spoken by then."""
    at = figures.vintage(vintage) if vintage else figures.vintage_as_of(feed, as_of)
    if at is None or at.feed_id != feed.pk:
        return None
    around = {each.number: each for each in figures.vintages(feed, before=at.number + 3, limit=4)}
    at = around[at.number]
    return Standpoint(
        feed=feed,
        vintage=at,
        as_of=day_of(at) if vintage else as_of,
        before=around.get(at.number - 1),
        after=around.get(at.number + 1),
        after_next=around.get(at.number + 2),
    )


def first_day(feed: Feed) -> date | None:
    """Return the day of a feed's first vintage."""
    first = figures.vintages(feed, before=2, limit=1)
    return day_of(first[0]) if first else None


def newest_day(feed: Feed) -> date | None:
    """Return the day of a feed's newest vintage."""
    newest = figures.vintages(feed, limit=1)
    return day_of(newest[0]) if newest else None


def outermost() -> Place | None:
    """Return the place whose page is the first: the outermost that confirmed cases are known of, or any figures."""
    asked = figures.signal(CASES)
    for feed in figures.feeds_counting(asked) if asked else figures.feeds():
        for signal in [asked] if asked else filter(is_curve, figures.signals()):
            found = figures.outermost(feed, signal)
            if found is not None:
                return found
    return None


@dataclass(frozen=True)
class Subject:
    """What a page is about: a signal as one definition counts it, from one feed, and what else could be asked for."""

    feed: Feed
    signal: Signal
    definition: Definition
    signals: list[Signal]
    feeds: list[Feed]

    @property
    def unit(self) -> str:
        """The unit's word in the reader's language."""
        chinese = (get_language() or "").startswith("zh")
        return self.signal.unit_zh if chinese else self.signal.unit_en


def subject(place: Place | None, signal: str = "", source: str = "") -> Subject | None:
    """Return what is to be shown of a place, or of the outermost place where none is given; None where nothing is.

    Without a signal it is confirmed cases, or the first by code; without a source the feed registered first.
    """
    asked = figures.signal(signal or CASES)
    if asked is not None and not is_curve(asked):
        asked = None
    if asked is None and signal:
        return None
    feeds = figures.feeds_counting(asked, place) if asked else []
    if not feeds and signal:
        return None
    if not feeds:
        asked, feeds = _anything(place)
    chosen = next((feed for feed in feeds if feed.code == source), None) if source else next(iter(feeds), None)
    if asked is None or chosen is None:
        return None
    signals = [each for each in figures.signals_of(place, chosen) if is_curve(each)] if place else []
    return Subject(chosen, asked, figures.definitions(asked)[0], signals, feeds)


def is_curve(signal: Signal) -> bool:
    """Return whether a signal counts things that happen, so that its days make a curve."""
    return signal.form in (Signal.Form.CUMULATIVE, Signal.Form.INCIDENCE) and signal.decimals == 0


def _anything(place: Place | None) -> tuple[Signal | None, list[Feed]]:
    if place is None:
        return None, []
    for feed in figures.feeds():
        for signal in figures.signals_of(place, feed):
            if is_curve(signal):
                return signal, [feed]
    return None, []
