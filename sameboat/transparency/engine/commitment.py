"""Commitments to the private part of a record, of which the log carries 32 bytes and nothing else.

Each record has a random 32-byte key of its own. From it come, by HMAC-SHA256, a key for each field and one for the
whole:

    field key        = HMAC(record key, "sameboat-commitment/v1 field\\n" || name)
    field commitment = HMAC(field key, canonical JSON of the field's value)
    whole key        = HMAC(record key, "sameboat-commitment/v1 whole\\n")
    commitment       = HMAC(whole key, canonical JSON of {name: hex of the field's commitment})

Who holds the record key can open everything. Who is given the whole key, the field commitments, and one field's key
and value can check that one field and learns nothing of the values of the others. Without the record key nothing can
be guessed and tried, not even a telephone number: erase the key and the row, and the commitment says nothing any more.

It binds as firmly as SHA-256 resists collisions: all keys have one length, so that HMAC's padding gives no two keys
the same effect (RFC 2104, section 2), and every opening is checked against that length.
"""

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from . import canonical_json

KEY_BYTES = 32
ENTRY_MEMBER = "private"  # where an entry carries the commitment to its private part

_FIELD = b"sameboat-commitment/v1 field\n"
_WHOLE = b"sameboat-commitment/v1 whole\n"
_HEX = re.compile(r"[0-9a-f]{64}", re.ASCII)


class CommitmentError(ValueError):
    """An opening that does not fit its commitment, or a key of a wrong length."""


@dataclass(frozen=True, slots=True)
class FieldOpening:
    """What opens one field of a commitment: its value and key, the whole's key and every field's commitment (hex)."""

    name: str
    value: Any
    field_key: bytes
    whole_key: bytes
    fields: Mapping[str, str]


def commit(key: bytes, private: Mapping[str, Any]) -> str:
    """Return the commitment, 64 hex digits, to the fields of `private` under the record's 32-byte `key`.

    Raises CommitmentError for a key of another length, CanonicalJsonError for values that are not JSON.
    """
    return _hmac(_hmac_key(key, _WHOLE), canonical_json.encode(_field_commitments(key, private)))


def opens(commitment: str, key: bytes, private: Mapping[str, Any]) -> bool:
    """Return whether `key` and all fields of `private` are those that `commitment` was made of."""
    return commit(key, private) == commitment


def open_field(key: bytes, private: Mapping[str, Any], name: str) -> FieldOpening:
    """Return the opening of the field `name` alone; raises CommitmentError if `private` has no such field."""
    if name not in private:
        raise CommitmentError(f"there is no private field '{name}' to open; there are {', '.join(sorted(private))}")
    return FieldOpening(
        name,
        private[name],
        _hmac_key(key, _FIELD + name.encode()),
        _hmac_key(key, _WHOLE),
        _field_commitments(key, private),
    )


def check_field(commitment: str, opening: FieldOpening) -> None:
    """Return if `opening` shows one field of what `commitment` was made of; raises CommitmentError if not.

    CanonicalJsonError for a value that is not JSON.
    """
    for label, value in (("field", opening.field_key), ("whole", opening.whole_key)):
        if len(value) != KEY_BYTES:
            raise CommitmentError(f"the {label} key of the opening of '{opening.name}' has {len(value)} bytes, not 32")
    for name, field_commitment in opening.fields.items():
        if not _HEX.fullmatch(field_commitment):
            raise CommitmentError(f"the opening's commitment of the field '{name}' is not 64 hex digits")
    if opening.fields.get(opening.name) != _hmac(opening.field_key, canonical_json.encode(opening.value)):
        raise CommitmentError(f"the value or key of the field '{opening.name}' is not the one committed to")
    if _hmac(opening.whole_key, canonical_json.encode(dict(opening.fields))) != commitment:
        raise CommitmentError(f"the opening of '{opening.name}' belongs to another commitment than {commitment}")


def _field_commitments(key: bytes, private: Mapping[str, Any]) -> dict[str, str]:
    canonical_json.encode(dict(private))  # names a bad value by its path before anything is committed
    return {
        name: _hmac(_hmac_key(key, _FIELD + name.encode()), canonical_json.encode(value))
        for name, value in private.items()
    }


def _hmac_key(key: bytes, label: bytes) -> bytes:
    if len(key) != KEY_BYTES:
        raise CommitmentError(f"a record's key has {KEY_BYTES} random bytes, not {len(key)}")
    return hmac.digest(key, label, "sha256")


def _hmac(key: bytes, message: bytes) -> str:
    return hmac.digest(key, message, "sha256").hex()
