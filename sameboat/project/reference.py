"""The API's document: what every operation has in common, and the reference page made from it without any script."""

import json
from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from ninja import NinjaAPI
from ninja.openapi.docs import DocsBase
from pydantic import BaseModel

from sameboat.registry.access import IDEMPOTENCY_HEADER, IDEMPOTENCY_PATTERN, PROMISE_HEADER

ROOMS = {
    "supplies": "Needs, lots, allocations and hand-overs",
    "donations": "Campaigns, pledges, gifts and payments",
    "figures": "Figures by place and day, every vintage kept",
    "registry": "Organisations, places, items, members and keys",
    "log": "The log",
}

_READING = {"404": "There is nothing under this id.", "422": "A parameter is wrong; the faults say which and how."}
_WRITING = _READING | {
    "400": "The body is not JSON.",
    "403": "The caller may not do this for this organisation.",
    "409": "It can no longer be done, or the idempotency key was used for another request.",
    "413": "The body is larger than 1 MiB.",
    "429": "Too many at once; Retry-After says when to try again.",
    "507": "The server's disk is full; nothing was changed.",
}
_AUTHORISED = {"401": "Nobody knows who asks: no sign-in and no valid token."}
_BUSY = {"503": "The store is busy or failing; Retry-After says when to try again."}

_REPEATABLE = {
    "in": "header",
    "name": IDEMPOTENCY_HEADER,
    "required": False,
    "schema": {"type": "string", "pattern": IDEMPOTENCY_PATTERN},
    "description": "Random text, such as a UUID: the same request sent again under it is done once.",
}

_PROMISED = {
    PROMISE_HEADER: {
        "schema": {"type": "string"},
        "description": "For each entry put on the log, the Base64 of its signed promise (sameboat-promise/v1); commas "
        "between them, at most 16. `sameboat log check-promise` says later whether it was kept.",
    }
}

_FILE_TYPES = {".csv": "text/csv", ".json": "application/json"}


def complete(document: Any, error: type[BaseModel]) -> Any:
    """Return the document with what each operation has in common: refusals, the idempotency key, optional sign-in."""
    schema = error.model_json_schema(ref_template="#/components/schemas/{model}")
    document["components"]["schemas"].update(schema.pop("$defs"))
    document["components"]["schemas"][error.__name__] = schema
    answer = {"application/json": {"schema": {"$ref": f"#/components/schemas/{error.__name__}"}}}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            writes, security = method != "get", operation.get("security")
            if writes:
                if operation["operationId"] not in NEW_EACH_TIME:
                    operation["parameters"].append(_REPEATABLE)
                    for status in {200, 201} & operation["responses"].keys():
                        operation["responses"][status]["headers"] = _PROMISED
                if len(security or []) == 2 and operation["operationId"] in OPEN_TO_ALL:
                    security.append({})
            refusals = (_WRITING if writes else _READING) | (_AUTHORISED if security else {}) | _BUSY
            if path.endswith((".csv", ".json")):
                refusals = refusals | {"429": _WRITING["429"]}
                _describe_file(operation, path)
            for status, meaning in sorted(refusals.items()):
                operation["responses"].setdefault(status, {"description": meaning, "content": answer})
    return document


OPEN_TO_ALL = frozenset({"pledge_goods", "pledge_money", "cancel_pledge", "erase_private", "open_private"})
"""Operations that need no account."""

NEW_EACH_TIME = frozenset({"make_token", "revoke_tokens", "open_private"})
"""Operations that do not take an idempotency key: they are not kept as requests."""


def _describe_file(operation: dict[str, Any], path: str) -> None:
    schema = operation["responses"][200]["content"].pop("application/json")
    operation["responses"][200]["content"][_FILE_TYPES[path[path.rindex(".") :]]] = schema


class Reference(DocsBase):
    """The reference page: every operation, field and answer as plain HTML, under our content security policy."""

    def render_page(self, request: HttpRequest, api: NinjaAPI, **kwargs: Any) -> HttpResponse:
        """Return the page."""
        document = api.get_openapi_schema()
        rooms = [
            {"title": title, "operations": [op for op in _operations(document) if room in op["tags"]]}
            for room, title in ROOMS.items()
        ]
        refusals = sorted((_WRITING | _AUTHORISED | _BUSY).items())
        context = {"rooms": rooms, "refusals": refusals, "openapi_url": self.get_openapi_url(api, kwargs)}
        return render(request, "site/api.html", context)


def _operations(document: Any) -> Iterator[dict[str, Any]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
            yield {
                "id": operation["operationId"],
                "method": method.upper(),
                "path": path,
                "says": operation.get("description", ""),
                "tags": operation.get("tags", []),
                "signed_in": "security" in operation and {} not in operation["security"],
                "parameters": [_parameter(each) for each in operation["parameters"]],
                "body": list(_fields(document, body)) if body else [],
                "answers": [
                    _answer(document, status, each)
                    for status, each in operation["responses"].items()
                    if str(status).startswith("2")
                ],
                "refusals": [str(status) for status in operation["responses"] if not str(status).startswith("2")],
            }


def _parameter(parameter: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": parameter["name"],
        "where": parameter["in"],
        "required": parameter["required"],
        "kind": _kind(parameter["schema"]),
        "says": parameter.get("description", ""),
    }


def _fields(document: Any, schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    schema = _resolved(document, schema)
    for name, field in schema.get("properties", {}).items():
        required = name in schema.get("required", [])
        yield {"name": name, "required": required, "kind": _kind(field), "says": field.get("description", "")}


def _answer(document: Any, status: Any, answer: dict[str, Any]) -> dict[str, Any]:
    content_type, content = next(iter(answer["content"].items()))
    return {
        "status": str(status),
        "kind": _kind(content["schema"]) if content_type == "application/json" else content_type,
        "says": _resolved(document, content["schema"]).get("description", ""),
        "fields": list(_fields(document, content["schema"])),
    }


def _resolved(document: Any, schema: dict[str, Any]) -> dict[str, Any]:
    if schema.get("type") == "array":
        return _resolved(document, schema["items"])
    if "$ref" in schema:
        found: dict[str, Any] = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]]
        return found
    return schema


def _kind(schema: dict[str, Any]) -> str:
    """Return the kind of a value in a few words, such as `text`, `list of NeedShape` or `"open" or "met"`."""
    if "$ref" in schema:
        return str(schema["$ref"].rsplit("/", 1)[-1]).removesuffix("Shape").strip("_")
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_kind(each) for each in schema["anyOf"]))
    if "enum" in schema:
        return " or ".join(json.dumps(value, ensure_ascii=False) for value in schema["enum"])
    if "const" in schema:
        return json.dumps(schema["const"])
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    kinds = {"string": "text", "integer": "whole number", "boolean": "true or false", "object": "object"}
    formats = {"date": "day", "date-time": "time"}
    return formats.get(schema.get("format", "")) or kinds.get(schema.get("type", ""), schema.get("type", "anything"))
