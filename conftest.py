"""What every test may use: a small cast of organisations with one member each."""

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
