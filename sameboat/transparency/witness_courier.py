"""Carries requests to witnesses, all at once, each within a number of seconds that nothing can stretch."""

import asyncio
import threading
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Self

import httpx

from sameboat.transparency.engine.witnessing import MAX_ANSWER_BYTES

SECONDS = 5.0
"""How long one exchange may take, from the first look-up of a name to the last byte."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A witness's answer."""

    status: int
    body: bytes


class UnreachableError(Exception):
    """A witness that did not answer, or not with anything of a witness's size."""


class Courier:
    """Sends from a thread of its own. Connections are kept from one round to the next."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="witness-courier", daemon=True)
        self._thread.start()
        self._abandoned = False
        self._client = httpx.AsyncClient(timeout=SECONDS, headers={"User-Agent": "sameboat"})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def post(self, url: str, body: bytes) -> Future[Reply]:
        """Send a request; the future holds its answer, or raises UnreachableError. Cancel it to give up."""
        return asyncio.run_coroutine_threadsafe(self._exchange(url, body), self._loop)

    def abandon(self) -> None:
        """Cancel whatever is under way, and whatever would still be sent."""
        self._abandoned = True
        asyncio.run_coroutine_threadsafe(self._cancel_others(), self._loop).result()

    async def _exchange(self, url: str, body: bytes) -> Reply:
        if self._abandoned:
            raise asyncio.CancelledError
        try:
            async with asyncio.timeout(SECONDS), self._client.stream("POST", url, content=body) as answer:
                data = bytearray()
                async for part in answer.aiter_bytes():
                    data += part
                    if len(data) > MAX_ANSWER_BYTES:
                        raise UnreachableError("its answer is larger than any witness's")
                return Reply(answer.status_code, bytes(data))
        except TimeoutError:
            raise UnreachableError(f"it did not answer within {SECONDS:.0f} seconds") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise UnreachableError(f"it cannot be reached ({type(error).__name__}: {error})") from None

    async def _end(self) -> None:
        await self._cancel_others()
        await self._client.aclose()

    async def _cancel_others(self) -> None:
        others = asyncio.all_tasks(self._loop) - {asyncio.current_task(self._loop)}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
