"""The log's core: accept, sequence and publish entries of 450 bytes, beside SQLite's bare commits on the same disk."""

import json
import sqlite3
import time
from collections.abc import Iterator
from typing import Any

from benchmarks.home import fresh_home, run_python

ENTRIES = 20_000
GROW = """
import json, os, resource, sys, time
from django.core.management import call_command
from django.utils import timezone
from sameboat.transparency import store
from sameboat.transparency.actions import publish
from sameboat.transparency.engine import merkle
from sameboat.transparency.models import Entry
call_command("migrate", verbosity=0)
total, now = int(sys.argv[1]), timezone.now()
started, done = time.perf_counter(), 0
while done < total:
    bodies = [os.urandom(225).hex().encode() for _ in range(4096)]
    same = {"type": "bench", "actor": "operator", "event_time": now, "recorded_at": now}
    Entry.objects.bulk_create(
        [Entry(leaf_hash=merkle.leaf_hash(body), body=body, **same) for body in bodies], batch_size=500)
    publish()
    done += len(bodies)
grown = time.perf_counter() - started
started = time.perf_counter()
store.check_store()
checked, memory = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps([done, grown, checked, memory]))
"""


def measure() -> Iterator[dict[str, Any]]:
    """Yield entries a second through the store, and how long the check at start takes."""
    with fresh_home() as home:
        done, grown, checked, memory = json.loads(run_python(GROW, home, str(ENTRIES)))
        bare = sqlite3.connect(home / "bare.sqlite3", isolation_level=None)
        bare.execute("PRAGMA journal_mode=WAL")
        bare.execute("PRAGMA synchronous=FULL")
        bare.execute("CREATE TABLE entry (id INTEGER PRIMARY KEY, body BLOB)")
        started = time.perf_counter()
        for _ in range(300):
            bare.execute("INSERT INTO entry (body) VALUES (?)", (bytes(450),))
        commits = 300 / (time.perf_counter() - started)
        bare.close()
    yield {
        "what": f"log core, {done:,} entries in groups of 4,096",
        "ours": done / grown,
        "unit": "entries/s",
        "peer": "SQLite commits",
        "peers": commits,
    }
    yield {"what": "root recomputed at start", "ours": checked * 1e6 / done, "unit": "s a million", "bar": "2"}
    yield {"what": "memory", "ours": memory, "unit": "MB"}
