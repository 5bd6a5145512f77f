"""Every change of the log: an event is appended in its action's transaction, and the sequencer publishes it.

An entry is *accepted* when the action's transaction commits, and *published* when `publish` has given it an index and
signed a checkpoint over it. Both survive a crash at any instant: each is one database transaction.
"""

import secrets
from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from sameboat.transparency import promises, published, running_totals, store
from sameboat.transparency.engine import books, canonical_json, checkpoint, commitment, merkle, signed_note, tiles
from sameboat.transparency.engine.layout import MAX_ENTRY_BYTES
from sameboat.transparency.errors import BooksError, LogError
from sameboat.transparency.events import Event
from sameboat.transparency.keys import log_signer
from sameboat.transparency.models import Balance, Checkpoint, Entry, EntrySubject, LedgerPosting, PrivatePart, Tile

LARGEST_BATCH = 16_384
"""Entries sequenced in one transaction, so that one round stays short however many wait."""

_LOCK = 0x53616D65_626F6174
"""PostgreSQL's advisory lock of the one sequencer; on SQLite the write transaction itself is the lock."""


def append(
    event: Event,
    *,
    actor: str,
    event_time: datetime | date,
    recorded_at: datetime,
    private: Mapping[str, Any] | None = None,
) -> Entry:
    """Append an event to the log within the caller's transaction, and post what it moves in the books.

    The same content is one entry: said again to the millisecond, it returns the entry that is there, and nothing is
    appended. A private part has a random key, so what has one is never the same again.

    Parameters
    ----------
    event_time
        When it was true; a date where only the day is known.
    recorded_at
        When we said it.
    private
        Fields that the log only commits to; kept beside it under a key of their own.

    Raises
    ------
    BooksError
        When the event would make an account hold less than nothing; nothing is stored.
    LogError
        When the entry is larger than the log takes, or would move again what it moved before.
    """
    if not connection.in_atomic_block:
        raise LogError("an event must be appended in the transaction of its action")
    content: dict[str, Any] = {
        "actor": actor,
        "data": event.model_dump(mode="json", exclude_none=True),
        "event_time": _stamp(event_time),
        "recorded_at": _stamp(recorded_at),
        "subjects": event.subjects(),
        "type": event.type,
        "v": event.version,
    }
    if private:
        key = secrets.token_bytes(commitment.KEY_BYTES)
        content["private"] = commitment.commit(key, private)
    body = canonical_json.encode(content)
    if len(body) > MAX_ENTRY_BYTES:
        raise LogError(
            f"{event.type}: the entry has {len(body):,} bytes; {MAX_ENTRY_BYTES:,} is the most. Shorten its texts."
        )
    leaf_hash = merkle.leaf_hash(body)
    entry, new = _enter(
        Entry(
            leaf_hash=leaf_hash,
            body=body,
            type=event.type,
            actor=actor,
            event_time=_moment(event_time),
            recorded_at=recorded_at,
        )
    )
    promises.note_appended(leaf_hash)
    postings = event.postings()
    if not new:
        if postings:
            raise LogError(f"{event.type}: exactly this stands on the log already; nothing is moved a second time")
        return entry
    EntrySubject.objects.bulk_create([EntrySubject(entry=entry, subject=subject) for subject in content["subjects"]])
    if private:
        PrivatePart.objects.create(entry=entry, key=key, data=dict(private))
    _post(entry, postings)
    return entry


def _enter(entry: Entry) -> tuple[Entry, bool]:
    """Store an entry unless its leaf hash is there; return the entry stored under that hash, and whether it is new.

    One statement, which is right too where two processes say the same at once.
    """
    fields = [field for field in Entry._meta.concrete_fields if field.attname not in ("id", "index")]
    values = [field.get_db_prep_save(getattr(entry, field.attname), connection) for field in fields]
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO transparency_entry ({', '.join(str(field.column) for field in fields)}) "  # noqa: S608
            f"VALUES ({', '.join(['%s'] * len(fields))}) ON CONFLICT (leaf_hash) DO NOTHING RETURNING id",
            values,
        )
        row = cursor.fetchone()
    if row is None:
        return Entry.objects.get(leaf_hash=entry.leaf_hash), False
    entry.pk, entry._state.adding, entry._state.db = row[0], False, connection.alias
    return entry, True


def _stamp(moment: datetime | date) -> str:
    if isinstance(moment, datetime):
        return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return moment.isoformat()


def _moment(moment: datetime | date) -> datetime:
    if isinstance(moment, datetime):
        return moment
    return timezone.make_aware(datetime(moment.year, moment.month, moment.day))


def _post(entry: Entry, postings: list[books.Posting]) -> None:
    if not postings:
        return
    try:
        books.check_balanced(postings)
    except books.UnbalancedError as error:
        raise BooksError(f"{entry.type}: {error}") from error
    LedgerPosting.objects.bulk_create(
        [LedgerPosting(entry=entry, account=p.account, asset=p.asset, amount=p.amount) for p in postings]
    )
    changes: defaultdict[tuple[str, str], int] = defaultdict(int)
    for posting in postings:
        changes[posting.account, posting.asset] += posting.amount
    for (account, asset), amount in sorted(changes.items()):
        if amount < 0 and not account.startswith(books.OUTSIDE):
            held = Balance.objects.filter(account=account, asset=asset)
            if not held.filter(amount__gte=-amount).update(amount=F("amount") + amount):
                there = held.values_list("amount", flat=True).first() or 0
                raise BooksError(f"{entry.type}: {account} holds {there:,} {asset}; {-amount:,} cannot leave it")
    coming = [
        (account, asset, amount)
        for (account, asset), amount in changes.items()
        if amount > 0 or account.startswith(books.OUTSIDE)
    ]
    running_totals.add(Balance, ("account", "asset"), ("amount",), coming)


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
