"""Forecasts as pages show them: the latest by a vintage, those before beside what came of them, and the file."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sameboat.figures.models import Feed, Signal
from sameboat.registry.models import Place
from sameboat.situation.engine import forecast_file
from sameboat.situation.engine.curve import Day
from sameboat.situation.engine.forecast.quantiles import BAND_50, BAND_95, MEDIAN
from sameboat.situation.engine.forecast.standing import RUNNING_WEEKS
from sameboat.situation.engine.forecast_file import Forecast
from sameboat.situation.forecasting import PUBLISHED, Standing
from sameboat.situation.models import Estimate, Round
from sameboat.situation.queries.standpoint import Standpoint
from sameboat.transparency import queries as log

WEEK = 7
STALE_DAYS = 14
"""A round older than this, counted from the vintage shown, is no forecast any more."""
HISTORY_WEEKS = 8
ROUNDS = 30
"""Rounds that a page of scores lists."""


@dataclass(frozen=True, slots=True)
class Week:
    """What was forecast for one week: rounded counts, and what is known of it now. `inside`: within the 95 % band."""

    weeks: int
    end: date
    low_95: int
    low_50: int
    median: int
    high_50: int
    high_95: int
    came: int | None
    standing: Standing | None

    @property
    def inside(self) -> bool | None:
        """Whether what came lies in the 95 % band; None while it is not known."""
        return None if self.came is None else self.low_95 <= self.came <= self.high_95


@dataclass(frozen=True)
class Outlook:
    """The newest round by a vintage, for one place.

    `shown` weeks may be shown; a week that is suspended suspends those after it.
    `why` tells why there is nothing to show: "none" was made, the newest is "old", or has nothing of this "place";
    empty where there is something.
    """

    round: Round | None
    shown: tuple[Week, ...]
    suspended: tuple[Week, ...]
    history: tuple[tuple[date, int | None], ...]
    why: str
    entry: log.EntryView | None


def outlook(place: Place, standpoint: Standpoint, signal: Signal, days: Sequence[Day]) -> Outlook:
    """Return the newest forecasts that were made by a vintage, with the weeks before as the vintage has them."""
    found = (
        Round.objects.filter(feed=standpoint.feed, signal=signal, vintage__number__lte=standpoint.vintage.number)
        .order_by("-vintage__number")
        .first()
    )
    if found is None:
        return Outlook(None, (), (), (), "none", None)
    if (standpoint.published_on - found.day).days > STALE_DAYS:
        return Outlook(found, (), (), (), "old", None)
    weeks = _weeks(found, _estimates(place, [found]).get(found.pk, []), days)
    if not weeks:
        return Outlook(found, (), (), (), "place", None)
    history = tuple(
        (found.last - timedelta(WEEK * back), week_total(days, found.last - timedelta(WEEK * back)))
        for back in range(HISTORY_WEEKS - 1, -1, -1)
    )
    return Outlook(
        round=found,
        shown=tuple(week for week in weeks if week.standing is None or week.standing.shown),
        suspended=tuple(week for week in weeks if week.standing is not None and not week.standing.shown),
        history=history,
        why="",
        entry=log.entry_hashed(bytes(found.entry)),
    )


@dataclass(frozen=True)
class PastRound:
    """One round beside what came of it at one place."""

    round: Round
    weeks: tuple[Week, ...]
    entry: int | None


@dataclass(frozen=True, slots=True)
class Held:
    """How often the bands held at one place, so many weeks ahead, over the newest known rounds."""

    weeks: int
    known: int
    inside_50: int
    inside_95: int


@dataclass(frozen=True)
class Record:
    """The rounds of a signal at one place, the newest first, how often their bands held, and the newest standings."""

    rounds: tuple[PastRound, ...]
    held: tuple[Held, ...]
    standings: tuple[Standing, ...]


def record(place: Place, feed: Feed, signal: Signal, up_to: int, days: Sequence[Day]) -> Record:
    """Return the newest rounds made by vintage number `up_to`, each beside what `days` tell came of it."""
    rounds = list(
        Round.objects.filter(feed=feed, signal=signal, vintage__number__lte=up_to)
        .select_related("vintage__feed")
        .order_by("-vintage__number")[:ROUNDS]
    )
    estimates = _estimates(place, rounds)
    entries = log.indices([bytes(each.entry) for each in rounds])
    past = tuple(
        PastRound(each, _weeks(each, estimates.get(each.pk, []), days), entries.get(bytes(each.entry)))
        for each in rounds
    )
    known = [week for each in past for week in each.weeks if week.came is not None]
    held = []
    for ahead in sorted({week.weeks for week in known}):
        newest = [week for week in known if week.weeks == ahead][:RUNNING_WEEKS]
        held.append(
            Held(
                ahead,
                len(newest),
                sum(week.low_50 <= (week.came or 0) <= week.high_50 for week in newest),
                sum(bool(week.inside) for week in newest),
            )
        )
    return Record(past, tuple(held), _standings(rounds[0]) if rounds else ())


def round_of(public_id: str) -> Round | None:
    """Return one round."""
    return Round.objects.select_related("feed", "signal", "vintage__feed").filter(public_id=public_id).first()


def file_of(made: Round) -> bytes:
    """Return the canonical file of a round: its SHA-256 stands on the log."""
    return forecast_file.encode(made.signal.code, made.last, _forecasts(made))


def _forecasts(made: Round) -> Iterator[Forecast]:
    rows = made.estimates.values_list("model", "place__code", "end", "quantiles")
    for model, place, end, quantiles in rows.iterator(chunk_size=2_000):
        yield Forecast(model, place, end, tuple(quantiles))


def week_total(days: Sequence[Day], end: date) -> int | None:
    """Return what was new in the seven days to `end`; None where a day is not known or lies on a break."""
    by_day = {day.day: day for day in days}
    week = [by_day.get(end - timedelta(back)) for back in range(WEEK)]
    new = [None if day is None or day.broken else day.new for day in week]
    return None if any(value is None for value in new) else sum(value or 0 for value in new)


def _estimates(place: Place, rounds: Sequence[Round]) -> dict[int, list[Estimate]]:
    found: dict[int, list[Estimate]] = {}
    rows = Estimate.objects.filter(round__in=[each.pk for each in rounds], place=place, model=PUBLISHED)
    for each in rows.order_by("end"):
        found.setdefault(each.round_id, []).append(each)
    return found


def _standings(made: Round) -> tuple[Standing, ...]:
    return tuple(Standing(**row) for row in made.standings)


def _weeks(made: Round, estimates: Sequence[Estimate], days: Sequence[Day]) -> tuple[Week, ...]:
    standings = {each.weeks: each for each in _standings(made)}
    weeks = []
    for each in estimates:
        ahead = (each.end - made.last).days // WEEK
        at = [round(value / 100) for value in each.quantiles]
        weeks.append(
            Week(
                weeks=ahead,
                end=each.end,
                low_95=at[BAND_95[0]],
                low_50=at[BAND_50[0]],
                median=at[MEDIAN],
                high_50=at[BAND_50[1]],
                high_95=at[BAND_95[1]],
                came=week_total(days, each.end),
                standing=standings.get(ahead),
            )
        )
    return tuple(weeks)
