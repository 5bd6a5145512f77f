"""The log's own signing key: made on first use in SAMEBOAT_HOME/keys, readable by the owner alone, never logged."""

import functools
import secrets

from django.conf import settings

from sameboat.transparency import key_files
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
    skey = key_files.read_or_make(path, lambda: signed_note.Signer(settings.LOG_ORIGIN, secrets.token_bytes(32)).skey)
    return signed_note.Signer.from_skey(skey)


def log_vkey() -> str:
    """Return the log's public verifier key, as others pin it: `name+hash+key`."""
    return log_signer().verifier.vkey
