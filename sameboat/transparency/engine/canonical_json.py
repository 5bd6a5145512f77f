"""The one spelling of an entry: canonical JSON of RFC 8785, without floats. `canonicalize` is all of RFC 8785.

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
    return data if _sorts_alike(text) else rfc8785.dumps(value)


def parse(data: bytes) -> Any:
    """Return the value whose canonical bytes are `data`; raises CanonicalJsonError if they are not canonical."""
    try:
        return _parse_plain(data)
    except (_Doubtful, ValueError, RecursionError):
        return _parse_carefully(data)


def _sorts_alike(text: str) -> bool:
    """Return whether no character takes two units of UTF-16, by which RFC 8785, section 3.2.3, sorts keys."""
    return text.isascii() or len(text.encode("utf-16-le")) == 2 * len(text)


class _Doubtful(Exception):  # noqa: N818 - no error
    """Bytes that are perhaps canonical, but not of the plain kind that is quickly seen to be."""


def _parse_plain(data: bytes) -> Any:
    """Return the value of plain canonical bytes; raises _Doubtful, ValueError or RecursionError for all others.

    What it returns is what `_parse_carefully` would: the value spelt again gives the same bytes, so no key stood twice
    and nothing had another spelling.
    """
    if data.count(b"{") + data.count(b"[") > MAX_DEPTH:
        raise _Doubtful
    text = data.decode()
    value = _read_plain(text)
    if _SORTED.encode(value) != text or not _sorts_alike(text):
        raise _Doubtful
    return value


def _plain_integer(digits: str) -> int:
    if len(digits) > 15:
        raise _Doubtful
    return int(digits)


def _doubt(_text: str) -> Any:
    raise _Doubtful


_read_plain = json.JSONDecoder(parse_int=_plain_integer, parse_float=_doubt, parse_constant=_doubt).decode


def _parse_carefully(data: bytes) -> Any:
    """Return what `parse` does, or say what is wrong."""
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


def canonicalize(data: bytes | str) -> bytes:
    """Return the canonical form of any JSON text by RFC 8785, floats included: for data that others signed.

    Entries of the log are spelt by `encode`, which takes no floats. As in I-JSON (RFC 7493), numbers are IEEE 754
    doubles. Raises CanonicalJsonError for what is no JSON, or has no canonical form: a key that stands twice, a number
    beyond the doubles, half a character.
    """
    try:
        value = json.loads(
            data.decode() if isinstance(data, bytes) else data,
            object_pairs_hook=_object,
            parse_int=float,
            parse_float=float,
            parse_constant=_refuse_constant,
        )
        return rfc8785.dumps(value)
    except UnicodeDecodeError as error:
        raise CanonicalJsonError(f"byte {error.start} is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise CanonicalJsonError(f"not JSON at character {error.pos}: {error.msg}") from None
    except RecursionError:
        raise CanonicalJsonError("the JSON is nested too deeply") from None
    except UnicodeEncodeError as error:
        raise CanonicalJsonError(f"a key holds half a character (U+{ord(error.object[error.start]):04X})") from None
    except rfc8785.CanonicalizationError as error:
        raise CanonicalJsonError(f"the JSON has no canonical form: {error}") from None


def _refuse_constant(text: str) -> Any:
    raise CanonicalJsonError(f"{text} is no number of JSON")
