"""What an entry says by itself, without those before it: the part of an audit that needs no order."""

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from pydantic import ValidationError

from sameboat.transparency.engine import books, canonical_json
from sameboat.transparency.engine.books import UnbalancedError
from sameboat.transparency.engine.canonical_json import CanonicalJsonError
from sameboat.transparency.errors import ClaimError, UnknownEventError
from sameboat.transparency.events import Event, History, OutOfOrderError, Step, Steps, schema

NOT_OURS = "(not an entry of Sameboat)"

_MEMBERS = {"actor", "data", "event_time", "recorded_at", "subjects", "type", "v"}


class Reading(NamedTuple):
    """One entry, read: plain values that travel between processes.

    Its reader takes it in this order, and stops where something is wrong: `recorded_at` (as it is written, where the
    entry is `dated`), `unknown`, `misfit`, `changes` in the books, `steps` in the history, what `check_later` returns.

    `unknown` is what it is counted as where no schema is known for it. `misfit` says what is wrong with it before it
    moves anything, `wrong` what is wrong after its steps. `later` is version and data of an event that must be checked
    in its turn. `device` says that it carries a device key's signature.
    """

    type: str
    dated: bool = False
    recorded_at: Any = None
    unknown: str = ""
    misfit: str = ""
    changes: dict[tuple[str, str], int] | None = None
    steps: Sequence[Step] = ()
    wrong: str = ""
    later: tuple[int, dict[str, Any]] | None = None
    device: bool = False


def read(body: bytes) -> Reading:
    """Return what the bytes of an entry say."""
    try:
        content = canonical_json.parse(body)
    except CanonicalJsonError as error:
        return Reading("?", misfit=str(error)) if _is_ours(_loose(body)) else Reading("?", unknown=NOT_OURS)
    if not _is_ours(content):
        return Reading("?", unknown=NOT_OURS)
    kind, stamp = content["type"], content["recorded_at"]
    try:
        event_type = schema(kind, content["v"])
    except UnknownEventError:
        return Reading(kind, True, stamp, unknown=f"{kind} v{content['v']}")
    try:
        event = event_type.model_validate(content["data"])
        if content["subjects"] != event.subjects():
            raise ClaimError("its subjects are not those of its data")
        changes = books.net(event.postings())
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        return Reading(kind, True, stamp, misfit=f"its data does not fit its schema: {place}: {first['msg']}")
    except (UnbalancedError, ClaimError, CanonicalJsonError) as error:
        return Reading(kind, True, stamp, misfit=str(error))
    signed = content["data"].get("signed")
    device = isinstance(signed, dict) and signed.get("method") == "device-key"
    history = Steps()
    try:
        wrong = check(event, history)
    except OutOfOrderError:
        return Reading(kind, True, stamp, changes=changes, later=(event_type.version, content["data"]), device=device)
    return Reading(kind, True, stamp, changes=changes, steps=history.noted, wrong=wrong, device=device)


def members(body: bytes) -> dict[str, Any] | None:
    """Return the members of an entry, not judged; None where it is not an entry of ours, or not canonical."""
    try:
        content = canonical_json.parse(body)
    except CanonicalJsonError:
        return None
    return content if _is_ours(content) else None


def check(event: Event, history: History) -> str:
    """Return what is wrong with an event's claims, taking its steps in the history; empty where nothing is."""
    try:
        event.check(history)
    except (UnbalancedError, ClaimError, CanonicalJsonError) as error:
        return str(error)
    except RecursionError:
        return "what is signed in it is nested too deeply to be read"
    return ""


def check_later(reading: Reading, history: History) -> str:
    """Return what `check` does, for an entry that could not be checked before those in front of it."""
    if reading.later is None:
        return reading.wrong
    version, data = reading.later
    return check(schema(reading.type, version).model_validate(data), history)


def _loose(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _is_ours(content: Any) -> bool:
    return (
        isinstance(content, dict)
        and content.keys() >= _MEMBERS
        and type(content["type"]) is str
        and type(content["v"]) is int
    )
