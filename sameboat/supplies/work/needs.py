"""What an organisation asks for: published, and confirmed, met or stopped with one tap."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from sameboat.registry.acting import Act
from sameboat.registry.models import Role
from sameboat.registry.refusals import NotPermitted
from sameboat.registry.work.pages import act_from, back, done, for_members, found, my_organisations, page, sent
from sameboat.supplies import queries, waiting
from sameboat.supplies.actions.needs import confirm_need, meet_need, publish_need, stop_need
from sameboat.supplies.models import Need
from sameboat.supplies.work.forms import NeedForm, StopForm

ROWS = 25


@for_members
def new(request: HttpRequest) -> HttpResponse:
    """Publish a need."""
    act = act_from(request)
    form = NeedForm(sent(request), my_organisations(act, Role.ASK))
    need = form.carry_out(lambda given: publish_need(act, **given))
    if need is not None:
        words = _("Your need is published: %s. Anyone can pledge to it now.") % need.item.name
        return done(request, words, reverse("need", args=[need.public_id]))
    return page(request, "supplies/work/need-new.html", form)


@for_members
def mine(request: HttpRequest) -> HttpResponse:
    """List the open needs of my organisations, in the order in which they were published."""
    act = act_from(request)
    my_organisations(act, Role.ASK)
    after = request.GET.get("after", "")
    needs = waiting.open_needs(act.where(Role.ASK), after=after, limit=ROWS + 1)
    older = needs[ROWS - 1].public_id if len(needs) > ROWS else ""
    return page(request, "supplies/work/needs-mine.html", needs=needs[:ROWS], next_after=older)


def _tap(request: HttpRequest, public_id: str, act_on: Callable[..., Need], words: str) -> HttpResponse:
    need = found(queries.need(public_id))
    act_on(act_from(request), need=need)
    return done(request, words % {"item": need.item.name}, back(request, reverse("work")))


@require_POST
@for_members
def confirm(request: HttpRequest, public_id: str) -> HttpResponse:
    """Say that a need still stands."""
    return _tap(request, public_id, confirm_need, _("Confirmed: %(item)s is still needed."))


@require_POST
@for_members
def meet(request: HttpRequest, public_id: str) -> HttpResponse:
    """Say that a need is met."""
    return _tap(request, public_id, meet_need, _("Closed: you have the %(item)s you needed."))


@for_members
def stop(request: HttpRequest, public_id: str) -> HttpResponse:
    """Withdraw a need, with a reason if the asker wants to give one."""
    act, need = act_from(request), found(queries.need(public_id))
    _require_asker(act, need)
    form = StopForm(sent(request))
    stopped = form.carry_out(lambda given: stop_need(act, need=need, **given))
    if stopped is not None:
        words = _("Withdrawn: %(item)s is no longer asked for.") % {"item": need.item.name}
        return done(request, words, reverse("work"))
    return page(request, "supplies/work/need-stop.html", form, need=need)


def _require_asker(act: Act, need: Need) -> None:
    if not act.may(need.organisation, Role.ASK):
        raise NotPermitted(
            _("Only a member of %(organisation)s can withdraw this need.") % {"organisation": need.organisation.name}
        )
