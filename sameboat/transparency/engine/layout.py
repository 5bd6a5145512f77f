"""Every path, width and header of the tiled log's format, once. Source: c2sp.org/tlog-tiles 0.1.0."""

import re
from dataclasses import dataclass

from .merkle import HASH_SIZE

TILE_HEIGHT = 8
TILE_WIDTH = 1 << TILE_HEIGHT
TILE_BYTES = TILE_WIDTH * HASH_SIZE
MAX_LEVEL = 63
MAX_ENTRY_BYTES = 65_535  # a bundle prefixes each entry with its length as uint16

# The tree has at most 2**64 - 1 leaves, so no tile starts beyond that.
MAX_INDEX = (1 << 64) // TILE_WIDTH - 1

CHECKPOINT_PATH = "checkpoint"
CHECKPOINT_TYPE = "text/plain; charset=utf-8"
CHECKPOINT_CACHE = "no-cache"
TILE_TYPE = "application/octet-stream"
TILE_CACHE = "public, max-age=31536000, immutable"

_PATH = re.compile(r"tile/(entries|0|[1-9][0-9]?)/((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?", re.ASCII)


class PathError(ValueError):
    """A path, level, index or width that no tile has."""


@dataclass(frozen=True, slots=True)
class TilePath:
    """What a path names: a tile of hashes at `level`, or the bundle of entries where `level` is None."""

    level: int | None
    index: int
    width: int


def path(level: int, index: int, width: int = TILE_WIDTH) -> str:
    """Return the path of the `index`-th tile of hashes at `level`, with `.p/<width>` if it is narrower than full.

    Raises PathError for a level beyond 0 to 63, a negative index or a width beyond 1 to 256.
    """
    if not 0 <= level <= MAX_LEVEL:
        raise PathError(f"tile level {level}: levels run from 0 to {MAX_LEVEL}")
    return f"tile/{level}/{_tail(index, width)}"


def entries_path(index: int, width: int = TILE_WIDTH) -> str:
    """Return the path of the `index`-th bundle of entries; raises PathError as `path` does."""
    return f"tile/entries/{_tail(index, width)}"


def parse_path(text: str) -> TilePath:
    """Return what `text`, a path without leading slash, names. Only the one spelling that `path` writes is taken.

    Raises PathError for anything else.
    """
    # The longest index has 17 digits: six groups. A longer path is not worth matching.
    match = _PATH.fullmatch(text) if len(text) <= 64 else None
    if match is None:
        raise PathError(f"'{text[:64]}' is not a tile's path; one looks like tile/0/x001/234 or tile/0/x001/234.p/44")
    level = None if match[1] == "entries" else int(match[1])
    index = int(match[2].replace("x", "").replace("/", ""))
    width = TILE_WIDTH if match[3] is None else int(match[3])
    if match[3] is not None and width >= TILE_WIDTH:
        raise PathError(f"'{text}': a partial tile has 1 to {TILE_WIDTH - 1} hashes, not {width}")
    canonical = entries_path(index, width) if level is None else path(level, index, width)
    if canonical != text:
        raise PathError(f"'{text}' is written {canonical}")
    return TilePath(level, index, width)


def partial_width(size: int, level: int) -> int:
    """Return how many hashes the partial tile at `level` has in a tree of `size` leaves: 0 to 255, 0 for no tile."""
    return (size >> (TILE_HEIGHT * level)) % TILE_WIDTH


def tile_width(size: int, level: int, index: int) -> int:
    """Return how many hashes the `index`-th tile at `level` has in a tree of `size` leaves: 0 to 256."""
    return max(0, min(TILE_WIDTH, (size >> (TILE_HEIGHT * level)) - index * TILE_WIDTH))


def _tail(index: int, width: int) -> str:
    if not 0 <= index <= MAX_INDEX:
        raise PathError(f"tile index {index}: indices run from 0 to {MAX_INDEX}")
    if not 1 <= width <= TILE_WIDTH:
        raise PathError(f"tile width {width}: a tile has 1 to {TILE_WIDTH} hashes")
    groups = [f"{index % 1000:03d}"]
    while index >= 1000:
        index //= 1000
        groups.append(f"x{index % 1000:03d}")
    return "/".join(reversed(groups)) + ("" if width == TILE_WIDTH else f".p/{width}")
