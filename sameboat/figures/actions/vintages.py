"""Publishing a vintage: what a source says now, against what it said before, in one transaction with its entry."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import connection
from django.utils.translation import gettext as _

from sameboat.figures import events
from sameboat.figures.actions.feeds import publisher
from sameboat.figures.actions.quality import judge
from sameboat.figures.engine import change_file
from sameboat.figures.engine.change_file import Key
from sameboat.figures.engine.differences import Differences, differences
from sameboat.figures.engine.observation import Observation, Rejected
from sameboat.figures.models import (
    END_OF_DAY,
    Definition,
    Feed,
    FeedStop,
    Figure,
    RejectedLine,
    Series,
    Signal,
    Vintage,
)
from sameboat.registry.acting import Act, action
from sameboat.registry.models import Place
from sameboat.registry.refusals import Fault, InvalidInput
from sameboat.transparency.actions import append

LARGEST_VALUE = 10**15
"""Smallest units; more is a slip of the hand whatever is counted."""

MOST_OBSERVATIONS = 2_000_000
"""Observations in one vintage: so many are read into memory at once."""

_AT_ONCE = 500


@action
def publish_vintage(
    act: Act,
    *,
    feed: Feed,
    published: datetime | date,
    observations: Sequence[Observation],
    complete: bool = False,
    rejected: Sequence[Rejected] = (),
    from_elsewhere: bool = False,
) -> Vintage:
    """Publish what a source says now; what it changes against the vintage before is stored, hashed and on the log.

    A row that cannot stand (a place nobody registered, a day to come, an absurd value) is kept among the rejected lines
    with its reason, and the others stand. A vintage that changes nothing is published too: it says so.

    Parameters
    ----------
    published
        When the source published it, after the vintage before; a date where only the day is known: it then counts as
        published at the end of that day in the feed's zone.
    complete
        Whether `observations` are everything that the source says now, so that what it said before and is not among
        them was withdrawn. Where a line was rejected nothing counts as withdrawn: that line may have stated it.

    Raises
    ------
    InvalidInput
        For an unknown signal or definition, two rows that speak of one figure, or a moment that is not after the
        vintage before; nothing is stored.
    """
    actor = publisher(act, feed, from_elsewhere=from_elsewhere)
    # The feed's row serialises its vintages: two at once would both follow the same one.
    Feed.objects.select_for_update().get(pk=feed.pk)
    last = Vintage.objects.filter(feed=feed).order_by("-number").first()
    moment = _moment(feed, published)
    _check_order(act, moment, last)
    if len(observations) > MOST_OBSERVATIONS:
        raise InvalidInput(
            [Fault("observations", _("At most %(most)s figures at once.") % {"most": f"{MOST_OBSERVATIONS:,}"})]
        )
    signals = _signals(observations)
    usable, more = _usable(observations, signals, (moment.astimezone(ZoneInfo(feed.zone))).date())
    series = _Series(feed, signals)
    complete = complete and not rejected and not more
    stood = _stood(series, usable, complete=complete)
    changed = differences(stood, usable, complete=complete)
    sha256 = change_file.sha256(change_file.encode(changed.all))
    vintage = Vintage(
        public_id=act.new_id("vint"),
        feed=feed,
        number=last.number + 1 if last else 1,
        published_at=moment,
        recorded_at=act.now,
        sha256=sha256,
        new=len(changed.new),
        revised=len(changed.revised),
        withdrawn=len(changed.withdrawn),
        rejected=len(rejected) + len(more),
        entry=b"",
        first_date=min((row.date for row in changed.all), default=None),
        last_date=max((row.date for row in changed.all), default=None),
    )
    vintage.save()
    _store(vintage, changed, series)
    raised = judge(vintage, changed, last, stood)
    entry = append(
        events.VintagePublished(
            vintage=vintage.public_id,
            feed=feed.public_id,
            publisher=feed.publisher.public_id if feed.publisher else None,
            number=vintage.number,
            sha256=sha256,
            previous=last.sha256 if last else None,
            new=vintage.new,
            revised=vintage.revised,
            withdrawn=vintage.withdrawn,
            rejected=vintage.rejected,
            flags=dict(sorted(raised.items())) or None,
        ),
        actor=actor,
        event_time=published,
        recorded_at=act.now,
    )
    vintage.entry = entry.leaf_hash
    vintage.save(update_fields=["entry"])
    RejectedLine.objects.bulk_create(
        [
            RejectedLine(vintage=vintage, line=row.line, raw=row.raw, problem=row.problem[:300])
            for row in [*rejected, *more]
        ],
        batch_size=_AT_ONCE,
    )
    return vintage


@action
def stop_feed(
    act: Act, *, feed: Feed, code: str, reason: str, data_sha256: str, from_elsewhere: bool = False
) -> FeedStop:
    """Say that what came from a source could not be read at all; the figures published before stand."""
    actor = publisher(act, feed, from_elsewhere=from_elsewhere)
    stop = FeedStop.objects.create(
        feed=feed, stopped_at=act.now, code=code[:32], reason=reason[:2000], data_sha256=data_sha256
    )
    append(
        events.FeedStopped(
            feed=feed.public_id,
            publisher=feed.publisher.public_id if feed.publisher else None,
            code=stop.code,
            sha256=data_sha256,
        ),
        actor=actor,
        event_time=act.now,
        recorded_at=act.now,
    )
    return stop


def _moment(feed: Feed, published: datetime | date) -> datetime:
    if not isinstance(published, datetime):
        published = datetime.combine(published, END_OF_DAY, ZoneInfo(feed.zone))
    return published.astimezone(UTC)


def _check_order(act: Act, moment: datetime, last: Vintage | None) -> None:
    if last is not None and moment <= last.published_at:
        raise InvalidInput(
            [
                Fault(
                    "published",
                    _("Vintage %(number)s was published at %(at)s; the next one comes after it.")
                    % {"number": last.number, "at": last.published_at.isoformat(" ", "minutes")},
                )
            ]
        )
    if moment > act.now + timedelta(days=1):
        raise InvalidInput([Fault("published", _("That moment has not come yet."))])


def _signals(observations: Iterable[Observation]) -> dict[tuple[str, str], Definition]:
    """Return the definitions that the rows name; raise InvalidInput for those that nobody stated."""
    named = {(row.signal, row.definition) for row in observations}
    known = {
        (definition.signal.code, definition.code): definition
        for definition in Definition.objects.select_related("signal").filter(
            signal__code__in={signal for signal, _ in named}
        )
    }
    if unknown := sorted(named - set(known)):
        raise InvalidInput(
            [
                Fault(
                    "observations",
                    _("Nobody stated what “%(signal)s” counts. State its definition first.")
                    % {"signal": " ".join(pair).strip()},
                )
                for pair in unknown[:20]
            ]
        )
    return {pair: known[pair] for pair in named}


def _usable(
    observations: Sequence[Observation], signals: dict[tuple[str, str], Definition], today: date
) -> tuple[list[Observation], list[Rejected]]:
    """Return the rows that can stand, and the others with what is wrong."""
    places = Place.objects.in_bulk({row.place for row in observations}, field_name="code")
    forms = {pair: definition.signal.form for pair, definition in signals.items()}
    usable, rejected = [], []
    for number, row in enumerate(observations, start=1):
        problem = _problem(row, places.get(row.place), forms[row.signal, row.definition], today)
        if problem:
            raw = {
                "place": row.place,
                "signal": row.signal,
                "definition": row.definition,
                "date": row.date.isoformat(),
                "value": "" if row.value is None else str(row.value),
                "missing": row.missing,
            }
            rejected.append(Rejected(number, raw, problem))
        else:
            usable.append(row)
    seen: Counter[Key] = Counter(change_file.key_of(row) for row in usable)
    if twice := [key for key, times in seen.items() if times > 1]:
        raise InvalidInput(
            [
                Fault(
                    "observations",
                    _("%(place)s, %(signal)s, %(day)s stands twice.")
                    % dict(zip(("place", "signal", "_", "day"), key, strict=True)),
                )
                for key in twice[:20]
            ]
        )
    return usable, rejected


def _problem(row: Observation, place: Place | None, form: str, today: date) -> str:
    if place is None:
        return f"{row.place} is not in the tree of places"
    if row.date > today:
        return f"{row.date} had not come when this was published on {today}"
    if (place.valid_from and row.date < place.valid_from) or (place.valid_until and row.date > place.valid_until):
        return f"{row.place} did not exist on {row.date}; use the place that it was part of, or became"
    if row.value is not None and abs(row.value) > LARGEST_VALUE:
        return f"{row.value} is beyond anything that can be counted"
    if row.value is not None and row.value < 0 and form in (Signal.Form.CUMULATIVE, Signal.Form.PREVALENCE):
        return f"{row.value}: a total cannot be less than nothing"
    return ""


class _Series:
    """The rows of series that a vintage speaks of, made where they are new."""

    def __init__(self, feed: Feed, signals: dict[tuple[str, str], Definition]) -> None:
        self.feed, self.signals = feed, signals
        self.ids: dict[tuple[str, str, str], int] = {
            (place, signal, definition): pk
            for pk, place, signal, definition in Series.objects.filter(feed=feed).values_list(
                "pk", "place__code", "signal__code", "definition__code"
            )
        }

    def make(self, named: set[tuple[str, str, str]]) -> None:
        """Make the series that are not there yet."""
        fresh = sorted(named - self.ids.keys())
        places = Place.objects.in_bulk({place for place, _, _ in fresh}, field_name="code")
        made = Series.objects.bulk_create(
            [
                Series(
                    feed=self.feed,
                    place=places[place],
                    signal=self.signals[signal, definition].signal,
                    definition=self.signals[signal, definition],
                )
                for place, signal, definition in fresh
            ]
        )
        self.ids.update({key: row.pk for key, row in zip(fresh, made, strict=True)})


def _stood(series: _Series, stated: Sequence[Observation], *, complete: bool) -> dict[Key, tuple[int | None, str]]:
    """Return what stood before: of the days and series stated, or where they are complete of the whole feed."""
    names = {pk: key for key, pk in series.ids.items()}
    rows = Figure.objects.order_by("vintage_id")
    if not complete:
        if not stated:
            return {}
        days = [row.date for row in stated]
        rows = rows.filter(date__gte=min(days), date__lte=max(days))
        wanted = {(row.place, row.signal, row.definition) for row in stated}
        pks = [pk for key, pk in series.ids.items() if key in wanted]
    else:
        pks = list(series.ids.values())
    stood: dict[Key, tuple[int | None, str]] = {}
    for at in range(0, len(pks), _AT_ONCE):
        found = rows.filter(series_id__in=pks[at : at + _AT_ONCE]).values_list("series_id", "date", "value", "missing")
        for pk, day, value, missing in found.iterator(chunk_size=10_000):
            stood[*names[pk], day] = (value, missing)
    return stood


def _store(vintage: Vintage, changed: Differences, series: _Series) -> None:
    series.make({(row.place, row.signal, row.definition) for row in changed.all})
    rows = [
        (series.ids[row.place, row.signal, row.definition], row.date, vintage.pk, row.value, row.missing)
        for row in changed.all
    ]
    rows.sort(key=lambda row: row[:2])
    columns = ", ".join(
        connection.ops.quote_name(name) for name in ("series_id", "date", "vintage_id", "value", "missing")
    )
    with connection.cursor() as cursor:
        cursor.executemany(f"INSERT INTO figures_figure ({columns}) VALUES (%s, %s, %s, %s, %s)", rows)  # noqa: S608
