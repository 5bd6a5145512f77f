"""What anyone can promise: goods to a need, money to a fund; followed and taken back by who promised."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from sameboat.donations import queries
from sameboat.donations.actions.pledges import cancel_pledge, code_for, pledge_goods, pledge_money
from sameboat.donations.work.forms import CancelForm, PledgeGoodsForm, PledgeMoneyForm
from sameboat.registry import queries as registry
from sameboat.registry.acting import Act, Role
from sameboat.registry.refusals import Conflict
from sameboat.registry.work.pages import act_from, done, for_anyone, found, page, sent, slow_down_anonymous
from sameboat.supplies import queries as supplies

if TYPE_CHECKING:
    from sameboat.donations.models import Pledge
    from sameboat.registry.models import Organisation


CODE_SHOWN_FOR = 3600
"""Seconds for which the donor's own browser shows the code again, should the line break before it was kept."""


def donors(act: Act) -> list[Organisation]:
    """Return the organisations for which the person may pledge."""
    return sorted(registry.organisations_by_id(act.where(Role.GIVE)).values(), key=lambda each: each.pk)


@for_anyone
def goods(request: HttpRequest, public_id: str) -> HttpResponse:
    """Pledge goods to a need."""
    act, need = act_from(request), found(supplies.need(public_id))
    if request.method == "POST":
        slow_down_anonymous(request)
    elif need.state != need.State.OPEN:
        raise Conflict(_("This need is closed. Choose an open one."))
    form = PledgeGoodsForm(sent(request), donors(act), need)
    code = code_for(act)
    made = form.carry_out(lambda given: pledge_goods(act, need=need, code=code, **given))
    if made is not None:
        return _thanks(request, made, code)
    return page(request, "donations/work/pledge-goods.html", form, need=need)


@for_anyone
def money(request: HttpRequest, public_id: str) -> HttpResponse:
    """Pledge money to a fund."""
    act, fund = act_from(request), found(queries.fund(public_id))
    if request.method == "POST":
        slow_down_anonymous(request)
    form = PledgeMoneyForm(sent(request), donors(act))
    code = code_for(act)
    made = form.carry_out(lambda given: pledge_money(act, fund=fund, code=code, **given))
    if made is not None:
        return _thanks(request, made, code)
    return page(request, "donations/work/pledge-money.html", form, fund=fund)


def _thanks(request: HttpRequest, made: Pledge, code: str) -> HttpResponse:
    answer = done(request, _("Thank you. Your pledge stands on the log."), reverse("pledge", args=[made.public_id]))
    answer.set_signed_cookie(
        _cookie(made),
        code,
        max_age=CODE_SHOWN_FOR,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return answer


def _cookie(made: Pledge) -> str:
    return f"code-of-{made.public_id}"


@for_anyone
def pledge(request: HttpRequest, public_id: str) -> HttpResponse:
    """Show what became of a pledge; who made it can take it back while nobody has received it."""
    act, shown = act_from(request), found(queries.pledge(public_id))
    form = CancelForm(sent(request))
    if request.method == "POST":
        slow_down_anonymous(request)
    cancelled = form.carry_out(lambda given: cancel_pledge(act, pledge=shown, **given))
    if cancelled is not None:
        return done(request, _("Your pledge is taken back."), reverse("pledge", args=[public_id]))
    return page(
        request,
        "donations/work/pledge.html",
        form,
        pledge=shown,
        gift=getattr(shown, "gift", None),
        code=request.get_signed_cookie(_cookie(shown), default="", max_age=CODE_SHOWN_FOR),
        accepted=queries.entry_of(shown),
        address=request.build_absolute_uri(reverse("pledge", args=[public_id])),
        needs_code=not is_donor(act, shown),
    )


def is_donor(act: Act, shown: Pledge) -> bool:
    """Return whether the person needs no code to be taken for who made a pledge."""
    own = act.user_id is not None and shown.user_id == act.user_id
    return own or (shown.donor is not None and act.may(shown.donor, Role.GIVE))
