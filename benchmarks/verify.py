"""`sameboat verify` on a gift's proof, beside starting Python and doing nothing."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.home import ROOT, fresh_home, run_python

PROOF = """
import sys
from pathlib import Path
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone
from sameboat.transparency import proofs, queries
from sameboat.transparency.actions import append, publish
from sameboat.supplies.events import NeedConfirmed
call_command("migrate", verbosity=0)
with transaction.atomic():
    for number in range(1000):
        name = f"{number:026d}".replace("i", "j")
        append(NeedConfirmed(need="need_" + name, organisation="org_" + name), actor="operator",
               event_time=timezone.now(), recorded_at=timezone.now())
publish()
Path(sys.argv[1]).write_bytes(proofs.proof_file(queries.entries(limit=12)))
"""
RUNS = 9


def measure() -> Iterator[dict[str, Any]]:
    """Yield the median milliseconds of the command, of an empty Python, and of the command's own part."""
    with fresh_home() as home:
        proof = home / "proof.json"
        run_python(PROOF, home, str(proof))
        ours = _median([sys.executable, "-m", "sameboat", "verify", str(proof)])
        empty = _median([sys.executable, "-c", ""])
    yield {"what": "sameboat verify, 12 entries", "ours": ours, "unit": "ms", "peer": "python -c ''", "peers": empty}
    yield {"what": "… of its own, beyond starting Python", "ours": ours - empty, "unit": "ms", "bar": "under 500"}


def _median(command: list[str]) -> float:
    times = []
    for _ in range(RUNS):
        started = time.perf_counter()
        done = subprocess.run(command, cwd=Path(ROOT), capture_output=True, check=False)
        times.append((time.perf_counter() - started) * 1000)
        if done.returncode:
            raise RuntimeError(done.stderr.decode()[-1000:] or done.stdout.decode()[-1000:])
    return median(times)
