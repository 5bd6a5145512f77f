"""Merkle tree hashing and proofs of RFC 6962, section 2.1, verified as RFC 9162, section 2.1.3 and 2.1.4 describe."""

from collections.abc import Iterable, Sequence
from hashlib import sha256

HASH_SIZE = 32
MAX_SIZE = 2**64 - 1  # tree sizes are uint64 in c2sp.org/tlog-cosignature

_LEAF = b"\x00"
_NODE = b"\x01"

EMPTY_ROOT = sha256().digest()


class ProofError(ValueError):
    """A proof that does not show what it claims, or that is not a proof at all."""


def leaf_hash(data: bytes) -> bytes:
    """Return the 32-byte hash of an entry as a leaf."""
    return sha256(_LEAF + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the 32-byte hash of the node above two subtrees."""
    return sha256(_NODE + left + right).digest()


def root(hashes: Iterable[bytes]) -> bytes:
    """Return the root over `hashes`, each a leaf hash or the root of one of equally large, complete subtrees.

    Pairing neighbours level by level and carrying an odd last one up gives the same tree as RFC 6962's recursive split.
    """
    level = b"".join(hashes)
    if not level:
        return EMPTY_ROOT
    while len(level) > HASH_SIZE:
        paired = len(level) // (2 * HASH_SIZE) * (2 * HASH_SIZE)
        nodes = [sha256(_NODE + level[i : i + 2 * HASH_SIZE]).digest() for i in range(0, paired, 2 * HASH_SIZE)]
        nodes.append(level[paired:])
        level = b"".join(nodes)
    return level


def verify_inclusion(leaf_hash: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Return if `proof` shows that `leaf_hash` is leaf `index` (from 0) of the tree of `size` leaves under `root`.

    Raises
    ------
    ProofError
        If it does not. Source: RFC 9162, section 2.1.3.2.
    """
    proof = _check_proof(proof)
    _check_sizes(index, size)
    if index >= size:
        raise ProofError(f"inclusion proof: there is no leaf {index} in a tree of {size} leaves")
    _check_hashes([leaf_hash, root, *proof])
    position, last, computed = index, size - 1, leaf_hash
    for sibling in proof:
        if last == 0:
            raise ProofError(f"inclusion proof of leaf {index}: {len(proof)} hashes are too many for size {size}")
        if position & 1 or position == last:
            computed = node_hash(sibling, computed)
            while not position & 1 and position:
                position >>= 1
                last >>= 1
        else:
            computed = node_hash(computed, sibling)
        position >>= 1
        last >>= 1
    if last:
        raise ProofError(f"inclusion proof of leaf {index}: {len(proof)} hashes are too few for size {size}")
    if computed != root:
        raise ProofError(
            f"inclusion proof of leaf {index} in {size}: it leads to root {computed.hex()}, not to {root.hex()}"
        )


def verify_consistency(size1: int, size2: int, root1: bytes, root2: bytes, proof: Sequence[bytes]) -> None:
    """Return if `proof` shows that the tree of `size1` leaves under `root1` is a prefix of `size2` under `root2`.

    Raises
    ------
    ProofError
        If it does not; also for `size1` 0, of which nothing can be proved. Source: RFC 9162, section 2.1.4.2.
    """
    proof = _check_proof(proof)
    _check_sizes(size1, size2)
    if size1 == 0:
        raise ProofError(
            "consistency proof: every tree extends the empty one, so there is nothing to prove from size 0"
        )
    if size1 > size2:
        raise ProofError(f"consistency proof: the older size {size1} is larger than the newer size {size2}")
    _check_hashes([root1, root2, *proof])
    if size1 == size2:
        if proof:
            raise ProofError(f"consistency proof: {len(proof)} hashes between two trees of the same size {size1}")
        if root1 != root2:
            raise ProofError(f"two trees of the same size {size1} have roots {root1.hex()} and {root2.hex()}")
        return

    # A complete older tree is itself a node of the newer one, so the proof leaves it out.
    complete = size1 & (size1 - 1) == 0
    path = [root1, *proof] if complete else list(proof)
    if not path or (complete and not proof):
        raise ProofError(f"consistency proof from {size1} to {size2}: it is empty")
    position, last = size1 - 1, size2 - 1
    while position & 1:
        position >>= 1
        last >>= 1
    older = newer = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise ProofError(f"consistency proof from {size1} to {size2}: {len(proof)} hashes are too many")
        if position & 1 or position == last:
            older = node_hash(sibling, older)
            newer = node_hash(sibling, newer)
            while not position & 1 and position:
                position >>= 1
                last >>= 1
        else:
            newer = node_hash(newer, sibling)
        position >>= 1
        last >>= 1
    if last:
        raise ProofError(f"consistency proof from {size1} to {size2}: {len(proof)} hashes are too few")
    if older != root1:
        raise ProofError(f"consistency proof: size {size1} has root {older.hex()} by it, not {root1.hex()}")
    if newer != root2:
        raise ProofError(f"consistency proof: size {size2} has root {newer.hex()} by it, not {root2.hex()}")


def _check_proof(proof: Sequence[bytes]) -> Sequence[bytes]:
    if not isinstance(proof, list | tuple):
        raise ProofError(f"proof: a list of hashes is wanted, not {type(proof).__name__}")
    return proof


def _check_sizes(smaller: int, larger: int) -> None:
    for number in (smaller, larger):
        if type(number) is not int:
            raise ProofError(f"proof: an index or a size is a whole number, not {type(number).__name__}")
        if not 0 <= number <= MAX_SIZE:
            told = f"{number}" if number.bit_length() < 256 else f"a number of {number.bit_length()} bits"
            raise ProofError(f"proof: {told} is neither an index nor a size; they run from 0 to {MAX_SIZE}")


def _check_hashes(hashes: Iterable[bytes]) -> None:
    for value in hashes:
        if not isinstance(value, bytes):
            raise ProofError(f"proof: a hash is bytes, not {type(value).__name__}")
        if len(value) != HASH_SIZE:
            raise ProofError(f"proof: a hash has {len(value)} bytes; SHA-256 has {HASH_SIZE}")
