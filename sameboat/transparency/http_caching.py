"""How long others may keep what the log and the pages made from it say."""

import functools
import hashlib
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers
from django.utils.http import parse_etags

from sameboat import __version__
from sameboat.transparency import queries

FOREVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"
PRIVATE = "private, no-store"

View = Callable[..., HttpResponseBase]


def state_tag() -> str:
    """Return a validator that changes whenever anything on the log does.

    Every action appends to the log, so what has not changed since the last entry has not changed at all. The published
    size is part of it: where two actions commit out of the order of their numbers, publishing settles it. So are the
    cosignatures that come in afterwards.
    """
    reach = " ".join(str(part) for part in queries.reach())
    digest = hashlib.sha256(f"{__version__} {reach}".encode()).hexdigest()
    return f'W/"{digest[:20]}"'


def answered_unchanged(request: HttpRequest, tag: str) -> HttpResponse | None:
    """Return 304 where the caller holds the answer with this tag already."""
    held = parse_etags(request.headers.get("If-None-Match", ""))
    if "*" in held or tag.removeprefix("W/") in {have.removeprefix("W/") for have in held}:
        response = HttpResponseNotModified()
        response["ETag"] = tag
        return response
    return None


def open_to_programs(response: HttpResponseBase) -> None:
    """Let pages of other sites read a public answer; it never depends on who asks."""
    response["Access-Control-Allow-Origin"] = "*"


def revalidated(view: View) -> View:
    """Answer a public read with the log's state as its ETag, and 304 where the caller has that state."""

    @functools.wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method not in ("GET", "HEAD"):
            return view(request, *args, **kwargs)
        tag = state_tag()
        unchanged = answered_unchanged(request, tag)
        if unchanged is not None:
            open_to_programs(unchanged)
            return unchanged
        response = view(request, *args, **kwargs)
        if hasattr(request, "auth"):
            response["Cache-Control"] = PRIVATE
            return response
        open_to_programs(response)
        patch_vary_headers(response, ["Accept-Language"])
        if response.status_code == 200 and not response.has_header("Cache-Control"):
            response["ETag"] = tag
            response["Cache-Control"] = ASK_AGAIN
        return response

    return answer
