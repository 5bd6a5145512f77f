"""A power cut, which also takes what was written and not flushed, and leaves some writes torn.

A day's work is recorded; then the disk is made as a cut at many of its moments could have left it.
SAMEBOAT_KILLS sets how many; a few dozen unless it says otherwise.
"""

import json
import os
import random
import shutil

import pytest

from tests.recovery.conftest import Known
from tests.recovery.disk import RECORDING, Disk, read

CUTS = int(os.environ.get("SAMEBOAT_KILLS", "40"))

pytestmark = pytest.mark.skipif(
    shutil.which("strace") is None, reason="strace is not installed, which tells the writes"
)


class Recorded:
    """Two days' work on one home, as its system calls, and the home as it was before."""

    def __init__(self, program, folder, **order):
        self.program, self.folder = program, folder
        shutil.copytree(program.home, folder / "before", symlinks=True)
        self.before = json.dumps(vars(program.known))
        program.watched((*RECORDING, "-o", str(folder / "trace")), deed="day", number=2, **order)
        self.calls = list(read(folder / "trace"))
        self.told = program.told

    def cut_at(self, moment, chance):
        """Make the home as a cut before a call could leave it, and know what was told until then."""
        program = self.program
        shutil.rmtree(program.home)
        shutil.copytree(self.folder / "before", program.home, symlinks=True)
        program.known = Known(**json.loads(self.before))
        program.known.keys["need-2"] = None
        disk = Disk(program.home)
        for call in self.calls[:moment]:
            disk.do(call)
            if call.name == "write" and call.path == self.told:
                program.known.hear(json.loads(call.data))
        left = disk.after(chance)
        for path in program.home.rglob("*"):
            if path.is_file() and path not in left:
                path.unlink()
        for path, content in left.items():
            path.write_bytes(content)


def moments(recorded, chance):
    """Yield the moment after every answer and every checkpoint, then others as chance has it."""
    answers = [at + 1 for at, call in enumerate(recorded.calls) if call.path == recorded.told]
    yield from answers
    for _ in range(CUTS - len(answers)):
        yield chance.randint(1, len(recorded.calls))


@pytest.fixture
def recorded(program, tmp_path):
    """A function that records a day's work that follows another."""
    program.live(deed="day", number=1)
    return lambda **order: Recorded(program, tmp_path, **order)


def cut_often(day, chance):
    """Cut the power at moments of a day, each time on the same day, and start again after each."""
    for moment in moments(day, chance):
        day.cut_at(moment, chance)
        day.program.reopen()


def test_a_power_cut_loses_nothing_acknowledged(recorded, record_testsuite_property):
    """Whatever the disk kept of what was not flushed, and however torn: all that anybody was told still holds."""
    day, chance = recorded(), random.Random(int(os.environ.get("SAMEBOAT_SEED", "1")))
    cut_often(day, chance)
    record_testsuite_property("power cuts", CUTS)


def test_a_database_that_does_not_flush_is_found_out(recorded):
    """The same cuts lose what was acknowledged where SQLite is told to flush less: this is what they would find."""
    day, chance = recorded(pragma="PRAGMA synchronous=NORMAL"), random.Random(1)
    with pytest.raises(AssertionError, match="need-2 was answered with"):
        cut_often(day, chance)
