"""The proof file of entries of this log: what a person takes home."""

from collections.abc import Sequence

from sameboat.transparency import queries, store
from sameboat.transparency.engine.proof_file import ProvenEntry, build
from sameboat.transparency.errors import LogError
from sameboat.transparency.keys import log_vkey
from sameboat.transparency.queries import EntryView


def proof_file(entries: Sequence[EntryView]) -> bytes:
    """Return the proof file of published entries under the latest checkpoint; entries that still wait are left out.

    Raises
    ------
    LogError
        When none of them is published yet.
    """
    latest = store.latest_checkpoint()
    published = [entry for entry in entries if entry.index is not None and latest and entry.index < latest.size]
    if latest is None or not published:
        raise LogError("nothing of this is published yet; the next checkpoint follows within seconds, try again then")
    proven = [
        ProvenEntry(entry.index, entry.text.encode(), tuple(queries.inclusion_proof(entry.index, latest.size)))
        for entry in published
        if entry.index is not None
    ]
    return build(log_vkey(), latest.note, proven)
