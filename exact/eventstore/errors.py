"""What the log refuses, in the library's tree of errors, and how Django's database errors get there."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from django import db
from django.db import connections, transaction
from eventsourcing import persistence as library

UNAVAILABLE = (
    db.OperationalError,
    db.InterfaceError,
    library.OperationalError,
    library.InterfaceError,
    psycopg.OperationalError,
    psycopg.InterfaceError,
)
"""The database could not do it just now: it is going down or coming up, its disk is full, a lock was held too long."""


class StaleHead(library.IntegrityError):
    """Somebody else moved a stream first. HTTP 409 hangs on this class only."""


class CommandAlreadyDone(library.PersistenceError):
    """The command was recorded before: answer with the positions it got."""

    def __init__(self, positions: range) -> None:
        super().__init__(f"Command already done at {positions}")
        self.positions = positions


@contextmanager
def library_errors(using: str) -> Iterator[None]:
    """Turn Django's database errors into the library's; a refusal spoils the transaction around it."""
    try:
        with transaction.mark_for_rollback_on_error(using), connections[using].wrap_database_errors:
            yield
    except db.Error as error:
        raise translated(error) from error


def translated(error: db.Error) -> library.PersistenceError:
    """The library's error for a database error: ES409 and ES208 are ours, the others keep their class name."""
    cause = error.__cause__
    state = getattr(cause, "sqlstate", None)
    if state == "ES409":
        return StaleHead(str(error))
    if state == "ES208":
        first, count = map(int, cause.diag.message_detail.split())  # type: ignore[union-attr]
        return CommandAlreadyDone(range(first, first + count))
    named = (getattr(library, kind.__name__, None) for kind in type(error).__mro__)
    kind: type[library.PersistenceError] = next(kind for kind in named if kind is not None)
    return kind(str(error))


AWAY = ("08", "53", "57P")
"""Classes of SQLSTATE: no connection, no room or no slot left, going down or coming up."""
BUSY = ("40", "55P03")
"""A deadlock, or a lock that was held too long."""


def away(error: BaseException) -> bool:
    """Whether the database cannot be reached or cannot work: wait and come back."""
    state = sqlstate(error)
    return state.startswith(AWAY) if state else isinstance(error, UNAVAILABLE)


def passing(error: BaseException) -> bool:
    """Whether it passes by itself and says nothing about the facts that were being read."""
    return away(error) or sqlstate(error).startswith(BUSY)


def sqlstate(error: BaseException | None) -> str:
    """PostgreSQL's code for what went wrong, from the error or from what it was raised from; "" without one."""
    while error is not None:
        if isinstance(error, psycopg.Error) and error.sqlstate:
            return error.sqlstate
        error = error.__cause__
    return ""
