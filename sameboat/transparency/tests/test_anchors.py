"""Anchors: what leaves the house is a hash, what comes back is checked, and a receipt of something else is refused."""

import hashlib
import shutil
import subprocess
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from sameboat.project.tests.conftest import call
from sameboat.transparency import anchoring, anchors
from sameboat.transparency.actions import publish
from sameboat.transparency.anchors import AnchorError, rfc3161
from sameboat.transparency.anchors.opentimestamps import OpenTimestamps
from sameboat.transparency.anchors.rfc3161 import Rfc3161
from sameboat.transparency.engine import ots
from sameboat.transparency.engine.ots import Proof, Step
from sameboat.transparency.errors import BadInput
from sameboat.transparency.keys import log_vkey
from sameboat.transparency.tests import vectors
from sameboat.transparency.tests.test_ots import BLOCK_358391, GENESIS

DATA = b"sameboat.invalid/log\n7\nAAAA\n"


class Server:
    """A server on this machine that answers every POST with what `reply` makes of it, and remembers what came."""

    def __init__(self):
        self.received = []
        self.reply = lambda body: (200, b"")
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.received.append((self.path, body))
                status, answer = outer.reply(body)
                self.send_response(status)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *arguments):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def close(self):
        self.http.shutdown()
        self.http.server_close()


@pytest.fixture
def server():
    """The server; ended with the test."""
    made = Server()
    yield made
    made.close()


EXTENSIONS = """
[stamping]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
[tsa]
default_tsa = authority
[authority]
serial = {0}/serial
signer_cert = {0}/tsa.pem
signer_key = {0}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
ess_cert_id_alg = sha256
"""


def openssl(*arguments, folder):
    subprocess.run(["openssl", *map(str, arguments)], cwd=folder, check=True, capture_output=True)


def make_authority(folder):
    """Make a time-stamping authority with OpenSSL: a root, and under it a certificate that may do nothing but stamp."""
    folder.mkdir()
    (folder / "ts.cnf").write_text(EXTENSIONS.format(folder))
    (folder / "serial").write_text("01\n")
    new = ("req", "-newkey", "rsa:2048", "-nodes", "-sha256")
    openssl(
        *new, "-x509", "-days", "30", "-subj", "/CN=Test root", "-keyout", "root.key", "-out", "root.pem", folder=folder
    )
    openssl(*new, "-subj", "/CN=Test authority", "-keyout", "tsa.key", "-out", "tsa.csr", folder=folder)
    signed = ("x509", "-req", "-in", "tsa.csr", "-CA", "root.pem", "-CAkey", "root.key", "-CAcreateserial", "-sha256")
    openssl(*signed, "-days", "30", "-extfile", "ts.cnf", "-extensions", "stamping", "-out", "tsa.pem", folder=folder)
    return folder


@pytest.fixture(scope="module")
def authorities(tmp_path_factory):
    """Two authorities that know nothing of each other."""
    pytest.importorskip("rfc3161_client", reason="the extra rfc3161 is not installed: pip install rfc3161-client")
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed, and it is the time-stamping authority of this test")
    folder = tmp_path_factory.mktemp("tsa")
    return make_authority(folder / "one"), make_authority(folder / "other")


@pytest.fixture
def authority(server, authorities):
    """The server as the first authority's; its folder."""
    folder = authorities[0]

    def reply(body):
        (folder / "query").write_bytes(body)
        openssl("ts", "-reply", "-config", "ts.cnf", "-queryfile", "query", "-out", "answer", folder=folder)
        return 200, (folder / "answer").read_bytes()

    server.reply = reply
    return folder


def test_a_time_stamp_says_when(server, authority):
    """The authority's time comes back, proved under its root."""
    receipt = Rfc3161().stamp(DATA, server.address)
    shown = Rfc3161().check(receipt, DATA, str(authority / "root.pem"))
    assert shown.proven
    assert abs(shown.since - datetime.now(UTC)) < timedelta(minutes=5)


def test_an_authority_is_sent_the_hash_alone(server, authority):
    """Not a byte of what is stamped leaves the house."""
    Rfc3161().stamp(DATA, server.address)
    ((_path, sent),) = server.received
    assert hashlib.sha256(DATA).digest() in sent
    assert not any(DATA[at : at + 8] in sent for at in range(len(DATA) - 8))


def test_openssl_agrees_with_the_receipt(server, authority, tmp_path):
    """A second program finds the same receipt good: it is a plain RFC 3161 response."""
    (tmp_path / "data").write_bytes(DATA)
    (tmp_path / "data.tsr").write_bytes(Rfc3161().stamp(DATA, server.address))
    checked = ("ts", "-verify", "-data", "data", "-in", "data.tsr", "-CAfile", authority / "root.pem")
    openssl(*checked, folder=tmp_path)


def test_a_time_stamp_of_other_data_is_refused(server, authority):
    """A receipt shows nothing of another checkpoint."""
    receipt = Rfc3161().stamp(DATA, server.address)
    with pytest.raises(AnchorError):
        Rfc3161().check(receipt, DATA + b"x", str(authority / "root.pem"))


def test_a_time_stamp_of_an_authority_that_is_not_trusted_is_refused(server, authority, authorities):
    """Another root does not vouch for it."""
    receipt = Rfc3161().stamp(DATA, server.address)
    with pytest.raises(AnchorError):
        Rfc3161().check(receipt, DATA, str(authorities[1] / "root.pem"))


def test_a_changed_time_stamp_is_refused(server, authority):
    """No byte within what the authority signed can be changed."""
    receipt = Rfc3161().stamp(DATA, server.address)
    at = receipt.index(hashlib.sha256(DATA).digest())
    for place in range(at, at + 60):
        changed = bytearray(receipt)
        changed[place] ^= 1
        with pytest.raises(AnchorError):
            Rfc3161().check(bytes(changed), DATA, str(authority / "root.pem"))


def test_a_time_stamp_of_another_request_is_not_taken(server, authority):
    """An authority that answers with an older stamp, of other data, is found out at once."""
    earlier = Rfc3161().stamp(DATA + b"x", server.address)
    server.reply = lambda body: (200, earlier)
    with pytest.raises(AnchorError, match="something else"):
        Rfc3161().stamp(DATA, server.address)


def test_a_refusal_of_the_authority_is_told(server, authority):
    """An authority that does not take this hash says so, and no receipt is made."""
    refused = authority / "refused"
    (authority / "strict.cnf").write_text(
        (authority / "ts.cnf").read_text().replace("digests = sha256", "digests = sha512")
    )
    openssl("ts", "-query", "-data", "ts.cnf", "-sha256", "-out", "query", folder=authority)
    openssl("ts", "-reply", "-config", "strict.cnf", "-queryfile", "query", "-out", refused, folder=authority)
    server.reply = lambda body: (200, refused.read_bytes())
    with pytest.raises(AnchorError, match="no time stamp"):
        Rfc3161().stamp(DATA, server.address)


@pytest.mark.parametrize("answer", [b"", b"<html>", bytes(500)])
def test_what_is_no_time_stamp_is_refused(answer, server, authority):
    """Neither taken as an answer nor as a receipt."""
    server.reply = lambda body: (200, answer)
    with pytest.raises(AnchorError):
        Rfc3161().stamp(DATA, server.address)
    with pytest.raises(AnchorError):
        Rfc3161().check(answer, DATA, str(authority / "root.pem"))


def test_without_its_package_the_extra_is_named(monkeypatch):
    """Who has not installed the extra is told how."""
    monkeypatch.setitem(__import__("sys").modules, "rfc3161_client", None)
    with pytest.raises(BadInput, match=r"sameboat\[rfc3161\]"):
        rfc3161.Rfc3161().stamp(DATA, "http://127.0.0.1:9")


CALENDAR = ots.encode_branches(
    (Step(ots.APPEND, b"x" * 8, (Step(ots.SHA256, b"", (ots.pending("https://c.example"),)),)),)
)


@pytest.fixture
def calendar(server):
    """The server as an OpenTimestamps calendar."""
    server.reply = lambda body: (200, CALENDAR)
    return server


def test_a_calendar_gives_a_proof_that_is_pending(calendar):
    """Until a block has it, the receipt says who holds it and proves no time."""
    receipt = OpenTimestamps().stamp(DATA, calendar.address)
    shown = OpenTimestamps().check(receipt, DATA, "")
    assert (shown.since, shown.proven, shown.words) == (None, False, ["pending at the calendar https://c.example"])
    assert ots.parse(receipt).digest == hashlib.sha256(DATA).digest()


def test_a_calendar_is_not_even_sent_the_hash(calendar):
    """It gets a hash over the hash and a nonce, so it cannot tell what was anchored, nor that it was anchored twice."""
    for _ in range(2):
        OpenTimestamps().stamp(DATA, calendar.address)
    (path, first), (_, second) = calendar.received
    assert (path, len(first)) == ("/digest", 32)
    assert len({hashlib.sha256(DATA).digest(), first, second}) == 3


def in_a_block(data=DATA):
    """Return a proof that data are in the block at height 7, and the Merkle root that this block would need."""
    digest = hashlib.sha256(data).digest()
    proof = ots.encode(
        Proof(ots.SHA256, digest, (Step(ots.APPEND, b"n", (Step(ots.SHA256, b"", (ots.bitcoin(7),)),)),))
    )
    return proof, hashlib.sha256(digest + b"n").digest()


def test_a_proof_says_which_block_to_compare_with():
    """Without headers the height and the root are told, and nothing is called proved."""
    proof, root = in_a_block()
    shown = OpenTimestamps().check(proof, DATA, "")
    assert not shown.proven
    assert root[::-1].hex() in shown.words[0]
    assert "height 7" in shown.words[0]


@vectors.NEEDED
def test_a_proof_is_proved_by_the_header_of_its_block(tmp_path):
    """The block's time counts once its root is the one that the proof leads to: a real proof, and its real block."""
    folder = vectors.LOG / "opentimestamps" / "examples"
    (tmp_path / "headers").write_text(f"{GENESIS.hex()}\n{BLOCK_358391.hex()}\n")
    proof, data = ((folder / name).read_bytes() for name in ("hello-world.txt.ots", "hello-world.txt"))
    shown = OpenTimestamps().check(proof, data, str(tmp_path / "headers"))
    assert (shown.since, shown.proven) == (datetime(2015, 5, 28, 15, 41, 18, tzinfo=UTC), True)


def test_the_header_of_another_block_proves_nothing(tmp_path):
    """A real header whose root is another leaves the proof unproved."""
    proof, _root = in_a_block()
    (tmp_path / "headers").write_text(GENESIS.hex())
    assert not OpenTimestamps().check(proof, DATA, str(tmp_path / "headers")).proven


@pytest.mark.parametrize("header", ["zz", "00", (GENESIS[:-1] + b"\x00").hex()], ids=["no hex", "short", "no work"])
def test_a_header_that_no_block_has_is_refused(header, tmp_path):
    """The line is named; nobody mistakes a made-up header for a block."""
    (tmp_path / "headers").write_text(f"{GENESIS.hex()}\n{header}\n")
    with pytest.raises(BadInput, match="line 2"):
        OpenTimestamps().check(in_a_block()[0], DATA, str(tmp_path / "headers"))


def test_a_proof_of_other_data_is_refused():
    """A receipt shows nothing of another checkpoint."""
    with pytest.raises(AnchorError, match="not this checkpoint"):
        OpenTimestamps().check(in_a_block(b"other")[0], DATA, "")


def test_a_proof_over_a_weak_hash_is_refused():
    """Two files with one SHA-1 can be made."""
    proof = ots.encode(Proof(ots.SHA1, hashlib.sha1(DATA).digest(), (ots.bitcoin(7),)))
    with pytest.raises(AnchorError, match="another hash"):
        OpenTimestamps().check(proof, DATA, "")


@pytest.mark.parametrize("kind", ["rfc3161", "opentimestamps"])
@pytest.mark.parametrize(
    ("status", "answer"), [(500, b""), (404, b"no"), (200, b"x" * 1_000_001)], ids=["error", "nowhere", "too much"]
)
def test_a_server_that_fails_is_named(kind, status, answer, server):
    """Its address stands in the message, and no receipt is made."""
    if kind == "rfc3161":
        pytest.importorskip("rfc3161_client", reason="the extra rfc3161 is not installed: pip install rfc3161-client")
    server.reply = lambda body: (status, answer)
    with pytest.raises(BadInput, match=server.address):
        anchors.anchor(kind).stamp(DATA, server.address)


@pytest.mark.parametrize("address", ["http://127.0.0.1:9", "ftp://x", "nonsense", "http://["])
def test_an_address_that_is_none_is_named(address):
    """Nobody listening, another scheme, no address at all: told as such."""
    with pytest.raises(BadInput):
        OpenTimestamps().stamp(DATA, address)


def test_an_unknown_kind_names_those_that_are_there():
    """A misspelt kind is answered with the kinds."""
    with pytest.raises(BadInput, match="evm, opentimestamps, rfc3161"):
        anchors.anchor("blockchain")


def test_another_package_can_bring_a_kind(monkeypatch):
    """An entry point is all it takes."""

    class Point:
        name, value = "paper", f"{__name__}:Paper"

    monkeypatch.setattr(anchors, "entry_points", lambda group: [Point] if group == "sameboat.anchors" else [])
    assert anchors.anchor("paper").suffix == "paper"


class Paper:
    """A kind of another package."""

    suffix = "paper"


def test_the_commands_anchor_the_latest_checkpoint_and_check_it(cast, calendar, tmp_path):
    """Checkpoint and receipt stand side by side; the second time nothing is sent; the check names size and calendar."""
    publish()
    command = ("log", "anchor", "opentimestamps", tmp_path, "--to", calendar.address, "--json")
    first, again = call(*command).json, call(*command).json
    assert (first["new"], again["new"], len(calendar.received)) == (True, False, 1)
    told = call("log", "check-anchor", first["receipt"], "--vkey", log_vkey(), "--json").json
    assert (told["kind"], told["size"], told["proven"], told["signature_checked"]) == ("opentimestamps", 3, False, True)
    assert "pending at the calendar" in call("log", "check-anchor", first["receipt"]).output


def test_the_command_refuses_a_receipt_of_another_checkpoint(cast, calendar, tmp_path):
    """A receipt put beside another checkpoint is found wrong."""
    publish()
    receipt = call("log", "anchor", "opentimestamps", tmp_path, "--to", calendar.address, "--json").json["receipt"]
    note = tmp_path / "other"
    note.write_text((tmp_path / "000000000003.checkpoint").read_text().replace("\n3\n", "\n4\n"))
    assert call("log", "check-anchor", receipt, "--checkpoint", note).code == 1


def test_a_checkpoint_that_its_log_did_not_sign_is_refused(cast, calendar, tmp_path):
    """With the log's key its signature is checked too."""
    publish()
    receipt = call("log", "anchor", "opentimestamps", tmp_path, "--to", calendar.address, "--json").json["receipt"]
    note = tmp_path / "000000000003.checkpoint"
    note.write_text(note.read_text().replace("\n3\n", "\n4\n"))
    with pytest.raises(AnchorError, match="not the log's checkpoint"):
        anchoring.check_anchor(tmp_path / receipt, None, "", log_vkey())


def test_a_file_that_is_no_receipt_is_refused(tmp_path):
    """The endings of receipts are named."""
    (tmp_path / "x.pdf").write_bytes(b"")
    with pytest.raises(BadInput, match=r"\.evm, \.ots, \.tsr"):
        anchoring.check_anchor(tmp_path / "x.pdf", None, "", "")
