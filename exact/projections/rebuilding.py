"""Building a read model again from the log."""

from django.db import transaction

from exact.eventstore.driver import execute
from exact.eventstore.log import read
from exact.projections.follow import Projection
from exact.projections.runner import BATCH, hold, move


def rebuild(projection: Projection) -> int:
    """Throw the read model away and fold the log again, in one transaction: readers see the old one until it is done.

    A projection that had stopped lives again. Answers the position reached.
    """
    with transaction.atomic():
        held = hold(projection)
        place = fold_again(projection)
        move(held, place)
        execute("delete from es.parked where projection = %s and generation = %s", held.name, held.generation)
        execute("update es.projection set state = 'live', error = null where name = %s and generation = %s",
                held.name, held.generation)  # fmt: skip
        return place


def fold_again(projection: Projection, upto: int | None = None) -> int:
    """Forget everything and fold the facts up to a position; answers the last one's."""
    projection.clear()
    after = 0
    while batch := read(after=after, upto=upto, limit=BATCH):
        projection.apply(batch)
        after = batch[-1].position
    return after
