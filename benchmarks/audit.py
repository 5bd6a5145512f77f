"""`sameboat log audit` over a million entries in a folder, beside a program that reads and hashes them and no more."""

import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.big_log import write_log
from benchmarks.home import ROOT, fresh_home
from sameboat.transparency.engine import signed_note

ENTRIES = int(os.environ.get("BENCH_ENTRIES", "1000000"))
LOG = signed_note.Signer("log.example", bytes(32))

PEER = """
import json, sys
from hashlib import sha256
from pathlib import Path
for path in sorted(path for path in Path(sys.argv[1], "tile/entries").rglob("*") if path.is_file()):
    data, at = path.read_bytes(), 0
    while at < len(data):
        end = at + 2 + int.from_bytes(data[at : at + 2], "big")
        json.loads(data[at + 2 : end])
        sha256(b"\\0" + data[at + 2 : end]).digest()
        at = end
"""


def measure() -> Iterator[dict[str, Any]]:
    """Yield the seconds of an audit, alone and side by side, and the memory of all its processes together."""
    with fresh_home() as folder:
        written = write_log(folder, ENTRIES, LOG)
        plain, plain_work, _ = _run([sys.executable, "-c", PEER, str(folder)])
        audit = [sys.executable, "-m", "sameboat", "log", "audit", str(folder), "--vkey", LOG.verifier.vkey]
        seconds, work, memory = _run(audit)
        alone, _, memory_alone = _run([*audit, "--jobs", "1"])
    million = ENTRIES / 1e6
    what = f"audit of {ENTRIES:,} entries, {written / ENTRIES:.0f} bytes each"
    peer = {"peer": "json.loads, sha256", "peers": plain / million}
    yield {"what": what, "ours": seconds / million, "unit": "s a million", "bar": "60"} | peer
    worked = {"peer": "the same", "peers": plain_work / million}
    yield {"what": "… work of all cores", "ours": work / million, "unit": "CPU s a mill."} | worked
    yield {"what": "… memory of its processes", "ours": memory, "unit": "MB", "bar": "300"}
    yield {"what": "… in one process", "ours": alone / million, "unit": "s a million"} | peer
    yield {"what": "… memory", "ours": memory_alone, "unit": "MB"}


def _run(command: list[str]) -> tuple[float, float, float]:
    """Return the seconds of a command, those of all cores together, and the most memory of its processes in MB."""
    started, worked, most = time.perf_counter(), _work(), 0
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    running = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    while True:
        try:
            code = running.wait(0.05)
            break
        except subprocess.TimeoutExpired:
            most = max(most, sum(_resident(process) for process in _family(running.pid)))
    if code:
        raise RuntimeError(f"{' '.join(command[:5])} … ended with {code}")
    return time.perf_counter() - started, _work() - worked, most / 1024


def _work() -> float:
    """Return the processor seconds of all processes that have ended, theirs included."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _family(process: int) -> Iterator[int]:
    yield process
    for children in Path(f"/proc/{process}/task").glob("*/children"):
        for child in _read(children).split():
            yield from _family(int(child))


def _resident(process: int) -> int:
    """Return the kilobytes that a process has in memory; pages that it shares with others count in full."""
    for line in _read(Path(f"/proc/{process}/status")).splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    return 0


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""  # it ended meanwhile
