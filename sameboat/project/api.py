"""The HTTP API: every room's operations under one roof, one shape of error, one document that describes it all."""

import json
import logging
from typing import Any

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import OperationalError
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
from sameboat.registry.access import promising
from sameboat.registry.api import router as registry
from sameboat.registry.refusals import InvalidInput, Refused, TooMany
from sameboat.supplies.api import router as supplies
from sameboat.transparency.api import router as log
from sameboat.transparency.errors import LogError
from sameboat.transparency.http_caching import revalidated

_log = logging.getLogger(__name__)


class FaultShape(BaseModel):
    """One thing wrong with one field; the field is empty where the whole request is meant."""

    field: str
    message: str


class ErrorShape(BaseModel):
    """Why a request was refused: a code for programs, what was wrong and what to do for people, and where."""

    code: str
    message: str
    field: str
    faults: list[FaultShape]


class ErrorAnswer(BaseModel):
    """The answer to a request that was refused. Nothing was changed."""

    error: ErrorShape


def refusal(
    status: int, code: str, message: str, field: str = "", faults: list[FaultShape] | None = None
) -> HttpResponse:
    """Return an error answer."""
    shape = ErrorShape(code=code, message=message, field=field, faults=faults or [])
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
    faults = refused.faults if isinstance(refused, InvalidInput) else []
    shapes = [FaultShape(field=fault.field, message=str(fault.message)) for fault in faults]
    response = refusal(refused.status, refused.code, str(refused.message), refused.field, shapes)
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
    faults = [FaultShape(field=_place(fault), message=_words(fault)) for fault in error.errors]
    message = " ".join(f"{fault.field}: {fault.message}" if fault.field else fault.message for fault in faults[:5])
    return refusal(422, "invalid-input", message, faults[0].field, faults)


def _place(fault: dict[str, Any]) -> str:
    """Return the field's name as the caller wrote it: without where it stood and without our own parameter's name."""
    source, *rest = [str(part) for part in fault["loc"]]
    if rest and (source == "body" or rest[0] == "sought"):
        rest = rest[1:]
    return ".".join(rest)


def _words(fault: dict[str, Any]) -> str:
    context = fault.get("ctx", {})
    words = {
        "missing": _("This is missing."),
        "extra_forbidden": _("There is no such field here. Take it out, or check its name."),
        "string_type": _("Write text."),
        "string_unicode": _("The text has characters that cannot be shown. Type it again."),
        "string_too_long": _("Write at most %(most)s characters.") % {"most": context.get("max_length")},
        "string_pattern_mismatch": _("This is not in the form asked for: %(form)s") % {"form": context.get("pattern")},
        "int_type": _("Write a whole number."),
        "int_parsing": _("Write a whole number."),
        "int_from_float": _("Write a whole number."),
        "int_parsing_size": _("The number is too large."),
        "bool_parsing": _("Write true or false."),
        "bool_type": _("Write true or false."),
        "less_than_equal": _("At most %(most)s.") % {"most": context.get("le")},
        "greater_than_equal": _("At least %(least)s.") % {"least": context.get("ge")},
        "literal_error": _("Write one of %(known)s.") % {"known": context.get("expected")},
        "model_attributes_type": _("Send a JSON object with the fields of this request."),
        "model_type": _("Send a JSON object with the fields of this request."),
        "value_error": str(context.get("error", "")),
    }
    if fault["type"] == "missing" and not _place(fault):
        return _("Send a JSON object with the fields of this request; {} where there is nothing to say.")
    return words.get(fault["type"]) or str(fault["msg"])


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


@api.exception_handler(OperationalError)
def _busy(request: HttpRequest, error: OperationalError) -> HttpResponse:
    _log.exception("the store did not answer")
    response = refusal(503, "busy", _("The store is busy. Nothing was changed; try again in a few seconds."))
    response["Retry-After"] = "5"
    return response


@api.exception_handler(Exception)
def _failed(request: HttpRequest, error: Exception) -> HttpResponse:
    _log.error("%s %s failed", request.method, request.path, exc_info=error)
    return failure()


def failure() -> HttpResponse:
    """Return the answer where we failed."""
    message = _("Something went wrong here, and nothing was changed. The operator can read why in the program's log.")
    return refusal(500, "failed", message)


def unknown_address(request: HttpRequest) -> HttpResponse:
    """Return the answer where the API has nothing."""
    return refusal(404, "not-found", _("There is nothing at this address. All addresses stand at /api/docs."))
