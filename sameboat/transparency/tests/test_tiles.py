"""Bundles of entries, and the tree as tiles."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sameboat.transparency.engine import checkpoint, merkle, signed_note, tiles
from sameboat.transparency.engine.merkle import ProofError
from sameboat.transparency.engine.tiles import BundleError, TileError

from . import vectors

LEAVES = [merkle.leaf_hash(number.to_bytes(4)) for number in range(70_000)]
TESSERA_VKEY = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx"


def no_tiles(level, index, width):
    raise AssertionError(f"nobody needs tile {level}/{index} of width {width}")


def grown(*sizes):
    """Return a reader of the tiles of a log that published each of `sizes` in turn."""
    stored, size = {}, 0
    for target in sizes:
        size, changed = tiles.grow(size, LEAVES[size:target], tiles.overlay(stored, no_tiles))
        assert size == target
        stored.update(changed)
    return tiles.overlay(stored, no_tiles)


BIG = grown(70_000)


@given(st.lists(st.integers(0, 1200), min_size=1, max_size=8))
@settings(deadline=None)
def test_growing_in_steps_gives_the_same_root(steps):
    """However a log grew, its root is that over its leaves."""
    sizes = sorted(steps)
    assert tiles.root(sizes[-1], grown(*sizes)) == merkle.root(LEAVES[: sizes[-1]])


@pytest.mark.parametrize("size", [0, 1, 2, 255, 256, 257, 511, 512, 65_535, 65_536, 65_537, 65_792, 70_000])
def test_root_at_the_edges(size):
    """A tree of full tiles, of nearly full and of just begun ones has its root."""
    assert tiles.root(size, BIG) == merkle.root(LEAVES[:size])


@given(st.data())
@settings(deadline=None)
def test_inclusion_proof_verifies(data):
    """A proof read from tiles shows the leaf under the root of any size that holds it."""
    size = data.draw(st.integers(1, 70_000) | st.sampled_from([256, 65_536, 70_000]))
    index = data.draw(st.integers(0, size - 1))
    proof = tiles.inclusion_proof(index, size, BIG)
    merkle.verify_inclusion(LEAVES[index], index, size, proof, tiles.root(size, BIG))


@given(st.data())
@settings(deadline=None)
def test_consistency_proof_verifies(data):
    """A proof read from tiles shows that the older tree is a prefix of the newer."""
    size2 = data.draw(st.integers(1, 70_000) | st.sampled_from([256, 65_536, 70_000]))
    size1 = data.draw(st.integers(1, size2))
    proof = tiles.consistency_proof(size1, size2, BIG)
    merkle.verify_consistency(size1, size2, tiles.root(size1, BIG), tiles.root(size2, BIG), proof)


@given(st.data())
@settings(deadline=None)
def test_no_other_leaf_is_shown(data):
    """A proof of one leaf shows neither another leaf nor another index nor another size."""
    size = data.draw(st.integers(2, 3000))
    index, other = data.draw(st.lists(st.integers(0, size - 1), min_size=2, max_size=2, unique=True))
    proof, root = tiles.inclusion_proof(index, size, BIG), tiles.root(size, BIG)
    with pytest.raises(ProofError):
        merkle.verify_inclusion(LEAVES[other], index, size, proof, root)
    with pytest.raises(ProofError):
        merkle.verify_inclusion(LEAVES[index], other, size, proof, root)
    with pytest.raises(ProofError):
        merkle.verify_inclusion(LEAVES[index], index, size, [proof[0][::-1], *proof[1:]], root)


def test_one_tile_a_level_is_read_for_a_root():
    """A root costs one read a level, however large the log."""
    read = []

    def counting(level, index, width):
        read.append((level, index, width))
        return BIG(level, index, width)

    tiles.root(70_000, counting)
    assert read == [(0, 273, 112), (1, 1, 17), (2, 0, 1)]


def test_growing_returns_the_tiles_that_changed():
    """Only the right edge changes, and full tiles are 8,192 bytes."""
    size, changed = tiles.grow(65_535, LEAVES[65_535:65_537], grown(65_535))
    assert size == 65_537
    assert {place: len(tile) // 32 for place, tile in changed.items()} == {
        (0, 255): 256,
        (0, 256): 1,
        (1, 0): 256,
        (2, 0): 1,
    }


def test_growing_by_nothing_changes_nothing():
    """An empty batch touches no tile."""
    assert tiles.grow(300, [], no_tiles) == (300, {})


def test_a_tile_that_has_grown_since_still_serves():
    """A reader may hand over a later, wider tile, as a mirror that deleted the partial one does."""
    now = grown(256)
    assert tiles.root(100, lambda level, index, width: now(level, index, 256)) == merkle.root(LEAVES[:100])


@pytest.mark.parametrize(
    "damage",
    [lambda tile: tile[:-1], lambda tile: tile[:-32], lambda tile: b"", lambda tile: tile + b"\0" * 8192],
    ids=["a byte short", "a hash short", "empty", "too long"],
)
def test_a_damaged_tile_is_refused(damage):
    """A tile that was cut short or padded is an error, not another root."""
    log = grown(300)
    with pytest.raises(TileError, match=r"tile/0/001\.p/44"):
        tiles.root(300, lambda *place: damage(log(*place)))


@pytest.mark.parametrize(("index", "size"), [(0, 0), (1, 1), (-1, 5), (7, 3)])
def test_no_proof_of_a_leaf_that_is_not_there(index, size):
    """Nothing proves a leaf beyond the tree."""
    with pytest.raises(ProofError):
        tiles.inclusion_proof(index, size, BIG)


@pytest.mark.parametrize(("size1", "size2"), [(0, 0), (0, 5), (6, 5), (-1, 5)])
def test_no_proof_from_a_larger_or_empty_tree(size1, size2):
    """Nothing proves consistency backwards or from the empty tree."""
    with pytest.raises(ProofError):
        tiles.consistency_proof(size1, size2, BIG)


def test_no_root_of_a_negative_size():
    """A negative size has no root."""
    with pytest.raises(ProofError):
        tiles.root(-1, BIG)


def test_ragged_leaf_hashes_are_refused():
    """A leaf hash of another length would shift all that follow."""
    with pytest.raises(TileError):
        tiles.grow(0, [b"\0" * 31], no_tiles)


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=256))
def test_bundle_is_read_back(entries):
    """A bundle gives back its entries."""
    assert tiles.parse_bundle(tiles.encode_bundle(entries)) == entries


@given(st.binary(max_size=2000))
def test_any_bytes_are_a_bundle_or_refused(data):
    """Bytes that are read as a bundle are the only spelling of its entries."""
    try:
        entries = tiles.parse_bundle(data)
    except BundleError:
        return
    assert tiles.encode_bundle(entries) == data


@pytest.mark.parametrize(
    "data",
    [b"", b"\0", b"\0\1", b"\0\3ab", b"\0\1a\0", b"\0\0" * 257],
    ids=["empty", "half a length", "no entry", "entry cut", "second length cut", "257 entries"],
)
def test_bad_bundle(data):
    """A bundle that is cut short or too long is refused."""
    with pytest.raises(BundleError):
        tiles.parse_bundle(data)


@pytest.mark.parametrize("entries", [[], [b""] * 257, [b"\0" * 65_536]], ids=["none", "257", "65,536 bytes"])
def test_what_no_bundle_holds(entries):
    """No bundle is made without entries, with more than 256, or with one over 65,535 bytes."""
    with pytest.raises(BundleError):
        tiles.encode_bundle(entries)


@vectors.NEEDED
@pytest.mark.parametrize("size", range(16))
def test_tessera_log(size):
    """Another program's log: its checkpoint opens, its root is ours, and every proof from its tiles verifies."""
    folder = vectors.LOG / "tessera-log/testdata/log"
    log = signed_note.Verifier.from_vkey(TESSERA_VKEY)
    head, _ = checkpoint.open((folder / f"checkpoint.{size}").read_bytes(), log)
    assert head.size == size

    def read_tile(level, index, width):
        return (folder / tiles.path(level, index, width)).read_bytes()

    assert tiles.root(size, read_tile) == head.root
    if size:
        entries = tiles.parse_bundle((folder / tiles.entries_path(0, size)).read_bytes())
        hashes = [merkle.leaf_hash(entry) for entry in entries]
        assert tiles.grow(0, hashes, read_tile) == (size, {(0, 0): read_tile(0, 0, size)})
    for index in range(size):
        proof = tiles.inclusion_proof(index, size, read_tile)
        merkle.verify_inclusion(hashes[index], index, size, proof, head.root)
        older, _ = checkpoint.open((folder / f"checkpoint.{index + 1}").read_bytes(), log)
        proof = tiles.consistency_proof(older.size, size, read_tile)
        merkle.verify_consistency(older.size, size, older.root, head.root, proof)
