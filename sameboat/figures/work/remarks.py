"""What a publisher says of its figures: where a series breaks, and why figures look as they do."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from sameboat.figures.actions.feeds import declare_break, explain
from sameboat.figures.work.forms import BreakForm, ExplainForm
from sameboat.figures.work.publishing import my_feed
from sameboat.registry.work.pages import act_from, done, for_members, page, sent


@for_members
def declare(request: HttpRequest, feed: str) -> HttpResponse:
    """Declare that from a day on figures cannot be compared with those before."""
    act = act_from(request)
    source = my_feed(act, feed)
    form = BreakForm(sent(request))
    made = form.carry_out(lambda given: declare_break(act, feed=source, **given))
    if made is not None:
        return done(request, _("The break is declared."), reverse("figures-upload", args=[source.code]))
    return page(request, "figures/work/break.html", form, feed=source)


@for_members
def tell(request: HttpRequest, feed: str) -> HttpResponse:
    """Explain figures."""
    act = act_from(request)
    source = my_feed(act, feed)
    form = ExplainForm(sent(request))
    made = form.carry_out(lambda given: explain(act, feed=source, **given))
    if made is not None:
        return done(
            request, _("Your explanation stands beside the figures."), reverse("figures-upload", args=[source.code])
        )
    return page(request, "figures/work/explain.html", form, feed=source)
