"""Anchors: the hash of a checkpoint put where this log's owner cannot change it, each kind a plug-in.

Only the hash leaves the house. A receipt says since when the checkpoint, and so everything under its root, existed at
the latest. A further kind is a package with an entry point in the group `sameboat.anchors`, whose name is the kind and
whose object fits `Anchor`; docs/transparency.md shows one.
"""

from dataclasses import dataclass, field
from datetime import datetime
from importlib import import_module
from importlib.metadata import entry_points
from typing import Protocol

from sameboat.transparency.errors import BadInput, FoundWrong

GROUP = "sameboat.anchors"

BUILT_IN = {
    "rfc3161": "sameboat.transparency.anchors.rfc3161:Rfc3161",
    "opentimestamps": "sameboat.transparency.anchors.opentimestamps:OpenTimestamps",
    "evm": "sameboat.transparency.anchors.evm:Evm",
}


class AnchorError(FoundWrong):
    """A receipt that does not show what it claims, or is of something else."""

    code = "anchor"


@dataclass(frozen=True, slots=True)
class Anchored:
    """What a receipt shows: since when at the latest, None while nobody can tell yet, and how far that is proved.

    `proven` is False where the reader must still compare something, which the words say.
    """

    since: datetime | None
    proven: bool
    words: list[str] = field(default_factory=list)


class Anchor(Protocol):
    """A kind of anchor. `suffix` names its receipts' files."""

    suffix: str

    def stamp(self, data: bytes, to: str) -> bytes:
        """Send the SHA-256 of `data` to the address `to` and return the receipt. Raises BadInput, AnchorError."""
        ...

    def check(self, receipt: bytes, data: bytes, trust: str) -> Anchored:
        """Return what a receipt shows of `data`; `trust` is what the reader believes, as the kind's docs say.

        Raises AnchorError where the receipt is of other data or does not verify, BadInput where `trust` is wrong.
        """
        ...


def kinds() -> dict[str, str]:
    """Return every kind of anchor that is installed, with where its object stands (`module:object`)."""
    return {point.name: point.value for point in entry_points(group=GROUP)} | BUILT_IN


def anchor(kind: str) -> Anchor:
    """Return a kind of anchor; raises BadInput for one that is not installed."""
    known = kinds()
    if kind not in known:
        raise BadInput(f"there is no anchor '{kind[:40]}' here; there are {', '.join(sorted(known))}")
    module, _, name = known[kind].partition(":")
    made: Anchor = getattr(import_module(module), name)()
    return made
