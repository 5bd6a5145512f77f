"""Notes: text signed by one or more keys. Source: c2sp.org/signed-note 1.0.0.

A note's text means nothing until `open` has found a signature on it by a key that the reader trusts.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol, Self

from cryptography.exceptions import InvalidSignature as _BadSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from . import base64_text

MAX_SIGNATURES = 100
MAX_BYTES = 1_000_000
KEY_ID_BYTES = 4
ED25519 = 0x01

_SIGNATURE_START = "— "
_PRIVATE_START = "PRIVATE+KEY+"


class NoteError(ValueError):
    """A note that cannot be relied on."""


class MalformedNoteError(NoteError):
    """Bytes that are not a signed note."""


class UnverifiedNoteError(NoteError):
    """A note without a signature by any key the reader trusts."""


class InvalidSignatureError(NoteError):
    """A note with a signature line in a trusted key's name that this key did not make."""


class AmbiguousKeyError(NoteError):
    """Two trusted keys with the same name and ID, so it is not clear which one a signature line means."""


class KeyFormatError(ValueError):
    """A key that is not written as signed-note 1.0.0 says, or of a kind that cannot be used here."""


class NoteVerifier(Protocol):
    """What `open` needs of a trusted key of any signature type."""

    @property
    def name(self) -> str: ...
    @property
    def key_id(self) -> bytes: ...
    def verify(self, text: bytes, signature: bytes) -> bool:
        """Return whether `signature`, without its key ID, is this key's on the note text."""
        ...


class NoteSigner(Protocol):
    """What `sign` needs of a private key of any signature type."""

    @property
    def name(self) -> str: ...
    @property
    def key_id(self) -> bytes: ...
    def sign(self, text: bytes) -> bytes:
        """Return this key's signature on the note text, without key ID."""
        ...


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line: who signed, by name and 4-byte key ID, and the signature's own bytes."""

    name: str
    key_id: bytes
    signature: bytes

    def line(self) -> str:
        """Return the line as a note carries it, with its newline."""
        return f"{_SIGNATURE_START}{self.name} {base64_text.encode(self.key_id + self.signature)}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A note's text, its signatures that verified, and those by keys that the reader does not know."""

    text: str
    verified: tuple[Signature, ...]
    unverified: tuple[Signature, ...]


@dataclass(frozen=True, slots=True)
class Verifier:
    """A trusted Ed25519 public key (32 bytes) under its name."""

    name: str
    public_key: bytes

    def __post_init__(self) -> None:
        check_name(self.name)
        if len(self.public_key) != 32:
            raise KeyFormatError(f"the Ed25519 key of '{self.name}' has {len(self.public_key)} bytes; it takes 32")

    @property
    def key_id(self) -> bytes:
        """The 4 bytes that a signature line carries to name this key."""
        return key_id(self.name, ED25519, self.public_key)

    @property
    def vkey(self) -> str:
        """The key as text, to hand to those who are to trust it."""
        return encode_vkey(self.name, ED25519, self.public_key)

    @classmethod
    def from_vkey(cls, vkey: str) -> Self:
        """Return the key that `vkey` writes; raises KeyFormatError, also for another signature type than Ed25519."""
        name, signature_type, public_key = parse_vkey(vkey)
        if signature_type != ED25519:
            raise KeyFormatError(f"the key of '{name}' has signature type {signature_type:#04x}, not Ed25519 (0x01)")
        return cls(name, public_key)

    def verify(self, text: bytes, signature: bytes) -> bool:
        """Return whether `signature` (64 bytes) is this key's on `text`. Source: RFC 8032."""
        return ed25519_verify(self.public_key, text, signature)


class Signer:
    """An Ed25519 private key (32-byte seed) under its name."""

    def __init__(self, name: str, seed: bytes) -> None:
        """Raises KeyFormatError for a name that a note cannot carry or a seed of another length."""
        check_name(name)
        if len(seed) != 32:
            raise KeyFormatError(f"the private key of '{name}' has {len(seed)} bytes; it takes 32")
        self.name = name
        self._seed = seed
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.verifier = Verifier(name, self._key.public_key().public_bytes_raw())
        self.key_id = self.verifier.key_id

    def __repr__(self) -> str:
        return f"Signer({self.name!r})"

    @property
    def skey(self) -> str:
        """The private key as text. Keep it secret."""
        return encode_skey(self.name, ED25519, self._seed, self.key_id)

    @classmethod
    def from_skey(cls, skey: str) -> Self:
        """Return the key that `skey` writes; raises KeyFormatError, which does not repeat the key."""
        name, signature_type, seed, written_id = parse_skey(skey)
        if signature_type != ED25519:
            raise KeyFormatError(f"the private key of '{name}' has signature type {signature_type:#04x}, not 0x01")
        signer = cls(name, seed)
        check_key_id(name, signer.key_id, written_id)
        return signer

    def sign(self, text: bytes) -> bytes:
        """Return the 64-byte signature on `text`."""
        return self._key.sign(text)


def key_id(name: str, signature_type: int, public_key: bytes) -> bytes:
    """Return the 4-byte ID by which signature lines name a key."""
    return sha256(name.encode() + b"\n" + bytes([signature_type]) + public_key).digest()[:KEY_ID_BYTES]


def encode_vkey(name: str, signature_type: int, public_key: bytes) -> str:
    """Return a public key as `NAME+ID+BASE64`."""
    encoded = base64_text.encode(bytes([signature_type]) + public_key)
    return f"{name}+{key_id(name, signature_type, public_key).hex()}+{encoded}"


def parse_vkey(vkey: str) -> tuple[str, int, bytes]:
    """Return the name, signature type and public key that `vkey` writes; raises KeyFormatError."""
    parts = vkey.split("+", 2)
    if len(parts) != 3:
        raise KeyFormatError(f"'{vkey[:80]}' is not a verifier key; one is written NAME+ID+BASE64")
    name, written_id, encoded = parts
    check_name(name)
    try:
        data = base64_text.decode(encoded)
    except base64_text.Base64Error as error:
        raise KeyFormatError(f"the verifier key of '{name}' ends in bad Base 64: {error}") from None
    if len(data) < 2:
        raise KeyFormatError(f"the verifier key of '{name}' holds no public key")
    check_key_id(name, key_id(name, data[0], data[1:]), written_id)
    return name, data[0], data[1:]


def encode_skey(name: str, signature_type: int, seed: bytes, public_key_id: bytes) -> str:
    """Return a private key as golang.org/x/mod/sumdb/note writes it: `PRIVATE+KEY+NAME+ID+BASE64`."""
    return f"{_PRIVATE_START}{name}+{public_key_id.hex()}+{base64_text.encode(bytes([signature_type]) + seed)}"


def parse_skey(skey: str) -> tuple[str, int, bytes, str]:
    """Return the name, signature type, seed and hex key ID that `skey` writes.

    Raises KeyFormatError, which does not repeat the key. Whether the ID is the key's is for `check_key_id` to say.
    """
    try:
        name, written_id, encoded = skey.removeprefix(_PRIVATE_START).split("+", 2)
        data = base64_text.decode(encoded)
    except ValueError:
        name, written_id, data = "", "", b""
    if not skey.startswith(_PRIVATE_START) or len(data) < 2:
        raise KeyFormatError(f"a private key is written {_PRIVATE_START}NAME+ID+BASE64; this one is not")
    check_name(name)
    return name, data[0], data[1:], written_id


def check_key_id(name: str, computed: bytes, written: str) -> None:
    """Return if a key's ID is the one it was written with; raises KeyFormatError."""
    if computed.hex() != written:
        raise KeyFormatError(f"the key of '{name}' does not have the ID {written[:16]}: it was changed or miscopied")


def check_name(name: str) -> None:
    """Return if a note can carry `name` as a key's; raises KeyFormatError."""
    try:
        name.encode()
    except UnicodeEncodeError:
        raise KeyFormatError("a key's name is not valid Unicode") from None
    if not name or "+" in name or any(c.isspace() or c < " " for c in name):
        raise KeyFormatError(f"'{name[:80]}' cannot be a key's name: it must not be empty nor hold spaces or '+'")


def ed25519_verify(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Return whether `signature` is that of the 32-byte `public_key` on `message`; anything malformed is not."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (_BadSignature, ValueError):
        return False
    return True


def split(note: bytes | str) -> tuple[str, list[Signature]]:
    """Return a note's text and its signatures in their order, none of them checked.

    Raises MalformedNoteError; InvalidSignatureError for a signature that is spelt with stray bits.
    """
    content = _decode(note)
    text, blank, lines = content.rpartition("\n\n")
    if not blank:
        raise MalformedNoteError("the note has no blank line between its text and its signatures")
    if not lines.endswith("\n"):
        raise MalformedNoteError("the note does not end in signature lines and a newline; was it cut short?")
    signature_lines = lines[:-1].split("\n")
    if len(signature_lines) > MAX_SIGNATURES:
        raise MalformedNoteError(f"the note has {len(signature_lines)} signatures; at most {MAX_SIGNATURES} are read")
    return text + "\n", [_parse_line(number, line) for number, line in enumerate(signature_lines, 1)]


def open(note: bytes | str, verifiers: Iterable[NoteVerifier | str]) -> Note:  # noqa: A001 - the format's own word
    """Return the note, if at least one trusted key signed it and no signature in a trusted key's name is wrong.

    Parameters
    ----------
    note
        The whole note: text, blank line, signature lines.
    verifiers
        The trusted keys; a string is an Ed25519 verifier key (vkey).

    Raises
    ------
    MalformedNoteError, UnverifiedNoteError, InvalidSignatureError, AmbiguousKeyError
        All are NoteError. KeyFormatError for a verifier key that is not one.

    """
    known: dict[tuple[str, bytes], list[NoteVerifier]] = {}
    for verifier in verifiers:
        trusted: NoteVerifier = Verifier.from_vkey(verifier) if isinstance(verifier, str) else verifier
        known.setdefault((trusted.name, trusted.key_id), []).append(trusted)

    text, signatures = split(note)
    signed = text.encode()
    verified: dict[tuple[str, bytes], Signature] = {}
    unverified: dict[Signature, None] = {}
    for signature in signatures:
        key = (signature.name, signature.key_id)
        candidates = known.get(key, [])
        if not candidates:
            unverified[signature] = None
            continue
        if len(candidates) > 1:
            raise AmbiguousKeyError(f"{len(candidates)} trusted keys are called '{key[0]}' with the ID {key[1].hex()}")
        if verified.get(key) == signature:
            continue
        if not candidates[0].verify(signed, signature.signature):
            raise InvalidSignatureError(f"the signature of '{key[0]}' (key {key[1].hex()}) is not on this text")
        verified.setdefault(key, signature)
    if not verified:
        names = ", ".join(sorted({f"{s.name} (key {s.key_id.hex()})" for s in signatures}))
        raise UnverifiedNoteError(f"no trusted key signed this note; it is signed by {names}"[:2000])
    return Note(text, tuple(verified.values()), tuple(unverified))


def sign(text: str, signers: Sequence[NoteSigner]) -> str:
    """Return `text`, which ends in a newline, as a note that every one of `signers` has signed.

    Raises MalformedNoteError for text that a note cannot carry.
    """
    if not signers:
        raise MalformedNoteError("a note needs at least one signature")
    if not text.endswith("\n"):
        raise MalformedNoteError("a note's text ends in a newline")
    _decode(text)
    signed = text.encode()
    lines = [Signature(signer.name, signer.key_id, signer.sign(signed)).line() for signer in signers]
    return f"{text}\n{''.join(lines)}"


def _decode(note: bytes | str) -> str:
    try:
        data = note.encode() if isinstance(note, str) else note
        content = data.decode()
    except UnicodeError:
        raise MalformedNoteError("the note is not valid UTF-8") from None
    if len(data) > MAX_BYTES:
        raise MalformedNoteError(f"the note has {len(data)} bytes; at most {MAX_BYTES} are read")
    control = next((c for c in content if c < " " and c != "\n"), None)
    if control is not None:
        raise MalformedNoteError(f"the note holds the control character U+{ord(control):04X}")
    return content


def _parse_line(number: int, line: str) -> Signature:
    name, space, encoded = line.removeprefix(_SIGNATURE_START).partition(" ")
    if not line.startswith(_SIGNATURE_START) or not space:
        raise MalformedNoteError(f"signature line {number} is not written '— NAME BASE64': '{line[:80]}'")
    try:
        check_name(name)
        data = base64_text.decode(encoded)
    except base64_text.StrayBitsError as error:
        raise InvalidSignatureError(f"signature line {number}: {error}") from None
    except ValueError as error:
        raise MalformedNoteError(f"signature line {number}: {error}") from None
    if len(data) <= KEY_ID_BYTES:
        raise MalformedNoteError(f"signature line {number} holds {len(data)} bytes: no signature after its key ID")
    return Signature(name, data[:KEY_ID_BYTES], data[KEY_ID_BYTES:])
