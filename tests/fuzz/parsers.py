"""Every parser of the log's formats with what must hold for any bytes: it refuses them in its own way, or reads the one
spelling of what it read.
"""

from collections.abc import Callable

from sameboat.transparency.engine import (
    canonical_json,
    checkpoint,
    cosignature,
    policy,
    proof_file,
    signed_note,
    tiles,
    tlog_proof,
)
from sameboat.transparency.engine.layout import PathError

LOG = signed_note.Signer("log.example/同舟", bytes(32))
WITNESS = cosignature.Signer("w.example", cosignature.ED25519, bytes([1] * 32))
TEXT = checkpoint.encode(checkpoint.Checkpoint(LOG.name, 1, bytes(32), ("an extension",)))
NOTE = signed_note.sign(TEXT, [LOG]) + WITNESS.cosign(TEXT.encode(), 1).line()
ENTRY = proof_file.ProvenEntry(0, b'{"a":[1,null,true,"\\u0001"]}', (bytes(32),))
PROOF_FILE = proof_file.ProofFile(LOG.verifier.vkey, NOTE, (ENTRY,), (WITNESS.verifier.vkey,))


def note(data: bytes) -> None:
    """A signed note."""
    try:
        text, signatures = signed_note.split(data)
    except signed_note.NoteError:
        return
    assert (text + "\n" + "".join(signature.line() for signature in signatures)).encode() == data


def head(data: bytes) -> None:
    """A checkpoint."""
    try:
        read = checkpoint.parse(data)
    except checkpoint.CheckpointError:
        return
    assert checkpoint.encode(read).encode() == data


def verifier_key(data: bytes) -> None:
    """A verifier key."""
    text = data.decode(errors="surrogateescape")
    try:
        read = signed_note.parse_vkey(text)
    except signed_note.KeyFormatError:
        return
    assert signed_note.encode_vkey(*read) == text


def json(data: bytes) -> None:
    """An entry."""
    try:
        read = canonical_json.parse(data)
    except canonical_json.CanonicalJsonError:
        return
    assert canonical_json.encode(read) == data


def bundle(data: bytes) -> None:
    """A bundle of entries."""
    try:
        read = tiles.parse_bundle(data)
    except tiles.BundleError:
        return
    assert tiles.encode_bundle(read) == data


def path(data: bytes) -> None:
    """The path of a tile."""
    text = data.decode(errors="surrogateescape")
    try:
        place = tiles.parse_path(text)
    except PathError:
        return
    if place.level is None:
        assert tiles.entries_path(place.index, place.width) == text
    else:
        assert tiles.path(place.level, place.index, place.width) == text


def rules(data: bytes) -> None:
    """A policy, which has many spellings; but all its witnesses together are always enough."""
    try:
        read = policy.parse(data)
    except policy.PolicyError:
        return
    assert read.agrees(read.witnesses)


def proof(data: bytes) -> None:
    """A proof in the format of c2sp.org/tlog-proof."""
    try:
        read = tlog_proof.parse(data)
    except tlog_proof.TlogProofError:
        return
    assert tlog_proof.encode(read).encode() == data


def file(data: bytes) -> None:
    """A proof file, read and verified."""
    try:
        read = proof_file.parse(data)
    except proof_file.ProofFileError:
        return
    assert proof_file.encode(read) == data
    try:
        proof_file.verify(read)
    except proof_file.ProofFileError:
        return


PARSERS: dict[str, tuple[Callable[[bytes], None], bytes]] = {
    "bundle": (bundle, tiles.encode_bundle([b"", b"a", b"bc"])),
    "file": (file, proof_file.encode(PROOF_FILE)),
    "head": (head, TEXT.encode()),
    "json": (json, ENTRY.entry),
    "note": (note, NOTE.encode()),
    "path": (path, b"tile/0/x001/234.p/44"),
    "proof": (proof, tlog_proof.encode(tlog_proof.TlogProof(0, (bytes(32),), NOTE, b"x")).encode()),
    "rules": (
        rules,
        f"log {LOG.verifier.vkey}\nwitness w {WITNESS.verifier.vkey} x\ngroup g all w\nquorum g\n".encode(),
    ),
    "verifier_key": (verifier_key, LOG.verifier.vkey.encode()),
}
"""Each parser by name, with one input that it reads."""
