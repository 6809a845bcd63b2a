"""Several read models as they were at one moment."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, models, transaction

from exact.eventstore.driver import execute


@contextmanager
def one_moment(*tables: type[models.Model]) -> Iterator[None]:
    """Everything read in here is of one moment; inside somebody else's transaction that one decides.

    All tables that are read must be named: they are held before the snapshot is taken, so that no rebuild exchanges one
    for a generation in which the snapshot does not see the newest rows.
    """
    outer = connection.in_atomic_block
    with transaction.atomic():
        if not outer:
            execute("set transaction isolation level repeatable read, read only")
            names = ", ".join(f'"{table._meta.db_table}"' for table in tables)
            execute(f"lock table {names} in access share mode")
        yield
