"""On PostgreSQL too: the program killed before any message to the server, and the server crashed under it.

SAMEBOAT_KILLS sets how often the latter; a few times unless it says otherwise.
"""

import itertools
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest

from tests.recovery.conftest import Program

URL = os.environ.get("DATABASE_URL", "")
CRASHES = int(os.environ.get("SAMEBOAT_KILLS", "4"))
MESSAGES = {
    "a message to the server": "sendto",
    "a flush of a file or folder": "fsync",
    "a rename": "?rename,?renameat",
}

pytestmark = pytest.mark.skipif(not URL, reason="no PostgreSQL: name one in DATABASE_URL")
needs_strace = pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed, which does the kill")


@pytest.fixture
def program(tmp_path):
    """A program on a database of its own on the server that DATABASE_URL names."""
    import psycopg

    parts, name = urlsplit(URL), f"sameboat_recovery_{os.getpid()}"
    with psycopg.connect(urlunsplit(parts._replace(path="/postgres")), autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}"')
        made = Program(tmp_path / "home", DATABASE_URL=urlunsplit(parts._replace(path=f"/{name}")))
        made.prepare()
        yield made
        made.end()
        server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@needs_strace
@pytest.mark.parametrize("call", MESSAGES.values(), ids=MESSAGES)
def test_killed_before_any_single_message(call, program, record_testsuite_property):
    """A day's work is killed before its first message to the server, its second, and so on until it lives."""
    for at in itertools.count(1):
        program.known.keys[f"need-{at}"] = None
        code = program.injected(f"{call}:signal=SIGKILL:when={at}", deed="day", number=at)
        program.reopen(thorough=at % 10 == 0 or code == 0)
        if code == 0:
            break
        assert code == -signal.SIGKILL
    record_testsuite_property(f"kills before {call}", at - 1)
    assert at > 1, "nothing of this kind was met: the day is too short to show anything"


def server_programs():
    """Return the folder of PostgreSQL's server programs; skip where there are none."""
    for folder in (*sorted(Path("/usr/lib/postgresql").glob("*/bin")), Path(shutil.which("initdb") or "/x/y").parent):
        if (folder / "initdb").exists():
            return folder
    pytest.skip("PostgreSQL's server is not installed, which this test ends and starts")


class Cluster:
    """A PostgreSQL server of this test's own, which flushes what it commits."""

    def __init__(self, folder):
        self.programs, self.data = server_programs(), folder / "data"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        if os.getuid() == 0:
            shutil.chown(folder, "postgres")
        self._run("initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8")

    @property
    def url(self):
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def start(self):
        options = (
            f"-p {self.port} -k {self.data.parent} -c listen_addresses=127.0.0.1 -c fsync=on -c wal_sync_method=fsync"
        )
        self._run("pg_ctl", "-D", self.data, "-l", self.data.parent / "log", "-s", "-w", "-o", options, "start")

    def crash(self):
        """End every process of the server at once; the next start recovers from its write-ahead log."""
        self._run("pg_ctl", "-D", self.data, "-m", "immediate", "-s", "stop")

    def _run(self, program, *options):
        user = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []  # it refuses to run as root
        command = [*user, str(self.programs / program), *map(str, options)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd="/")


@pytest.fixture
def cluster():
    """The server, started; its folder stands where its user can reach it."""
    folder = Path(tempfile.mkdtemp(prefix="sameboat-postgresql-"))
    made = Cluster(folder)
    made.start()
    yield made
    made.crash()
    shutil.rmtree(folder)


def test_a_server_that_crashes_loses_nothing_acknowledged(cluster, tmp_path, record_testsuite_property):
    """It ends in the midst of requests, again and again; the programs live on, and go on by themselves afterwards."""
    chance = random.Random(int(os.environ.get("SAMEBOAT_SEED", "1")))
    program = Program(tmp_path / "home", DATABASE_URL=cluster.url)
    program.prepare()
    acknowledged = 0
    for life in range(CRASHES):
        pids, files = program.start(*({"deed": "busy", "number": 10_000 * (2 * life + n)} for n in (0, 1)))
        time.sleep(chance.uniform(0.2, 0.8))
        cluster.crash()
        before = sum(file.read_text().count("promises") for file in files)
        cluster.start()
        end = time.monotonic() + 60
        while sum(file.read_text().count("promises") for file in files) == before and life % 2:
            assert time.monotonic() < end, "nobody went on after the server came back"
            time.sleep(0.02)
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        assert program.wait(files) == [-signal.SIGKILL] * 2
        assert {told["refused"]["code"] for told in program.known.refused} <= {"busy", "unanswered"}
        acknowledged += len(program.known.promises)
        program.reopen(thorough=life == CRASHES - 1)
    program.end()
    record_testsuite_property("crashes of the server", CRASHES)
    record_testsuite_property("entries acknowledged before a crash", acknowledged)
    assert acknowledged
