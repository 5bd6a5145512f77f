"""The shell's own pages."""

from django.conf import settings
from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils.translation import get_language

from sameboat.donations import queries as donations
from sameboat.figures import queries as figures
from sameboat.registry import queries as nouns
from sameboat.registry.engine.public_id import is_valid
from sameboat.registry.reading import day_asked, newest, older, row_asked, words_asked
from sameboat.site.overview import overview, tally
from sameboat.site.specimens import specimens
from sameboat.situation.queries.headline import headline
from sameboat.supplies import queries as supplies

PAGE = 50
HOME_SECONDS = 5
"""How long the first page's figures are kept: long enough that a crowd costs no more than one reader."""


def home(request: HttpRequest) -> HttpResponse:
    """Show what is needed most, what came in, what went out and what nobody has signed for, as of any day."""
    as_of = day_asked(request)
    key = f"overview:{get_language()}:{as_of}"
    shown = cache.get(key)
    if shown is None:
        shown = overview(as_of), headline(as_of)
        cache.set(key, shown, HOME_SECONDS)
    context = {
        "overview": shown[0],
        "headline": shown[1],
        "as_of": as_of,
        "unsigned": supplies.handovers(unsigned=True, as_of=as_of, limit=8),
    }
    return render(request, "site/home.html", context)


def organisations(request: HttpRequest) -> HttpResponse:
    """List organisations by words and kind."""
    kind = request.GET.get("kind", "")
    found = nouns.organisations(words_asked(request), kind, before=row_asked(request), limit=PAGE)
    context = {
        "organisations": found,
        "kind": kind,
        "kinds": nouns.organisation_kinds(),
        "words": words_asked(request),
        "older": older(request, [each.pk for each in found], PAGE),
        "newer": newest(request),
    }
    return render(request, "site/organisations.html", context)


def organisation(request: HttpRequest, public_id: str) -> HttpResponse:
    """Show one organisation: what it asked for, was handed, signed for, holds and gave."""
    found = nouns.organisation(public_id)
    if found is None:
        raise Http404
    totals = sorted(supplies.organisation_totals(found), key=lambda total: (-total.asked.lines, total.item.code))
    context = {
        "organisation": found,
        "spellings": nouns.spellings(found),
        "parts": nouns.parts(found),
        "totals": totals,
        "tally": tally(totals),
        "needs": supplies.needs(supplies.NeedFilter(organisation=found.public_id, state=""), limit=PAGE),
        "received": supplies.handovers(receiver=found, limit=PAGE),
        "given_out": supplies.handovers(giver=found, limit=PAGE),
        "gifts": donations.gifts(donor=found, limit=PAGE),
        "keys": nouns.signing_keys(found),
    }
    return render(request, "site/organisation.html", context)


def search(request: HttpRequest) -> HttpResponse:
    """Find needs, organisations, or the one thing whose id was typed."""
    words = words_asked(request)
    door = _door(words)
    if door:
        return redirect(door)
    context = {
        "words": words,
        "organisations": nouns.organisations(words, limit=20) if words else [],
        "needs": supplies.needs(supplies.NeedFilter(text=words, state=""), limit=20) if words else [],
        "places": figures.places_called(words) if words else [],
    }
    return render(request, "site/search.html", context)


def _door(words: str) -> str:
    """Return the address of the thing that a public id names, empty for other words."""
    doors = {"need": "need", "org": "organisation", "gift": "gift", "hand": "handover", "pledge": "pledge"}
    kind = words.partition("_")[0]
    if kind in doors and is_valid(words, kind):
        try:
            return reverse(doors[kind], args=[words])
        except NoReverseMatch:
            return ""
    return ""


def about(request: HttpRequest) -> HttpResponse:
    """Show what this is, how to check it and who runs it."""
    return render(request, "site/about.html")


def style(request: HttpRequest) -> HttpResponse:
    """Show every component in every state, where the program is demonstrated or developed."""
    if not (settings.DEBUG or settings.DEMO):
        raise Http404
    return render(request, "site/style.html", specimens(request))


def too_many(request: HttpRequest, retry_after: int) -> HttpResponse:
    """Answer a request that came too soon after others; `retry_after` is in seconds."""
    answer = render(request, "429.html", {"retry_after": retry_after}, status=429)
    answer["Retry-After"] = str(retry_after)
    return answer
