"""An installation in a folder of its own, driven through the command as an operator drives it."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60


@dataclass
class Installation:
    """A data folder, and the commands that are run on it."""

    home: Path
    extra: dict[str, str] = field(default_factory=dict)
    servers: list[subprocess.Popen] = field(default_factory=list)

    @property
    def environment(self):
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "SAMEBOAT_FACTS") if name in os.environ}
        return kept | {"PYTHONPATH": str(ROOT), "SAMEBOAT_HOME": str(self.home), "HOME": "/nonexistent"} | self.extra

    def run(self, *arguments, code=0):
        """Run a command and return what it printed; it must exit with `code` and never with a traceback."""
        done = subprocess.run(
            [sys.executable, "-m", "sameboat", *map(str, arguments)],
            env=self.environment,
            cwd=self.home.parent,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            stdin=subprocess.DEVNULL,
        )
        assert "Traceback" not in done.stderr, done.stderr
        assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
        return done

    def json(self, *arguments, code=0):
        """Run a command with --json and return what it printed as a value."""
        return json.loads(self.run(*arguments, "--json", code=code).stdout)

    def serve(self, *arguments):
        """Start a server, wait until it is ready, and return its process and address."""
        return self.start("serve", "--port", "0", *arguments)

    def start(self, *arguments):
        errors = (self.home.parent / "server.log").open("a")
        server = subprocess.Popen(
            [sys.executable, "-m", "sameboat", *arguments],
            env=self.environment,
            cwd=self.home.parent,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            stdin=subprocess.DEVNULL,
        )
        self.servers.append(server)
        for line in server.stdout:
            if line.startswith("ready "):
                return server, line.removeprefix("ready ").strip()
        raise AssertionError((self.home.parent / "server.log").read_text())

    def stop(self, server, how=signal.SIGTERM):
        """End a server and return its exit code."""
        server.send_signal(how)
        return server.wait(timeout=PATIENCE)

    def need(self, item="mask-surgical", once=""):
        """Publish a need of 500 as the hospital's member; return it."""
        more = ("--once", once) if once else ()
        return self.json("need", "publish", "Test Hospital", item, 500, "--as", "hospital", *more)


_NOUNS = """
from sameboat.registry.models import Item, Unit
piece = Unit.objects.create(code="piece", name_en="piece", name_zh="个", kind="count")
for code in ("mask-surgical", "goggles", "gown", "glove"):
    Item.objects.create(code=code, category=code, name_en=code, name_zh=code, base_unit=piece)
"""


@pytest.fixture(scope="session")
def prepared(tmp_path_factory):
    """A home with tables, a small catalogue, three organisations and a member of each."""
    made = Installation(tmp_path_factory.mktemp("prepared") / "home")
    django = [sys.executable, str(ROOT / "manage.py")]
    subprocess.run([*django, "migrate", "-v0"], env=made.environment, check=True, capture_output=True)
    subprocess.run([*django, "shell", "-v0", "-c", _NOUNS], env=made.environment, check=True, capture_output=True)
    for kind, name, roles in (
        ("hospital", "Test Hospital", ("ask", "sign")),
        ("charity", "Test Charity", ("store", "money")),
        ("company", "Test Company", ("give",)),
    ):
        username = kind if kind != "company" else "donor"
        made.run("organisation", "add", "--kind", kind, "--name-en", name)
        made.run("account", "add", username)
        made.run("member", "add", name, username, *roles)
    made.run("log", "publish")
    return made.home


@pytest.fixture
def installation(prepared, tmp_path):
    """A fresh copy of the prepared home."""
    shutil.copytree(prepared, tmp_path / "home")
    made = Installation(tmp_path / "home")
    yield made
    for server in made.servers:
        if server.poll() is None:
            server.kill()
            server.wait()
        server.stdout.close()


def wait_for(address, settled):
    """Return what /healthz says once `settled` holds of it."""
    end, told = time.monotonic() + PATIENCE, None
    while time.monotonic() < end:
        # A busy machine may answer late, and a full disk slowly: what counts is what it says in the end.
        with contextlib.suppress(httpx.TimeoutException):
            told = httpx.get(f"{address}healthz", timeout=20).json()
            if settled(told):
                return told
        time.sleep(0.1)
    raise AssertionError(told)
