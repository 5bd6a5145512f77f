"""The outbreak's pages for a country of 3,000 places with 60 daily vintages, ten requests a second, beside health."""

import asyncio
from collections.abc import Iterator
from typing import Any

import httpx

from benchmarks.home import fresh_home, run_python, served
from benchmarks.pages import PER_SECOND, _load, _p95

PLACES, DAYS, SECONDS = 3_000, 60, 30

MAKE = """
import sys
from datetime import UTC, date, datetime, timedelta
from django.conf import settings
from sameboat.project import ready
settings.HOME.mkdir(parents=True, exist_ok=True)
ready.make_ready(migrate=True)
from sameboat.project import rooms
rooms.load_event_types()
from sameboat.figures.actions.feeds import register_feed, state_definition
from sameboat.figures.actions.vintages import publish_vintage
from sameboat.figures.engine.observation import Observation
from sameboat.registry.acting import Act
from sameboat.registry.models import Place
from sameboat.transparency.actions import publish

places, days = int(sys.argv[1]), int(sys.argv[2])
first = date(2020, 1, 20)
act = Act(now=datetime(2020, 1, 19, tzinfo=UTC), operator=True, scope="bench")
country = Place.objects.create(code="XX", level="country", name_en="Country", name_zh="国家")
parts = Place.objects.bulk_create([
    Place(code=f"X{at:05}", level="district", parent=country, name_en=f"District {at}", name_zh=f"第{at}区",
          latitude=20 + at % 60 / 2, longitude=75 + at // 60)
    for at in range(places)
])
feed = register_feed(act, code="bench", name_en="Benchmark")
cases = state_definition(act, signal="cases.confirmed", form="cumulative", unit_en="people", unit_zh="人",
                         name_en="Confirmed cases", name_zh="确诊病例")
for step in range(days):
    day = first + timedelta(step)
    moment = Act(now=datetime(day.year, day.month, day.day, 14, tzinfo=UTC), operator=True, scope="bench")
    rows = [Observation(place.code, "cases.confirmed", "", day, (at % 97 + 1) * step) for at, place in enumerate(parts)]
    rows.append(Observation("XX", "cases.confirmed", "", day, sum(row.value for row in rows)))
    publish_vintage(moment, feed=feed, published=day, observations=rows, from_elsewhere=True)
while publish() is not None:
    pass
settings.DEMO_MARK.write_text("loaded\\n")
"""


def measure() -> Iterator[dict[str, Any]]:
    """Yield the 95th percentile of the answering times, in milliseconds, of first readers and of a crowd."""
    with fresh_home() as home:
        run_python(MAKE, home, str(PLACES), str(DAYS))
        with served(home) as address:
            days = [f"2020-02-{day:02}" for day in range(1, 29)]
            with httpx.Client(base_url=address, timeout=60) as client:
                client.get("/situation/X00001")  # what a process reads once
                first = []
                for day in days[:20]:
                    answer = client.get(f"/situation?as_of={day}")
                    answer.raise_for_status()
                    first.append(answer.elapsed.total_seconds() * 1000)
                heaviest = len(answer.content) / 1000
            paths = [
                "/situation",
                "/zh-hans/situation",
                *(f"/situation?as_of={day}" for day in days),
                "/situation?places=7",
                "/situation/X00042",
                "/situation/X00099/embed",
                "/situation/compare?place=X00001&place=X00002&place=X00003&per=count",
            ]
            times, failures = asyncio.run(_load(address, paths, SECONDS))
            peer, _ = asyncio.run(_load(address, ["/healthz"], 10))
    yield {
        "what": f"{PLACES:,} places, a day's first reader, p95",
        "ours": _p95(first),
        "unit": "ms",
        "bar": "under 300",
    }
    yield {
        "what": f"{PLACES:,} places, {PER_SECOND} requests/s for {SECONDS} s, p95",
        "ours": _p95(times),
        "unit": "ms",
        "bar": "under 300",
        "peer": "/healthz, p95",
        "peers": _p95(peer),
    }
    yield {"what": "… answers that were no 200", "ours": failures, "unit": "", "bar": "0"}
    yield {"what": "… the heaviest page, uncompressed", "ours": heaviest, "unit": "KB", "bar": "under 150"}
