"""The HTTP API: every room's operations under one roof, one shape of error, one document that describes it all."""

import json
import logging
from typing import Any

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import DatabaseError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError
from ninja.operation import Operation
from ninja.parser import Parser
from ninja.renderers import JSONRenderer
from pydantic import BaseModel

from sameboat import __version__
from sameboat.donations.api import router as donations
from sameboat.figures.api import router as figures
from sameboat.project.reference import Reference, complete
from sameboat.project.storage_trouble import trouble_of
from sameboat.registry import faults
from sameboat.registry.access import promising
from sameboat.registry.acting import Act
from sameboat.registry.api import router as registry
from sameboat.registry.refusals import Refused, TooMany
from sameboat.registry.shapes import ErrorShape
from sameboat.supplies.api import router as supplies
from sameboat.transparency.api import router as log
from sameboat.transparency.errors import LogError
from sameboat.transparency.http_caching import revalidated

_log = logging.getLogger(__name__)


class ErrorAnswer(BaseModel):
    """The answer to a request that was refused. Nothing was changed."""

    error: ErrorShape


def refusal(status: int, code: str, message: str) -> HttpResponse:
    """Return an error answer."""
    return _answer(status, ErrorShape(code=code, message=message, field="", faults=[]))


def _answer(status: int, shape: ErrorShape) -> HttpResponse:
    text = json.dumps({"error": shape.model_dump()}, ensure_ascii=False)
    response = HttpResponse(text, status=status, content_type="application/json; charset=utf-8")
    response["Cache-Control"] = "no-store"
    return response


class StrictJson(Parser):
    """JSON as RFC 8259 has it: no NaN, no infinities, and no name twice in one object."""

    def parse_body(self, request: HttpRequest) -> dict[str, Any]:
        """Return the body's value; raises ValueError."""
        parsed: dict[str, Any] = json.loads(request.body, parse_constant=_refuse_constant, object_pairs_hook=_unique)
        return parsed


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return content


class PlainJson(JSONRenderer):
    """JSON that a person can read too: Chinese as it is written."""

    json_dumps_params = {"ensure_ascii": False}


class SameboatAPI(NinjaAPI):
    """The API with our document: short operation names, and what every operation has in common."""

    _document: Any = None

    def get_openapi_operation_id(self, operation: Operation) -> str:
        return operation.view_func.__name__

    def get_openapi_schema(self, **kwargs: Any) -> Any:
        if self._document is None:  # it is the same for the life of the program
            self._document = complete(super().get_openapi_schema(**kwargs), ErrorAnswer)
        return self._document


api = SameboatAPI(
    title="Sameboat",
    version=__version__,
    urls_namespace="api",
    docs=Reference(),
    parser=StrictJson(),
    renderer=PlainJson(),
    description="What is public needs no key; members write. Every write stands on a log that anyone can check.",
)
api.add_decorator(revalidated, mode="view")
api.add_decorator(promising, mode="view")
for router in (supplies, donations, figures, registry, log):
    api.add_router("", router)


@api.exception_handler(Refused)
def _refused(request: HttpRequest, refused: Refused) -> HttpResponse:
    response = _answer(refused.status, ErrorShape.of(refused))
    if isinstance(refused, TooMany):
        response["Retry-After"] = str(refused.retry_after)
    if refused.status == 401:
        response["WWW-Authenticate"] = "Bearer"
    return response


@api.exception_handler(LogError)
def _log_refused(request: HttpRequest, error: LogError) -> HttpResponse:
    return refusal(409, "books", _("The books refuse it: %(why)s. Nothing was changed.") % {"why": error})


@api.exception_handler(ValidationError)
def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    return _refused(request, faults.invalid_input([(_place(fault), fault) for fault in error.errors]))


def _place(fault: dict[str, Any]) -> str:
    """Return the field's name as the caller wrote it: without where it stood and without our own parameter's name."""
    source, *rest = [str(part) for part in fault["loc"]]
    if rest and (source == "body" or rest[0] == "sought"):
        rest = rest[1:]
    return ".".join(rest)


@api.exception_handler(HttpError)
def _http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    if error.status_code == 400:
        message = _("The body is not JSON as RFC 8259 has it. Send a JSON object.")
        return refusal(400, "malformed", message)
    code = {404: "not-found", 422: "invalid-input"}.get(error.status_code, "refused")
    return refusal(error.status_code, code, str(error))


@api.exception_handler(RequestDataTooBig)
def _too_big(request: HttpRequest, error: RequestDataTooBig) -> HttpResponse:
    return refusal(413, "too-large", _("The request is larger than 1 MiB. Send it in parts."))


@api.exception_handler(SuspiciousOperation)
def _suspicious(request: HttpRequest, error: SuspiciousOperation) -> HttpResponse:
    return refusal(400, "malformed", _("The request cannot be read. Check its address and headers."))


@api.exception_handler(Http404)
def _missing(request: HttpRequest, error: Http404) -> HttpResponse:
    return unknown_address(request)


@api.exception_handler(DatabaseError)
@api.exception_handler(OSError)
def _not_stored(request: HttpRequest, error: DatabaseError | OSError) -> HttpResponse:
    trouble = trouble_of(error)
    if trouble is None and not isinstance(error, OperationalError):
        return _failed(request, error)
    _log.error("the store did not answer", exc_info=error)
    if _was_done(request):
        return failure(request)
    if trouble == "full":
        words = _("The disk of this server is full. Nothing was changed; its operator must make room. Try again later.")
        response = refusal(507, "storage-full", words)
    elif trouble in ("failing", "damaged", "read-only"):
        words = _("The store of this server does not take anything now. Nothing was changed; tell its operator.")
        response = refusal(503, "storage-failing", words)
    else:
        response = refusal(503, "busy", _("The store is busy. Nothing was changed; try again in a few seconds."))
    response["Retry-After"] = "5" if response.status_code == 503 else "60"
    return response


@api.exception_handler(Exception)
def _failed(request: HttpRequest, error: Exception) -> HttpResponse:
    _log.error("%s %s failed", request.method, request.path, exc_info=error)
    return failure(request)


def _was_done(request: HttpRequest) -> bool:
    """Return whether the caller's act was committed before something failed."""
    act: Act | None = getattr(request, "act", None)
    return act is not None and bool(act.done)


def failure(request: HttpRequest) -> HttpResponse:
    """Return the answer where we failed, which says whether anything was changed."""
    if _was_done(request):
        words = _(
            "It was done and is safe; only this answer could not be made. Send the request again under the same "
            "idempotency key, or look it up."
        )
        return refusal(500, "unanswered", words)
    message = _("Something went wrong here, and nothing was changed. The operator can read why in the program's log.")
    return refusal(500, "failed", message)


def unknown_address(request: HttpRequest) -> HttpResponse:
    """Return the answer where the API has nothing."""
    return refusal(404, "not-found", _("There is nothing at this address. All addresses stand at /api/docs."))
