"""Heads, positions and numbers again from the facts alone: after the facts were copied into an empty database."""

from django.db import connection, transaction

from exact.eventstore.snapshots import forget


def derive_heads() -> int:
    """Make es.stream and the sequences of what es.event holds; writers wait meanwhile. Answers how many streams.

    Snapshots are forgotten: they may be of facts that are not here.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        # A command moves heads before it appends: with this lock none is between the two.
        cursor.execute("set local lock_timeout = '60s'")
        cursor.execute("lock table es.stream in exclusive mode")
        cursor.execute("select es.derive_heads()")
        forget()
        cursor.execute("select count(*) from es.stream")
        return int(cursor.fetchone()[0])
