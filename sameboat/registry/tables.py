"""Whole lists as files: CSV with an HXL tag row (hxlstandard.org 1.1), and JSON, streamed page by page."""

import csv
import io
import json
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Generic, TypeVar

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.db.models import Model
from django.http import HttpRequest, StreamingHttpResponse

from sameboat.registry import rate_limits
from sameboat.registry.access import client_address

M = TypeVar("M", bound=Model)

ROWS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Column(Generic[M]):
    """One column: its name, its HXL tag, and what of a row stands in it."""

    name: str
    tag: str
    value: Callable[[M], str | int | datetime | None]


def csv_file(
    request: HttpRequest,
    name: str,
    columns: Sequence[Column[M]],
    rows_before: Callable[[int | None, int], Sequence[M]],
) -> StreamingHttpResponse:
    """Return a streamed CSV file: names, HXL tags, then every row, newest first; UTF-8, empty where unknown.

    `rows_before(before, limit)` returns the next rows, those that stand before a row's number.
    """

    def lines(rows: Sequence[M]) -> str:
        return _csv([[_cell(column.value(row)) for column in columns] for row in rows])

    head = _csv([[column.name for column in columns], [column.tag for column in columns]])
    return _file(request, f"{name}.csv", "text/csv; charset=utf-8", head, lines, "", rows_before)


def json_file(
    request: HttpRequest,
    name: str,
    columns: Sequence[Column[M]],
    rows_before: Callable[[int | None, int], Sequence[M]],
) -> StreamingHttpResponse:
    """Return the same rows as a streamed JSON array, one object a line; null where unknown."""
    first = True

    def lines(rows: Sequence[M]) -> str:
        nonlocal first
        text = ""
        for row in rows:
            content = {column.name: _plain(column.value(row)) for column in columns}
            text += ("" if first else ",") + "\n" + json.dumps(content, ensure_ascii=False)
            first = False
        return text

    return _file(request, f"{name}.json", "application/json", "[", lines, "\n]\n", rows_before)


def _file(
    request: HttpRequest,
    file_name: str,
    content_type: str,
    head: str,
    lines: Callable[[Sequence[M]], str],
    foot: str,
    rows_before: Callable[[int | None, int], Sequence[M]],
) -> StreamingHttpResponse:
    rate_limits.check("export", rate_limits.network_of(client_address(request)))

    def next_part(before: int | None) -> tuple[str, int | None]:
        rows = rows_before(before, ROWS_AT_ONCE)
        return lines(rows), rows[-1].pk if len(rows) == ROWS_AT_ONCE else None

    def parts() -> Iterator[str]:
        yield head
        text, before = next_part(None)
        yield text
        while before is not None:
            text, before = next_part(before)
            yield text
        yield foot

    async def parts_without_blocking() -> AsyncIterator[str]:
        yield head
        text, before = await sync_to_async(next_part)(None)
        yield text
        while before is not None:
            text, before = await sync_to_async(next_part)(before)
            yield text
        yield foot

    # A server of either kind would otherwise collect the whole file in memory first.
    content = parts_without_blocking() if isinstance(request, ASGIRequest) else parts()
    response = StreamingHttpResponse(content, content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{file_name}"'
    return response


def _csv(rows: Sequence[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue()


def _plain(value: str | int | datetime | None) -> str | int | None:
    return value.astimezone(UTC).isoformat(timespec="seconds") if isinstance(value, datetime) else value


def _cell(value: str | int | datetime | None) -> str:
    plain = _plain(value)
    if plain is None:
        return ""
    # A spreadsheet would run a text that begins so as a formula.
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return f"'{value}"
    return str(plain)
