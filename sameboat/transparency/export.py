"""Export of the log as plain files in the C2SP layout: any web server or object store then serves it whole."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sameboat.transparency import store
from sameboat.transparency.engine import layout, tiles
from sameboat.transparency.engine.layout import TILE_HEIGHT, TILE_WIDTH
from sameboat.transparency.errors import BadInput


@dataclass(frozen=True, slots=True)
class Export:
    """What an export left in its folder: the log's size there, and how many files were new."""

    folder: str
    size: int
    new_files: int


def export(folder: Path, progress: Callable[[int, int], None] | None = None) -> Export:
    """Write the log's checkpoint, tiles and bundles to a folder; what is there already is not written again.

    Full tiles never change, so a second export adds what is new. The checkpoint is written last: at every moment the
    folder is a whole log. Raises BadInput where nothing is published yet, StoreError where the store lacks a part.
    """
    last = store.served_checkpoint()
    if last is None:
        raise BadInput("nothing is published yet; start the server, or run `sameboat log sequence`")
    written = 0
    bundles = -(-last.size // TILE_WIDTH)
    for index in range(bundles):
        width = layout.tile_width(last.size, 0, index)
        path = folder / layout.entries_path(index, width)
        if not path.exists():
            _write(path, tiles.encode_bundle(store.read_entries(index, width)))
            written += 1
        if progress is not None:
            progress(index + 1, bundles)
    level = 0
    while last.size >> (TILE_HEIGHT * level):
        for index in range(-(-(last.size >> (TILE_HEIGHT * level)) // TILE_WIDTH)):
            width = layout.tile_width(last.size, level, index)
            path = folder / layout.path(level, index, width)
            if not path.exists():
                _write(path, store.read_tile(level, index, width))
                written += 1
        level += 1
    _write(folder / layout.CHECKPOINT_PATH, last.note.encode())
    return Export(str(folder), last.size, written + 1)


def _write(path: Path, data: bytes) -> None:
    """Write a file so that it is whole or not there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with draft.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
