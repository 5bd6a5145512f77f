"""Public pages: gifts, and one gift followed to a signature, with the proof to take along."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from sameboat.donations import queries
from sameboat.registry.reading import newest, older, row_asked
from sameboat.registry.story import tell
from sameboat.transparency import proofs

PAGE = 50


def gifts(request: HttpRequest) -> HttpResponse:
    """List gifts, newest first, of goods, of money, or both."""
    kind = request.GET.get("kind", "")
    found = queries.gifts(kind=kind if kind in ("goods", "money") else "", before=row_asked(request), limit=PAGE)
    context = {
        "gifts": found,
        "kind": kind,
        "money": queries.money_totals(),
        "counts": queries.gift_counts(),
        "older": older(request, [gift.pk for gift in found], PAGE),
        "newer": newest(request),
    }
    return render(request, "donations/gifts.html", context)


def gift(request: HttpRequest, public_id: str) -> HttpResponse:
    """Show every step of a gift with who, when, how much and its proof."""
    found = queries.gift(public_id)
    if found is None:
        raise Http404
    trace = queries.trace(found)
    context = {"gift": found, "steps": tell(trace.entries), "where": queries.whereabouts(found)}
    return render(request, "donations/gift.html", context)


def gift_proof(request: HttpRequest, public_id: str) -> HttpResponse:  # noqa: ARG001
    """Answer with the proof file of a gift: its entries, and what proves them, to check anywhere."""
    found = queries.gift(public_id)
    if found is None:
        raise Http404
    answer = HttpResponse(proofs.proof_file(queries.proof_entries(found)), content_type="application/json")
    answer["Content-Disposition"] = f'attachment; filename="{found.public_id}.sameboat-proof.json"'
    return answer
