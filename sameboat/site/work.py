"""What waits for the person who is signed in, from every room, and the way to each form."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from sameboat.donations import waiting as gifts
from sameboat.registry import queries as registry
from sameboat.registry.acting import Act, Role
from sameboat.registry.work.pages import act_from, for_members
from sameboat.supplies import waiting as goods

ROWS = 10
"""Rows shown of each kind; the next ones come up when these are done."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """One kind of thing that waits: its first rows, oldest first, and whether there are more."""

    title: str | Promise
    template: str
    rows: Sequence[Any]
    more: bool


KINDS: list[tuple[str | Promise, str, Callable[[Act, int], Sequence[Any]]]] = [
    (
        _("Hand-overs to sign for"),
        "supplies/work/handover-task.html",
        lambda act, limit: goods.handovers_to_sign(act.where(Role.SIGN), limit),
    ),
    (
        _("Payments to sign for"),
        "donations/work/payment-task.html",
        lambda act, limit: gifts.payments_to_sign(act.where(Role.SIGN, Role.MONEY), limit),
    ),
    (
        _("Goods to hand over"),
        "supplies/work/allocation-task.html",
        lambda act, limit: goods.allocations_to_hand_over(act.where(Role.STORE), limit),
    ),
    (
        _("Goods to allocate"),
        "supplies/work/lot-task.html",
        lambda act, limit: goods.lots_to_allocate(act.where(Role.STORE), limit),
    ),
    (
        _("Pledges that may have come in"),
        "donations/work/pledge-task.html",
        lambda act, limit: gifts.pledges_to_receive(act.where(Role.STORE), act.where(Role.MONEY), limit),
    ),
    (
        _("Needs that nobody confirmed for three days"),
        "supplies/work/need-task.html",
        lambda act, limit: goods.needs_to_confirm(act.where(Role.ASK), act.now, limit),
    ),
]
"""What can wait, the most pressing first: words, the template of a row, and the query that finds it."""


@for_members
def work(request: HttpRequest) -> HttpResponse:
    """Show what waits for me in each of my organisations."""
    act = act_from(request)
    found = [(title, template, query(act, ROWS + 1)) for title, template, query in KINDS]
    sections = [Waiting(title, template, rows[:ROWS], len(rows) > ROWS) for title, template, rows in found if len(rows)]
    context = {
        "sections": sections,
        "waiting": sum(len(section.rows) for section in sections),
        "more": any(section.more for section in sections),
        "organisations": sorted(registry.organisations_by_id(list(act.roles)).values(), key=lambda each: each.pk),
        "may": {role.value: bool(act.where(role)) for role in Role},
        "may_publish": act.operator or bool(act.where(Role.FIGURES)),
        "may_sign_by_device": bool(act.where(Role.SIGN, Role.STORE, Role.MONEY)),
    }
    return render(request, "site/work.html", context)
