"""Typed, sortable public ids: `need_01jd…` is a kind and a UUIDv7 (RFC 9562) in Crockford's base 32, lower case."""

import re
import secrets
import uuid

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_FORM = re.compile(r"^([a-z]{2,12})_([0-7][0-9a-hjkmnp-tv-z]{25})$")


def new(kind: str, at_ms: int) -> str:
    """Return a fresh id of `kind` whose order follows `at_ms`, milliseconds since 1970."""
    return encode(kind, uuid7(at_ms, secrets.token_bytes(10)))


def uuid7(at_ms: int, random: bytes) -> uuid.UUID:
    """Return the UUIDv7 of a time in milliseconds and 10 random bytes (RFC 9562, section 5.7)."""
    number = int.from_bytes(at_ms.to_bytes(6, "big") + random, "big")
    number = number & ~(0xF << 76) | 0x7 << 76
    return uuid.UUID(int=number & ~(0x3 << 62) | 0x2 << 62)


def encode(kind: str, value: uuid.UUID) -> str:
    """Return the id of `kind` for a UUID: 26 characters behind the kind."""
    number, text = value.int, ""
    for _ in range(26):
        number, digit = divmod(number, 32)
        text = _ALPHABET[digit] + text
    return f"{kind}_{text}"


def is_valid(text: str, kind: str) -> bool:
    """Return whether `text` is a well-formed id of `kind`."""
    match = _FORM.match(text)
    return match is not None and match[1] == kind
