"""Public pages: the sources of figures, one source, one vintage, and everything that was said of one figure."""

from datetime import date

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language

from sameboat.figures import overview, queries
from sameboat.figures.wording import ChangeWords, FigureWords, flag_words
from sameboat.registry import queries as nouns
from sameboat.registry.reading import day_asked, newest, older, row_asked, words_asked
from sameboat.transparency import queries as log

PAGE = 50
CHANGES = 200


def feeds(request: HttpRequest) -> HttpResponse:
    """List the sources of figures and whether they speak."""
    states = overview.feed_states(queries.feeds(), timezone.now())
    context = {"states": states, "silent": sum(state.silent_since is not None for state in states)}
    return render(request, "figures/feeds.html", context)


def feed(request: HttpRequest, feed: str) -> HttpResponse:
    """Show one source as of any day: what it counts, its vintages, and when it could not be read."""
    found = queries.feed(feed)
    if found is None:
        raise Http404
    as_of = day_asked(request)
    at = queries.vintage_as_of(found, as_of)
    below = row_asked(request)
    if at is not None and as_of is not None:
        below = min(below or at.number + 1, at.number + 1)
    vintages = queries.vintages(found, below, PAGE) if at else []
    context = {
        "state": overview.feed_states([found], timezone.now())[0],
        "at": at,
        "as_of": as_of,
        "counts": overview.counted(found),
        "vintages": vintages,
        "stops": queries.stops(found, as_of),
        "flags": [(flag, flag_words(flag)) for flag in queries.flags(found, as_of, limit=20)],
        "older": older(request, [each.number for each in vintages], PAGE)
        if vintages and vintages[-1].number > 1
        else "",
        "newer": newest(request),
    }
    return render(request, "figures/feed.html", context)


def vintage(request: HttpRequest, public_id: str) -> HttpResponse:
    """Show what changed since the vintage before, and why."""
    found = queries.vintage(public_id)
    if found is None:
        raise Http404
    revisions = found.revised + found.withdrawn
    everything = words_asked(request, "show") == "all" or not revisions
    after = row_asked(request)
    changes = queries.changes(found, only_revised=not everything, after=after, limit=CHANGES + 1)
    shown = changes[:CHANGES]
    question = "show=all&" if everything else ""
    index = log.indices([bytes(found.entry)]).get(bytes(found.entry))
    context = {
        "vintage": found,
        "feed": found.feed,
        "before": queries.vintage_before(found),
        "after": queries.vintage_after(found),
        "index": index,
        "hash": bytes(found.entry).hex(),
        "changes": [ChangeWords.of(each) for each in shown],
        "everything": everything,
        "revisions": revisions,
        "total": found.new + revisions if everything else revisions,
        "further": f"{request.path}?{question}before={shown[-1].row}" if len(changes) > CHANGES else "",
        "first": f"{request.path}?{question}".rstrip("?&") if after is not None else "",
        "flags": [(flag, flag_words(flag)) for flag in queries.flags_of(found)],
        "explanations": overview.explanations_of(found, shown),
    }
    return render(request, "figures/vintage.html", context)


def figure(request: HttpRequest, feed: str, place: str, signal: str, day: str) -> HttpResponse:
    """Show everything that a source ever said of one figure: who said what when."""
    source, where, what, on = queries.feed(feed), nouns.place(place), queries.signal(signal), _day(day)
    definition = words_asked(request, "definition")
    if source is None or where is None or what is None or on is None:
        raise Http404
    said = overview.statements_of_figure(where, what, source, on, definition=definition)
    if not said:
        raise Http404
    indices = log.indices([bytes(each.vintage.entry) for each in said])
    context = {
        "feed": source,
        "place": where,
        "signal": what,
        "definition": definition,
        "unit": what.unit_zh if (get_language() or "").startswith("zh") else what.unit_en,
        "day": on,
        "said": [FigureWords.of(each, what, indices.get(bytes(each.vintage.entry))) for each in said],
        "first": FigureWords.of(said[0], what, None),
        "last": FigureWords.of(said[-1], what, None),
        "revisions": len(said) - 1,
        "explanations": [
            each for each in queries.explanations(where, source, of=what) if each.date <= on <= each.until
        ],
        "breaks": [each for each in queries.breaks(where, what, source) if each.date == on],
    }
    return render(request, "figures/figure.html", context)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
