"""Proofs in the format of c2sp.org/tlog-proof."""

from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sameboat.transparency.engine import checkpoint, cosignature, merkle, policy, signed_note, tiles, tlog_proof
from sameboat.transparency.engine.tlog_proof import TlogProof, TlogProofError

LOG = signed_note.Signer("log.example", bytes(32))
WITNESSES = [cosignature.Signer(f"w{i}.example", 0x04, bytes([i] * 32)) for i in range(1, 4)]
POLICY = policy.parse(
    f"log {LOG.verifier.vkey}\n"
    + "".join(f"witness w{i} {w.verifier.vkey}\n" for i, w in enumerate(WITNESSES))
    + "group all-of-them all w0 w1 w2\nquorum all-of-them\n"
)
LEAVES = [merkle.leaf_hash(number.to_bytes(4)) for number in range(1000)]
SIZE, TILES = tiles.grow(0, LEAVES, lambda *place: b"")
READ = tiles.overlay(TILES, lambda *place: b"")
TEXT = checkpoint.encode(checkpoint.Checkpoint(LOG.name, SIZE, tiles.root(SIZE, READ)))
NOTE = signed_note.sign(TEXT, [LOG]) + "".join(w.cosign(TEXT.encode(), 1_600_000_000).line() for w in WITNESSES)


def proof_of(index, extra=None):
    return TlogProof(index, tuple(tiles.inclusion_proof(index, SIZE, READ)), NOTE, extra)


@given(st.integers(0, SIZE - 1), st.none() | st.binary(min_size=1, max_size=50))
def test_proof_is_read_back_and_verifies(index, extra):
    """A proof survives being written, and shows its leaf under a trusted checkpoint."""
    proof = proof_of(index, extra)
    again = tlog_proof.parse(tlog_proof.encode(proof))
    assert again == proof
    assert tlog_proof.verify(again, LEAVES[index], POLICY).checkpoint.size == SIZE


def test_proof_of_another_leaf():
    """A proof does not show another leaf."""
    with pytest.raises(merkle.ProofError):
        tlog_proof.verify(proof_of(5), LEAVES[6], POLICY)


def test_proof_without_a_quorum():
    """A proof whose checkpoint too few witnesses cosigned is not trusted."""
    two = TlogProof(5, proof_of(5).hashes, NOTE[: NOTE.rindex("—")])
    with pytest.raises(policy.UntrustedError):
        tlog_proof.verify(two, LEAVES[5], POLICY)


def test_proof_in_a_log_of_a_million_fits_2_kilobytes():
    """With three Ed25519 cosignatures it is small enough to print as a code."""
    head = checkpoint.encode(checkpoint.Checkpoint(LOG.name, 1_000_000, bytes(32)))
    note = signed_note.sign(head, [LOG]) + "".join(w.cosign(head.encode(), 1_600_000_000).line() for w in WITNESSES)
    proof = TlogProof(999_999, (bytes(32),) * 20, note)
    assert len(tlog_proof.encode(proof).encode()) <= 2048


HASH = b64encode(bytes(32)).decode()
HEAD = "c2sp.org/tlog-proof@v1\n"


@pytest.mark.parametrize(
    "text",
    [
        "",
        HEAD,
        HEAD + "index 5\n",
        HEAD + "index 5\n\n",
        HEAD + "index 5\n\n" + TEXT,
        HEAD + "index 5\n\n" + NOTE[:-1],
        HEAD + "\n" + NOTE,
        HEAD + HASH + "\n\n" + NOTE,
        HEAD + "index\n\n" + NOTE,
        HEAD + "index 05\n\n" + NOTE,
        HEAD + "index -5\n\n" + NOTE,
        HEAD + "index ٥\n\n" + NOTE,
        HEAD + "index 5 \n\n" + NOTE,
        HEAD + "index  5\n\n" + NOTE,
        HEAD + "index 18446744073709551615\n\n" + NOTE,
        HEAD + "index 5\nextra AA==\n\n" + NOTE,
        HEAD + "extra\nindex 5\n\n" + NOTE,
        HEAD + "extra \nindex 5\n\n" + NOTE,
        HEAD + "extra A\nindex 5\n\n" + NOTE,
        HEAD + "extra AB==\nindex 5\n\n" + NOTE,
        HEAD + "extra AA==\nextra AA==\nindex 5\n\n" + NOTE,
        HEAD + "index 5\nAA==\n\n" + NOTE,
        HEAD + f"index 5\n{HASH} \n\n" + NOTE,
        HEAD + f"index 5\n{HASH}\r\n\n" + NOTE,
        HEAD + "index 5\n" + f"{HASH}\n" * 65 + "\n" + NOTE,
        HEAD.replace("v1", "v2") + "index 5\n\n" + NOTE,
        " " + HEAD + "index 5\n\n" + NOTE,
        HEAD + "index 5\n\n" + NOTE.replace(f"\n{SIZE}\n", f"\n0{SIZE}\n"),
        (HEAD + "index 5\n\n" + NOTE).encode() + b"\xff",
        HEAD + "index 5\n\n" + NOTE + "\ud800",
        HEAD + "index 5\n\n" + NOTE + "x" * 2_000_001,
    ],
)
def test_bad_proof(text):
    """Text that tlog-proof does not write is refused."""
    with pytest.raises(TlogProofError):
        tlog_proof.parse(text)


@given(
    st.binary(max_size=60)
    | st.tuples(st.text("extra index 0123=AB\n", max_size=40), st.just(NOTE)).map(lambda t: HEAD + t[0] + "\n\n" + t[1])
)
def test_any_text_is_a_proof_or_refused(text):
    """What is read has exactly one spelling, and refusing is all else that happens."""
    try:
        proof = tlog_proof.parse(text)
    except TlogProofError:
        return
    assert tlog_proof.encode(proof) == text


@pytest.mark.parametrize("extra", [None, b"more"])
def test_any_flipped_bit(extra):
    """A proof with a bit changed is refused, except in the extra data, which nobody signs."""
    data = tlog_proof.encode(proof_of(5, extra)).encode()
    unsigned = range(len(HEAD), len(HEAD) + len("extra bW9yZQ=="))
    for bit in range(8 * len(data)):
        changed = bytearray(data)
        changed[bit // 8] ^= 1 << bit % 8
        try:
            proof = tlog_proof.parse(bytes(changed))
            tlog_proof.verify(proof, LEAVES[5], POLICY)
        except (
            TlogProofError,
            merkle.ProofError,
            signed_note.NoteError,
            policy.UntrustedError,
            checkpoint.CheckpointError,
        ):
            continue
        assert extra, bit
        assert bit // 8 in unsigned
