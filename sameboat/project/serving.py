"""`sameboat serve`: the web server, and beside it the one sequencer."""

import os
import shutil
import signal
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn
from django.conf import settings
from uvicorn.supervisors import Multiprocess

from sameboat.listening import address_of, bind
from sameboat.project import ready
from sameboat.transparency.errors import BadInput

APPLICATION = "sameboat.project.asgi:application"

GRACE = 10
"""Seconds that requests under way are given when the server is told to stop."""


def is_loopback(host: str) -> bool:
    """Return whether only this machine can reach an address."""
    return host == "localhost" or host.startswith("127.") or host == "::1"


def check_public(host: str, *, yes_public: bool) -> None:
    """Raise BadInput where strangers would reach demo accounts without anyone having said that they may."""
    if settings.DEMO and not is_loopback(host) and not yes_public:
        raise BadInput(
            f"this home holds demo accounts whose password everyone knows; {host} can be reached from outside. Serve "
            "it on 127.0.0.1, or say --yes-public if strangers may sign in."
        )


def serve(
    host: str,
    port: int,
    *,
    workers: int = 1,
    sequencer: bool = True,
    migrate: bool = False,
    yes_public: bool = False,
    on_ready: Callable[[str], None],
) -> None:
    """Serve until told to stop. `on_ready` is told the address once requests are answered.

    Raises BadInput where the address cannot be had or the database needs a decision, StoreError where the stored log
    does not agree with its last checkpoint.
    """
    check_public(host, yes_public=yes_public)
    ready.make_ready(migrate=migrate)
    taken = bind(host, port)
    address = address_of(taken, host)
    with _folder_for_metrics(workers), _sequencer(sequencer):
        config = uvicorn.Config(
            APPLICATION,
            workers=workers,
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=GRACE,
            proxy_headers=settings.SECURE_PROXY_SSL_HEADER is not None,
        )
        if workers > 1:
            taken.listen(config.backlog)  # whoever comes before the processes are up waits in line
            on_ready(address)
            Multiprocess(config, sockets=[taken]).run()
        else:
            _Server(config, lambda: on_ready(address)).run(sockets=[taken])


class _Server(uvicorn.Server):
    """A server that says when it is ready."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        if self.started:
            self._on_ready()


@contextmanager
def _folder_for_metrics(workers: int) -> Iterator[None]:
    """Let several processes count together, in a folder that lives as long as they do."""
    if workers == 1:
        yield
        return
    folder = tempfile.mkdtemp(prefix="metrics-", dir=settings.HOME)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
    try:
        yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _sequencer(wanted: bool) -> Iterator[None]:
    """Run the sequencer in a thread for as long as the server runs, and end it between two rounds."""
    stop = threading.Event()
    # The server raises the signal that ended it once more when it is done; that must not cut the sequencer short.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    if not wanted:
        yield
        return
    from sameboat.project.metrics import observe_publishing
    from sameboat.transparency import sequencer

    thread = threading.Thread(target=sequencer.run, args=(stop, observe_publishing), name="sequencer")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
