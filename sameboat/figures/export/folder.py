"""Figures as a static folder that any web server can serve: every vintage's file, every signal in every format."""

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sameboat.figures import overview, queries
from sameboat.figures.engine.formats import FORMATS
from sameboat.figures.export import tables as exports
from sameboat.figures.export.paths import INDEX, chain_path, change_path, table_path
from sameboat.figures.models import Definition, Feed, Vintage

LATEST_ONLY = "fhir.json"
"""The format of which a folder has each place's last day only: a report for every day of every place is many GB."""

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Export:
    """What an export left in its folder."""

    folder: str
    feeds: int
    vintages: int
    tables: int
    new_files: int


def export(folder: Path, told: Callable[[int, int], None] | None = None) -> Export:
    """Write all feeds to a folder; what is there and has not changed is not written again.

    A file is whole or not there; the index, which names each file's hash, is written last, so that at every moment it
    speaks of files that are there. `told` learns how many feeds are done.
    """
    before = _index(folder)
    feeds, written, vintages, tables = queries.feeds(), 0, 0, 0
    listed = []
    for done, feed in enumerate(feeds, start=1):
        at = queries.vintage_as_of(feed)
        chain, fresh = _write_changes(folder, feed)
        written += fresh
        vintages += len(chain)
        files = []
        if at is not None:
            for each in overview.counted(feed):
                for ending in FORMATS:
                    entry, fresh = _write_table(folder, each.definition, ending, at, before)
                    files.append(entry)
                    written += fresh
        tables += len(files)
        listed.append(_feed_entry(feed, at, files))
        written += _write_if_changed(folder / chain_path(feed.code), _dumped(chain))
        if told is not None:
            told(done, len(feeds))
    written += _write_if_changed(folder / INDEX, _dumped({"format": 1, "feeds": listed}))
    return Export(str(folder), len(feeds), vintages, tables, written)


def _index(folder: Path) -> dict[str, dict[str, Any]]:
    """Return what an earlier export says of its tables, by their paths; nothing where it cannot be read."""
    try:
        content = json.loads((folder / INDEX).read_bytes())
        return {file["path"]: file for feed in content["feeds"] for file in feed["files"]}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _feed_entry(feed: Feed, at: Vintage | None, files: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "id": feed.public_id,
        "code": feed.code,
        "name_en": feed.name_en,
        "name_zh": feed.name_zh,
        "publisher": feed.publisher.public_id if feed.publisher else None,
        "url": feed.url,
        "licence": feed.licence,
        "vintage": at.public_id if at else None,
        "number": at.number if at else None,
        "published_at": at.published_at.isoformat() if at else None,
        "vintages": chain_path(feed.code),
        "files": files,
    }


def _write_changes(folder: Path, feed: Feed) -> tuple[list[dict[str, Any]], int]:
    """Write the files of a feed's vintages that are not there; return the list of all, the first first."""
    chain: list[dict[str, Any]] = []
    written, before = 0, None
    while rows := queries.vintages(feed, before=before, limit=_AT_ONCE):
        for row in rows:
            path = folder / change_path(row.public_id)
            if not path.exists():
                _write(path, queries.change_file_parts(row))
                written += 1
            chain.append(
                {
                    "id": row.public_id,
                    "number": row.number,
                    "published_at": row.published_at.isoformat(),
                    "sha256": row.sha256,
                    "entry": bytes(row.entry).hex(),
                    "new": row.new,
                    "revised": row.revised,
                    "withdrawn": row.withdrawn,
                    "rejected": row.rejected,
                    "changes": change_path(row.public_id),
                }
            )
        before = rows[-1].number
    return chain[::-1], written


def _write_table(
    folder: Path, definition: Definition, ending: str, at: Vintage, before: dict[str, dict[str, Any]]
) -> tuple[dict[str, Any], int]:
    """Write one table, unless the one that is there stands at the same vintage in the same format."""
    signal, latest = definition.signal.code, ending == LATEST_ONLY
    name = table_path(at.feed.code, signal, definition.code, ending)
    path, tag = folder / name, exports.tag(at, ending, "latest" if latest else "whole").strip('"')
    entry = {"path": name, "signal": signal, "definition": definition.code, "format": ending, "tag": tag}
    held = before.get(name, {})
    if held.get("tag") == tag and path.is_file() and path.stat().st_size == held.get("bytes"):
        return entry | {"sha256": held["sha256"], "bytes": held["bytes"]}, 0
    table = exports.whole_table(definition, at, latest=latest)
    sha256, size = _write(path, FORMATS[ending].parts(table))
    return entry | {"sha256": sha256, "bytes": size}, 1


def _dumped(content: Any) -> bytes:
    return (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode()


def _write_if_changed(path: Path, data: bytes) -> int:
    if path.is_file() and path.read_bytes() == data:
        return 0
    _write(path, [data])
    return 1


def _write(path: Path, parts: Iterable[bytes] | Iterator[bytes]) -> tuple[str, int]:
    """Write a file so that it is whole or not there; return its hash and its length."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    digest, size = hashlib.sha256(), 0
    try:
        with draft.open("wb") as file:
            for part in parts:
                file.write(part)
                digest.update(part)
                size += len(part)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    return digest.hexdigest(), size
