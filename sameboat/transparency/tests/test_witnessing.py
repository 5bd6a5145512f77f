"""What a witness answers, decided on values alone."""

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sameboat.transparency.engine import base64_text, checkpoint, cosignature, merkle, signed_note, witnessing
from sameboat.transparency.engine.witnessing import (
    NEVER,
    BadAnswerError,
    ClockError,
    ConflictError,
    Cosigned,
    ForkError,
    InconsistentError,
    MalformedRequestError,
    RefusedError,
    UnknownLogError,
    UnsignedError,
)

from .two_histories import LOG, PARTING, ROOT, SIZE, histories, note, proof, request
from .vectors import load

KEYS = [LOG.verifier]
STRANGER = signed_note.Signer(LOG.name, bytes([8] * 32))
WITNESS = cosignature.Signer("witness.example/1", cosignature.ED25519, bytes([9] * 32))
SAFE = cosignature.Signer("witness.example/1", cosignature.ML_DSA_44, bytes([9] * 32))
NOW = 1_580_000_000
HASH = base64_text.encode(bytes(32))


def judge(body, last=NEVER, keys=KEYS, now=NOW):
    return witnessing.judge(witnessing.parse(body), keys, last, now)


def cosigned(history, size, at=NOW):
    return Cosigned(size, ROOT[history, size], at)


def test_another_implementations_conversation():
    """Every answer is the one that this witness's peer gives, but for the unknown log: 404 since version 1.0.0."""
    conversation = load("derived/witness_add_checkpoint.json")
    origin, last = conversation["origin"], NEVER
    key = signed_note.Verifier(origin, bytes.fromhex(conversation["log_key_hex"]))
    for number, step in enumerate(conversation["steps"], 1):
        try:
            submission = witnessing.parse(step["body"].encode())
            last = witnessing.judge(submission, [key] if submission.head.origin == origin else [], last, NOW)
            status, body = 200, "— example.com/witness"
        except RefusedError as refusal:
            status, body = refusal.status, refusal.body
        assert status == (404 if number == 3 else step["status"]), number
        assert body == step["assert_value"] or (step["assert_op"] == "contains" and step["assert_value"] in body)
    assert last.size == 5


@settings(deadline=None)
@given(st.integers(0, SIZE), st.integers(0, SIZE))
def test_what_extends_the_last_checkpoint_is_cosigned(old_size, size):
    """From any size to any larger or equal one of the same history, at the witness's own time."""
    old_size, size = sorted((old_size, size))
    last = cosigned("A", old_size, NOW - 1) if old_size else NEVER
    assert judge(request("A", old_size, size), last) == cosigned("A", size)


@settings(deadline=None)
@given(st.data())
def test_nobody_makes_a_witness_cosign_two_histories(data):
    """Whatever a log and those who copy from it send, in whatever order, what is cosigned is one history."""
    last, seen = NEVER, []
    sizes = st.integers(0, SIZE)
    for _ in range(data.draw(st.integers(1, 25))):
        history, size = data.draw(st.sampled_from("AB")), data.draw(sizes)
        old_size = data.draw(st.one_of(st.just(last.size), sizes))
        shown = proof(data.draw(st.sampled_from("AB")), *data.draw(st.sampled_from([(old_size, size), (1, 3), (2, 9)])))
        try:
            last = judge(witnessing.encode(old_size, shown, note(history, size)), last)
        except RefusedError:
            continue
        seen.append(last)
    assert [head.size for head in seen] == sorted(head.size for head in seen)
    assert not seen or set.intersection(*(histories(head.size, head.root) for head in seen))


def changed(text, old, new):
    assert old in text
    return text.replace(old, new, 1)


GOOD = request("A", 3, 9).decode()
MALFORMED = {
    "nothing": "",
    "not UTF-8": b"\xff" + GOOD.encode(),
    "no empty line": GOOD.replace("\n\n", "\n"),
    "cut short": GOOD[: GOOD.index("\n\n")],
    "cut short within the checkpoint": GOOD[: GOOD.index("— ")],
    "no old size": GOOD.partition("\n")[2],
    "no number": changed(GOOD, "old 3", "old three"),
    "leading zero": changed(GOOD, "old 3", "old 03"),
    "negative": changed(GOOD, "old 3", "old -3"),
    "two spaces": changed(GOOD, "old 3", "old  3"),
    "capital": changed(GOOD, "old 3", "Old 3"),
    "another script's digit": changed(GOOD, "old 3", "old ３"),
    "beyond any tree": changed(GOOD, "old 3", f"old {2**64}"),
    "a number of a million digits": changed(GOOD, "old 3", "old " + "9" * 100_000),
    "carriage returns": GOOD.replace("\n", "\r\n"),
    "a hash that is no Base 64": changed(GOOD, "old 3\n", "old 3\n!\n"),
    "a hash that is too short": changed(GOOD, "old 3\n", f"old 3\n{base64_text.encode(bytes(31))}\n"),
    "a hash without its padding": changed(GOOD, "old 3\n", f"old 3\n{HASH[:-1]}\n"),
    "64 hashes": changed(GOOD, "old 3\n", "old 3\n" + f"{HASH}\n" * 64),
    "no checkpoint": changed(GOOD, "\n9\n", "\nnine\n"),
    "a root of another length": changed(GOOD, base64_text.encode(ROOT["A", 9]), base64_text.encode(bytes(20))),
    "too large": GOOD + "x" * witnessing.MAX_REQUEST_BYTES,
    "old size above the checkpoint's": witnessing.encode(10, [], note("A", 9)),
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED)
def test_what_is_no_request_is_refused(body):
    """400, whatever the witness remembers."""
    with pytest.raises(MalformedRequestError) as refused:
        judge(body if isinstance(body, bytes) else body.encode(), cosigned("A", 3))
    assert refused.value.status == 400


@pytest.mark.parametrize("body", [st.binary(), st.text().map(str.encode), st.text().map(lambda t: (t + GOOD).encode())])
def test_nothing_that_comes_in_breaks_the_parser(body):
    """Any bytes are a request or refused as none."""

    @settings(deadline=None)
    @given(body)
    def anything(data):
        with contextlib.suppress(MalformedRequestError, UnsignedError):
            witnessing.parse(data)

    anything()


@settings(deadline=None)
@given(st.integers(0, SIZE), st.integers(0, 63))
def test_a_request_reads_as_it_was_written(size, count):
    """Writing and reading agree on every part."""
    hashes = [bytes([number] * 32) for number in range(count)]
    read = witnessing.parse(witnessing.encode(size, hashes, note("A", size)))
    assert (read.old_size, list(read.hashes), read.note) == (size, hashes, note("A", size))
    assert (read.head.size, read.head.root) == (size, ROOT["A", size])


NOT_SIGNED = {
    "a stranger's signature": witnessing.encode(0, [], note("A", 9, STRANGER)),
    "a signature on another size": changed(request("A", 0, 9).decode(), "\n9\n", "\n8\n").encode(),
    "a signature that is spelt otherwise": request("A", 0, 9)[:-3] + b"B=\n",
}


@pytest.mark.parametrize("body", NOT_SIGNED.values(), ids=NOT_SIGNED)
def test_what_the_log_did_not_sign_is_refused(body):
    """403."""
    with pytest.raises(UnsignedError) as refused:
        judge(body)
    assert refused.value.status == 403


def test_an_unknown_log_is_refused():
    """404, with no look at its signature or sizes."""
    with pytest.raises(UnknownLogError) as refused:
        judge(request("A", 3, 9), keys=[])
    assert refused.value.status == 404


def test_signatures_of_others_do_not_matter():
    """A checkpoint that carries cosignatures of other witnesses is taken by the log's own signature."""
    text = checkpoint.encode(checkpoint.Checkpoint(LOG.name, 9, ROOT["A", 9]))
    both = note("A", 9) + SAFE.cosign(text.encode(), NOW).line()
    assert judge(witnessing.encode(0, [], both)).size == 9


def test_either_key_of_a_log_counts():
    """A log that changed its key is known by the old one and the new one."""
    for log in (LOG, STRANGER):
        assert judge(witnessing.encode(0, [], note("A", 9, log)), keys=[LOG.verifier, STRANGER.verifier]).size == 9


@pytest.mark.parametrize(("old_size", "size"), [(0, 9), (3, 9), (6, 9), (6, 6), (3, 3), (0, 0)])
def test_another_old_size_is_a_conflict(old_size, size):
    """409 with the size that the witness knows, and nothing else."""
    with pytest.raises(ConflictError) as refused:
        judge(request("A", old_size, size), cosigned("A", 4))
    assert (refused.value.status, refused.value.content_type) == (409, "text/x.tlog.size")
    assert refused.value.body == "4\n"


@pytest.mark.parametrize(
    ("last", "size"), [(cosigned("A", 9), 9), (NEVER, 0)], ids=["a fork", "an empty log with a root"]
)
def test_another_root_of_the_same_size_is_a_conflict(last, size):
    """409, and told apart as the evidence that it is."""
    text = checkpoint.encode(checkpoint.Checkpoint(LOG.name, size, bytes(32)))
    with pytest.raises(ForkError) as refused:
        judge(witnessing.encode(size, [], signed_note.sign(text, [LOG])), last)
    assert (refused.value.status, refused.value.body) == (409, f"{size}\n")


def bodies_without_proof():
    good = proof("A", 6, 9)
    return {
        "another history": (cosigned("B", 6), request("A", 6, 9)),
        "no proof": (cosigned("A", 6), witnessing.encode(6, [], note("A", 9))),
        "a proof of other sizes": (cosigned("A", 6), witnessing.encode(6, proof("A", 7, 9), note("A", 9))),
        "a hash too few": (cosigned("A", 6), witnessing.encode(6, good[:-1], note("A", 9))),
        "a hash too many": (cosigned("A", 6), witnessing.encode(6, [*good, good[0]], note("A", 9))),
        "hashes in another order": (cosigned("A", 6), witnessing.encode(6, good[::-1], note("A", 9))),
        "a proof from nothing": (NEVER, witnessing.encode(0, good, note("A", 9))),
        "a proof between the same": (cosigned("A", 9), witnessing.encode(9, good, note("A", 9))),
    }


@pytest.mark.parametrize(("last", "body"), bodies_without_proof().values(), ids=bodies_without_proof())
def test_what_is_not_shown_to_extend_is_refused(last, body):
    """422."""
    with pytest.raises(InconsistentError) as refused:
        judge(body, last)
    assert refused.value.status == 422


def test_the_cosigned_time_never_goes_back():
    """A clock that is set back by a little signs the last time again; by more, it signs nothing."""
    last = cosigned("A", 6)
    assert judge(request("A", 6, 9), last, now=NOW - witnessing.CLOCK_TOLERANCE).at == NOW
    with pytest.raises(ClockError) as refused:
        judge(request("A", 6, 9), last, now=NOW - witnessing.CLOCK_TOLERANCE - 1)
    assert refused.value.status == 503


TEXT = checkpoint.encode(checkpoint.Checkpoint(LOG.name, 9, ROOT["A", 9]))
OTHER_TEXT = checkpoint.encode(checkpoint.Checkpoint(LOG.name, 9, ROOT["B", 9]))


@pytest.mark.parametrize("signer", [WITNESS, SAFE], ids=["Ed25519", "ML-DSA-44"])
def test_a_witnesss_own_line_is_found_among_others(signer):
    """Lines of keys that the log does not know are passed over."""
    lines = [each.cosign(TEXT.encode(), NOW) for each in (WITNESS, SAFE)]
    body = witnessing.answer(lines).encode()
    found = witnessing.read_cosignature(body, TEXT, signer.verifier, NOW)
    assert signer.verifier.verify(TEXT.encode(), found.signature)


def line(signer=WITNESS, text=TEXT, at=NOW):
    return signer.cosign(text.encode(), at).line().encode()


BAD_ANSWERS = {
    "nothing": b"",
    "a page": b"<!doctype html><title>Welcome</title>\n",
    "not UTF-8": b"\xff\n",
    "another key's": line(SAFE),
    "on another root": line(text=OTHER_TEXT),
    "without its newline": line()[:-1],
    "after an empty line": b"\n" + line(),
    "the text of another checkpoint": (OTHER_TEXT + "\n").encode() + line(text=OTHER_TEXT),
    "without a time": line(at=0),
    "from the future": line(at=NOW + witnessing.CLOCK_TOLERANCE + 1),
    "one bit off": line()[:-6] + bytes([line()[-6] ^ 1]) + line()[-5:],
}


@pytest.mark.parametrize("body", BAD_ANSWERS.values(), ids=BAD_ANSWERS)
def test_a_lying_witness_is_not_believed(body):
    """An answer without its cosignature on this very checkpoint counts for nothing."""
    with pytest.raises(BadAnswerError):
        witnessing.read_cosignature(body, TEXT, WITNESS.verifier, NOW)


def test_sizes_of_conflicts_are_read_strictly():
    """A size and a newline, and nothing else."""
    assert witnessing.read_size(b"0\n") == 0
    assert witnessing.read_size(b"18446744073709551615\n") == merkle.MAX_SIZE
    for body in (b"", b"5", b"05\n", b"-5\n", b"5\n\n", b"5\r\n", b"five\n", b" 5\n", b"9" * 40 + b"\n", b"\xff\n"):
        with pytest.raises(BadAnswerError):
            witnessing.read_size(body)


def test_histories_part_where_they_say():
    """The two histories of these tests are one up to the parting and two after it."""
    assert histories(PARTING, ROOT["A", PARTING]) == {"A", "B"}
    assert histories(PARTING + 1, ROOT["A", PARTING + 1]) == {"A"}
