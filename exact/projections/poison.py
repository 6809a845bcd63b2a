"""A fact that cannot be folded: it is found, tried again, then stops the projection or is parked with its stream."""

import logging
import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.db import transaction
from eventsourcing.persistence import MapperDeserialisationError

from exact.eventstore.driver import execute
from exact.eventstore.errors import passing
from exact.eventstore.log import Header, header_after, read
from exact.projections.follow import OnPoison, Projection
from exact.projections.runner import BATCH, Lease, advance, hold, lease, move, park, stands_at

logger = logging.getLogger("exact.projector")
RETRIES_S = (0.25, 0.5, 1.0)


def advance_with_care(projection: Projection, sleep: Callable[[float], Any] = time.sleep) -> int:
    """The next facts, whatever they are; answers how many were folded or parked.

    Raises what passes by itself (the database is away, a lock was held too long): whoever calls comes back later.
    """
    try:
        return advance(projection)
    except Exception as error:
        if passing(error):
            raise
        logger.warning("projection %s fails on a batch: %s", projection.name, told(error))
    return narrow(projection) + insist(projection, sleep)


def narrow(projection: Projection) -> int:
    """Fold what stands before the fact that cannot be folded, in ever smaller batches; answers how many facts."""
    folded, size = 0, BATCH
    while size > 1:
        size = (size + 1) // 2
        try:
            folded += advance(projection, size)
        except Exception as error:
            if passing(error):
                raise
    return folded


def insist(projection: Projection, sleep: Callable[[float], Any] = time.sleep) -> int:
    """Try the one fact again and again; answers 1 when that helped or it was parked, 0 when the projection stopped."""
    after = stands_at(projection)
    for pause_s in RETRIES_S:
        sleep(pause_s)
        try:
            return advance(projection, 1)
        except Exception as error:
            if passing(error):
                raise
            problem = error
            if isinstance(error, MapperDeserialisationError):
                break  # not even read: no repetition helps
    return give_up(projection, after, problem)


def give_up(projection: Projection, after: int, problem: Exception) -> int:
    """Stop or park at the first fact after a position, unless another projector has dealt with it meanwhile."""
    with transaction.atomic():
        held = lease(projection)
        header = header_after(after)
        if held is None or held.position != after or header is None:
            return 0
        sentence = f"position {header.position}, {header.name} of {header.stream_id}: {told(problem)}"
        logger.error("projection %s: %s at %s", projection.name, verb(projection, problem), sentence)
        if stops(projection, problem):
            projection.stopped(sentence)
            return 0
        _lay_aside(held, header, told(problem))
        return 1


def stops(projection: Projection, problem: Exception) -> bool:
    """What cannot even be read stops every projection: this program may be too old for it."""
    return projection.on_poison is OnPoison.STOP or isinstance(problem, MapperDeserialisationError)


def verb(projection: Projection, problem: Exception) -> str:
    """For the log."""
    return "stopped" if stops(projection, problem) else "parked"


def told(problem: Exception) -> str:
    """For operators."""
    return f"{type(problem).__name__}: {problem}"


def _lay_aside(held: Lease, header: Header, problem: str) -> None:
    park(held, header.position, header.stream_id, problem)
    move(held, header.position)


def replay_parked(projection: Projection) -> tuple[int, int]:
    """Fold what was parked, each stream in order, and let the stream go on; answers how many were folded and are left.

    A fact that still cannot be folded stays parked, and so does what stands behind it.
    """
    with transaction.atomic():
        held = hold(projection)
        done = sum(_replayed(projection, held, stream_id) for stream_id in sorted(held.parked))
        sql = "select count(*) from es.parked where projection = %s and generation = %s"
        left: int = execute(sql, held.name, held.generation)[0][0]
    return done, left


def _replayed(projection: Projection, held: Lease, stream_id: UUID) -> int:
    key = (held.name, held.generation)
    sql = (
        "select position from es.parked where projection = %s and generation = %s and stream_id = %s order by position"
    )
    positions = [position for (position,) in execute(sql, *key, stream_id)]
    for done, position in enumerate(positions):
        try:
            with transaction.atomic():
                projection.apply(read(after=position - 1, upto=position))
        except Exception as error:
            if passing(error):
                raise
            park(held, position, stream_id, told(error))
            return done
        execute("delete from es.parked where projection = %s and generation = %s and position = %s", *key, position)
    return len(positions)
