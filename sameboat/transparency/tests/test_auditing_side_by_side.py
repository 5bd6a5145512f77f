"""However many processes read a log, the auditor finds the same in it, in the same order."""

import functools
import os
import random
import signal
import subprocess
import sys
import threading
import time
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from sameboat.transparency import auditor, sources
from sameboat.transparency.auditor import audit
from sameboat.transparency.engine import canonical_json
from sameboat.transparency.errors import AuditError

from .test_auditor import KEY_REGISTERED, KEY_REVOKED, LIFE, LOG, WRONG, entry, files_of, ident, received, signed_for

PATIENCE = 60

ODD = [
    b"",
    b"\xff",
    b"[" * 5000,
    b'{"a":1e999}',
    b'{"type":"x"}',
    entry("planet.moved", {}),
    entry("need.met", {}, version=9),
    entry("need.met", {}) | {"recorded_at": "yesterday"},
    entry("need.met", {}) | {"recorded_at": ["2020"]},
    entry("need.met", {}) | {"recorded_at": "2020-01-29T03:00:00"},
    entry("need.met", {}) | {"recorded_at": "2019-01-29T03:00:00.000Z"},
    entry("need.met", {"need": ident("need"), "organisation": ident("org")}) | {"recorded_at": "2030-01-01T00:00:00Z"},
    entry("need.met", {}) | {"data": []},
    entry("need.met", {}) | {"data": None},
    entry("need.met", {"need": ident("need"), "organisation": ident("org")}, subjects="need"),
    entry("need.met", {"need": ident("need"), "organisation": ident("org")}) | {"more": "口罩 😷"},
    canonical_json.encode(entry("need.met", {}))[:-1] + b',"v":1}',
    canonical_json.encode(entry("need.met", {})).decode().encode("utf-16"),
]


def vintage(number, previous):
    hashes = [None, *[f"{each:064x}" for each in range(4)]]
    data = {"vintage": ident("vintage", number), "feed": ident("feed"), "number": number}
    data |= {"sha256": hashes[number], "new": 1, "revised": 0, "withdrawn": 0}
    return entry("vintage.published", data | ({"previous": hashes[previous]} if previous else {}))


VINTAGES = [vintage(1, 0), vintage(2, 1), vintage(3, 2), vintage(3, 1), vintage(2, 0)]
"""Each must follow the one before it, which only the log's order can tell."""


def mixed(seed, count=900):
    """Return a log in which whole lives of gifts and everything that can be wrong with an entry stand in any order."""
    chance = random.Random(seed)
    pool = [
        *LIFE * 4,
        *[each for row in WRONG for each in row[1]],
        *ODD,
        *VINTAGES,
        KEY_REGISTERED,
        KEY_REVOKED,
        signed_for(5),
    ]
    return [*LIFE, *VINTAGES[:3], *chance.choices(pool, k=count), received(9, 3)]


def write(folder, files):
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    return folder


@pytest.fixture(params=range(2))
def log(request, tmp_path):
    return write(tmp_path, files_of(mixed(request.param)))


@pytest.mark.parametrize("jobs", [2, 3])
def test_every_number_of_processes_finds_the_same(log, jobs, monkeypatch):
    """Counts, faults, their order, the clock and the balances are those of one process."""
    monkeypatch.setattr(auditor, "MOST_FAULTS", 1000)
    alone = audit(sources.folder(log), LOG.verifier)
    assert len(alone.faults) == alone.fault_count > 100
    assert any("does not follow" in fault.problem for fault in alone.faults)
    assert all([alone.device_signatures, alone.clock_went_back, alone.unknown_types, alone.balances])
    told = []
    assert audit(sources.folder(log), LOG.verifier, lambda *done: told.append(done), jobs=jobs) == alone
    assert told == [(256, 909), (512, 909), (768, 909), (909, 909)]


DAMAGE = {
    "an entry of a bundle": ("tile/entries/001", lambda data: data[:9] + bytes([data[9] ^ 1]) + data[10:]),
    "a bundle cut short": ("tile/entries/002", lambda data: data[:-1]),
    "a hash of a low tile": ("tile/0/001", lambda data: data[:40] + bytes([data[40] ^ 1]) + data[41:]),
    "a hash of a high tile": ("tile/1/000.p/3", lambda data: data[:40] + bytes([data[40] ^ 1]) + data[41:]),
    "a missing bundle": ("tile/entries/003.p/141", None),
    "a missing tile": ("tile/0/000", None),
}


def refusal(folder, jobs):
    with pytest.raises(AuditError) as refused:
        audit(sources.folder(folder), LOG.verifier, jobs=jobs)
    return type(refused.value), str(refused.value)


@pytest.mark.parametrize(("path", "damage"), DAMAGE.values(), ids=DAMAGE)
def test_damage_is_told_in_the_same_words(tmp_path, path, damage):
    """The first file that is wrong stops the audit, whoever reads it."""
    folder = write(tmp_path, files_of(mixed(0)))
    if damage is None:
        (folder / path).unlink()
    else:
        (folder / path).write_bytes(damage((folder / path).read_bytes()))
    assert refusal(folder, 1) == refusal(folder, 2)


def test_of_two_damaged_files_the_first_is_told(tmp_path):
    """A process that is ahead and finds a later fault sooner does not change what is said."""
    folder = write(tmp_path, files_of(mixed(0)))
    (folder / "tile/entries/003.p/141").unlink()
    (folder / "tile/1/000.p/3").write_bytes(bytes(96))
    (folder / "tile/0/002").write_bytes(bytes(8192))
    kind, words = refusal(folder, 2)
    assert (kind, words) == refusal(folder, 1)
    assert words.startswith("tile/0/002 ")


def test_a_web_server_is_read_side_by_side(log):
    """Each process asks the server itself."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_words):
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=log)) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            fetch = sources.server(f"http://127.0.0.1:{server.server_port}")
            assert audit(fetch, LOG.verifier, jobs=2) == audit(sources.folder(log), LOG.verifier)
        finally:
            server.shutdown()
            thread.join(PATIENCE)


def test_no_process_outlives_a_killed_audit(tmp_path):
    """Readers end when the auditor that started them is killed, as nobody is left to tell."""
    folder = write(tmp_path, files_of(mixed(0)))
    for path in ("tile/entries/000", "tile/entries/001"):
        (folder / path).unlink()
        os.mkfifo(folder / path)  # a reader waits here until it is ended
    command = [
        sys.executable,
        "-m",
        "sameboat",
        "log",
        "audit",
        str(folder),
        "--vkey",
        LOG.verifier.vkey,
        "--jobs",
        "2",
    ]
    auditing = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + PATIENCE
        readers = []
        while len(readers) < 2 and time.monotonic() < until:
            readers = [pid for pid in children(auditing.pid) if b"spawn_main" in command_of(pid)]
            time.sleep(0.05)
        assert len(readers) == 2
        auditing.send_signal(signal.SIGKILL)
        auditing.wait(PATIENCE)
        while any(command_of(pid) for pid in readers) and time.monotonic() < until:
            time.sleep(0.05)
        assert not any(command_of(pid) for pid in readers)
    finally:
        auditing.kill()


def children(pid):
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []


def command_of(pid):
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""
