"""The witness over HTTP: a plain ASGI application with one address that matters, `POST /add-checkpoint`."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import Executor
from http import HTTPStatus
from typing import Any

import structlog

from sameboat.transparency.engine import witnessing
from sameboat.transparency.witness.cosigner import Answer, Cosigner

BODY_SECONDS = 10.0
"""How long a request may take to come in."""

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

_UNREAD = (HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)

_log = structlog.get_logger("sameboat.witness")


class _GoneError(Exception):
    """Whoever asked has hung up."""


def application(cosigner: Cosigner, worker: Executor) -> Application:
    """Return the application. `worker` runs the cosigner in its one thread, which waits for the disk."""

    async def respond(scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise RuntimeError(f"a witness speaks HTTP, not {scope['type']}")
        try:
            answer = await _answer(scope, receive, cosigner, worker)
        except _GoneError:
            return
        except Exception as error:
            _log.exception("a request failed", error=type(error).__name__)
            answer = Answer(HTTPStatus.INTERNAL_SERVER_ERROR, "the witness failed; its operator finds why in its log\n")
        body = answer.body.encode()
        headers = [
            (b"content-type", answer.content_type.encode()),
            (b"content-length", str(len(body)).encode()),
            (b"cache-control", b"no-store"),
        ]
        if answer.status == HTTPStatus.METHOD_NOT_ALLOWED:
            headers.append((b"allow", b"POST" if scope["path"] != "/" else b"GET, HEAD"))
        if scope["path"] != f"/{witnessing.PATH}" or answer.status in _UNREAD:
            headers.append((b"connection", b"close"))  # what else the request holds is not read
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    return respond


async def _answer(scope: MutableMapping[str, Any], receive: Receive, cosigner: Cosigner, worker: Executor) -> Answer:
    path, method = scope["path"], scope["method"]
    loop = asyncio.get_running_loop()
    if path == f"/{witnessing.PATH}":
        if method != "POST":
            return Answer(HTTPStatus.METHOD_NOT_ALLOWED, "send a checkpoint here with POST\n")
        try:
            body = await asyncio.wait_for(_body(receive), BODY_SECONDS)
        except TimeoutError:
            return Answer(
                HTTPStatus.REQUEST_TIMEOUT, f"the request did not come in within {BODY_SECONDS:.0f} seconds\n"
            )
        if body is None:
            most = witnessing.MAX_REQUEST_BYTES
            return Answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"a request has at most {most:,} bytes\n")
        return await loop.run_in_executor(worker, cosigner.answer, body)
    if path == "/":
        if method not in ("GET", "HEAD"):
            return Answer(HTTPStatus.METHOD_NOT_ALLOWED, f"checkpoints go to /{witnessing.PATH}\n")
        return Answer(HTTPStatus.OK, await loop.run_in_executor(worker, cosigner.standing))
    return Answer(HTTPStatus.NOT_FOUND, f"nothing is here; checkpoints go to /{witnessing.PATH}\n")


async def _body(receive: Receive) -> bytes | None:
    """Return the request's body, or None where it is too large; no more of it than that is kept."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _GoneError
        body += message.get("body", b"")
        if len(body) > witnessing.MAX_REQUEST_BYTES:
            return None
        if not message.get("more_body", False):
            return bytes(body)
