"""Every change of the log: an event is appended in its action's transaction, and the sequencer publishes it.

An entry is *accepted* when the action's transaction commits, and *published* when `publish` has given it an index and
signed a checkpoint over it. Both survive a crash at any instant: each is one database transaction.
"""

import functools
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from sameboat.transparency import bookkeeping, promises, published, rows, store
from sameboat.transparency.engine import canonical_json, checkpoint, commitment, merkle, signed_note, tiles
from sameboat.transparency.engine.layout import MAX_ENTRY_BYTES
from sameboat.transparency.errors import LogError
from sameboat.transparency.events import Event
from sameboat.transparency.keys import log_signer
from sameboat.transparency.models import Checkpoint, Entry, EntrySubject, PrivatePart, Tile

LARGEST_BATCH = 16_384
"""Entries sequenced in one transaction, so that one round stays short however many wait."""

_LOCK = 0x53616D65_626F6174
"""PostgreSQL's advisory lock of the one sequencer; on SQLite the write transaction itself is the lock."""


@dataclass(frozen=True, slots=True)
class Said:
    """An event as it is said: by whom, when it was true (a date where only the day is known), and when it was said.

    `private` are fields that the log only commits to; they are kept beside it under a key of their own.
    """

    event: Event
    actor: str
    event_time: datetime | date
    recorded_at: datetime
    private: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """An entry that stands on the log once its transaction commits: its row's key and its leaf hash."""

    pk: int
    leaf_hash: bytes


def append(
    event: Event,
    *,
    actor: str,
    event_time: datetime | date,
    recorded_at: datetime,
    private: Mapping[str, Any] | None = None,
) -> Accepted:
    """Append one event to the log within the caller's transaction, as `append_all` does."""
    return append_all([Said(event, actor, event_time, recorded_at, private)])[0]


def append_all(said: Sequence[Said]) -> list[Accepted]:
    """Append events to the log in their order, within the caller's transaction, and post what they move in the books.

    All of them or none; the statements are as many as the events fill, not as many as the events are. The same
    content is one entry: said again to the millisecond, it returns the entry that is there, and nothing is appended.
    A private part has a random key, so what has one is never the same again.

    Raises
    ------
    BooksError
        When an event would make an account hold less than nothing; nothing is stored.
    LogError
        When an entry is larger than the log takes, or would move again what it moved before.
    """
    if not connection.in_atomic_block:
        raise LogError("an event must be appended in the transaction of its action")
    drafts = [_draft(each) for each in said]
    standing, new = _enter(drafts)
    subjects: list[tuple[int, str]] = []
    privates: list[tuple[int, bytes, dict[str, Any]]] = []
    moves: list[bookkeeping.Moves] = []
    for draft in drafts:
        promises.note_appended(draft.leaf_hash)
        pk = standing[draft.leaf_hash]
        event, postings = draft.said.event, draft.said.event.postings()
        if draft.leaf_hash not in new:
            if postings:
                raise LogError(f"{event.type}: exactly this stands on the log already; nothing is moved a second time")
            continue
        new.discard(draft.leaf_hash)  # what is said twice at once is new once
        subjects += [(pk, subject) for subject in draft.subjects]
        if draft.said.private:
            privates.append((pk, draft.key, dict(draft.said.private)))
        if postings:
            moves.append(bookkeeping.Moves(pk, event.type, postings))
    rows.insert(EntrySubject, ("entry", "subject"), subjects)
    rows.insert(PrivatePart, ("entry", "key", "data"), privates)
    bookkeeping.post(moves)
    return [Accepted(standing[draft.leaf_hash], draft.leaf_hash) for draft in drafts]


@dataclass(frozen=True, slots=True)
class _Draft:
    """An entry as it will be stored; `key` opens its private part, empty where it has none."""

    said: Said
    subjects: list[str]
    body: bytes
    leaf_hash: bytes
    key: bytes


def _draft(said: Said) -> _Draft:
    event = said.event
    subjects = event.subjects()
    content: dict[str, Any] = {
        "actor": said.actor,
        "data": event.model_dump(mode="json", exclude_none=True),
        "event_time": _stamp(said.event_time),
        "recorded_at": _stamp(said.recorded_at),
        "subjects": subjects,
        "type": event.type,
        "v": event.version,
    }
    key = b""
    if said.private:
        key = secrets.token_bytes(commitment.KEY_BYTES)
        content["private"] = commitment.commit(key, said.private)
    body = canonical_json.encode(content)
    if len(body) > MAX_ENTRY_BYTES:
        raise LogError(
            f"{event.type}: the entry has {len(body):,} bytes; {MAX_ENTRY_BYTES:,} is the most. Shorten its texts."
        )
    return _Draft(said, subjects, body, merkle.leaf_hash(body), key)


def _enter(drafts: Sequence[_Draft]) -> tuple[dict[bytes, int], set[bytes]]:
    """Store the entries whose leaf hash is not there; return every hash's row, and which hashes are new."""
    values = [
        (draft.leaf_hash, draft.body, said.event.type, said.actor, _moment(said.event_time), said.recorded_at)
        for draft in drafts
        for said in [draft.said]
    ]
    stored = ("leaf_hash", "body", "type", "actor", "event_time", "recorded_at")
    standing = rows.insert_new(Entry, stored, values, "leaf_hash")
    new = set(standing)
    for part in rows.parts([draft.leaf_hash for draft in drafts if draft.leaf_hash not in new], rows.MOST_NAMED):
        there = Entry.objects.filter(leaf_hash__in=part).values_list("leaf_hash", "pk")
        standing |= {bytes(leaf_hash): pk for leaf_hash, pk in there}
    return standing, new


@functools.lru_cache(maxsize=64)  # the events of one action share their moments
def _stamp(moment: datetime | date) -> str:
    if isinstance(moment, datetime):
        return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return moment.isoformat()


def _moment(moment: datetime | date) -> datetime:
    if isinstance(moment, datetime):
        return moment
    return timezone.make_aware(datetime(moment.year, moment.month, moment.day))


def publish() -> Checkpoint | None:
    """Give every accepted entry its index, grow the tree and sign a checkpoint over it, in one transaction.

    Returns the new checkpoint, or None when nothing waited. Cost grows with what waited, not with the log. Only one
    sequencer works at a time; a second one waits. Raises RolledBackError where the store is an old copy.
    """
    if not Entry.objects.filter(index__isnull=True).exists() and Checkpoint.objects.exists():
        return None
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        size = store.latest_size()
        published.check_size(size)
        leaf_hashes = _give_indices(size)
        if not leaf_hashes and Checkpoint.objects.exists():
            return None  # another sequencer was faster
        new_size, changed = tiles.grow(size, leaf_hashes, store.read_tile)
        Tile.objects.bulk_create(
            [Tile(level=level, index=index, hashes=hashes) for (level, index), hashes in changed.items()],
            update_conflicts=True,
            unique_fields=["level", "index"],
            update_fields=["hashes"],
        )
        root = tiles.root(new_size, store.read_tile)
        signer = log_signer()
        text = checkpoint.encode(checkpoint.Checkpoint(signer.name, new_size, root))
        note = signed_note.sign(text, [signer])
        transaction.on_commit(lambda: published.remember(note))
        return Checkpoint.objects.create(size=new_size, root=root, note=note, signed_at=timezone.now())


_NUMBER_WAITING = """
    UPDATE transparency_entry SET "index" = ordered.number FROM (
        SELECT id, %s + row_number() OVER (ORDER BY id) - 1 AS number
        FROM transparency_entry WHERE "index" IS NULL ORDER BY id LIMIT %s
    ) AS ordered WHERE transparency_entry.id = ordered.id
    RETURNING "index", leaf_hash
"""


def _give_indices(size: int) -> list[bytes]:
    """Number the waiting entries from `size` on, in the order of their acceptance; return their leaf hashes in it."""
    with connection.cursor() as cursor:
        cursor.execute(_NUMBER_WAITING, [size, LARGEST_BATCH])
        return [bytes(leaf_hash) for _, leaf_hash in sorted(cursor.fetchall())]
