"""The tree against the definition of RFC 9162 and against pymerkle; proofs hold, and nothing else passes for one."""

from functools import cache

import pymerkle
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exact.eventstore import merkle
from exact.eventstore.merkle import Tree, leaf_hash, node_hash

SIZES = [0, 1, 2, 3, 5, 7, 8, 255, 256, 257, 511, 600, 1023]
LEAVES = [leaf_hash(str(n).encode()) for n in range(1100)]


def defined(leaves):
    """The tree hash as RFC 9162 defines it, word for word."""
    if not leaves:
        return merkle.EMPTY_ROOT
    if len(leaves) == 1:
        return leaves[0]
    k = max(2**n for n in range(20) if 2**n < len(leaves))
    return node_hash(defined(leaves[:k]), defined(leaves[k:]))


@cache
def oracle():
    """Another program's tree over the same entries."""
    tree = pymerkle.InmemoryTree(algorithm="sha256")
    for n in range(len(LEAVES)):
        tree.append_entry(str(n).encode())
    return tree


def node_among(leaves):
    return lambda height, index: defined(leaves[index << height : (index + 1) << height])


NODE = node_among(LEAVES)


@pytest.mark.parametrize("size", SIZES)
def test_the_root_is_the_defined_one_and_the_oracles(size):
    tree = Tree()
    tree.extend(LEAVES[:size])
    assert tree.root() == defined(LEAVES[:size]) == merkle.root(NODE, size) == merkle.root_of(LEAVES[:size])
    assert tree.root() == oracle().get_root(size)


@settings(deadline=None)
@given(st.lists(st.integers(0, 700), max_size=8))
def test_a_tree_grows_alike_in_any_portions(portions):
    tree, tiles, end = Tree(), [], 0
    for portion in portions:
        part = LEAVES[end : end + portion]
        tiles += tree.extend(part)
        end += len(part)
        tree = tree.copy()
    assert tree.size == end
    assert tree.root() == defined(LEAVES[:end])
    full = [tile for tile in tiles if tile.level == 0]
    assert [tile.number for tile in full] == list(range(end // 256))
    lowest = [*(tile.hashes for tile in full), *tree.edge[:1]]
    assert [leaf for hashes in lowest for leaf in hashes] == LEAVES[:end]


def test_tiles_of_every_level_hold_the_roots_of_those_below():
    small = [leaf_hash(n.to_bytes(4, "big")) for n in range(2 * 65536 + 300)]
    tree = Tree()
    tiles = {(tile.level, tile.number): tile.hashes for tile in tree.extend(small)}
    assert sorted(tiles) == [(0, n) for n in range(513)] + [(1, 0), (1, 1)]
    for number in (0, 1):
        assert tiles[1, number] == tuple(merkle.root_of(tiles[0, 256 * number + n]) for n in range(256))
    assert tree.edge == [
        small[513 * 256 :],
        [merkle.root_of(tiles[0, 512])],
        [merkle.root_of(tiles[1, n]) for n in (0, 1)],
    ]


def test_nodes_are_found_in_tiles():
    tree = Tree()
    kept = {(tile.level, tile.number): tile.hashes for tile in tree.extend(LEAVES)}
    kept |= {(level, tree.size >> 8 * (level + 1)): hashes for level, hashes in enumerate(tree.edge)}
    node = merkle.node_of(lambda level, number: kept[level, number])
    for height in range(11):
        for index in range(len(LEAVES) >> height):
            assert node(height, index) == NODE(height, index)


@settings(deadline=None)
@given(st.data())
def test_inclusion_is_proved_as_the_oracle_proves_it(data):
    size = data.draw(st.integers(1, len(LEAVES)))
    index = data.draw(st.integers(0, size - 1))
    path = merkle.inclusion_path(NODE, index, size)
    theirs = oracle().prove_inclusion(index + 1, size)
    assert [LEAVES[index], *path] == theirs.path
    assert merkle.includes(LEAVES[index], index, size, path, defined(LEAVES[:size]))


@settings(deadline=None)
@given(st.data())
def test_consistency_is_proved(data):
    new = data.draw(st.integers(1, len(LEAVES)))
    old = data.draw(st.integers(1, new))
    path = merkle.consistency_path(NODE, old, new)
    roots = defined(LEAVES[:old]), defined(LEAVES[:new])
    assert merkle.continues(old, new, path, *roots)
    pymerkle.verify_consistency(*roots, oracle().prove_consistency(old, new), old, new)


CT_ENTRIES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
CT_ROOT = "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
CT_CONSISTENT = {
    (1, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}


def test_proofs_are_those_of_certificate_transparency():
    """The vectors of its reference implementation."""
    leaves = [leaf_hash(bytes.fromhex(entry)) for entry in CT_ENTRIES]
    node = node_among(leaves)
    assert merkle.root(node, 8).hex() == CT_ROOT
    for (old, new), path in CT_CONSISTENT.items():
        assert [step.hex() for step in merkle.consistency_path(node, old, new)] == path


@settings(deadline=None)
@given(st.data())
def test_no_changed_inclusion_proof_holds(data):
    size = data.draw(st.integers(1, 40))
    index = data.draw(st.integers(0, size - 1))
    path, root = merkle.inclusion_path(NODE, index, size), defined(LEAVES[:size])
    other = LEAVES[999]
    assert not merkle.includes(other, index, size, path, root)
    assert not merkle.includes(LEAVES[index], index, size, path, other)
    assert not merkle.includes(LEAVES[index], index, size, [*path, other], root)
    assert not merkle.includes(LEAVES[index], size, size, path, root)
    for wrong in set(range(size)) - {index}:
        assert not merkle.includes(LEAVES[index], wrong, size, path, root)
    for at in range(len(path)):
        assert not merkle.includes(LEAVES[index], index, size, [*path[:at], other, *path[at + 1 :]], root)
        assert not merkle.includes(LEAVES[index], index, size, path[:at] + path[at + 1 :], root)


@settings(deadline=None)
@given(st.data())
def test_no_changed_consistency_proof_holds(data):
    new = data.draw(st.integers(2, 40))
    old = data.draw(st.integers(1, new))
    path, roots, other = (
        merkle.consistency_path(NODE, old, new),
        (defined(LEAVES[:old]), defined(LEAVES[:new])),
        LEAVES[999],
    )
    assert not merkle.continues(old, new, path, other, roots[1])
    assert not merkle.continues(old, new, path, roots[0], other)
    assert not merkle.continues(old, new, [*path, other], *roots)
    assert not merkle.continues(0, new, path, *roots)
    for at in range(len(path)):
        assert not merkle.continues(old, new, [*path[:at], other, *path[at + 1 :]], *roots)
        assert not merkle.continues(old, new, path[:at] + path[at + 1 :], *roots)


def test_an_inner_node_is_no_leaf():
    left, right = LEAVES[:2]
    assert leaf_hash(left + right) != node_hash(left, right)


def test_a_path_is_short():
    assert len(merkle.inclusion_path(lambda *_: LEAVES[0], 123_456, 10_000_000)) == 24
