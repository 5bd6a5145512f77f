"""What is left in a lot, and who could get it: each open need with its fair share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _

from sameboat.registry.acting import Act, Role
from sameboat.registry.refusals import NotPermitted
from sameboat.registry.work.pages import act_from, done, for_members, found, my_organisations, page, sent
from sameboat.supplies import queries, waiting
from sameboat.supplies.actions.lots import allocate, cancel_allocation
from sameboat.supplies.work.forms import AllocateForm, TakeBackForm

if TYPE_CHECKING:
    from sameboat.supplies.models import Lot


ROWS = 20


@for_members
def lots(request: HttpRequest) -> HttpResponse:
    """List the lots of my organisations, newest first, with what is left in each."""
    act = act_from(request)
    my_organisations(act, Role.STORE)
    rows = waiting.lots_held(act.where(Role.STORE), before=request.GET.get("before", ""), limit=ROWS + 1)
    older = rows[ROWS - 1].lot.public_id if len(rows) > ROWS else ""
    return page(request, "supplies/work/lots.html", rows=rows[:ROWS], older=older)


@for_members
def lot(request: HttpRequest, public_id: str) -> HttpResponse:
    """Show what is left in a lot and the fair shares, and allocate a part of it to a need."""
    act, shown = act_from(request), found(queries.lot(public_id))
    require_holder(act, shown)
    form = AllocateForm(request.POST, auto_id=f"{_anchor(request.POST)}_%s") if request.method == "POST" else None
    if form is not None and form.is_valid():
        given = form.cleaned_data
        need = found(queries.need(given["need"]))
        allocation = form.carry_out(
            lambda given: allocate(act, lot=shown, need=need, quantity=given["quantity"], reason=given["reason"])
        )
        if allocation is not None:
            words = _("Allocated to %(receiver)s: %(quantity)s %(unit)s. Hand it over next.") % {
                "receiver": need.organisation.name,
                "quantity": f"{allocation.quantity:,}",
                "unit": shown.unit.counted(allocation.quantity),
            }
            return done(request, words, reverse("lot", args=[public_id]))
    return _show(request, shown, form)


def _show(request: HttpRequest, shown: Lot, refused: AllocateForm | None) -> HttpResponse:
    left = queries.left_of(shown)
    shares = queries.fair_shares(shown) if left else {}
    asked = request.GET.get("from", "")
    start = int(asked) if asked.isdecimal() and len(asked) < 7 else 0
    claims = waiting.claims_on(shares, start, ROWS)
    rows = [(claim, _form_of(claim, refused)) for claim in claims]
    return page(
        request,
        "supplies/work/lot.html",
        refused,
        lot=shown,
        left=left,
        rows=rows,
        claims=len(shares),
        earlier=max(start - ROWS, 0) if start else None,
        later=start + ROWS if start + ROWS < len(shares) else None,
        allocations=waiting.allocations_of(shown),
    )


def _form_of(claim: waiting.Claim, refused: AllocateForm | None) -> AllocateForm:
    need = claim.need.public_id
    if refused is not None and refused.data.get("need") == need:
        return refused
    return AllocateForm(initial={"need": need, "quantity": claim.fair_share or ""}, auto_id=f"{need}_%s")


def _anchor(sent: QueryDict) -> str:
    return sent.get("need", "")[:48] or "need"


def require_holder(act: Act, lot: Lot) -> None:
    """Raise NotPermitted unless the person works in the store of the lot’s holder."""
    if not act.may(lot.holder, Role.STORE):
        raise NotPermitted(
            _("This lot is held by %(holder)s. Only its members who may “%(role)s” can work with it.")
            % {"holder": lot.holder.name, "role": Role.STORE.label}
        )


@for_members
def take_back(request: HttpRequest, public_id: str) -> HttpResponse:
    """Take an allocation back before it is handed over."""
    act, allocation = act_from(request), found(queries.allocation(public_id))
    require_holder(act, allocation.lot)
    form = TakeBackForm(sent(request))
    cancelled = form.carry_out(lambda given: cancel_allocation(act, allocation=allocation, **given))
    if cancelled is not None:
        words = _("Taken back: the goods are in the lot again.")
        return done(request, words, reverse("lot", args=[allocation.lot.public_id]))
    return page(request, "supplies/work/take-back.html", form, allocation=allocation)
