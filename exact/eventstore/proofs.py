"""Proofs out of the stored tiles: that a fact is in the log, and that a newer log begins with an older one."""

from functools import lru_cache

import msgspec

from exact.eventstore import merkle, seals
from exact.eventstore.merkle import Node
from exact.eventstore.seals import Seal

TILES = 64
"""Kept while one proof is made; its path needs two of each level."""


class Inclusion(msgspec.Struct, frozen=True, kw_only=True):
    """That a leaf is in the tree of a seal."""

    leaf_index: int
    leaf: bytes
    path: list[bytes]
    seal: Seal


def nodes() -> Node:
    """The nodes of the stored tree, each tile read once."""
    return merkle.node_of(lru_cache(TILES)(seals.tile))


def inclusion(position: int) -> Inclusion | None:
    """The proof for the fact at a position under the newest seal; None where it is not sealed."""
    newest, index = seals.newest(), seals.index_of(position)
    if newest is None or index is None or index >= newest.tree_size:
        return None
    node = nodes()
    path = merkle.inclusion_path(node, index, newest.tree_size)
    return Inclusion(leaf_index=index, leaf=node(0, index), path=path, seal=newest)


def consistency(old: int, new: int) -> list[bytes]:
    """The proof that the tree of `new` facts begins with that of `old`, 0 < old <= new <= the newest size."""
    return merkle.consistency_path(nodes(), old, new)


def root(size: int) -> bytes:
    """The root over the first `size` leaves, at most as many as the newest seal has."""
    return merkle.root(nodes(), size)
