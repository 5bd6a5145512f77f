"""Anchor the latest checkpoint in a folder, and check what an anchor shows."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sameboat.transparency.anchors import Anchored, AnchorError, anchor, kinds
from sameboat.transparency.engine import checkpoint, signed_note
from sameboat.transparency.engine.checkpoint import Checkpoint, CheckpointError
from sameboat.transparency.engine.signed_note import KeyFormatError, NoteError, Verifier
from sameboat.transparency.errors import BadInput


def anchor_latest(kind: str, folder: Path, to: str) -> dict[str, Any]:
    """Anchor the latest checkpoint; return the names of the two files, the checkpoint and its receipt.

    A checkpoint that has a receipt of this kind in the folder is not sent again. Raises BadInput, AnchorError.
    """
    from sameboat.transparency import store

    made, last = anchor(kind), store.latest_checkpoint()
    if last is None:
        raise BadInput("nothing is published yet; start the server, or run `sameboat log sequence`")
    folder.mkdir(parents=True, exist_ok=True)
    note = folder / f"{last.size:012d}.checkpoint"
    if not note.exists():
        _write(note, last.note.encode())
    receipt = note.with_name(f"{note.name}.{made.suffix}")
    if receipt.exists():
        return {"checkpoint": str(note), "receipt": str(receipt), "size": last.size, "new": False}
    _write(receipt, made.stamp(note.read_bytes(), to))
    return {"checkpoint": str(note), "receipt": str(receipt), "size": last.size, "new": True}


def check_anchor(receipt: Path, note: Path | None, trust: str, vkey: str) -> "AnchorStory":
    """Return what a receipt shows of a checkpoint, by default the file with its name without the suffix.

    Raises BadInput for a kind or key that is none; AnchorError where the receipt does not hold for this checkpoint.
    """
    found = {anchor(kind).suffix: kind for kind in sorted(kinds())}
    kind = found.get(receipt.suffix.removeprefix("."))
    if kind is None:
        raise BadInput(f"{receipt.name}: a receipt's name ends in one of {', '.join(f'.{end}' for end in found)}")
    data = (note or receipt.with_suffix("")).read_bytes()
    try:
        head = checkpoint.parse(signed_note.split(data)[0])
        if vkey:
            head, _ = checkpoint.open(data, Verifier.from_vkey(vkey))
    except KeyFormatError as error:
        raise BadInput(f"--vkey: {error}") from error
    except (NoteError, CheckpointError) as error:
        raise AnchorError(f"{note or receipt.with_suffix('')} is not the log's checkpoint: {error}") from error
    return AnchorStory(kind, head, anchor(kind).check(receipt.read_bytes(), data, trust), signed=bool(vkey))


def _write(path: Path, data: bytes) -> None:
    """Write a file so that it is whole or not there."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with draft.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


@dataclass(frozen=True, slots=True)
class AnchorStory:
    """What a receipt shows, in words and as JSON. `signed` is whether the checkpoint's signature was checked too."""

    kind: str
    head: Checkpoint
    found: Anchored
    signed: bool

    @property
    def wrong(self) -> bool:
        return False

    def as_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "log": self.head.origin,
            "size": self.head.size,
            "root": self.head.root.hex(),
            "signature_checked": self.signed,
            "since": self.found.since,
            "proven": self.found.proven,
            "words": self.found.words,
        }

    def as_text(self) -> Iterator[str]:
        found = self.found
        yield f"{self.head.origin}: the checkpoint over {self.head.size:,} entries, root {self.head.root.hex()}"
        if found.proven and found.since is not None:
            yield f"existed by {found.since:%Y-%m-%d %H:%M:%S} UTC ({self.kind})."
        else:
            yield f"is anchored ({self.kind}), and the time is not proved yet."
        yield from (f"  {line}" for line in found.words)
        if not self.signed:
            yield "Its signature was not checked: name the log's key with --vkey."
