"""The proof file that a person takes home."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sameboat.transparency.engine import (
    canonical_json,
    checkpoint,
    commitment,
    merkle,
    policy,
    proof_file,
    signed_note,
)
from sameboat.transparency.engine.proof_file import (
    MalformedProofFileError,
    ProofFileError,
    ProvenEntry,
    UnprovenEntryError,
    UnsignedCheckpointError,
    UntrustedKeyError,
)

from .proofs import (
    ENTRIES,
    LOG,
    MALFORMED,
    NOTE,
    PRIVATE,
    QUANTUM_SAFE,
    RECORD_KEY,
    SIZE,
    SMALL,
    STRANGER,
    TEXT,
    WITNESS,
    cosigned,
    proven,
)


@given(st.lists(st.integers(0, SIZE - 1), min_size=1, max_size=5, unique=True))
@settings(deadline=None)
def test_what_is_built_verifies(indices):
    """A file shows its entries in the log's order, whatever order they were given in."""
    data = proof_file.build(LOG.verifier.vkey, NOTE, [proven(index) for index in indices])
    verified = proof_file.verify(data, [LOG.verifier])
    assert [(entry.index, entry.entry) for entry in verified.entries] == [(i, ENTRIES[i]) for i in sorted(indices)]
    assert proof_file.encode(proof_file.parse(data)) == data


def test_no_bit_can_be_changed():
    """Every bit of a file is bound by a signature, a hash or the file's one spelling, whatever key the reader has."""
    proof_file.verify(SMALL)
    for bit in range(8 * len(SMALL)):
        changed = bytearray(SMALL)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(ProofFileError):
            proof_file.verify(bytes(changed))


def test_no_byte_can_be_lost_or_added():
    """A file cut short anywhere, or with a space or newline added anywhere, is refused."""
    for at in range(len(SMALL)):
        for changed in (
            SMALL[:at],
            SMALL[:at] + SMALL[at + 1 :],
            SMALL[:at] + b" " + SMALL[at:],
            SMALL[:at] + b"\n" + SMALL[at:],
        ):
            with pytest.raises(ProofFileError):
                proof_file.verify(changed)


@given(st.binary(max_size=100) | st.text(max_size=50).map(lambda text: text.encode(errors="replace") + b"\n"))
def test_any_bytes_are_refused_as_such(data):
    """Bytes that are not a proof file raise nothing but ProofFileError."""
    with pytest.raises(MalformedProofFileError):
        proof_file.verify(data)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(st.data())
@settings(deadline=None)
def test_any_value_anywhere_is_refused(data):
    """A file with any of its values replaced by another is refused, and nothing else happens."""
    value = json.loads(SMALL)
    places = []

    def walk(node):
        for key in node if isinstance(node, dict) else range(len(node)):
            places.append((node, key))
            if isinstance(node[key], dict | list):
                walk(node[key])

    walk(value)
    node, key = data.draw(st.sampled_from(places))
    before, node[key] = node[key], data.draw(JSON)
    if node[key] == before and type(node[key]) is type(before):
        return
    if key == "openings" and node[key] == []:
        return  # a file that shows less is a proof of less
    with pytest.raises(ProofFileError):
        proof_file.verify(canonical_json.encode(value) + b"\n")


def test_the_readers_key_decides():
    """A file of another log, even under the same name, is refused by who brings the log's key."""
    forged = proof_file.build(STRANGER.verifier.vkey, signed_note.sign(TEXT, [STRANGER]), [proven(3)])
    assert proof_file.verify(forged).key_source == "file"
    with pytest.raises(UntrustedKeyError, match=STRANGER.key_id.hex()):
        proof_file.verify(forged, [LOG.verifier])


def test_where_the_key_came_from_is_told():
    """Without a key of the reader's, the file's own is used, and said to be."""
    data = proof_file.build(LOG.verifier.vkey, NOTE, [proven(3)])
    assert proof_file.verify(data).key_source == "file"
    assert proof_file.verify(data, [LOG.verifier]).key_source == "given"
    assert proof_file.verify(data, policy=policy.parse("quorum none\n")).key_source == "file"
    trusting = policy.parse(f"log {LOG.verifier.vkey}\nquorum none\n")
    assert proof_file.verify(data, policy=trusting).key_source == "given"


def test_an_old_key_is_still_trusted_if_the_reader_says_so():
    """After a log has changed its key, old files verify under the old one beside the new."""
    data = proof_file.build(LOG.verifier.vkey, NOTE, [proven(3)])
    assert proof_file.verify(data, [STRANGER.verifier, LOG.verifier]).log == LOG.verifier


def test_witnesses_are_told_with_their_time_and_whether_they_are_known():
    """Both kinds of cosignature are checked, and a witness outside the policy is marked."""
    keys = [WITNESS.verifier.vkey, QUANTUM_SAFE.verifier.vkey]
    data = proof_file.build(LOG.verifier.vkey, cosigned(WITNESS, QUANTUM_SAFE), [proven(3)], keys)
    rule = policy.parse(f"witness w {WITNESS.verifier.vkey}\nquorum w\n")
    assert [(w.name, w.time, w.known) for w in proof_file.verify(data, policy=rule).witnesses] == [
        ("safe.example", 1_580_000_000, False),
        ("witness.example", 1_580_000_000, True),
    ]


def test_a_quorum_is_asked_for():
    """A file without the witnesses that the reader's policy asks for is refused."""
    data = proof_file.build(LOG.verifier.vkey, NOTE, [proven(3)])
    rule = policy.parse(f"witness w {WITNESS.verifier.vkey}\nquorum w\n")
    with pytest.raises(UntrustedKeyError, match="too few witnesses"):
        proof_file.verify(data, policy=rule)


def test_signatures_that_no_reader_could_check_are_left_out():
    """A file carries only signatures by keys that stand in it."""
    data = proof_file.build(LOG.verifier.vkey, cosigned(QUANTUM_SAFE, WITNESS), [proven(3)], [WITNESS.verifier.vkey])
    assert proof_file.parse(data).checkpoint == cosigned(WITNESS)


def test_a_private_field_is_shown_and_the_others_are_not():
    """An opening shows one field; nothing of the others is in the file."""
    data = proof_file.build(LOG.verifier.vkey, NOTE, [proven(3, "receiver")])
    (entry,) = proof_file.verify(data).entries
    assert [(opening.name, opening.value) for opening in entry.openings] == [("receiver", "王")]
    assert PRIVATE["phone"].encode() not in data


def test_an_opening_of_another_record_is_refused():
    """A value that was not committed to in this entry is not shown."""
    false = commitment.open_field(bytes(32), {"phone": "1"}, "phone")
    with pytest.raises(UnprovenEntryError, match=r"entry 2 of 2 \(index 8\)"):
        proof_file.build(LOG.verifier.vkey, NOTE, [proven(3), replace(proven(8), openings=(false,))])


def test_an_opening_without_a_private_part_is_refused():
    """An entry that commits to nothing has nothing to open."""
    entry = canonical_json.encode({"type": "need.published"})
    text = checkpoint.encode(checkpoint.Checkpoint(LOG.name, 1, merkle.leaf_hash(entry)))
    opening = commitment.open_field(RECORD_KEY, PRIVATE, "phone")
    with pytest.raises(UnprovenEntryError, match="no private part"):
        proof_file.build(LOG.verifier.vkey, signed_note.sign(text, [LOG]), [ProvenEntry(0, entry, (), (opening,))])


@pytest.mark.parametrize(
    "entry",
    [
        replace(proven(3), entry=ENTRIES[4]),
        replace(proven(3), index=4),
        replace(proven(3), index=300),
        replace(proven(3), hashes=proven(4).hashes),
        replace(proven(3), hashes=()),
    ],
    ids=["another entry", "another index", "beyond the log", "another proof", "no proof"],
)
def test_an_entry_that_is_not_in_the_log(entry):
    """No file is made of an entry that its proof does not show."""
    with pytest.raises(UnprovenEntryError, match="entry 1 of 1"):
        proof_file.build(LOG.verifier.vkey, NOTE, [entry])


@pytest.mark.parametrize(
    ("log", "note"),
    [
        (STRANGER.verifier.vkey, NOTE),
        (LOG.verifier.vkey, signed_note.sign(TEXT, [STRANGER])),
        (LOG.verifier.vkey, "no note\n"),
        (LOG.verifier.vkey, signed_note.sign("no checkpoint\n", [LOG])),
        (signed_note.Signer("other.example", bytes(32)).verifier.vkey, NOTE),
    ],
    ids=["another key", "another signer", "no note", "no checkpoint", "another name"],
)
def test_a_checkpoint_that_the_log_did_not_sign(log, note):
    """No file is made under a checkpoint that is not the log's."""
    with pytest.raises(UnsignedCheckpointError):
        proof_file.build(log, note, [proven(3)])


@pytest.mark.parametrize("data", MALFORMED)
def test_malformed_file(data):
    """A file of another form is refused before anything in it is believed."""
    with pytest.raises(MalformedProofFileError):
        proof_file.verify(data)


def test_an_entry_that_is_no_object_is_refused():
    """The log may hold other bytes, but a proof file shows entries."""
    for entry in (b"[]", b"{} ", b"text"):
        text = checkpoint.encode(checkpoint.Checkpoint(LOG.name, 1, merkle.leaf_hash(entry)))
        with pytest.raises(UnprovenEntryError):
            proof_file.build(LOG.verifier.vkey, signed_note.sign(text, [LOG]), [ProvenEntry(0, entry, ())])
