"""RFC 6962 hashing and proofs."""

import json
from base64 import b64decode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sameboat.transparency.engine import merkle
from sameboat.transparency.engine.merkle import ProofError

from . import vectors

HASHES = [merkle.leaf_hash(bytes([number])) for number in range(5)]


def split_root(hashes):
    """RFC 6962, section 2.1, word for word."""
    if not hashes:
        return merkle.EMPTY_ROOT
    if len(hashes) == 1:
        return hashes[0]
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    return merkle.node_hash(split_root(hashes[:k]), split_root(hashes[k:]))


@given(st.integers(0, 300))
def test_root_is_that_of_the_recursive_split(size):
    """Pairing level by level gives RFC 6962's tree at every size."""
    hashes = [merkle.leaf_hash(number.to_bytes(2)) for number in range(size)]
    assert merkle.root(hashes) == split_root(hashes)


def test_root_of_the_reference_tree():
    """The 8-leaf tree of Certificate Transparency has its published roots at every size."""
    tree = vectors.load("derived/rfc6962_reference_tree.json")
    hashes = [merkle.leaf_hash(bytes.fromhex(leaf)) for leaf in tree["leaf_inputs_hex"]]
    assert [merkle.root(hashes[:size]).hex() for size in range(9)] == tree["roots_hex_by_size"]


@pytest.mark.parametrize("path", vectors.files("merkle/inclusion/**/*.json"))
def test_inclusion_probe(path):
    """The probe is accepted exactly if its author says so."""
    case = json.loads(path.read_text())
    leaf, root = b64decode(case["leafHash"]), b64decode(case["root"])
    proof = [b64decode(value) for value in case["proof"] or []]
    if case["wantErr"]:
        with pytest.raises(ProofError):
            merkle.verify_inclusion(leaf, case["leafIdx"], case["treeSize"], proof, root)
    else:
        merkle.verify_inclusion(leaf, case["leafIdx"], case["treeSize"], proof, root)


@pytest.mark.parametrize("path", vectors.files("merkle/consistency/**/*.json"))
def test_consistency_probe(path):
    """The probe is accepted exactly if its author says so."""
    case = json.loads(path.read_text())
    roots = b64decode(case["root1"]), b64decode(case["root2"])
    proof = [b64decode(value) for value in case["proof"] or []]
    if case["wantErr"]:
        with pytest.raises(ProofError):
            merkle.verify_consistency(case["size1"], case["size2"], *roots, proof)
    else:
        merkle.verify_consistency(case["size1"], case["size2"], *roots, proof)


@pytest.mark.parametrize(
    ("leaf", "index", "size", "proof", "root"),
    [
        pytest.param(HASHES[0], -1, 1, [], HASHES[0], id="negative index"),
        pytest.param(HASHES[0], 0, 0, [], HASHES[0], id="empty tree"),
        pytest.param(HASHES[0], 1, 1, [], HASHES[0], id="index beyond the tree"),
        pytest.param(HASHES[0], 0, 2**64, [], HASHES[0], id="size beyond uint64"),
        pytest.param(HASHES[0][:31], 0, 1, [], HASHES[0][:31], id="short hashes"),
        pytest.param(HASHES[0], 0, 2, [HASHES[1] + b"\0"], merkle.root(HASHES[:2]), id="long sibling"),
        pytest.param(HASHES[0], 0, 2, [], HASHES[0], id="too few hashes"),
        pytest.param(HASHES[0], 0, 1, [HASHES[1]], merkle.root(HASHES[:2]), id="too many hashes"),
        pytest.param(HASHES[1], 0, 2, [HASHES[0]], merkle.root(HASHES[:2]), id="siblings swapped"),
    ],
)
def test_bad_inclusion_proof(leaf, index, size, proof, root):
    """Nothing but a whole and exact proof shows inclusion."""
    with pytest.raises(ProofError):
        merkle.verify_inclusion(leaf, index, size, proof, root)


@pytest.mark.parametrize(
    ("size1", "size2", "root1", "root2", "proof"),
    [
        pytest.param(0, 0, merkle.EMPTY_ROOT, merkle.EMPTY_ROOT, [], id="from the empty tree to itself"),
        pytest.param(0, 2, merkle.EMPTY_ROOT, merkle.root(HASHES[:2]), [], id="from the empty tree"),
        pytest.param(2, 1, merkle.root(HASHES[:2]), HASHES[0], [], id="backwards"),
        pytest.param(1, 1, HASHES[0], HASHES[1], [], id="same size, two roots"),
        pytest.param(1, 1, HASHES[0], HASHES[0], [HASHES[1]], id="same size with a proof"),
        pytest.param(1, 2, HASHES[0], merkle.root(HASHES[:2]), [], id="empty proof"),
        pytest.param(1, 2, HASHES[0], merkle.root(HASHES[:2]), [HASHES[1], HASHES[2]], id="too many hashes"),
        pytest.param(1, 2, HASHES[0], merkle.root(HASHES[:2]), [b""], id="empty hash"),
        pytest.param(3, 5, merkle.root(HASHES[:3]), merkle.root(HASHES), [HASHES[2]], id="too few hashes"),
        pytest.param(1, 2**64, HASHES[0], HASHES[0], [], id="size beyond uint64"),
    ],
)
def test_bad_consistency_proof(size1, size2, root1, root2, proof):
    """Nothing but a whole and exact proof shows consistency."""
    with pytest.raises(ProofError):
        merkle.verify_consistency(size1, size2, root1, root2, proof)
