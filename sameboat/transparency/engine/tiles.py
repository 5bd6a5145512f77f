"""The tree as tiles: reading roots and proofs out of them, and growing them. Source: c2sp.org/tlog-tiles 0.1.0.

Where tiles are kept is the caller's business: it passes a function that reads one. The tiles that such a function
returns are not trusted here; a proof made from wrong tiles does not verify.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

from . import merkle
from .layout import (
    MAX_ENTRY_BYTES,
    TILE_BYTES,
    TILE_HEIGHT,
    TILE_WIDTH,
    entries_path,
    parse_path,
    path,
    tile_width,
)
from .merkle import HASH_SIZE, ProofError

__all__ = [
    "BundleError",
    "ReadTile",
    "TileError",
    "consistency_proof",
    "encode_bundle",
    "entries_path",
    "grow",
    "inclusion_proof",
    "overlay",
    "parse_bundle",
    "parse_path",
    "path",
    "root",
]

ReadTile = Callable[[int, int, int], bytes]
"""`read_tile(level, index, width)` returns the tile's bytes: `width` hashes, or more if it has grown since."""


class TileError(ValueError):
    """A tile that is cut short, too long or not made of whole hashes."""


class BundleError(ValueError):
    """A bundle of entries that is cut short, empty or too long, or an entry that does not fit in one."""


def encode_bundle(entries: Sequence[bytes]) -> bytes:
    """Return 1 to 256 `entries`, each under its length as big-endian uint16; raises BundleError."""
    if not 1 <= len(entries) <= TILE_WIDTH:
        raise BundleError(f"a bundle has 1 to {TILE_WIDTH} entries, not {len(entries)}")
    parts = []
    for number, entry in enumerate(entries):
        if len(entry) > MAX_ENTRY_BYTES:
            raise BundleError(f"entry {number} of the bundle has {len(entry)} bytes; at most {MAX_ENTRY_BYTES} fit")
        parts += [len(entry).to_bytes(2), entry]
    return b"".join(parts)


def parse_bundle(data: bytes) -> list[bytes]:
    """Return the 1 to 256 entries of a bundle; raises BundleError if it is cut short, empty or too long."""
    entries: list[bytes] = []
    at, end = 0, len(data)
    while at < end:
        if len(entries) == TILE_WIDTH:
            raise BundleError(f"the bundle goes on after its {TILE_WIDTH}th entry, at byte {at}")
        start = at + 2
        at = start + int.from_bytes(data[at:start])
        if at > end or start > end:
            raise BundleError(f"the bundle is cut short in its entry {len(entries)}: {end} bytes of {max(at, start)}")
        entries.append(data[start:at])
    if not entries:
        raise BundleError("the bundle is empty")
    return entries


def root(size: int, read_tile: ReadTile) -> bytes:
    """Return the root of the tree's first `size` leaves; reads one tile a level.

    Raises ProofError for a size that no tree has, TileError for a broken tile.
    """
    if not 0 <= size <= merkle.MAX_SIZE:
        raise ProofError(f"no tree has {size} leaves")
    if size == 0:
        return merkle.EMPTY_ROOT
    return _Tree(size, read_tile).range_hash(0, size)


def inclusion_proof(index: int, size: int, read_tile: ReadTile) -> list[bytes]:
    """Return the hashes from the sibling of leaf `index` up to the child of the root of the first `size` leaves.

    Raises ProofError if there is no such leaf, TileError for a broken tile. Source: RFC 6962, section 2.1.1.
    """
    if not 0 <= index < size:
        raise ProofError(f"there is no leaf {index} in a tree of {size} leaves, so nothing can prove it")
    tree = _Tree(size, read_tile)
    proof = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            proof.append(tree.range_hash(middle, end))
            end = middle
        else:
            proof.append(tree.range_hash(start, middle))
            start = middle
    return proof[::-1]


def consistency_proof(size1: int, size2: int, read_tile: ReadTile) -> list[bytes]:
    """Return the hashes that show that the first `size1` leaves are a prefix of the first `size2`.

    Raises ProofError unless 0 < size1 <= size2, TileError for a broken tile. Source: RFC 6962, section 2.1.2.
    """
    if not 0 < size1 <= size2:
        raise ProofError(f"no consistency proof leads from size {size1} to size {size2}")
    tree = _Tree(size2, read_tile)
    proof = []
    start, end = 0, size2
    while size1 != end:
        middle = start + _split(end - start)
        if size1 <= middle:
            proof.append(tree.range_hash(middle, end))
            end = middle
        else:
            proof.append(tree.range_hash(start, middle))
            start = middle
    if start:
        proof.append(tree.range_hash(start, end))
    return proof[::-1]


def grow(size: int, new_leaf_hashes: Iterable[bytes], read_tile: ReadTile) -> tuple[int, dict[tuple[int, int], bytes]]:
    """Append leaf hashes to a tree of `size` leaves.

    Returns
    -------
    The new size, and every tile that changed as {(level, index): all its bytes now, at most 8,192}.

    It reads at most one tile a level, and hashes about once a leaf. Raises TileError.
    """
    tiles: dict[tuple[int, int], bytes] = {}
    added = b"".join(new_leaf_hashes)
    if len(added) % HASH_SIZE:
        raise TileError(f"{len(added)} bytes of leaf hashes are not whole hashes of {HASH_SIZE} bytes")
    new_size = size + len(added) // HASH_SIZE
    level = 0
    while added:
        index, width = divmod(size >> (TILE_HEIGHT * level), TILE_WIDTH)
        if width:
            added = _hashes(read_tile, level, index, width) + added
        filled = []
        for at in range(0, len(added), TILE_BYTES):
            tile = added[at : at + TILE_BYTES]
            tiles[level, index] = tile
            index += 1
            if len(tile) == TILE_BYTES:
                filled.append(merkle.root([tile]))
        added = b"".join(filled)
        level += 1
    return new_size, tiles


def overlay(tiles: Mapping[tuple[int, int], bytes], read_tile: ReadTile) -> ReadTile:
    """Return a reader that sees `tiles`, such as those `grow` made, before those of `read_tile`."""

    def read(level: int, index: int, width: int) -> bytes:
        tile = tiles.get((level, index))
        return read_tile(level, index, width) if tile is None else tile

    return read


def _split(count: int) -> int:
    """Return the largest power of two below `count`, where RFC 6962 splits a tree of `count` > 1 leaves."""
    return 1 << (count - 1).bit_length() - 1


def _hashes(read_tile: ReadTile, level: int, index: int, width: int) -> bytes:
    tile = read_tile(level, index, width)
    if len(tile) % HASH_SIZE or not width * HASH_SIZE <= len(tile) <= TILE_BYTES:
        raise TileError(
            f"{path(level, index, width)} has {len(tile)} bytes, not {width * HASH_SIZE}: it is cut short or damaged"
        )
    return tile[: width * HASH_SIZE]


class _Tree:
    """The first `size` leaves, each tile read once."""

    def __init__(self, size: int, read_tile: ReadTile) -> None:
        self.size = size
        self._read_tile = read_tile
        self._tiles: dict[tuple[int, int], bytes] = {}

    def range_hash(self, start: int, end: int) -> bytes:
        """Return the root over the leaves from `start` up to `end`, a node of the tree or its right edge."""
        result = b""
        # The bits of the length are the complete subtrees, the smallest on the right edge.
        while end > start:
            height = (end - start & -(end - start)).bit_length() - 1
            end -= 1 << height
            subtree = self._complete(end, height)
            result = merkle.node_hash(subtree, result) if result else subtree
        return result

    def _complete(self, start: int, height: int) -> bytes:
        """Return the root over the 2**height leaves from `start`, a multiple of 2**height."""
        level, height_in_tile = divmod(height, TILE_HEIGHT)
        index, offset = divmod(start >> (TILE_HEIGHT * level), TILE_WIDTH)
        tile = self._tiles.get((level, index))
        if tile is None:
            tile = _hashes(self._read_tile, level, index, tile_width(self.size, level, index))
            self._tiles[level, index] = tile
        return merkle.root([tile[offset * HASH_SIZE : (offset + (1 << height_in_tile)) * HASH_SIZE]])
