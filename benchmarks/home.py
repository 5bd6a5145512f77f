"""A data folder for a benchmark, and the program run on it as its users run it."""

import os
import socket
import sqlite3
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


def bare_commits(folder: Path, commits: int = 300) -> float:
    """Return SQLite's commits a second on the disk of a folder: rows of 450 bytes, a transaction each, durable."""
    bare = sqlite3.connect(folder / "bare.sqlite3", isolation_level=None)
    bare.execute("PRAGMA journal_mode=WAL")
    bare.execute("PRAGMA synchronous=FULL")
    bare.execute("CREATE TABLE entry (id INTEGER PRIMARY KEY, body BLOB)")
    started = time.perf_counter()
    for _ in range(commits):
        bare.execute("INSERT INTO entry (body) VALUES (?)", (bytes(450),))
    taken = time.perf_counter() - started
    bare.close()
    return commits / taken


@contextmanager
def served(home: Path, command: str = "demo") -> Iterator[str]:
    """Yield the address at which a command serves `home`: the demonstration, loaded on first use, or what is there.

    Loopback only.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {"SAMEBOAT_HOME": str(home), "PORT": str(port), "DATABASE_URL": ""}
    server = subprocess.Popen(
        [sys.executable, "-m", "sameboat", command],
        env=environment,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(1200):
            try:
                urlopen(f"{address}/healthz", timeout=1).close()
                break
            except (URLError, OSError):
                if server.poll() is not None:
                    raise RuntimeError("the server ended before it answered") from None
                time.sleep(0.25)
        yield address
    finally:
        server.terminate()
        server.wait(30)
