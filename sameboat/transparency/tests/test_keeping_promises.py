"""Whether a log kept what it promised: kept, not due yet, or broken, and never a false accusation."""

import base64
import json
import os

import pytest

from sameboat.project.tests.conftest import call
from sameboat.transparency import promises, proofs, sources
from sameboat.transparency.actions import publish
from sameboat.transparency.engine import checkpoint, layout, merkle, promise, signed_note, tiles
from sameboat.transparency.engine.promise import Promise
from sameboat.transparency.errors import AuditError
from sameboat.transparency.keys import log_signer, log_vkey
from sameboat.transparency.models import Entry

LOG = signed_note.Signer("log.example", bytes(32))
ACCEPTED = 1_580_000_000_000
DELAY = 3_600


def leaf(number):
    return merkle.leaf_hash(b"entry %d" % number)


def promised(number):
    return Promise(LOG.name, leaf(number), ACCEPTED, DELAY)


def log_of(size, signer=LOG, **changed):
    """Return a reader of a log of `size` entries; `changed` replaces files by path."""
    size, grown = tiles.grow(0, map(leaf, range(size)), lambda *place: b"")
    files = {layout.path(level, index, len(data) // 32): data for (level, index), data in grown.items()}
    root = tiles.root(size, tiles.overlay(grown, lambda *place: b""))
    files["checkpoint"] = signed_note.sign(
        checkpoint.encode(checkpoint.Checkpoint(signer.name, size, root)), [signer]
    ).encode()
    files.update(changed)

    def fetch(path):
        try:
            return files[path]
        except KeyError:
            raise sources.MissingError(path) from None

    return fetch


@pytest.mark.parametrize(
    ("size", "number"), [(1, 0), (2, 1), (256, 0), (256, 255), (257, 0), (257, 256), (700, 300), (700, 699)]
)
def test_a_promise_whose_entry_stands_on_the_log_is_kept(size, number):
    """Wherever the entry stands it is found, also long after the promise was due."""
    found = promises.look_for(promised(number), log_of(size), LOG.verifier, ACCEPTED * 2)
    assert (found.verdict, found.index, found.size) == ("kept", number, size)


@pytest.mark.parametrize(
    ("late", "verdict"), [(-DELAY * 1000, "not-due"), (0, "not-due"), (1, "broken"), (10**9, "broken")]
)
@pytest.mark.parametrize("size", [0, 1, 256, 700])
def test_an_entry_that_is_missing_breaks_the_promise_only_when_it_is_due(size, late, verdict):
    """Up to the last promised millisecond nobody is accused."""
    given = promised(9999)
    found = promises.look_for(given, log_of(size), LOG.verifier, given.due_at + late)
    assert (found.verdict, found.index) == (verdict, None)


def test_the_evidence_of_a_broken_promise_is_signed_by_the_log():
    """Both halves of the evidence open with the log's key alone."""
    given = promised(9999)
    found = promises.look_for(given, log_of(700), LOG.verifier, given.due_at + 1)
    head, _ = checkpoint.open(found.note, LOG.verifier)
    assert (head.size, head.root) == (found.size, found.root)


def test_a_log_that_hides_entries_behind_other_tiles_is_not_believed():
    """A missing entry is missing only if all hashes lead to the signed root."""
    with pytest.raises(AuditError, match="do not lead to the root"):
        promises.look_for(promised(9999), log_of(700, **{"tile/0/001": b"x" * 8192}), LOG.verifier, ACCEPTED)


def test_a_log_that_shows_the_entry_in_a_forged_tile_is_not_believed():
    """An entry put into a tile afterwards is not under the signed root."""
    with pytest.raises(AuditError, match="do not lead to the root"):
        promises.look_for(promised(9999), log_of(700, **{"tile/0/001": leaf(9999) * 256}), LOG.verifier, ACCEPTED)


@pytest.mark.parametrize(
    "signer", [signed_note.Signer("log.example", bytes([1] * 32)), signed_note.Signer("x", bytes(32))]
)
def test_another_logs_checkpoint_is_not_believed(signer):
    """Neither another key nor another name tells what this log holds."""
    with pytest.raises(AuditError, match="cannot be believed"):
        promises.look_for(promised(0), log_of(5, signer), LOG.verifier, ACCEPTED)


@pytest.fixture
def pledged(cast, callers):
    """A need, and the answer to a pledge made to it by a person without an account."""
    need = callers.hospital.does(
        "/needs", {"organisation": cast.hospital.public_id, "item": "mask-surgical", "quantity": 500}
    )
    path = f"/needs/{need['id']}/pledges"
    return path, callers.anyone.post(path, {"quantity": 5, "contact": "139-0000"}, key="once")


def notes_in(answer):
    return [base64.b64decode(each).decode() for each in answer.headers["Sameboat-Promise"].split(", ")]


def test_an_accepted_write_answers_with_the_promise_of_its_entry(pledged):
    """The promised hash is that of the entry just appended, and the time is when it was recorded."""
    (note,) = notes_in(pledged[1])
    given = promise.open(note, log_signer().verifier)
    entry = Entry.objects.latest("pk")
    assert (given.leaf_hash, given.delay) == (bytes(entry.leaf_hash), 86_400)
    assert given.accepted_at == int(entry.recorded_at.timestamp() * 1000)


def test_the_same_request_again_answers_with_the_same_promise(pledged, callers):
    """A donor whose line broke gets the promise of the first request, not of a second entry."""
    path, first = pledged
    again = callers.anyone.post(path, {"quantity": 5, "contact": "139-0000"}, key="once")
    assert notes_in(again) == notes_in(first)


def test_a_refused_write_promises_nothing(pledged, callers):
    """No promise is given for what was not accepted."""
    path, _ = pledged
    answer = callers.anyone.post(path, {"quantity": -5})
    assert (answer.status_code, "Sameboat-Promise" in answer.headers) == (422, False)


def test_a_read_promises_nothing(pledged, callers):
    """Only what was accepted by this request is promised."""
    assert "Sameboat-Promise" not in callers.anyone.get("/log/entries").headers


def test_a_promise_can_be_asked_for_by_its_hash(pledged, callers):
    """Program and page give the same note, before the entry is published and after."""
    (note,) = notes_in(pledged[1])
    leaf_hash = promise.open(note, log_signer().verifier).leaf_hash.hex()
    waiting = callers.anyone.get(f"/log/promises/{leaf_hash}").json()
    assert (waiting["note"], waiting["index"]) == (note, None)
    publish()
    assert callers.anyone.get(f"/log/promises/{leaf_hash}").json()["index"] is not None
    assert callers.anyone.client.get(f"/log/promises/{leaf_hash}").content.decode() == note


@pytest.mark.parametrize("leaf_hash", ["0" * 64, "0" * 63, "x" * 64, "", " " * 64, "00" * 5000])
def test_nothing_is_promised_of_what_was_never_accepted(leaf_hash, callers, client):
    """An unknown or malformed hash is not found, by programs and by people."""
    assert callers.anyone.get(f"/log/promises/{leaf_hash}").status_code == 404
    assert client.get(f"/log/promises/{leaf_hash}").status_code == 404


@pytest.fixture
def promise_file(pledged, tmp_path):
    """The promise of an entry that waits, in a file."""
    publish()
    entry = Entry.objects.latest("pk")
    file = tmp_path / "promise.txt"
    file.write_text(proofs.promise_of(bytes(entry.leaf_hash), entry.recorded_at)[1])
    return file


def test_the_command_says_kept(promise_file):
    """A promise of this installation is checked against its own store."""
    ended = call("log", "check-promise", promise_file, "--json")
    assert (ended.code, ended.json["verdict"]) == (0, "kept")


def test_the_command_reads_the_header_as_it_came(promise_file):
    """The Base64 of an answer's header is a promise too."""
    promise_file.write_text(base64.b64encode(promise_file.read_bytes()).decode() + "\n")
    assert call("log", "check-promise", promise_file, "--json").json["verdict"] == "kept"


@pytest.fixture
def folder_without_it(promise_file, tmp_path):
    """A folder with a log by the same key in which the promised entry is missing."""
    fetch = log_of(3, log_signer())
    folder = tmp_path / "log"
    for path in ("checkpoint", "tile/0/000.p/3"):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(fetch(path))
    return folder


@pytest.mark.parametrize(
    ("late", "code", "verdict", "shown"), [(1, 1, "broken", "evidence"), (-1, 0, "not-due", "ask again")]
)
def test_the_command_tells_a_folder_without_the_entry(
    promise_file, folder_without_it, late, code, verdict, shown, monkeypatch
):
    """Broken with both signed texts as evidence, once the folder's checkpoint is younger than the promise was due."""
    given = promise.parse(signed_note.split(promise_file.read_text())[0])
    due = given.due_at / 1000
    os.utime(folder_without_it / "checkpoint", (due + late, due + late))
    monkeypatch.setattr("time.time_ns", lambda: int((due + 3600) * 1e9))
    command = ("log", "check-promise", promise_file, "--log", folder_without_it, "--vkey", log_vkey())
    ended = call(*command, "--json")
    assert (ended.code, ended.json["verdict"]) == (code, verdict)
    assert promise.open(ended.json["promise"], log_signer().verifier) == given
    assert checkpoint.open(ended.json["checkpoint"], log_signer().verifier)[0].size == 3
    assert shown in call(*command).output


def test_the_command_refuses_a_changed_promise(promise_file):
    """One byte changed is no promise of the log: found wrong, not merely misread."""
    promise_file.write_text(promise_file.read_text().replace("86400", "86401"))
    ended = call("log", "check-promise", promise_file, "--json")
    assert (ended.code, ended.json["error"]["code"]) == (1, "promise")


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"not a promise", b"bm90IGEgcHJvbWlzZQ=="])
def test_the_command_refuses_what_is_no_promise(promise_file, content):
    """Clear words and the exit code of a mistake, or of something found wrong."""
    promise_file.write_bytes(content)
    ended = call("log", "check-promise", promise_file, "--json")
    assert ended.code in (1, 2)
    assert "promise" in json.loads(ended.output)["error"]["message"]
