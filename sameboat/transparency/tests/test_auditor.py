"""The auditor finds what is wrong in a log, and nothing in one that is right."""

import base64
import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sameboat.registry.engine import signature
from sameboat.transparency.auditor import audit, compare
from sameboat.transparency.engine import canonical_json, checkpoint, layout, merkle, signed_note, tiles
from sameboat.transparency.errors import AuditError, BadInput
from sameboat.transparency.sources import MissingError, folder

LOG = signed_note.Signer("log.example", bytes(32))
DEVICE = Ed25519PrivateKey.from_private_bytes(bytes([7] * 32))
PUBLIC = base64.b64encode(DEVICE.public_key().public_bytes_raw()).decode()


def ident(kind, number=0):
    return f"{kind}_{number:026d}"


def entry(kind, data, subjects=None, version=1):
    """Return an entry's content; its subjects are the ids in its data, in their order, unless given."""
    if subjects is None:
        subjects = [value for value in data.values() if isinstance(value, str) and "_0000" in value]
    return {
        "actor": "operator",
        "data": data,
        "event_time": "2020-01-30",
        "recorded_at": "2020-01-30T03:00:00.000Z",
        "subjects": subjects,
        "type": kind,
        "v": version,
    }


def goods(quantity):
    return {"item": "mask", "unit": "piece", "quantity": quantity}


def received(lot, quantity):
    return entry("goods.received", {"lot": ident("lot", lot), "holder": ident("org", 2), "goods": goods(quantity)})


def allocated(lot, quantity):
    ids = {
        "allocation": ident("alloc"),
        "lot": ident("lot", lot),
        "need": ident("need"),
        "holder": ident("org", 2),
        "receiver": ident("org", 1),
    }
    return entry("allocation.decided", ids | {"goods": goods(quantity), "fair_share": 5, "claims": 1})


def handed_over(quantity):
    ids = {"handover": ident("hand"), "giver": ident("org", 2), "receiver": ident("org", 1)}
    more = {"lot": ident("lot", 1), "allocation": ident("alloc"), "need": ident("need")}
    return entry("goods.handed_over", ids | {"goods": goods(quantity)} | more, [*ids.values(), *more.values()])


KEY_REGISTERED = entry(
    "key.registered",
    {"key": ident("key"), "organisation": ident("org", 1), "algorithm": "ed25519", "public_key": PUBLIC},
)
KEY_REVOKED = entry("key.revoked", {"key": ident("key"), "organisation": ident("org", 1), "reason": "lost"})


def signed_for(quantity, **changes):
    words = {
        "act": "receive",
        "handover": ident("hand"),
        "giver": ident("org", 2),
        "receiver": ident("org", 1),
        "item": "mask",
        "quantity": quantity,
        "unit": "piece",
    } | changes.pop("words", {})
    text = signature.statement(words)
    signed = {
        "method": "device-key",
        "key": ident("key"),
        "public_key": PUBLIC,
        "text": text,
        "value": base64.b64encode(DEVICE.sign(text.encode())).decode(),
    } | changes
    ids = {"handover": ident("hand"), "giver": ident("org", 2), "receiver": ident("org", 1)}
    return entry(
        "goods.received_by",
        ids | {"goods": goods(quantity), "missing": 0, "signed": signed},
        [*ids.values(), *([signed["key"]] if signed.get("key") else [])],
    )


LIFE = [received(1, 5), KEY_REGISTERED, allocated(1, 5), handed_over(5), signed_for(5)]


def files_of(entries):
    """Return a static log of entries (contents, or bytes as they are) as {path: bytes}."""
    bodies = [body if isinstance(body, bytes) else canonical_json.encode(body) for body in entries]
    size, made = tiles.grow(0, [merkle.leaf_hash(body) for body in bodies], lambda *place: b"")
    files = {
        layout.path(level, index, layout.tile_width(size, level, index)): data for (level, index), data in made.items()
    }
    for start in range(0, size, 256):
        part = bodies[start : start + 256]
        files[layout.entries_path(start // 256, len(part))] = tiles.encode_bundle(part)
    root = tiles.root(size, tiles.overlay(made, lambda *place: b""))
    files["checkpoint"] = signed_note.sign(
        checkpoint.encode(checkpoint.Checkpoint(LOG.name, size, root)), [LOG]
    ).encode()
    return files


def source(files):
    def fetch(path):
        if path not in files:
            raise MissingError(f"{path} is missing")
        return files[path]

    return fetch


def audited(entries):
    return audit(source(files_of(entries)), LOG.verifier)


def test_a_gift_that_went_all_the_way_balances():
    """What came in from outside stands with the receiver, and the device's signature counts."""
    found = audited(LIFE)
    assert not found.wrong
    assert found.totals() == {("delivered", "mask/piece"): 5, ("outside:donors", "mask/piece"): -5}
    assert found.device_signatures == 1


@pytest.mark.parametrize("count", [0, 1, 255, 256, 257, 511, 512, 513, 65_536, 65_537])
def test_a_log_of_any_size_is_read_whole(count):
    """At every edge of a tile and of a level, each entry is read once and the tiles agree."""
    assert sum(audited([b'{"n":%d}' % number for number in range(count)]).unknown_types.values()) == count


MET = {"need": ident("need"), "organisation": ident("org")}
WRONG = [
    ("more leaves an account than it holds", [received(1, 5), allocated(1, 6)], 1, "holds 5"),
    ("goods that never came in", [allocated(1, 1)], 0, "holds 0"),
    (
        "data that does not fit its schema",
        [entry("need.met", {"need": "x", "organisation": ident("org")})],
        0,
        "schema",
    ),
    (
        "a field nobody knows",
        [entry("need.met", {"need": ident("need"), "organisation": ident("org"), "x": 1})],
        0,
        "x",
    ),
    ("no quantity but a negative one", [received(1, -5)], 0, "above zero"),
    ("other subjects than its data's", [received(1, 5) | {"subjects": []}], 0, "subjects"),
    ("text that is not canonical", [json.dumps(received(1, 5)).encode()], 0, "canonical"),
    ("a key that is none", [entry("key.registered", KEY_REGISTERED["data"] | {"public_key": "AAAA"})], 0, "32"),
    ("a key registered twice", [KEY_REGISTERED, KEY_REGISTERED | {"event_time": "2020-01-31"}], 1, "second time"),
    ("a key revoked that was none", [KEY_REVOKED], 0, "no valid key"),
    ("a signature by no registered key", [*LIFE[:1], *LIFE[2:]], 3, "not a valid key"),
    ("a signature by a revoked key", [*LIFE[:2], KEY_REVOKED, *LIFE[2:]], 5, "not a valid key"),
    ("a signature of another statement", [*LIFE[:4], signed_for(5, words={"quantity": 4})], 4, "says quantity 4"),
    ("a signature by another key", [*LIFE[:4], signed_for(5, value=base64.b64encode(bytes(64)).decode())], 4, "sign"),
    ("another public key than the registered", [*LIFE[:4], signed_for(5, public_key="A" * 43 + "=")], 4, "another"),
    ("words that are no statement", [*LIFE[:4], signed_for(5, text="I received it")], 4, "not of this statement"),
]


@pytest.mark.parametrize(("entries", "index", "problem"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
def test_what_is_wrong_in_an_entry_is_found_there(entries, index, problem):
    """The fault names the entry and what is wrong with it, once; the rest of the log is read on."""
    found = audited(entries)
    assert [fault.index for fault in found.faults] == [index]
    assert problem in found.faults[0].problem


@pytest.mark.parametrize(
    "body",
    [b"", b"\xff", b"null", b"[]", b"{}", b'{"type":"x"}', b"[" * 5000, b'{"a":1e999}', b"{" + b'"a":' * 2000],
    ids=lambda body: repr(body[:12]),
)
def test_an_entry_of_another_program_is_counted_and_not_judged(body):
    """Any C2SP log can be audited: what is not an entry of ours is no fault of its."""
    found = audited([body])
    assert (found.wrong, sum(found.unknown_types.values())) == (False, 1)


def test_an_event_type_of_a_newer_program_is_counted():
    """An unknown type is told by its name and version."""
    assert audited([entry("planet.moved", {}), entry("need.met", {}, version=9)]).unknown_types == {
        "planet.moved v1": 1,
        "need.met v9": 1,
    }


FILES = files_of(LIFE * 60)


@pytest.mark.parametrize("path", sorted(set(FILES) - {"checkpoint"}))
@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:-1],
        lambda data: data[:-32],
        lambda data: b"",
        lambda data: data[:5] + bytes([data[5] ^ 1]) + data[6:],
    ],
    ids=["cut by a byte", "cut by a hash", "emptied", "one bit changed"],
)
def test_a_changed_file_of_the_log_is_found(path, damage):
    """Every tile and bundle is covered by the signed root, and its damage is told by its path."""
    with pytest.raises(AuditError, match="tile/"):
        audit(source(FILES | {path: damage(FILES[path])}), LOG.verifier)


@pytest.mark.parametrize("path", sorted(FILES))
def test_a_missing_file_of_the_log_is_found(path):
    """The message names the file."""
    with pytest.raises(MissingError, match=path):
        audit(source({name: data for name, data in FILES.items() if name != path}), LOG.verifier)


def test_a_partial_tile_that_has_filled_up_since_is_read_from_the_full_one():
    """A static host may drop partial tiles once the full one is there."""
    small, large = files_of([b"%d" % n for n in range(300)]), files_of([b"%d" % n for n in range(600)])
    grown = {path: data for path, data in large.items() if ".p/" not in path or path.startswith("tile/1/")}
    grown |= {path: data for path, data in small.items() if path == "checkpoint" or path.startswith("tile/1/")}
    assert audit(source(grown), LOG.verifier).size == 300


def test_a_checkpoint_by_another_key_is_not_believed():
    """The advice is to compare the key."""
    stranger = signed_note.Signer("log.example", bytes([1] * 32))
    with pytest.raises(AuditError, match="--vkey"):
        audit(source(FILES), stranger.verifier)


def test_a_database_that_disagrees_with_the_log_is_told():
    """Each account is named with both figures."""
    found = audited([received(1, 5)])
    compare(found, {("outside:donors", "mask/piece"): -5, (f"held:{ident('lot', 1)}", "mask/piece"): 4})
    assert "5 mask/piece by the log, 4 by the database" in found.faults[0].problem


def test_a_folder_without_a_checkpoint_is_no_log(tmp_path):
    """The message says which folder to give."""
    with pytest.raises(BadInput, match="checkpoint"):
        folder(tmp_path)
