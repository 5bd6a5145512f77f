"""The one sequencer: publishes what waits, again and again, until it is told to stop; witnesses are asked beside it."""

import fcntl
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connection, connections

from sameboat.transparency import cosigning, erasing
from sameboat.transparency.actions import LARGEST_BATCH, publish
from sameboat.transparency.published import catch_up
from sameboat.transparency.store import latest_checkpoint, latest_size

BUSY_PAUSE = 0.2
"""Seconds between two rounds while entries come in: one signature and one disk flush carry all of them."""

IDLE_PAUSE = 0.5
"""Seconds between two looks when nothing came in for a while."""

LONGEST_PAUSE = 30.0
"""Seconds before the next try, at most, while publishing fails."""

LOCK_FILE = "sequencer.lock"

_LOCK = 0x53616D65_626F6175
"""PostgreSQL's session lock of the sequencer that runs; another key than that of a single round."""

Observe = Callable[[float, int], None]
"""Told after each round that published: the seconds it took and how many entries it gave an index."""

_log = structlog.get_logger("sameboat.sequencer")


def run(stop: threading.Event, observe: Observe | None = None) -> None:
    """Publish what waits until `stop` is set.

    Where another sequencer of the same log runs, this one stands by and takes over when it ends. An error is logged
    and the round tried again, later each time up to half a minute.
    """
    failures = 0
    connections[DEFAULT_DB_ALIAS].goes_first = True  # type: ignore[attr-defined] # before others who wait to write
    while not stop.is_set():
        try:
            with _alone(stop) as chosen:
                if chosen:
                    _log.info("sequencer runs", log_size=latest_size())
                    if (last := latest_checkpoint()) is not None:
                        catch_up(last.note)
                    with cosigning.gathering() as wake:
                        for published in _rounds(stop, observe, wake):
                            failures = 0 if published else failures
        except Exception as error:
            failures += 1
            pause = min(BUSY_PAUSE * 2**failures, LONGEST_PAUSE)
            _log.error("publishing failed", error=type(error).__name__, reason=str(error), next_try_seconds=pause)
            connection.close()
            stop.wait(pause)
    connection.close()


def _rounds(stop: threading.Event, observe: Observe | None, wake: Callable[[], None]) -> Iterator[bool]:
    pause, size = BUSY_PAUSE, latest_size()
    while not stop.is_set():
        started = time.perf_counter()
        checkpoint = publish()
        yield True
        if checkpoint is None:
            pause = min(pause * 1.5, IDLE_PAUSE)
        else:
            wake()
            entries, size = checkpoint.size - size, checkpoint.size
            if observe is not None:
                observe(time.perf_counter() - started, entries)
            pause = 0.0 if entries >= LARGEST_BATCH else BUSY_PAUSE
        if erasing.unfinished():
            erasing.finish()
        stop.wait(pause)


@contextmanager
def _alone(stop: threading.Event) -> Iterator[bool]:
    """Wait to be the only sequencer, and yield True; yield False if told to stop before that."""
    told = False
    with _claim() as claim:
        while not (chosen := claim()) and not stop.is_set():
            if not told:
                _log.info("another sequencer of this log runs; this one stands by")
                told = True
            stop.wait(IDLE_PAUSE)
        yield chosen


@contextmanager
def _claim() -> Iterator[Callable[[], bool]]:
    """Yield a function that tries to take the sequencer's lock; the lock is given back at the end, or by a crash."""
    if connection.vendor == "postgresql":

        def claim() -> bool:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])
                return bool(cursor.fetchone()[0])

        try:
            yield claim
        finally:
            connection.close()
        return

    descriptor = os.open(settings.HOME / LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o600)

    def lock() -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    try:
        yield lock
    finally:
        os.close(descriptor)
