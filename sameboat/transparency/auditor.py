"""The auditor: replays a whole log from its checkpoint down to every entry, and recomputes every balance.

It trusts one thing, the log's public key. Memory grows with accounts and keys, not with entries.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sameboat.transparency import entry_reading
from sameboat.transparency.bundle_reading import Bundle, Entries, Reader, compare_tile
from sameboat.transparency.engine import checkpoint, layout, merkle, tiles
from sameboat.transparency.engine.books import Books, UnbalancedError
from sameboat.transparency.engine.checkpoint import CheckpointError
from sameboat.transparency.engine.merkle import HASH_SIZE
from sameboat.transparency.engine.policy import Policy, UntrustedError
from sameboat.transparency.engine.signed_note import NoteError, NoteVerifier
from sameboat.transparency.entry_reading import Reading
from sameboat.transparency.errors import AuditError, ClaimError
from sameboat.transparency.events import History
from sameboat.transparency.sources import Fetch

MOST_FAULTS = 20
"""Faults that are told in full; beyond them they are counted."""

LONGEST_PROBLEM = 2000
"""Characters of a fault that are told: part of them may be the entry's own."""

MOST_UNKNOWN_TYPES = 200
"""Names of unknown event types that are counted apart; who writes a log must not make its readers' lists endless."""

CLOCK_TOLERANCE = timedelta(seconds=10)
"""How much earlier than the entry before an entry may say it was recorded: several processes and machines write."""

Progress = Callable[[int, int], None]
"""Told how many entries are done, of how many."""


@dataclass(frozen=True, slots=True)
class Fault:
    """An entry that stands in the log and is wrong: its index, its event type, and what is wrong."""

    index: int
    type: str
    problem: str


@dataclass(slots=True)
class Audit:
    """What the replay of a log found.

    `clock_went_back` counts the entries recorded earlier than the one before them; `first_went_back` is the index of
    the first. That is no fault: the order of a log is that of its indices, and the time is what a clock said.
    `witnesses` are those of a policy that cosigned the checkpoint, and when, in POSIX seconds.
    """

    origin: str
    size: int
    root: bytes
    witnesses: Mapping[str, int] = field(default_factory=dict)
    types: Counter[str] = field(default_factory=Counter)
    unknown_types: Counter[str] = field(default_factory=Counter)
    device_signatures: int = 0
    clock_went_back: int = 0
    first_went_back: int | None = None
    fault_count: int = 0
    faults: list[Fault] = field(default_factory=list)
    balances: Mapping[tuple[str, str], int] = field(default_factory=dict)

    @property
    def wrong(self) -> bool:
        """Whether any entry is wrong."""
        return self.fault_count > 0

    def totals(self) -> dict[tuple[str, str], int]:
        """Return what all accounts of a kind hold, by (kind, asset); `outside:` accounts stand by their full name."""
        sums: Counter[tuple[str, str]] = Counter()
        for (account, asset), amount in self.balances.items():
            kind, _, _ = account.partition(":")
            sums[account if kind == "outside" else kind, asset] += amount
        return {place: amount for place, amount in sorted(sums.items()) if amount}

    def blame(self, fault: Fault) -> None:
        """Add a fault."""
        self.fault_count += 1
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(fault)


def audit(
    fetch: Fetch,
    log: NoteVerifier,
    progress: Progress | None = None,
    rules: Policy | None = None,
    jobs: int | None = 1,
    origin: str | None = None,
) -> Audit:
    """Return what a whole log says, checked from its signed checkpoint down.

    Every bundle is checked against the tiles, every tile of every level against the signed root, every entry by the
    schema of its type, every account against its postings, every device-key signature against the keys registered
    before it. An entry of an unknown type is counted and not judged. With `rules`, enough of their witnesses must have
    cosigned the checkpoint. With `jobs` other than 1, entries are read in so many processes (None: as many as are worth
    while); what is found is the same. `origin` is what the log calls itself, where that is not the name of its key.

    Raises
    ------
    AuditError
        When the log does not hold what its checkpoint signs: then its entries mean nothing.
    """
    head, cosigned = _believed(fetch, log, rules, origin)
    found = Audit(head.origin, head.size, head.root, witnesses=cosigned)
    replay = _Replay(found)
    done = 0
    with closing(Reader(fetch, head.size).bundles(jobs)) as bundles:
        for bundle in _proven(fetch, head, bundles):
            for index, reading in enumerate(bundle.readings, done):
                replay.take(index, reading)
            done += len(bundle.readings)
            if progress is not None:
                progress(done, head.size)
    found.balances = replay.books.balances
    return found


def proven_entries(
    fetch: Fetch,
    log: NoteVerifier,
    progress: Progress | None = None,
    rules: Policy | None = None,
    origin: str | None = None,
) -> tuple[checkpoint.Checkpoint, Iterator[tuple[int, dict[str, Any]]]]:
    """Return a log's signed checkpoint, and the index and members of each entry of ours that leads to its root.

    The members are not judged. Entries come bundle by bundle as they agree with their tile: who reads them must see the
    iteration end before believing any. It raises AuditError where the log does not hold what its checkpoint signs.
    """
    head, _ = _believed(fetch, log, rules, origin)
    reader = Reader(fetch, head.size)

    def members() -> Iterator[tuple[int, dict[str, Any]]]:
        done = 0
        for bundle in _proven(fetch, head, map(reader.entries, reader.indices)):
            for index, body in enumerate(bundle.bodies, done):
                content = entry_reading.members(body)
                if content is not None:
                    yield index, content
            done += len(bundle.bodies)
            if progress is not None:
                progress(done, head.size)

    return head, members()


def _believed(
    fetch: Fetch, log: NoteVerifier, rules: Policy | None, origin: str | None = None
) -> tuple[checkpoint.Checkpoint, Mapping[str, int]]:
    """Return the checkpoint, which the log's key signs, and the witnesses that cosigned it; raises AuditError."""
    try:
        note = fetch(layout.CHECKPOINT_PATH)
        head, _ = checkpoint.open(note, log, origin=origin)
        cosigned = {} if rules is None else replace(rules, logs=()).check(note, [log], origin).witnesses
    except UntrustedError as error:
        raise AuditError(
            f"{error}. Without them the log may show others another history; ask again later, or ask its owner."
        ) from error
    except (NoteError, CheckpointError) as error:
        raise AuditError(
            f"the checkpoint cannot be believed: {error}. Check the key given with --vkey against the one that the "
            "log's owner publishes elsewhere; where a log calls itself otherwise than its key, name it with --origin."
        ) from error
    return head, cosigned


def compare(found: Audit, balances: Mapping[tuple[str, str], int]) -> None:
    """Add a fault for each account whose stored postings do not sum to what the replay recomputed."""
    for account, asset in sorted({*found.balances, *balances}):
        replayed, stored = found.balances.get((account, asset), 0), balances.get((account, asset), 0)
        if replayed != stored:
            problem = f"{account} holds {replayed:,} {asset} by the log, {stored:,} by the database"
            found.blame(Fault(found.size, "balance", problem))


B = TypeVar("B", Bundle, Entries)


def _proven(fetch: Fetch, head: checkpoint.Checkpoint, bundles: Iterable[B]) -> Iterator[B]:
    """Yield every bundle in order. The last one comes only after the root they lead to was found to be the signed one.

    Bundles are yielded as they agree with their tiles, so a reader must see the iteration end before it believes any.
    """
    edge: dict[tuple[int, int], bytes] = {}

    def read_edge(level: int, index: int, width: int) -> bytes:
        return edge[level, index][: width * HASH_SIZE]

    if head.size == 0:
        _check_root(head, merkle.EMPTY_ROOT)
    size = 0
    for bundle in bundles:
        size, changed = tiles.grow(size, bundle.hashes, read_edge)
        for (level, at), data in changed.items():
            if len(data) < layout.TILE_BYTES and size < head.size:
                edge[level, at] = data  # it still grows; compared when it is full or last
                continue
            if level:
                compare_tile(fetch, level, at, data)
            edge.pop((level, at), None)
            if len(data) < layout.TILE_BYTES:
                edge[level, at] = data
        if size == head.size:
            _check_edge(fetch, edge, changed)
            _check_root(head, tiles.root(size, read_edge))
        yield bundle


def _check_root(head: checkpoint.Checkpoint, root: bytes) -> None:
    if root != head.root:
        raise AuditError(
            f"the {head.size:,} entries lead to the root {root.hex()}, the checkpoint signs {head.root.hex()}: "
            "this is not the log that was signed"
        )


def _check_edge(fetch: Fetch, edge: Mapping[tuple[int, int], bytes], compared: Mapping[tuple[int, int], bytes]) -> None:
    """Compare the partial tiles on the right edge that the last bundle did not touch."""
    for (level, at), data in edge.items():
        if (level, at) not in compared:
            compare_tile(fetch, level, at, data)


def _short(problem: str) -> str:
    return problem if len(problem) <= LONGEST_PROBLEM else problem[: LONGEST_PROBLEM - 1] + "…"


class _Replay:
    """The books and the keys as the entries read so far leave them."""

    def __init__(self, found: Audit) -> None:
        self.found = found
        self.books = Books()
        self.history = History()
        self.recorded_at: datetime | None = None

    def take(self, index: int, entry: Reading) -> None:
        """Put one entry in its place; what is wrong with it is added to the findings."""
        try:
            if entry.dated:
                self._read_clock(index, entry.recorded_at)
            if entry.unknown:
                self._count_unknown(entry.unknown)
                return
            if entry.dated:
                self.found.types[entry.type] += 1
            if entry.misfit:
                raise ClaimError(entry.misfit)
            if entry.changes:
                self.books.apply(entry.changes)
            for step in entry.steps:
                self.history.take(step)
            if wrong := entry_reading.check_later(entry, self.history):
                raise ClaimError(wrong)
        except (UnbalancedError, ClaimError) as error:
            self.found.blame(Fault(index, entry.type, _short(str(error))))
            return
        if entry.device:
            self.found.device_signatures += 1

    def _count_unknown(self, name: str) -> None:
        counted = self.found.unknown_types
        name = name[:80]
        counted[name if name in counted or len(counted) < MOST_UNKNOWN_TYPES else "(further types)"] += 1

    def _read_clock(self, index: int, stamp: Any) -> None:
        try:
            moment = datetime.fromisoformat(stamp)
            back = self.recorded_at is not None and moment < self.recorded_at - CLOCK_TOLERANCE
        except (TypeError, ValueError) as error:
            raise ClaimError(f"its recorded_at is no time: {str(stamp)[:40]}") from error
        if back:
            self.found.clock_went_back += 1
            if self.found.first_went_back is None:
                self.found.first_went_back = index
        self.recorded_at = moment
