"""A disk that is full, or fails: refused in words, nothing half done, and it goes on by itself when there is room.

Once from each single write on. SAMEBOAT_STEP=1 does so for every page too; otherwise for every fifth.
"""

import itertools
import os
import shutil
import subprocess

import httpx
import pytest

from tests.operator.conftest import Installation, wait_for

STEP = int(os.environ.get("SAMEBOAT_STEP", "5"))

needs_strace = pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed, which fails writes")

FAILURES = {
    "no room for a page": ("pwrite64:error=ENOSPC", STEP),
    "a page that fails": ("pwrite64:error=EIO", 3 * STEP),
    "no room for the index of the journal": ("ftruncate:error=ENOSPC", 1),
    "a flush of the database that fails": ("fdatasync:error=EIO", 1),
    "a flush of a file or folder that fails": ("fsync:error=EIO", 1),
    "no room for a name": ("?rename,?renameat,?renameat2:error=ENOSPC", 1),
}


@needs_strace
@pytest.mark.parametrize(("failure", "step"), FAILURES.values(), ids=FAILURES)
def test_from_any_write_on_nothing_is_half_done(failure, step, program, snapshot, record_testsuite_property):
    """From a call on the disk fails: whoever asks is told, the program lives on, and afterwards everything holds."""
    program.live(deed="day", number=1)
    for number in itertools.count(1, step):
        snapshot()
        program.known.keys["need-2"] = None
        assert program.injected(f"{failure}:when={number}+", deed="day", number=2) == 0
        refused, failed = program.known.refused, program.known.failed
        for told in refused:
            assert told["refused"]["code"] in ("storage-full", "storage-failing"), told
            assert told["status"] in (503, 507)
            assert "Nothing was changed" in told["refused"]["message"]
        program.reopen()
        if not refused and not failed:
            break
    record_testsuite_property(f"writes from which on: {failure}", number - 1)
    assert number > 1, "nothing of this kind failed: the day is too short to show anything"


@pytest.fixture
def small_disk(prepared, tmp_path):
    """An installation on a disk of its own, with little room."""
    if "DATABASE_URL" in os.environ:
        pytest.skip("this is about SQLite's file, on a disk that is full")
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "none", str(place)], capture_output=True)
    if mounted.returncode:
        pytest.skip(f"only root can mount a small disk here: {mounted.stderr.decode().strip()}")
    shutil.copytree(prepared, place / "home")
    made = Installation(place / "home")
    yield made
    for server in made.servers:
        if server.poll() is None:
            server.kill()
            server.wait()
        server.stdout.close()
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def fill(place):
    """Write until the disk has no room left."""
    with (place / "ballast").open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            return


def test_a_server_on_a_full_disk_says_so_and_goes_on_when_there_is_room(small_disk):
    """Over HTTP 507, on the command line exit code 3; with room again the sequencer publishes without being told."""
    place = small_disk.home.parent
    server, address = small_disk.serve()
    made = small_disk.need("gown")["need"]
    wait_for(address, lambda told: told["waiting"] == 0)
    pledges = f"{address}api/needs/{made}/pledges"
    fill(place)
    answers = [httpx.post(pledges, json={"quantity": 1}, headers={"Idempotency-Key": f"k{n}"}) for n in range(4)]
    full = [answer for answer in answers if answer.status_code == 507]
    assert full
    assert full[0].json()["error"]["code"] == "storage-full"
    told = small_disk.json("need", "publish", "Test Hospital", "goggles", 500, "--as", "hospital", code=3)
    assert "Make room" in told["error"]["message"]
    (place / "ballast").unlink()
    again = [httpx.post(pledges, json={"quantity": 1}, headers={"Idempotency-Key": f"k{n}"}) for n in range(4)]
    assert {answer.status_code for answer in again} <= {200, 201}
    before = [answer.json()["pledge"]["id"] for answer in answers if answer.status_code in (200, 201)]
    assert set(before) <= {answer.json()["pledge"]["id"] for answer in again}
    wait_for(address, lambda told: told["waiting"] == 0 and told["status"] == "ok")
    assert httpx.get(f"{address}api/needs/{made}").json()["pledged"] == 4
    assert small_disk.json("log", "audit")["ok"]
    assert small_disk.stop(server) == 0
