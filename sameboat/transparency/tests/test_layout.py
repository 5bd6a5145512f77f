"""Paths and widths of the tiled log."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sameboat.transparency.engine import layout, tiles
from sameboat.transparency.engine.layout import PathError, TilePath

PATHS = [
    ("tile/0/000", TilePath(0, 0, 256)),
    ("tile/0/001", TilePath(0, 1, 256)),
    ("tile/0/x001/x234/067", TilePath(0, 1_234_067, 256)),
    ("tile/0/x001/234.p/44", TilePath(0, 1234, 44)),
    ("tile/63/999.p/255", TilePath(63, 999, 255)),
    ("tile/1/x001/000.p/1", TilePath(1, 1000, 1)),
    ("tile/entries/000", TilePath(None, 0, 256)),
    ("tile/entries/x123/456.p/7", TilePath(None, 123_456, 7)),
]


@pytest.mark.parametrize(("text", "place"), PATHS)
def test_path_is_written(text, place):
    """A tile's path is the one of tlog-tiles, with its width only if it is partial."""
    if place.level is None:
        assert tiles.entries_path(place.index, place.width) == text
    else:
        assert tiles.path(place.level, place.index, place.width) == text


@pytest.mark.parametrize(("text", "place"), PATHS)
def test_path_is_read(text, place):
    """The same path says which tile it names."""
    assert tiles.parse_path(text) == place


@pytest.mark.parametrize(
    "text",
    [
        "",
        "tile/0/0",
        "tile/0/0000",
        "tile/00/000",
        "tile/64/000",
        "tile/-1/000",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/999",
        "tile/0/000.p/01",
        "tile/0/000.p/",
        "tile/0/000.p",
        "tile/0/x000/001",
        "tile/0/001/234",
        "tile/0/x001",
        "tile/0/x001/x234",
        "tile/0/٠٠٠",
        "tile/0/000\n",
        "/tile/0/000",
        "tile/0/000/",
        "tile/8/0/000",
        "tile/data/000",
        "Tile/0/000",
        "tile/0/x99/999",
        "tile/0/" + "x999/" * 6 + "999",
        "tile/0/" + "x999/" * 10_000 + "999",
    ],
)
def test_bad_path(text):
    """A path that tlog-tiles does not write names no tile."""
    with pytest.raises(PathError):
        tiles.parse_path(text)


@pytest.mark.parametrize(
    ("level", "index", "width"),
    [(-1, 0, 256), (64, 0, 256), (0, -1, 256), (0, 2**56, 256), (0, 0, 0), (0, 0, 257), (0, 0, -1)],
)
def test_no_such_tile(level, index, width):
    """A level, index or width that no tile has is not written."""
    with pytest.raises(PathError):
        tiles.path(level, index, width)


@given(st.one_of(st.none(), st.integers(0, 63)), st.integers(0, layout.MAX_INDEX), st.integers(1, 256))
def test_every_path_is_read_back(level, index, width):
    """What is written is read back."""
    text = tiles.entries_path(index, width) if level is None else tiles.path(level, index, width)
    assert tiles.parse_path(text) == TilePath(level, index, width)


@given(st.text(alphabet="tile/nrsx0123456789.p-", max_size=40) | st.text(max_size=20))
def test_any_text_is_read_or_refused(text):
    """No text but a canonical path is read, and refusing is all that happens."""
    try:
        place = tiles.parse_path(text)
    except PathError:
        return
    again = (
        tiles.entries_path(place.index, place.width)
        if place.level is None
        else tiles.path(place.level, place.index, place.width)
    )
    assert again == text


@pytest.mark.parametrize(
    ("size", "widths"), [(0, [0, 0, 0]), (256, [0, 1, 0]), (70_000, [112, 17, 1]), (65_536, [0, 0, 1])]
)
def test_partial_widths(size, widths):
    """The partial tiles of a tree are as wide as tlog-tiles computes for its example."""
    assert [layout.partial_width(size, level) for level in range(3)] == widths


@given(st.integers(0, 2**40), st.integers(0, 5))
def test_the_last_tile_is_the_partial_one(size, level):
    """The tile at the right edge of a level is as wide as the level's partial tile."""
    index = (size >> 8 * level) // 256
    assert layout.tile_width(size, level, index) == layout.partial_width(size, level)
