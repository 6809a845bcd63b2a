"""The tree of RFC 9162 (Certificate Transparency 2): roots, tiles of 256 hashes, and proofs made of them and checked.

Pure arithmetic. A node of the tree is named by (height, index): it is the root over the 2**height leaves from
index * 2**height on. Tiles are those of C2SP's tlog-tiles: tile (level, number) holds the 256 nodes of height
8 * level from 256 * number on, so that a path through a tree of any size needs one tile for each level.
"""

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import NamedTuple

WIDTH = 256
"""Hashes of a full tile."""
HEIGHT = 8
"""Levels of the tree from one level of tiles to the next."""
HASH_BYTES = 32
EMPTY_ROOT = sha256().digest()

Node = Callable[[int, int], bytes]
"""The hash of a node, by height and index; only asked for nodes whose leaves are all there."""
ReadTile = Callable[[int, int], Sequence[bytes]]
"""The hashes of a tile, by level and number; as many as there are."""


def leaf_hash(entry: bytes) -> bytes:
    """Of a leaf: its bytes behind a zero, so that no inner node can be passed off as a leaf."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Of an inner node."""
    return sha256(b"\x01" + left + right).digest()


def split_of(size: int) -> int:
    """How many of `size` (two or more) leaves lie below the left child: the largest power of two that is less."""
    return int(1 << (size - 1).bit_length() - 1)


def is_whole(size: int) -> bool:
    """Whether that many leaves make one complete subtree."""
    return size & (size - 1) == 0


def root_of(hashes: Sequence[bytes]) -> bytes:
    """The root over neighbouring nodes of one height; the empty root for none."""
    return joined(peaks_of(hashes)) if hashes else EMPTY_ROOT


def peaks_of(hashes: Sequence[bytes]) -> list[bytes]:
    """The roots of the complete subtrees over neighbouring nodes, the largest (leftmost) first."""
    lone: list[bytes] = []
    level = hashes
    while level:
        if len(level) % 2:
            lone.append(level[-1])
        level = [node_hash(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
    return lone[::-1]


def joined(peaks: Sequence[bytes]) -> bytes:
    """The root over complete subtrees that become smaller from left to right."""
    root = peaks[-1]
    for peak in reversed(peaks[:-1]):
        root = node_hash(peak, root)
    return root


class Tile(NamedTuple):
    """A full one."""

    level: int
    number: int
    hashes: tuple[bytes, ...]


class Tree:
    """A tree that grows at its right edge. It holds the last, partial tile of each level and gives full ones away."""

    def __init__(self, size: int = 0, edge: Sequence[Sequence[bytes]] = ()) -> None:
        self.size = size
        self.edge = [list(hashes) for hashes in edge]

    def copy(self) -> "Tree":
        """One that grows on its own."""
        return Tree(self.size, self.edge)

    def extend(self, leaves: Sequence[bytes]) -> list[Tile]:
        """Add leaf hashes; answers the tiles that became full, the lower before the higher."""
        full: list[Tile] = []
        at = 0
        while at < len(leaves):
            room = WIDTH - self.size % WIDTH
            part = leaves[at : at + room]
            self._level(0).extend(part)
            self.size += len(part)
            at += len(part)
            if self.size % WIDTH == 0:
                full += self._carry()
        return full

    def _level(self, level: int) -> list[bytes]:
        if level == len(self.edge):
            self.edge.append([])
        return self.edge[level]

    def _carry(self) -> list[Tile]:
        """Full tiles leave the edge; the root of each goes into the tile above."""
        full, level, leaves = [], 0, self.size // WIDTH
        while len(self.edge[level]) == WIDTH:
            full.append(Tile(level, leaves - 1, tuple(self.edge[level])))
            self.edge[level] = []
            level, leaves = level + 1, leaves // WIDTH
            self._level(level).append(root_of(full[-1].hashes))
        return full

    def root(self) -> bytes:
        """Of the whole tree."""
        peaks = [peak for hashes in reversed(self.edge) for peak in peaks_of(hashes)]
        return joined(peaks) if peaks else EMPTY_ROOT


def node_of(read: ReadTile) -> Node:
    """Nodes made of tiles: one tile each, at most 127 hashes of arithmetic. LookupError where a tile is missing."""

    def node(height: int, index: int) -> bytes:
        level, above = divmod(height, HEIGHT)
        number, at = divmod(index << above, WIDTH)
        hashes = read(level, number)[at : at + (1 << above)]
        if len(hashes) < 1 << above:
            raise LookupError(f"Tile {level}/{number} has no {1 << above} hashes from {at} on.")
        return root_of(hashes)

    return node


def range_root(node: Node, start: int, size: int) -> bytes:
    """The root over `size` leaves from `start` on, which must be where a subtree of that size may begin."""
    if is_whole(size):
        height = size.bit_length() - 1
        return node(height, start >> height)
    left = split_of(size)
    return node_hash(range_root(node, start, left), range_root(node, start + left, size - left))


def root(node: Node, size: int) -> bytes:
    """The root over the first `size` leaves."""
    return range_root(node, 0, size) if size else EMPTY_ROOT


def inclusion_path(node: Node, index: int, size: int) -> list[bytes]:
    """The proof that leaf `index` (from 0) is in the tree of `size` leaves: RFC 9162, 2.1.3.1."""
    start, path = 0, []
    while size > 1:
        left = split_of(size)
        if index - start < left:
            path.append(range_root(node, start + left, size - left))
            size = left
        else:
            path.append(range_root(node, start, left))
            start, size = start + left, size - left
    return path[::-1]


def consistency_path(node: Node, old: int, new: int) -> list[bytes]:
    """The proof that the first `old` leaves are the same in the tree of `new` (0 < old <= new): RFC 9162, 2.1.4.1."""
    start, size, path, known = 0, new, [], True
    while old - start < size:
        left = split_of(size)
        if old - start <= left:
            path.append(range_root(node, start + left, size - left))
            size = left
        else:
            path.append(range_root(node, start, left))
            start, size, known = start + left, size - left, False
    if not known:
        path.append(range_root(node, start, size))
    return path[::-1]


def includes(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether the path proves that the leaf is number `index` in the tree with that root: RFC 9162, 2.1.3.2."""
    if not 0 <= index < size:
        return False
    fn, sn, found = index, size - 1, leaf
    for step in path:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            found = node_hash(step, found)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            found = node_hash(found, step)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and found == root


def continues(old: int, new: int, path: Sequence[bytes], old_root: bytes, new_root: bytes) -> bool:
    """Whether the path proves that the new tree begins with the old one: RFC 9162, 2.1.4.2."""
    if not 0 < old <= new:
        return False
    if old == new:
        return not path and old_root == new_root
    steps = [old_root, *path] if is_whole(old) else list(path)
    if not steps:
        return False
    fn, sn = old - 1, new - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    first = second = steps[0]
    for step in steps[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            first, second = node_hash(step, first), node_hash(step, second)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            second = node_hash(second, step)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and first == old_root and second == new_root
