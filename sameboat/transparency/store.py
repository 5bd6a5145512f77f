"""The tree as the database holds it: tile reader, latest checkpoint, and the check that both agree."""

from collections.abc import Iterator

from django.conf import settings

from sameboat.transparency import published
from sameboat.transparency.engine import checkpoint, layout, merkle
from sameboat.transparency.engine.checkpoint import CheckpointError
from sameboat.transparency.engine.layout import TILE_BYTES, TILE_HEIGHT, TILE_WIDTH
from sameboat.transparency.engine.merkle import HASH_SIZE
from sameboat.transparency.engine.signed_note import NoteError
from sameboat.transparency.errors import StoreError
from sameboat.transparency.keys import has_key, log_signer
from sameboat.transparency.models import Checkpoint, Entry, Tile


def latest_checkpoint() -> Checkpoint | None:
    """Return the last checkpoint that was signed."""
    return Checkpoint.objects.order_by("-size").first()


def witnessed_checkpoint() -> Checkpoint | None:
    """Return the last checkpoint that enough witnesses cosigned."""
    return Checkpoint.objects.filter(witnessed_at__isnull=False).order_by("-size").first()


def served_checkpoint() -> Checkpoint | None:
    """Return the checkpoint that is shown to others: the last, or where witnesses are required the last with enough."""
    return witnessed_checkpoint() if settings.WITNESS_REQUIRED else latest_checkpoint()


def latest_size() -> int:
    """Return how many entries are published."""
    return Checkpoint.objects.order_by("-size").values_list("size", flat=True).first() or 0


def read_tile(level: int, index: int, width: int) -> bytes:
    """Return `width` hashes of a tile: a tile reader for the engine.

    Raises
    ------
    StoreError
        When the store does not hold that many hashes there.
    """
    hashes = Tile.objects.filter(level=level, index=index).values_list("hashes", flat=True).first()
    if hashes is None or len(hashes) < width * HASH_SIZE:
        raise StoreError(f"tile {level}/{index} should hold {width} hashes; restore the store from a backup")
    return bytes(hashes[: width * HASH_SIZE])


def read_entries(index: int, width: int) -> list[bytes]:
    """Return the first `width` entries of bundle `index`.

    Raises
    ------
    StoreError
        When the store lacks one of them.
    """
    first = index * TILE_WIDTH
    bodies = (
        Entry.objects.filter(index__gte=first, index__lt=first + width).order_by("index").values_list("body", flat=True)
    )
    entries = [bytes(body) for body in bodies]
    if len(entries) != width:
        raise StoreError(f"bundle {index} should hold {width} entries, {len(entries)} are there; restore from a backup")
    return entries


def check_store(full: bool = False) -> int:
    """Recompute the root from the stored hashes and compare it with the last checkpoint; return the log's size.

    Every hash of every stored tile is looked at, so one that was changed at any level is noticed. With `full` every
    entry is hashed again too. Raises StoreError, which says what disagrees; RolledBackError where the store is older
    than what was published from this home.
    """
    last = latest_checkpoint()
    if last is None:
        published.check_size(0)
        return 0
    if not has_key():
        raise StoreError(
            "the log's signing key is missing from the folder keys of SAMEBOAT_HOME; put it back from a backup made "
            "with --with-keys. A new key would not be the log's."
        )
    try:
        parsed, _ = checkpoint.open(last.note, log_signer().verifier)
    except (NoteError, CheckpointError) as error:
        raise StoreError(
            f"the last checkpoint is not signed by the key in SAMEBOAT_HOME: {error}. Put back the key that belongs to "
            "this store."
        ) from error
    if (parsed.size, parsed.root) != (last.size, bytes(last.root)):
        raise StoreError(f"the last checkpoint's text and its row disagree at size {last.size}; restore from a backup")
    root, astray = _recompute(last.size)
    if root != parsed.root:
        raise StoreError(
            f"the stored tree of {last.size} entries has the root {root.hex()}, the last checkpoint signs "
            f"{parsed.root.hex()}: the store was changed or is an old copy. Restore a backup that agrees."
        )
    if astray is not None:
        raise StoreError(f"tile {astray} does not agree with the tiles below it: it was changed. Restore a backup.")
    published.check_prefix(last.size, read_tile)
    if full:
        _check_entries(last.size)
    return last.size


TILES_AT_ONCE = 256
"""Tiles that are read from the database in one go: 2 MB."""


def _tiles_of(size: int, level: int) -> Iterator[bytes]:
    """Yield the tiles of one level of the tree of `size` leaves, in order; raises StoreError where one is missing."""
    count = -(-(size >> (TILE_HEIGHT * level)) // TILE_WIDTH)
    stored = Tile.objects.filter(level=level, index__lt=count).order_by("index").values_list("index", "hashes")
    awaited = 0
    for index, hashes in stored.iterator(TILES_AT_ONCE):
        width = layout.tile_width(size, level, awaited)
        if index != awaited or len(hashes) < width * HASH_SIZE:
            break
        yield bytes(hashes[: width * HASH_SIZE])
        awaited += 1
    if awaited != count:
        width = layout.tile_width(size, level, awaited)
        raise StoreError(f"tile {level}/{awaited} should hold {width} hashes; restore the store from a backup")


def _recompute(size: int) -> tuple[bytes, str | None]:
    """Return the root over the stored leaf hashes, and the first stored tile above them that disagrees with them.

    Every tile of every level is read once, in order; memory grows with the tiles, 32 bytes each.
    """
    roots = [merkle.root([tile]) for tile in _tiles_of(size, 0)]
    root = merkle.root(roots)
    level, whole = 0, size // TILE_WIDTH
    while whole:
        level += 1
        hashes = b"".join(roots[:whole])
        roots = []
        for index, tile in enumerate(_tiles_of(size, level)):
            computed = hashes[index * TILE_BYTES : (index + 1) * TILE_BYTES]
            if tile != computed:
                return root, f"{level}/{index}"
            roots.append(merkle.root([computed]))
        whole //= TILE_WIDTH
    return root, None


def _check_entries(size: int) -> None:
    """Hash every stored entry again; raises StoreError, which names the first that is not the one published."""
    for index, tile in enumerate(_tiles_of(size, 0)):
        for offset, body in enumerate(read_entries(index, len(tile) // HASH_SIZE)):
            if merkle.leaf_hash(body) != tile[offset * HASH_SIZE : (offset + 1) * HASH_SIZE]:
                at = index * TILE_WIDTH + offset
                raise StoreError(f"entry {at} was changed after it was published; restore from a backup")
