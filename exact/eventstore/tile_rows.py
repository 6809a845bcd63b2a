"""The stored tiles, read to be doubted: as entries in the order of the leaves, compared with what they should be."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from django.db import transaction

from exact.eventstore.checkpoints import trusted
from exact.eventstore.driver import execute
from exact.eventstore.merkle import HASH_BYTES, HEIGHT, WIDTH, Tile, Tree
from exact.eventstore.notes import BadNote, PublicKey
from exact.eventstore.seals import Seal, cut, newest

TILES = 16
"""Rows of one read."""
MOST_BEYOND = 20
LAST = 2**63 - 1

EdgeRow = tuple[int, bytes, list[int]]
"""Number, hashes and positions of a partial tile."""


class Entry(NamedTuple):
    """What a tile says of one leaf; without hash or position where the tile is missing or too short."""

    leaf: int
    position: int | None
    hash: bytes


class Gap(NamedTuple):
    """Leaves whose tiles are missing; their facts come before the position `until`."""

    leaf: int
    leaves: int
    until: int


class Stored(NamedTuple):
    """What one moment saw of the seals: later ones do not disturb the reading of those before."""

    newest: Seal | None
    last_number: int
    size: int
    hashes: int
    edge: dict[int, EdgeRow]
    beyond: list[tuple[int, int]]


def stored(keys: Iterable[PublicKey]) -> Stored:
    """The seals as they are now. The size is what the newest one has signed, else what the tiles hold."""
    with transaction.atomic():
        execute("set transaction isolation level repeatable read")
        last = newest()
        edge = {level: (number, bytes(hashes), positions or []) for level, number, hashes, positions in execute(EDGE)}
        last_number, full = execute(COUNTS)[0]
        held = min(held_by(edge), WIDTH * (full + 1))
        size = _signed_size(last, list(keys)) or held
        return Stored(last, last_number, size, held, edge, execute(BEYOND, size, MOST_BEYOND))


EDGE = "select level, number, hashes, positions from es.seal_edge"
COUNTS = """select (select coalesce(max(number), 0) from es.seal),
    (select count(*) from es.seal_tile where level = 0)"""
BEYOND = "select level, number from es.seal_tile where number >= %s >> 8 * (level + 1) order by 1, 2 limit %s"


def held_by(edge: dict[int, EdgeRow]) -> int:
    """How many leaves there are by the partial tile."""
    number, hashes, _ = edge.get(0, (0, b"", []))
    return number * WIDTH + len(hashes) // HASH_BYTES


def _signed_size(seal: Seal | None, keys: list[PublicKey]) -> int:
    if seal is None:
        return 0
    try:
        return trusted(seal.checkpoint, keys).tree_size
    except BadNote:
        return 0


def bounds(found: Stored) -> tuple[int, int]:
    """Up to which position facts are sealed, as tile and seal say it; the two are equal unless one was changed."""
    says = found.newest.to_position if found.newest else 0
    at = found.size - 1
    for number, _, positions in _lowest(found, at // WIDTH - 1):
        if number == at // WIDTH and at % WIDTH < len(positions):
            return min(says, positions[at % WIDTH]), max(says, positions[at % WIDTH])
    return says, says


def entries(found: Stored) -> Iterator[Entry | Gap]:
    """What the tiles of level 0 say of each leaf, in order."""
    at = 0
    for number, hashes, positions in _lowest(found, -1):
        if number * WIDTH > at:
            yield Gap(at, number * WIDTH - at, positions[0] if positions else LAST)
        at = min(number * WIDTH + WIDTH, found.size)
        for index in range(number * WIDTH, at):
            place = index % WIDTH
            own = hashes[place * HASH_BYTES : (place + 1) * HASH_BYTES]
            position = positions[place] if place < len(positions) else None
            yield Entry(index, position, own if len(own) == HASH_BYTES else b"")
    if at < found.size:
        yield Gap(at, found.size - at, LAST)


def _lowest(found: Stored, after: int) -> Iterator[EdgeRow]:
    """Number, hashes and positions of each tile of level 0 that the size needs, the partial one last."""
    last = (found.size - 1) // WIDTH
    sql = """select number, hashes, positions from es.seal_tile
        where level = 0 and number > %s and number <= %s order by number limit %s"""
    while page := execute(sql, after, last, TILES):
        yield from ((number, bytes(hashes), positions or []) for number, hashes, positions in page)
        after = page[-1][0]
    number, hashes, positions = found.edge.get(0, (0, b"", []))
    if hashes and after < number <= last:
        yield number, hashes, positions


def changed(tiles: Iterable[Tile]) -> Iterator[str]:
    """A sentence for each full tile above the lowest level that is not stored as it should be."""
    for tile in tiles:
        rows = execute("select hashes from es.seal_tile where level = %s and number = %s", tile.level, tile.number)
        if not rows:
            yield f"Tile {tile.level}/{tile.number} was removed."
        elif cut(bytes(rows[0][0])) != list(tile.hashes):
            yield f"Tile {tile.level}/{tile.number} was changed: it is not what the tiles below it make."


def changed_edge(found: Stored, tree: Tree) -> Iterator[str]:
    """A sentence for each partial tile above the lowest level that is not stored as it should be."""
    wanted = {level: b"".join(hashes) for level, hashes in enumerate(tree.edge)}
    for level in sorted({*wanted, *found.edge} - {0}):
        number, hashes, positions = found.edge.get(level, (None, b"", []))
        right = wanted.get(level, b"")
        if (right and number != tree.size >> HEIGHT * (level + 1)) or hashes != right or positions:
            yield f"The partial tile of level {level} was changed: it is not what the tiles below it make."


def beyond(found: Stored) -> Iterator[str]:
    """A sentence for each tile for which the tree is too small."""
    for level, number in found.beyond:
        yield f"Tile {level}/{number} was added: the tree of {found.size} facts has no such full tile."
