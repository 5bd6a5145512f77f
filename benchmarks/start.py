"""Starting the server on a log of a million entries: the root recomputed from the store, and until it answers."""

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.home import fresh_home, run_python, served

ENTRIES = int(os.environ.get("BENCH_ENTRIES", "1000000"))

FILL = '''
import itertools, sys
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone
from benchmarks import big_log
from sameboat.transparency import published
from sameboat.transparency.engine import layout, merkle, signed_note
from sameboat.transparency.engine.checkpoint import parse
from sameboat.transparency.keys import log_signer
from sameboat.transparency.models import Checkpoint, Tile
call_command("migrate", verbosity=0)
hashes, now = [], timezone.now()
made = big_log.bodies(int(sys.argv[1]))
ENTER = """
    INSERT INTO transparency_entry ("index", leaf_hash, body, type, actor, event_time, recorded_at)
    VALUES (%s, %s, %s, 'bench', 'operator', %s, %s)
"""
with transaction.atomic(), connection.cursor() as cursor:
    while part := list(itertools.islice(made, 4096)):
        first = len(hashes)
        hashes += [merkle.leaf_hash(body) for body in part]
        cursor.executemany(ENTER, [(first + n, hashes[first + n], body, now, now) for n, body in enumerate(part)])
with transaction.atomic():
    for path, data in big_log.head_of(hashes, log_signer()):
        if path == layout.CHECKPOINT_PATH:
            note = data.decode()
            head = parse(signed_note.split(note)[0])
            Checkpoint.objects.create(size=head.size, root=head.root, note=note, signed_at=now)
        else:
            place = layout.parse_path(path)
            Tile.objects.create(level=place.level, index=place.index, hashes=data)
published.remember(note)
'''

CHECK = """
import json, resource, time
from sameboat.transparency import store
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
started = time.perf_counter()
size = store.check_store()
seconds, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps([size, seconds, (after - before) / 1024, after / 1024]))
"""


def measure() -> Iterator[dict[str, Any]]:
    """Yield the seconds of the check, its memory, and the seconds until a server answers; a new home as the peer."""
    with fresh_home() as home, fresh_home() as empty:
        run_python(FILL, home, str(ENTRIES))
        run_python(FILL, empty, "1")
        size, seconds, more, memory = json.loads(run_python(CHECK, home))
        what = f"root recomputed at start, {size:,} entries"
        yield {"what": what, "ours": seconds, "unit": "s", "bar": "2"}
        yield {"what": "… memory it takes", "ours": more, "unit": "MB"}
        yield {"what": "… memory of the process", "ours": memory, "unit": "MB"}
        until_ready(empty)  # static files are gathered and programs read from the disk once
        until_ready(home)
        ours, peers = min(until_ready(home) for _ in range(3)), min(until_ready(empty) for _ in range(3))
        what = f"`sameboat serve` until it answers, {size:,} entries"
        yield {"what": what, "ours": ours, "unit": "s", "bar": "", "peer": "with one entry", "peers": peers}
        yield {"what": "… of it for the entries", "ours": ours - peers, "unit": "s", "bar": "2"}


def until_ready(home: Path) -> float:
    """Return the seconds from starting a server to its first answer, within a quarter of a second."""
    started = time.perf_counter()
    with served(home, "serve"):
        return time.perf_counter() - started
