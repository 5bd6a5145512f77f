"""Every read of the log that leaves this room."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Count, Exists, Min, Sum
from django.db.models.expressions import Combinable

from sameboat.transparency import store
from sameboat.transparency.engine import commitment, cosignature, signed_note, tiles
from sameboat.transparency.engine.commitment import FieldOpening
from sameboat.transparency.errors import UnknownEventError
from sameboat.transparency.events import schema
from sameboat.transparency.keys import log_signer
from sameboat.transparency.models import (
    Balance,
    Checkpoint,
    Entry,
    EntrySubject,
    LedgerPosting,
    PrivatePart,
    WitnessContact,
)
from sameboat.transparency.witness_policy import witnesses


@dataclass(frozen=True, slots=True)
class EntryView:
    """One entry as pages and programs show it.

    `number` counts the entries as they were accepted; `index` is the leaf, None while it waits for the sequencer.
    """

    number: int
    index: int | None
    type: str
    version: int
    actor: str
    event_time: datetime | date
    recorded_at: datetime
    subjects: list[str]
    data: dict[str, Any]
    text: str
    leaf_hash: str
    has_private: bool

    @property
    def words(self) -> str:
        """The event's name in the reader's language; its type where this program does not know it."""
        try:
            return str(schema(self.type, self.version).words)
        except UnknownEventError:
            return self.type


def _view(entry: Entry) -> EntryView:
    text = bytes(entry.body).decode()
    content = json.loads(text)
    stamp = content["event_time"]
    return EntryView(
        number=entry.pk,
        index=entry.index,
        type=entry.type,
        version=content["v"],
        actor=entry.actor,
        event_time=date.fromisoformat(stamp) if len(stamp) == 10 else datetime.fromisoformat(stamp),
        recorded_at=entry.recorded_at,
        subjects=content["subjects"],
        data=content["data"],
        text=text,
        leaf_hash=bytes(entry.leaf_hash).hex(),
        has_private="private" in content,
    )


def checkpoint() -> Checkpoint | None:
    """Return the checkpoint to show, None before the first; where witnesses are required, the last with enough."""
    return store.served_checkpoint()


def entry_at(index: int) -> EntryView | None:
    """Return the published entry at a leaf index."""
    entry = Entry.objects.filter(index=index).first()
    return _view(entry) if entry else None


def entry_hashed(leaf_hash: bytes) -> EntryView | None:
    """Return the accepted entry, published or not, with a leaf hash."""
    entry = Entry.objects.filter(leaf_hash=leaf_hash).first()
    return _view(entry) if entry else None


def recorded_at(leaf_hashes: Sequence[bytes]) -> dict[bytes, datetime]:
    """Return when the accepted entries with these leaf hashes were recorded."""
    rows = Entry.objects.filter(leaf_hash__in=leaf_hashes).values_list("leaf_hash", "recorded_at")
    return {bytes(leaf_hash): at for leaf_hash, at in rows}


def indices(leaf_hashes: Sequence[bytes]) -> dict[bytes, int | None]:
    """Return where the accepted entries with these leaf hashes stand in the log, None while they wait."""
    rows = Entry.objects.filter(leaf_hash__in=leaf_hashes).values_list("leaf_hash", "index")
    return {bytes(leaf_hash): index for leaf_hash, index in rows}


def entries(before: int | None = None, limit: int = 50, type: str = "") -> list[EntryView]:  # noqa: A002
    """Return published entries, newest first, those before leaf index `before`."""
    found = Entry.objects.filter(index__isnull=False)
    if settings.WITNESS_REQUIRED:
        served = store.served_checkpoint()
        size = served.size if served else 0
        before = size if before is None else min(before, size)
    if before is not None:
        found = found.filter(index__lt=before)
    if type:
        found = found.filter(type=type)
    return [_view(entry) for entry in found.order_by("-index")[:limit]]


def entries_about(subjects: Sequence[str], limit: int = 500) -> list[EntryView]:
    """Return the entries about any of the public ids, oldest first, at most `limit`; waiting ones included."""
    pks = EntrySubject.objects.filter(subject__in=subjects).order_by("entry_id").values_list("entry_id", flat=True)
    return [_view(entry) for entry in Entry.objects.filter(pk__in=list(pks.distinct()[:limit])).order_by("pk")]


def private_fields(numbers: Iterable[int]) -> dict[int, list[str]]:
    """Return the names of the private fields of accepted entries, by the entry's number; those erased are left out."""
    rows = PrivatePart.objects.filter(entry__in=list(numbers)).values_list("entry_id", "data")
    return {number: sorted(data) for number, data in rows}


def openings(number: int, fields: Sequence[str]) -> tuple[FieldOpening, ...]:
    """Return what opens these private fields of an accepted entry, and no other of its fields.

    Who hands them out decides who may have them. Raises CommitmentError for a field that is not there, or not any more.
    """
    part = PrivatePart.objects.filter(entry=number).first()
    key, data = (bytes(part.key), part.data) if part else (bytes(commitment.KEY_BYTES), {})
    return tuple(commitment.open_field(key, data, name) for name in sorted(set(fields)))


def balance(account: str, asset: str) -> int:
    """Return what an account holds of an asset, in whole smallest units."""
    return Balance.objects.filter(account=account, asset=asset).values_list("amount", flat=True).first() or 0


def balances(accounts: Iterable[str]) -> dict[tuple[str, str], int]:
    """Return what several accounts hold, by (account, asset)."""
    rows = Balance.objects.filter(account__in=list(accounts)).values_list("account", "asset", "amount")
    return {(account, asset): amount for account, asset, amount in rows}


def all_balances() -> dict[tuple[str, str], int]:
    """Return every account that holds anything, for the auditor; grows with the accounts."""
    rows = Balance.objects.exclude(amount=0).values_list("account", "asset", "amount")
    return {(account, asset): amount for account, asset, amount in rows.iterator()}


def posted_sums(below: int | None = None) -> dict[tuple[str, str], int]:
    """Return the sums of the postings of entries under an index, or of all, by account and asset.

    Grows with history: for the auditor only.
    """
    postings = LedgerPosting.objects.all() if below is None else LedgerPosting.objects.filter(entry__index__lt=below)
    rows = postings.values_list("account", "asset").annotate(total=Sum("amount"))
    return {(account, asset): total for account, asset, total in rows if total}


_DRIFT = """
    SELECT account, asset, SUM(held), SUM(posted) FROM (
        SELECT account, asset, amount AS held, 0 AS posted FROM transparency_balance
        UNION ALL
        SELECT account, asset, 0, SUM(amount) FROM transparency_ledgerposting GROUP BY account, asset
    ) AS both_sides GROUP BY account, asset HAVING SUM(held) <> SUM(posted) ORDER BY account, asset LIMIT %s
"""


def drifted_balances(limit: int = 10) -> list[tuple[str, str, int, int]]:
    """Return accounts whose kept balance is not the sum of their postings: account, asset, balance, sum.

    One statement, so that a running server cannot come between; grows with history, for the self-check only.
    """
    with connection.cursor() as cursor:
        cursor.execute(_DRIFT, [limit])
        return [(account, asset, int(held), int(posted)) for account, asset, held, posted in cursor.fetchall()]


@dataclass(frozen=True, slots=True)
class LogState:
    """How the log stands: entries published, entries waiting and the row of the oldest, when last signed.

    `witnessed_size` counts the entries under the last checkpoint that enough witnesses cosigned; None where no
    witnesses are set up.
    """

    size: int
    waiting: int
    oldest_waiting: int | None
    signed_at: datetime | None
    witnessed_size: int | None = None


def state() -> LogState:
    """Return how the log stands; reads what waits and two checkpoints, not the history."""
    last = store.latest_checkpoint()
    witnessed = store.witnessed_checkpoint() if settings.WITNESSES else None
    waiting = Entry.objects.filter(index__isnull=True).aggregate(count=Count("id"), oldest=Min("id"))
    return LogState(
        size=last.size if last else 0,
        waiting=waiting["count"],
        oldest_waiting=waiting["oldest"],
        signed_at=last.signed_at if last else None,
        witnessed_size=None if settings.WITNESSES is None else witnessed.size if witnessed else 0,
    )


@dataclass(frozen=True, slots=True)
class WitnessState:
    """How it stands between this log and one witness: what it cosigned last and when, and what is wrong if anything."""

    name: str
    vkey: str
    size: int
    cosigned_at: datetime | None
    failures: int
    trouble: str
    next_try: datetime | None


def witness_states() -> list[WitnessState]:
    """Return how it stands with each witness that this log asks; none where none are set up."""
    asked = witnesses()
    if asked is None:
        return []
    contacts = {(contact.name, contact.key_id): contact for contact in WitnessContact.objects.all()}
    states = []
    for witness in asked.asked.values():
        contact = contacts.get((witness.key.name, witness.key.key_id.hex())) or WitnessContact()
        states.append(
            WitnessState(
                name=witness.name,
                vkey=witness.key.vkey,
                size=contact.size,
                cosigned_at=contact.cosigned_at,
                failures=contact.failures,
                trouble=contact.trouble,
                next_try=contact.next_try,
            )
        )
    return states


@dataclass(frozen=True, slots=True)
class Cosigner:
    """A witness of the policy, by its name there and its key; when it cosigned the checkpoint, or None."""

    name: str
    vkey: str
    cosigned_at: datetime | None


def cosigners(checkpoint: Checkpoint) -> list[Cosigner]:
    """Return the witnesses of this log's policy, each with its cosignature on the checkpoint, verified here."""
    asked = witnesses()
    if asked is None:
        return []
    opened = signed_note.open(checkpoint.note, [log_signer().verifier, *asked.keys])
    times = {(s.name, s.key_id): cosignature.timestamp(s.signature) for s in opened.verified}
    return [
        Cosigner(name, key.vkey, None if at is None else datetime.fromtimestamp(at, UTC))
        for name, key in asked.named_keys
        for at in [times.get((key.name, key.key_id))]
    ]


def inclusion_proof(index: int, size: int) -> list[bytes]:
    """Return the hashes that prove entry `index` in the tree of `size` (RFC 6962, section 2.1.1)."""
    return tiles.inclusion_proof(index, size, store.read_tile)


def consistency_proof(size1: int, size2: int) -> list[bytes]:
    """Return the hashes that prove the tree of `size1` a prefix of that of `size2` (RFC 6962, section 2.1.2)."""
    return tiles.consistency_proof(size1, size2, store.read_tile)


def root_at(size: int) -> bytes:
    """Return the root of the first `size` published entries."""
    return tiles.root(size, store.read_tile)


def read_tile(level: int, index: int, width: int) -> bytes:
    """Return `width` hashes of a tile, or raise StoreError."""
    return store.read_tile(level, index, width)


def read_entries(index: int, width: int) -> list[bytes]:
    """Return the first `width` entries of a bundle, or raise StoreError."""
    return store.read_entries(index, width)


def reach() -> tuple[int, int, int]:
    """Return the number of the last accepted entry, the size that is shown, and the length of its checkpoint's note.

    Together they change with every event, and with every cosignature.
    """
    served = store.served_checkpoint()
    accepted = Entry.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    return (accepted, served.size, len(served.note)) if served else (accepted, 0, 0)


def holds_something(account: Combinable) -> Exists:
    """Return a condition for a room's own query: the account that `account` names for a row holds something."""
    return Exists(Balance.objects.filter(account=account, amount__gt=0))
