"""A log read from a server that fails, lies or attacks: it is asked again or refused, and never fills the memory."""

import gzip
import socket
import threading
import tracemalloc
from contextlib import contextmanager

import pytest

from sameboat.transparency import sources
from sameboat.transparency.errors import AuditError, BadInput
from sameboat.transparency.sources import MissingError

PATIENCE = 30


def answer(body=b"", status="200 OK", length=None, **headers):
    """Return the bytes of an HTTP answer; `length` is what it claims, None for the truth, "" for no word of it."""
    lines = [f"HTTP/1.1 {status}", *[f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]]
    if length != "":
        lines.append(f"Content-Length: {len(body) if length is None else length}")
    return "\r\n".join([*lines, "Connection: close", "", ""]).encode() + body


@contextmanager
def serving(*answers):
    """Serve one of `answers` to each connection, the last to all further ones; yield the address and who called."""
    asked = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve():
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    try:
                        asked.append(connection.recv(65_536))
                        said = answers[min(len(asked), len(answers)) - 1]
                        for part in [said] if isinstance(said, bytes) else said():
                            connection.sendall(part)
                    except OSError:
                        continue  # the reader has seen enough

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}", asked
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(PATIENCE)


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch):
    monkeypatch.setattr(sources, "PAUSE", 0.0)


WHOLE = answer(b"whole")

PASSING = [
    ("closed before an answer", b""),
    ("closed within the headers", b"HTTP/1.1 200 OK\r\nContent-Le"),
    ("closed within the body", answer(b"who", length=5)),
    ("closed within a chunk", answer(b"9\r\nwho", length="", Transfer_Encoding="chunked")),
    ("closed within a gzip", answer(gzip.compress(b"whole")[:-9], length="", Content_Encoding="gzip")),
    ("busy", answer(status="503 Service Unavailable")),
    ("too many requests", answer(status="429 Too Many Requests")),
    ("no HTTP at all", b"SSH-2.0-OpenSSH_9.6\r\n"),
]


@pytest.mark.parametrize("first", [row[1] for row in PASSING], ids=[row[0] for row in PASSING])
def test_what_may_pass_is_asked_for_again(first):
    """An answer cut short on the way is never taken for the answer."""
    with serving(first, WHOLE) as (address, asked):
        assert sources.server(address)("checkpoint") == b"whole"
    assert len(asked) == 2


@pytest.mark.parametrize("always", [row[1] for row in PASSING], ids=[row[0] for row in PASSING])
def test_what_does_not_pass_is_told_with_the_address(always):
    """After a few tries the message says which address, and what to do."""
    with serving(always) as (address, asked), pytest.raises(BadInput, match=f"{address}/checkpoint .*try again"):
        sources.server(address)("checkpoint")
    assert len(asked) == sources.TRIES


REFUSED = [
    ("not found", answer(status="404 Not Found"), MissingError, "missing"),
    ("gone", answer(status="410 Gone"), MissingError, "missing"),
    ("forbidden", answer(status="403 Forbidden"), BadInput, "answered 403"),
    ("a gzip that is none", answer(b"plain", Content_Encoding="gzip"), AuditError, "no gzip"),
    (
        "a gzip with a changed byte",
        answer(gzip.compress(b"whole")[:-1] + b"x", Content_Encoding="gzip"),
        AuditError,
        "gzip",
    ),
    (
        "a gzip in a gzip",
        answer(gzip.compress(gzip.compress(b"")), Content_Encoding="gzip, gzip"),
        AuditError,
        "packed",
    ),
    ("another packing", answer(b"", Content_Encoding="br"), AuditError, "packed as 'br'"),
]


@pytest.mark.parametrize(("said", "error", "words"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_what_is_no_logs_answer_is_refused_at_once(said, error, words):
    """Asking again would not help."""
    with serving(said) as (address, asked), pytest.raises(error, match=words):
        sources.server(address)("checkpoint")
    assert len(asked) == 1


@pytest.mark.parametrize("name", ["gzip", "GZIP"])
def test_gzip_is_unpacked_without_being_asked_for(name):
    """A static host may serve what it holds compressed, as tlog-tiles allows."""
    with serving(answer(gzip.compress(b"whole"), Content_Encoding=name)) as (address, asked):
        assert sources.server(address)("tile/entries/000") == b"whole"
    assert b"accept-encoding: gzip, identity\r\n" in asked[0].lower()


def test_a_gzip_bomb_is_refused_before_it_goes_off(monkeypatch):
    """Of 200 MB packed into 200 KB no more is unpacked than the largest answer there can be."""
    monkeypatch.setattr(sources, "LARGEST_ANSWER", 100_000)
    bomb = answer(gzip.compress(bytes(200_000_000), 9), Content_Encoding="gzip")
    with serving(bomb) as (address, _):
        fetch = sources.server(address)
        tracemalloc.start()
        try:
            with pytest.raises(AuditError, match="larger than anything in a log"):
                fetch("checkpoint")
            assert tracemalloc.get_traced_memory()[1] < 5_000_000
        finally:
            tracemalloc.stop()


def test_an_answer_without_end_is_refused(monkeypatch):
    """A server that never stops sending is left after the largest answer there can be."""
    monkeypatch.setattr(sources, "LARGEST_ANSWER", 1_000_000)

    def endless():
        yield answer(length="")
        while True:
            yield bytes(65_536)

    with serving(endless) as (address, _), pytest.raises(AuditError, match="larger than anything in a log"):
        sources.server(address)("checkpoint")


def test_an_answer_that_drips_is_left(monkeypatch):
    """A server that sends a byte now and then does not hold up an audit for ever."""
    monkeypatch.setattr(sources, "PATIENCE", 0.0)
    with serving(answer(b"whole")) as (address, asked), pytest.raises(BadInput, match="took longer than"):
        sources.server(address)("checkpoint")
    assert len(asked) == sources.TRIES


def test_a_circle_of_redirections_ends():
    """A server that sends its reader round in circles is told by its address."""
    round_again = answer(status="302 Found", Location="/checkpoint")
    with serving(round_again) as (address, _), pytest.raises(BadInput, match="TooManyRedirects"):
        sources.server(address)("checkpoint")


@pytest.mark.parametrize("length", [0, 1, 31, 32, 44 * 32 - 1, 45 * 32, 8191, 8193])
def test_a_tile_of_another_length_is_refused(length):
    """Honestly announced or not: a tile holds the hashes asked for, or all 256."""
    with serving(answer(bytes(length))) as (address, _), pytest.raises(AuditError, match="cut short"):
        sources.hashes_at(sources.server(address), 0, 1, 44)


@pytest.mark.parametrize(
    "address", ["http://", "http://[", "http://a b", "https://127.0.0.1:1", "http://127.0.0.1:99999"]
)
def test_an_address_that_leads_nowhere_is_told(address):
    """The message names the address, not a fault of the program."""
    with pytest.raises(BadInput, match="address"):
        sources.server(address)("checkpoint")


def test_a_folder_where_a_file_should_be_is_missing(tmp_path):
    """As where nothing stands at all."""
    (tmp_path / "checkpoint").write_bytes(b"")
    (tmp_path / "tile/0/000").mkdir(parents=True)
    with pytest.raises(MissingError, match="tile/0/000 is missing"):
        sources.hashes_at(sources.folder(tmp_path), 0, 0, 256)
