"""Witnesses' cosignatures, of both kinds."""

import json

import pytest
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from sameboat.transparency.engine import checkpoint, cosignature, signed_note
from sameboat.transparency.engine.checkpoint import CheckpointError
from sameboat.transparency.engine.cosignature import ED25519, ML_DSA_44, CosignatureError
from sameboat.transparency.engine.signed_note import KeyFormatError

from . import vectors

ROOT = bytes(range(32))
TEXT = checkpoint.encode(checkpoint.Checkpoint("log.example", 7, ROOT)).encode()
KINDS = [pytest.param(ED25519, id="Ed25519"), pytest.param(ML_DSA_44, id="ML-DSA-44")]


def witness(kind, name="witness.example/w1"):
    return cosignature.Signer(name, kind, bytes(range(100, 132)))


@pytest.mark.parametrize("kind", KINDS)
def test_cosignature_verifies_and_tells_its_time(kind):
    """A cosignature is its maker's on the checkpoint, and carries the time of its making."""
    signature = witness(kind).cosign(TEXT, 1_679_315_147)
    assert witness(kind).verifier.verify(TEXT, signature.signature)
    assert cosignature.timestamp(signature.signature) == 1_679_315_147


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
@settings(deadline=None)
def test_no_changed_cosignature_verifies(kind, data):
    """One bit changed in the signature, its time or the checkpoint's three lines is noticed."""
    signature = witness(kind).cosign(TEXT, 5).signature
    verifier = witness(kind).verifier
    for original, check in ((signature, lambda s: (TEXT, s)), (TEXT, lambda t: (t, signature))):
        bit = data.draw(st.integers(0, 8 * len(original) - 1))
        changed = bytearray(original)
        changed[bit // 8] ^= 1 << bit % 8
        assert not verifier.verify(*check(bytes(changed)))


def test_a_signed_checkpoint_opens_with_its_cosignatures():
    """Cosignature lines appended to a note verify with it."""
    log = signed_note.Signer("log.example", bytes(32))
    first, second = witness(ED25519, "w1.example"), witness(ML_DSA_44, "w2.example")
    note = signed_note.sign(TEXT.decode(), [log]) + first.cosign(TEXT, 1).line() + second.cosign(TEXT, 2).line()
    _, opened = checkpoint.open(note, log.verifier, [first.verifier, second.verifier])
    assert [s.name for s in opened.verified] == ["log.example", "w1.example", "w2.example"]


def test_message_of_an_ed25519_cosignature():
    """The message is header, time and the whole note text, as in the specification's example."""
    text = b"example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    message = cosignature.signed_message("w", ED25519, 1_679_315_147, text)
    assert message == b"cosignature/v1\ntime 1679315147\n" + text


def test_message_of_an_ml_dsa_44_cosignature():
    """The message is the specification's struct: label, names under their lengths, numbers in 8 bytes, root."""
    assert cosignature.signed_message("w1", ML_DSA_44, 5, TEXT) == (
        b"subtree/v1\n\0" + b"\x02w1" + bytes(7) + b"\x05" + b"\x0blog.example" + bytes(8) + bytes(7) + b"\x07" + ROOT
    )


def test_ml_dsa_44_leaves_extension_lines_unsigned():
    """An ML-DSA-44 cosignature speaks of the tree alone; an Ed25519 one covers the whole text."""
    for kind, verifies in ((ML_DSA_44, True), (ED25519, False)):
        signature = witness(kind).cosign(TEXT, 5).signature
        assert witness(kind).verifier.verify(TEXT + b"extension\n", signature) is verifies


def test_ml_dsa_44_is_bound_to_its_cosigners_name():
    """The same key under another name did not make the cosignature."""
    signature = witness(ML_DSA_44, "w1").cosign(TEXT, 5).signature
    assert not witness(ML_DSA_44, "w2").verifier.verify(TEXT, signature)


@pytest.mark.parametrize("kind", KINDS)
def test_keys_are_written_and_read_back(kind):
    """Public and private keys survive being written down."""
    signer = witness(kind)
    assert cosignature.Verifier.from_vkey(signer.verifier.vkey) == signer.verifier
    assert cosignature.Signer.from_skey(signer.skey).verifier == signer.verifier
    assert cosignature.trusted_key(signer.verifier.vkey) == signer.verifier


def test_a_logs_key_is_read_as_such():
    """A key of the plain signature type is a log's, not a cosigner's."""
    log = signed_note.Signer("log.example", bytes(32)).verifier
    assert cosignature.trusted_key(log.vkey) == log
    with pytest.raises(KeyFormatError):
        cosignature.Verifier.from_vkey(log.vkey)


def test_one_key_of_two_types_has_two_ids():
    """A log's signature and a cosignature by the same Ed25519 key are not taken for each other."""
    log = signed_note.Signer("x.example", bytes(32))
    cosigner = cosignature.Signer("x.example", ED25519, bytes(32))
    assert log.verifier.public_key == cosigner.verifier.public_key
    assert log.key_id != cosigner.verifier.key_id


@pytest.mark.parametrize(
    ("kind", "public_key"),
    [(ED25519, bytes(31)), (ED25519, bytes(1312)), (ML_DSA_44, bytes(32)), (0x01, bytes(32)), (0x02, bytes(91))],
)
def test_key_that_no_cosigner_has(kind, public_key):
    """A key of another length or type is refused."""
    with pytest.raises(KeyFormatError):
        cosignature.Verifier("w", kind, public_key)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("signature", [b"", bytes(8), bytes(71), bytes(72), bytes(73), bytes(2428), b"\xff" * 72])
def test_bytes_that_are_no_cosignature(kind, signature):
    """Anything else is not a cosignature, and never an exception."""
    assert not witness(kind).verifier.verify(TEXT, signature)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("at", [-1, 2**63])
def test_time_that_a_cosignature_cannot_carry(kind, at):
    """A time beyond 63 bits is refused."""
    with pytest.raises(CosignatureError):
        witness(kind).cosign(TEXT, at)


@pytest.mark.parametrize("kind", KINDS)
def test_only_a_checkpoint_is_cosigned(kind):
    """A witness never lends its key to another text."""
    with pytest.raises(CheckpointError):
        witness(kind).cosign(b"a promise\n", 5)
    assert not witness(kind).verifier.verify(b"a promise\n", bytes(cosignature.SIGNATURE_BYTES[kind] + 8))


def test_origin_too_long_for_ml_dsa_44():
    """A log's name over 255 bytes does not fit the ML-DSA-44 message."""
    text = checkpoint.encode(checkpoint.Checkpoint("同" * 86, 7, ROOT)).encode()
    with pytest.raises(CosignatureError):
        witness(ML_DSA_44).cosign(text, 5)


@vectors.NEEDED
def test_wycheproof_ml_dsa_44_verification():
    """All 180 ML-DSA-44 verification cases of Wycheproof are judged as it says."""
    judged = 0
    suite = json.loads((vectors.LOG / "wycheproof/testvectors_v1/mldsa_44_verify_test.json").read_text())
    for group in suite["testGroups"]:
        public_key = bytes.fromhex(group["publicKey"])
        for case in group["tests"]:
            accepted = cosignature.ml_dsa_44_verify(
                public_key,
                bytes.fromhex(case["msg"]),
                bytes.fromhex(case["sig"]),
                bytes.fromhex(case.get("ctx", "")),
            )
            assert accepted == (case["result"] == "valid"), case["tcId"]
            judged += 1
    assert judged == suite["numberOfTests"] == 180


@vectors.NEEDED
def test_wycheproof_ml_dsa_44_keys_from_seeds():
    """A seed of Wycheproof's signing cases gives its public key; their signatures verify under it.

    Its signatures are of the deterministic kind, ours are hedged with fresh randomness, so they differ and both verify.
    """
    suite = json.loads((vectors.LOG / "wycheproof/testvectors_v1/mldsa_44_sign_seed_test.json").read_text())
    judged = 0
    for group in suite["testGroups"]:
        seed = bytes.fromhex(group["privateSeed"])
        if len(seed) != 32:
            with pytest.raises(KeyFormatError):
                cosignature.Signer("wycheproof", ML_DSA_44, seed)
            judged += len(group["tests"])
            continue
        key = MLDSA44PrivateKey.from_seed_bytes(seed)
        public_key = key.public_key().public_bytes_raw()
        assert public_key.hex() == group["publicKey"]
        for case in group["tests"]:
            context, expected = bytes.fromhex(case.get("ctx", "")), bytes.fromhex(case["sig"])
            judged += 1
            if "msg" not in case:
                key.public_key().verify_mu(expected, bytes.fromhex(case["mu"]))
                continue
            message = bytes.fromhex(case["msg"])
            if case["result"] != "valid":
                assert not cosignature.ml_dsa_44_verify(public_key, message, bytes(2420), context)
                with pytest.raises(ValueError, match=r"[Cc]ontext"):
                    key.sign(message, context)
                continue
            assert cosignature.ml_dsa_44_verify(public_key, message, expected, context)
            assert cosignature.ml_dsa_44_verify(public_key, message, key.sign(message, context), context)
    assert judged == suite["numberOfTests"] == 86
