"""Real witnesses for tests: processes of their own on loopback."""

import os
import subprocess
import sys
from pathlib import Path

from sameboat.transparency.witness.keys import open_home

ROOT = Path(__file__).resolve().parents[3]


def set_up(home, name, *logs, ml_dsa=False):
    """Make a witness's home that watches `logs`, by their verifiers; return its Ed25519 verifier."""
    memory, signers = open_home(home, name, ml_dsa)
    with memory:
        for log in logs:
            memory.watch(log.name, log.vkey, 0)
    return signers[0].verifier


COMMAND = [sys.executable, "-m", "sameboat", "witness", "serve", "--port", "0", "--home"]
QUICK = """
import sys
from pathlib import Path
from sameboat.transparency.witness.serving import serve
serve(Path(sys.argv[1]), "", "127.0.0.1", 0, lambda address: print("ready", address, flush=True))
"""


class WitnessProcess:
    """A witness on a free port; `url` is its submission prefix once it is ready. A `quick` one is no command."""

    def __init__(self, home, quick=False):
        command = [sys.executable, "-c", QUICK] if quick else COMMAND
        self._process = subprocess.Popen(
            [*command, str(home)],
            cwd=ROOT,
            env={**os.environ, "HOST": "127.0.0.1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        word, _, self.url = self._process.stdout.readline().strip().partition(" ")
        assert word == "ready", "the witness did not start"
        self.url = self.url.rstrip("/")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def end(self):
        """Tell it to stop, and wait until it has."""
        self._process.terminate()
        self._process.wait(30)
        self._process.stdout.close()

    def kill(self):
        """Kill it at whatever it is doing."""
        self._process.kill()
        self._process.wait(30)
        self._process.stdout.close()
