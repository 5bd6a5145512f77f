"""What a log asks of a witness, and what the witness answers. Source: c2sp.org/tlog-witness 1.0.0.

A witness remembers the last checkpoint of a log that it cosigned, and cosigns another only if that one extends it. What
is decided here is decided on values alone: whoever calls keeps the memory, and must have stored what it cosigns before
the cosignature leaves.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from . import base64_text, checkpoint, cosignature, merkle, signed_note
from .checkpoint import Checkpoint
from .signed_note import NoteVerifier

PATH = "add-checkpoint"
SIZE_TYPE = "text/x.tlog.size"
TEXT_TYPE = "text/plain; charset=utf-8"
MAX_HASHES = 63
MAX_REQUEST_BYTES = 131_072
MAX_ANSWER_BYTES = 65_536

CLOCK_TOLERANCE = 300
"""Seconds by which two clocks may differ before one of them counts as wrong."""

_OLD = re.compile(r"old (0|[1-9][0-9]{0,19})", re.ASCII)
_SIZE = re.compile(r"(0|[1-9][0-9]{0,19})\n", re.ASCII)


class RefusedError(ValueError):
    """A witness does not cosign; `status` is that of its answer over HTTP, the message its body."""

    status = 400
    content_type = TEXT_TYPE

    @property
    def body(self) -> str:
        """What the answer says."""
        return f"{self}\n"


class MalformedRequestError(RefusedError):
    """What was sent is not a request to cosign."""


class UnsignedError(RefusedError):
    """No key of the log signed the checkpoint."""

    status = 403


class UnknownLogError(RefusedError):
    """A checkpoint of a log that this witness does not watch."""

    status = 404


class ConflictError(RefusedError):
    """The witness cosigned another checkpoint last; its answer is the size of that one alone."""

    status = 409
    content_type = SIZE_TYPE

    def __init__(self, message: str, size: int) -> None:
        super().__init__(message)
        self.size = size

    @property
    def body(self) -> str:
        """The size that the witness knows."""
        return f"{self.size}\n"


class ForkError(ConflictError):
    """Two checkpoints of one size with different roots, both signed by the log: it shows two histories."""


class InconsistentError(RefusedError):
    """Nothing shows that the checkpoint extends the one that was cosigned last."""

    status = 422


class ClockError(RefusedError):
    """The witness's clock is behind its own last cosignature, so that any time it could sign would be untrue."""

    status = 503


class BadAnswerError(ValueError):
    """An answer that no honest witness gives."""


@dataclass(frozen=True, slots=True)
class Submission:
    """A request to cosign: the size of the tree that the witness is thought to know, the proof, and the checkpoint."""

    old_size: int
    hashes: tuple[bytes, ...]
    note: str
    text: str
    head: Checkpoint


@dataclass(frozen=True, slots=True)
class Cosigned:
    """The last checkpoint of a log that a witness cosigned: size, 32-byte root, and when, in POSIX seconds."""

    size: int
    root: bytes
    at: int


NEVER = Cosigned(0, merkle.EMPTY_ROOT, 0)
"""What a witness knows of a log before it cosigned anything: every tree extends the empty one."""


def encode(old_size: int, hashes: Sequence[bytes], note: str) -> bytes:
    """Return the body of a request to cosign the checkpoint `note`, which extends the tree of `old_size` leaves."""
    lines = [f"old {old_size}", *(base64_text.encode(value) for value in hashes)]
    return ("\n".join(lines) + f"\n\n{note}").encode()


def parse(body: bytes) -> Submission:
    """Return the request that `body` writes, nothing in it checked.

    Raises MalformedRequestError; UnsignedError for a signature that is spelt with stray bits.
    """
    if len(body) > MAX_REQUEST_BYTES:
        raise MalformedRequestError(f"the request has {len(body)} bytes; at most {MAX_REQUEST_BYTES} are read")
    try:
        content = body.decode()
    except UnicodeDecodeError:
        raise MalformedRequestError("the request is not valid UTF-8") from None
    start, blank, note = content.partition("\n\n")
    if not blank:
        raise MalformedRequestError("the request has no empty line before its checkpoint; was it cut short?")
    first, *lines = start.split("\n")
    old = _OLD.fullmatch(first)
    if old is None or int(old[1]) > merkle.MAX_SIZE:
        raise MalformedRequestError(f"the first line is '{first[:40]}'; it is written 'old SIZE'")
    if len(lines) > MAX_HASHES:
        raise MalformedRequestError(f"the consistency proof has {len(lines)} lines; at most {MAX_HASHES} are allowed")
    hashes = tuple(_hash(number, line) for number, line in enumerate(lines, 1))
    try:
        text, _ = signed_note.split(note)
        head = checkpoint.parse(text)
    except signed_note.InvalidSignatureError as error:
        raise UnsignedError(f"invalid signature: {error}") from None
    except (signed_note.NoteError, checkpoint.CheckpointError) as error:
        raise MalformedRequestError(f"the checkpoint: {error}") from None
    return Submission(int(old[1]), hashes, note, text, head)


def judge(submission: Submission, keys: Sequence[NoteVerifier], last: Cosigned, now: int) -> Cosigned:
    """Return what the witness is to remember, and then to cosign at its time; refuse anything else.

    Parameters
    ----------
    submission
        What `parse` returned.
    keys
        The keys by which the witness knows the log of this origin; none if it does not watch it.
    last
        What it cosigned last of that log, or `NEVER`.
    now
        Its clock, in POSIX seconds.

    Raises
    ------
    RefusedError
        One of its kinds, looked for in the order of the specification.

    """
    head = submission.head
    if not keys:
        raise UnknownLogError(f"unknown log: '{head.origin[:200]}' is not watched here")
    try:
        signed_note.open(submission.note, keys)
    except signed_note.NoteError as error:
        raise UnsignedError(f"invalid signature: {error}") from None
    if submission.old_size > head.size:
        raise MalformedRequestError(f"the old size {submission.old_size} is larger than the checkpoint's, {head.size}")
    if submission.old_size != last.size:
        raise ConflictError(
            f"the last checkpoint cosigned has size {last.size}, not {submission.old_size}", size=last.size
        )
    if head.size == last.size and head.root != last.root:
        raise ForkError(f"another checkpoint of size {last.size} was cosigned, with another root", size=last.size)
    _check_extends(submission, last)
    if now < last.at - CLOCK_TOLERANCE:
        raise ClockError(f"the clock is {last.at - now} seconds behind the last cosignature; its operator must set it")
    return Cosigned(head.size, head.root, max(now, last.at))


def answer(lines: Sequence[signed_note.Signature]) -> str:
    """Return the body of the answer that carries these cosignatures."""
    return "".join(line.line() for line in lines)


def read_cosignature(body: bytes, text: str, witness: cosignature.Verifier, now: int) -> signed_note.Signature:
    """Return the cosignature by `witness` on the checkpoint `text` that its answer carries, verified.

    Lines by other keys are passed over. Raises BadAnswerError for an answer without one that verifies, or with a time
    that is none or lies more than `CLOCK_TOLERANCE` seconds after `now`.
    """
    try:
        signed, signatures = signed_note.split(text.encode() + b"\n" + body)
    except signed_note.NoteError as error:
        raise BadAnswerError(f"its answer does not hold signature lines: {error}") from None
    if signed != text:
        raise BadAnswerError("its answer holds more than signature lines")
    own = [s for s in signatures if (s.name, s.key_id) == (witness.name, witness.key_id)]
    if not own:
        raise BadAnswerError(f"its answer holds no signature of '{witness.name}', key {witness.key_id.hex()}")
    if not witness.verify(text.encode(), own[0].signature):
        raise BadAnswerError("its signature is not on this checkpoint")
    at = cosignature.timestamp(own[0].signature)
    if not 0 < at <= now + CLOCK_TOLERANCE:
        raise BadAnswerError(f"it gives {at} as the time of its cosignature; the time is {now}")
    return own[0]


def read_size(body: bytes) -> int:
    """Return the size that a witness answers where it knows another than it was asked from; raises BadAnswerError."""
    match = _SIZE.fullmatch(body[:32].decode(errors="replace")) if len(body) < 32 else None
    if match is None:
        raise BadAnswerError("its answer to a wrong old size is no size")
    return int(match[1])


def _check_extends(submission: Submission, last: Cosigned) -> None:
    if last.size == 0:
        if submission.hashes:
            raise InconsistentError("the consistency proof from size 0 must be empty")
        return
    head = submission.head
    try:
        merkle.verify_consistency(last.size, head.size, last.root, head.root, submission.hashes)
    except merkle.ProofError as error:
        raise InconsistentError(str(error)) from None


def _hash(number: int, line: str) -> bytes:
    try:
        value = base64_text.decode(line)
    except base64_text.Base64Error as error:
        raise MalformedRequestError(f"line {number} of the consistency proof: {error}") from None
    if len(value) != merkle.HASH_SIZE:
        raise MalformedRequestError(f"line {number} of the consistency proof has {len(value)} bytes, not 32")
    return value
