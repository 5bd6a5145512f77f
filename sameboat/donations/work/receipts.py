"""What came in: of a pledge or without one, goods into a lot and money into a fund."""

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from sameboat.donations import queries
from sameboat.donations.actions.gifts import receive_goods, receive_money
from sameboat.donations.models import Fund, Gift, Kind, Pledge
from sameboat.donations.work.forms import (
    ReceiveGoodsForm,
    ReceiveMoneyForm,
    ReceivePledgedGoodsForm,
    ReceivePledgedMoneyForm,
)
from sameboat.registry.acting import Act
from sameboat.registry.models import Role
from sameboat.registry.refusals import Conflict, NotPermitted
from sameboat.registry.work.pages import act_from, done, for_members, found, my_organisations, page, sent


@for_members
def of_pledge(request: HttpRequest, public_id: str) -> HttpResponse:
    """Record that pledged goods or money came in."""
    act, pledge = act_from(request), found(queries.pledge(public_id))
    if pledge.kind == Kind.MONEY:
        return _money_of_pledge(request, act, pledge)
    charities = my_organisations(act, Role.STORE)
    _still_open(request, pledge)
    form = ReceivePledgedGoodsForm(sent(request), charities, pledge)
    gift = form.carry_out(lambda given: receive_goods(act, pledge=pledge, **given))
    if gift is not None:
        return _goods_came_in(request, gift)
    return page(request, "donations/work/receive-pledge.html", form, pledge=pledge)


def _money_of_pledge(request: HttpRequest, act: Act, pledge: Pledge) -> HttpResponse:
    fund = found(pledge.fund)
    require_money(act, fund)
    _still_open(request, pledge)
    initial = {"amount": pledge.amount, "currency": pledge.currency}
    form = ReceivePledgedMoneyForm(sent(request), initial=initial)
    gift = form.carry_out(lambda given: receive_money(act, fund=fund, pledge=pledge, **given))
    if gift is not None:
        return _money_came_in(request, gift)
    return page(request, "donations/work/receive-pledge.html", form, pledge=pledge)


@for_members
def goods(request: HttpRequest) -> HttpResponse:
    """Record goods that came in without a pledge."""
    act = act_from(request)
    form = ReceiveGoodsForm(sent(request), my_organisations(act, Role.STORE))
    gift = form.carry_out(lambda given: receive_goods(act, **given))
    if gift is not None:
        return _goods_came_in(request, gift)
    return page(request, "donations/work/receive-goods.html", form)


@for_members
def money(request: HttpRequest, public_id: str) -> HttpResponse:
    """Record money that came into a fund without a pledge."""
    act, fund = act_from(request), found(queries.fund(public_id))
    require_money(act, fund)
    form = ReceiveMoneyForm(sent(request))
    gift = form.carry_out(lambda given: receive_money(act, fund=fund, **given))
    if gift is not None:
        return _money_came_in(request, gift)
    return page(request, "donations/work/receive-money.html", form, fund=fund)


def _still_open(request: HttpRequest, pledge: Pledge) -> None:
    if request.method != "POST" and pledge.state != Pledge.State.MADE:
        raise Conflict(_("This pledge was received or cancelled already."))


def require_money(act: Act, fund: Fund) -> None:
    """Raise NotPermitted unless the person keeps the money of the fund’s charity."""
    if not act.may(fund.charity, Role.MONEY):
        raise NotPermitted(
            _("This fund is held by %(charity)s. Only its members who may “%(role)s” can work with it.")
            % {"charity": fund.charity.name, "role": Role.MONEY.label}
        )


def _goods_came_in(request: HttpRequest, gift: Gift) -> HttpResponse:
    trace = reverse("gift", args=[gift.public_id])
    lot = reverse("lot", args=[found(gift.lot).public_id])
    return done(request, _("Recorded. Allocate it to the needs next."), lot, trace, _("What the giver sees"))


def _money_came_in(request: HttpRequest, gift: Gift) -> HttpResponse:
    trace = reverse("gift", args=[gift.public_id])
    return done(request, _("Recorded."), reverse("funds-mine"), trace, _("What the giver sees"))
