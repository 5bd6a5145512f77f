"""`sameboat log audit` reads any log in the C2SP tiled layout, whoever wrote it and whatever its entries are."""

import json
import shutil

import pytest

from sameboat.project.tests.conftest import call
from sameboat.transparency import auditor, sources
from sameboat.transparency.engine import checkpoint, cosignature, layout, merkle, signed_note
from sameboat.transparency.engine.checkpoint import Checkpoint
from sameboat.transparency.errors import AuditError

from . import vectors
from .test_auditing_side_by_side import write
from .test_auditor import LOG, entry, files_of
from .test_tiles import TESSERA_VKEY

NEW = signed_note.Signer(LOG.name, bytes([1] * 32))
WITNESS = cosignature.Signer("witness.example", cosignature.ED25519, bytes([2] * 32))
STRANGER = cosignature.Signer("stranger.example", cosignature.ED25519, bytes([3] * 32))
QUANTUM = cosignature.Signer(LOG.name, cosignature.ML_DSA_44, bytes([4] * 32))
OF_A_TYPE_NOBODY_KNOWS = signed_note.Signature(LOG.name, b"\x91\x50\x75\x26", bytes(74)).line()

ENTRIES = [b"", b"\0", b"{", b"\xff\xfe", bytes(layout.MAX_ENTRY_BYTES), *[b"%d\r\n" % n for n in range(295)]]


def log(folder, signatures, entries=ENTRIES, origin=LOG.name, root=None, extensions=()):
    """Write a log to a folder; `signatures` are keys, or signature lines as they stand. Return the folder."""
    files = files_of(entries)
    head = checkpoint.parse(signed_note.split(files["checkpoint"])[0])
    text = checkpoint.encode(Checkpoint(origin, head.size, root or head.root, extensions))
    lines = [line if isinstance(line, str) else line_of(line, text.encode()) for line in signatures]
    return write(folder, files | {"checkpoint": f"{text}\n{''.join(lines)}".encode()})


def line_of(key, text):
    if isinstance(key, cosignature.Signer):
        return key.cosign(text, 1_580_356_800).line()
    return signed_note.Signature(key.name, key.key_id, key.sign(text)).line()


def audited(folder, key, *options):
    return call("log", "audit", folder, "--vkey", key.verifier.vkey, "--json", *options)


READ = [
    ("by its key", [LOG], LOG, {}),
    ("with cosignatures of witnesses nobody here knows", [STRANGER, LOG, WITNESS], LOG, {}),
    ("with a signature of a type nobody here knows", [OF_A_TYPE_NOBODY_KNOWS, LOG], LOG, {}),
    ("with lines that it adds to its checkpoint", [LOG], LOG, {"extensions": ("timestamp 1580356800", "口罩 +")}),
    ("by a key for after quantum computers", [QUANTUM], QUANTUM, {}),
    ("by both kinds of key, under the one", [LOG, QUANTUM], LOG, {}),
    ("by both kinds of key, under the other", [LOG, QUANTUM], QUANTUM, {}),
    ("while its key changes, under the old", [LOG, NEW], LOG, {}),
    ("while its key changes, under the new", [LOG, NEW], NEW, {}),
    ("without an entry", [LOG], LOG, {"entries": []}),
    ("with one entry", [LOG], LOG, {"entries": [b"one"]}),
    ("with one full tile", [LOG], LOG, {"entries": ENTRIES[:256]}),
]


@pytest.mark.parametrize(("signatures", "key", "more"), [row[1:] for row in READ], ids=[row[0] for row in READ])
def test_a_log_is_read(tmp_path, signatures, key, more):
    """Entries of any kind lead to the root; what is not understood is counted, and is no fault."""
    ended = audited(log(tmp_path, signatures, **more), key)
    assert (ended.code, ended.json["ok"], ended.json["faults"]) == (0, True, [])
    count = len(more.get("entries", ENTRIES))
    assert (ended.json["size"], sum(ended.json["unknown_types"].values())) == (count, count)


BROKEN = line_of(LOG, b"another text\n")

REFUSED = [
    ("signed by another key of that name", [NEW], LOG, {}, "no trusted key signed this note"),
    ("signed by a witness alone", [WITNESS], LOG, {}, "no trusted key signed this note"),
    ("with the key's signature on something else", [BROKEN], LOG, {}, "is not on this text"),
    ("with a broken signature beside a good one", [BROKEN, LOG], LOG, {}, "is not on this text"),
    ("that calls itself otherwise", [LOG], LOG, {"origin": "other.example"}, "'other.example', not of 'log.example'"),
    (
        "without entries, but another root",
        [LOG],
        LOG,
        {"entries": [], "root": bytes(32)},
        "not the log that was signed",
    ),
    ("with entries under another root", [LOG], LOG, {"root": bytes(32)}, "not the log that was signed"),
]


@pytest.mark.parametrize(
    ("signatures", "key", "more", "words"), [row[1:] for row in REFUSED], ids=[r[0] for r in REFUSED]
)
def test_a_log_is_not_believed(tmp_path, signatures, key, more, words):
    """The message says what does not hold, and the command ends with 1."""
    ended = audited(log(tmp_path, signatures, **more), key)
    assert (ended.code, ended.json["error"]["code"]) == (1, "audit")
    assert words in ended.json["error"]["message"]


def test_a_signature_by_a_key_that_is_not_asked_for_need_not_hold(tmp_path):
    """The old key's signature may be anything once the new one is what the reader trusts."""
    assert audited(log(tmp_path, [BROKEN, NEW]), NEW).code == 0


def test_a_log_may_call_itself_otherwise_than_its_key(tmp_path):
    """The reader says so with --origin, and nothing else is taken then."""
    folder = log(tmp_path, [LOG], origin="go.sum database tree")
    assert audited(folder, LOG, "--origin", "go.sum database tree").code == 0
    assert "--origin" in audited(folder, LOG).json["error"]["message"]
    assert audited(folder, LOG, "--origin", LOG.name).code == 1


def test_a_policy_counts_its_witnesses_under_that_name_too(tmp_path):
    """Name, key and witnesses are asked for together."""
    folder = log(tmp_path, [LOG, WITNESS], origin="go.sum database tree")
    for witness, code in ((WITNESS, 0), (STRANGER, 1)):
        policy = tmp_path / "witnesses.policy"
        policy.write_text(f"witness w {witness.verifier.vkey}\nquorum w\n")
        ended = audited(folder, LOG, "--origin", "go.sum database tree", "--policy", policy)
        assert ended.code == code, ended.output


def test_a_log_is_read_under_a_witness_alone(tmp_path):
    """A log whose own key is of no type known here can be read by the word of a witness that is trusted."""
    folder = log(tmp_path, [OF_A_TYPE_NOBODY_KNOWS, WITNESS])
    assert audited(folder, WITNESS, "--origin", LOG.name).code == 0


def test_a_host_may_drop_partial_tiles_that_have_filled_up(tmp_path):
    """The full ones are read in their place."""
    log(tmp_path, [LOG], ENTRIES[:200])
    small = (tmp_path / "checkpoint").read_bytes()
    shutil.rmtree(tmp_path / "tile")
    log(tmp_path, [LOG])
    (tmp_path / "checkpoint").write_bytes(small)
    shutil.rmtree(tmp_path / "tile/0/001.p")
    assert audited(tmp_path, LOG).json["size"] == 200


@vectors.NEEDED
@pytest.mark.parametrize("size", range(16))
def test_another_programs_log_at_every_size(tmp_path, size):
    """Each state that Tessera's log went through is read whole."""
    shutil.copytree(vectors.LOG / "tessera-log/testdata/log", tmp_path / "log")
    (tmp_path / "log" / f"checkpoint.{size}").rename(tmp_path / "log/checkpoint")
    ended = call("log", "audit", tmp_path / "log", "--vkey", TESSERA_VKEY, "--json")
    assert (ended.code, ended.json["size"], ended.json["ok"]) == (0, size, True)


RED, BACKWARDS = "\x1b[31m", "\u202e"
HOSTILE = [entry(f"{RED}{BACKWARDS}{number}", {}) for number in range(300)] + [
    entry("need.met", {"need": "x", f"{RED}\x9b2J{BACKWARDS}": 1}),
]


def test_what_a_log_says_commands_no_terminal(tmp_path):
    """Colours, cleared screens and text turned round come out as �; as JSON they are told exactly, escaped."""
    folder = log(tmp_path, [LOG], [json_of(content) for content in HOSTILE])
    shown = call("log", "audit", folder, "--vkey", LOG.verifier.vkey)
    told = audited(folder, LOG)
    for output in (shown.output, told.output):
        assert not set(output) & {"\x1b", "\x9b", BACKWARDS}
    assert "�[31m" in shown.output
    assert f"{RED}{BACKWARDS}7 v1" in told.json["unknown_types"]


def json_of(content):
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def test_a_log_of_endlessly_many_types_makes_no_endless_list(tmp_path):
    """Beyond a number of them they are counted together."""
    found = audited(log(tmp_path, [LOG], [json_of(content) for content in HOSTILE]), LOG).json["unknown_types"]
    assert (len(found), sum(found.values())) == (auditor.MOST_UNKNOWN_TYPES + 1, 300)


def test_the_empty_tree_has_a_root():
    """SHA-256 of nothing, as RFC 6962, section 2.1, says."""
    assert merkle.root([]).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_entries_are_handed_on_with_their_indices(tmp_path):
    """Those of Sameboat that are spelt canonically, unjudged; the iteration ends in an error where the root differs."""
    ours = entry("planet.moved", {"to": "Mars"})
    written = [b"", json_of(ours), json.dumps(ours).encode(), *[b"x"] * 300, json_of(ours | {"v": 2})]
    told = []
    head, entries = auditor.proven_entries(
        sources.of(str(log(tmp_path, [LOG], written))), LOG.verifier, lambda *done: told.append(done)
    )
    assert list(entries) == [(1, ours), (303, ours | {"v": 2})]
    assert (head.size, told) == (304, [(256, 304), (304, 304)])
    _, entries = auditor.proven_entries(sources.of(str(log(tmp_path, [LOG], written, root=bytes(32)))), LOG.verifier)
    with pytest.raises(AuditError, match="not the log that was signed"):
        list(entries)
