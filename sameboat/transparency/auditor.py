"""The auditor: replays a whole log from its checkpoint down to every entry, and recomputes every balance.

It trusts one thing, the log's public key. Memory grows with accounts and keys, not with entries.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from pydantic import ValidationError

from sameboat.transparency import sources
from sameboat.transparency.engine import canonical_json, checkpoint, layout, merkle, tiles
from sameboat.transparency.engine.books import Books, UnbalancedError
from sameboat.transparency.engine.checkpoint import CheckpointError
from sameboat.transparency.engine.layout import TILE_WIDTH
from sameboat.transparency.engine.merkle import HASH_SIZE
from sameboat.transparency.engine.policy import Policy, UntrustedError
from sameboat.transparency.engine.signed_note import NoteError, NoteVerifier
from sameboat.transparency.errors import AuditError, ClaimError, UnknownEventError
from sameboat.transparency.events import Event, History, schema
from sameboat.transparency.sources import Fetch

MOST_FAULTS = 20
"""Faults that are told in full; beyond them they are counted."""

CLOCK_TOLERANCE = timedelta(seconds=10)
"""How much earlier than the entry before an entry may say it was recorded: several processes and machines write."""

Progress = Callable[[int, int], None]
"""Told how many entries are done, of how many."""

_MEMBERS = {"actor", "data", "event_time", "recorded_at", "subjects", "type", "v"}


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


def audit(fetch: Fetch, log: NoteVerifier, progress: Progress | None = None, rules: Policy | None = None) -> Audit:
    """Return what a whole log says, checked from its signed checkpoint down.

    Every bundle is checked against the tiles, every tile of every level against the signed root, every entry by the
    schema of its type, every account against its postings, every device-key signature against the keys registered
    before it. An entry of an unknown type is counted and not judged. With `rules`, enough of their witnesses must have
    cosigned the checkpoint.

    Raises
    ------
    AuditError
        When the log does not hold what its checkpoint signs: then its entries mean nothing.
    """
    head, cosigned = _believed(fetch, log, rules)
    found = Audit(head.origin, head.size, head.root, witnesses=cosigned)
    replay = _Replay(found)
    for index, body in enumerate(_proven_entries(fetch, head)):
        replay.take(index, body)
        if progress is not None and (index % TILE_WIDTH == TILE_WIDTH - 1 or index == head.size - 1):
            progress(index + 1, head.size)
    found.balances = {place: amount for place, amount in replay.books.balances.items() if amount}
    return found


def proven_entries(
    fetch: Fetch, log: NoteVerifier, progress: Progress | None = None, rules: Policy | None = None
) -> tuple[checkpoint.Checkpoint, Iterator[tuple[int, dict[str, Any]]]]:
    """Return a log's signed checkpoint, and the index and members of each entry of ours that leads to its root.

    The members are not judged. Entries come bundle by bundle as they agree with their tile: who reads them must see the
    iteration end before believing any. It raises AuditError where the log does not hold what its checkpoint signs.
    """
    head, _ = _believed(fetch, log, rules)

    def members() -> Iterator[tuple[int, dict[str, Any]]]:
        for index, body in enumerate(_proven_entries(fetch, head)):
            if progress is not None and (index % TILE_WIDTH == TILE_WIDTH - 1 or index == head.size - 1):
                progress(index + 1, head.size)
            try:
                content = _content(body)
            except canonical_json.CanonicalJsonError:
                continue
            if content is not None:
                yield index, content

    return head, members()


def _believed(fetch: Fetch, log: NoteVerifier, rules: Policy | None) -> tuple[checkpoint.Checkpoint, Mapping[str, int]]:
    """Return the checkpoint, which the log's key signs, and the witnesses that cosigned it; raises AuditError."""
    try:
        note = fetch(layout.CHECKPOINT_PATH)
        head, _ = checkpoint.open(note, log)
        cosigned = {} if rules is None else replace(rules, logs=()).check(note, [log]).witnesses
    except UntrustedError as error:
        raise AuditError(
            f"{error}. Without them the log may show others another history; ask again later, or ask its owner."
        ) from error
    except (NoteError, CheckpointError) as error:
        raise AuditError(
            f"the checkpoint cannot be believed: {error}. Check the key given with --vkey against the one that the "
            "log's owner publishes elsewhere."
        ) from error
    return head, cosigned


def compare(found: Audit, balances: Mapping[tuple[str, str], int]) -> None:
    """Add a fault for each account whose stored postings do not sum to what the replay recomputed."""
    for account, asset in sorted({*found.balances, *balances}):
        replayed, stored = found.balances.get((account, asset), 0), balances.get((account, asset), 0)
        if replayed != stored:
            problem = f"{account} holds {replayed:,} {asset} by the log, {stored:,} by the database"
            found.blame(Fault(found.size, "balance", problem))


def _proven_entries(fetch: Fetch, head: checkpoint.Checkpoint) -> Iterator[bytes]:
    """Yield every entry in order. The last ones come only after the root they lead to was found to be the signed one.

    Entries are yielded bundle by bundle as they agree with their tile, so a reader must see the iteration end before
    it believes any of them.
    """
    edge: dict[tuple[int, int], bytes] = {}

    def read_edge(level: int, index: int, width: int) -> bytes:
        return edge[level, index][: width * HASH_SIZE]

    size = 0
    while size < head.size:
        index = size // TILE_WIDTH
        bundle = sources.entries_at(fetch, index, min(TILE_WIDTH, head.size - size))
        hashes = [merkle.leaf_hash(body) for body in bundle]
        size, changed = tiles.grow(size, hashes, read_edge)
        for (level, at), data in changed.items():
            if len(data) < layout.TILE_BYTES and size < head.size:
                edge[level, at] = data  # it still grows; compared when it is full or last
                continue
            _compare_tile(fetch, level, at, data)
            edge.pop((level, at), None)
            if len(data) < layout.TILE_BYTES:
                edge[level, at] = data
        if size == head.size:
            _check_edge(fetch, edge, changed)
            root = tiles.root(size, read_edge)
            if root != head.root:
                raise AuditError(
                    f"the {size:,} entries lead to the root {root.hex()}, the checkpoint signs {head.root.hex()}: "
                    "this is not the log that was signed"
                )
        yield from bundle


def _check_edge(fetch: Fetch, edge: Mapping[tuple[int, int], bytes], compared: Mapping[tuple[int, int], bytes]) -> None:
    """Compare the partial tiles on the right edge that the last bundle did not touch."""
    for (level, at), data in edge.items():
        if (level, at) not in compared:
            _compare_tile(fetch, level, at, data)


def _compare_tile(fetch: Fetch, level: int, index: int, computed: bytes) -> None:
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


class _Replay:
    """The books and the keys as the entries read so far leave them."""

    def __init__(self, found: Audit) -> None:
        self.found = found
        self.books = Books()
        self.history = History()
        self.recorded_at: datetime | None = None

    def take(self, index: int, body: bytes) -> None:
        """Read one entry; what is wrong with it is added to the findings."""
        kind = "?"
        try:
            content = _content(body)
            if content is None:
                self.found.unknown_types["(not an entry of Sameboat)"] += 1
                return
            kind, version = content["type"], content["v"]
            self._read_clock(index, content["recorded_at"])
            try:
                event_type = schema(kind, version)
            except UnknownEventError:
                self.found.unknown_types[f"{kind} v{version}"] += 1
                return
            self.found.types[kind] += 1
            event = event_type.model_validate(content["data"])
            self._judge(event, content)
        except ValidationError as error:
            wrong = error.errors()[0]
            place = ".".join(str(part) for part in wrong["loc"])
            self.found.blame(Fault(index, kind, f"its data does not fit its schema: {place}: {wrong['msg']}"))
        except (UnbalancedError, ClaimError, canonical_json.CanonicalJsonError) as error:
            self.found.blame(Fault(index, kind, str(error)))

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

    def _judge(self, event: Event, content: Mapping[str, Any]) -> None:
        if content["subjects"] != event.subjects():
            raise ClaimError("its subjects are not those of its data")
        self.books.post(event.postings())
        event.check(self.history)
        signed = content["data"].get("signed")
        if isinstance(signed, dict) and signed.get("method") == "device-key":
            self.found.device_signatures += 1


def _content(body: bytes) -> dict[str, Any] | None:
    """Return the entry's members, None where it is not an entry of ours at all; raises CanonicalJsonError."""
    try:
        loose = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(loose, dict) or not loose.keys() >= _MEMBERS:
        return None
    if type(loose["type"]) is not str or type(loose["v"]) is not int:
        return None
    value: dict[str, Any] = canonical_json.parse(body)
    return value
