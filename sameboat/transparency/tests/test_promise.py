"""The promise's format: one spelling, bound to its log, and nothing else passes for one."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sameboat.transparency.engine import checkpoint, promise, signed_note
from sameboat.transparency.engine.promise import Promise, PromiseError
from sameboat.transparency.engine.signed_note import NoteError

LOG = signed_note.Signer("log.example", bytes(32))
OTHER = signed_note.Signer("log.example", bytes([1] * 32))
GIVEN = Promise("log.example", bytes(range(32)), 1_580_000_000_000, 86_400)
TEXT = promise.encode(GIVEN)
NOTE = promise.sign(GIVEN, LOG)

promises = st.builds(
    Promise,
    st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1),
    st.binary(min_size=32, max_size=32),
    st.integers(0, promise.MAX_TIME),
    st.integers(1, promise.MAX_DELAY),
)


@given(promises)
def test_a_promise_is_read_as_it_was_written(given):
    """Every promise comes back from its text."""
    assert promise.parse(promise.encode(given)) == given


@given(st.one_of(st.binary(), st.text(), st.builds("\n".join, st.lists(st.text(max_size=50), max_size=8))))
def test_whatever_is_read_is_refused_or_has_this_one_spelling(text):
    """Nothing but our own error comes out of arbitrary bytes, and no second spelling of a promise is taken."""
    try:
        found = promise.parse(text)
    except PromiseError:
        return
    assert promise.encode(found) == (text.decode() if isinstance(text, bytes) else text)


@given(st.data())
def test_a_cut_or_mixed_promise_is_refused_or_has_this_one_spelling(data):
    """Lines of a real promise dropped, doubled, swapped or edited never make a second spelling."""
    lines = TEXT.split("\n")
    edited = data.draw(st.lists(st.sampled_from([*lines, "0", "00", " 1", "+1", "1e3", "１", ""]), max_size=8))
    text = "\n".join(edited)
    with contextlib.suppress(PromiseError):
        assert promise.encode(promise.parse(text)) == text


def test_no_bit_of_a_promise_can_be_changed():
    """A note with any one bit flipped is not opened."""
    for bit in range(8 * len(NOTE.encode())):
        data = bytearray(NOTE.encode())
        data[bit // 8] ^= 1 << bit % 8
        with pytest.raises((NoteError, PromiseError)):
            promise.open(bytes(data), LOG.verifier)


MALFORMED = {
    "nothing": "",
    "another format": TEXT.replace("/v1", "/v2"),
    "no newline at the end": TEXT[:-1],
    "one line less": "\n".join(TEXT.split("\n")[:4]) + "\n",
    "one line more": TEXT + "more\n",
    "no origin": TEXT.replace("log.example", ""),
    "a tab in the origin": TEXT.replace("log.example", "log\texample"),
    "the origin of a format": TEXT.replace("log.example", promise.FORMAT),
    "a short hash": TEXT.replace("AAECAwQF", "AAEC"),
    "no Base 64": TEXT.replace("AAECAwQF", "!!!!!!!!"),
    "stray bits": TEXT.replace("Hh8=", "Hh9="),
    "a leading zero": TEXT.replace("\n86400\n", "\n086400\n"),
    "a sign": TEXT.replace("\n86400\n", "\n+86400\n"),
    "another script's digits": TEXT.replace("\n86400\n", "\n８６４００\n"),
    "no delay": TEXT.replace("\n86400\n", "\n0\n"),
    "a delay beyond a month": TEXT.replace("\n86400\n", "\n86400000\n"),
    "a time beyond doubles": TEXT.replace("1580000000000", "9007199254740992"),
}


@pytest.mark.parametrize("text", MALFORMED.values(), ids=MALFORMED)
def test_what_is_no_promise_is_refused(text):
    """Each mistake is the format's own error."""
    with pytest.raises(PromiseError):
        promise.parse(text)


def test_another_logs_key_is_refused():
    """A promise signed by another key of the same name is not the log's."""
    with pytest.raises(NoteError):
        promise.open(promise.sign(GIVEN, OTHER), LOG.verifier)


def test_a_promise_of_another_origin_is_refused():
    """A key does not sign, nor open, in another log's name."""
    stranger = Promise("other.example", GIVEN.leaf_hash, 0, 60)
    with pytest.raises(PromiseError):
        promise.sign(stranger, LOG)
    with pytest.raises(PromiseError):
        promise.open(signed_note.sign(promise.encode(stranger), [LOG]), LOG.verifier)


def test_a_checkpoint_and_a_promise_never_pass_for_each_other():
    """The same key signs both, and neither is opened as the other."""
    head = signed_note.sign(checkpoint.encode(checkpoint.Checkpoint("log.example", 1, bytes(32))), [LOG])
    with pytest.raises(PromiseError):
        promise.open(head, LOG.verifier)
    with pytest.raises(checkpoint.CheckpointError):
        checkpoint.open(NOTE, LOG.verifier)
