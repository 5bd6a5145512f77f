"""Sequencers started at once on one home: one works, the others stand by, and the log is one log."""

import json
import subprocess
import sys
import time

from tests.operator.conftest import PATIENCE, ROOT

SEQUENCERS, ENTRIES = 3, 60

APPEND = f"""
import time
from django.db import transaction
from django.utils import timezone
from sameboat.supplies.events import NeedConfirmed
from sameboat.transparency.actions import append
for number in range({ENTRIES}):
    with transaction.atomic():
        event = NeedConfirmed(need="need_" + f"{{number:026d}}", organisation="org_" + "0" * 26)
        append(event, actor="operator", event_time=timezone.now(), recorded_at=timezone.now())
    time.sleep(0.02)
"""

LOOK = """
import json
from sameboat.transparency import store
from sameboat.transparency.engine import merkle, tiles
from sameboat.transparency.models import Checkpoint, Entry
heads = [(head.size, bytes(head.root)) for head in Checkpoint.objects.order_by("size")]
for (size1, root1), (size2, root2) in zip(heads, heads[1:]):
    proof = tiles.consistency_proof(size1, size2, store.read_tile)
    merkle.verify_consistency(size1, size2, root1, root2, proof)
indices = list(Entry.objects.order_by("index").values_list("index", flat=True))
print(json.dumps({"checkpoints": len(heads), "gapless": indices == list(range(len(indices))), "size": heads[-1][0]}))
"""


def shell(installation, code):
    command = [sys.executable, str(ROOT / "manage.py"), "shell", "-v0", "-c", code]
    return subprocess.run(
        command, env=installation.environment, check=True, capture_output=True, text=True, timeout=PATIENCE
    ).stdout


def test_three_sequencers_started_at_once_make_one_log(installation):
    """Each entry gets one index, every checkpoint extends the one before, and all of them end when told."""
    before = installation.json("log", "audit")["size"]
    command = [sys.executable, "-m", "sameboat", "log", "sequence"]
    told = installation.home.parent / "sequencers.log"
    errors = told.open("w")
    running = [
        subprocess.Popen(
            command, env=installation.environment, cwd=installation.home.parent, stdout=errors, stderr=errors
        )
        for _ in range(SEQUENCERS)
    ]
    try:
        shell(installation, APPEND)
        until = time.monotonic() + PATIENCE
        while (seen := json.loads(shell(installation, LOOK)))["size"] < before + ENTRIES:
            assert time.monotonic() < until, seen
        while told.read_text().count("stands by") < SEQUENCERS - 1:
            assert time.monotonic() < until, told.read_text()
            time.sleep(0.1)
        assert [one.poll() for one in running] == [None] * SEQUENCERS
    finally:
        for one in running:
            one.terminate()
        ended = [one.wait(PATIENCE) for one in running]
        errors.close()
    assert ended == [0] * SEQUENCERS
    assert (seen["size"], seen["gapless"]) == (before + ENTRIES, True)
    assert seen["checkpoints"] > 2
    audit = installation.json("log", "audit", "--jobs", "2")
    assert audit == installation.json("log", "audit", "--jobs", "1")
    assert (audit["ok"], audit["size"]) == (True, before + ENTRIES)
