"""What a charity collects for: its campaigns, and their funds."""

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from sameboat.donations.actions.campaigns import file_campaign, open_fund
from sameboat.donations.work.forms import CampaignForm, FundForm, campaigns_of
from sameboat.registry.models import Role
from sameboat.registry.work.pages import act_from, done, for_members, my_organisations, page, sent


@for_members
def mine(request: HttpRequest) -> HttpResponse:
    """List the campaigns and funds of my charities, with what can be done with each."""
    campaigns = campaigns_of(my_organisations(act_from(request), Role.MONEY))
    return page(request, "donations/work/funds-mine.html", campaigns=campaigns)


@for_members
def file(request: HttpRequest) -> HttpResponse:
    """File a campaign."""
    act = act_from(request)
    form = CampaignForm(sent(request), my_organisations(act, Role.MONEY))
    campaign = form.carry_out(lambda given: file_campaign(act, **given))
    if campaign is not None:
        words = _("The campaign “%s” is filed. Open a fund in it next.") % campaign.title
        return done(request, words, f"{reverse('fund-new')}?campaign={campaign.public_id}")
    return page(request, "donations/work/campaign-new.html", form)


@for_members
def open_new(request: HttpRequest) -> HttpResponse:
    """Open a fund in a campaign."""
    act = act_from(request)
    campaigns = campaigns_of(my_organisations(act, Role.MONEY))
    initial = {"campaign": request.GET.get("campaign", ""), "need": request.GET.get("need", "")}
    form = FundForm(sent(request), campaigns, initial=initial)
    fund = form.carry_out(lambda given: open_fund(act, **given))
    if fund is not None:
        pledge = reverse("pledge-money", args=[fund.public_id])
        words = _("The fund is open. Givers pledge to it here:")
        return done(request, words, reverse("funds-mine"), pledge, fund.purpose)
    return page(request, "donations/work/fund-new.html", form, campaigns=campaigns)
