"""Reading a source's own file through its declared mapping: into a vintage, or a stop that leaves all as it was."""

import hashlib
from collections.abc import Iterator
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db.models import F
from django.utils.translation import gettext as _
from pydantic import ValidationError

from sameboat.figures import events
from sameboat.figures.actions.feeds import publisher
from sameboat.figures.actions.vintages import publish_vintage, stop_feed
from sameboat.figures.engine import readers
from sameboat.figures.engine.readers import LineListMapping, PlaceEntry, Places, ReaderStop
from sameboat.figures.models import Definition, Feed, FeedMapping, FeedStop, SourceFile, Vintage
from sameboat.registry.acting import Act, action, as_part
from sameboat.registry.models import Place
from sameboat.registry.refusals import Conflict, Fault, InvalidInput
from sameboat.transparency.actions import append

LONGEST_MAPPING = 100_000
"""Characters of a mapping."""


@action
def set_mapping(act: Act, *, feed: Feed, text: str, from_elsewhere: bool = False) -> FeedMapping:
    """Declare how a source's files are read from now on.

    Raises
    ------
    InvalidInput
        Where the text declares no whole mapping, or names signals that nobody defined or with other decimals.
    """
    actor = publisher(act, feed, from_elsewhere=from_elsewhere)
    if len(text) > LONGEST_MAPPING:
        raise InvalidInput([Fault("mapping", _("Write at most %(most)s characters.") % {"most": LONGEST_MAPPING})])
    try:
        mapping = readers.load_mapping(text)
    except ValueError as error:
        raise InvalidInput([Fault("mapping", _invalid(error))]) from None
    if faults := list(_unknown_series(mapping)):
        raise InvalidInput(faults[:20])
    made = FeedMapping.objects.create(
        feed=feed, text=text, sha256=hashlib.sha256(text.encode()).hexdigest(), set_at=act.now
    )
    append(
        events.MappingSet(
            feed=feed.public_id,
            publisher=feed.publisher.public_id if feed.publisher else None,
            sha256=made.sha256,
        ),
        actor=actor,
        event_time=act.now,
        recorded_at=act.now,
    )
    return made


@action
def read_source(
    act: Act,
    *,
    feed: Feed,
    data: bytes,
    published: datetime | date,
    complete: bool = False,
    from_elsewhere: bool = False,
) -> Vintage | FeedStop:
    """Read a source's file and publish what it says; where it cannot be read at all, say so on the log instead.

    Returns
    -------
    The vintage, with the lines that could not be used kept beside it; or the stop, and then what was published before
    stands.

    Raises
    ------
    Conflict
        Where nobody declared how this source is read.
    InvalidInput
        As `publish_vintage` does.
    """
    publisher(act, feed, from_elsewhere=from_elsewhere)  # before a large file is read
    declared = FeedMapping.objects.filter(feed=feed).order_by("-pk").first()
    if declared is None:
        raise Conflict(_("Nobody declared how the files of %(feed)s are read.") % {"feed": feed.code}, "feed")
    sha256 = hashlib.sha256(data).hexdigest()
    try:
        reading = readers.read(
            data,
            readers.load_mapping(declared.text),
            today=_day_of(feed, published),
            places=_places(),
            previous_rows=_rows_before(feed),
        )
    except ReaderStop as stop:
        return as_part(stop_feed)(
            act, feed=feed, code=stop.code, reason=str(stop), data_sha256=sha256, from_elsewhere=from_elsewhere
        )
    vintage = as_part(publish_vintage)(
        act,
        feed=feed,
        published=published,
        observations=reading.observations,
        complete=complete and not reading.problems_left_off,
        rejected=reading.rejected(),
        from_elsewhere=from_elsewhere,
    )
    SourceFile.objects.create(vintage=vintage, mapping=declared, sha256=sha256, rows=reading.rows)
    return vintage


def published(read: Vintage | FeedStop) -> Vintage:
    """Return the vintage that a file became; raises InvalidInput with the reason where it could not be read."""
    if isinstance(read, FeedStop):
        raise InvalidInput(
            [Fault("file", _("%(why)s The figures published before stand.") % {"why": f"{read.reason.rstrip('.')}."})]
        )
    return read


def _invalid(error: ValueError) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"[:300]
    return str(error)[:300]


def _series(mapping: readers.Mapping) -> Iterator[tuple[str, str, int]]:
    """Yield the signal, definition and decimals of everything that a mapping reads."""
    counted = mapping.cases if isinstance(mapping, LineListMapping) else ()
    for each in counted:
        yield each.signal, "", 0
    for name in ("values", "elements", "populations"):
        for found in getattr(mapping, name, ()):
            yield found.signal, found.definition, found.decimals


def _unknown_series(mapping: readers.Mapping) -> Iterator[Fault]:
    named = list(_series(mapping))
    known = {
        (definition.signal.code, definition.code): definition.signal.decimals
        for definition in Definition.objects.select_related("signal").filter(
            signal__code__in={signal for signal, _, _ in named}
        )
    }
    for signal, definition, decimals in named:
        words = " ".join(filter(None, (signal, definition)))
        stated = known.get((signal, definition))
        if stated is None:
            yield Fault("mapping", _("Nobody stated what “%(signal)s” counts.") % {"signal": words})
        elif stated != decimals:
            told = {"signal": words, "stated": stated, "decimals": decimals}
            yield Fault("mapping", _("%(signal)s has %(stated)s decimals, not %(decimals)s.") % told)


def _day_of(feed: Feed, published: datetime | date) -> date:
    return published.astimezone(ZoneInfo(feed.zone)).date() if isinstance(published, datetime) else published


def _places() -> Places:
    rows = Place.objects.annotate(above=F("parent__code")).values_list("code", "above", "name_en", "name_zh", "level")
    return Places(
        PlaceEntry(code, above or "", tuple(filter(None, names)), level == "unassigned")
        for code, above, *names, level in rows
    )


def _rows_before(feed: Feed) -> int | None:
    found = SourceFile.objects.filter(vintage__feed=feed).order_by("-vintage__number")
    return found.values_list("rows", flat=True).first()
