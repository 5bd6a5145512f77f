"""Who calls over HTTP: by token or by session, from which address, under which idempotency key."""

import functools
import logging
import re
from collections.abc import Callable
from typing import Any, NoReturn

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware
from django.utils.translation import gettext as _
from ninja.security import HttpBearer
from ninja.security.base import AuthBase

from sameboat.registry import queries, rate_limits
from sameboat.registry.acting import Act, act_of
from sameboat.registry.actions import hash_token
from sameboat.registry.refusals import Fault, InvalidInput, NotPermitted, Unauthenticated
from sameboat.transparency import proofs
from sameboat.transparency.engine import base64_text

_log = logging.getLogger(__name__)

IDEMPOTENCY_HEADER = "Idempotency-Key"
IDEMPOTENCY_PATTERN = r"^[\x21-\x7e]{1,128}$"
PROMISE_HEADER = "Sameboat-Promise"
MOST_PROMISES = 16
"""Promises in one answer's header, about 350 characters each; proxies refuse headers beyond 8 KB."""


class Token(HttpBearer):
    """`Authorization: Bearer sb_…`: a member's own token."""

    def authenticate(self, request: HttpRequest, token: str) -> AbstractBaseUser:  # noqa: ARG002 - ninja's signature
        user = queries.user_of_token(hash_token(token))
        if user is None:
            raise Unauthenticated(_("This token is not valid. Make a new one under your account."))
        rate_limits.check("write", str(user.pk))
        return user


class _CsrfCheck(CsrfViewMiddleware):
    """Django's check of the CSRF token, without the page that it would answer with."""

    def _reject(self, request: HttpRequest, reason: str) -> str:  # noqa: ARG002
        return reason


def _no_view(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - Django's signature
    return HttpResponse()


def _csrf_fault(request: HttpRequest) -> object | None:
    check = _CsrfCheck(_no_view)
    request.csrf_processing_done = False  # type: ignore[attr-defined] # ninja's views are exempt from the middleware
    check.process_request(request)
    return check.process_view(request, _no_view, (), {})


class Session(AuthBase):
    """The session cookie of a member who signed in, with the CSRF token of a page of ours."""

    openapi_type = "apiKey"
    openapi_in = "cookie"
    openapi_name = settings.SESSION_COOKIE_NAME

    def __call__(self, request: HttpRequest) -> Any | None:
        if not request.user.is_authenticated:
            return None
        if _csrf_fault(request) is not None:
            raise NotPermitted(_("The request did not come from a page of this site. Load the page again."))
        rate_limits.check("write", str(request.user.pk))
        return request.user


def anybody(request: HttpRequest) -> AnonymousUser:
    """No account: anyone may, though only so often."""
    rate_limits.check("anonymous-write", rate_limits.network_of(client_address(request)))
    return AnonymousUser()


def nobody(request: HttpRequest) -> NoReturn:  # noqa: ARG001 - ninja's signature
    """The end of the list: nobody was recognised."""
    raise Unauthenticated(_("Sign in, or send your token as “Authorization: Bearer sb_…”."))


members = [Token(), Session(), nobody]
"""Who may call what only members do."""

anyone = [Token(), Session(), anybody]
"""Who may call what needs no account."""


def client_address(request: HttpRequest) -> str:
    """Return the caller's network address: the peer's, or behind our own proxy the last one that it saw."""
    if settings.BEHIND_PROXY:
        hops = request.headers.get("X-Forwarded-For", "").split(",")
        return hops[-1].strip() or "unknown"
    return str(request.META.get("REMOTE_ADDR") or "unknown")


def idempotency_key(request: HttpRequest) -> str:
    """Return the request's idempotency key, empty where it has none."""
    key = request.headers.get(IDEMPOTENCY_HEADER)
    if key is None:
        return ""
    if not re.fullmatch(IDEMPOTENCY_PATTERN, key):
        raise InvalidInput(
            [
                Fault(
                    IDEMPOTENCY_HEADER,
                    _("Write the idempotency key as 1 to 128 printable ASCII characters, such as a UUID."),
                )
            ]
        )
    return key


def act_of_caller(request: HttpRequest) -> Act:
    """Return what the caller of an API operation does: as whom, when, under which key."""
    user = request.auth  # type: ignore[attr-defined]
    act = act_of(user, idempotency_key(request), client_address(request))
    request.act = act  # type: ignore[attr-defined]
    return act


def promising(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Give back, with what was done, the log's signed promise of each entry that it put on the log.

    A header as the body is the thing itself. Of more than MOST_PROMISES entries the others' promises can be asked for,
    and so can all of them where the database does not give them now: what was done stays done.
    """

    @functools.wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        act: Act | None = getattr(request, "act", None)
        if act is not None and act.accepted and response.status_code < 400:
            try:
                notes = proofs.promises_of(act.accepted[:MOST_PROMISES])
            except DatabaseError:
                _log.exception("an answer goes without its promises, which can be asked for")
            else:
                response[PROMISE_HEADER] = ", ".join(base64_text.encode(note.encode()) for note in notes)
        return response

    return answer
