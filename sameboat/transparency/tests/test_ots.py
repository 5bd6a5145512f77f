"""OpenTimestamps proofs: other people's files, our own steps, and whatever else is handed in."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sameboat.transparency.engine import ots
from sameboat.transparency.engine.ots import OtsError, Proof, Step
from sameboat.transparency.tests import vectors

EXAMPLES = "opentimestamps/examples"

GENESIS = bytes.fromhex(
    "01000000" + "00" * 32 + "3ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a29ab5f49ffff001d1dac2b7c"
)
"""The header of Bitcoin's first block."""

BLOCK_358391 = bytes.fromhex(
    "02000000b96394585a281b7e5f438fd1c9ed492645a1fd61cb3802040000000000000000"
    "007ee445d23ad061af4a36b809501fab1ac4f2d7e7a739817dd0cbb7ec661b8a1e376755f58616186272def6"
)
"""The header of the block that carries the example “Hello World!”."""


@pytest.mark.parametrize("path", vectors.files(f"{EXAMPLES}/*.ots") + vectors.files(f"{EXAMPLES}/sha1/*.ots"))
def test_other_peoples_proofs_are_read_and_written_back(path):
    """Every example is taken, and comes back to the byte."""
    data = path.read_bytes()
    assert ots.encode(ots.parse(data)) == data


@pytest.mark.parametrize("path", vectors.files(f"{EXAMPLES}/invalid/*.ots"))
def test_other_peoples_invalid_proofs_are_refused(path):
    """Each of the invalid examples is our own error."""
    with pytest.raises(OtsError):
        ots.parse(path.read_bytes())


@vectors.NEEDED
def test_a_real_proof_leads_to_the_merkle_root_of_its_block():
    """The best-known proof there is: “Hello World!” is in Bitcoin's block 358,391, by that block's own header."""
    proof = ots.parse((vectors.LOG / EXAMPLES / "hello-world.txt.ots").read_bytes())
    assert proof.digest == hashlib.sha256((vectors.LOG / EXAMPLES / "hello-world.txt").read_bytes()).digest()
    ((attestation, message),) = ots.attested(proof.branches, proof.digest)
    assert attestation.height == 358_391
    assert message == ots.merkle_root(BLOCK_358391)


@vectors.NEEDED
def test_a_calendar_is_named_where_a_proof_is_pending():
    """What is not in a block yet says who holds it."""
    proof = ots.parse((vectors.LOG / EXAMPLES / "two-calendars.txt.ots").read_bytes())
    addresses = sorted(attestation.address for attestation, _ in ots.attested(proof.branches, proof.digest))
    assert addresses == ["https://alice.btc.calendar.opentimestamps.org", "https://bob.btc.calendar.opentimestamps.org"]


def test_a_blocks_header_is_read():
    """Time, root and work of Bitcoin's first block."""
    assert ots.block_time(GENESIS) == 1_231_006_505
    assert ots.merkle_root(GENESIS)[::-1].hex() == "4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b"
    assert ots.has_work(GENESIS)
    assert ots.has_work(BLOCK_358391)


@pytest.mark.parametrize("at", [36, 68, 79])
def test_a_changed_header_has_no_work(at):
    """Whoever changes root, time or nonce must do the work again."""
    changed = bytearray(GENESIS)
    changed[at] ^= 1
    assert not ots.has_work(bytes(changed))


DIGEST = bytes(range(32))
attestations = st.one_of(
    st.builds(ots.bitcoin, st.integers(0, 2**63)),
    st.just(ots.pending("https://calendar.example")),
    st.builds(ots.Attestation, st.binary(min_size=8, max_size=8).map(lambda kind: b"\x01" + kind[1:]), st.binary()),
)
branches = st.recursive(
    st.lists(attestations, min_size=1, max_size=3).map(tuple),
    lambda inner: st.lists(
        st.one_of(
            st.builds(Step, st.sampled_from([ots.APPEND, ots.PREPEND]), st.binary(min_size=1, max_size=40), inner),
            st.builds(Step, st.sampled_from([ots.SHA1, ots.SHA256, ots.REVERSE]), st.just(b""), inner),
        ),
        min_size=1,
        max_size=2,
    ).map(tuple),
    max_leaves=12,
)


@given(branches)
def test_a_proof_is_read_as_it_was_written(known):
    """Every proof comes back from its bytes."""
    proof = Proof(ots.SHA256, DIGEST, known)
    assert ots.parse(ots.encode(proof)) == proof


@given(st.one_of(st.binary(), st.binary().map(lambda tail: ots.MAGIC + b"\x01\x08" + DIGEST + tail)))
def test_whatever_is_read_is_refused_or_has_this_one_spelling(data):
    """Nothing but our own error comes out of arbitrary bytes."""
    try:
        found = ots.parse(data)
    except OtsError:
        return
    assert ots.encode(found) == data


@given(branches, st.data())
def test_a_changed_proof_is_refused_or_is_another_proof(known, data):
    """A flipped bit is never overlooked: it is refused, or it is there when the proof is written back."""
    whole = bytearray(ots.encode(Proof(ots.SHA256, DIGEST, known)))
    bit = data.draw(st.integers(0, 8 * len(whole) - 1))
    whole[bit // 8] ^= 1 << bit % 8
    try:
        found = ots.parse(bytes(whole))
    except OtsError:
        return
    assert ots.encode(found) == bytes(whole)


def proof_of(*parts):
    return ots.MAGIC + b"\x01\x08" + DIGEST + b"".join(parts)


END = ots.encode_branches((ots.bitcoin(1),))
MALFORMED = {
    "nothing": b"",
    "only the beginning": ots.MAGIC,
    "another version": ots.MAGIC + b"\x02\x08" + DIGEST + END,
    "no such hash": ots.MAGIC + b"\x01\x09" + DIGEST + END,
    "a short digest": ots.MAGIC + b"\x01\x08" + DIGEST[:-1],
    "no attestation": proof_of(),
    "more after the end": proof_of(END, b"\x00"),
    "no such step": proof_of(b"\x42", END),
    "a fork into a fork": proof_of(b"\xff\xff", END, END),
    "a fork without an end": proof_of(b"\xff", END),
    "an empty argument": proof_of(b"\xf0\x00", END),
    "an argument that is too long": proof_of(b"\xf0\x81\x20" + b"x" * 4097, END),
    "a message that grows too long": proof_of(b"\xf3" * 8, END),
    "too many steps": proof_of(b"\x08" * 300, END),
    "a number spelt too long": proof_of(b"\xf0\x81\x00x", END),
    "a number without end": proof_of(b"\xf0" + b"\xff" * 30),
    "a height with more behind it": proof_of(b"\x00" + ots.BITCOIN + b"\x02\x01\x01"),
    "no calendar's address": proof_of(b"\x00" + ots.PENDING + b"\x01\x00"),
    "an address with a space": proof_of(b"\x00" + ots.PENDING + b"\x04\x03a b"),
    "a payload that is too long": proof_of(b"\x00" + b"x" * 8 + b"\x81\x40" + b"x" * 8193),
    "too large": ots.MAGIC + b"\x00" * 1_000_001,
}


@pytest.mark.parametrize("data", MALFORMED.values(), ids=MALFORMED)
def test_what_is_no_proof_is_refused(data):
    """Each mistake is the format's own error."""
    with pytest.raises(OtsError):
        ots.parse(data)


def test_a_hash_that_cannot_be_computed_leaves_its_branch_unknown():
    """Keccak is not in every Python: what follows it is said to be unknown, and other branches are followed."""
    known = (Step(ots.KECCAK256, b"", (ots.bitcoin(1),)), Step(ots.APPEND, b"x", (ots.bitcoin(2),)))
    found = {attestation.height: message for attestation, message in ots.attested(known, DIGEST)}
    assert found == {1: None, 2: DIGEST + b"x"}
