"""Canonical JSON without floats."""

import json
import struct
from decimal import Decimal

import pytest
import rfc8785
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sameboat.transparency.engine import canonical_json
from sameboat.transparency.engine.canonical_json import CanonicalJsonError

from . import vectors

WITH_FLOATS = {"structures.json": r"\$\.1\.", "values.json": r"\$\.numbers\[0\]"}
"""The author's cases with floats, which an entry must not have: it carries decimals as strings."""

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize("path", vectors.files("jcs/testdata/input/*.json"))
def test_case_of_rfc_8785(path):
    """Every case of the author's has his canonical form, which is its own."""
    expected = (path.parents[1] / "output" / path.name).read_bytes()
    assert canonical_json.canonicalize(path.read_bytes()) == expected
    assert canonical_json.canonicalize(expected) == expected
    in_hex = (path.parents[1] / "outhex" / path.name).with_suffix(".txt").read_text()
    assert expected == bytes.fromhex(in_hex)


@pytest.mark.parametrize("path", vectors.files("jcs/testdata/input/*.json"))
def test_case_of_rfc_8785_as_an_entry(path):
    """As an entry each case has the same form, except those with floats, which are refused by their place."""
    value = json.loads(path.read_text())
    if path.name in WITH_FLOATS:
        with pytest.raises(CanonicalJsonError, match=WITH_FLOATS[path.name]):
            canonical_json.encode(value)
        return
    expected = (path.parents[1] / "output" / path.name).read_bytes()
    assert canonical_json.encode(value) == expected
    assert canonical_json.parse(expected) == value


@pytest.mark.parametrize(
    ("double", "text"),
    [
        ("0000000000000000", "0"),
        ("8000000000000000", "0"),
        ("0000000000000001", "5e-324"),
        ("8000000000000001", "-5e-324"),
        ("7fefffffffffffff", "1.7976931348623157e+308"),
        ("4340000000000000", "9007199254740992"),
        ("c340000000000000", "-9007199254740992"),
        ("4430000000000000", "295147905179352830000"),
        ("44b52d02c7e14af5", "9.999999999999997e+22"),
        ("44b52d02c7e14af6", "1e+23"),
        ("44b52d02c7e14af7", "1.0000000000000001e+23"),
        ("444b1ae4d6e2ef4e", "999999999999999700000"),
        ("444b1ae4d6e2ef4f", "999999999999999900000"),
        ("444b1ae4d6e2ef50", "1e+21"),
        ("3eb0c6f7a0b5ed8c", "9.999999999999997e-7"),
        ("3eb0c6f7a0b5ed8d", "0.000001"),
        ("41b3de4355555553", "333333333.3333332"),
        ("41b3de4355555557", "333333333.33333343"),
        ("becbf647612f3696", "-0.0000033333333333333333"),
        ("43143ff3c1cb0959", "1424953923781206.2"),
    ],
)
def test_number_of_rfc_8785(double, text):
    """Numbers of the standard's appendix B have its spelling, however they were written."""
    (number,) = struct.unpack(">d", bytes.fromhex(double))
    for spelling in (text, repr(number), f"{number:.30e}", format(Decimal(number), "f")):
        assert canonical_json.canonicalize(f"[{spelling}]") == f"[{text}]".encode()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff",
        b"{",
        b"[1,]",
        b"'a'",
        b"01",
        b"NaN",
        b"[-Infinity]",
        b"1e999",
        b"1" + b"0" * 400,
        b'{"a":1,"a":1}',
        b'"\\ud800"',
        b'{"\\udc00":1}',
        b"\xef\xbb\xbf{}",
        b"[" * 5000 + b"]" * 5000,
        b"[" * 100_000,
    ],
    ids=lambda data: repr(data[:12]),
)
def test_what_has_no_canonical_form(data):
    """What is no JSON, or not one thing to every reader, is refused."""
    with pytest.raises(CanonicalJsonError):
        canonical_json.canonicalize(data)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
        max_leaves=12,
    )
)
def test_a_canonical_form_is_its_own(value):
    """Whatever JSON says is the same in its canonical form, and nothing is left to change there."""
    form = canonical_json.canonicalize(json.dumps(value))
    assert json.loads(form, parse_int=float) == value
    assert canonical_json.canonicalize(form) == form


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


ODD_TEXT = st.text(
    st.sampled_from('aA\x00\x1f\x7f"\\\\/\b\n\u00e9\u2028\ud7ff\ue000\uffff\U00010000\U0010ffff'), max_size=4
)
ODD_NUMBERS = st.sampled_from(
    [0, -1, 10**14, 10**15, 10**16, 2**53 - 1, 2**53, -(2**53), 10**17, 10**400, -0.0, 1.0, 1.5]
)
ODD_VALUES = st.recursive(
    st.none() | st.booleans() | ODD_NUMBERS | st.floats() | ODD_TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ODD_TEXT, inner, max_size=4),
    max_leaves=8,
)


@st.composite
def nearly_canonical(draw):
    """JSON that differs from a canonical spelling in at most a few of the ways in which it can."""
    value = draw(ODD_VALUES)
    for _ in range(draw(st.sampled_from([0, 0, 1, 61, 62, 63, 64, 65, 66, 1200]))):
        value = [value]
    try:
        text = json.dumps(
            value,
            sort_keys=draw(st.sampled_from([True, True, False])),
            ensure_ascii=draw(st.sampled_from([False, False, True])),
            separators=draw(st.sampled_from([(",", ":"), (",", ":"), (", ", ": ")])),
        )
    except RecursionError:
        text = "[" * 1200 + "]" * 1200
    at = draw(st.integers(0, len(text)))
    text = draw(st.sampled_from([text, text, text[:at], text[:at] + " " + text[at:], text + "\n", "\ufeff" + text]))
    data = text.encode(errors="surrogatepass")
    at = draw(st.integers(0, len(data)))
    return draw(st.sampled_from([data, data, data[:at] + b"\xff" + data[at:], data.replace(b'"a"', b'"A"')]))


def outcome(parse, data):
    """Return what a reader makes of bytes, the types of its values with it, or in which words it refuses."""
    try:
        return repr(parse(data))
    except CanonicalJsonError as error:
        return f"refused: {error}"


@given(nearly_canonical() | st.binary(max_size=40) | st.text('{}[]",:0123-.eE\\u tfnd8', max_size=30).map(str.encode))
@example('{"\ue000":1,"\U00010000":2}'.encode())
@example('{"\U00010000":2,"\ue000":1}'.encode())
@example(b'{"a":{"b":1},"a":{"b":1}}')
@example(b"[" * 64 + b"]" * 64)
@example(b"[" * 65 + b"]" * 65)
@example(b"9007199254740991")
@example(b"-0")
@example(b'"' + b"[{" * 40 + b'"')
@settings(deadline=None, max_examples=500)
def test_the_quick_look_agrees_with_the_careful_one(data):
    """What is quickly seen to be canonical is so, with the same value; all else is judged by the careful reader."""
    assert outcome(canonical_json.parse, data) == outcome(canonical_json._parse_carefully, data)


@given(st.dictionaries(ODD_TEXT, VALUES, max_size=5))
def test_entries_are_spelt_as_the_library_spells_them(value):
    """The quick spelling is that of the `rfc8785` library, keys beyond the basic plane included."""
    assert canonical_json.encode(value) == rfc8785.dumps(value)
