"""Running the asynchronous read models: a batch, its read model and its position in one transaction, under a lease."""

from collections.abc import Sequence
from uuid import UUID

import msgspec
from django.db import transaction

from exact.eventstore.driver import execute
from exact.eventstore.log import Recorded, read
from exact.projections.follow import Projection

BATCH = 5000


class Lease(msgspec.Struct, frozen=True, kw_only=True):
    """The right to move one generation, until the transaction ends."""

    name: str
    generation: int
    position: int
    parked: frozenset[UUID] = frozenset()
    """Streams of which a fact is parked: what follows is parked behind it."""


def advance(projection: Projection, limit: int = BATCH, upto: int | None = None) -> int:
    """Fold the next facts, at most `limit` and none beyond a position; answers how many.

    0 also where another projector holds the lease.

    The row lock is lease and fence in one: it dies with its connection, needs no clock, and nobody else can move the
    position meanwhile.
    """
    with transaction.atomic():
        held = lease(projection)
        batch = read(after=held.position, upto=upto, limit=limit) if held else []
        if held and batch:
            projection.apply(passed(held, batch))
            move(held, batch[-1].position)
        return len(batch)


def catch_up(projection: Projection) -> None:
    """Fold until nothing is left."""
    while advance(projection):
        pass


def passed(held: Lease, batch: Sequence[Recorded]) -> Sequence[Recorded]:
    """The facts that may be folded; those of a parked stream wait behind the one that could not be."""
    if not held.parked:
        return batch
    for recorded in batch:
        if recorded.fact.originator_id in held.parked:
            park(held, recorded.position, recorded.fact.originator_id, "an earlier fact of its stream is parked")
    return [recorded for recorded in batch if recorded.fact.originator_id not in held.parked]


def park(held: Lease, position: int, stream_id: UUID, problem: str) -> None:
    """Lay a fact aside."""
    sql = (
        "insert into es.parked (projection, generation, position, stream_id, error) values (%s, %s, %s, %s, %s)"
        " on conflict (projection, generation, position) do update set error = excluded.error, again = false"
    )
    execute(sql, held.name, held.generation, position, stream_id, problem)


def hold(projection: Projection) -> Lease:
    """Keep every projector away until the transaction ends. Waits for a running batch."""
    register(projection)
    execute("set local lock_timeout = '60s'")
    states = "state in ('live', 'stopped') for update"
    [row] = execute(f"{PLACE} and {states}", projection.name)
    return _leased(projection.name, *row)


def register(projection: Projection) -> None:
    """Make the row that holds its place, once."""
    sql = (
        "insert into es.projection (name, generation, state) select %s, 1, 'live'"
        " where not exists (select from es.projection where name = %s) on conflict do nothing"
    )
    execute(sql, projection.name, projection.name)


PLACE = "select generation, position from es.projection where name = %s"


def lease(projection: Projection) -> Lease | None:
    """The right to move it, unless it is stopped or somebody else has it."""
    rows = execute(f"{PLACE} and state = %s for update skip locked", projection.name, projection.state)
    return _leased(projection.name, *rows[0]) if rows else None


def stands_at(projection: Projection) -> int:
    """How far it has come, whoever moves it."""
    states = ["live", "stopped"] if projection.state == "live" else [projection.state]
    rows = execute(f"{PLACE} and state = any(%s)", projection.name, states)
    return rows[0][1] if rows else 0


def _leased(name: str, generation: int, position: int) -> Lease:
    """What is parked is read in a statement of its own: one that locks sees what was before it waited."""
    sql = "select distinct stream_id from es.parked where projection = %s and generation = %s"
    parked = frozenset(stream_id for (stream_id,) in execute(sql, name, generation))
    return Lease(name=name, generation=generation, position=position, parked=parked)


def move(held: Lease, position: int) -> None:
    """Say how far it has come."""
    sql = "update es.projection set position = %s, updated = now() where name = %s and generation = %s"
    execute(sql, position, held.name, held.generation)
