"""What every test may use: a data folder of its own, and a small cast of organisations with one member each."""

import os
import tempfile
from dataclasses import dataclass, replace
from datetime import UTC, datetime

os.environ["SAMEBOAT_HOME"] = tempfile.mkdtemp(prefix="sameboat-test-")
os.environ.setdefault("SAMEBOAT_DEBUG", "1")

import pytest


@dataclass
class Cast:
    """A hospital that asks, a charity that holds, a company that gives; `act_*` is what their one member does."""

    hospital: object
    charity: object
    company: object
    masks: object
    piece: object
    box: object
    act_hospital: object
    act_charity: object
    act_company: object
    act_operator: object
    act_nobody: object

    def later(self, act, **changes):
        """Return the same person's next act, with another idempotency key for instance."""
        return replace(act, **changes)


NOW = datetime(2020, 1, 30, 3, 0, tzinfo=UTC)


@pytest.fixture
def cast(db):
    """The cast, registered through the actions that an operator calls."""
    from sameboat.registry.acting import Act
    from sameboat.registry.actions import register_organisation
    from sameboat.registry.models import Item, Pack, Role, Unit

    operator = Act(now=NOW, operator=True, scope="operator")
    hospital = register_organisation(operator, kind="hospital", name_zh="测试医院", name_en="Test Hospital")
    charity = register_organisation(operator, kind="charity", name_zh="测试慈善会", name_en="Test Charity")
    company = register_organisation(operator, kind="company", name_zh="测试公司", name_en="Test Company")
    piece = Unit.objects.create(code="piece", name_en="piece", name_zh="个", kind="count")
    box = Unit.objects.create(code="box", name_en="box", name_zh="盒", kind="pack")
    masks = Item.objects.create(
        code="mask-surgical",
        category="mask",
        name_en="Surgical mask",
        name_zh="医用外科口罩",
        base_unit=piece,
        standard="YY 0469-2011",
    )
    Pack.objects.create(item=masks, unit=box, base_quantity=50)

    def act_for(organisation, *roles):
        return Act(now=NOW, roles={organisation.public_id: frozenset(roles)}, scope=f"test:{organisation.public_id}")

    return Cast(
        hospital=hospital,
        charity=charity,
        company=company,
        masks=masks,
        piece=piece,
        box=box,
        act_hospital=act_for(hospital, Role.ASK, Role.SIGN),
        act_charity=act_for(charity, Role.STORE, Role.MONEY),
        act_company=act_for(company, Role.GIVE),
        act_operator=operator,
        act_nobody=Act(now=NOW),
    )


@dataclass
class People:
    """A member of each of the cast in a browser of their own, signed in; and somebody whom nobody gave a role."""

    hospital: object
    charity: object
    company: object
    stranger: object
    anyone: object


@pytest.fixture
def people(cast, settings):
    """The people, with every count of tries forgotten."""
    from django.contrib.auth.models import User
    from django.test import Client

    from sameboat.registry import rate_limits
    from sameboat.registry.actions import add_member
    from sameboat.registry.models import Role

    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    }
    rate_limits.forget()

    def browser_of(name, organisation=None, *roles):
        user = User.objects.create_user(name, password="a long enough password")
        for role in roles:
            add_member(cast.act_operator, organisation=organisation, user=user, role=role)
        browser = Client()
        browser.force_login(user)
        return browser

    return People(
        hospital=browser_of("hospital", cast.hospital, Role.ASK, Role.SIGN),
        charity=browser_of("charity", cast.charity, Role.STORE, Role.MONEY),
        company=browser_of("company", cast.company, Role.GIVE),
        stranger=browser_of("stranger"),
        anyone=Client(),
    )
