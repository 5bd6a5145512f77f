"""A small log, and the parts of proof files made from it."""

import json

from sameboat.transparency.engine import (
    canonical_json,
    checkpoint,
    commitment,
    cosignature,
    merkle,
    proof_file,
    signed_note,
    tiles,
)
from sameboat.transparency.engine.proof_file import ProvenEntry

LOG = signed_note.Signer("log.example", bytes(32))
STRANGER = signed_note.Signer("log.example", bytes([1] * 32))
WITNESS = cosignature.Signer("witness.example", cosignature.ED25519, bytes([2] * 32))
QUANTUM_SAFE = cosignature.Signer("safe.example", cosignature.ML_DSA_44, bytes([3] * 32))
RECORD_KEY = bytes(range(32))
PRIVATE = {"phone": "13800000000", "receiver": "王"}


def entry_of(number):
    return canonical_json.encode(
        {"type": "goods.received", "data": {"quantity": str(number)}, "private": commitment.commit(RECORD_KEY, PRIVATE)}
    )


ENTRIES = [entry_of(number) for number in range(300)]
SIZE, TILES = tiles.grow(0, map(merkle.leaf_hash, ENTRIES), lambda *place: b"")
READ = tiles.overlay(TILES, lambda *place: b"")
TEXT = checkpoint.encode(checkpoint.Checkpoint(LOG.name, SIZE, tiles.root(SIZE, READ)))
NOTE = signed_note.sign(TEXT, [LOG])


def proven(index, *fields):
    openings = tuple(commitment.open_field(RECORD_KEY, PRIVATE, name) for name in fields)
    return ProvenEntry(index, ENTRIES[index], tuple(tiles.inclusion_proof(index, SIZE, READ)), openings)


def cosigned(*witnesses):
    return NOTE + "".join(witness.cosign(TEXT.encode(), 1_580_000_000).line() for witness in witnesses)


SMALL_LEAF = canonical_json.encode({"private": commitment.commit(RECORD_KEY, {"a": 1})})
SMALL_TEXT = checkpoint.encode(
    checkpoint.Checkpoint(LOG.name, 2, merkle.root([merkle.leaf_hash(SMALL_LEAF), merkle.leaf_hash(b"x")]))
)
SMALL = proof_file.build(
    LOG.verifier.vkey,
    signed_note.sign(SMALL_TEXT, [LOG]) + WITNESS.cosign(SMALL_TEXT.encode(), 1_580_000_000).line(),
    [ProvenEntry(0, SMALL_LEAF, (merkle.leaf_hash(b"x"),), (commitment.open_field(RECORD_KEY, {"a": 1}, "a"),))],
    [WITNESS.verifier.vkey],
)


def with_members(**members):
    return canonical_json.encode({**json.loads(SMALL), **members}) + b"\n"


def with_entry(**members):
    value = json.loads(SMALL)
    value["entries"][0].update(members)
    return canonical_json.encode(value) + b"\n"


MALFORMED = [
    b"",
    b"\n",
    b"{}\n",
    b"[]\n",
    SMALL[:-1],
    SMALL + b"\n",
    SMALL[:-1] + b" \n",
    json.dumps(json.loads(SMALL)).encode() + b"\n",
    b"<!doctype html><title>502 Bad Gateway</title>\n",
    b"[" * 100_000 + b"\n",
    b" " * 4_000_001,
    with_members(format="sameboat-proof/v2"),
    with_members(title="unsigned"),
    with_members(entries=[]),
    with_members(entries={}),
    with_members(entries=json.loads(SMALL)["entries"] * 2),
    with_members(log=WITNESS.verifier.vkey),
    with_members(log="nobody"),
    with_members(witnesses=[LOG.verifier.vkey]),
    with_members(witnesses=[WITNESS.verifier.vkey] * 2),
    with_members(witnesses=None),
    with_entry(index=-1),
    with_entry(index=True),
    with_entry(index="0"),
    with_entry(proof="x"),
    with_entry(proof=["AA=="]),
    with_entry(proof=[None]),
    with_entry(proof=["A" * 43 + "="] * 65),
    with_entry(entry="x" * 65_536),
    with_entry(entry=None),
    with_entry(openings=[{}]),
    with_entry(openings=json.loads(SMALL)["entries"][0]["openings"] * 2),
]
