"""Loading Wuhan 2020 through the actions, beside SQLite inserting as many bare rows one statement at a time."""

import json
import sqlite3
import time
from collections.abc import Iterator
from typing import Any

from benchmarks.home import ROOT, fresh_home, run_python

LOAD = """
import json, sys, time
from pathlib import Path
from django.core.management import call_command
from sameboat.project.replay import replay
call_command("migrate", verbosity=0)
started = time.perf_counter()
report = replay(Path(sys.argv[1]))
print(json.dumps([report.entries, sum(report.rows.values()), report.days, time.perf_counter() - started]))
"""


def measure() -> Iterator[dict[str, Any]]:
    """Yield the seconds that loading takes, and rows a second beside bare inserts of as many."""
    with fresh_home() as home:
        entries, rows, days, seconds = json.loads(run_python(LOAD, home, str(ROOT / "scenarios" / "wuhan-2020")))
        bare = sqlite3.connect(home / "bare.sqlite3", isolation_level=None)
        bare.execute("PRAGMA journal_mode=WAL")
        bare.execute("PRAGMA synchronous=FULL")
        bare.execute("CREATE TABLE entry (id INTEGER PRIMARY KEY, body BLOB)")
        started = time.perf_counter()
        for _ in range(days):  # a transaction a day, as the replay has
            bare.execute("BEGIN")
            for _ in range(rows // days):
                bare.execute("INSERT INTO entry (body) VALUES (?)", (bytes(450),))
            bare.execute("COMMIT")
        rate = rows / (time.perf_counter() - started)
        bare.close()
    yield {
        "what": f"load the scenario ({rows:,} rows, {entries:,} entries)",
        "ours": seconds,
        "unit": "s",
        "bar": "under 60",
    }
    yield {
        "what": "whole actions, replayed",
        "ours": rows / seconds,
        "unit": "rows/s",
        "peer": "bare SQLite inserts",
        "peers": rate,
    }
