"""Withholds small counts in a tree of sums, and enough others that no sum tells them.

A published sum and its published parts tell the one part that is withheld, and narrow down a few. In a tree every
withheld leaf belongs to exactly one published sum, the nearest above it, so each such sum can be judged alone: its
withheld leaves are so many, they add up to so much, and nothing else is known of them but that none is 0. Leaves are
added, smallest first, until each of them could be anything from 1 to the threshold; where a sum runs out of leaves, it
is withheld itself and its leaves belong to the next sum above.

The rule is the usual one of primary and complementary suppression in hierarchical tables (Hundepool et al., Statistical
Disclosure Control, 2012, chapter 4), with the interval that an intruder can compute kept at least as wide as the
threshold. It is made for trees; tables that cross (sex by age, both with totals) need a solver.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field


@dataclass(eq=False, slots=True)
class Count:
    """A node of the tree: a leaf's count, or the sum of its parts.

    Attributes
    ----------
    key
        What it counts.
    value
        Of a leaf; a node with parts is their sum.
    parts
        What it is the sum of.
    known
        Whether readers learn it elsewhere, so that it cannot be withheld.
    published
        Whether it would be told at all; what is not only joins its parts to the sum above.
    """

    key: Hashable
    value: int = 0
    parts: list["Count"] = field(default_factory=list)
    known: bool = False
    published: bool = True

    @property
    def total(self) -> int:
        """The count itself, or the sum of its parts."""
        return sum(part.total for part in self.parts) if self.parts else self.value


@dataclass(eq=False, slots=True)
class _Node:
    count: Count
    total: int
    up: "_Node | None"
    parts: list["_Node"]
    withheld: bool = False


def withheld(root: Count, threshold: int) -> set[Hashable]:
    """Return the keys of the counts to withhold.

    Parameters
    ----------
    root
        The tree. Counts are not below 0; zeros are published, for nobody is in them.
    threshold
        Counts from 1 to `threshold - 1` are withheld.

    Raises
    ------
    ValueError
        A negative count.
    """
    nodes: list[_Node] = []
    _grow(root, None, nodes)
    for node in nodes:
        node.withheld = not node.count.published or (0 < node.total < threshold and not node.count.known)
    changed = True
    while changed:
        # Deepest first: a sum that has to go makes work for the one above it.
        changed = sum(_mend(node, threshold) for node in reversed(nodes)) > 0
    return {node.count.key for node in nodes if node.withheld and node.count.published}


def _mend(node: _Node, threshold: int) -> bool:
    """Withhold one count more where `node` tells too much; False where there is nothing to do, or nothing left."""
    if not node.parts:
        return False
    if node.withheld:
        # Parts that are all published add up to it: one of them has to go too.
        if not node.count.published or any(part.withheld for part in node.parts):
            return False
        return _withhold_smallest([part for part in node.parts if part.total])
    if not _tells(node, threshold):
        return False
    if _withhold_smallest(_candidates(node)):
        return True
    node.withheld = not node.count.known
    return node.withheld


def _grow(count: Count, up: _Node | None, nodes: list[_Node]) -> _Node:
    node = _Node(count, count.value, up, [])
    nodes.append(node)
    if count.parts:
        node.parts = [_grow(part, node, nodes) for part in count.parts]
        node.total = sum(part.total for part in node.parts)
    if node.total < 0 or (not count.parts and count.value < 0):
        raise ValueError(f"{count.key}: a count below 0")
    return node


def _tells(node: _Node, threshold: int) -> bool:
    """Whether the published sum `node` tells too much of the withheld leaves whose nearest published sum it is."""
    leaves = []
    open_nodes = list(node.parts)
    while open_nodes:
        part = open_nodes.pop()
        if part.withheld and part.parts:
            open_nodes.extend(part.parts)
        elif part.withheld:
            leaves.append(part)
    if not leaves:
        return False
    total, number = sum(leaf.total for leaf in leaves), len(leaves)
    if number < 2 or total - number + 1 < threshold:
        return True
    # Who guesses that all of them are small must be left in doubt as well.
    return all(leaf.total < threshold for leaf in leaves) and total >= number * (threshold - 1)


def _candidates(node: _Node) -> list[_Node]:
    """Return the published counts above 0 whose nearest published sum is `node`."""
    found, open_nodes = [], list(node.parts)
    while open_nodes:
        part = open_nodes.pop()
        if part.withheld:
            open_nodes.extend(part.parts)
        elif part.total:
            found.append(part)
    return found


def _withhold_smallest(candidates: Sequence[_Node]) -> bool:
    """Withhold the smallest count; False where there is none.

    Counts alike go together: which of them was taken would otherwise tell those who know the method.
    """
    if not candidates:
        return False
    smallest = min(node.total for node in candidates)
    for node in candidates:
        node.withheld = node.total == smallest
    return True
