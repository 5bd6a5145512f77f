"""The witness as a process: one thread answers, one remembers and signs; what strangers cost is bounded."""

import asyncio
import logging
import signal
import socket
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import h11
import structlog
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from sameboat.listening import address_of, bind
from sameboat.transparency.witness.app import application
from sameboat.transparency.witness.cosigner import Cosigner
from sameboat.transparency.witness.keys import open_home

HEAD_SECONDS = 10.0
"""How long the head of a request may take to come in."""

IDLE_SECONDS = 60
"""How long a connection without a request is kept; logs come again every second or so."""

MOST_CONNECTIONS = 200
GRACE = 5


def serve(home: Path, name: str, host: str, port: int, on_ready: Callable[[str], None]) -> None:
    """Serve the witness of `home` until told to stop. `on_ready` is told the address once requests are answered.

    Raises BadInput where the address cannot be had or a new home has no name, StoreError where its memory or key is
    damaged or missing.
    """
    _log_to_stderr()
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="witness") as worker:
        memory, signers = worker.submit(open_home, home, name).result()
        try:
            taken = bind(host, port)
            config = uvicorn.Config(
                application(Cosigner(memory, signers), worker),
                http=_ImpatientProtocol,
                lifespan="off",
                ws="none",
                log_config=None,
                access_log=False,
                server_header=False,
                limit_concurrency=MOST_CONNECTIONS,
                timeout_keep_alive=IDLE_SECONDS,
                timeout_graceful_shutdown=GRACE,
            )
            # The server raises the signal that ended it once more when it is done; the memory is closed after that.
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda _number, _frame: None)
            _Server(config, lambda: on_ready(address_of(taken, host))).run(sockets=[taken])
        finally:
            worker.submit(memory.__exit__).result()


class _Server(uvicorn.Server):
    """A server that says when it is ready."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        if self.started:
            self._on_ready()


class _ImpatientProtocol(H11Protocol):
    """HTTP/1.1 that hangs up on whoever does not finish the head of a request in time."""

    _alarm: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._alarm = self.loop.call_later(HEAD_SECONDS, transport.close)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._cancel()
        elif self._alarm is None:
            self._alarm = self.loop.call_later(HEAD_SECONDS, self.transport.close)

    def connection_lost(self, exc: Exception | None) -> None:
        self._cancel()
        super().connection_lost(exc)

    def _cancel(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None


def _log_to_stderr() -> None:
    """Log one JSON line an event; nobody's network address is in it."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
