"""Public pages of the log: its newest entries, one entry with its proof, and how to check a proof file."""

import json

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from sameboat.transparency import proofs, queries
from sameboat.transparency.events import schemas
from sameboat.transparency.keys import log_vkey
from sameboat.transparency.offline_page import offline_verifier_html

PAGE = 50


def log(request: HttpRequest) -> HttpResponse:
    """Show the latest checkpoint, the newest entries, and how to check."""
    before = request.GET.get("before", "")
    asked = int(before) if before.isascii() and before.isdecimal() and len(before) < 19 else None
    kind = request.GET.get("type", "")
    found = queries.entries(before=asked, limit=PAGE, type=kind)
    full = len(found) == PAGE
    latest = queries.checkpoint()
    context = {
        "latest": latest,
        "cosigners": queries.cosigners(latest) if latest else [],
        "vkey": log_vkey(),
        "entries": found,
        "types": [(each.type, each.words) for each in schemas()],
        "type": kind,
        "older": f"{request.path}?type={kind}&before={found[-1].index}" if full and found[-1].index else "",
        "newer": request.path if asked is not None else "",
    }
    return render(request, "transparency/log.html", context)


def entry(request: HttpRequest, index: int) -> HttpResponse:
    """Show one entry as it stands on the log, and the proof that it does."""
    found = queries.entry_at(index)
    latest = queries.checkpoint()
    if found is None or latest is None or index >= latest.size:
        raise Http404
    proof = queries.inclusion_proof(index, latest.size)
    context = {
        "entry": found,
        "latest": latest,
        "pretty": json.dumps(json.loads(found.text), ensure_ascii=False, indent=2),
        "proof": [each.hex() for each in proof],
        "hashes": len(proof),
        "previous": index - 1,
        "next": index + 1 if index + 1 < latest.size else None,
    }
    return render(request, "transparency/entry.html", context)


def entry_proof(request: HttpRequest, index: int) -> HttpResponse:  # noqa: ARG001
    """Answer with the proof file of one entry."""
    found = queries.entry_at(index)
    if found is None:
        raise Http404
    answer = HttpResponse(proofs.proof_file([found]), content_type="application/json")
    answer["Content-Disposition"] = f'attachment; filename="entry-{index}.sameboat-proof.json"'
    return answer


def promise(request: HttpRequest, leaf_hash: str) -> HttpResponse:  # noqa: ARG001
    """Answer with the log's signed promise of an accepted entry."""
    try:
        found = queries.entry_hashed(bytes.fromhex(leaf_hash))
    except ValueError:
        found = None
    if found is None:
        raise Http404
    _given, note = proofs.promise_of(bytes.fromhex(leaf_hash), found.recorded_at)
    answer = HttpResponse(note, content_type="text/plain; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{found.leaf_hash[:16]}.sameboat-promise.txt"'
    return answer


def verify(request: HttpRequest) -> HttpResponse:
    """Show how to check a proof file, with the page that does it in the browser and the one to take along."""
    return render(request, "transparency/verify.html", {"latest": queries.checkpoint(), "vkey": log_vkey()})


def verify_offline(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """Answer with the page that checks a proof without network, to save; it knows this log's key."""
    answer = HttpResponse(offline_verifier_html([log_vkey()]), content_type="text/html; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="sameboat-verify.html"'
    return answer
