"""The check at start looks at every hash that is stored, and reads the store in a handful of queries."""

import pytest
from django.utils import timezone

from sameboat.transparency import store
from sameboat.transparency.engine import checkpoint, layout, merkle, signed_note, tiles
from sameboat.transparency.errors import StoreError
from sameboat.transparency.keys import log_signer
from sameboat.transparency.models import Checkpoint, Tile

pytestmark = pytest.mark.django_db

SIZE = 65_536 + 256 + 44
"""Three levels, the lower two of them with a partial tile at the edge."""

PLACES = [(0, 0), (0, 131), (0, 256), (0, 257), (1, 0), (1, 1), (2, 0)]


@pytest.fixture(scope="module")
def tree():
    """The tiles of a tree, and its root."""
    size, made = tiles.grow(0, [merkle.leaf_hash(number.to_bytes(4)) for number in range(SIZE)], lambda *place: b"")
    return made, tiles.root(size, tiles.overlay(made, lambda *place: b""))


@pytest.fixture
def stored(tree):
    """The tree in the store, under a checkpoint."""
    made, root = tree
    Tile.objects.bulk_create(
        [Tile(level=level, index=index, hashes=hashes) for (level, index), hashes in made.items()], batch_size=100
    )
    signer = log_signer()
    note = signed_note.sign(checkpoint.encode(checkpoint.Checkpoint(signer.name, SIZE, root)), [signer])
    Checkpoint.objects.create(size=SIZE, root=root, note=note, signed_at=timezone.now())


def change(place, damage):
    tile = Tile.objects.get(level=place[0], index=place[1])
    tile.hashes = damage(bytes(tile.hashes))
    tile.save()


def test_a_store_as_it_was_written_is_fine(stored, django_assert_max_num_queries):
    """A store of 258 tiles is checked with a handful of queries, so that a million entries are checked in a second."""
    with django_assert_max_num_queries(8):
        assert store.check_store() == SIZE


@pytest.mark.parametrize("at", [0, 31, 44 * 32 - 1, -1], ids=["first", "of a first hash", "of the 44th", "last"])
@pytest.mark.parametrize("place", PLACES, ids=lambda place: "tile {}/{}".format(*place))
def test_one_changed_byte_of_any_tile_is_noticed(stored, place, at):
    """Also in the tiles above the lowest, which make proofs and roots but are not the log itself."""
    width = layout.tile_width(SIZE, *place) * 32
    at = at % width if at < 0 else min(at, width - 1)
    change(place, lambda hashes: hashes[:at] + bytes([hashes[at] ^ 1]) + hashes[at + 1 :])
    with pytest.raises(StoreError, match="root" if place[0] == 0 else "tile {}/{} ".format(*place)):
        store.check_store()


@pytest.mark.parametrize("damage", [lambda hashes: hashes[:-32], lambda hashes: hashes[:-1], lambda hashes: b""])
@pytest.mark.parametrize("place", PLACES, ids=lambda place: "tile {}/{}".format(*place))
def test_a_tile_cut_short_is_named(stored, place, damage):
    """The message says how many hashes the tile should hold."""
    change(place, damage)
    with pytest.raises(StoreError, match="tile {}/{} should hold {}".format(*place, layout.tile_width(SIZE, *place))):
        store.check_store()


@pytest.mark.parametrize("place", PLACES, ids=lambda place: "tile {}/{}".format(*place))
def test_a_missing_tile_is_named(stored, place):
    """Whatever its level."""
    Tile.objects.filter(level=place[0], index=place[1]).delete()
    with pytest.raises(StoreError, match="tile {}/{} should hold".format(*place)):
        store.check_store()


def test_tiles_that_have_grown_since_the_checkpoint_are_fine(stored, tree):
    """Another process may publish while this one looks: what is beyond the checkpoint is not its business."""
    for place, hashes in tree[0].items():
        if len(hashes) < layout.TILE_BYTES:
            change(place, lambda hashes: hashes + bytes(32))
    Tile.objects.create(level=0, index=258, hashes=bytes(32))
    assert store.check_store() == SIZE
