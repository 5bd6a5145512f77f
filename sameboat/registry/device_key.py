"""A device key as a file: an Ed25519 private key in PEM (RFC 8410), readable by its owner alone."""

import base64
import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sameboat.registry.refusals import Fault, InvalidInput

_LARGEST = 10_000


@dataclass(frozen=True, slots=True)
class DeviceKey:
    """A private key that signs statements."""

    private: Ed25519PrivateKey

    @property
    def public_key(self) -> str:
        """The public key as it is registered: base64 of its 32 bytes."""
        return base64.b64encode(self.private.public_key().public_bytes_raw()).decode()

    def sign(self, text: str) -> str:
        """Return the signature of a statement, base64 of 64 bytes."""
        return base64.b64encode(self.private.sign(text.encode())).decode()


def make(path: Path) -> DeviceKey:
    """Write a new key to a file that must not exist, and return it."""
    private = Ed25519PrivateKey.generate()
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(pem)
        file.flush()
        os.fsync(file.fileno())
    return DeviceKey(private)


def load(path: Path) -> DeviceKey:
    """Return the key in a file; raises InvalidInput where it is none."""
    with path.open("rb") as file:
        data = file.read(_LARGEST)
    try:
        private = serialization.load_pem_private_key(data, password=None)
    except (ValueError, TypeError):
        private = None
    if not isinstance(private, Ed25519PrivateKey):
        raise InvalidInput([Fault("key", f"{path} holds no device key; make one with `sameboat key make FILE`.")])
    return DeviceKey(private)
