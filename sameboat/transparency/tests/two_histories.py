"""A log that shows two histories, both signed with its one key: they part after `PARTING` entries."""

from sameboat.transparency.engine import checkpoint, merkle, signed_note, tiles, witnessing

LOG = signed_note.Signer("log.example/two", bytes([7] * 32))
PARTING = 5
SIZE = 24


def _grow(history):
    entries = [f"{number}" if number < PARTING else f"{history} {number}" for number in range(SIZE)]
    _, grown = tiles.grow(0, [merkle.leaf_hash(entry.encode()) for entry in entries], lambda *place: b"")
    return tiles.overlay(grown, lambda *place: b"")


READ = {history: _grow(history) for history in "AB"}
ROOT = {(history, size): tiles.root(size, READ[history]) for history in "AB" for size in range(SIZE + 1)}


def note(history, size, log=LOG, origin=None):
    """Return the checkpoint of a history at a size."""
    head = checkpoint.Checkpoint(origin or log.name, size, ROOT[history, size])
    return signed_note.sign(checkpoint.encode(head), [log])


def proof(history, old_size, size):
    """Return the consistency proof between two sizes of one history; nothing where there is none to give."""
    return tiles.consistency_proof(old_size, size, READ[history]) if 0 < old_size <= size else []


def request(history, old_size, size):
    """Return the body that asks a witness to cosign a history at a size."""
    return witnessing.encode(old_size, proof(history, old_size, size), note(history, size))


def histories(size, root):
    """Return the histories that a checkpoint belongs to: both before they part, neither if it is nobody's."""
    return {history for history in "AB" if ROOT[history, size] == root}
