"""Facts of images as the wire wants them, read with the relay's own connection."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
import psycopg

from exact.domain.imports import AnnotationsImported
from exact.domain.registry import FACTS
from exact.eventstore.mapper import ENCODER, decode
from exact.live.messages import LiveFact

Connection = psycopg.AsyncConnection[tuple[Any, ...]]

COLUMNS = "position, type, stream_id, version, schema_v, data, scope_id"
HIDDEN = AnnotationsImported.__name__
"""A page never gets what an import has brought before it is shown, and then it loads all of it."""
OF_SCOPE = (
    f"select {COLUMNS} from es.event where scope_id = %s and position > %s and type <> '{HIDDEN}'"  # noqa: S608
    " order by position limit %s"
)
OF_SCOPES = (
    f"select {COLUMNS} from es.event where position > %s and position <= %s and scope_id = any(%s)"  # noqa: S608
    f" and type <> '{HIDDEN}' order by position limit %s"
)


async def newest(connection: Connection) -> int:
    """The newest position of the log."""
    return await _number(connection, "select coalesce(max(position), 0) from es.event")


async def newest_of(connection: Connection, scope_id: UUID) -> int:
    """The newest position of one image at which there was something to be seen."""
    sql = "select coalesce(max(position), 0) from es.event where scope_id = %s and type <> %s"
    return await _number(connection, sql, scope_id, HIDDEN)


async def after(connection: Connection, scope_id: UUID, position: int, limit: int) -> list[LiveFact]:
    """Facts of one image with a greater position, in order."""
    cursor = await connection.execute(OF_SCOPE, (scope_id, position, limit))
    return [live_fact(row) for row in await cursor.fetchall()]


async def between(
    connection: Connection, position: int, upto: int, scopes: Sequence[UUID], limit: int
) -> list[tuple[UUID, LiveFact]]:
    """Facts of several images with position < p <= upto, in order, each with its image."""
    cursor = await connection.execute(OF_SCOPES, (position, upto, list(scopes), limit))
    return [(row[6], live_fact(row)) for row in await cursor.fetchall()]


def live_fact(row: tuple[Any, ...]) -> LiveFact:
    """A row of the log; its bytes go through untouched unless the fact has an older schema version."""
    position, name, stream, version, schema, data = row[:6]
    current = schema == FACTS[name].SCHEMA
    raw = bytes(data) if current else ENCODER.encode(decode(name, schema, bytes(data)))
    return LiveFact(position=position, name=name, stream=stream, version=version, data=msgspec.Raw(raw))


async def _number(connection: Connection, sql: str, *params: object) -> int:
    cursor = await connection.execute(sql, params)
    row = await cursor.fetchone()
    assert row is not None, "an aggregate has one row"
    return int(row[0])
