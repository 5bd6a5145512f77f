"""The shapes in which the log goes out over the API; hashes in lower-case hex."""

from datetime import UTC, date, datetime
from typing import Any

from pydantic import BaseModel

from sameboat.transparency import proofs, queries
from sameboat.transparency.keys import log_vkey
from sameboat.transparency.models import Checkpoint
from sameboat.transparency.queries import EntryView


class CosignerShape(BaseModel):
    """A witness that this log asks, and when it cosigned the checkpoint; null if it has not."""

    name: str
    vkey: str
    cosigned_at: datetime | None


class CheckpointShape(BaseModel):
    """The last published checkpoint, and the key that checks it.

    `witnessed` says whether enough of the witnesses that the log asks have cosigned it; null where it asks none.
    """

    origin: str
    size: int
    root: str
    note: str
    vkey: str
    signed_at: datetime
    witnessed: bool | None
    witnesses: list[CosignerShape]

    @classmethod
    def of(cls, checkpoint: Checkpoint) -> "CheckpointShape":
        cosigners = queries.cosigners(checkpoint)
        return cls(
            origin=checkpoint.note.split("\n", 1)[0],
            size=checkpoint.size,
            root=bytes(checkpoint.root).hex(),
            note=checkpoint.note,
            vkey=log_vkey(),
            signed_at=checkpoint.signed_at,
            witnessed=checkpoint.witnessed_at is not None if cosigners else None,
            witnesses=[CosignerShape(name=c.name, vkey=c.vkey, cosigned_at=c.cosigned_at) for c in cosigners],
        )


class EntryShape(BaseModel):
    """One entry. `index` is its leaf, null while it waits for the next checkpoint; `text` is what the leaf hashes."""

    index: int | None
    type: str
    version: int
    actor: str
    event_time: datetime | date
    recorded_at: datetime
    subjects: list[str]
    data: dict[str, Any]
    has_private: bool
    leaf_hash: str
    text: str

    @classmethod
    def of(cls, entry: EntryView) -> "EntryShape":
        return cls(
            index=entry.index,
            type=entry.type,
            version=entry.version,
            actor=entry.actor,
            event_time=entry.event_time,
            recorded_at=entry.recorded_at,
            subjects=entry.subjects,
            data=entry.data,
            has_private=entry.has_private,
            leaf_hash=entry.leaf_hash,
            text=entry.text,
        )


class EntriesShape(BaseModel):
    """One page of entries, newest first. `next` is the `before` of the page after it, null on the last one."""

    items: list[EntryShape]
    next: int | None


class InclusionShape(BaseModel):
    """The hashes that lead from an entry to the root of the tree of `size` (RFC 6962, section 2.1.1)."""

    index: int
    size: int
    leaf_hash: str
    root: str
    proof: list[str]


class ConsistencyShape(BaseModel):
    """The hashes that show the tree of `old_size` to be a prefix of that of `new_size` (RFC 6962, section 2.1.2)."""

    old_size: int
    new_size: int
    old_root: str
    new_root: str
    proof: list[str]


class PromiseShape(BaseModel):
    """The log's signed word that an entry will be published by `due_at`. `index` is its leaf once it is."""

    leaf_hash: str
    index: int | None
    accepted_at: datetime
    due_at: datetime
    note: str

    @classmethod
    def of(cls, entry: EntryView) -> "PromiseShape":
        promise, note = proofs.promise_of(bytes.fromhex(entry.leaf_hash), entry.recorded_at)
        return cls(
            leaf_hash=entry.leaf_hash,
            index=entry.index,
            accepted_at=datetime.fromtimestamp(promise.accepted_at / 1000, UTC),
            due_at=datetime.fromtimestamp(promise.due_at / 1000, UTC),
            note=note,
        )
