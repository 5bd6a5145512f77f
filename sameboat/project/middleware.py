"""What every answer under /api has in common: the caller's language, and JSON even where Django itself refuses."""

from collections.abc import Callable
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import translation
from django.utils.decorators import sync_and_async_middleware
from django.utils.translation import gettext as _

ROOT = "/api/"


@sync_and_async_middleware
def api_answers(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """Speak the caller's language under /api, and give what Django refuses the shape of every other refusal.

    The addresses of pages say their language; those of the API do not, so there the Accept-Language header does.
    """
    if iscoroutinefunction(get_response):

        async def answer_async(request: HttpRequest) -> Any:
            if not request.path.startswith(ROOT):
                return await get_response(request)
            with translation.override(translation.get_language_from_request(request)):
                return _in_shape(request, await get_response(request))

        return answer_async

    def answer(request: HttpRequest) -> Any:
        if not request.path.startswith(ROOT):
            return get_response(request)
        with translation.override(translation.get_language_from_request(request)):
            return _in_shape(request, get_response(request))

    return answer


def _in_shape(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    shaped = _refusal_in_shape(request, response)
    shaped.headers.setdefault("Content-Language", translation.get_language())
    return shaped


def _refusal_in_shape(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    if response.headers.get("Content-Type", "").startswith("application/json"):
        return response
    from sameboat.project.api import failure, refusal, unknown_address  # here, since it imports every room

    if response.status_code >= 500:
        return failure(request)
    if response.status_code == 404:
        return unknown_address(request)
    if response.status_code == 405:
        allowed = response.headers["Allow"]
        message = _("This address takes %(allowed)s, not %(method)s.") % {"allowed": allowed, "method": request.method}
        shaped = refusal(405, "method-not-allowed", message)
        shaped["Allow"] = allowed
        return shaped
    return response
