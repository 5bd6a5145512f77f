"""Checkpoints."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sameboat.transparency.engine import checkpoint, signed_note
from sameboat.transparency.engine.checkpoint import Checkpoint, CheckpointError

ROOT = bytes(range(32))
ROOT_TEXT = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
LOG = signed_note.Signer("log.example/wuhan", bytes(32))
WITNESS = signed_note.Signer("witness.example", bytes(range(32)))


def test_checkpoint_of_the_specification():
    """The example of tlog-checkpoint 1.0.0 is read."""
    head = checkpoint.parse("example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n")
    assert (head.origin, head.size, head.root.hex()[:8]) == ("example.com/behind-the-sofa", 20852163, "0ac5186a")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "o\n1\n",
        f"o\n1\n{ROOT_TEXT}",
        f"\n1\n{ROOT_TEXT}\n",
        f"o\n\n{ROOT_TEXT}\n",
        f"o\n01\n{ROOT_TEXT}\n",
        f"o\n+1\n{ROOT_TEXT}\n",
        f"o\n-1\n{ROOT_TEXT}\n",
        f"o\n 1\n{ROOT_TEXT}\n",
        f"o\n1_0\n{ROOT_TEXT}\n",
        f"o\n١\n{ROOT_TEXT}\n",
        f"o\n0x1\n{ROOT_TEXT}\n",
        f"o\n18446744073709551616\n{ROOT_TEXT}\n",
        "o\n" + "9" * 5000 + f"\n{ROOT_TEXT}\n",
        "o\n1\n\n",
        "o\n1\nAAEC\n",
        f"o\n1\n{ROOT_TEXT[:-2]}9=\n",
        f"o\n1\n{ROOT_TEXT[:-1]}\n",
        f"o\n1\n{ROOT_TEXT} \n",
        f"o\n1\n{ROOT_TEXT}\n\n",
        f"o\n1\n{ROOT_TEXT}\next\n\next\n",
        f"o\n1\n{ROOT_TEXT}\r\n",
        b"o\xff\n1\n" + ROOT_TEXT.encode() + b"\n",
        f"o\ud800\n1\n{ROOT_TEXT}\n",
    ],
)
def test_bad_checkpoint(text):
    """Text that tlog-checkpoint 1.0.0 does not write is refused."""
    with pytest.raises(CheckpointError):
        checkpoint.parse(text)


@given(
    st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=30),
    st.integers(0, 2**64 - 1),
    st.binary(min_size=32, max_size=32),
    st.lists(st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=10), max_size=3),
)
def test_checkpoint_is_read_back(origin, size, root, extensions):
    """What is written is read back."""
    head = Checkpoint(origin, size, root, tuple(extensions))
    assert checkpoint.parse(checkpoint.encode(head)) == head


@given(
    st.text(max_size=80)
    | st.binary(max_size=80)
    | st.from_regex(r"\A[a\n]{1,3}\n[0-9 ]{1,3}\n" + ROOT_TEXT + r"\n.*\Z")
)
def test_any_text_is_a_checkpoint_or_refused(text):
    """What is read has exactly one spelling, and refusing is all else that happens."""
    try:
        head = checkpoint.parse(text)
    except CheckpointError:
        return
    assert checkpoint.encode(head) == (text.decode() if isinstance(text, bytes) else text)


@pytest.mark.parametrize(
    ("origin", "size", "root", "extensions"),
    [
        ("", 1, ROOT, ()),
        ("a\nb", 1, ROOT, ()),
        ("o", -1, ROOT, ()),
        ("o", 2**64, ROOT, ()),
        ("o", 1, ROOT[:31], ()),
        ("o", 1, ROOT, ("",)),
        ("o", 1, ROOT, ("a\nb",)),
    ],
)
def test_no_such_checkpoint(origin, size, root, extensions):
    """A checkpoint that could not be written is not made."""
    with pytest.raises(CheckpointError):
        Checkpoint(origin, size, root, extensions)


def test_open_gives_the_head_and_who_signed():
    """A checkpoint opens under its log's key, with the signatures of known others."""
    head = Checkpoint(LOG.name, 7, ROOT)
    note = signed_note.sign(checkpoint.encode(head), [LOG, WITNESS])
    opened_head, opened = checkpoint.open(note, LOG.verifier, [WITNESS.verifier])
    assert opened_head == head
    assert [signature.name for signature in opened.verified] == [LOG.name, WITNESS.name]


def test_a_witness_alone_does_not_make_a_checkpoint():
    """A checkpoint that only another known key signed is refused."""
    note = signed_note.sign(checkpoint.encode(Checkpoint(LOG.name, 7, ROOT)), [WITNESS])
    with pytest.raises(signed_note.UnverifiedNoteError):
        checkpoint.open(note, LOG.verifier, [WITNESS.verifier])


def test_a_checkpoint_of_another_log_is_refused():
    """A log's key on another log's checkpoint does not make it the log's."""
    note = signed_note.sign(checkpoint.encode(Checkpoint("other.example", 7, ROOT)), [LOG])
    with pytest.raises(CheckpointError, match=r"other\.example"):
        checkpoint.open(note, LOG.verifier)


def test_a_signed_note_that_is_no_checkpoint_is_refused():
    """The log's signature on another text does not make it a checkpoint."""
    with pytest.raises(CheckpointError):
        checkpoint.open(signed_note.sign("a promise\n", [LOG]), LOG.verifier)
