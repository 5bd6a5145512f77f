"""The shell's own pages."""

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from sameboat.site.specimens import specimens


def home(request: HttpRequest) -> HttpResponse:
    """Show the first page."""
    return render(request, "site/home.html")


def about(request: HttpRequest) -> HttpResponse:
    """Show what this is, how to check it and who runs it."""
    return render(request, "site/about.html")


@login_required
def work(request: HttpRequest) -> HttpResponse:
    """Show what waits for the person who is signed in."""
    return render(request, "site/work.html")


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
