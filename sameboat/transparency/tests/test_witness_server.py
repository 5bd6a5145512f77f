"""The witness as logs meet it: over HTTP, with its memory on a disk."""

import asyncio
import socket
import sqlite3
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from sameboat.project.tests.conftest import call
from sameboat.transparency.engine import cosignature, witnessing
from sameboat.transparency.errors import BadInput, StoreError
from sameboat.transparency.witness import app
from sameboat.transparency.witness.cosigner import Cosigner
from sameboat.transparency.witness.keys import open_home
from sameboat.transparency.witness.memory import FILE_NAME

from .two_histories import LOG, SIZE, histories, note, request
from .witness_processes import ROOT, WitnessProcess, set_up

NAME = "witness.example/1"
ADD = "/add-checkpoint"
NOW = 1_580_000_000


@pytest.fixture
def home(tmp_path):
    set_up(tmp_path / "witness", NAME, LOG.verifier)
    return tmp_path / "witness"


class Served:
    """The application of a home, asked without a network."""

    def __init__(self, home, clock=lambda: NOW):
        self._worker = ThreadPoolExecutor(max_workers=1)
        self._memory, self.signers = self._worker.submit(open_home, home).result()
        self._app = app.application(Cosigner(self._memory, self.signers, clock), self._worker)

    def ask(self, method, path, content=b""):
        async def exchange():
            transport = httpx.ASGITransport(self._app)
            async with httpx.AsyncClient(transport=transport, base_url="http://witness.example") as client:
                return await client.request(method, path, content=content)

        return asyncio.run(exchange())

    def end(self):
        self._worker.submit(self._memory.__exit__).result()
        self._worker.shutdown()


@pytest.fixture
def serve(home):
    running = []

    def start(**options):
        running.append(Served(home, **options))
        return running[-1]

    yield start
    for served in running:
        served.end()


def test_a_cosignature_verifies(home, serve):
    """The answer is one line a key, which those who trust the witness can check, at the witness's time."""
    set_up(home, NAME, ml_dsa=True)
    served = serve()
    answer = served.ask("POST", ADD, request("A", 0, 9))
    text = note("A", 9).partition("\n\n")[0] + "\n"
    assert answer.status_code == 200
    assert [signer.verifier.signature_type for signer in served.signers] == [0x04, 0x06]
    for signer in served.signers:
        line = witnessing.read_cosignature(answer.content, text, signer.verifier, NOW)
        assert cosignature.timestamp(line.signature) == NOW


ANSWERS = {
    "what extends the last": (request("A", 6, 9), 200, "text/plain; charset=utf-8"),
    "the last again": (request("A", 6, 6), 200, "text/plain; charset=utf-8"),
    "no request": (b"old six\n", 400, "text/plain; charset=utf-8"),
    "not signed by the log": (request("A", 6, 9)[:-8] + b"AAAAAA=\n", 403, "text/plain; charset=utf-8"),
    "an unknown log": (witnessing.encode(0, [], note("A", 9, origin="x", log=LOG)), 404, "text/plain; charset=utf-8"),
    "another old size": (request("A", 0, 9), 409, "text/x.tlog.size"),
    "another root": (request("B", 6, 6), 409, "text/x.tlog.size"),
    "another history": (request("B", 6, 9), 422, "text/plain; charset=utf-8"),
    "too large": (b"x" * 200_000, 413, "text/plain; charset=utf-8"),
}


@pytest.mark.parametrize(("body", "status", "kind"), ANSWERS.values(), ids=ANSWERS)
def test_each_answer_has_its_status_and_type(serve, body, status, kind):
    """As c2sp.org/tlog-witness 1.0.0 asks."""
    served = serve()
    assert served.ask("POST", ADD, request("A", 0, 6)).status_code == 200
    answer = served.ask("POST", ADD, body)
    assert (answer.status_code, answer.headers["content-type"]) == (status, kind)
    assert ("— " in answer.text) == (status == 200)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", ADD, 405), ("PUT", ADD, 405), ("POST", "/", 405), ("GET", "/wp-login.php", 404), ("POST", f"{ADD}/", 404)],
)
def test_other_addresses_and_methods_are_refused(serve, method, path, status):
    """Nothing but the one address takes checkpoints."""
    assert serve().ask(method, path, request("A", 0, 6)).status_code == status


def test_it_tells_people_who_it_is(serve):
    """Its page holds its key, and the last checkpoint that it cosigned."""
    served = serve()
    served.ask("POST", ADD, request("A", 0, 6))
    page = served.ask("GET", "/").text
    assert served.signers[0].verifier.vkey in page
    assert note("A", 6).splitlines()[2] in page


def test_what_was_cosigned_is_remembered_by_the_next_process(serve):
    """A witness that starts again goes on from where the one before it was."""
    serve().ask("POST", ADD, request("A", 0, 6))
    again = serve()
    assert again.ask("POST", ADD, request("A", 0, 9)).text == "6\n"
    assert again.ask("POST", ADD, request("A", 6, 9)).status_code == 200


def test_two_processes_on_one_home_are_one_witness(serve):
    """Of two histories sent to two processes, only one is cosigned."""
    first, second = serve(), serve()
    assert first.ask("POST", ADD, request("A", 0, 9)).status_code == 200
    assert second.ask("POST", ADD, request("B", 0, 9)).status_code == 409


def test_no_cosignature_leaves_before_it_is_on_the_disk(home, serve):
    """While another holds the file nothing can be stored, and so nothing is signed."""
    served = serve()
    other = sqlite3.connect(home / FILE_NAME, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    served._worker.submit(served._memory._rows.execute, "PRAGMA busy_timeout = 1").result()
    answer = served.ask("POST", ADD, request("A", 0, 9))
    other.execute("ROLLBACK")
    other.close()
    assert (answer.status_code, "— " in answer.text) == (503, False)
    assert served.ask("POST", ADD, request("A", 0, 9)).status_code == 200


def test_a_fork_is_kept_as_evidence(home, serve):
    """Both checkpoints of one size stand in `sameboat witness logs`, which says that something is wrong."""
    served = serve()
    served.ask("POST", ADD, request("A", 0, 9))
    served.ask("POST", ADD, request("B", 9, 9))
    served.ask("POST", ADD, request("B", 9, 9))
    shown = call("witness", "logs", "--home", home, "--json")
    assert shown.code == 1
    assert shown.json[0]["forks"] == [{"cosigned": note("A", 9), "other": note("B", 9)}]
    assert "two histories" in call("witness", "logs", "--home", home).output


def test_a_clock_that_was_put_back_signs_nothing(serve):
    """503, and the memory stays as it was."""
    serve().ask("POST", ADD, request("A", 0, 6))
    assert serve(clock=lambda: NOW - 10_000).ask("POST", ADD, request("A", 6, 9)).status_code == 503
    assert serve().ask("POST", ADD, request("A", 6, 9)).status_code == 200


def test_a_request_that_never_ends_is_given_up(serve, monkeypatch):
    """408, and the witness answers others meanwhile."""
    monkeypatch.setattr(app, "BODY_SECONDS", 0.05)
    sent = []

    async def receive():
        if sent_first:
            await asyncio.sleep(3600)
        sent_first.append(True)
        return {"type": "http.request", "body": b"old 0\n", "more_body": True}

    async def send(message):
        sent.append(message)

    sent_first = []
    asyncio.run(serve()._app({"type": "http", "path": ADD, "method": "POST"}, receive, send))
    assert sent[0]["status"] == 408


def test_keys_and_memory_are_the_owners_alone(home):
    """No other user of the machine can read the key or reach the memory."""
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert stat.S_IMODE((home / "keys" / "ed25519").stat().st_mode) == 0o600


def test_a_key_without_its_memory_refuses_to_run(home):
    """Whoever deletes the memory cannot make the key sign a second history."""
    (home / FILE_NAME).unlink()
    with pytest.raises(StoreError, match="two histories"):
        open_home(home)
    assert not (home / FILE_NAME).exists()


@pytest.mark.parametrize("damage", [b"not a database", b""], ids=["overwritten", "cut short"])
def test_a_damaged_memory_refuses_to_run(home, damage):
    """A file that is no whole memory is told with what to do."""
    content = (home / FILE_NAME).read_bytes()
    (home / FILE_NAME).write_bytes(damage or content[: len(content) // 2])
    with pytest.raises(StoreError, match="new key"):
        open_home(home)


def test_a_damaged_key_refuses_to_run(home):
    """A key that was changed is named."""
    path = home / "keys" / "ed25519"
    path.write_text(path.read_text()[:-4])
    with pytest.raises(StoreError, match="ed25519 is damaged"):
        open_home(home)


@pytest.mark.parametrize("name", ["two words", "with+plus", "é" * 128, "line\nbreak"])
def test_a_name_that_no_note_carries_is_refused(tmp_path, name):
    """And no key is made for it."""
    with pytest.raises(BadInput, match="--name"):
        open_home(tmp_path / "new", name)
    assert not (tmp_path / "new" / "keys" / "ed25519").exists()


MISTAKES = {
    "a new home without a name": (["key"], "--name"),
    "another name": (["key", "--name", "other.example"], "for good"),
    "no key of a log": (["add-log", "log.example"], "not a verifier key"),
    "a key that was miscopied": (["add-log", LOG.verifier.vkey[:-1] + "x"], "the log's key"),
}


@pytest.mark.parametrize(("arguments", "words"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_at_the_command_line_is_told(tmp_path, home, arguments, words):
    """Exit code 2, and what to do."""
    place = tmp_path / "none" if words == "--name" else home
    ended = call("witness", *arguments, "--home", place)
    assert (ended.code, words in ended.errors) == (2, True)


def test_a_log_is_added_once_and_known_at_once(home, serve):
    """A running witness needs no restart, and a second key of one log stands beside the first."""
    served, other = serve(), type(LOG)("log.example/other", bytes(32))
    body = witnessing.encode(0, [], note("A", 9, other))
    assert served.ask("POST", ADD, body).status_code == 404
    added = [call("witness", "add-log", other.verifier.vkey, "--home", home, "--json").json["new"] for _ in range(2)]
    assert added == [True, False]
    assert served.ask("POST", ADD, body).status_code == 200


def test_it_runs_without_django_and_the_programs_database(tmp_path):
    """Nothing of the house is loaded, and nothing is written but its own folder."""
    script = (
        "import sys; from sameboat.transparency.witness import serving, keys\n"
        "from pathlib import Path; keys.open_home(Path('here'), 'witness.example/1')\n"
        "print(*[name for name in sys.modules if name.split('.')[0] in ('django', 'ninja', 'httpx')])"
    )
    environment = {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=tmp_path, env=environment, check=False
    )
    assert (done.stdout.strip(), done.stderr) == ("", "")
    assert [path.name for path in tmp_path.iterdir()] == ["here"]


@pytest.fixture
def process(home):
    with WitnessProcess(home) as running:
        yield running


def test_many_logs_at_once_see_one_witness(process):
    """Both histories at every size from many threads: what is cosigned belongs to one of them."""

    def submit(history, size):
        with httpx.Client(base_url=process.url) as client:
            old_size = 0
            for _ in range(20):
                answer = client.post(ADD, content=request(history, old_size, size))
                if answer.status_code != 409 or int(answer.text) in (old_size, size) or int(answer.text) > size:
                    return (history, size) if answer.status_code == 200 else None
                old_size = int(answer.text)
        return None

    with ThreadPoolExecutor(8) as pool:
        futures = [pool.submit(submit, history, size) for size in range(6, SIZE + 1, 3) for history in "AB"]
    granted = {found[0] for future in futures if (found := future.result())}
    assert len(granted) == 1


def test_a_connection_is_used_again_and_ended_when_told(process):
    """Keep-alive holds over a refusal; a head that is too large ends it without harm."""
    host, port = process.url.removeprefix("http://").split(":")
    with httpx.Client(base_url=process.url) as client:
        assert client.post(ADD, content=b"x").status_code == 400
        assert client.post(ADD, content=request("A", 0, 9)).status_code == 200
    with socket.create_connection((host, int(port)), timeout=10) as raw:
        raw.sendall(b"GET / HTTP/1.1\r\nX: " + b"y" * 200_000)
        assert b"400" in raw.recv(100)
    assert httpx.get(process.url + "/").status_code == 200


def test_whoever_does_not_finish_the_head_is_hung_up_on(home):
    """Connections that say nothing, or half a word, do not fill the witness up."""
    script = (
        "from pathlib import Path; import sys\n"
        "from sameboat.transparency.witness import serving\n"
        "serving.HEAD_SECONDS = 0.2\n"
        f"serving.serve(Path({str(home)!r}), '', '127.0.0.1', 0, lambda a: print(a, flush=True))"
    )
    running = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        host, port = running.stdout.readline().strip().removeprefix("http://").rstrip("/").split(":")
        for said in (b"", b"POST /add-checkpoint HTTP/1.1\r\n"):
            with socket.create_connection((host, int(port)), timeout=30) as raw:
                raw.sendall(said)
                assert raw.recv(100) == b""
    finally:
        running.terminate()
        running.wait(30)
        running.stdout.close()


def test_the_memory_is_that_of_the_last_cosignature(home, serve):
    """`sameboat witness logs` shows the size and root that were cosigned last."""
    served = serve()
    for old_size, size in [(0, 3), (3, 3), (3, 11)]:
        served.ask("POST", ADD, request("A", old_size, size))
    (shown,) = call("witness", "logs", "--home", home, "--json").json
    assert (shown["size"], histories(11, bytes.fromhex(shown["root"])), shown["cosigned_at"]) == (11, {"A"}, NOW)
