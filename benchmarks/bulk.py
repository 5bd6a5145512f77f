"""Whole events over HTTP: needs published in bulk against a running server, with rows, totals, entries and promises."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import httpx

from benchmarks import hospitals
from benchmarks.home import bare_commits, fresh_home, served

ROWS, REQUESTS, CLIENTS = 1_000, 30, 2


def measure() -> Iterator[dict[str, Any]]:
    """Yield events a second from the first request to the last answer, and until the checkpoint covers all of them."""
    with fresh_home() as home:
        city = hospitals.register(home)
        with served(home, "serve") as address, httpx.Client(base_url=address, timeout=60) as client:
            headers = {"Authorization": f"Bearer {city.token}"}

            def post(request: int) -> int:
                needs = [city.need(request * ROWS + row) for row in range(ROWS)]
                keyed = headers | {"Idempotency-Key": str(uuid4())}
                answer = client.post("/api/needs/bulk", json={"needs": needs}, headers=keyed).raise_for_status()
                return int(answer.json()["done"])

            warm = post(REQUESTS)
            before = _published(client)
            started = time.perf_counter()
            with ThreadPoolExecutor(CLIENTS) as clients:
                done = sum(clients.map(post, range(REQUESTS)))
            answered = time.perf_counter() - started
            while _published(client) < before + done:
                time.sleep(0.01)
            published = time.perf_counter() - started
        commits = {"peer": "SQLite commits", "peers": bare_commits(home)}
    if (warm, done) != (ROWS, ROWS * REQUESTS):
        raise RuntimeError(f"only {done:,} of {ROWS * REQUESTS:,} needs were published")
    yield {
        "what": f"needs over HTTP, {REQUESTS} requests of {ROWS:,}, answered",
        "ours": done / answered,
        "unit": "events/s",
        "bar": ">= 2,000",
    } | commits
    yield {"what": "… and published", "ours": done / published, "unit": "events/s"} | commits


def _published(client: httpx.Client) -> int:
    answer = client.get("/checkpoint")
    return int(answer.text.split("\n")[1]) if answer.status_code == 200 else 0
