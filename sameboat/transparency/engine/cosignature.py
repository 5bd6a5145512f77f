"""Cosignatures: a witness's word that a checkpoint extends all it saw before. Source: c2sp.org/tlog-cosignature 1.0.1.

Of the two kinds, Ed25519 is what the network of witnesses speaks today, and ML-DSA-44 withstands quantum computers. A
log may sign its own checkpoints with the second.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey

from . import checkpoint, signed_note
from .signed_note import KeyFormatError, NoteVerifier

ED25519 = 0x04
ML_DSA_44 = 0x06
MAX_TIMESTAMP = 2**63 - 1
SEED_BYTES = 32
MAX_NAME_BYTES = 255  # of a log or cosigner that an ML-DSA-44 cosignature can name

PUBLIC_KEY_BYTES: Mapping[int, int] = {ED25519: 32, ML_DSA_44: 1312}
SIGNATURE_BYTES: Mapping[int, int] = {ED25519: 64, ML_DSA_44: 2420}

_TIMESTAMP_BYTES = 8
_LABEL = b"subtree/v1\n\0"
_CHECKPOINT_START = 0  # a checkpoint is the subtree from the first leaf


class CosignatureError(ValueError):
    """A checkpoint that cannot be cosigned, or a time that a cosignature cannot carry."""


@dataclass(frozen=True, slots=True)
class Verifier:
    """A trusted cosigner's public key: signature type `ED25519` (32 bytes) or `ML_DSA_44` (1,312 bytes)."""

    name: str
    signature_type: int
    public_key: bytes

    def __post_init__(self) -> None:
        signed_note.check_name(self.name)
        length = PUBLIC_KEY_BYTES.get(self.signature_type)
        if length is None:
            raise KeyFormatError(
                f"the key of '{self.name}' has signature type {self.signature_type:#04x}: no cosigner's"
            )
        if len(self.public_key) != length:
            raise KeyFormatError(f"the key of '{self.name}' has {len(self.public_key)} bytes; it takes {length}")

    @property
    def key_id(self) -> bytes:
        """The 4 bytes that a signature line carries to name this key."""
        return signed_note.key_id(self.name, self.signature_type, self.public_key)

    @property
    def vkey(self) -> str:
        """The key as text, to hand to those who are to trust it."""
        return signed_note.encode_vkey(self.name, self.signature_type, self.public_key)

    @classmethod
    def from_vkey(cls, vkey: str) -> Self:
        """Return the key that `vkey` writes; raises KeyFormatError, also for a key that is no cosigner's."""
        return cls(*signed_note.parse_vkey(vkey))

    def verify(self, text: bytes, signature: bytes) -> bool:
        """Return whether `signature` (timestamp and signature) is this cosigner's on the checkpoint `text`."""
        if len(signature) != _TIMESTAMP_BYTES + SIGNATURE_BYTES[self.signature_type]:
            return False
        try:
            message = signed_message(self.name, self.signature_type, timestamp(signature), text)
        except (CosignatureError, checkpoint.CheckpointError):
            return False
        if self.signature_type == ED25519:
            return signed_note.ed25519_verify(self.public_key, message, signature[_TIMESTAMP_BYTES:])
        return ml_dsa_44_verify(self.public_key, message, signature[_TIMESTAMP_BYTES:])


class Signer:
    """A cosigner's private key, a 32-byte seed of either signature type."""

    def __init__(self, name: str, signature_type: int, seed: bytes) -> None:
        """Raises KeyFormatError for a name that a note cannot carry, an unknown type or a seed of another length."""
        if len(seed) != SEED_BYTES:
            raise KeyFormatError(f"the private key of '{name}' has {len(seed)} bytes; it takes {SEED_BYTES}")
        self._key: Ed25519PrivateKey | MLDSA44PrivateKey
        if signature_type == ML_DSA_44:
            self._key = MLDSA44PrivateKey.from_seed_bytes(seed)
        else:
            self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self._seed = seed
        self.verifier = Verifier(name, signature_type, self._key.public_key().public_bytes_raw())

    def __repr__(self) -> str:
        return f"Signer({self.verifier.name!r}, {self.verifier.signature_type:#04x})"

    @property
    def skey(self) -> str:
        """The private key as text. Keep it secret."""
        return signed_note.encode_skey(
            self.verifier.name, self.verifier.signature_type, self._seed, self.verifier.key_id
        )

    @classmethod
    def from_skey(cls, skey: str) -> Self:
        """Return the key that `skey` writes; raises KeyFormatError, which does not repeat the key."""
        name, signature_type, seed, written_id = signed_note.parse_skey(skey)
        signer = cls(name, signature_type, seed)
        signed_note.check_key_id(name, signer.verifier.key_id, written_id)
        return signer

    def cosign(self, text: bytes, at: int) -> signed_note.Signature:
        """Return the cosignature on the checkpoint `text` (a note's text) made at the POSIX time `at`, in seconds.

        Raises CheckpointError if the text is no checkpoint, CosignatureError for a time beyond 0 to 2**63 - 1.
        """
        message = signed_message(self.verifier.name, self.verifier.signature_type, at, text)
        signature = at.to_bytes(_TIMESTAMP_BYTES) + self._key.sign(message)
        return signed_note.Signature(self.verifier.name, self.verifier.key_id, signature)


def timestamp(signature: bytes) -> int:
    """Return the POSIX time, in seconds, that a cosignature carries; 0 stands for none."""
    return int.from_bytes(signature[:_TIMESTAMP_BYTES])


def signed_message(cosigner: str, signature_type: int, at: int, text: bytes) -> bytes:
    """Return the bytes that a cosigner of that name signs for the checkpoint `text` at the POSIX time `at`.

    Raises CosignatureError for a time or name that the message cannot carry, CheckpointError if the text is no
    checkpoint.
    """
    head = checkpoint.parse(text)
    if not 0 <= at <= MAX_TIMESTAMP:
        raise CosignatureError(f"a cosignature's time runs from 0 to 2**63 - 1 seconds; {at} does not fit")
    if signature_type == ED25519:
        return b"cosignature/v1\ntime %d\n%s" % (at, text)
    return b"".join(
        [
            _LABEL,
            _short(cosigner),
            at.to_bytes(8),
            _short(head.origin),
            _CHECKPOINT_START.to_bytes(8),
            head.size.to_bytes(8),
            head.root,
        ]
    )


def ml_dsa_44_verify(public_key: bytes, message: bytes, signature: bytes, context: bytes = b"") -> bool:
    """Return whether `signature` is that of `public_key` on `message` by FIPS 204; anything malformed is not."""
    try:
        MLDSA44PublicKey.from_public_bytes(public_key).verify(signature, message, context)
    except (InvalidSignature, ValueError):
        return False
    return True


def trusted_key(vkey: str) -> NoteVerifier:
    """Return the verifier for a key of any signature type known here; raises KeyFormatError."""
    name, signature_type, public_key = signed_note.parse_vkey(vkey)
    if signature_type == signed_note.ED25519:
        return signed_note.Verifier(name, public_key)
    return Verifier(name, signature_type, public_key)


def _short(text: str) -> bytes:
    """Return `text` as `opaque<1..2^8-1>` of RFC 8446, section 3.4."""
    data = text.encode()
    if len(data) > MAX_NAME_BYTES:
        raise CosignatureError(
            f"'{text[:40]}…' has {len(data)} bytes; an ML-DSA-44 cosignature carries names up to {MAX_NAME_BYTES}"
        )
    return len(data).to_bytes(1) + data
