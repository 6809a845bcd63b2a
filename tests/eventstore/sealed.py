"""A log that is sealed, for tests; and hands that change what must not be changed."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

from django.db import connection
from eventsourcing.persistence import StoredEvent

from exact.eventstore import seals
from exact.eventstore.log import log


def keep(count, payload=40):
    """So many facts of other streams each; nobody decodes them. Answers their positions."""
    events = [
        StoredEvent(uuid4(), 1, f"Änderung{n % 3}" + "@2" * (n % 2), bytes([n % 256]) * (1 + n % payload))
        for n in range(count)
    ]
    return list(log().facts.insert_events(events))


def seal_all(portion=seals.BATCH):
    """Every fact there is, so many under each seal; answers the seals."""
    made = []
    while seal := seals.seal(portion):
        made.append(seal)
    return made


def ask(sql, *params):
    """The rows of one statement."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall() if cursor.description else []


@contextmanager
def without_triggers() -> Iterator[None]:
    """As a superuser can."""
    ask("set session_replication_role = replica")
    try:
        yield
    finally:
        ask("set session_replication_role = default")


def tamper(sql, *params):
    """Past every refusal of the database."""
    with without_triggers():
        ask(sql, *params)
