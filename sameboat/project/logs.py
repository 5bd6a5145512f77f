"""Structured logs: JSON lines for machines, or coloured lines on a terminal. No person, no secret, no raw path.

A request is logged by its route's name, so that a code or id in an address never reaches a log; nobody's network
address, account or words are logged either.
"""

import logging
import sys
import time
import traceback
from collections.abc import Callable
from typing import Any

import structlog
from django.http import HttpRequest, HttpResponse
from structlog.typing import EventDict, Processor

_requests = structlog.get_logger("sameboat.request")


def logging_settings(form: str, level: str) -> dict[str, Any]:
    """Set structlog up and return Django's LOGGING for a form (`json`, `console` or empty: by terminal) and level.

    Raises ValueError for another form or level.
    """
    if form not in ("", "json", "console"):
        raise ValueError(f"SAMEBOAT_LOG_FORMAT: '{form}' is not known; write json or console")
    if level not in ("DEBUG", "INFO", "WARNING", "ERROR"):
        raise ValueError(f"SAMEBOAT_LOG_LEVEL: '{level}' is not known; write DEBUG, INFO, WARNING or ERROR")
    shared: list[Processor] = [
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _without_address,
        _plain_exception,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    as_json = form == "json" or (form == "" and not sys.stderr.isatty())
    last: Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if as_json
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "structured": {
                "()": structlog.stdlib.ProcessorFormatter,
                "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
                "foreign_pre_chain": shared,
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "structured"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "django": {"handlers": [], "propagate": True},
            # What it would say stands in our own line for the request, but for the fault behind a 500.
            "django.request": {"level": "ERROR"},
            "django.server": {"handlers": [], "level": "ERROR", "propagate": True},
            "httpx": {"level": "WARNING"},
        },
    }


def route_name(request: HttpRequest) -> str:
    """Return the name of the route that a request matched, `unmatched` where none did; never its path."""
    match = request.resolver_match
    return "unmatched" if match is None else match.view_name or match.route


class RequestLog:
    """Middleware: one line a request."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        started = time.perf_counter()
        response = self.get_response(request)
        _requests.info(
            "request",
            method=request.method if request.method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE") else "other",
            route=route_name(request),
            status=response.status_code,
            milliseconds=round((time.perf_counter() - started) * 1000, 1),
        )
        return response


def _without_address(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Replace what Django says of a request, which names its path."""
    record = event.get("_record")
    request = getattr(record, "request", None)
    if isinstance(record, logging.LogRecord) and isinstance(request, HttpRequest):
        event["event"] = f"{record.name} {getattr(record, 'status_code', '')}".strip()
        event["route"] = route_name(request)
    return event


def _plain_exception(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Write an exception as its type and where it arose; its message may hold what a person typed."""
    error = event.pop("exc_info", None)
    if error is True:
        error = sys.exc_info()
    if isinstance(error, BaseException):
        error = (type(error), error, error.__traceback__)
    if isinstance(error, tuple) and error[0] is not None:
        event["exception"] = f"{error[0].__module__}.{error[0].__name__}"
        event["at"] = [f"{f.filename}:{f.lineno} {f.name}" for f in traceback.extract_tb(error[2])[-12:]]
    return event
