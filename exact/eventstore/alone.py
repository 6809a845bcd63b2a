"""Being the only one: a lock of the session, which the database gives up when the process dies."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from exact.eventstore.driver import execute


@contextmanager
def alone(what: str) -> Iterator[bool]:
    """Whether nobody else is at it in any process; True for one at a time, until the block ends. Never waits."""
    mine: bool = execute("select pg_try_advisory_lock(hashtextextended(%s, 0))", f"exact {what}")[0][0]
    try:
        yield mine
    finally:
        if mine and connection.is_usable():  # one that is gone has given it back
            execute("select pg_advisory_unlock(hashtextextended(%s, 0))", f"exact {what}")
