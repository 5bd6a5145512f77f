"""What becomes of a refusal that a page raises: a calm page with the right status that says what to do."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from sameboat.registry.refusals import Refused
from sameboat.transparency.errors import BooksError, LogError


class RefusalPages:
    """Answer refusals of actions and of what a reader asked with a page; the API has its own answers."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Return the page of a refusal, None for any other exception."""
        if isinstance(exception, Refused):
            return render(request, "site/refused.html", {"why": exception.message}, status=exception.status)
        if isinstance(exception, BooksError | LogError):
            return render(request, "site/refused.html", {"why": str(exception)}, status=409)
        return None
