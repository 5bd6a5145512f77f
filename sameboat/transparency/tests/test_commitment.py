"""Commitments to private fields."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sameboat.transparency.engine import canonical_json, commitment
from sameboat.transparency.engine.commitment import CommitmentError

KEY = bytes(range(32))
OTHER_KEY = bytes(range(1, 33))
PRIVATE = {"name": "Wang", "phone": "13800000000", "notes": ["call after six", None]}

FIELDS = st.dictionaries(st.text("abc", max_size=3), st.integers(0, 5) | st.text("xy", max_size=2), max_size=4)
KEYS = st.binary(min_size=32, max_size=32)


@given(KEYS, FIELDS)
def test_key_and_fields_open_their_commitment(key, private):
    """A commitment is opened by what it was made of."""
    assert commitment.opens(commitment.commit(key, private), key, private)


@given(KEYS, FIELDS, KEYS, FIELDS)
def test_nothing_else_opens_it(key, private, other_key, other):
    """Another key or other fields do not open it."""
    same = (key, private) == (other_key, other)
    assert commitment.opens(commitment.commit(key, private), other_key, other) == same


def test_commitment_is_as_documented():
    """The commitment is what the module's text says, so that another program can open it."""
    import hashlib
    import hmac

    def mac(key, message):
        return hmac.new(key, message, hashlib.sha256)

    fields = {
        name: mac(
            mac(KEY, b"sameboat-commitment/v1 field\n" + name.encode()).digest(), canonical_json.encode(value)
        ).hexdigest()
        for name, value in PRIVATE.items()
    }
    whole = mac(mac(KEY, b"sameboat-commitment/v1 whole\n").digest(), canonical_json.encode(fields)).hexdigest()
    assert commitment.commit(KEY, PRIVATE) == whole


@given(KEYS, FIELDS.filter(bool), st.data())
def test_one_field_opens_alone(key, private, data):
    """The opening of one field is accepted and holds neither the record's key nor another field's value."""
    name = data.draw(st.sampled_from(sorted(private)))
    opening = commitment.open_field(key, private, name)
    commitment.check_field(commitment.commit(key, private), opening)
    assert opening.value == private[name]
    assert key not in (opening.field_key, opening.whole_key)
    under_its_key = {commitment._hmac(opening.field_key, canonical_json.encode(value)) for value in private.values()}
    assert under_its_key.isdisjoint(value for field, value in opening.fields.items() if field != name)


OPENING = commitment.open_field(KEY, PRIVATE, "phone")


@pytest.mark.parametrize(
    "opening",
    [
        replace(OPENING, value="13800000001"),
        replace(OPENING, name="name"),
        replace(OPENING, name="address"),
        replace(OPENING, field_key=OTHER_KEY),
        replace(OPENING, field_key=OPENING.field_key + b"\0"),
        replace(OPENING, field_key=b""),
        replace(OPENING, whole_key=OTHER_KEY),
        replace(OPENING, whole_key=OPENING.whole_key[:31]),
        replace(OPENING, fields={}),
        replace(OPENING, fields={"phone": OPENING.fields["phone"]}),
        replace(OPENING, fields={**OPENING.fields, "extra": "0" * 64}),
        replace(OPENING, fields={**OPENING.fields, "name": OPENING.fields["name"].upper()}),
        replace(OPENING, fields={**OPENING.fields, "name": "0" * 64}),
    ],
)
def test_changed_opening(opening):
    """An opening with anything changed does not open the commitment."""
    with pytest.raises(CommitmentError):
        commitment.check_field(commitment.commit(KEY, PRIVATE), opening)


def test_an_opening_opens_no_other_commitment():
    """The same value under another record's key is another commitment."""
    with pytest.raises(CommitmentError):
        commitment.check_field(commitment.commit(OTHER_KEY, PRIVATE), OPENING)


@pytest.mark.parametrize("key", [b"", bytes(31), bytes(33), bytes(64)])
def test_key_of_another_length(key):
    """A record's key has 32 bytes; a shorter one could be guessed, and padding would make two keys alike."""
    with pytest.raises(CommitmentError):
        commitment.commit(key, PRIVATE)


def test_no_opening_of_a_field_that_is_not_there():
    """The error says which fields there are."""
    with pytest.raises(CommitmentError, match="name, notes, phone"):
        commitment.open_field(KEY, PRIVATE, "address")


def test_private_value_without_canonical_form():
    """A bad private value is named by its place."""
    with pytest.raises(canonical_json.CanonicalJsonError, match=r"\$\.weight"):
        commitment.commit(KEY, {"weight": 1.5})
