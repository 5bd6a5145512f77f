"""A proof to take home, cosigned by three witnesses, from a log of a million entries: how large, how long to verify."""

import time
from collections.abc import Iterator
from hashlib import sha256
from statistics import median
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sameboat.transparency.engine import checkpoint, cosignature, merkle, policy, signed_note, tiles, tlog_proof

ENTRIES = 1_000_000
INDEX = 618_033
RUNS = 500


def measure() -> Iterator[dict[str, Any]]:
    """Yield the bytes of the proof as a tlog-proof, and the median milliseconds of reading and verifying it."""
    log = signed_note.Signer("relief.example/log", bytes(32))
    names = ("paper.example", "hospital.example", "university.example")
    witnesses = [cosignature.Signer(name, cosignature.ED25519, sha256(name.encode()).digest()) for name in names]
    leaves = [merkle.leaf_hash(number.to_bytes(8)) for number in range(ENTRIES)]
    size, grown = tiles.grow(0, leaves, lambda *_place: b"")
    read = tiles.overlay(grown, lambda *_place: b"")
    text = checkpoint.encode(checkpoint.Checkpoint(log.name, size, tiles.root(size, read)))
    cosigned = "".join(witness.cosign(text.encode(), 1_580_000_000).line() for witness in witnesses)
    hashes = tuple(tiles.inclusion_proof(INDEX, size, read))
    proof = tlog_proof.encode(tlog_proof.TlogProof(INDEX, hashes, signed_note.sign(text, [log]) + cosigned)).encode()
    rules = policy.parse(
        f"log {log.verifier.vkey}\n"
        + "".join(f"witness w{number} {witness.verifier.vkey}\n" for number, witness in enumerate(witnesses))
        + "group all all w0 w1 w2\nquorum all\n"
    )
    ours = _median(lambda: tlog_proof.verify(tlog_proof.parse(proof), leaves[INDEX], rules))
    yield {
        "what": f"proof of 1 of {size:,} entries, 3 cosignatures",
        "ours": len(proof),
        "unit": "bytes",
        "bar": "2,048",
    }
    yield {
        "what": "… read and verified",
        "ours": ours,
        "unit": "ms",
        "bar": "2",
        "peer": "4 bare Ed25519 verifications",
        "peers": _median(_bare(text.encode())),
    }


def _bare(message: bytes) -> Any:
    keys = [Ed25519PrivateKey.generate() for _ in range(4)]
    signed = [(key.public_key(), key.sign(message)) for key in keys]

    def verify() -> None:
        for key, signature in signed:
            key.verify(signature, message)

    return verify


def _median(work: Any) -> float:
    times = []
    for _ in range(RUNS):
        started = time.perf_counter()
        work()
        times.append((time.perf_counter() - started) * 1000)
    return median(times)
