"""Base 64 of RFC 4648, section 4, in its one canonical spelling, as all the log's text formats write it."""

import base64
import binascii


class Base64Error(ValueError):
    """Text that is not Base 64 at all."""


class StrayBitsError(Base64Error):
    """Base 64 with bits set that belong to no byte: a second spelling of the same bytes."""


def encode(data: bytes) -> str:
    """Return `data` in Base 64 with padding."""
    return base64.b64encode(data).decode("ascii")


def decode(text: str) -> bytes:
    """Return the bytes that `text` stands for, if it is what `encode` would write for them.

    Raises StrayBitsError (RFC 4648, section 3.5) or Base64Error.
    """
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        raise Base64Error(f"'{text[:80]}' is not Base 64") from None
    if encode(data) != text:
        raise StrayBitsError(f"'{text[:80]}' is not the one spelling of its bytes, which is '{encode(data)[:80]}'")
    return data
