"""A disk that gives back other than what was written: the start refuses in words, or the doctor finds it."""

import os
import random
import re
import signal
import time

import pytest

DAMAGES = int(os.environ.get("SAMEBOAT_KILLS", "16"))
PAGE = 4096
ADVICE = "restore|Restore|doctor|put it back|Put back|--migrate"


def flip(data, at, chance):
    """One bit is another."""
    data[at] ^= 1 << chance.randrange(8)


def zero(data, at, chance):
    """A page was never written."""
    start = at // PAGE * PAGE
    data[start : start + PAGE] = bytes(PAGE)


def garble(data, at, chance):
    """The second half of a page is something else."""
    start = at // PAGE * PAGE + PAGE // 2
    data[start : start + PAGE // 2] = chance.randbytes(PAGE // 2)


def swap(data, at, chance):
    """A page was written in another's place."""
    start, other = at // PAGE * PAGE, chance.randrange(len(data) // PAGE) * PAGE
    data[start : start + PAGE] = data[other : other + PAGE]


def cut(data, at, chance):
    """The file ends in the middle of a page."""
    del data[at:]


KINDS = (flip, zero, garble, swap, cut)


@pytest.fixture
def worked(program):
    """A program with some days' work behind it, whose database is closed."""
    for number in range(1, 4):
        program.live(deed="day", number=number)
    assert program.live(deed="look")["wrong"] == []
    return program


@pytest.mark.parametrize("damage", KINDS, ids=lambda kind: kind.__name__)
def test_a_damaged_database_is_refused_or_holds_all_that_was_told(damage, worked, snapshot, record_testsuite_property):
    """Wherever it is damaged: never a traceback, never a silent loss. The doctor finds what the start lets pass."""
    chance, refused, found = random.Random(damage.__name__), 0, 0
    file = worked.home / "sameboat.sqlite3"
    for _ in range(DAMAGES):
        snapshot()
        data = bytearray(file.read_bytes())
        damage(data, chance.randrange(len(data)), chance)
        file.write_bytes(data)
        told = worked.live(deed="look")
        if "words" in told:
            refused += 1
            assert re.search(ADVICE, told["words"]), told
            assert told["exit_code"] in (1, 2, 3)
        if told["wrong"]:
            found += 1
        else:
            assert "words" not in told, "the start refuses what the doctor finds fine"
            worked.reopen()
    record_testsuite_property(f"refused at start after {damage.__name__}", refused)
    record_testsuite_property(f"found by the doctor after {damage.__name__}", found)
    assert found or damage is flip


def in_use(journal):
    """Return how many bytes of a write-ahead log count: its frames before those of an earlier round."""
    salt, at = journal[16:24], 32
    while journal[at + 8 : at + 16] == salt:
        at += 24 + PAGE
    return at


@pytest.fixture
def journalled(program):
    """A program that was killed with a journal full of what it published."""
    (pid,), files = program.start({"deed": "busy", "number": 10})
    while not files[0].exists() or files[0].read_text().count("promises") < 40:
        time.sleep(0.02)
    os.kill(pid, signal.SIGKILL)
    program.wait(files)
    return program


@pytest.mark.parametrize("damage", KINDS, ids=lambda kind: kind.__name__)
def test_a_damaged_journal_does_not_fork_the_log(damage, journalled, snapshot, record_testsuite_property):
    """SQLite takes its journal up to the first frame that is torn: if that lost what was published, the start refuses.

    What was accepted and not published yet may be lost then; no crash does this, only a disk that changes what it was
    told to keep.
    """
    chance, refused = random.Random(damage.__name__), 0
    file, mark = journalled.home / "sameboat.sqlite3-wal", journalled.home / "published-checkpoint"
    published = int(mark.read_text().splitlines()[1])
    for _ in range(DAMAGES // 3):
        snapshot()
        data = bytearray(file.read_bytes())
        damage(data, chance.randrange(in_use(data)), chance)
        file.write_bytes(data)
        told = journalled.live(deed="look")
        if "words" in told:
            refused += 1
            assert re.search(ADVICE, told["words"]), told
            continue
        known = journalled.known
        known.promises, known.keys = [], {}
        known.checkpoints = [note for note in known.checkpoints if int(note.splitlines()[1]) <= published]
        assert journalled.reopen()["size"] >= published
    record_testsuite_property(f"refused at start after {damage.__name__} in the journal", refused)
    assert refused
