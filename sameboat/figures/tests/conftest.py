"""A feed that counts confirmed cases of a country, its two provinces and what is assigned to none."""

from dataclasses import dataclass
from datetime import date

import pytest


@dataclass
class World:
    """The feed of a health commission, its signal, the places, and who may publish."""

    feed: object
    cases: object
    country: object
    east: object
    west: object
    unassigned: object
    commission: object
    act: object
    operator: object

    def say(self, day, rows, **more):
        """Publish a vintage on `day` of rows (place, date, value)."""
        from dataclasses import replace
        from datetime import UTC, datetime, timedelta

        from sameboat.figures.actions.vintages import publish_vintage

        now = datetime(day.year, day.month, day.day, 16, tzinfo=UTC) + timedelta(hours=1)
        act = replace(more.pop("act", self.act), now=now)
        return publish_vintage(act, feed=self.feed, published=day, observations=[seen(*row) for row in rows], **more)


def seen(place, day, value, missing="", signal="cases.confirmed", definition=""):
    """Return an observation; a value of None was not reported unless another reason is given."""
    from sameboat.figures.engine.observation import Observation

    missing = missing or ("not-reported" if value is None else "")
    return Observation(place, signal, definition, day, value, missing)


def day(number, month=2):
    """Return a day of early 2020."""
    return date(2020, month, number)


@pytest.fixture
def world(cast):
    """The world."""
    from sameboat.figures.actions.feeds import register_feed, state_definition
    from sameboat.registry.acting import Act
    from sameboat.registry.actions import register_organisation
    from sameboat.registry.models import Place, Role

    operator = cast.act_operator
    commission = register_organisation(operator, kind="government", name_en="Test Commission")
    country = Place.objects.create(code="XX", level="country", name_en="Testland", name_zh="测试国")
    east, west = (
        Place.objects.create(code=code, level="province", parent=country, name_en=name, name_zh=name)
        for code, name in (("XX-E", "East"), ("XX-W", "West"))
    )
    unassigned = Place.objects.create(
        code="XX-unassigned", level="unassigned", parent=country, name_en="Unassigned", name_zh="未定"
    )
    feed = register_feed(operator, code="test", name_en="Test figures", publisher=commission)
    cases = state_definition(
        operator,
        signal="cases.confirmed",
        form="cumulative",
        unit_en="people",
        unit_zh="人",
        name_en="Confirmed cases",
    ).signal
    act = Act(now=operator.now, roles={commission.public_id: frozenset({Role.FIGURES})}, scope="test:commission")
    return World(feed, cases, country, east, west, unassigned, commission, act, operator)
