"""A data folder for a benchmark, and the program run on it as its users run it."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

ROOT = Path(__file__).resolve().parents[1]


@contextmanager
def fresh_home() -> Iterator[Path]:
    """Yield an empty data folder that is removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="sameboat-bench-") as folder:
        yield Path(folder)


def run_python(code: str, home: Path, *arguments: str) -> str:
    """Run a piece of Python in a process of its own with Django set up on `home`; return what it prints."""
    setup = "import django\ndjango.setup()\n"
    environment = os.environ | {
        "SAMEBOAT_HOME": str(home),
        "DJANGO_SETTINGS_MODULE": "sameboat.project.settings",
        "PYTHONPATH": str(ROOT),
        "DATABASE_URL": "",
        "SAMEBOAT_DEMO": "1",
    }
    done = subprocess.run(
        [sys.executable, "-c", setup + code, *arguments],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return done.stdout


@contextmanager
def served(home: Path) -> Iterator[str]:
    """Yield the address of the demonstration served from `home`, loaded on first use; loopback only."""
    port = free_port()
    environment = os.environ | {"SAMEBOAT_HOME": str(home), "PORT": str(port), "DATABASE_URL": ""}
    with answering([sys.executable, "-m", "sameboat", "demo"], environment, port) as address:
        yield address


def free_port() -> int:
    """Return a port of this machine that nothing listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


@contextmanager
def answering(command: list[str], environment: dict[str, str], port: int) -> Iterator[str]:
    """Run a server, and yield its address once it answers; end it afterwards."""
    server = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(15_000):
            try:
                urlopen(f"{address}/healthz", timeout=1).close()
                break
            except (URLError, OSError):
                if server.poll() is not None:
                    raise RuntimeError("the server ended before it answered") from None
                time.sleep(0.02)
        yield address
    finally:
        server.terminate()
        server.wait(30)
