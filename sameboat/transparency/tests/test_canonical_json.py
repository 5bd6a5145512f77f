"""Canonical JSON without floats."""

import json

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from sameboat.transparency.engine import canonical_json
from sameboat.transparency.engine.canonical_json import CanonicalJsonError

from . import vectors

# RFC 8785 also canonicalises floats; entries carry decimals as strings, so its two cases with floats are refused here.
WITH_FLOATS = {"structures.json": r"\$\.1\.", "values.json": r"\$\.numbers\[0\]"}

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize("path", vectors.files("jcs/testdata/input/*.json"))
def test_case_of_rfc_8785(path):
    """The author's cases have his canonical form, except those with floats, which are refused by their place."""
    value = json.loads(path.read_text())
    if path.name in WITH_FLOATS:
        with pytest.raises(CanonicalJsonError, match=WITH_FLOATS[path.name]):
            canonical_json.encode(value)
        return
    expected = (path.parents[1] / "output" / path.name).read_bytes()
    assert canonical_json.encode(value) == expected
    assert canonical_json.parse(expected) == value


@given(VALUES)
def test_value_is_read_back(value):
    """What is written is read back."""
    assert canonical_json.parse(canonical_json.encode(value)) == value


@given(VALUES)
def test_it_writes_what_the_reference_writes(value):
    """The quick way and the reference implementation of RFC 8785 give the same bytes."""
    assert canonical_json.encode(value) == rfc8785.dumps(value)


def test_keys_beyond_the_basic_plane_are_sorted_by_utf_16():
    """U+1F600 stands before U+FF01, as its surrogates do, though its code point is the larger."""
    assert canonical_json.encode({"\uff01": 1, "\U0001f600": 2}) == '{"\U0001f600":2,"\uff01":1}'.encode()


@given(st.binary(max_size=40) | st.text('{}[]",:0123-.eE\\u tfn', max_size=30).map(str.encode))
def test_any_bytes_are_canonical_or_refused(data):
    """What is read has exactly one spelling, and refusing is all else that happens."""
    try:
        value = canonical_json.parse(data)
    except CanonicalJsonError:
        return
    assert canonical_json.encode(value) == data


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ({"lots": [{"quantity": 1.5}]}, r"\$\.lots\[0\]\.quantity"),
        ({"a": float("nan")}, r"\$\.a"),
        ({"a": 2**53}, r"\$\.a"),
        ({"a": -(2**53)}, r"\$\.a"),
        ({"a": 10**5000}, r"\$\.a"),
        ({1: "a"}, r"\$"),
        ({"a": "\ud800"}, r"\$\.a"),
        ({"a": {"\udfff": 1}}, r"\$\.a"),
        ({"a": b"bytes"}, r"\$\.a"),
        ({"a": {1, 2}}, r"\$\.a"),
        ([object()], r"\$\[0\]"),
    ],
)
def test_value_without_canonical_form(value, place):
    """The error names the place of what cannot be written."""
    with pytest.raises(CanonicalJsonError, match=place):
        canonical_json.encode(value)


def test_a_value_that_contains_itself_is_refused():
    """Endless nesting ends in the module's own error."""
    value = []
    value.append(value)
    with pytest.raises(CanonicalJsonError, match="nested"):
        canonical_json.encode(value)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b" {}",
        b"{}\n",
        b'{"b":1,"a":2}',
        b'{"a":1,"a":1}',
        b'{"a":1,"a":2}',
        b'{"a": 1}',
        b'{"a":1.0}',
        b'{"a":1e3}',
        b'{"a":-0}',
        b'{"a":01}',
        b'{"a":NaN}',
        b'{"a":-Infinity}',
        b'{"a":9007199254740992}',
        b'{"a":' + b"9" * 5000 + b"}",
        b'"\\u0041"',
        b'"\\/"',
        b'"\\ud800"',
        b'"\\u000a"',
        b'"\\u000F"',
        b'"\xed\xa0\x80"',
        b'"\xff"',
        b"\xef\xbb\xbf{}",
        b"[" * 100 + b"]" * 100,
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"tru",
    ],
)
def test_bytes_that_are_not_canonical(data):
    """Another spelling, or no JSON at all, is refused."""
    with pytest.raises(CanonicalJsonError):
        canonical_json.parse(data)
