"""Public pages: needs, one need, one hand-over."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from sameboat.registry import queries as nouns
from sameboat.registry.acting import Role, act_of
from sameboat.registry.categories import CATEGORIES
from sameboat.registry.reading import day_asked, newest, older, row_asked, words_asked
from sameboat.registry.story import tell
from sameboat.supplies import queries
from sameboat.transparency import queries as log

PAGE = 50


def needs(request: HttpRequest) -> HttpResponse:
    """List needs, newest first, by words, place, item and state, as of any day."""
    as_of = day_asked(request)
    sought = queries.NeedFilter(
        text=words_asked(request),
        place=words_asked(request, "place"),
        item=words_asked(request, "item"),
        state=request.GET.get("state", "open"),
        organisation=words_asked(request, "organisation"),
        as_of=as_of,
    )
    found = queries.needs(sought, row_asked(request), PAGE)
    context = {
        "needs": found,
        "sought": sought,
        "as_of": as_of,
        "open_lines": queries.open_lines(as_of),
        "categories": CATEGORIES.items(),
        "asked_item": nouns.item(sought.item),
        "places": queries.places_asked_from(),
        "older": older(request, [need.pk for need in found], PAGE),
        "newer": newest(request),
    }
    return render(request, "supplies/needs.html", context)


def need(request: HttpRequest, public_id: str) -> HttpResponse:
    """Show one need: what is asked, what came of it, and every entry about it."""
    found = queries.need(public_id)
    if found is None:
        raise Http404
    context = {
        "need": found,
        "handovers": queries.handovers(need=found),
        "handed_here": queries.handed_to(found.organisation, found.item),
        "steps": tell(log.entries_about([found.public_id], limit=200)),
        "is_asker": request.user.is_authenticated and act_of(request.user).may(found.organisation, Role.ASK),
    }
    return render(request, "supplies/need.html", context)


def handover(request: HttpRequest, public_id: str) -> HttpResponse:
    """Show one hand-over: what, from whom, to whom, and whether the receiver has signed."""
    found = queries.handover(public_id)
    if found is None:
        raise Http404
    entries = log.entries_about([found.public_id])
    return render(request, "supplies/handover.html", {"handover": found, "steps": tell(entries)})
