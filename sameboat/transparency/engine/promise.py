"""Promises: what the log signs when it accepts an entry, before the entry stands under a checkpoint.

A note (c2sp.org/signed-note 1.0.0) by the log's key, over five lines:

    sameboat-promise/v1
    the log's origin
    the entry's RFC 6962 leaf hash in Base 64
    when it was accepted, in POSIX milliseconds
    the maximum merge delay, in seconds

It is to the tiled log what the signed certificate timestamp of RFC 6962, section 3.2, is to Certificate Transparency.
Its first line keeps it apart from a checkpoint, whose first line is the origin, so neither passes for the other.
"""

import re
from dataclasses import dataclass

from . import base64_text, signed_note
from .merkle import HASH_SIZE

FORMAT = "sameboat-promise/v1"
MAX_DELAY = 31 * 86_400  # seconds; a longer delay promises nothing
MAX_TIME = 2**53 - 1  # milliseconds; readers that hold numbers as IEEE 754 doubles lose digits beyond it

_NUMBER = re.compile(r"0|[1-9][0-9]{0,15}", re.ASCII)


class PromiseError(ValueError):
    """Text that is not a promise, or a promise of another log."""


@dataclass(frozen=True, slots=True)
class Promise:
    """The log `origin` will publish the entry with `leaf_hash` (32 bytes) within `delay` seconds of `accepted_at`.

    `accepted_at` is in POSIX milliseconds.
    """

    origin: str
    leaf_hash: bytes
    accepted_at: int
    delay: int

    def __post_init__(self) -> None:
        if not self.origin or any(c < " " for c in self.origin):
            raise PromiseError("the promise's second line, the log's origin, is empty or holds a control character")
        if self.origin == FORMAT:
            raise PromiseError(f"no log may be called '{FORMAT}': its checkpoints would begin like promises")
        if len(self.leaf_hash) != HASH_SIZE:
            raise PromiseError(f"the promise's leaf hash has {len(self.leaf_hash)} bytes; SHA-256 has {HASH_SIZE}")
        if not 0 <= self.accepted_at <= MAX_TIME:
            raise PromiseError(f"the promise's time {self.accepted_at} is not a time in POSIX milliseconds")
        if not 1 <= self.delay <= MAX_DELAY:
            raise PromiseError(f"the promise's delay is {self.delay} seconds; it runs from 1 to {MAX_DELAY}")

    @property
    def due_at(self) -> int:
        """When the entry must be published at the latest, in POSIX milliseconds."""
        return self.accepted_at + 1000 * self.delay


def encode(promise: Promise) -> str:
    """Return the promise as note text, ready to sign."""
    lines = [
        FORMAT,
        promise.origin,
        base64_text.encode(promise.leaf_hash),
        str(promise.accepted_at),
        str(promise.delay),
    ]
    return "\n".join(lines) + "\n"


def parse(text: bytes | str) -> Promise:
    """Return the promise that a note's text, without signatures, writes; raises PromiseError."""
    try:
        content = text.decode() if isinstance(text, bytes) else text
        content.encode()
    except UnicodeError:
        raise PromiseError("the promise is not valid UTF-8") from None
    lines = content.split("\n")
    if lines[0] != FORMAT:
        raise PromiseError(f"the first line is '{lines[0][:40]}', not '{FORMAT}': this is no promise that can be read")
    if len(lines) != 6 or lines[-1]:
        raise PromiseError("a promise has five lines, each ended by a newline; was it cut short?")
    _, origin, leaf_hash, accepted_at, delay, _ = lines
    try:
        decoded = base64_text.decode(leaf_hash)
    except base64_text.Base64Error as error:
        raise PromiseError(f"the promise's third line, the leaf hash: {error}") from None
    for place, number in (("fourth line, the time", accepted_at), ("fifth line, the delay", delay)):
        if not _NUMBER.fullmatch(number):
            raise PromiseError(f"the promise's {place}, is '{number[:40]}', which is not a decimal number")
    return Promise(origin, decoded, int(accepted_at), int(delay))


def sign(promise: Promise, log: signed_note.NoteSigner) -> str:
    """Return the promise as a note that the log's key signed; raises PromiseError for another log's key."""
    if promise.origin != log.name:
        raise PromiseError(f"the promise is of the log '{promise.origin}', the key of '{log.name}'")
    return signed_note.sign(encode(promise), [log])


def open(note: bytes | str, log: signed_note.NoteVerifier) -> Promise:  # noqa: A001 - as checkpoint.open
    """Return the promise in a note, if the log's key signed it.

    Raises
    ------
    signed_note.NoteError, PromiseError

    """
    promise = parse(signed_note.open(note, [log]).text)
    if promise.origin != log.name:
        raise PromiseError(f"the promise is of the log '{promise.origin}', not of '{log.name}'")
    return promise
