"""Makes an installation where one of everything waits, for the demonstration's accounts.

Run as a program of its own, in the folder that SAMEBOAT_HOME names, before the server starts. Prints as JSON each
account's session and the pages that it works on.
"""

import json
import os
import sys

PASSWORD = "a password for tests"


def main() -> None:
    """Make the tables, the accounts, the catalogue and one of everything; sign everybody in."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sameboat.project.settings")
    import django

    django.setup()
    from django.core.management import call_command

    from sameboat.project import demo_accounts
    from sameboat.registry.models import Item, Unit

    call_command("migrate", verbosity=0, interactive=False)
    demo_accounts.make(PASSWORD)
    piece = Unit.objects.create(code="piece", name_en="piece", name_zh="个", plural_en="pieces", kind="count")
    masks = Item.objects.create(
        code="mask-surgical",
        category="mask",
        name_en="Surgical mask",
        name_zh="医用外科口罩",
        base_unit=piece,
        standard="YY 0469-2011",
    )
    sys.stdout.write(json.dumps({"sessions": _sessions(), "pages": _pages(masks)}))


def _sessions() -> dict[str, str]:
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.auth.models import User
    from django.contrib.sessions.backends.db import SessionStore

    sessions = {}
    for user in User.objects.all():
        session = SessionStore()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.create()
        sessions[user.username] = session.session_key
    return sessions


def _feed(charity) -> None:
    """Let the charity publish figures of one place."""
    from dataclasses import replace

    from django.contrib.auth.models import User

    from sameboat.figures.actions.feeds import register_feed, state_definition
    from sameboat.registry.acting import act_of
    from sameboat.registry.actions import add_member
    from sameboat.registry.models import Place, Role

    user = User.objects.get(username="charity")
    operator = replace(act_of(user), operator=True)
    add_member(operator, organisation=charity, user=user, role=Role.FIGURES)
    register_feed(operator, code="test", name_en="Test figures", name_zh="测试数字", publisher=charity)
    state_definition(
        operator, signal="cases.confirmed", form="cumulative", unit_en="people", unit_zh="人", name_en="Confirmed cases"
    )
    Place.objects.create(code="XX", level="country", name_en="Testland", name_zh="测试国")


def _pages(masks) -> dict[str, list[str]]:
    from dataclasses import replace
    from datetime import timedelta

    from django.contrib.auth.models import User
    from django.urls import reverse

    from sameboat.donations.actions.campaigns import file_campaign, open_fund
    from sameboat.donations.actions.gifts import receive_goods, receive_money
    from sameboat.donations.actions.payments import disburse
    from sameboat.donations.actions.pledges import pledge_goods
    from sameboat.registry.acting import act_of
    from sameboat.registry.actions import register_key
    from sameboat.registry.models import Organisation
    from sameboat.supplies.actions.handovers import hand_over
    from sameboat.supplies.actions.lots import allocate
    from sameboat.supplies.actions.needs import publish_need

    acts = {name: act_of(User.objects.get(username=name)) for name in ("hospital", "charity", "donor")}
    last_week = replace(acts["hospital"], now=acts["hospital"].now - timedelta(days=7))
    hospital = Organisation.objects.get(name_en="Demonstration hospital")
    charity = Organisation.objects.get(name_en="Demonstration charity")
    company = Organisation.objects.get(name_en="Demonstration company")

    need = publish_need(last_week, organisation=hospital, item=masks, quantity=20_000, note="For the fever clinic.")
    publish_need(last_week, organisation=hospital, item=masks, quantity=None, standard="GB 19083-2010")
    pledge = pledge_goods(acts["donor"], need=need, quantity=500, code="a code for tests", donor=company)
    lot = receive_goods(acts["charity"], charity=charity, item=masks, quantity=8_000, donor=company).lot
    waits = allocate(acts["charity"], lot=lot, need=need, quantity=2_000)
    done = hand_over(acts["charity"], allocation=allocate(acts["charity"], lot=lot, need=need, quantity=1_000))
    campaign = file_campaign(
        acts["charity"], charity=charity, title_en="Masks for hospitals", title_zh="为医院募集口罩"
    )
    fund = open_fund(acts["charity"], campaign=campaign, purpose_en="Surgical masks", purpose_zh="医用外科口罩")
    receive_money(acts["charity"], fund=fund, amount="50000", currency="CNY")
    payment = disburse(
        acts["charity"], fund=fund, recipient=hospital, amount="1200.50", currency="CNY", purpose="Masks bought nearby"
    )
    _feed(charity)
    key = register_key(acts["charity"], organisation=charity, public_key="A" * 42 + "E=")

    def page(name, *things):
        return reverse(name, args=[thing.public_id for thing in things])

    return {
        "": [page("sign-in"), page("pledge-goods", need), page("pledge-money", fund), page("pledge", pledge)],
        "hospital": [
            page("work"),
            page("need-new"),
            page("needs-mine"),
            page("need", need),
            page("need-stop", need),
            page("sign-for", done),
            page("handover-slip", done),
            page("sign-for-payment", payment),
            page("keys"),
        ],
        "charity": [
            page("work"),
            page("lots"),
            page("lot", lot),
            page("hand-over", waits),
            page("take-back", waits),
            page("receive-pledge", pledge),
            page("receive-goods"),
            page("receive-money", fund),
            page("campaign-new"),
            page("funds-mine"),
            page("fund-new"),
            page("pay", fund),
            page("keys"),
            page("key-revoke", key),
            page("sign-for", done),
            page("figures-mine"),
            *(reverse(name, args=["test"]) for name in ("figures-upload", "figures-break", "figures-explain")),
        ],
        "donor": [page("work"), page("pledge-goods", need), page("pledge", pledge), page("need-new")],
    }


if __name__ == "__main__":
    main()
