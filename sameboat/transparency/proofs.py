"""What a person takes home of this log: the promise of an entry just accepted, the proof file of published ones."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from django.conf import settings

from sameboat.transparency import queries, store
from sameboat.transparency.engine import promise
from sameboat.transparency.engine.promise import Promise
from sameboat.transparency.engine.proof_file import ProvenEntry, build
from sameboat.transparency.errors import LogError
from sameboat.transparency.keys import log_signer, log_vkey
from sameboat.transparency.queries import EntryView
from sameboat.transparency.witness_policy import witnesses


def proof_file(entries: Sequence[EntryView], opened: Mapping[int, Sequence[str]] | None = None) -> bytes:
    """Return the proof file of published entries; entries that still wait are left out.

    They are proved under the last checkpoint that enough witnesses cosigned if it covers all of them, otherwise under
    the latest.

    `opened` names, by an entry's number, the private fields that the file opens to whoever has it.

    Raises
    ------
    LogError
        When none of them is published yet.
    """
    served = store.served_checkpoint()
    published = [entry for entry in entries if entry.index is not None and served and entry.index < served.size]
    if served is None or not published:
        raise LogError("nothing of this is published yet; the next checkpoint follows within seconds, try again then")
    asked = witnesses()
    witnessed = store.witnessed_checkpoint() if asked else None
    newest = max(entry.index for entry in published if entry.index is not None)
    under = witnessed if witnessed is not None and newest < witnessed.size else served
    proven = [
        ProvenEntry(
            entry.index,
            entry.text.encode(),
            tuple(queries.inclusion_proof(entry.index, under.size)),
            queries.openings(entry.number, (opened or {}).get(entry.number, ())),
        )
        for entry in published
        if entry.index is not None
    ]
    return build(log_vkey(), under.note, proven, [key.vkey for key in asked.keys] if asked else ())


def promises_of(leaf_hashes: Sequence[bytes]) -> list[str]:
    """Return the signed promises of accepted entries, in the order of their leaf hashes."""
    recorded = queries.recorded_at(leaf_hashes)
    return [promise_of(leaf_hash, recorded[leaf_hash])[1] for leaf_hash in leaf_hashes]


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def promise_of(leaf_hash: bytes, recorded_at: datetime) -> tuple[Promise, str]:
    """Return the promise of an accepted entry, and the note that the log signs over it.

    The same entry gets the same note for as long as the key and SAMEBOAT_MERGE_DELAY stay: Ed25519 is deterministic.
    """
    signer = log_signer()
    accepted_at = (recorded_at - _EPOCH) // timedelta(milliseconds=1)
    given = Promise(signer.name, leaf_hash, accepted_at, settings.MERGE_DELAY)
    return given, promise.sign(given, signer)
