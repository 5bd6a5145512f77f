"""Checkpoints: the signed head of a log's tree. Source: c2sp.org/tlog-checkpoint 1.0.0."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from . import base64_text, signed_note
from .merkle import HASH_SIZE, MAX_SIZE

_SIZE = re.compile(r"0|[1-9][0-9]{0,19}", re.ASCII)


class CheckpointError(ValueError):
    """Text that is not a checkpoint, or a checkpoint of another log."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A tree's head: the log's name, the number of leaves, the 32-byte root, and lines that the log may add."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if len(self.root) != HASH_SIZE:
            raise CheckpointError(f"the checkpoint's root hash has {len(self.root)} bytes; SHA-256 has {HASH_SIZE}")
        if not 0 <= self.size <= MAX_SIZE:
            raise CheckpointError(f"the checkpoint's size {self.size} is not a number of leaves")
        for line in (self.origin, *self.extensions):
            if not line or any(c < " " for c in line):
                raise CheckpointError("a line of the checkpoint is empty or holds a control character")


def encode(checkpoint: Checkpoint) -> str:
    """Return the checkpoint as note text, ready to sign."""
    lines = [checkpoint.origin, str(checkpoint.size), base64_text.encode(checkpoint.root), *checkpoint.extensions]
    return "\n".join(lines) + "\n"


def parse(text: bytes | str) -> Checkpoint:
    """Return the checkpoint that a note's text, without signatures, writes; raises CheckpointError."""
    try:
        content = text.decode() if isinstance(text, bytes) else text
        content.encode()
    except UnicodeError:
        raise CheckpointError("the checkpoint is not valid UTF-8") from None
    if not content.endswith("\n"):
        raise CheckpointError("the checkpoint does not end in a newline; was it cut short?")
    lines = content[:-1].split("\n")
    if len(lines) < 3:
        raise CheckpointError(f"the checkpoint has {len(lines)} lines; it needs origin, size and root hash")
    origin, size, root, *extensions = lines
    if not _SIZE.fullmatch(size):
        raise CheckpointError(
            f"the checkpoint's second line, the size, is '{size[:40]}', which is not a decimal number"
        )
    try:
        decoded = base64_text.decode(root)
    except base64_text.Base64Error as error:
        raise CheckpointError(f"the checkpoint's third line, the root hash: {error}") from None
    return Checkpoint(origin, int(size), decoded, tuple(extensions))


def open(  # noqa: A001 - the format's own word
    note: bytes | str,
    log: signed_note.NoteVerifier,
    others: Iterable[signed_note.NoteVerifier] = (),
    origin: str | None = None,
) -> tuple[Checkpoint, signed_note.Note]:
    """Return the checkpoint in a note that the log's key signed, and the note with all its verified signatures.

    Parameters
    ----------
    note
        The checkpoint as the log serves it.
    log
        The log's key.
    others
        Further keys, as of witnesses, whose signatures are verified if there.
    origin
        What the checkpoint must name as its log; by default the name of the log's key, which it mostly is.

    Raises
    ------
    signed_note.NoteError, CheckpointError

    """
    opened = signed_note.open(note, [log, *others])
    if not any((s.name, s.key_id) == (log.name, log.key_id) for s in opened.verified):
        raise signed_note.UnverifiedNoteError(f"the checkpoint is not signed by its log, '{log.name}'")
    head = parse(opened.text)
    wanted = log.name if origin is None else origin
    if head.origin != wanted:
        raise CheckpointError(f"the checkpoint is of the log '{head.origin}', not of '{wanted}'")
    return head, opened
