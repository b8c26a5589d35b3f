"""The Merkle tree of RFC 6962 (section 2.1), without Django: extend it, prove inclusion and consistency, check proofs.

A node is named by its level (0 is a leaf) and its index in that level; only complete subtrees have a name. Of those,
every eighth level is kept in the database: any other one is computed from at most 256 kept hashes.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

#: Levels between kept nodes; a tile holds 2**TILE_LEVELS hashes (as in C2SP tlog-tiles).
TILE_LEVELS = 8
TILE_WIDTH = 1 << TILE_LEVELS
EMPTY_ROOT = hashlib.sha256(b"").digest()
#: (level, index) -> hash of a complete subtree.
Nodes = Callable[[int, int], bytes]


class BadProof(ValueError):
    """A proof does not lead to the root it claims."""


def hash_leaf(content: bytes) -> bytes:
    """Return SHA-256 of 0x00 and the leaf."""
    return hashlib.sha256(b"\x00" + content).digest()


def hash_children(left: bytes, right: bytes) -> bytes:
    """Return SHA-256 of 0x01 and both children."""
    return hashlib.sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True)
class Node:
    """A complete subtree: it covers leaves index * 2**level up to (index + 1) * 2**level."""

    level: int
    index: int
    hash: bytes


@dataclass
class Frontier:
    """The complete subtrees at the right edge, which is all that is needed to go on and to tell the root."""

    size: int = 0
    edge: list[tuple[int, bytes]] = field(default_factory=list)

    @classmethod
    def of(cls, size: int, nodes: Nodes) -> "Frontier":
        """Return the frontier of a tree of ``size`` leaves whose nodes are kept elsewhere."""
        return cls(size, [(node, nodes(node, start >> node)) for start, node in _complete(0, size)])

    def add(self, leaf: bytes) -> list[Node]:
        """Append a leaf hash and return the nodes of kept levels that it completes."""
        level, value, completed = 0, leaf, []
        while self.edge and self.edge[-1][0] == level:
            value = hash_children(self.edge.pop()[1], value)
            level += 1
            if level % TILE_LEVELS == 0:
                completed.append(Node(level, self.size >> level, value))
        self.edge.append((level, value))
        self.size += 1
        return completed

    def root(self) -> bytes:
        """Return the head of the tree."""
        if not self.edge:
            return EMPTY_ROOT
        value = self.edge[-1][1]
        for _, left in reversed(self.edge[:-1]):
            value = hash_children(left, value)
        return value


def _complete(start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield (first leaf, level) of the complete subtrees that cover [start, end), widest first; start is aligned."""
    while start < end:
        level = (end - start).bit_length() - 1
        yield start, level
        start += 1 << level


def range_hash(start: int, end: int, nodes: Nodes) -> bytes:
    """Return the hash of the leaves [start, end), a subtree of the tree as section 2.1 splits it."""
    parts = [nodes(level, first >> level) for first, level in _complete(start, end)]
    value = parts.pop()
    while parts:
        value = hash_children(parts.pop(), value)
    return value


def _split(width: int) -> int:
    """Return the largest power of two smaller than ``width``."""
    return 1 << ((width - 1).bit_length() - 1)


def inclusion_path(index: int, size: int, nodes: Nodes) -> list[bytes]:
    """Return PATH(index, D[size]), nearest sibling first (section 2.1.1); raises ValueError outside the tree."""
    if not 0 <= index < size:
        raise ValueError(f"A tree of {size} leaves has no leaf {index}.")
    path, start, end = [], 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(range_hash(middle, end, nodes))
            end = middle
        else:
            path.append(range_hash(start, middle, nodes))
            start = middle
    return path[::-1]


def consistency_path(old: int, new: int, nodes: Nodes) -> list[bytes]:
    """Return PROOF(old, D[new]) (section 2.1.2): empty for equal sizes and for the empty tree."""
    if not 0 <= old <= new:
        raise ValueError(f"A tree of {new} leaves did not grow out of one of {old}.")
    if old in {0, new}:
        return []
    path, start, end, whole = [], 0, new, True
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            path.append(range_hash(middle, end, nodes))
            end = middle
        else:
            path.append(range_hash(start, middle, nodes))
            start, whole = middle, False
    if not whole:
        path.append(range_hash(start, end, nodes))
    return path[::-1]


def check_inclusion(leaf: bytes, index: int, size: int, path: list[bytes], root: bytes) -> None:
    """Raise BadProof unless ``leaf`` is leaf ``index`` of the tree with ``root`` (RFC 9162, section 2.1.3.2)."""
    if not 0 <= index < size:
        raise BadProof(f"A tree of {size} leaves has no leaf {index}.")
    node, last, value = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            raise BadProof("The path is too long.")
        if node & 1 or node == last:
            value = hash_children(sibling, value)
            while node and not node & 1:
                node, last = node >> 1, last >> 1
        else:
            value = hash_children(value, sibling)
        node, last = node >> 1, last >> 1
    if last or value != root:
        raise BadProof("The path does not lead to the root.")


def check_consistency(old: int, new: int, old_root: bytes, new_root: bytes, path: list[bytes]) -> None:
    """Raise BadProof unless the newer tree grew out of the older one (RFC 9162, section 2.1.4.2)."""
    if old in {0, new}:
        expected = EMPTY_ROOT if old == 0 else new_root
        if path or old_root != expected:
            raise BadProof("The empty and the same tree need no proof, and equal roots.")
        return
    if not 0 < old < new or not path:
        raise BadProof("The proof is empty, or the tree shrank.")
    steps = [old_root, *path] if old & (old - 1) == 0 else list(path)
    if _climb(old, new, steps) != (old_root, new_root):
        raise BadProof("The proof does not lead to both roots.")


def _climb(old: int, new: int, steps: list[bytes]) -> tuple[bytes, bytes] | None:
    """Return both roots that the steps lead to; None when their number is wrong."""
    node, last = old - 1, new - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    first = second = steps[0]
    for step in steps[1:]:
        if last == 0:
            return None
        if node & 1 or node == last:
            first, second = hash_children(step, first), hash_children(step, second)
            while node and not node & 1:
                node, last = node >> 1, last >> 1
        else:
            second = hash_children(second, step)
        node, last = node >> 1, last >> 1
    return (first, second) if last == 0 else None
