"""Heads, positions and numbers again from the facts alone: after the facts were copied into an empty database."""

from collections.abc import Iterator
from uuid import UUID

from django.db import connection, transaction

from exact.domain.imports import AnnotationsImported, births
from exact.eventstore.bulk import ids_of
from exact.eventstore.driver import driver
from exact.eventstore.mapper import decode
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
        for position, chunk in chunks():
            _derive_chunk(position, chunk)
        forget()
        cursor.execute("select count(*) from es.stream")
        return int(cursor.fetchone()[0])


CHUNKS = """select position, schema_v, data from es.event e where type = 'AnnotationsImported' and position > %s
    and not exists (select from es.event c where c.type = 'ImportCancelled'
        and c.stream_id = (convert_from(e.data, 'utf8')::jsonb ->> 'import_id')::uuid)
    order by position limit 1"""


def chunks() -> Iterator[tuple[int, AnnotationsImported]]:
    """Every chunk of an import that was not cancelled, with its position."""
    position = 0
    with connection.cursor() as cursor:
        while True:
            cursor.execute(CHUNKS, [position])
            row = cursor.fetchone()
            if row is None:
                return
            position = row[0]
            chunk = decode(AnnotationsImported.__name__, row[1], bytes(row[2]))
            assert isinstance(chunk, AnnotationsImported), "asked for by this name"
            yield position, chunk


HEADS = """insert into es.stream (stream_id, version, scope_id, since, bulk)
    select id, %(version)s, %(scope)s, %(since)s, %(number)s from fresh_heads
    on conflict (stream_id) do update set bulk = -%(number)s"""


def _derive_chunk(position: int, chunk: AnnotationsImported) -> None:
    born = list(births(chunk))
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into es.bulk (number, stream_id, version, since) values (nextval('es.bulk_seq'), %s, %s, %s)"
            " returning number",
            [chunk.originator_id, chunk.originator_version, position - 1],
        )
        number = cursor.fetchone()[0]
        _copy_ids(ids_of(chunk))
        places = {"version": 1 + _moves(chunk), "scope": chunk.image_id, "since": position - 1, "number": number}
        cursor.execute(HEADS, places)
        cursor.execute(
            "select setval('es.number_annotation', greatest(%s, (select last_value from es.number_annotation)))",
            [max(birth.number for birth in born)],
        )


def _copy_ids(ids: list[UUID]) -> None:
    with driver().cursor() as cursor:
        cursor.execute("create temp table if not exists fresh_heads (id uuid) on commit drop")
        cursor.execute("truncate fresh_heads")
        with cursor.copy("copy fresh_heads from stdin (format binary)") as copy:
            copy.set_types(["uuid"])
            for one in ids:
                copy.write_row((one,))


def _moves(chunk: AnnotationsImported) -> int:
    """What happened to all that follow since they were shown."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select count(*) from es.event where stream_id = %s"
            " and type in ('ImportedAnnotationsRemoved', 'ImportedAnnotationsRestored')",
            [chunk.originator_id],
        )
        return int(cursor.fetchone()[0])
