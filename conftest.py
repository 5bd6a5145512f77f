"""What every test may use: a small cast of organisations with one member each."""

import json
import os
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

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


@pytest.fixture(autouse=True)
def _nothing_published():
    """Forget what the test before published: its store was rolled back, which a real home would refuse."""
    yield
    (Path(os.environ["SAMEBOAT_HOME"]) / "published-checkpoint").unlink(missing_ok=True)


@pytest.fixture(autouse=True)
def _nothing_kept():
    """Every test starts with an empty cache: the store before was rolled back, and its log's state recurs."""
    from django.core.cache import cache

    cache.clear()


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


@pytest.fixture(autouse=True)
def _no_rate_counted():
    """Every test starts with nothing counted against its address."""
    from sameboat.registry import rate_limits

    rate_limits.forget()


class Caller:
    """Somebody who calls the API over HTTP; without a token, a person without an account."""

    def __init__(self, token=""):
        from django.test import Client

        self.token = token
        self.client = Client(headers={"Authorization": f"Bearer {token}"} if token else {})

    def get(self, path, headers=None, **query):
        """Return the answer to a GET."""
        return self.client.get(f"/api{path}", query, headers=headers)

    def post(self, path, body=None, key=""):
        """Return the answer to a POST of a JSON body, or of bytes as they are."""
        content = body if isinstance(body, bytes | str) else json.dumps(body or {})
        headers = {"Idempotency-Key": key} if key else {}
        return self.client.post(f"/api{path}", content, content_type="application/json", headers=headers)

    def does(self, path, body=None, key=""):
        """Return what a POST that must succeed answers."""
        answer = self.post(path, body, key)
        assert answer.status_code in (200, 201), answer.content
        return answer.json()


@dataclass
class Callers:
    """The cast with a token each."""

    hospital: Caller
    charity: Caller
    company: Caller
    operator: Caller
    anyone: Caller


@pytest.fixture
def callers(cast):
    """The cast's members as users with tokens, and a person without an account."""
    from django.contrib.auth.models import User

    from sameboat.registry.acting import act_of
    from sameboat.registry.actions import add_member, make_token

    def caller(name, organisation=None, *roles):
        user = User.objects.create(username=name, is_staff=organisation is None)
        for role in roles:
            add_member(cast.act_operator, organisation=organisation, user=user, role=role)
        return Caller(make_token(act_of(user)))

    return Callers(
        hospital=caller("hospital", cast.hospital, "ask", "sign"),
        charity=caller("charity", cast.charity, "store", "money", "admin"),
        company=caller("company", cast.company, "give"),
        operator=caller("operator"),
        anyone=Caller(),
    )


@pytest.fixture
def everything_stored(db):
    """A function that returns every row of every table of the project, to show that a refusal changed none."""
    from django.apps import apps

    def read():
        return {
            model._meta.label: list(model.objects.order_by("pk").values_list())
            for model in apps.get_models()
            if model.__module__.startswith("sameboat.")
        }

    return read


@dataclass
class People:
    """A member of each of the cast in a browser of their own, signed in; and somebody whom nobody gave a role."""

    hospital: object
    charity: object
    company: object
    stranger: object
    anyone: object


@pytest.fixture
def people(cast):
    """The people."""
    from django.contrib.auth.models import User
    from django.test import Client

    from sameboat.registry.actions import add_member
    from sameboat.registry.models import Role

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
