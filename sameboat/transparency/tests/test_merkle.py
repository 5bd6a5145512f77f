"""RFC 6962 hashing and proofs."""

import json
from base64 import b64decode

import pytest
from hypothesis import given, settings
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


ANYTHING = (
    st.integers(-(2**70), 2**70)
    | st.sampled_from([2**63, 2**64 - 1, 2**64, 10**5000, True, None, 1.0, "1", b"1", [], ()])
    | st.floats()
    | st.text(max_size=3)
)
A_HASH = (
    st.sampled_from(HASHES)
    | st.binary(min_size=32, max_size=32)
    | st.binary(max_size=66)
    | st.sampled_from([None, "a" * 32, [0] * 32, 32, bytearray(32), memoryview(bytes(32))])
)
A_PROOF = (
    st.lists(A_HASH, max_size=70)
    | st.lists(st.sampled_from(HASHES), max_size=6)
    | st.sampled_from([None, b"", bytes(64), "", 0, {}])
)
A_NUMBER = st.integers(0, 9) | ANYTHING


@given(A_HASH, A_NUMBER, A_NUMBER, A_PROOF, A_HASH)
@settings(max_examples=400)
def test_whatever_comes_as_an_inclusion_proof(leaf, index, size, proof, root):
    """It shows inclusion, or is refused as a proof; no other error comes of it."""
    try:
        merkle.verify_inclusion(leaf, index, size, proof, root)
    except ProofError:
        return
    assert computed_root(leaf, index, size, list(proof)) == root


@given(A_NUMBER, A_NUMBER, A_HASH, A_HASH, A_PROOF)
@settings(max_examples=400)
def test_whatever_comes_as_a_consistency_proof(size1, size2, root1, root2, proof):
    """It shows consistency, or is refused as a proof; no other error comes of it."""
    try:
        merkle.verify_consistency(size1, size2, root1, root2, proof)
    except ProofError:
        return
    assert 0 < size1 <= size2 < 2**64
    assert size1 < size2 or (root1 == root2 and proof == [])


def computed_root(leaf, index, size, proof):
    """RFC 6962, section 2.1.1, read from the leaf up: the root that an inclusion proof leads to."""
    if size == 1:
        assert (index, proof) == (0, [])
        return leaf
    k = 1 << (size - 1).bit_length() - 1
    *rest, sibling = proof
    if index < k:
        return merkle.node_hash(computed_root(leaf, index, k, rest), sibling)
    return merkle.node_hash(sibling, computed_root(leaf, index - k, size - k, rest))


@given(st.data())
def test_a_true_proof_is_shown_by_the_recursive_definition_too(data):
    """The verifier and the definition agree on proofs that were made from trees."""
    size = data.draw(st.integers(1, 40))
    index = data.draw(st.integers(0, size - 1))
    leaves = [merkle.leaf_hash(bytes([number])) for number in range(size)]

    def path(index, part):
        if len(part) == 1:
            return []
        k = 1 << (len(part) - 1).bit_length() - 1
        if index < k:
            return [*path(index, part[:k]), split_root(part[k:])]
        return [*path(index - k, part[k:]), split_root(part[:k])]

    proof = path(index, leaves)
    merkle.verify_inclusion(leaves[index], index, size, proof, split_root(leaves))
    assert computed_root(leaves[index], index, size, proof) == split_root(leaves)
