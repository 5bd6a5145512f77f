"""Killed at any instant, nothing that was acknowledged is lost, and nothing is done twice.

Once before each single write of a day's work, and many times whenever chance has it. SAMEBOAT_KILLS sets how often the
latter; a few dozen times unless it says otherwise.
"""

import itertools
import os
import random
import shutil
import signal
import time

import pytest

KILLS = int(os.environ.get("SAMEBOAT_KILLS", "30"))
LONGEST_LIFE = 0.2

WRITES = {
    "a page": "pwrite64",
    "a file of ours, or an answer": "write",
    "a flush of the database": "fdatasync",
    "a flush of a file or folder": "fsync",
    "a cut": "ftruncate",
    "a rename": "?rename,?renameat,?renameat2",
    "a removal": "?unlink,?unlinkat",
}
"""The system calls that change what a disk holds, as strace names them; `?` where not every machine has all."""

needs_strace = pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed, which does the kill")


@needs_strace
@pytest.mark.parametrize("call", WRITES.values(), ids=WRITES)
def test_killed_before_any_single_write(call, program, snapshot, record_testsuite_property):
    """A day's work is killed before its first write of a kind, its second, and so on until it lives.

    Whatever was left is started again: promises, checkpoints, erasures and answers that anybody was given all hold,
    and who got no answer asks again and has it done once.
    """
    program.live(deed="day", number=1)
    for at in itertools.count(1):
        snapshot()
        program.known.keys["need-2"] = None
        code = program.injected(f"{call}:signal=SIGKILL:when={at}", deed="day", number=2)
        program.reopen()
        if code == 0:
            break
        assert code == -signal.SIGKILL
    record_testsuite_property(f"kills before {call}", at - 1)
    assert at > 2, "no write of this kind was met: the day is too short to show anything"


def test_killed_between_the_checkpoint_and_its_mark(program):
    """The mark beside the database may be behind it by what was published last; that is caught up with."""
    program.live(deed="day", number=1)
    program.known.keys["need-2"] = None
    mark = program.home / "published-checkpoint"
    before = mark.read_bytes()
    program.live(deed="day", number=2)
    mark.write_bytes(before)
    found = program.reopen()
    assert found["mark_found"] < found["size_found"]
    program.live(deed="day", number=3)
    assert program.reopen()["mark_found"] == program.reopen()["size"]


def test_killed_at_any_moment(program, record_testsuite_property):
    """Two servers with a sequencer each on one home, killed together in the midst of requests, again and again."""
    chance = random.Random(int(os.environ.get("SAMEBOAT_SEED", "1")))
    accepted, waiting, published = 0, 0, 0
    for life in range(KILLS):
        first, second = 20_000 * life, 20_000 * life + 10_000
        pids, files = program.start({"deed": "busy", "number": first}, {"deed": "busy", "number": second})
        time.sleep(chance.uniform(0, LONGEST_LIFE))
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        assert program.wait(files) == [-signal.SIGKILL] * 2
        for number in (first, second):  # and the request under way, of which nobody knows what became
            asked = [int(key.removeprefix("need-")) for key in program.known.keys]
            following = max((n for n in asked if number <= n < number + 10_000), default=number - 1) + 1
            program.known.keys[f"need-{following}"] = None
        accepted += len(program.known.promises)
        found = program.reopen(thorough=life % 15 == 14 or life == KILLS - 1)
        waiting += found["waiting_found"] > 0
        published += found["mark_found"] < found["size_found"]
    record_testsuite_property("entries acknowledged before a kill", accepted)
    record_testsuite_property("kills that left entries accepted and not published", waiting)
    record_testsuite_property("kills between a checkpoint and its mark", published)
    assert accepted
    assert waiting
