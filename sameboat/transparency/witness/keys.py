"""A witness's own keys: made on first use, readable by the owner alone, bound to the memory beside them."""

import secrets
from pathlib import Path

from sameboat.transparency import key_files
from sameboat.transparency.engine import cosignature
from sameboat.transparency.engine.cosignature import Signer
from sameboat.transparency.engine.signed_note import KeyFormatError
from sameboat.transparency.errors import BadInput, StoreError
from sameboat.transparency.witness.memory import FILE_NAME, Memory

KEY_FILES = {cosignature.ED25519: "ed25519", cosignature.ML_DSA_44: "ml-dsa-44"}


def open_home(home: Path, name: str = "", ml_dsa: bool = False) -> tuple[Memory, list[Signer]]:
    """Return a witness's memory and its signers, the Ed25519 one first.

    A new home gets both; an old one gets an ML-DSA-44 key where `ml_dsa` asks for it.

    Raises
    ------
    BadInput
        Without a name in a new home, with a name that is none, or with another than the home's.
    StoreError
        Where there are keys and no memory, or one of them is damaged.
    """
    first = _path(home, cosignature.ED25519)
    if first.exists() and not (home / FILE_NAME).exists():
        raise StoreError(
            f"{home} holds a witness's key but not its memory, {FILE_NAME}. It could cosign two histories: put the "
            "memory back if it is the newest there is, not one from a backup. Otherwise move this home aside, start "
            "again with a new key under a new name, and tell the logs that used the old one."
        )
    if not first.exists() and not name:
        raise BadInput(
            "a new witness needs a name, such as the address it will have without https:// : give it with --name, as "
            "in `sameboat witness key --name witness.example.org/1`"
        )
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    # The memory stands before the key: at no moment is there a key that could sign without one.
    memory = Memory(home / FILE_NAME)
    try:
        signers = [_signer(home, cosignature.ED25519, name)]
        if ml_dsa or _path(home, cosignature.ML_DSA_44).exists():
            signers.append(_signer(home, cosignature.ML_DSA_44, signers[0].verifier.name))
        own = signers[0].verifier.name
        if name and name != own:
            raise BadInput(
                f"this home's witness is called '{own}', for good; '{name}' needs a home of its own (--home)"
            )
    except BaseException:
        memory.__exit__()
        raise
    return memory, signers


def _path(home: Path, signature_type: int) -> Path:
    return home / "keys" / KEY_FILES[signature_type]


def _signer(home: Path, signature_type: int, name: str) -> Signer:
    path = _path(home, signature_type)
    try:
        skey = key_files.read_or_make(path, lambda: _make(signature_type, name))
        return Signer.from_skey(skey)
    except KeyFormatError as error:
        raise StoreError(f"{path} is damaged: {error}. Put back a copy of it, or start a new witness.") from error


def _make(signature_type: int, name: str) -> str:
    try:
        signer = Signer(name, signature_type, secrets.token_bytes(cosignature.SEED_BYTES))
    except KeyFormatError as error:
        raise BadInput(f"--name: {error}") from error
    if len(name.encode()) > cosignature.MAX_NAME_BYTES:
        raise BadInput(f"--name: a witness's name has at most {cosignature.MAX_NAME_BYTES} bytes")
    return signer.skey
