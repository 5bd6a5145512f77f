"""The log's own signing key: made on first use in SAMEBOAT_HOME/keys, readable by the owner alone, never logged."""

import functools
import os
import secrets

from django.conf import settings

from sameboat.transparency.engine import signed_note

FILE_NAME = "log-signing-key"


def has_key() -> bool:
    """Return whether this home has the log's key already."""
    return (settings.HOME / "keys" / FILE_NAME).exists()


@functools.cache
def log_signer() -> signed_note.Signer:
    """Return the log's signer, making its key on the first call of an installation.

    Its name is the log's origin: SAMEBOAT_LOG_ORIGIN counts when the key is made, and never again.
    """
    path = settings.HOME / "keys" / FILE_NAME
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = path.with_suffix(f".{os.getpid()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(signed_note.Signer(settings.LOG_ORIGIN, secrets.token_bytes(32)).skey + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            pass  # another process made it first; that one counts
        finally:
            draft.unlink()
    return signed_note.Signer.from_skey(path.read_text().strip())


def log_vkey() -> str:
    """Return the log's public verifier key, as others pin it: `name+hash+key`."""
    return log_signer().verifier.vkey
