"""Every action of every room, as everyone who must not: it refuses, and nothing is stored."""

import base64
import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.contrib.auth.models import User

import sameboat
from sameboat.donations.actions.campaigns import file_campaign, open_fund
from sameboat.donations.actions.gifts import receive_goods, receive_money
from sameboat.donations.actions.payments import disburse
from sameboat.donations.actions.pledges import pledge_goods, pledge_money
from sameboat.donations.actions.privacy import open_private
from sameboat.figures.actions.feeds import register_feed, state_definition
from sameboat.figures.actions.sources import set_mapping
from sameboat.figures.actions.uploads import preview
from sameboat.figures.actions.vintages import publish_vintage
from sameboat.registry.acting import Act, actions
from sameboat.registry.actions import register_key
from sameboat.registry.models import Place, Role
from sameboat.registry.refusals import NotPermitted
from sameboat.situation.actions import store_round
from sameboat.situation.forecasting import Computed
from sameboat.supplies.actions.handovers import hand_over
from sameboat.supplies.actions.lots import allocate
from sameboat.supplies.actions.needs import publish_need
from sameboat.supplies.events import Source

for found in pkgutil.walk_packages(sameboat.__path__, "sameboat."):
    if ".actions" in found.name and ".tests" not in found.name:
        importlib.import_module(found.name)

OWNER, MEMBER = 4242, 7


@dataclass(frozen=True)
class Row:
    """One way to call an action: with what, for which organisation, and who may."""

    action: str
    call: Callable[[Any], dict[str, Any]]
    of: str = ""
    roles: tuple[str, ...] = ()
    operator: bool = False
    anyone: bool = False

    def __str__(self) -> str:
        return f"{self.action} {self.of or ('anyone' if self.anyone else 'operator')}"


MAPPING = """
format = "csv"
date = { column = "day" }
place = { columns = ["place"] }
values = [{ column = "confirmed", signal = "cases.confirmed" }]
"""
FIGURES = b"day,place,confirmed\n2020-01-20,420100,5\n"
SOURCE = Source(table="notices", line=1)

ROWS = [
    Row("registry.declare_emergency", lambda w: w.declaration, operator=True),
    Row("registry.register_organisation", lambda w: {"kind": "school", "name_en": "New School"}, operator=True),
    Row("registry.open_account", lambda w: {"username": "new", "password": "two boats, one river"}, operator=True),
    Row("registry.add_member", lambda w: w.membership, "hospital", (Role.ADMIN,), operator=True),
    Row(
        "registry.register_key",
        lambda w: {"organisation": w.hospital, "public_key": w.fresh_key},
        "hospital",
        (Role.SIGN, Role.STORE, Role.MONEY),
    ),
    Row("registry.revoke_key", lambda w: {"key": w.key, "reason": "lost"}, "hospital", (Role.ADMIN,)),
    Row(
        "supplies.publish_need",
        lambda w: {"organisation": w.hospital, "item": w.masks, "quantity": 5, "standard": "GB 2626"},
        "hospital",
        (Role.ASK,),
    ),
    Row(
        "supplies.publish_need",
        lambda w: {"organisation": w.hospital, "item": w.masks, "quantity": 5, "source": SOURCE},
        operator=True,
    ),
    Row(
        "supplies.publish_needs",
        lambda w: {"needs": [{"organisation": w.hospital.public_id, "item": w.masks.code, "standard": "GB 2626"}]},
        "hospital",
        (Role.ASK,),
    ),
    Row("supplies.confirm_need", lambda w: {"need": w.need}, "hospital", (Role.ASK,)),
    Row("supplies.meet_need", lambda w: {"need": w.need}, "hospital", (Role.ASK,)),
    Row("supplies.stop_need", lambda w: {"need": w.need}, "hospital", (Role.ASK,)),
    Row("supplies.allocate", lambda w: {"lot": w.lot, "need": w.need, "quantity": 1}, "charity", (Role.STORE,)),
    Row(
        "supplies.cancel_allocation",
        lambda w: {"allocation": w.allocation, "reason": "wrong lot"},
        "charity",
        (Role.STORE,),
    ),
    Row("supplies.hand_over", lambda w: {"allocation": w.allocation}, "charity", (Role.STORE,)),
    Row("supplies.record_published_handover", lambda w: w.published_handover, operator=True),
    Row("supplies.sign_for", lambda w: {"handover": w.handover}, "hospital", (Role.SIGN,)),
    Row("donations.file_campaign", lambda w: {"charity": w.charity, "title_en": "More"}, "charity", (Role.MONEY,)),
    Row(
        "donations.file_campaign",
        lambda w: {"charity": w.charity, "title_en": "More", "from_elsewhere": True},
        operator=True,
    ),
    Row("donations.open_fund", lambda w: {"campaign": w.campaign, "purpose_en": "More"}, "charity", (Role.MONEY,)),
    Row(
        "donations.open_fund",
        lambda w: {"campaign": w.campaign, "purpose_en": "More", "from_elsewhere": True},
        operator=True,
    ),
    Row("donations.receive_goods", lambda w: w.goods, "charity", (Role.STORE,)),
    Row("donations.receive_goods", lambda w: w.goods | {"source": SOURCE}, operator=True),
    Row(
        "donations.receive_goods",
        lambda w: {"charity": w.charity, "pledge": w.goods_pledge},
        "charity",
        (Role.STORE,),
    ),
    Row("donations.receive_money", lambda w: w.money, "charity", (Role.MONEY,)),
    Row("donations.receive_money", lambda w: w.money | {"source": SOURCE}, operator=True),
    Row("donations.disburse", lambda w: w.payout, "charity", (Role.MONEY,)),
    Row("donations.sign_for_payment", lambda w: {"payment": w.payment}, "hospital", (Role.SIGN, Role.MONEY)),
    Row("donations.pledge_goods", lambda w: w.promise | {"donor": w.company}, "company", (Role.GIVE,)),
    Row("donations.pledge_goods", lambda w: w.promise, anyone=True),
    Row("donations.pledge_money", lambda w: w.promised_money | {"donor": w.company}, "company", (Role.GIVE,)),
    Row("donations.pledge_money", lambda w: w.promised_money, anyone=True),
    Row("donations.cancel_pledge", lambda w: {"pledge": w.money_pledge}, "company", (Role.GIVE,)),
    Row("donations.cancel_pledge", lambda w: {"pledge": w.money_pledge, "code": "its own code"}, anyone=True),
    Row("figures.register_feed", lambda w: {"code": "new", "name_en": "New"}, operator=True),
    Row("figures.state_definition", lambda w: w.definition, operator=True),
    Row("figures.declare_break", lambda w: w.series_break, "hospital", (Role.FIGURES,)),
    Row("figures.declare_break", lambda w: w.series_break | {"from_elsewhere": True}, operator=True),
    Row("figures.explain", lambda w: w.explanation, "hospital", (Role.FIGURES,)),
    Row("figures.explain", lambda w: w.explanation | {"from_elsewhere": True}, operator=True),
    Row("figures.publish_vintage", lambda w: w.vintage, "hospital", (Role.FIGURES,)),
    Row("figures.publish_vintage", lambda w: w.vintage | {"from_elsewhere": True}, operator=True),
    Row("figures.stop_feed", lambda w: w.stop, "hospital", (Role.FIGURES,)),
    Row("figures.stop_feed", lambda w: w.stop | {"from_elsewhere": True}, operator=True),
    Row(
        f"situation.{store_round.__name__}",
        lambda w: {"computed": w.computed},
        "hospital",
        (Role.FIGURES,),
        operator=True,
    ),
    Row("figures.set_mapping", lambda w: w.mapping, "hospital", (Role.FIGURES,)),
    Row("figures.set_mapping", lambda w: w.mapping | {"from_elsewhere": True}, operator=True),
    Row("figures.publish_upload", lambda w: w.upload, "hospital", (Role.FIGURES,)),
    Row("figures.read_source", lambda w: w.source_file, "hospital", (Role.FIGURES,)),
    Row("figures.read_source", lambda w: w.source_file | {"from_elsewhere": True}, operator=True),
    Row("donations.erase_private", lambda w: {"pledge": w.money_pledge}, "company", (Role.GIVE,), operator=True),
    Row("donations.erase_private", lambda w: {"pledge": w.money_pledge, "code": "its own code"}, anyone=True),
]


def fresh_public_key() -> str:
    """Return a new device's public key."""
    raw = Ed25519PrivateKey.generate().public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return base64.b64encode(raw).decode()


@pytest.fixture
def world(cast):
    """A state in which every action of the table is possible."""
    owner = User.objects.create(pk=OWNER, username="owner")
    User.objects.create(pk=MEMBER, username="member")
    place = Place.objects.create(code="420100", level="city", name_en="Wuhan")
    need = publish_need(cast.act_hospital, organisation=cast.hospital, item=cast.masks, quantity=500)
    lot = receive_goods(cast.act_charity, charity=cast.charity, item=cast.masks, quantity=900).lot
    allocation, other = (allocate(cast.act_charity, lot=lot, need=need, quantity=10) for _ in range(2))
    campaign = file_campaign(cast.act_charity, charity=cast.charity, title_en="Masks")
    fund = open_fund(cast.act_charity, campaign=campaign, purpose_en="Masks")
    receive_money(cast.act_charity, fund=fund, amount="100", currency="CNY")
    payout = {"fund": fund, "recipient": cast.hospital, "amount": "5", "currency": "CNY", "purpose": "Masks"}
    promise = {"need": need, "quantity": 5, "code": "its own code"}
    promised_money = {"fund": fund, "amount": "5", "currency": "CNY", "code": "its own code"}
    signer = replace(cast.act_hospital, user_id=owner.pk)
    feed = register_feed(cast.act_operator, code="test", name_en="Test", publisher=cast.hospital)
    definition = {"form": "cumulative", "unit_en": "people", "unit_zh": "人", "name_en": "Confirmed"}
    cases = state_definition(cast.act_operator, signal="cases.confirmed", **definition).signal
    today = cast.act_operator.now.date()
    publisher = replace(cast.act_hospital, user_id=MEMBER, roles={cast.hospital.public_id: frozenset({Role.FIGURES})})
    known = publish_vintage(publisher, feed=feed, published=today - timedelta(1), observations=[])
    set_mapping(publisher, feed=feed, text=MAPPING)
    seen = preview(publisher, feed=feed, data=FIGURES, published=today.isoformat(), complete=False)
    about = {"feed": feed, "place": place, "signal": cases, "day": cast.act_operator.now.date(), "text_en": "Why"}
    return SimpleNamespace(
        hospital=cast.hospital,
        charity=cast.charity,
        company=cast.company,
        masks=cast.masks,
        need=need,
        lot=lot,
        allocation=allocation,
        handover=hand_over(cast.act_charity, allocation=other),
        definition=definition | {"signal": "deaths"},
        series_break=about | {"kind": "definition"},
        explanation=about,
        vintage={"feed": feed, "published": cast.act_operator.now.date(), "observations": []},
        computed=Computed(known, cases, today, today, (today + timedelta(7),), (place,), (), ()),
        stop={"feed": feed, "code": "unreadable", "reason": "HTML", "data_sha256": "ab" * 32},
        mapping={"feed": feed, "text": MAPPING},
        upload={"feed": feed, "upload": seen.upload.public_id},
        source_file={
            "feed": feed,
            "published": cast.act_operator.now.date(),
            "data": FIGURES,
        },
        campaign=campaign,
        payment=disburse(cast.act_charity, **payout),
        payout=payout,
        promise=promise,
        promised_money=promised_money,
        goods_pledge=pledge_goods(cast.act_nobody, **promise),
        money_pledge=pledge_money(cast.act_company, **promised_money, donor=cast.company),
        key=register_key(signer, organisation=cast.hospital, public_key=fresh_public_key()),
        fresh_key=fresh_public_key(),
        membership={"organisation": cast.hospital, "user": owner, "role": Role.SIGN},
        goods={"charity": cast.charity, "item": cast.masks, "quantity": 5},
        money={"fund": fund, "amount": "5", "currency": "CNY"},
        declaration={
            "name_en": "Outbreak",
            "name_zh": "疫情",
            "hazard": "pneumonia",
            "place": place,
            "declared_from": cast.act_operator.now.date(),
        },
        published_handover={
            "giver": cast.charity,
            "receiver": cast.hospital,
            "item": cast.masks,
            "quantity": 5,
            "unit": cast.piece,
            "stated": "5 个",
            "handed_on": cast.act_operator.now.date(),
            "source": SOURCE,
        },
        now=cast.act_operator.now,
    )


def member(world, organisation: str, roles) -> Act:
    """Return what a member of one of the cast does, with these roles there."""
    return Act(
        now=world.now, user_id=MEMBER, roles={getattr(world, organisation).public_id: frozenset(roles)}, scope="m"
    )


def everyone_who_must_not(world, row: Row) -> dict[str, Act]:
    """Return the acts of all who may not call an action so."""
    if row.anyone:
        return {}
    others = [name for name in ("hospital", "charity", "company") if name != row.of]
    acts = {"anonymous": Act(now=world.now), "signed in, a member of nothing": Act(now=world.now, user_id=MEMBER)}
    for name in others:
        acts[f"a member of the {name} with every role"] = member(world, name, Role.values)
    if row.of:
        wrong = [role for role in Role.values if role not in row.roles]
        acts[f"a member of the {row.of} with every other role"] = member(world, row.of, wrong)
    if not row.operator:
        acts["the operator"] = Act(now=world.now, operator=True, scope="operator")
    return acts


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_who_must_not_is_refused_and_nothing_is_stored(row, world, everything_stored):
    """Anonymous, other organisations' members, the wrong roles, and the operator where others must speak."""
    before = everything_stored()
    for who, act in everyone_who_must_not(world, row).items():
        try:
            actions()[row.action](act, **row.call(world))
        except NotPermitted:
            pass
        else:
            pytest.fail(f"{who} could {row.action}")
        assert everything_stored() == before, who


ALLOWED = [
    pytest.param(row, who, id=f"{row} {who}")
    for row in ROWS
    for who in (*row.roles, *(["operator"] if row.operator else []), *(["anyone"] if row.anyone else []))
]


@pytest.mark.parametrize(("row", "who"), ALLOWED)
def test_who_may_can(row, who, world):
    """Each role that may do it suffices alone, so the refusals above are for want of permission and nothing else."""
    if who in ("operator", "anyone"):
        act = Act(now=world.now, operator=who == "operator")
    else:
        act = member(world, row.of, [who])
    assert actions()[row.action](act, **row.call(world)).pk


@pytest.mark.parametrize(("code", "permitted"), [("", False), ("another code", False), ("its own code", True)])
def test_a_pledge_of_nobody_is_taken_back_only_with_its_code(code, permitted, world):
    """Without the code neither its receiver nor the operator can take back a pledge made without an account."""
    act = Act(now=world.now, operator=True, roles=member(world, "charity", Role.values).roles)
    cancel = actions()["donations.cancel_pledge"]
    if permitted:
        assert cancel(act, pledge=world.goods_pledge, code=code).state == "cancelled"
    else:
        with pytest.raises(NotPermitted):
            cancel(act, pledge=world.goods_pledge, code=code)


@pytest.mark.parametrize("code", ["", "another code"])
def test_what_was_told_in_private_is_shown_only_to_who_told_it(code, world):
    """Neither who receives the pledge nor a stranger gets a proof file that opens it."""
    for act in (member(world, "charity", Role.values), Act(now=world.now), Act(now=world.now, user_id=MEMBER)):
        with pytest.raises(NotPermitted):
            open_private(act, pledge=world.goods_pledge, fields=["contact"], code=code)


def test_every_action_stands_in_the_table():
    """A new action needs a row above before it can be merged."""
    assert {row.action for row in ROWS} == set(actions())
