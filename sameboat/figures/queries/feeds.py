"""Who publishes which figures, in which vintages, and of which places."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import FloatField, Q, QuerySet
from django.db.models.functions import Cast

from sameboat.figures.models import (
    Definition,
    Feed,
    Series,
    Signal,
    Vintage,
)
from sameboat.registry.models import Place

AsOf = date | datetime | None
"""A day (its end, in the feed's zone), a moment, or None: now."""


def feeds() -> list[Feed]:
    """Return every feed, the first registered first."""
    return list(Feed.objects.select_related("publisher").order_by("pk"))


def feed(code: str) -> Feed | None:
    """Return the feed with this code or public id."""
    return Feed.objects.select_related("publisher").filter(Q(code=code) | Q(public_id=code)).first()


def feeds_of(place: str, of: str) -> list[Feed]:
    """Return the feeds that have said anything of a place and signal, by their codes."""
    speaking = Series.objects.filter(place__code=place, signal__code=of).values("feed")
    return list(Feed.objects.select_related("publisher").filter(pk__in=speaking).order_by("code"))


def feeds_counting(of: Signal, place: Place | None = None) -> list[Feed]:
    """Return the feeds that have figures of a signal, or of it at one place; the first registered first."""
    rows = Series.objects.filter(signal=of)
    if place is not None:
        rows = rows.filter(place=place)
    return list(Feed.objects.select_related("publisher").filter(pk__in=rows.values("feed")).order_by("pk"))


def signals() -> list[Signal]:
    """Return every signal, by code."""
    return list(Signal.objects.order_by("code"))


def signal(code: str) -> Signal | None:
    """Return one signal."""
    return Signal.objects.filter(code=code).first()


def signals_of(place: Place, from_feed: Feed) -> list[Signal]:
    """Return what a feed counts at a place, by code."""
    rows = Series.objects.filter(place=place, feed=from_feed)
    return list(Signal.objects.filter(pk__in=rows.values("signal")).order_by("code"))


def decimals_of(codes: Iterable[str]) -> dict[str, int]:
    """Return how many decimals signals have, by their codes; unknown ones are left out."""
    return dict(Signal.objects.filter(code__in=list(codes)).values_list("code", "decimals"))


def definitions(of: Signal) -> list[Definition]:
    """Return a signal's definitions, the first first."""
    return list(of.definitions.select_related("signal").order_by("pk"))


def vintage(public_id: str) -> Vintage | None:
    """Return one vintage."""
    return Vintage.objects.select_related("feed__publisher").filter(public_id=public_id).first()


def vintages(of: Feed, before: int | None = None, limit: int = 50) -> list[Vintage]:
    """Return a feed's vintages, newest first, those with a number below `before`."""
    found = Vintage.objects.filter(feed=of).select_related("feed")
    if before is not None:
        found = found.filter(number__lt=before)
    return list(found.order_by("-number")[:limit])


def vintage_as_of(of: Feed, as_of: AsOf = None) -> Vintage | None:
    """Return the vintage that was a feed's latest at a moment; None where it had not spoken yet."""
    found = Vintage.objects.filter(feed=of).select_related("feed__publisher")
    if as_of is not None:
        found = found.filter(published_at__lt=end_of(of, as_of))
    return found.order_by("-published_at").first()


def vintage_before(of: Vintage) -> Vintage | None:
    """Return the vintage that a feed published before one."""
    return Vintage.objects.filter(feed=of.feed_id, number=of.number - 1).select_related("feed").first()


def vintage_after(of: Vintage) -> Vintage | None:
    """Return the vintage that a feed published after one."""
    return Vintage.objects.filter(feed=of.feed_id, number=of.number + 1).select_related("feed").first()


def end_of(of: Feed, as_of: date | datetime) -> datetime:
    """Return the first moment after `as_of`."""
    if isinstance(as_of, datetime):
        return as_of + timedelta(microseconds=1)
    return datetime.combine(as_of + timedelta(days=1), time(), ZoneInfo(of.zone))


def children(of: Place, from_feed: Feed, signal: Signal) -> list[Place]:
    """Return the parts of a place that a feed has figures of, by code; `…-unassigned` children are among them."""
    inside: QuerySet[Series] = Series.objects.filter(feed=from_feed, signal=signal, place__parent=of)
    return list(Place.objects.filter(pk__in=inside.values("place")).order_by("code"))


def places_of_parts(of: Place, from_feed: Feed, signal: Signal) -> list[tuple[int, str, str, str, Any, Any]]:
    """Return those parts as primary key, code, names in English and Chinese, latitude and longitude, by code.

    Without making objects of them: a country may have thousands.
    """
    inside: QuerySet[Series] = Series.objects.filter(feed=from_feed, signal=signal, place__parent=of)
    degrees = (Cast("latitude", FloatField()), Cast("longitude", FloatField()))
    found = Place.objects.filter(pk__in=inside.values("place")).order_by("code")
    return list(found.values_list("pk", "code", "name_en", "name_zh", *degrees))


def outermost(from_feed: Feed, of: Signal) -> Place | None:
    """Return the place that no other place with figures of a feed contains: the country, where it counts one."""
    counted = Series.objects.filter(feed=from_feed, signal=of).values("place")
    return Place.objects.filter(pk__in=counted).exclude(parent__in=counted).order_by("pk").first()


def places_called(text: str, limit: int = 10) -> list[Place]:
    """Return places of which there are figures and whose name, or code, holds a text; the shortest codes first."""
    called = Q(name_en__icontains=text) | Q(name_zh__icontains=text) | Q(code=text)
    counted = Place.objects.filter(called, pk__in=Series.objects.values("place")).select_related("parent")
    return list(counted.order_by("code")[:limit])
