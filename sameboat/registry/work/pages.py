"""From a request to an act, and from an act to the next page."""

import functools
import re
from collections.abc import Callable
from typing import Any, TypeVar

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import redirect, render
from django.utils.html import format_html
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from sameboat.registry import queries, rate_limits
from sameboat.registry.access import client_address
from sameboat.registry.acting import Act, act_of
from sameboat.registry.models import Organisation, Role
from sameboat.registry.refusals import NotPermitted, Refused, TooMany
from sameboat.registry.work.forms import ActionForm

T = TypeVar("T")
View = Callable[..., HttpResponse]

_KEY = re.compile(r"[A-Za-z0-9_-]{8,64}\Z")


def for_anyone(view: View) -> View:
    """Answer a refusal with a calm page that says why, and let no cache keep what a person was shown."""

    @functools.wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except Refused as refusal:
            return refused(request, refusal)

    return never_cache(answer)


def for_members(view: View) -> View:
    """Like `for_anyone`, but who is not signed in is asked to, and comes back."""
    return login_required(for_anyone(view))


def refused(request: HttpRequest, refusal: Refused) -> HttpResponse:
    """Show why nothing was done."""
    answer = render(request, "registry/work/refused.html", {"refusal": refusal}, status=refusal.status)
    if isinstance(refusal, TooMany):
        answer["Retry-After"] = str(refusal.retry_after)
    return answer


def act_from(request: HttpRequest) -> Act:
    """Return what the person does with this request; the form's own key makes a second tap the same act."""
    key = request.POST.get("once", "")
    return act_of(request.user, key if _KEY.match(key) else "", client_address(request))


def sent(request: HttpRequest) -> QueryDict | None:
    """Return what a form sent, however little; None where nobody sent it yet."""
    return request.POST if request.method == "POST" else None


def slow_down_anonymous(request: HttpRequest) -> None:
    """Raise TooMany where one address writes too often without signing in."""
    if not request.user.is_authenticated:
        rate_limits.check("anonymous-write", rate_limits.network_of(client_address(request)))


def found(thing: T | None) -> T:
    """Return the thing, or raise Http404 where there is none."""
    if thing is None:
        raise Http404
    return thing


def my_organisations(act: Act, *roles: Role) -> list[Organisation]:
    """Return the organisations in which the person has one of `roles`, or raise NotPermitted where there is none."""
    mine = sorted(queries.organisations_by_id(act.where(*roles)).values(), key=lambda each: each.pk)
    if not mine:
        raise NotPermitted(
            _("Only a member who may “%(role)s” can do this. Ask the administrator of your organisation.")
            % {"role": roles[0].label}
        )
    return mine


def page(request: HttpRequest, template: str, form: ActionForm | None = None, **context: Any) -> HttpResponse:
    """Show a page with its form; its status says whether the form was refused, and why."""
    return render(request, template, {"form": form, **context}, status=form.status if form else 200)


def done(request: HttpRequest, words: str, to: str, link: str = "", link_words: str = "") -> HttpResponseRedirect:
    """Say what was done, with a link to where it can be followed, and go to the address `to`."""
    if link:
        words = format_html('{} <a href="{}">{}</a>', words, link, link_words)
    messages.success(request, words)
    return redirect(to)


def back(request: HttpRequest, otherwise: str) -> str:
    """Return the address on this site that the form asked to go back to, or `otherwise`."""
    wanted = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if safe else otherwise
