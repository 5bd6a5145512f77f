"""Signed notes and their keys."""

import json
from base64 import b64decode, b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sameboat.transparency.engine import signed_note
from sameboat.transparency.engine.signed_note import (
    AmbiguousKeyError,
    InvalidSignatureError,
    KeyFormatError,
    MalformedNoteError,
    NoteError,
    Signer,
    UnverifiedNoteError,
    Verifier,
)

from . import vectors

ALICE = Signer("alice.example/log", bytes(range(32)))
BOB = Signer("bob.example", bytes(range(32, 64)))
TEXT = "同舟共济\n\nin the same boat\n"
NOTE = signed_note.sign(TEXT, [ALICE, BOB])

# Opening fails for one of these reasons in Go's table; the types say which reason it is here.
REASONS = {
    "malformed": MalformedNoteError,
    "no verifiable signatures": UnverifiedNoteError,
    "ambiguous key": AmbiguousKeyError,
    "invalid signature": InvalidSignatureError,
}


def go_cases():
    if not vectors.LOG.is_dir():
        return [pytest.param(None, marks=vectors.NEEDED, id="no vectors")]
    return [pytest.param(case, id=case["name"]) for case in vectors.load("derived/signed_note.json")["open"]]


@pytest.mark.parametrize("case", go_cases())
def test_note_of_golang(case):
    """Go's notes open, or fail for the same reason."""
    note = b64decode(case["msg_b64"])
    if not case["ok"]:
        with pytest.raises(REASONS[case["error"]]):
            signed_note.open(note, case["vkeys"])
        return
    opened = signed_note.open(note, case["vkeys"])
    assert [signature.name for signature in opened.verified] == case["verified"]
    assert [signature.name for signature in opened.unverified] == case["unverified"]


def test_signing_as_golang_does():
    """Go's private key signs Go's text with Go's signature, and is written as it was read."""
    case = vectors.load("derived/signed_note.json")["vkey"]
    signer = Signer.from_skey(case["skey"])
    assert signed_note.sign(case["sign_text"], [signer]) == case["sign_expect"]
    assert signer.skey == case["skey"]
    assert signer.verifier.vkey in case["valid"]


def test_verifier_keys_of_golang():
    """Go's verifier keys are read as they are written, and its bad ones are refused."""
    case = vectors.load("derived/signed_note.json")["vkey"]
    assert [Verifier.from_vkey(vkey).vkey for vkey in case["valid"]] == case["valid"]
    for vkey in case["invalid"]:
        with pytest.raises(KeyFormatError):
            Verifier.from_vkey(vkey)


def test_no_part_of_a_verifier_key_is_one():
    """Every proper substring of a verifier key is refused, so a miscopied key is noticed."""
    vkey = ALICE.verifier.vkey
    for start in range(len(vkey)):
        for end in range(start, len(vkey) + 1):
            if (start, end) != (0, len(vkey)):
                with pytest.raises(KeyFormatError):
                    Verifier.from_vkey(vkey[start:end])


def test_no_changed_verifier_key_is_one():
    """Every verifier key with one byte changed is refused."""
    vkey = ALICE.verifier.vkey
    for at in range(len(vkey)):
        with pytest.raises(KeyFormatError):
            Verifier.from_vkey(vkey[:at] + chr(ord(vkey[at]) + 1) + vkey[at + 1 :])


def test_note_of_the_specification():
    """The example of signed-note 1.0.0 opens under its key."""
    vkey = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
    note = (
        "This is an example message.\n\n— example.com/foo "
        "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
    )
    assert signed_note.open(note, [vkey]).text == "This is an example message.\n"


def test_text_may_hold_empty_lines():
    """The last empty line divides text from signatures."""
    assert signed_note.open(NOTE, [ALICE.verifier]).text == TEXT


def test_unknown_signatures_are_kept_apart():
    """A signature by a key that the reader does not know neither helps nor harms."""
    opened = signed_note.open(NOTE, [BOB.verifier])
    assert [s.name for s in opened.verified] == ["bob.example"]
    assert [s.name for s in opened.unverified] == ["alice.example/log"]


def test_same_name_with_another_key_is_unknown():
    """A key that shares only the name of the signer is not the signer."""
    with pytest.raises(UnverifiedNoteError):
        signed_note.open(NOTE, [Verifier(ALICE.name, BOB.verifier.public_key)])


def test_second_signature_of_a_known_key_must_verify_too():
    """A bad signature in a trusted key's name sinks the note even after a good one."""
    bad = signed_note.Signature(ALICE.name, ALICE.key_id, bytes(64)).line()
    with pytest.raises(InvalidSignatureError):
        signed_note.open(NOTE + bad, [ALICE.verifier])


def test_stray_bits_in_a_signature_are_a_bad_signature():
    """A signature has one spelling; another one that decodes to the same bytes is refused."""
    note = signed_note.sign("x\n", [ALICE])
    assert note.endswith("=\n")
    respelt = note[:-3] + chr(ord(note[-3]) + 1) + "=\n"
    assert b64decode(respelt.split(" ")[-1]) == b64decode(note.split(" ")[-1])
    with pytest.raises(InvalidSignatureError):
        signed_note.open(respelt, [ALICE.verifier])


def test_no_flipped_bit_goes_unnoticed():
    """A note with any one bit changed is refused, if all its signers are known."""
    data = NOTE.encode()
    verifiers = [ALICE.verifier, BOB.verifier]
    first = data.index("— bob".encode())
    for bit in range(8 * len(data)):
        changed = bytearray(data)
        changed[bit // 8] ^= 1 << bit % 8
        try:
            opened = signed_note.open(bytes(changed), verifiers)
        except NoteError:
            continue
        # A changed name or key ID makes the line an unknown key's, which is ignored; the text stays signed.
        assert opened.text == TEXT
        assert len(opened.verified) == 1
        assert bit // 8 > len(TEXT.encode()), first


@given(st.binary(max_size=300) | st.text(max_size=100))
def test_any_bytes_are_a_note_or_refused(data):
    """Nothing is raised but NoteError."""
    with pytest.raises(NoteError):
        signed_note.open(data, [ALICE.verifier])


@given(st.text(alphabet="a\n +=— 同\x7f\u2028", max_size=60))
def test_every_text_is_signed_and_opened_or_refused(text):
    """A text that can be signed opens to the same text; another is refused at signing."""
    try:
        note = signed_note.sign(text, [ALICE])
    except MalformedNoteError:
        assert not text.endswith("\n")
        return
    assert signed_note.open(note, [ALICE.verifier]).text == text


@given(st.text(max_size=40), st.lists(st.tuples(st.text(max_size=8), st.binary(max_size=9)), max_size=3))
def test_a_parsed_note_is_written_back(text, lines):
    """A note that is read has exactly one spelling."""
    note = text + "\n\n" + "".join(f"— {name} {b64encode(data).decode()}\n" for name, data in lines)
    try:
        read, signatures = signed_note.split(note)
    except NoteError:
        return
    assert read + "\n" + "".join(signature.line() for signature in signatures) == note


@given(
    st.text(max_size=40)
    | st.tuples(st.text("ab同+ ", max_size=3), st.integers(0, 255), st.binary(max_size=33)).map(
        lambda parts: signed_note.encode_vkey(*parts)
    )
)
def test_any_text_is_a_verifier_key_or_refused(text):
    """A verifier key that is read has exactly one spelling, and refusing is all else that happens."""
    try:
        parts = signed_note.parse_vkey(text)
    except KeyFormatError:
        return
    assert signed_note.encode_vkey(*parts) == text


@given(
    st.text(max_size=40).map(lambda text: "PRIVATE+KEY+" + text)
    | st.tuples(st.text("ab+ ", max_size=3), st.integers(0, 255), st.binary(max_size=33), st.binary(max_size=4)).map(
        lambda parts: signed_note.encode_skey(*parts)
    )
)
def test_any_text_is_a_private_key_or_refused(text):
    """A private key that is read has exactly one spelling, and refusing is all else that happens."""
    try:
        name, kind, seed, written_id = signed_note.parse_skey(text)
    except KeyFormatError:
        return
    assert text == f"PRIVATE+KEY+{name}+{written_id}+{b64encode(bytes([kind]) + seed).decode()}"


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u00a0b", "a\nb", "a\u3000b", "\x01", "\ud800"])
def test_bad_name(name):
    """A key's name must not be empty, hold spaces or a plus sign, nor half a character."""
    with pytest.raises(KeyFormatError):
        Verifier(name, bytes(32))


@pytest.mark.parametrize(
    "skey",
    [
        "",
        "PRIVATE+KEY",
        "PRIVATE+KEY+alice.example/log",
        ALICE.skey[:-1],
        ALICE.skey[1:],
        ALICE.skey.replace("alice", "alicf"),
        "PRIVATE+KEY+a+00000000+" + b64encode(b"\x01" + bytes(31)).decode(),
        "PRIVATE+KEY+a+00000000+" + b64encode(b"\x04" + bytes(32)).decode(),
        "PRIVATE+KEY+a+00000000+" + b64encode(b"\x01" + bytes(32)).decode(),
    ],
)
def test_bad_private_key(skey):
    """A private key that is cut short or changed is refused, and not repeated in the message."""
    with pytest.raises(KeyFormatError) as caught:
        Signer.from_skey(skey)
    assert skey.split("+")[-1] not in str(caught.value) or len(skey) < 40


def test_a_signer_does_not_show_its_key():
    """A signer in a log message or a traceback says its name alone."""
    assert repr(ALICE) == "Signer('alice.example/log')"


def test_a_key_of_another_type_is_refused():
    """A witness's key does not verify a log's signature."""
    vkey = signed_note.encode_vkey("w.example", 0x04, bytes(32))
    with pytest.raises(KeyFormatError, match="0x04"):
        Verifier.from_vkey(vkey)


@vectors.NEEDED
def test_wycheproof_ed25519():
    """All 151 Ed25519 cases of Wycheproof are judged as it says."""
    judged = 0
    suite = json.loads((vectors.LOG / "wycheproof/testvectors_v1/ed25519_test.json").read_text())
    for group in suite["testGroups"]:
        verifier = Verifier("wycheproof", bytes.fromhex(group["publicKey"]["pk"]))
        for case in group["tests"]:
            accepted = verifier.verify(bytes.fromhex(case["msg"]), bytes.fromhex(case["sig"]))
            assert accepted == (case["result"] == "valid"), case
            judged += 1
    assert judged == suite["numberOfTests"] == 151
