"""The policy by which this log asks witnesses: the file that SAMEBOAT_WITNESSES names, in tlog-policy's syntax."""

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings

from sameboat.transparency.engine import policy, witnessing
from sameboat.transparency.engine.cosignature import Verifier
from sameboat.transparency.engine.policy import Policy, PolicyError
from sameboat.transparency.errors import BadInput


@dataclass(frozen=True, slots=True)
class Witness:
    """A witness that this log asks: its name in the policy, its key, and where it takes checkpoints."""

    name: str
    key: Verifier
    url: str


@dataclass(frozen=True, slots=True)
class Witnesses:
    """The witnesses that this log asks, by name, and the policy that says how many are enough."""

    policy: Policy
    asked: Mapping[str, Witness]

    @property
    def named_keys(self) -> list[tuple[str, Verifier]]:
        """The names and keys of all witnesses of the policy, asked or not."""
        parties = self.policy.witnesses.items()
        return [(name, party.key) for name, party in parties if isinstance(party.key, Verifier)]

    @property
    def keys(self) -> list[Verifier]:
        """The keys of all witnesses of the policy."""
        return [key for _, key in self.named_keys]


def witnesses() -> Witnesses | None:
    """Return the witnesses of this installation, None where none are set up. The file is read once.

    Raises BadInput for a file that is missing, no policy, or one that the witnesses with an address cannot satisfy.
    """
    return None if settings.WITNESSES is None else _read(settings.WITNESSES)


@functools.cache
def _read(path: Path) -> Witnesses:
    where = f"SAMEBOAT_WITNESSES ({path})"
    try:
        rules = policy.parse(path.read_bytes())
    except OSError as error:
        raise BadInput(f"{where} cannot be read: {error.strerror}. Name a tlog-policy file, or unset it.") from error
    except PolicyError as error:
        raise BadInput(f"{where}: {error}") from error
    asked = {}
    for name, party in rules.witnesses.items():
        if party.url is None or not isinstance(party.key, Verifier):
            continue
        if urlsplit(party.url).scheme not in ("http", "https"):
            raise BadInput(f"{where}: the address of '{name}' is '{party.url}'; it must begin with https:// or http://")
        asked[name] = Witness(name, party.key, f"{party.url.rstrip('/')}/{witnessing.PATH}")
    if not rules.agrees(asked):
        raise BadInput(
            f"{where}: the witnesses with an address are not enough for the quorum '{rules.quorum}'. Write the address "
            "of each after its key: witness NAME VKEY https://…"
        )
    return Witnesses(rules, asked)
