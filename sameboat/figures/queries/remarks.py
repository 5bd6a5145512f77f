"""What is said of figures: breaks, explanations, what checks noticed, and sources that could not be read."""

from django.db.models import Q

from sameboat.figures.models import (
    Break,
    Explanation,
    Feed,
    FeedStop,
    QualityFlag,
    Signal,
    Vintage,
)
from sameboat.figures.queries.feeds import AsOf, end_of
from sameboat.registry.models import Place
from sameboat.registry.queries import places_within


def breaks(place: Place, of: Signal, from_feed: Feed, as_of: AsOf = None) -> list[Break]:
    """Return the breaks that hold for a place, its own and those of what it lies in, by day; those known at `as_of`."""
    above = Q(within=True, place__in=_with_those_above(place))
    found = Break.objects.filter(Q(place=place) | above, feed=from_feed, signal=of).select_related("place", "signal")
    if as_of is not None:
        found = found.filter(declared_at__lt=end_of(from_feed, as_of))
    return list(found.order_by("date"))


def breaks_of_parts(of: Place, signal: Signal, from_feed: Feed, as_of: AsOf = None) -> list[Break]:
    """Return the breaks of the parts of a place, and those of the place or of what it lies in that hold for them."""
    here = Q(place__parent=of) | Q(within=True, place__in=_with_those_above(of))
    found = Break.objects.filter(here, feed=from_feed, signal=signal)
    if as_of is not None:
        found = found.filter(declared_at__lt=end_of(from_feed, as_of))
    return list(found.order_by("date"))


def explanations(
    place: Place, from_feed: Feed, as_of: AsOf = None, *, of: Signal | None = None, limit: int = 50
) -> list[Explanation]:
    """Return what was said of why figures of a place, or of what it lies in, changed; the latest days first."""
    found = Explanation.objects.filter(feed=from_feed, place__in=_with_those_above(place))
    if of is not None:
        found = found.filter(Q(signal=None) | Q(signal=of))
    if as_of is not None:
        found = found.filter(explained_at__lt=end_of(from_feed, as_of))
    return list(found.select_related("place", "signal").order_by("-date", "-pk")[:limit])


def flags(
    from_feed: Feed,
    as_of: AsOf = None,
    *,
    place: Place | None = None,
    within: bool = False,
    of: Signal | None = None,
    limit: int = 100,
) -> list[QualityFlag]:
    """Return what checks noticed in a feed's vintages up to a moment and was still so then, the latest days first.

    With `place` only its own flags, and with `within` also those of what lies in it; with `of` only that signal's.
    """
    found = QualityFlag.objects.filter(vintage__feed=from_feed)
    if as_of is None:
        found = found.filter(cleared=None)
    else:
        end = end_of(from_feed, as_of)
        found = found.filter(Q(cleared=None) | Q(cleared__published_at__gte=end), vintage__published_at__lt=end)
    if place is not None:
        found = found.filter(place__in=places_within(place.code)) if within else found.filter(place=place)
    if of is not None:
        found = found.filter(signal=of)
    return list(found.select_related("place", "signal", "vintage").order_by("-date", "-pk")[:limit])


def flags_of(of: Vintage, limit: int = 200) -> list[QualityFlag]:
    """Return what checks noticed in one vintage."""
    return list(of.flags.select_related("place", "signal").order_by("kind", "place__code", "date")[:limit])


def stops(from_feed: Feed, as_of: AsOf = None, limit: int = 20) -> list[FeedStop]:
    """Return when a source could not be read, the latest first."""
    found = FeedStop.objects.filter(feed=from_feed)
    if as_of is not None:
        found = found.filter(stopped_at__lt=end_of(from_feed, as_of))
    return list(found.order_by("-stopped_at")[:limit])


def _with_those_above(place: Place) -> list[int]:
    found, here = [place.pk], place
    while here.parent_id is not None:
        here = here.parent  # type: ignore[assignment]  # not None: its key is not
        found.append(here.pk)
    return found


def break_kinds() -> list[tuple[str, str]]:
    """Return the kinds of breaks, each with its words."""
    return [(value, str(words)) for value, words in Break.Kind.choices]
