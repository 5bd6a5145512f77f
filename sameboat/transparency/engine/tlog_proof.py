"""A proof to keep: index, inclusion proof and checkpoint in one text. Source: c2sp.org/tlog-proof@v1."""

import re
from dataclasses import dataclass

from . import base64_text, checkpoint, merkle, signed_note
from .policy import Policy, Trusted

MAX_HASHES = 64  # a tree of at most 2**64 - 1 leaves is no higher

_HEADER = "c2sp.org/tlog-proof@v1"
_INDEX = re.compile(r"index (0|[1-9][0-9]{0,19})", re.ASCII)
_EXTRA = "extra "


class TlogProofError(ValueError):
    """Text that is not a tlog-proof."""


@dataclass(frozen=True, slots=True)
class TlogProof:
    """The entry's index, its inclusion proof, the checkpoint as a signed note, and data that nobody has signed."""

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: str
    extra: bytes | None = None


def encode(proof: TlogProof) -> str:
    """Return the proof as text, for a file with the extension `.tlog-proof`."""
    lines = [_HEADER]
    if proof.extra:
        lines.append(_EXTRA + base64_text.encode(proof.extra))
    lines.append(f"index {proof.index}")
    lines += [base64_text.encode(value) for value in proof.hashes]
    return "\n".join(lines) + "\n\n" + proof.checkpoint


def parse(text: bytes | str) -> TlogProof:
    """Return the proof that `text` writes, nothing in it checked; raises TlogProofError."""
    try:
        content = text.decode() if isinstance(text, bytes) else text
    except UnicodeDecodeError:
        raise TlogProofError("the proof is not valid UTF-8") from None
    if len(content) > 2 * signed_note.MAX_BYTES:
        raise TlogProofError(f"the proof has {len(content)} characters; at most {2 * signed_note.MAX_BYTES} are read")
    head, blank, note = content.partition("\n\n")
    if not blank:
        raise TlogProofError("the proof has no empty line before its checkpoint; was it cut short?")
    lines = head.split("\n")
    if lines.pop(0) != _HEADER:
        raise TlogProofError(f"the proof does not start with the line '{_HEADER}'")
    extra = None
    if lines and lines[0].startswith(_EXTRA):
        extra = _decode("the extra data", lines.pop(0).removeprefix(_EXTRA))
        if not extra:
            raise TlogProofError("the proof has an extra line without data; leave the line out")
    index = _INDEX.fullmatch(lines.pop(0)) if lines else None
    if index is None or int(index[1]) >= merkle.MAX_SIZE:
        raise TlogProofError("the proof has no line 'index NUMBER' before its hashes")
    if len(lines) > MAX_HASHES:
        raise TlogProofError(f"the proof has {len(lines)} hashes; no tree is higher than {MAX_HASHES}")
    hashes = tuple(_decode(f"hash {number}", line) for number, line in enumerate(lines, 1))
    for number, value in enumerate(hashes, 1):
        if len(value) != merkle.HASH_SIZE:
            raise TlogProofError(f"the proof's hash {number} has {len(value)} bytes; SHA-256 has {merkle.HASH_SIZE}")
    try:
        signed_text, _ = signed_note.split(note)
        checkpoint.parse(signed_text)
    except (signed_note.NoteError, checkpoint.CheckpointError) as error:
        raise TlogProofError(f"the proof's checkpoint: {error}") from None
    return TlogProof(int(index[1]), hashes, note, extra)


def verify(proof: TlogProof, leaf_hash: bytes, policy: Policy) -> Trusted:
    """Return the checkpoint under which `proof` shows `leaf_hash`, if `policy` trusts it.

    Raises
    ------
    policy.UntrustedError, signed_note.NoteError, checkpoint.CheckpointError
        If the policy does not trust the checkpoint.
    merkle.ProofError
        If the entry is not in its tree.

    """
    trusted = policy.check(proof.checkpoint)
    merkle.verify_inclusion(leaf_hash, proof.index, trusted.checkpoint.size, proof.hashes, trusted.checkpoint.root)
    return trusted


def _decode(what: str, line: str) -> bytes:
    try:
        return base64_text.decode(line)
    except base64_text.Base64Error as error:
        raise TlogProofError(f"the proof's {what}: {error}") from None
