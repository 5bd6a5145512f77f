"""A program that is killed, and what everybody was told by it before; they are compared when it starts again."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.operator.conftest import prepared  # noqa: F401 - a fixture

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60


@dataclass
class Known:
    """What readers and writers were told: promises, checkpoints, answers by key, and whose words were erased."""

    promises: list[str] = field(default_factory=list)
    checkpoints: list[str] = field(default_factory=list)
    keys: dict[str, str | None] = field(default_factory=dict)
    erased: list[int] = field(default_factory=list)
    refused: list[dict] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def hear(self, line):
        """Take in one line that a life told; return whether it was its last."""
        self.promises += line.get("promises", [])
        if "key" in line:
            self.keys[line["key"]] = line.get("made")
        for name, known in (("checkpoint", self.checkpoints), ("erased", self.erased)):
            if name in line and line[name] not in known[-1:]:
                known.append(line[name])
        if "refused" in line:
            self.refused.append(line)
        if "failed" in line:
            self.failed.append(line["failed"])
        return "ended" in line


class Program:
    """A home, and the process that starts lives on it; `known` is what its lives have told."""

    def __init__(self, home, **environment):
        self.home, self.known, self.lives = home, Known(), 0
        self.base = {}
        kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        kept |= {"SAMEBOAT_HOME": str(home), "HOME": "/nonexistent", "SAMEBOAT_LOG_LEVEL": "ERROR"}
        self.errors = home.with_name("program.errors").open("w+")
        self.process = subprocess.Popen(
            [sys.executable, str(ROOT / "tests" / "recovery" / "program.py")],
            env=kept
            | {"SAMEBOAT_HOME": str(home), "HOME": "/nonexistent", "SAMEBOAT_LOG_LEVEL": "ERROR"}
            | environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
        )

    def start(self, *orders, watched=False):
        """Start a life for each order; return their process ids and the files in which they tell."""
        files = []
        for order in orders:
            self.lives += 1
            files.append(self.home.with_name(f"life-{self.lives}.told"))
            order |= self.base | {"told": str(files[-1]), "watched": watched}
        self.process.stdin.write(json.dumps(orders) + "\n")
        self.process.stdin.flush()
        return self._answer(), files

    def wait(self, files):
        """Wait until the lives that were started have ended; hear what they told; return how each ended."""
        codes = self._answer()
        for file in files:
            for line in file.read_text().splitlines() if file.exists() else ():
                self.known.hear(json.loads(line))
        return codes

    def _answer(self):
        line = self.process.stdout.readline()
        if not line:
            self.errors.seek(0)
            raise AssertionError(self.errors.read())
        return json.loads(line)

    def live(self, **order):
        """Live one life to its end, which must be a good one; return what it told."""
        _, files = self.start(order)
        codes = self.wait(files)
        assert codes == [0], Path(f"{files[0]}.errors").read_text()
        told = {}
        for line in files[0].read_text().splitlines():
            told |= json.loads(line)
        return told

    def prepare(self):
        """Set up the home."""
        told = self.live(deed="prepare")
        self.base = {name: told[name] for name in ("token", "hospital")}

    def reopen(self, thorough=True):
        """Start again on what is there and check every claim in `known`; return the sizes that were found.

        Afterwards only the last checkpoint is known: it holds everything that was checked. `thorough` replays the log.
        """
        claims = vars(self.known)
        self.known = Known()
        return self.live(deed="reopen", thorough=thorough, **claims)

    def injected(self, injection, **order):
        """Live a life under strace, which injects what is named into its calls; return the exit code."""
        name = injection.partition(":")[0]
        return self.watched(
            ("-f", "-qq", "-o", "/dev/null", "-e", f"trace={name}", "-e", f"inject={injection}"), **order
        )

    def watched(self, options, **order):
        """Live a life under strace with some options; return the exit code. `told` is the file in which it tells."""
        (pid,), files = self.start(order, watched=True)
        stopped(pid)
        tracer = subprocess.Popen(["strace", *options, "-p", str(pid)], stderr=subprocess.PIPE)
        traced(pid, tracer)
        os.kill(pid, signal.SIGCONT)
        codes = self.wait(files)
        tracer.wait(PATIENCE)
        tracer.stderr.close()
        self.told = files[0]
        return codes[0]

    def end(self):
        """End the process; it ends its lives' orders, not a life."""
        self.process.stdin.close()
        self.process.wait(PATIENCE)
        self.process.stdout.close()
        self.errors.close()


def _state(pid):
    status = Path(f"/proc/{pid}/status").read_text()
    return dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)


def _until(settled):
    end = time.monotonic() + PATIENCE
    while not settled():
        assert time.monotonic() < end
        time.sleep(0.002)


def stopped(pid):
    """Wait until a process has stopped itself."""
    _until(lambda: _state(pid)["State"].startswith("T"))


def traced(pid, tracer):
    """Wait until a process is watched."""

    def watched():
        assert tracer.poll() is None, f"strace cannot watch a process here: {tracer.stderr.read().decode()}"
        return _state(pid)["TracerPid"] != "0"

    _until(watched)


@pytest.fixture(scope="session")
def made_ready(tmp_path_factory):
    """A program whose home is set up and complete; it has ended."""
    made = Program(tmp_path_factory.mktemp("ready") / "home")
    made.prepare()
    made.live(deed="look")  # gathers the static files
    made.end()
    return made


@pytest.fixture
def program(made_ready, tmp_path):
    """A program on SQLite with a home of its own."""
    if "DATABASE_URL" in os.environ:
        pytest.skip("this is about SQLite's file; PostgreSQL has tests of its own beside it")
    shutil.copytree(made_ready.home, tmp_path / "home", ignore=shutil.ignore_patterns("static"))
    (tmp_path / "home" / "static").symlink_to(made_ready.home / "static")
    made = Program(tmp_path / "home")
    made.base, made.known = made_ready.base, Known(**json.loads(json.dumps(vars(made_ready.known))))
    yield made
    made.end()


@pytest.fixture
def snapshot(program, tmp_path):
    """A function that puts the home back as it was when the fixture was made, and forgets what was told since."""
    kept = tmp_path / "kept"
    shutil.copytree(program.home, kept, symlinks=True)
    base = json.dumps(vars(program.known))

    def put_back():
        shutil.rmtree(program.home)
        shutil.copytree(kept, program.home, symlinks=True)
        program.known = Known(**json.loads(base))

    return put_back
