"""Judging a vintage: what the checks of `engine/flags` notice in what it changed, kept beside the figures.

A flag is raised by the vintage in which it is first noticed and cleared by the one in which it no longer is. Only days
are judged that a change can reach, so the cost grows with what changed and not with history.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from sameboat.figures import queries
from sameboat.figures.engine.differences import Differences, Stood
from sameboat.figures.engine.flags import Flag, flag_panel, flag_revisions, flag_sums, judge_from
from sameboat.figures.engine.observation import Observation
from sameboat.figures.engine.panel import Panel
from sameboat.figures.models import Break, Definition, QualityFlag, Signal, Vintage
from sameboat.figures.recent_panels import panel_at, panel_before
from sameboat.registry.models import Place
from sameboat.registry.queries import places_within

COUNTS = (Signal.Form.CUMULATIVE, Signal.Form.INCIDENCE)
"""Forms whose days are counts of events, so that a day's count can be unlikely."""

SUMS = (*COUNTS, Signal.Form.PREVALENCE)
"""Forms in which a place has what its parts have together."""

LASTING = ("revised-strongly",)
"""Flags of what a vintage did, not of how figures are: no later vintage clears them."""

_AT_ONCE = 500

_Key = tuple[str, int | None, int | None, date, date, tuple[tuple[str, int | str], ...]]


def judge(vintage: Vintage, changed: Differences, before: Vintage | None, stood: Stood) -> Counter[str]:
    """Store the flags that a stored vintage raises, clear those that are gone; return how many it raised by kind.

    `stood` is what stood before of the figures that it states.
    """
    by_definition: defaultdict[tuple[str, str], list[Observation]] = defaultdict(list)
    for row in changed.all:
        by_definition[row.signal, row.definition].append(row)
    raised = Counter(_silence(vintage, before))
    for (signal, definition), rows in sorted(by_definition.items()):
        known = Definition.objects.select_related("signal").get(signal__code=signal, code=definition)
        if known.signal.form in SUMS:
            raised.update(_judge_signal(vintage, before, known, rows, stood))
    return raised


def _silence(vintage: Vintage, before: Vintage | None) -> Iterable[str]:
    """Flag the days on which the feed should have spoken and did not."""
    if before is None:
        return
    zone = ZoneInfo(vintage.feed.zone)
    spoke, speaks = before.published_at.astimezone(zone).date(), vintage.published_at.astimezone(zone).date()
    days, usual = (speaks - spoke).days, vintage.feed.cadence_days
    if days > usual:
        numbers = {"days": days, "usual": usual}
        first, last = spoke + timedelta(days=usual), speaks - timedelta(days=1)
        QualityFlag.objects.create(vintage=vintage, kind="stale-feed", date=first, until=last, numbers=numbers)
        yield "stale-feed"


@dataclass(frozen=True, slots=True)
class _Family:
    """The places that a change can reach, codes by primary key: the changed, what they lie in, and its other parts."""

    changed: dict[int, str]
    all: dict[int, str]
    parents: dict[str, str]


def _family(codes: Iterable[str]) -> _Family:
    changed = _places("code__in", sorted(set(codes)))
    above = _places("pk__in", sorted({parent for _, parent in changed.values() if parent is not None}))
    parts = _places("parent__in", sorted(changed.keys() | above.keys()))
    everyone = parts | above | changed
    named = {pk: code for pk, (code, _) in everyone.items()}
    parents = {code: named[parent] for code, parent in everyone.values() if parent in named}
    return _Family({pk: named[pk] for pk in changed}, named, parents)


def _places(field: str, values: Sequence[str | int]) -> dict[int, tuple[str, int | None]]:
    """Return code and parent of the places found by `field`, by primary key."""
    found: dict[int, tuple[str, int | None]] = {}
    for at in range(0, len(values), _AT_ONCE):
        rows = Place.objects.filter(**{field: values[at : at + _AT_ONCE]}).values_list("pk", "code", "parent_id")
        found.update({pk: (code, parent) for pk, code, parent in rows})
    return found


def _judge_signal(
    vintage: Vintage, before: Vintage | None, of: Definition, rows: Sequence[Observation], stood: Stood
) -> Iterable[str]:
    family = _family(row.place for row in rows)
    since = judge_from(min(row.date for row in rows))
    start = judge_from(since) - timedelta(days=1)
    panel = panel_at(vintage, before, of, rows, family.changed, start)
    own = _only(panel, family.changed.values())
    flags: list[Flag] = []
    if of.signal.form in COUNTS:
        for places, breaks in _by_breaks(vintage, of.signal, family.changed):
            flags += flag_panel(_only(own, places), breaks=breaks, since=since)
    changed_days = [row.date for row in rows]
    whole = queries.panel(family.all, of, vintage, start=min(changed_days), until=max(changed_days))
    flags += flag_sums(whole, family.parents)
    if before is not None and of.signal.form in COUNTS:
        revised = {row.place for row in rows if row.date <= (before.last_date or date.min)}
        earlier = panel_before(own, rows, stood, revised)
        flags += flag_revisions(earlier, _only(own, earlier.places))
    yield from _keep(vintage, of, family, since, flags)


def _only(panel: Panel, places: Iterable[str]) -> Panel:
    wanted = set(places)
    rows = [row for row, place in enumerate(panel.places) if place in wanted]
    return replace(panel, places=tuple(panel.places[row] for row in rows), values=panel.values[rows])


def _by_breaks(vintage: Vintage, signal: Signal, places: dict[int, str]) -> Iterable[tuple[list[str], frozenset[date]]]:
    """Yield the places by the breaks that hold for them."""
    reached: defaultdict[int, set[date]] = defaultdict(set)
    for declared in Break.objects.filter(feed=vintage.feed, signal=signal).select_related("place"):
        broken = places_within(declared.place.code) if declared.within else [declared.place_id]
        for pk in places.keys() & set(broken):
            reached[pk].add(declared.date)
    groups: defaultdict[frozenset[date], list[str]] = defaultdict(list)
    for pk, code in places.items():
        groups[frozenset(reached.get(pk, ()))].append(code)
    for breaks, codes in groups.items():
        yield codes, breaks


def _keep(vintage: Vintage, of: Definition, family: _Family, since: date, flags: Iterable[Flag]) -> Iterable[str]:
    """Store the flags that are new, and clear those in the days judged that are gone."""
    pks = {code: pk for pk, code in family.all.items()}
    signal = of.signal
    standing = _standing(vintage, of, list(pks.values()), since)
    begun = {(flag.kind, flag.place_id): flag for flag in standing.values() if flag.date < since}
    fresh: list[QualityFlag] = []
    seen: set[_Key] = set()
    for flag in flags:
        if flag.until < since:
            continue
        place = pks[flag.place]
        # A run that began before the days judged is seen cut off: it began when it was first flagged.
        earlier = begun.get((flag.kind, place))
        first = (
            earlier.date if earlier and earlier.date < flag.date <= since and earlier.until >= flag.date else flag.date
        )
        key = (flag.kind, place, signal.pk, first, flag.until, tuple(sorted(flag.numbers.items())))
        seen.add(key)
        if key not in standing:
            fresh.append(
                QualityFlag(
                    vintage=vintage,
                    place_id=place,
                    signal=signal,
                    kind=flag.kind,
                    date=first,
                    until=flag.until,
                    numbers=flag.numbers,
                )
            )
    gone = [flag.pk for key, flag in standing.items() if key not in seen and flag.kind not in LASTING]
    for at in range(0, len(gone), _AT_ONCE):
        QualityFlag.objects.filter(pk__in=gone[at : at + _AT_ONCE]).update(cleared=vintage)
    QualityFlag.objects.bulk_create(fresh, batch_size=_AT_ONCE)
    return [flag.kind for flag in fresh]


def _standing(vintage: Vintage, of: Definition, places: Sequence[int], since: date) -> dict[_Key, QualityFlag]:
    found: dict[_Key, QualityFlag] = {}
    for at in range(0, len(places), _AT_ONCE):
        some = QualityFlag.objects.filter(
            vintage__feed=vintage.feed,
            signal=of.signal,
            place__in=places[at : at + _AT_ONCE],
            until__gte=since,
            cleared=None,
        )
        for flag in some:
            if flag.numbers.get("definition", "") != of.code:
                continue
            numbers = tuple(sorted(flag.numbers.items()))
            found[flag.kind, flag.place_id, flag.signal_id, flag.date, flag.until, numbers] = flag
    return found
