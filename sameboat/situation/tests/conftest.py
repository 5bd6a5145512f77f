"""An outbreak in a country of two provinces: three cities, daily vintages, a break, a revision, a day nobody told."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

import pytest

FIRST = date(2020, 1, 20)


def totals(start, growth, days):
    """Return cumulative counts that grow by `growth` a day from `start`."""
    counts, new = [start], float(start)
    for _ in range(days - 1):
        new *= growth
        counts.append(counts[-1] + round(new))
    return counts


@dataclass
class Land:
    """The country's places, the feed, its signal, and who enters what others published."""

    country: object
    province: object
    city: object
    quiet: object
    feed: object
    cases: object
    operator: object

    def act(self, day):
        """Return the operator's act in the evening of a day."""
        return replace(self.operator, now=datetime(day.year, day.month, day.day, 14, tzinfo=UTC))

    def say(self, day, rows, **more):
        """Publish a vintage on `day` of rows (place, date, total or None for not reported)."""
        from sameboat.figures.actions.vintages import publish_vintage
        from sameboat.figures.engine.observation import Observation

        signal = more.pop("signal", self.cases.code)
        seen = [
            Observation(place.code, signal, "", of, value, "" if value is not None else "not-reported")
            for place, of, value in rows
        ]
        return publish_vintage(
            self.act(day), feed=more.pop("feed", self.feed), published=day, observations=seen, from_elsewhere=True
        )

    def daily(self, days, *, skip=(), jump=None):
        """Publish one vintage a day: the city as told, the province and the country alike, the quiet one with 1."""
        city = totals(10, 1.12, days)
        for at in range(days):
            day = FIRST + timedelta(at)
            extra = jump[1] if jump and day >= jump[0] else 0
            told = None if day in skip else city[at] + extra
            self.say(
                day,
                [
                    (self.city, day, told),
                    (self.province, day, told),
                    (self.country, day, None if told is None else told + 1),
                    (self.quiet, day, 1),
                ],
            )
        return city


@pytest.fixture
def land(cast):
    """The land, before anything was published."""
    from sameboat.figures.actions.feeds import register_feed, state_definition
    from sameboat.registry.models import Place

    def place(code, level, parent, name, chinese, latitude=None, longitude=None):
        return Place.objects.create(
            code=code,
            level=level,
            parent=parent,
            name_en=name,
            name_zh=chinese,
            latitude=latitude,
            longitude=longitude,
        )

    country = place("CN", "country", None, "China", "中国")
    province = place("420000", "province", country, "Hubei", "湖北省", "30.6", "114.34")
    city = place("420100", "city", province, "Wuhan", "武汉市", "30.59", "114.31")
    quiet = place("540000", "province", country, "Tibet", "西藏自治区", "29.65", "91.14")
    operator = replace(cast.act_operator, now=datetime(2020, 1, 19, tzinfo=UTC))
    feed = register_feed(
        operator, code="test", name_en="Health commission", name_zh="卫健委", url="https://example.org/figures"
    )
    cases = state_definition(
        operator,
        signal="cases.confirmed",
        form="cumulative",
        unit_en="people",
        unit_zh="人",
        name_en="Confirmed cases",
        name_zh="确诊病例",
        text_en="People with a positive test.",
        text_zh="核酸检测阳性者。",
    ).signal
    return Land(country, province, city, quiet, feed, cases, operator)
