"""Whatever bytes an entry is, it is read: no log can end its auditor."""

import base64
import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from sameboat.project import rooms
from sameboat.registry.engine import signature
from sameboat.transparency import entry_reading
from sameboat.transparency.engine import canonical_json
from sameboat.transparency.entry_reading import Reading
from sameboat.transparency.events import schemas

from .test_auditor import KEY_REGISTERED, LIFE, audited, entry, ident, received, signed_for

rooms.load_event_types()

DEVICE = Ed25519PrivateKey.from_private_bytes(bytes([7] * 32))

NAMES = sorted({name for event_type in schemas() for name in event_type.model_fields})
WORDS = st.sampled_from(
    [
        "",
        "x",
        "device-key",
        "account",
        "CNY",
        "0",
        "-1",
        "9" * 4300,
        "1e5",
        "\x1b",
        "口罩",
        ident("org"),
        ident("lot"),
        "==",
    ]
)
PARTS = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | WORDS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from([*NAMES, "quantity", "units", "gift", "method", "text", "value"]), inner, max_size=6
        )
    ),
    max_leaves=20,
)


@given(st.sampled_from(schemas()), st.data())
@settings(max_examples=400, deadline=None)
def test_any_data_of_any_type_is_read(event_type, data):
    """What does not fit its schema is told, and what fits is read; nothing is raised."""
    fields = {name: data.draw(PARTS) for name in event_type.model_fields if data.draw(st.booleans())}
    content = entry(event_type.type, fields, data.draw(PARTS), event_type.version)
    content["recorded_at"] = data.draw(PARTS)
    assert entry_reading.read(canonical_json.encode(content)).type == event_type.type


@given(st.dictionaries(st.sampled_from(["actor", "data", "event_time", "recorded_at", "subjects", "type", "v"]), PARTS))
def test_any_members_are_read(content):
    """Whatever stands where a member should."""
    assert isinstance(entry_reading.read(canonical_json.encode(content)), Reading)


@given(st.binary(max_size=200))
def test_any_bytes_are_read(body):
    """Mostly as no entry of ours."""
    assert isinstance(entry_reading.read(body), Reading)


def signing(text):
    """Return an entry of somebody who signs any text with a registered key."""
    value = base64.b64encode(DEVICE.sign(text.encode())).decode()
    return signed_for(5, text=text, value=value)


DOMAIN = signature.DOMAIN

TRAPS = {
    "a statement nested without end": signing(DOMAIN + "[" * 20_000),
    "a word nested as deep as can be read": signing(DOMAIN + '{"act":' + "[" * 900 + "]" * 900 + "}"),
    "a word of thousands of digits": signing(DOMAIN + '{"act":' + "9" * 4300 + "}"),
    "a word of too many digits": signing(DOMAIN + '{"act":' + "9" * 5000 + "}"),
    "a word that is no number": signing(DOMAIN + '{"act":NaN}'),
    "a word of sixty thousand letters": signing(signature.statement({"act": "x" * 50_000})),
    "half a character": signing(DOMAIN + '{"act":"\\ud800"}'),
    "goods of thousands of digits": received(1, "9" * 4300),
    "goods beyond what a database holds": received(1, str(2**63)),
    "less than nothing, in thousands of digits": received(1, "-" + "9" * 4299),
}


@pytest.mark.parametrize("trap", TRAPS.values(), ids=TRAPS)
def test_a_trap_for_the_auditor_is_one_fault(trap):
    """It is told in few words; the entries after it are read as ever."""
    found = audited([*LIFE[:4], trap, entry("need.met", {"need": ident("need"), "organisation": ident("org", 1)})])
    (fault,) = found.faults
    assert fault.index == 4
    assert len(fault.problem) <= 2000
    assert found.types["need.met"] == 1


def test_the_most_that_can_be_moved_is_moved():
    """The limit is that of a database's whole numbers, and is itself allowed."""
    found = audited([KEY_REGISTERED, received(1, str(2**63 - 1))])
    assert (found.wrong, max(found.balances.values())) == (False, 2**63 - 1)
    assert json.dumps(found.totals().get(("held", "mask/piece"))) == str(2**63 - 1)
