"""Withholds small counts in a tree of sums, and enough others that no sum tells them.

A published sum and its published parts tell the one part that is withheld, and narrow down a few. So everything below a
sum that is withheld is withheld with it, zeros too, and each published sum can be judged alone: so many of its parts
are withheld, they add up to so much, and nothing else is known of them but that none is 0. Parts are added, smallest
first, until each could be anything from 1 to the threshold, and a guess that all are small leaves a doubt too; where a
sum runs out of parts, it is withheld itself.

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
    parts: list["_Node"]
    withheld: bool = False

    @property
    def is_transparent(self) -> bool:
        """Whether it is a sum that nobody is told, nor knows."""
        return bool(self.parts) and not self.count.published and not self.count.known


def withheld(root: Count, threshold: int) -> set[Hashable]:
    """Return the keys of the counts to withhold.

    Parameters
    ----------
    root
        The tree. Counts are not below 0; zeros below a published sum are published, for nobody is in them.
    threshold
        Counts from 1 to `threshold - 1` are withheld.

    Raises
    ------
    ValueError
        A negative count.
    """
    nodes: list[_Node] = []
    _grow(root, nodes)
    for node in nodes:
        node.withheld = 0 < node.total < threshold and not node.count.known and not node.is_transparent
    changed = True
    while changed:
        # Deepest first: a sum that has to go makes work for the one above it.
        changed = sum(_mend(node, threshold) for node in reversed(nodes)) > 0
    # From the top: what is below a sum that is withheld goes with it.
    for node in nodes:
        for part in node.parts:
            part.withheld |= node.withheld
    return {node.count.key for node in nodes if node.withheld and node.count.published}


def _grow(count: Count, nodes: list[_Node]) -> _Node:
    node = _Node(count, count.value, [])
    nodes.append(node)
    if count.parts:
        node.parts = [_grow(part, nodes) for part in count.parts]
        node.total = sum(part.total for part in node.parts)
    elif count.value < 0:
        raise ValueError(f"{count.key}: a count below 0")
    return node


def _mend(node: _Node, threshold: int) -> bool:
    """Withhold more where the published sum `node` tells too much; False where there is nothing to do, or nothing left.

    The smallest part goes first. Parts alike go together: which of them was taken would tell those who know the method.
    """
    if node.withheld or node.is_transparent:
        return False
    parts = _open_parts(node)
    if not _tells([part.total for part in parts if part.withheld], threshold):
        return False
    left = [part for part in parts if part.total and not part.withheld]
    if not left:
        node.withheld = not node.count.known
        return node.withheld
    smallest = min(part.total for part in left)
    for part in left:
        part.withheld = part.total == smallest
    return True


def _open_parts(node: _Node) -> list[_Node]:
    """Return what the sum is the sum of, through sums that are not published."""
    parts = []
    for part in node.parts:
        parts.extend(_open_parts(part) if part.is_transparent else [part])
    return parts


def _tells(parts: Sequence[int], threshold: int) -> bool:
    """Whether the sum of the withheld parts, which a published sum less its published parts gives, tells too much."""
    if not parts:
        return False
    total, number = sum(parts), len(parts)
    if number < 2 or total - number + 1 < threshold:
        return True
    # Who guesses that all of them are small must be left in doubt as well.
    return max(parts) < threshold and total >= number * (threshold - 1)
