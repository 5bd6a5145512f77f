"""A real node of an EVM chain of one's own: anvil, from npm (`npm ci` in this folder)."""

import itertools
import json
import platform
import re
import shutil
import subprocess
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import httpx
import pytest

FOLDER = Path(__file__).resolve().parent
ANVIL = FOLDER / "node_modules" / ".bin" / "anvil"


def installed():
    """Install what package-lock.json names, unless it is there; skip where that cannot be."""
    if not ANVIL.exists():
        if shutil.which("npm") is None:
            pytest.skip("npm is not installed, which brings the chain of this test")
        if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
            pytest.skip("the chain of this test is a program for Linux on x86-64")
        subprocess.run(
            ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=FOLDER, check=True, capture_output=True
        )
    return ANVIL


@dataclass
class Chain:
    """A running node, and the private keys to which it gave money."""

    address: str
    keys: list[str]
    number: int
    asked: itertools.count

    def ask(self, method, *parameters):
        """Return the result of a call, which must succeed."""
        asked = {"jsonrpc": "2.0", "id": next(self.asked), "method": method, "params": parameters}
        told = httpx.post(self.address, json=asked, timeout=30).json()
        assert "error" not in told, told
        return told["result"]


def running(number):
    """Start a chain, yield it, end it."""
    process = subprocess.Popen(
        [str(installed()), "--port", "0", "--chain-id", str(number)],
        stdout=subprocess.PIPE,
        text=True,
    )
    keys = []
    try:
        for line in process.stdout:
            keys += re.findall(r"^\(\d+\) (0x[0-9a-f]{64})$", line.strip())
            if listening := re.match(r"Listening on (\S+)", line):
                yield Chain(f"http://{listening[1]}", keys, number, itertools.count(1))
                break
        else:
            raise AssertionError("the chain did not start")
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.fixture(scope="session")
def started():
    """The chain of this test run."""
    if find_spec("eth_account") is None:  # not imported here: the plug-in must bear what its import brings
        pytest.skip("the extra evm is not installed: pip install eth-account")
    yield from running(31_337)


@pytest.fixture
def chain(started):
    """The chain, put back afterwards as it was."""
    before = started.ask("evm_snapshot")
    yield started
    started.ask("evm_setAutomine", True)
    started.ask("evm_revert", before)


@pytest.fixture(scope="session")
def other_chain():
    """A chain with another number."""
    yield from running(5)


@pytest.fixture
def purse(chain, tmp_path, monkeypatch):
    """The file of a key with money, and the settings that name it and its chain."""
    file = tmp_path / "key"
    file.touch(mode=0o600)
    file.write_text(f"{chain.keys[0]}\n")
    monkeypatch.setenv("SAMEBOAT_EVM_KEY", str(file))
    monkeypatch.setenv("SAMEBOAT_EVM_CHAIN", str(chain.number))
    return file


@pytest.fixture
def between(chain):
    """A server that stands before the node, keeps what it was asked, and can lie: `lies` maps methods to results."""
    from sameboat.transparency.tests.test_anchors import Server

    server = Server()
    server.lies, server.asked = {}, []

    def reply(body):
        told = json.loads(body)
        server.asked.append(told)
        answer = httpx.post(chain.address, content=body, headers={"Content-Type": "application/json"}, timeout=30)
        lie = server.lies.get(told["method"])
        if lie is None:
            return 200, answer.content
        changed = lie(answer.json().get("result"))
        return 200, changed if isinstance(changed, bytes) else json.dumps({"result": changed}).encode()

    server.reply = reply
    yield server
    server.close()
