"""What carries requests to witnesses: nothing that answers badly can hold it up."""

import socket
import threading
from concurrent.futures import CancelledError

import pytest

from sameboat.transparency import witness_courier
from sameboat.transparency.witness_courier import Courier, UnreachableError

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n"


@pytest.fixture
def server():
    """Start a server that says given bytes after each request, then stays silent; return its address."""
    listening, ended = [], threading.Event()

    def start(*said):
        taken = socket.create_server(("127.0.0.1", 0))
        listening.append(taken)

        def serve():
            while True:
                try:
                    connection, _ = taken.accept()
                except OSError:
                    return
                connection.recv(65_536)
                for part in said:
                    if part is None:
                        ended.wait(60)
                    else:
                        connection.sendall(part)
                connection.close()

        threading.Thread(target=serve, daemon=True).start()
        return f"http://127.0.0.1:{taken.getsockname()[1]}/add-checkpoint"

    yield start
    ended.set()
    for taken in listening:
        taken.close()


@pytest.fixture
def courier():
    with Courier() as running:
        yield running


def test_an_answer_comes_whole(server, courier):
    """Status and body, whatever the status."""
    assert courier.post(server(OK + b"abc"), b"x").result(30) == witness_courier.Reply(200, b"abc")
    conflict = b"HTTP/1.1 409 Conflict\r\nContent-Length: 2\r\n\r\n5\n"
    assert courier.post(server(conflict), b"x").result(30) == witness_courier.Reply(409, b"5\n")


def test_it_goes_nowhere_else(server, courier):
    """A witness that sends on to another address is not followed."""
    moved = b"HTTP/1.1 307 Moved\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
    assert courier.post(server(moved), b"x").result(30).status == 307


STALLS = {
    "silence": (None,),
    "half a head": (b"HTTP/1.1 200", None),
    "half a body": (OK + b"a", None),
    "no end in sight": (b"HTTP/1.1 200 OK\r\n\r\n", None),
}


@pytest.mark.parametrize("said", STALLS.values(), ids=STALLS)
def test_a_witness_that_stalls_is_given_up(server, courier, monkeypatch, said):
    """However much of an answer came, the time is over when it is over."""
    monkeypatch.setattr(witness_courier, "SECONDS", 0.2)
    with pytest.raises(UnreachableError, match="within"):
        courier.post(server(*said), b"x").result(30)


BAD = {
    "nothing": ((), "cannot be reached"),
    "no HTTP": ((b"220 mail.example ESMTP\r\n",), "cannot be reached"),
    "cut short": ((OK + b"a",), "cannot be reached"),
    "without end": ((b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 100_000), "larger than"),
    "a bomb": ((b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n", b"\x1f\x8b" + b"\0" * 50), "cannot be reached"),
}


@pytest.mark.parametrize(("said", "words"), BAD.values(), ids=BAD)
def test_what_is_no_answer_is_told(server, courier, said, words):
    """One kind of error, whose message says what came."""
    with pytest.raises(UnreachableError, match=words):
        courier.post(server(*said), b"x").result(30)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "http://[::1", "http://no-such-host.invalid/", "http:///x"])
def test_nobody_there_is_told(courier, url):
    """A closed port, an address that is none, a name that nobody has."""
    with pytest.raises(UnreachableError):
        courier.post(url, b"x").result(30)


def test_giving_up_ends_all_at_once(server, courier):
    """What is under way is cancelled, and so is what would come after."""
    silent = server(None)
    under_way = [courier.post(silent, b"x") for _ in range(3)]
    courier.abandon()
    for future in [*under_way, courier.post(silent, b"x")]:
        with pytest.raises(CancelledError):
            future.result(30)
