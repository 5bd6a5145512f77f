"""Go's own sumdb packages, written by others, agree with us on notes, tiles and proofs, in both directions."""

import json
import os
import random
import shutil
import subprocess
from base64 import b64decode, b64encode
from pathlib import Path

import pytest

from sameboat.transparency.engine import merkle, signed_note, tiles

GOCODE = Path(os.environ.get("GOCODE", "/usr/share/gocode"))
MISSING = shutil.which("go") is None or not (GOCODE / "src/golang.org/x/mod/sumdb").is_dir()
pytestmark = pytest.mark.skipif(
    MISSING and not os.environ.get("CI"), reason="no Go with x/mod: install golang-go and golang-golang-x-mod-dev"
)

SIGNER = signed_note.Signer("log.example", bytes(range(32)))
TEXT = "log.example\n同舟共济\n\nan empty line above\n"
SIZES = [1, 2, 3, 7, 8, 255, 256, 257, 300]
ENTRIES = [number.to_bytes(2) * (number % 5) for number in range(300)]
LEAVES = [merkle.leaf_hash(entry) for entry in ENTRIES]
_, TILES = tiles.grow(0, LEAVES, lambda *place: b"")
READ = tiles.overlay(TILES, lambda *place: b"")
ROOTS = {size: tiles.root(size, READ) for size in SIZES}


def text_of(data):
    return b64encode(data).decode()


def inclusion(index, size):
    proof = tiles.inclusion_proof(index, size, READ)
    return {
        "Index": index,
        "Size": size,
        "Leaf": text_of(LEAVES[index]),
        "Root": text_of(ROOTS[size]),
        "Proof": [text_of(value) for value in proof],
    }


def consistency(size1, size2):
    proof = tiles.consistency_proof(size1, size2, READ)
    return {
        "Size1": size1,
        "Size2": size2,
        "Root1": text_of(ROOTS[size1]),
        "Root2": text_of(ROOTS[size2]),
        "Proof": [text_of(value) for value in proof],
    }


INCLUSION = [inclusion(index, size) for size in SIZES for index in range(size)]
CONSISTENCY = [consistency(size1, size2) for size2 in SIZES for size1 in SIZES if size1 < size2]


@pytest.fixture(scope="session")
def ask(tmp_path_factory):
    folder = tmp_path_factory.mktemp("go")
    program = folder / "crosscheck"
    environment = {**os.environ, "GO111MODULE": "off", "GOPATH": str(GOCODE), "GOFLAGS": ""}
    environment.setdefault("GOCACHE", str(folder / "cache"))
    source = Path(__file__).with_name("main.go")
    subprocess.run(["go", "build", "-o", program, source], env=environment, check=True)

    def ask(**question):
        run = subprocess.run([program], input=json.dumps(question), capture_output=True, text=True, check=True)
        return json.loads(run.stdout)

    return ask


@pytest.fixture(scope="session")
def made(ask):
    question = {"Skey": SIGNER.skey, "Text": TEXT, "Entries": [text_of(entry) for entry in ENTRIES], "Sizes": SIZES}
    return ask(**question)["Made"]


def test_go_opens_our_notes(ask):
    """Go reads our verifier key and finds our signature on the text."""
    notes = [signed_note.sign(TEXT, [SIGNER]), signed_note.sign("x\n", [SIGNER])]
    assert ask(Vkey=SIGNER.verifier.vkey, Notes=notes)["Notes"] == ["", ""]


def test_go_refuses_what_we_refuse(ask):
    """A note with a byte of its text changed is refused by both."""
    note = signed_note.sign(TEXT, [SIGNER]).replace("log", "lug", 1)
    assert ask(Vkey=SIGNER.verifier.vkey, Notes=[note])["Notes"] != [""]
    with pytest.raises(signed_note.NoteError):
        signed_note.open(note, [SIGNER.verifier])


def test_go_accepts_our_inclusion_proofs(ask):
    """Every leaf's proof at every size convinces Go."""
    assert set(ask(Inclusion=INCLUSION)["Inclusion"]) == {""}


def test_go_accepts_our_consistency_proofs(ask):
    """The proof between every two sizes convinces Go."""
    assert set(ask(Consistency=CONSISTENCY)["Consistency"]) == {""}


def test_both_judge_damaged_proofs_alike(ask):
    """Proofs with a hash lost, doubled, changed or swapped, or of another index or size, get one verdict from both."""
    chance = random.Random(6962)
    damaged = [damage(chance, dict(chance.choice(INCLUSION))) for _ in range(500)]
    ours = [refused(merkle.verify_inclusion, p, "Leaf", "Index", "Size", "Proof", "Root") for p in damaged]
    assert [bool(reason) for reason in ask(Inclusion=damaged)["Inclusion"]] == ours
    damaged = [damage(chance, dict(chance.choice(CONSISTENCY))) for _ in range(500)]
    ours = [refused(merkle.verify_consistency, p, "Size1", "Size2", "Root1", "Root2", "Proof") for p in damaged]
    assert [bool(reason) for reason in ask(Consistency=damaged)["Consistency"]] == ours


def damage(chance, proof):
    hashes = proof["Proof"] = list(proof["Proof"])
    kind = chance.choice(["nothing", "lost", "doubled", "changed", "swapped", "number"])
    if kind == "number":
        name = chance.choice([name for name, value in proof.items() if isinstance(value, int)])
        proof[name] = max(0, proof[name] + chance.choice([-1, 1, 2]))
    elif kind != "nothing" and hashes:
        at = chance.randrange(len(hashes))
        if kind == "lost":
            del hashes[at]
        elif kind == "doubled":
            hashes.insert(at, hashes[at])
        elif kind == "changed":
            hashes[at] = text_of(b64decode(hashes[at])[::-1])
        else:
            hashes[0], hashes[at] = hashes[at], hashes[0]
    return proof


def refused(verify, proof, *names):
    def value(name):
        stored = proof[name]
        if isinstance(stored, list):
            return [b64decode(item) for item in stored]
        return b64decode(stored) if isinstance(stored, str) else stored

    try:
        verify(*map(value, names))
    except merkle.ProofError:
        return True
    return False


def test_we_open_gos_note(made):
    """Go's note is ours to the byte: Ed25519 signs the same text the same way."""
    assert made["Note"] == signed_note.sign(TEXT, [SIGNER])
    assert signed_note.open(made["Note"], [SIGNER.verifier]).text == TEXT


def test_gos_proofs_are_ours(made):
    """Go's roots and proofs from its own storage equal ours from tiles."""
    assert [{**proof, "Proof": proof["Proof"] or []} for proof in made["Inclusion"]] == INCLUSION
    assert sorted(made["Consistency"], key=lambda p: (p["Size2"], p["Size1"])) == CONSISTENCY


def test_gos_tiles_are_ours(made):
    """Go's tiles of height 8 have our bytes, and our paths but for the height that Go writes into its own."""
    gos = {path.replace("tile/8/", "tile/"): b64decode(data) for path, data in made["Tiles"].items()}
    ours = {tiles.path(level, index, len(data) // 32): data for (level, index), data in TILES.items()}
    assert ours.items() <= gos.items()
    for path, data in gos.items():  # Go also lists the partial tiles of every smaller log
        place = tiles.parse_path(path)
        assert TILES[place.level, place.index][: 32 * place.width] == data
