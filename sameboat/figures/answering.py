"""Answers that are files: strong tags, kept for ever where their vintage is named, streamed where they may be long."""

from collections.abc import AsyncIterator, Callable, Iterator
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from sameboat.figures import queries
from sameboat.figures.engine.formats import FORMATS, Table
from sameboat.figures.export import tables as exports
from sameboat.figures.models import Vintage
from sameboat.transparency.http_caching import ASK_AGAIN, FOREVER, answered_unchanged

VINTAGE_HEADER = "Sameboat-Vintage"
HASH_HEADER = "Sameboat-Vintage-SHA256"

IN_MEMORY = 1 << 20
"""Bytes of a file of changes that are held in memory; a longer one goes out from a temporary file."""

_PART = 1 << 16

FORMAT_TYPES: dict[str, Any] = {
    "responses": {
        200: {
            "content": {
                each.content_type.split(";")[0]: {
                    "schema": {"type": "object" if "json" in each.content_type else "string"}
                }
                for each in FORMATS.values()
            }
        }
    }
}
"""What the document says of an operation that answers in any of the formats."""


def file_answer(
    request: HttpRequest,
    at: Vintage,
    format_name: str,
    question: str,
    name: str,
    make: Callable[[], Table],
    *,
    pinned: bool,
) -> HttpResponse:
    """Return a table as a file; 304 where the caller holds it. `pinned`: the caller named the vintage."""
    tag = exports.tag(at, format_name, question)
    response = answered_unchanged(request, tag)
    if response is None:
        kind = FORMATS[format_name]
        response = HttpResponse(kind.encode(make()), content_type=kind.content_type)
        response["Content-Disposition"] = f'attachment; filename="{name}-{at.number}.{format_name}"'
    _describe(response, at, tag, FOREVER if pinned else ASK_AGAIN)
    return response


def change_file_answer(request: HttpRequest, of: Vintage) -> HttpResponseBase:
    """Return the canonical file of what a vintage changed; its tag is the hash that stands on the log."""
    tag = f'"{of.sha256}"'
    response: HttpResponseBase | None = answered_unchanged(request, tag)
    if response is None:
        # Read at once, so that no slow caller holds the database's snapshot.
        file = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - closed with the answer
        for part in queries.change_file_parts(of):
            file.write(part)
        length = file.tell()
        file.seek(0)
        content = _parts_without_blocking(file) if isinstance(request, ASGIRequest) else _parts(file)
        response = StreamingHttpResponse(content, content_type="text/csv; charset=utf-8")
        response["Content-Length"] = str(length)
        response["Content-Disposition"] = f'attachment; filename="{of.public_id}-changes.csv"'
    _describe(response, of, tag, FOREVER)
    return response


def _describe(response: HttpResponseBase, at: Vintage, tag: str, caching: str) -> None:
    response["ETag"] = tag
    response["Cache-Control"] = caching
    response[VINTAGE_HEADER] = at.public_id
    response[HASH_HEADER] = at.sha256


def _parts(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while part := file.read(_PART):
            yield part


async def _parts_without_blocking(file: IO[bytes]) -> AsyncIterator[bytes]:
    with file:
        while part := await sync_to_async(file.read)(_PART):
            yield part
