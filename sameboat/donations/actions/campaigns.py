"""What a charity collects for: campaigns filed, restricted funds opened."""

from django.utils.translation import gettext as _

from sameboat.donations import events
from sameboat.donations.models import Campaign, Fund
from sameboat.registry.acting import Act, action, speaker
from sameboat.registry.models import Emergency, Organisation, Role
from sameboat.registry.quantities import (
    checked_text,
)
from sameboat.registry.refusals import Fault, InvalidInput
from sameboat.supplies.models import Need
from sameboat.transparency.actions import append


@action
def file_campaign(
    act: Act,
    *,
    charity: Organisation,
    title_en: str = "",
    title_zh: str = "",
    emergency: Emergency | None = None,
    filing_number: str = "",
    from_elsewhere: bool = False,
) -> Campaign:
    """File a campaign of a charity."""
    actor = speaker(act, charity, Role.MONEY, from_elsewhere=from_elsewhere)
    title_en, title_zh = checked_text(title_en, "title_en", 200), checked_text(title_zh, "title_zh", 200)
    if not title_en and not title_zh:
        raise InvalidInput([Fault("title_en", _("Give the campaign a title, in English or in Chinese."))])
    campaign = Campaign.objects.create(
        public_id=act.new_id("campaign"),
        charity=charity,
        emergency=emergency,
        title_en=title_en,
        title_zh=title_zh,
        filing_number=checked_text(filing_number, "filing_number", 80),
        filed_at=act.now,
    )
    append(
        events.CampaignFiled(
            campaign=campaign.public_id,
            charity=charity.public_id,
            title_en=title_en,
            title_zh=title_zh,
            emergency=emergency.public_id if emergency else None,
            filing_number=campaign.filing_number or None,
        ),
        actor=actor,
        event_time=act.now,
        recorded_at=act.now,
    )
    return campaign


@action
def open_fund(
    act: Act,
    *,
    campaign: Campaign,
    purpose_en: str = "",
    purpose_zh: str = "",
    need: Need | None = None,
    from_elsewhere: bool = False,
) -> Fund:
    """Open a fund in a campaign, restricted to a purpose, or to one need."""
    actor = speaker(act, campaign.charity, Role.MONEY, from_elsewhere=from_elsewhere)
    purpose_en, purpose_zh = checked_text(purpose_en, "purpose_en", 300), checked_text(purpose_zh, "purpose_zh", 300)
    if not purpose_en and not purpose_zh:
        raise InvalidInput([Fault("purpose_en", _("Say what the fund may be spent on, in English or in Chinese."))])
    fund = Fund.objects.create(
        public_id=act.new_id("fund"),
        campaign=campaign,
        need=need,
        purpose_en=purpose_en,
        purpose_zh=purpose_zh,
        opened_at=act.now,
    )
    append(
        events.FundOpened(
            fund=fund.public_id,
            campaign=campaign.public_id,
            charity=campaign.charity.public_id,
            purpose_en=purpose_en,
            purpose_zh=purpose_zh,
            need=need.public_id if need else None,
        ),
        actor=actor,
        event_time=act.now,
        recorded_at=act.now,
    )
    return fund
