"""What a donor told in private with a pledge: erase it, or show some of it to somebody with a proof."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from sameboat.donations import queries
from sameboat.donations.actions.privacy import erase_private, open_private
from sameboat.donations.work.forms import EraseForm, OpenForm
from sameboat.donations.work.pledges import is_donor
from sameboat.registry.work.forms import ActionForm
from sameboat.registry.work.pages import act_from, done, for_anyone, found, page, sent, slow_down_anonymous

if TYPE_CHECKING:
    from sameboat.donations.models import Pledge


ERASE, OPEN = "erase_%s", "open_%s"
"""The ids of the two forms' fields, which stand on one page."""


@for_anyone
def private(request: HttpRequest, public_id: str) -> HttpResponse:
    """Say what is kept in private of a pledge, and erase it for who made the pledge."""
    act, shown = act_from(request), found(queries.pledge(public_id))
    if request.method == "POST":
        slow_down_anonymous(request)
    form = EraseForm(sent(request), auto_id=ERASE)
    if form.carry_out(lambda given: erase_private(act, pledge=shown, **given)) is not None:
        return done(request, _("What you told us is erased."), reverse("pledge", args=[public_id]))
    return _page(request, shown, form, OpenForm(auto_id=OPEN))


@for_anyone
def opened(request: HttpRequest, public_id: str) -> HttpResponse:
    """Answer with a proof file that opens what was chosen."""
    act, shown = act_from(request), found(queries.pledge(public_id))
    if request.method == "POST":
        slow_down_anonymous(request)
    form = OpenForm(sent(request), auto_id=OPEN)
    file = form.carry_out(lambda given: open_private(act, pledge=shown, **given))
    if file is None:
        return _page(request, shown, EraseForm(auto_id=ERASE), form)
    answer = HttpResponse(file, content_type="application/json")
    answer["Content-Disposition"] = f'attachment; filename="{public_id}.sameboat-proof.json"'
    return answer


def _page(request: HttpRequest, shown: Pledge, erasing: EraseForm, opening: OpenForm) -> HttpResponse:
    form: ActionForm = opening if opening.is_bound else erasing
    context = {
        "pledge": shown,
        "erasing": erasing,
        "opening": opening,
        "kept": bool(queries.told_in_private(shown)),
        "needs_code": not is_donor(act_from(request), shown),
    }
    return page(request, "donations/work/pledge-private.html", form, **context)
