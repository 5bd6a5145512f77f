"""From the answer to a write until a checkpoint covers its entry: 50 needs a second, one a request, for 20 seconds."""

import asyncio
import base64
import time
from collections.abc import Iterator
from typing import Any

import httpx

from benchmarks import hospitals
from benchmarks.home import bare_commits, fresh_home, served

PER_SECOND, SECONDS = 50, 20
LOOK = 0.02
"""Seconds between two looks at the checkpoint; what is measured may be that much too long."""


def measure() -> Iterator[dict[str, Any]]:
    """Yield the median and the 99th percentile of the seconds from answer to checkpoint, and of the answers."""
    with fresh_home() as home:
        city = hospitals.register(home)
        with served(home, "serve") as address:
            answers, growth, leaves = asyncio.run(_write(address, city))
        commits = bare_commits(home)
    index = {leaf_hash: number for number, leaf_hash in enumerate(leaves)}
    waits = []
    for _, answered, leaf_hash in answers:
        covered = next(seen for seen, size in growth if size > index[leaf_hash])
        waits.append(max(0.0, covered - answered))
    yield {
        "what": f"from answer to checkpoint, {PER_SECOND}/s for {SECONDS} s, p99",
        "ours": _percentile(waits, 0.99),
        "unit": "s",
        "bar": "<= 1.5",
        "peer": "a bare SQLite commit, s",
        "peers": 1 / commits,
    }
    yield {"what": "… p50", "ours": _percentile(waits, 0.5), "unit": "s"}
    yield {"what": "… the answer itself, p99", "ours": _percentile([b - a for a, b, _ in answers], 0.99), "unit": "s"}


async def _write(
    address: str, city: hospitals.City
) -> tuple[list[tuple[float, float, bytes]], list[tuple[float, int]], list[bytes]]:
    """Return when each write was sent and answered with its leaf hash, the checkpoint's growth, and all leaf hashes."""
    answers: list[tuple[float, float, bytes]] = []
    growth: list[tuple[float, int]] = []
    wanted = PER_SECOND * SECONDS

    async def one(client: httpx.AsyncClient, number: int) -> None:
        sent = time.perf_counter()
        answer = await client.post("/api/needs", json=city.need(number))
        answered = time.perf_counter()
        note = base64.b64decode(answer.raise_for_status().headers["Sameboat-Promise"]).decode()
        answers.append((sent, answered, base64.b64decode(note.split("\n")[2])))

    async def look(client: httpx.AsyncClient, before: int) -> None:
        while not growth or growth[-1][1] < before + wanted:
            checkpoint = await client.get("/checkpoint")
            growth.append((time.perf_counter(), int(checkpoint.text.split("\n")[1])))
            await asyncio.sleep(LOOK)

    headers = {"Authorization": f"Bearer {city.token}"}
    async with httpx.AsyncClient(base_url=address, timeout=60, headers=headers) as client:
        while (first := await client.get("/checkpoint")).status_code != 200:
            await asyncio.sleep(LOOK)
        tasks = [asyncio.create_task(look(client, int(first.text.split("\n")[1])))]
        started = time.perf_counter()
        for number in range(wanted):
            tasks.append(asyncio.create_task(one(client, number)))
            await asyncio.sleep(max(0.0, started + (number + 1) / PER_SECOND - time.perf_counter()))
        await asyncio.gather(*tasks)
        hashes = b""
        while len(hashes) < 32 * growth[-1][1]:
            number, width = len(hashes) // 8192, min(256, growth[-1][1] - len(hashes) // 32)
            part = "" if width == 256 else f".p/{width}"
            hashes += (await client.get(f"/tile/0/{number:03}{part}")).raise_for_status().content
    return answers, growth, [hashes[at : at + 32] for at in range(0, len(hashes), 32)]


def _percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]
