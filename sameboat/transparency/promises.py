"""Promises given and kept: the log's signed word that an accepted entry will be published, and whether it was."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Literal

from sameboat.transparency import sources
from sameboat.transparency.engine import checkpoint, layout, merkle, tiles
from sameboat.transparency.engine.checkpoint import CheckpointError
from sameboat.transparency.engine.layout import TILE_WIDTH
from sameboat.transparency.engine.merkle import HASH_SIZE
from sameboat.transparency.engine.promise import Promise
from sameboat.transparency.engine.signed_note import NoteError, NoteVerifier
from sameboat.transparency.errors import AuditError
from sameboat.transparency.sources import Fetch

Progress = Callable[[int, int], None]
"""Told how many entries were looked at, of how many."""

_taken: ContextVar[list[bytes] | None] = ContextVar("leaf hashes of the entries appended", default=None)


@contextmanager
def taking() -> Iterator[list[bytes]]:
    """Yield a list that receives the leaf hash of every entry appended meanwhile, in order; none of them yet safe.

    An inner `taking` keeps its entries to itself; what it took may be handed on by its caller.
    """
    taken: list[bytes] = []
    token = _taken.set(taken)
    try:
        yield taken
    finally:
        _taken.reset(token)


def note_appended(leaf_hash: bytes) -> None:
    """Tell who collects that an entry was appended."""
    taken = _taken.get()
    if taken is not None:
        taken.append(leaf_hash)


Verdict = Literal["kept", "not-due", "broken"]


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of a promise in one checkpoint of its log.

    `index` is where its entry stands. Without one, the promise is broken if `seen_at`, when the checkpoint was the
    log's latest, is past the promise's due time (both POSIX milliseconds). `note` is the checkpoint as it was signed:
    with the promise it is what convinces others, as nothing in its tree has the promised hash.
    """

    promise: Promise
    size: int
    root: bytes
    note: str
    seen_at: int
    index: int | None

    @property
    def verdict(self) -> Verdict:
        if self.index is not None:
            return "kept"
        return "broken" if self.seen_at > self.promise.due_at else "not-due"


def look_for(promise: Promise, fetch: Fetch, log: NoteVerifier, seen_at: int, progress: Progress | None = None) -> Kept:
    """Return whether a log holds what it promised.

    Its newest tiles are read first, as a promise is mostly checked soon. Where the entry is found, its inclusion is
    proved; where it is not, every leaf hash was read and all of them together lead to the signed root.

    Raises
    ------
    AuditError
        When the log's checkpoint cannot be believed, or its tiles do not lead to it.
    """
    note = fetch(layout.CHECKPOINT_PATH)
    try:
        head, _ = checkpoint.open(note, log)
    except (NoteError, CheckpointError) as error:
        raise AuditError(f"the log's checkpoint cannot be believed: {error}. Check the key and the address.") from error
    return Kept(promise, head.size, head.root, note.decode(), seen_at, _place(promise.leaf_hash, fetch, head, progress))


def _place(leaf_hash: bytes, fetch: Fetch, head: checkpoint.Checkpoint, progress: Progress | None) -> int | None:
    """Return the index of a leaf hash, proved under the root; None where the whole tree lacks it."""
    subtrees: list[bytes] = []
    for number in reversed(range(-(-head.size // TILE_WIDTH))):
        hashes = sources.hashes_at(fetch, 0, number, layout.tile_width(head.size, 0, number))
        at = _position(leaf_hash, hashes)
        if at is not None:
            index = number * TILE_WIDTH + at
            _prove(leaf_hash, index, fetch, head)
            return index
        subtrees.append(merkle.root([hashes]))
        if progress is not None:
            progress(head.size - number * TILE_WIDTH, head.size)
    if merkle.root(reversed(subtrees)) != head.root:
        raise AuditError("the log's tiles do not lead to the root that its checkpoint signs; copy or ask again")
    return None


def _prove(leaf_hash: bytes, index: int, fetch: Fetch, head: checkpoint.Checkpoint) -> None:
    def read(level: int, number: int, width: int) -> bytes:
        return sources.hashes_at(fetch, level, number, width)

    try:
        proof = tiles.inclusion_proof(index, head.size, read)
        merkle.verify_inclusion(leaf_hash, index, head.size, proof, head.root)
    except merkle.ProofError as error:
        raise AuditError(f"the log's tiles do not lead to the root that its checkpoint signs: {error}") from error


def _position(leaf_hash: bytes, hashes: bytes) -> int | None:
    for at in range(0, len(hashes), HASH_SIZE):
        if hashes[at : at + HASH_SIZE] == leaf_hash:
            return at // HASH_SIZE
    return None
