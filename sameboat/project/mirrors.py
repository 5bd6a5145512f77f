"""What others see of this log: the checkpoint in a mirror that they read."""

from pathlib import Path

from sameboat.transparency import sources
from sameboat.transparency.engine import checkpoint
from sameboat.transparency.engine.checkpoint import Checkpoint, CheckpointError
from sameboat.transparency.engine.layout import CHECKPOINT_PATH
from sameboat.transparency.engine.signed_note import KeyFormatError, NoteError, Verifier
from sameboat.transparency.errors import AuditError


def seen_in(mirror: str, vkey: str) -> Checkpoint:
    """Return the checkpoint that a mirror shows, a folder of tiles or a web server's address.

    Raises AuditError where the log's key did not sign it, BadInput where the mirror cannot be read.
    """
    fetch = sources.server(mirror) if mirror.startswith(("http://", "https://")) else sources.folder(Path(mirror))
    try:
        seen, _ = checkpoint.open(fetch(CHECKPOINT_PATH), Verifier.from_vkey(vkey))
    except (NoteError, CheckpointError, KeyFormatError) as error:
        raise AuditError(f"{mirror} shows no checkpoint of this log: {error}. Check the address.") from error
    return seen
