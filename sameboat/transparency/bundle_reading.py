"""Bundles read one after another, or side by side in processes of their own, and handed over in order."""

import importlib
import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Generator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing.connection import wait
from typing import NamedTuple

from sameboat.transparency import entry_reading, sources
from sameboat.transparency.engine import layout, merkle
from sameboat.transparency.engine.layout import TILE_WIDTH
from sameboat.transparency.engine.merkle import HASH_SIZE
from sameboat.transparency.entry_reading import Reading
from sameboat.transparency.errors import AuditError
from sameboat.transparency.events import schemas
from sameboat.transparency.sources import Fetch

AHEAD = 4
"""Bundles a process that are under way or wait to be taken; what they take of memory does not grow with the log."""

WORTH_A_PROCESS = 100
"""Bundles from which on a second process saves more time than it takes to start."""

MOST_PROCESSES = 4
"""More have nothing to do: whoever puts the entries in order is then the slowest."""


class Entries(NamedTuple):
    """The entries of a bundle that agrees with its tile of the lowest level, and their leaf hashes."""

    hashes: list[bytes]
    bodies: list[bytes]


class Bundle(NamedTuple):
    """What the entries of a bundle say, and their leaf hashes."""

    hashes: list[bytes]
    readings: list[Reading]


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads bundles of the log of `size` entries behind `fetch`, which must be picklable to read side by side."""

    fetch: Fetch
    size: int

    @property
    def indices(self) -> range:
        """The indices of the log's bundles."""
        return range(-(-self.size // TILE_WIDTH))

    def entries(self, index: int) -> Entries:
        """Return a bundle's entries; raises AuditError where they do not agree with their tile, or are not there."""
        bodies = sources.entries_at(self.fetch, index, layout.tile_width(self.size, 0, index))
        hashes = [merkle.leaf_hash(body) for body in bodies]
        compare_tile(self.fetch, 0, index, b"".join(hashes))
        return Entries(hashes, bodies)

    def read(self, index: int) -> Bundle:
        """Return what a bundle's entries say; raises AuditError as `entries` does."""
        hashes, bodies = self.entries(index)
        return Bundle(hashes, [entry_reading.read(body) for body in bodies])

    def bundles(self, jobs: int | None) -> Generator[Bundle, None, None]:
        """Yield all bundles in order, read in `jobs` processes; None takes as many as are worth while.

        Close it if it is not read to its end, so that its processes end.
        """
        if jobs is None:
            jobs = min(_cores(), MOST_PROCESSES, len(self.indices) // WORTH_A_PROCESS)
        if jobs > 1:
            yield from self._side_by_side(jobs)
        else:
            yield from map(self.read, self.indices)

    def _side_by_side(self, jobs: int) -> Generator[Bundle, None, None]:
        modules = sorted({event_type.__module__ for event_type in schemas()})
        # Processes of their own from the start: a fork would share connections and threads that it must not.
        pool = ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn"), _begin, (self, modules))
        waiting: deque[Future[Bundle]] = deque()
        try:
            for index in self.indices:
                waiting.append(pool.submit(_read, index))
                if len(waiting) >= jobs * AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)


def _cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


_reader: Reader


def _begin(reader: Reader, modules: list[str]) -> None:
    """Make a new process ready: it knows the event types, leaves interruptions to its parent, and ends with it."""
    global _reader
    _reader = reader
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    for module in modules:
        importlib.import_module(module)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def _read(index: int) -> Bundle:
    return _reader.read(index)


def compare_tile(fetch: Fetch, level: int, index: int, computed: bytes) -> None:
    """Raise AuditError, which names the first difference, unless a tile holds the `computed` hashes."""
    width = len(computed) // HASH_SIZE
    served = sources.hashes_at(fetch, level, index, width)
    if served == computed:
        return
    at = next(i for i in range(width) if _hash(served, i) != _hash(computed, i))
    where = f"entry {index * TILE_WIDTH + at}" if level == 0 else f"its hash {at}"
    raise AuditError(
        f"{layout.path(level, index, width)} does not agree with the entries, first at {where}: an entry or the tile "
        "was changed"
    )


def _hash(tile: bytes, at: int) -> bytes:
    return tile[at * HASH_SIZE : (at + 1) * HASH_SIZE]
