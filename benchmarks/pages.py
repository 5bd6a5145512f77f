"""Public pages with the scenario loaded, ten requests a second for a minute, beside the health endpoint."""

import asyncio
import time
from collections.abc import Iterator
from typing import Any

import httpx

from benchmarks.home import fresh_home, served

PER_SECOND = 10
SECONDS = 60
PAGES = ("/", "/zh-hans/", "/needs", "/needs?q=口罩", "/gifts", "/organisations", "/log", "/log/100", "/about")


def measure() -> Iterator[dict[str, Any]]:
    """Yield the 95th percentile of the answering times of public pages, in milliseconds."""
    with fresh_home() as home, served(home) as address:
        with httpx.Client(base_url=address, timeout=30) as client:
            needs = client.get("/api/needs?limit=1").json()
            gifts = client.get("/api/gifts?limit=1").json()
        extra = [f"/needs/{needs['items'][0]['id']}", f"/gifts/{gifts['items'][0]['id']}"]
        times, failures = asyncio.run(_load(address, [*PAGES, *extra], SECONDS))
        peer, _ = asyncio.run(_load(address, ["/healthz"], 10))
    yield {
        "what": f"public pages, {PER_SECOND} requests/s for {SECONDS} s, p95",
        "ours": _p95(times),
        "unit": "ms",
        "bar": "under 300",
        "peer": "/healthz, p95",
        "peers": _p95(peer),
    }
    yield {"what": "… answers that were no 200", "ours": failures, "unit": "", "bar": "0"}


async def _load(address: str, paths: list[str], seconds: int) -> tuple[list[float], int]:
    """Send requests at a fixed rate, whether or not the ones before are answered."""
    times: list[float] = []
    failures = 0

    async def one(client: httpx.AsyncClient, path: str) -> None:
        nonlocal failures
        started = time.perf_counter()
        answer = await client.get(path)
        times.append((time.perf_counter() - started) * 1000)
        failures += answer.status_code != 200

    async with httpx.AsyncClient(base_url=address, timeout=60) as client:
        tasks = []
        for number in range(seconds * PER_SECOND):
            tasks.append(asyncio.create_task(one(client, paths[number % len(paths)])))
            await asyncio.sleep(1 / PER_SECOND)
        await asyncio.gather(*tasks)
    return times, failures


def _p95(times: list[float]) -> float:
    return sorted(times)[int(len(times) * 0.95)]
