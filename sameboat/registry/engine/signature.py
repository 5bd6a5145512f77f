"""Signatures of hand-overs: what is signed, in which words, and how it is checked."""

import base64
import binascii
import json
from collections.abc import Mapping

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

DOMAIN = "sameboat-statement/v1\n"
"""First line of every signed statement, so that a signature can never be taken for one over something else."""


class SignatureError(ValueError):
    """A key or signature is malformed, or the signature is not of this statement under this key."""


def statement(words: Mapping[str, str | int | None]) -> str:
    """Return the text that a device key signs: the domain line and the statement as canonical JSON."""
    known = {name: value for name, value in words.items() if value is not None}
    return DOMAIN + json.dumps(known, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def parse_statement(text: str) -> dict[str, str | int]:
    """Return the words of a statement, or raise SignatureError where `text` is none."""
    if not text.startswith(DOMAIN):
        raise SignatureError(f"what is signed does not start with {DOMAIN.strip()!r}")
    try:
        words = json.loads(text.removeprefix(DOMAIN))
    except (ValueError, RecursionError):
        raise SignatureError("what is signed is not a statement in JSON") from None
    if not isinstance(words, dict) or statement(words) != text:
        raise SignatureError("what is signed is not written as statements are")
    return words


def parse_public_key(text: str) -> Ed25519PublicKey:
    """Return the Ed25519 public key written as base64 of its 32 bytes, or raise SignatureError."""
    raw = _decode(text, "public key")
    if len(raw) != 32:
        raise SignatureError(f"the public key has {len(raw)} bytes; an Ed25519 key has 32")
    return Ed25519PublicKey.from_public_bytes(raw)


def check(public_key: str, signature: str, text: str) -> None:
    """Raise SignatureError unless `signature` (base64) is of `text` under `public_key`."""
    try:
        parse_public_key(public_key).verify(_decode(signature, "signature"), text.encode())
    except InvalidSignature:
        raise SignatureError("the signature is not of this statement under this key; sign again") from None


def _decode(text: str, what: str) -> bytes:
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise SignatureError(f"the {what} is not base64") from None
    if base64.b64encode(raw).decode() != text:
        raise SignatureError(f"the {what} is not written in its one base64 form")
    return raw
