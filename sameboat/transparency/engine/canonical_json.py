"""The one spelling of an entry: canonical JSON of RFC 8785, without floats.

Decimals travel as strings, so that no reader's arithmetic can change a figure.
"""

import json
from typing import Any

import rfc8785

MAX_INTEGER = 2**53 - 1  # beyond it, readers that hold numbers as IEEE 754 doubles lose digits
MAX_DEPTH = 64

# The standard library writes strings and integers as RFC 8785 does, in a tenth of the time.
_SORTED = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), check_circular=False)


class CanonicalJsonError(ValueError):
    """A value that has no canonical form here, or text that is not in canonical form."""


def encode(value: Any) -> bytes:
    """Return the canonical bytes of `value`: None, bool, int, str, list, tuple or dict of these.

    Raises CanonicalJsonError, which names the place as a path such as `$.lots[2].quantity`, for floats, integers
    beyond 2**53 - 1, keys that are not strings, lone surrogates and other types.
    """
    if not _fits(value, 0):
        _check(value, "$", 0)
    text = _SORTED.encode(value)
    try:
        data = text.encode()
    except UnicodeEncodeError:
        _check(value, "$", 0)
        raise
    # RFC 8785 sorts keys by UTF-16 code units; without surrogate pairs that is the order of code points.
    return data if text.isascii() or len(text.encode("utf-16-le")) == 2 * len(text) else rfc8785.dumps(value)


def parse(data: bytes) -> Any:
    """Return the value whose canonical bytes are `data`; raises CanonicalJsonError if they are not canonical."""
    try:
        value = json.loads(
            data.decode(),
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_float=_refuse_number,
            parse_constant=_refuse_number,
        )
    except CanonicalJsonError:
        raise
    except UnicodeDecodeError as error:
        raise CanonicalJsonError(f"byte {error.start} is not UTF-8") from None
    except RecursionError:
        raise CanonicalJsonError(f"the JSON is nested deeper than {MAX_DEPTH} levels") from None
    except json.JSONDecodeError as error:
        raise CanonicalJsonError(f"not JSON at character {error.pos}: {error.msg}") from None
    canonical = encode(value)
    if canonical != data:
        at = next((i for i, (a, b) in enumerate(zip(data, canonical, strict=False)) if a != b), len(canonical))
        raise CanonicalJsonError(
            f"the JSON is not canonical (RFC 8785) from byte {at}: "
            f"it has '{_excerpt(data, at)}' where '{_excerpt(canonical, at)}' belongs"
        )
    return value


def _fits(value: Any, depth: int) -> bool:
    """Return whether `_check` would find nothing but half characters: in a third of its time, without the place."""
    if depth > MAX_DEPTH:
        return False
    kind = type(value)
    if kind is dict:
        for key in value:
            if type(key) is not str:
                return False
        value = value.values()
    elif kind is int:
        return -MAX_INTEGER <= int(value) <= MAX_INTEGER
    elif kind is not list and kind is not tuple:
        return kind is str or value is None or kind is bool
    return all((type(item) is str and depth < MAX_DEPTH) or _fits(item, depth + 1) for item in value)


def _check(value: Any, path: str, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise CanonicalJsonError(f"{path[:200]}: nested deeper than {MAX_DEPTH} levels")
    kind = type(value)
    if kind is str:
        _check_text(value, path)
    elif kind is dict:
        for key, item in value.items():
            if type(key) is not str:
                raise CanonicalJsonError(f"{path}: the key {key!r} is not a string")
            _check_text(key, path)
            _check(item, f"{path}.{key}", depth + 1)
    elif kind is list or kind is tuple:
        for number, item in enumerate(value):
            _check(item, f"{path}[{number}]", depth + 1)
    elif kind is int:
        if not -MAX_INTEGER <= value <= MAX_INTEGER:
            raise CanonicalJsonError(f"{path}: the integer is beyond 2**53 - 1; write it as a string")
    elif kind is float:
        raise CanonicalJsonError(f"{path}: {value!r} is a float; write it as a string")
    elif value is not None and kind is not bool:
        raise CanonicalJsonError(f"{path}: {kind.__name__} has no place in JSON")


def _check_text(text: str, path: str) -> None:
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise CanonicalJsonError(
                f"{path}: the text holds half a character (U+{ord(text[error.start]):04X})"
            ) from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise CanonicalJsonError(f"the key '{twice[:80]}' stands twice in one object")
    return value


def _integer(digits: str) -> int:
    if len(digits) > 17:
        raise CanonicalJsonError(f"the number {digits[:40]} is beyond 2**53 - 1; it belongs in a string")
    return int(digits)


def _refuse_number(text: str) -> Any:
    raise CanonicalJsonError(f"the number {text[:40]} is not an integer; it belongs in a string")


def _excerpt(data: bytes, at: int) -> str:
    return data[max(0, at - 10) : at + 20].decode(errors="replace")
