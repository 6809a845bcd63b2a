"""Sealing the log: the next facts become leaves, their tree a signed head; read again as seals and tiles."""

import time
from bisect import bisect_left
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
import psycopg
from django.db import connection, transaction

from exact.domain.errors import Refusal
from exact.eventstore import seal_keys
from exact.eventstore.checkpoints import Checkpoint, trusted
from exact.eventstore.driver import driver, execute
from exact.eventstore.log import head
from exact.eventstore.merkle import HASH_BYTES, HEIGHT, WIDTH, Tile, Tree
from exact.eventstore.notes import BadNote, SecretKey

BATCH = 4096
"""Most facts under one seal."""
LEASE = 4243
"""The advisory lock of whoever seals; it ends with the transaction, and so with the connection."""


class DamagedSeals(Refusal):
    """What is stored of the tree is not what was signed: nothing is signed on top of it."""

    code = "damaged_seals"


class Seal(msgspec.Struct, frozen=True, kw_only=True):
    """A signed head as it is stored; `checkpoint` is what counts."""

    tree_size: int
    number: int
    to_position: int
    root: bytes
    sealed_at: datetime
    key_id: str
    checkpoint: str


COLUMNS = ", ".join(Seal.__struct_fields__)


def seal(limit: int = BATCH) -> Seal | None:
    """Seal the next facts, at most `limit`, in one transaction; None where there are none or another sealer is at it.

    Raises DamagedSeals, NoSealKey.
    """
    with transaction.atomic():
        if not execute("select pg_try_advisory_xact_lock(%s)", LEASE)[0][0]:
            return None
        before = newest()
        tree, positions = stored_tree(before)
        leaves, added = next_leaves(before.to_position if before else 0, limit)
        if not leaves:
            return None
        keep_tiles(tree.extend(leaves), positions + added)
        keep_edge(tree, positions + added)
        return keep_seal(tree, added[-1], before, signing_key(before))


def signing_key(before: Seal | None) -> SecretKey:
    """The key of this log: made for the first seal, never silently replaced after it."""
    key = seal_keys.current_key() if before else seal_keys.made_key()
    if before and not before.checkpoint.startswith(f"{key.name}\n"):
        raise seal_keys.NoSealKey(f"{seal_keys.secret_file()} is the key of another log ({key.name}).")
    return key


def stored_tree(before: Seal | None) -> tuple[Tree, list[int]]:
    """The tree by its stored edge, and the positions of its partial tile; refused where it is not what was signed."""
    size = before.tree_size if before else 0
    edge: list[list[bytes]] = []
    positions: list[int] = []
    sql = "select level, number, hashes, positions from es.seal_edge order by level"
    for level, number, hashes, found in execute(sql):
        if level != len(edge) or number != size >> HEIGHT * (level + 1):
            raise DamagedSeals(f"The edge of the tree is not that of {size} facts; `manage.py verify_log` says more.")
        edge.append(cut(bytes(hashes)))
        positions += found or []
    tree = Tree(size, edge)
    if before:
        refuse_unsigned(before, tree.root())
    elif any(edge):
        raise DamagedSeals("There are hashes but no seals; `manage.py verify_log` says more.")
    return tree, positions


def refuse_unsigned(before: Seal, root: bytes) -> None:
    """The newest seal must be signed by a key of ours, and say what the edge says."""
    try:
        found = trusted(before.checkpoint, seal_keys.public_keys())
    except BadNote as error:
        raise DamagedSeals(f"The newest seal cannot be trusted: {error.sentence}") from error
    if (found.tree_size, found.number, found.root) != (before.tree_size, before.number, root):
        raise DamagedSeals("The newest seal is not that of the tree; `manage.py verify_log` says more.")


def next_leaves(after: int, limit: int) -> tuple[list[bytes], list[int]]:
    """Leaves and positions of the next facts; the database hashes, so that no payload has to travel."""
    sql = """select string_agg(leaf, null order by position), array_agg(position order by position) from (
        select position, es.leaf(position, stream_id, version, type, schema_v, scope_id, command_id, data) as leaf
        from es.event where position > %s order by position limit %s) as leaves"""
    with connection.wrap_database_errors, psycopg.Cursor(driver()) as cursor:
        row = cursor.execute(sql, (after, limit), binary=True).fetchone()
    return (cut(row[0]), row[1]) if row and row[1] else ([], [])


def keep_tiles(full: Sequence[Tile], positions: Sequence[int]) -> None:
    """Store the tiles that became full; `positions` begins with the first fact of the first of them."""
    rows, first = [], 0
    for tile in full:
        own = list(positions[first : first + WIDTH]) if tile.level == 0 else None
        first += WIDTH if own else 0
        rows.append((tile.level, tile.number, b"".join(tile.hashes), own))
    if rows:
        with connection.wrap_database_errors, psycopg.Cursor(driver()) as cursor:
            cursor.executemany("insert into es.seal_tile values (%s, %s, %s, %s)", rows)


def keep_edge(tree: Tree, positions: Sequence[int]) -> None:
    """Store the partial tile of each level."""
    sql = """insert into es.seal_edge values (%s, %s, %s, %s) on conflict (level)
        do update set number = excluded.number, hashes = excluded.hashes, positions = excluded.positions"""
    for level, hashes in enumerate(tree.edge):
        own = list(positions[len(positions) - len(hashes) :]) if level == 0 else None
        execute(sql, level, tree.size >> HEIGHT * (level + 1), b"".join(hashes), own)


def keep_seal(tree: Tree, position: int, before: Seal | None, key: SecretKey) -> Seal:
    """Sign the head and store it."""
    said = Checkpoint(
        origin=key.name,
        tree_size=tree.size,
        root=tree.root(),
        number=(before.number if before else 0) + 1,
        sealed_at=datetime.now(UTC),
    )
    made = Seal(
        tree_size=said.tree_size,
        number=said.number,
        to_position=position,
        root=said.root,
        sealed_at=said.sealed_at,
        key_id=key.public.id,
        checkpoint=said.signed(key),
    )
    values = [getattr(made, name) for name in Seal.__struct_fields__]
    execute(f"insert into es.seal ({COLUMNS}) values ({', '.join(['%s'] * len(values))})", *values)  # noqa: S608
    return made


def cut(hashes: bytes) -> list[bytes]:
    """Hashes that were stored one behind the other."""
    return [hashes[at : at + HASH_BYTES] for at in range(0, len(hashes), HASH_BYTES)]


# --- reading ----------------------------------------------------------------------------------------------------------


def newest() -> Seal | None:
    """The newest seal; None before the first."""
    found = _seals("true order by tree_size desc limit 1")
    return found[0] if found else None


def numbered(first: int, last: int) -> list[Seal]:
    """The seals with these numbers, the lowest first."""
    return _seals("number between %s and %s order by number", first, last)


def following(number: int, limit: int) -> list[Seal]:
    """The seals after that number, the lowest first."""
    return _seals("number > %s order by number limit %s", number, limit)


def of_size(tree_size: int) -> Seal | None:
    """The seal over exactly so many facts."""
    found = _seals("tree_size = %s", tree_size)
    return found[0] if found else None


def lag() -> int:
    """How many positions the newest seal is behind the log."""
    last = newest()
    return max(head() - (last.to_position if last else 0), 0)


def wait_for_seal(position: int, timeout_s: float = 2.0, sleep: Callable[[float], Any] = time.sleep) -> bool:
    """Wait until the fact at that position is sealed; False when it was not in time."""
    deadline = time.monotonic() + timeout_s
    while (found := newest()) is None or found.to_position < position:
        if time.monotonic() > deadline:
            return False
        sleep(0.05)
    return True


def tile(level: int, number: int) -> list[bytes]:
    """The hashes of a tile, full or partial; none where it is not there."""
    sql = """select hashes from es.seal_tile where level = %s and number = %s
        union all select hashes from es.seal_edge where level = %s and number = %s"""
    found = execute(sql, level, number, level, number)
    return cut(bytes(found[0][0])) if found else []


def index_of(position: int) -> int | None:
    """Which leaf (from 0) the fact at a position is; None where none is sealed there."""
    sql = """select number, positions from (
        (select number, positions from es.seal_tile where level = 0 and positions[1] <= %s
         order by positions[1] desc limit 1)
        union all select number, positions from es.seal_edge where level = 0 and positions[1] <= %s) as tiles
        order by number desc limit 1"""
    for number, positions in execute(sql, position, position):
        at = bisect_left(positions, position)
        if at < len(positions) and positions[at] == position:
            return int(number * WIDTH + at)
    return None


def _seals(condition: str, *params: Any) -> list[Seal]:  # Any: what the driver adapts
    rows = execute(f"select {COLUMNS} from es.seal where {condition}", *params)  # noqa: S608
    fields = Seal.__struct_fields__
    return [Seal(**dict(zip(fields, row, strict=True)) | {"root": bytes(row[3])}) for row in rows]
