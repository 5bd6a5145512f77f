"""The HTTP API of the log, for programs that would rather read JSON than tiles."""

from typing import Annotated

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import Query, Router
from ninja.errors import HttpError

from sameboat.transparency import queries
from sameboat.transparency.http_caching import FOREVER
from sameboat.transparency.shapes import (
    CheckpointShape,
    ConsistencyShape,
    EntriesShape,
    EntryShape,
    InclusionShape,
    PromiseShape,
)

router = Router(tags=["log"])

LARGEST = 2**63 - 1

Size = Annotated[int, Query(ge=1, le=LARGEST)]
Index = Annotated[int, Query(ge=0, le=LARGEST)]


@router.get("/log/checkpoint", response=CheckpointShape)
def get_checkpoint(request: HttpRequest) -> CheckpointShape:
    """Show the latest checkpoint: the signed size and root of the log."""
    checkpoint = queries.checkpoint()
    if checkpoint is None:
        raise HttpError(404, _("The log has published nothing yet. Its first checkpoint follows the first entry."))
    return CheckpointShape.of(checkpoint)


@router.get("/log/entries", response=EntriesShape)
def list_entries(
    request: HttpRequest,
    before: Annotated[int | None, Query(ge=0, le=LARGEST, description="Show the entries before this index.")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    type: Annotated[  # noqa: A002 - the field's own name
        str, Query(pattern=r"^[a-z_.]{0,40}$", description="An event type, such as goods.received_by.")
    ] = "",
) -> EntriesShape:
    """Show published entries, newest first."""
    rows = queries.entries(before=before, limit=limit + 1, type=type)
    shown = rows[:limit]
    return EntriesShape(
        items=[EntryShape.of(entry) for entry in shown], next=shown[-1].index if len(rows) > limit else None
    )


@router.get("/log/entries/{index}", response=EntryShape)
def get_entry(request: HttpRequest, response: HttpResponse, index: str) -> EntryShape:
    """Show one published entry by its index."""
    number = int(index) if index.isascii() and index.isdecimal() and len(index) < 19 else -1
    entry = queries.entry_at(number) if number >= 0 else None
    if entry is None:
        raise HttpError(404, _("The log has no entry %(index)s yet.") % {"index": index[:20]})
    response["Cache-Control"] = FOREVER
    return EntryShape.of(entry)


@router.get("/log/proofs/inclusion", response=InclusionShape)
def prove_inclusion(
    request: HttpRequest, response: HttpResponse, index: Index, size: Size | None = None
) -> InclusionShape:
    """Prove that an entry stands in the log of a size; without a size, in the latest checkpoint's."""
    published = _published()
    if size is not None:
        response["Cache-Control"] = FOREVER
    size = published if size is None else size
    if size > published:
        raise HttpError(404, _("The log has published %(size)s entries so far.") % {"size": f"{published:,}"})
    if index >= size:
        raise HttpError(404, _("There is no entry %(index)s in a log of that size.") % {"index": index})
    entry = queries.entry_at(index)
    assert entry is not None
    return InclusionShape(
        index=index,
        size=size,
        leaf_hash=entry.leaf_hash,
        root=queries.root_at(size).hex(),
        proof=[step.hex() for step in queries.inclusion_proof(index, size)],
    )


@router.get("/log/proofs/consistency", response=ConsistencyShape)
def prove_consistency(
    request: HttpRequest, response: HttpResponse, old_size: Size, new_size: Size | None = None
) -> ConsistencyShape:
    """Prove that the log only grew between two sizes; without a new size, up to the latest checkpoint."""
    published = _published()
    if new_size is not None:
        response["Cache-Control"] = FOREVER
    new_size = published if new_size is None else new_size
    if new_size > published:
        raise HttpError(404, _("The log has published %(size)s entries so far.") % {"size": f"{published:,}"})
    if old_size > new_size:
        raise HttpError(422, _("The old size must not be larger than the new one."))
    return ConsistencyShape(
        old_size=old_size,
        new_size=new_size,
        old_root=queries.root_at(old_size).hex(),
        new_root=queries.root_at(new_size).hex(),
        proof=[step.hex() for step in queries.consistency_proof(old_size, new_size)],
    )


@router.get("/log/promises/{leaf_hash}", response=PromiseShape)
def get_promise(request: HttpRequest, leaf_hash: str) -> PromiseShape:
    """Show the log's signed promise of an accepted entry, by the hex of its leaf hash; also after it was kept."""
    try:
        entry = queries.entry_hashed(bytes.fromhex(leaf_hash)) if len(leaf_hash) == 64 else None
    except ValueError:
        entry = None
    if entry is None:
        raise HttpError(404, _("The log has accepted no entry with this hash. Check the hash."))
    return PromiseShape.of(entry)


def _published() -> int:
    checkpoint = queries.checkpoint()
    return 0 if checkpoint is None else checkpoint.size
