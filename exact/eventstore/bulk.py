"""Annotations that came in bulk: their heads are copied in, their first fact is read out of their chunk."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from struct import pack
from typing import Any
from uuid import UUID

from django import db
from django.db import connection
from msgspec.structs import replace

from exact.domain.errors import Conflict
from exact.domain.imports import AnnotationsImported, births, moved, stream_ids
from exact.eventstore.driver import driver
from exact.eventstore.mapper import decode
from exact.eventstore.recorded import Recorded

Row = tuple[Any, ...]  # Any: columns
CHUNK = AnnotationsImported.__name__
COPY_BEGINS, COPY_ENDS = b"PGCOPY\n\xff\r\n\0" + bytes(8), b"\xff\xff"
ROW_BEGINS = pack(">hi", 5, 16)
"""PostgreSQL's binary COPY: five columns, the first of sixteen bytes."""
CHUNKS_KEPT = 8
"""Unpacked chunks a process remembers: who edits one imported annotation edits its neighbours."""

# --- writing ----------------------------------------------------------------------------------------------------------


CopyHeads = Callable[[AnnotationsImported, Iterable[bytes]], None]


@contextmanager
def heads(chunk_count: int) -> Iterator[CopyHeads]:
    """Takes the streams of so many chunks, sorted, with their facts: heads of version 1, in the command's transaction.

    They go to the server while the next chunk is made; no other statement can be executed until the end, where
    Conflict with the code `already_there` is raised when the log knows one of the streams.
    """
    numbers, since = _numbers(chunk_count)
    named: list[tuple[int, UUID, int, int]] = []
    copied = "copy es.stream (stream_id, version, scope_id, since, bulk) from stdin (format binary)"
    try:
        with connection.wrap_database_errors, driver().cursor() as cursor, cursor.copy(copied) as copy:
            copy.write(COPY_BEGINS)

            def copy_heads(chunk: AnnotationsImported, streams: Iterable[bytes]) -> None:
                number = numbers.pop()
                named.append((number, chunk.originator_id, chunk.originator_version, since))
                copy.write(_rows_of(streams, chunk.image_id, since, number))

            yield copy_heads
            copy.write(COPY_ENDS)
    except db.IntegrityError as error:
        raise Conflict("Some of these annotations are on the image already.", code="already_there") from error
    _name_chunks(named)
    _flush()


def _rows_of(streams: Iterable[bytes], scope_id: UUID, since: int, number: int) -> bytes:
    """All rows are alike but for their id: put together here, in a tenth of the time that a row at a time takes."""
    rest = pack(">iqi16siqiq", 8, 1, 16, scope_id.bytes, 8, since, 8, number)
    return b"".join([ROW_BEGINS + stream_id + rest for stream_id in streams])


def _numbers(chunk_count: int) -> tuple[list[int], int]:
    """A number for each chunk, the first one last, and a position before all of them."""
    [(since,)] = _rows("select last_value - 1 from es.position_seq")
    numbers = _rows("select nextval('es.bulk_seq') from generate_series(1, %s)", chunk_count)
    return [row[0] for row in reversed(numbers)], since


def _name_chunks(named: list[tuple[int, UUID, int, int]]) -> None:
    with connection.cursor() as cursor:
        cursor.executemany("insert into es.bulk (number, stream_id, version, since) values (%s, %s, %s, %s)", named)


def _flush() -> None:
    """Have the log of the database on the disk so far: the commit, which holds the order up, has the less to write."""
    if connection.pg_version >= FLUSHES_SINCE:  # type: ignore[attr-defined]  # of Django's PostgreSQL
        _rows("select pg_logical_emit_message(false, '', '', true)")


FLUSHES_SINCE = 170_000
"""The version of PostgreSQL that can be told to."""


def known_among(stream_ids: Iterable[UUID]) -> set[UUID]:
    """Those of the streams that the log has already."""
    sql = "select stream_id from es.stream where stream_id = any(%s)"
    return {row[0] for row in _rows(sql, list(stream_ids))}


def forget_heads(chunks: Iterable[AnnotationsImported]) -> None:
    """The heads of an import that will never be shown: its identifiers may be used again."""
    for chunk in chunks:
        _execute("delete from es.stream where bulk > 0 and stream_id = any(%s)", ids_of(chunk))


def advance_followers(chunks: Iterable[AnnotationsImported]) -> int:
    """Every annotation of the chunks that follows its import gets one version more; answers how many did.

    Their ids stand in the table `followers` until the transaction ends.
    """
    _execute("create temp table if not exists followers (id uuid primary key) on commit drop")
    _execute("truncate followers")
    for chunk in chunks:
        _execute(
            "with moved as (update es.stream set version = version + 1 where bulk > 0 and stream_id = any(%s)"
            " returning stream_id) insert into followers select stream_id from moved",
            ids_of(chunk),
        )
    return int(_rows("select count(*) from followers")[0][0])


def ids_of(chunk: AnnotationsImported) -> list[UUID]:
    """The streams of a chunk's annotations, in the order in which locks are taken."""
    return [UUID(bytes=stream_id) for stream_id in stream_ids(chunk)]


# --- reading ----------------------------------------------------------------------------------------------------------


def chunks_of(leader: UUID) -> Iterator[AnnotationsImported]:
    """The chunks of one import on one image, one after the other."""
    for version, since in _rows("select version, since from es.bulk where stream_id = %s order by version", leader):
        yield _chunk(leader, version, since)[1]


def brought(stream_id: UUID, upto: int | None = None) -> list[Recorded]:
    """What an annotation got with its import up to a position: its first fact, and what happened to all that follow.

    Empty where the stream came by itself, is unknown, or was not shown by then.
    """
    return next((facts for _, _, facts in _brought([stream_id], upto)), [])


def brought_all(stream_ids: list[UUID]) -> dict[UUID, list[Recorded]]:
    """The same for many annotations, in a few queries for each import; the first fact stands where it was shown."""
    found = _brought(stream_ids, None)
    return {key: [replace(facts[0], position=shown), *facts[1:]] for key, shown, facts in found}


HEADS = """select s.stream_id, s.version, s.bulk, b.stream_id, b.version, b.since
    from es.stream s join es.bulk b on b.number = abs(s.bulk)
    where s.stream_id = any(%s) order by s.bulk, s.stream_id"""


def _brought(stream_ids: list[UUID], upto: int | None) -> Iterator[tuple[UUID, int, list[Recorded]]]:
    """Stream, the position where it was shown, and its facts; chunk after chunk, so that each is unpacked once."""
    heads = _rows(HEADS, stream_ids)
    touched = _firsts_of_their_own([head[0] for head in heads if head[2] < 0])
    happened: dict[UUID, list[Recorded]] = {}
    for stream_id, version, number, leader, chunk_version, since in heads:
        if leader not in happened:
            happened[leader] = _happened(leader, since, upto)
        if not happened[leader]:
            continue
        first = _unpacked(leader, chunk_version, since)[stream_id]
        followed = version - 1 if number > 0 else touched[stream_id] - 2
        moves = happened[leader][1 : followed + 1]
        moved_along = [_for_one(move, stream_id, place) for place, move in enumerate(moves, 2)]
        yield stream_id, happened[leader][0].position, [first, *moved_along]


def _firsts_of_their_own(stream_ids: list[UUID]) -> dict[UUID, int]:
    """The version of the first fact that each annotation got by itself."""
    sql = """select e.stream_id, min(e.version) from es.stream s
        join es.event e on e.stream_id = s.stream_id and e.position > s.since
        where s.stream_id = any(%s) group by e.stream_id"""
    return dict(_rows(sql, stream_ids)) if stream_ids else {}


def _happened(leader: UUID, since: int, upto: int | None) -> list[Recorded]:
    """Where it was shown, and every move of all that follow after that, up to a position."""
    sql = (
        "select position, scope_id, type, schema_v, data from es.event where stream_id = %s and position > %s"
        " and position <= %s and type <> %s order by version"
    )
    rows = _rows(sql, leader, since, 2**63 - 1 if upto is None else upto, CHUNK)
    return [Recorded(position=row[0], scope_id=row[1], fact=decode(row[2], row[3], bytes(row[4]))) for row in rows]


def _for_one(move: Recorded, stream_id: UUID, version: int) -> Recorded:
    return Recorded(position=move.position, scope_id=move.scope_id, fact=moved(move.fact, stream_id, version))


@lru_cache(maxsize=CHUNKS_KEPT)
def _unpacked(leader: UUID, version: int, since: int) -> dict[UUID, Recorded]:
    """The first fact of each annotation of a chunk, by stream. A chunk never changes, so it may be remembered."""
    place, chunk = _chunk(leader, version, since)
    return {birth.originator_id: Recorded(position=place[0], scope_id=place[1], fact=birth) for birth in births(chunk)}


def _chunk(leader: UUID, version: int, since: int) -> tuple[tuple[int, UUID], AnnotationsImported]:
    sql = (
        "select position, scope_id, schema_v, data from es.event"
        " where stream_id = %s and version = %s and position > %s"
    )
    [(position, scope_id, schema, data)] = _rows(sql, leader, version, since)
    chunk = decode(CHUNK, schema, bytes(data))
    assert isinstance(chunk, AnnotationsImported), "es.bulk names chunks only"
    return (position, scope_id), chunk


def _rows(sql: str, *params: Any) -> Sequence[Row]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        rows: list[Row] = cursor.fetchall()
        return rows


def _execute(sql: str, *params: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
