"""Running the asynchronous read models: a batch, its read model and its position in one transaction, under a lease."""

import time
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from django.db import connection, transaction

from exact.eventstore.log import read
from exact.projections.follow import Projection

BATCH = 5000


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """Where a projection stands."""

    name: str
    version: int
    state: str
    position: int
    error: str | None


def advance(projection: Projection, limit: int = BATCH) -> int:
    """Fold the next facts, at most `limit`; answers how many. 0 also where another projector holds the lease.

    The row lock is lease and fence in one: it dies with its connection, needs no clock, and nobody else can move the
    position meanwhile.
    """
    with transaction.atomic():
        place = _lease(projection)
        if place is None:
            return 0
        batch = read(after=place, limit=limit)
        if batch:
            projection.apply(batch)
            _move(projection, batch[-1].position)
        return len(batch)


def catch_up(projection: Projection) -> None:
    """Fold until nothing is left."""
    while advance(projection):
        pass


def rebuild(projection: Projection) -> int:
    """Throw the read model away and fold the log again, in one transaction: readers see the old one until it is done.

    A projection that had stopped lives again. Answers the position reached.
    """
    with transaction.atomic():
        hold(projection)
        place = fold_again(projection)
        _move(projection, place)
        _execute("update es.projection set state = 'live', error = null where name = %s and version = %s",
                 *_key(projection))  # fmt: skip
        return place


def hold(projection: Projection) -> int:
    """Keep every projector away until the transaction ends; answers the position reached. Waits for a running batch."""
    register(projection)
    _execute("set local lock_timeout = '60s'")
    sql = "select position from es.projection where name = %s and version = %s for update"
    place: int = _execute(sql, *_key(projection))[0][0]
    return place


def fold_again(projection: Projection, upto: int | None = None) -> int:
    """Forget everything and fold the facts up to a position; answers the last one's."""
    projection.clear()
    after = 0
    while batch := read(after=after, upto=upto, limit=BATCH):
        projection.apply(batch)
        after = batch[-1].position
    return after


def register(projection: Projection) -> None:
    """Make the row that holds its place, once."""
    sql = "insert into es.projection (name, version, state) values (%s, %s, 'live') on conflict do nothing"
    _execute(sql, *_key(projection))


def stop(projection: Projection, problem: str) -> None:
    """A fact that cannot be folded stops the projection; it is never skipped."""
    sql = "update es.projection set state = 'stopped', error = %s, updated = now() where name = %s and version = %s"
    _execute(sql, problem, *_key(projection))


def progress() -> list[Progress]:
    """Where every projection stands."""
    sql = "select name, version, state, position, error from es.projection order by name, version"
    fields = Progress.__struct_fields__
    return [Progress(**dict(zip(fields, row, strict=True))) for row in _execute(sql)]


def wait_for(name: str, position: int, timeout_s: float = 2.0, sleep: Callable[[float], Any] = time.sleep) -> bool:
    """Read your writes: wait until the projection has reached the position; False when it did not in time."""
    deadline = time.monotonic() + timeout_s
    while _position(name) < position:
        if time.monotonic() > deadline:
            return False
        sleep(0.02)
    return True


def _position(name: str) -> int:
    rows = _execute("select max(position) from es.projection where name = %s and state in ('live', 'stopped')", name)
    return rows[0][0] or 0


def _key(projection: Projection) -> tuple[str, int]:
    return projection.name, projection.version


def _lease(projection: Projection) -> int | None:
    sql = (
        "select position from es.projection where name = %s and version = %s and state = 'live' for update skip locked"
    )
    rows = _execute(sql, *_key(projection))
    return rows[0][0] if rows else None


def _move(projection: Projection, position: int) -> None:
    sql = "update es.projection set position = %s, updated = now() where name = %s and version = %s"
    _execute(sql, position, *_key(projection))


def _execute(sql: str, *params: Any) -> Sequence[tuple[Any, ...]]:  # Any: columns
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall() if cursor.description else []
