"""The log's core: a million entries of 450 bytes accepted, sequenced and published, as actions append them."""

import json
from collections.abc import Iterator
from typing import Any

from benchmarks.home import bare_commits, fresh_home, run_python

ENTRIES = 1_000_000
GROW = """
import json, re, secrets, sys, time
from pathlib import Path
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone
from sameboat.registry.engine import public_id
from sameboat.supplies.events import Goods, NeedPublished
from sameboat.transparency import store
from sameboat.transparency.actions import Said, append_all, publish
from sameboat.transparency.models import Entry

GROUP, ROUND = 1_000, 10  # as many rows as one request may hold; groups that share one round of publishing
total, step = int(sys.argv[1]), int(sys.argv[1]) // 10
call_command("migrate", verbosity=0)
hospitals = [public_id.new("org", number) for number in range(500)]
goods = Goods(item="mask-surgical", unit="piece", quantity=500)

def said(group):
    # A network of 25 hospitals says what each of them needs.
    now, network = timezone.now(), hospitals[group % 20 * 25 :][:25]
    for number in range(GROUP):
        hospital, need = network[number % 25], public_id.new("need", int(now.timestamp() * 1000))
        event = NeedPublished(need=need, organisation=hospital, goods=goods, standard="YY 0469-2011",
                              note=secrets.token_hex(10))
        yield Said(event, hospital, now, now)

def megabytes():
    # Without the pages of the database's file that are mapped: they are the kernel's, which takes them back.
    return int(re.search(r"RssAnon:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024

done, took, held, started, worked = 0, [], [], time.perf_counter(), time.process_time()
for group in range(total // GROUP):
    with transaction.atomic():
        append_all(list(said(group)))
    done += GROUP
    if (group + 1) % ROUND == 0:
        publish()
    if done % step == 0:
        took.append(time.perf_counter() - started)
        held.append(megabytes())
        started = time.perf_counter()
publish()
worked = time.process_time() - worked
sizes = [len(body) for body in Entry.objects.values_list("body", flat=True)[:GROUP]]
started = time.perf_counter()
store.check_store()
checked = time.perf_counter() - started
print(json.dumps([store.latest_size(), step, took, held, sum(sizes) / len(sizes), worked, checked]))
"""


def measure() -> Iterator[dict[str, Any]]:
    """Yield entries a second over all and over the last tenth, memory early and late, and the check at start."""
    with fresh_home() as home:
        size, step, took, held, entry_bytes, worked, checked = json.loads(run_python(GROW, home, str(ENTRIES)))
        commits = {"peer": "SQLite commits", "peers": bare_commits(home)}
    rate = {"unit": "entries/s", "bar": ">= 10,000"} | commits
    yield {"what": f"log core, {size:,} entries of {entry_bytes:.0f} bytes", "ours": size / sum(took)} | rate
    yield {"what": f"… its last {step:,} entries", "ours": step / took[-1]} | rate
    yield {"what": "… processor time of all threads", "ours": worked * 1e6 / size, "unit": "µs an entry"}
    yield {"what": f"… memory after {step:,} entries", "ours": held[0], "unit": "MB"}
    yield {"what": f"… memory after {size:,} entries", "ours": held[-1], "unit": "MB", "bar": "flat"}
    yield {"what": "root recomputed at start", "ours": checked * 1e6 / size, "unit": "s a million", "bar": "2"}
