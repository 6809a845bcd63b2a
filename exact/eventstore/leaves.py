"""The leaf of a fact: a hash over its row as stored, before anything is decoded; docs/seals.md shows the bytes."""

import struct
from collections.abc import Iterator
from typing import NamedTuple

import psycopg
from django.db import connection
from psycopg.types.string import ByteaBinaryLoader

from exact.eventstore.driver import driver
from exact.eventstore.merkle import leaf_hash

PAGE = 500
"""Rows of one read; a bulk fact may have 256 kB."""
BEFORE_TYPE = struct.Struct(">q16sqi")
BEFORE_DATA = struct.Struct(">h16s16si")


class Row(NamedTuple):
    """A fact as it is stored; ids as their 16 bytes."""

    position: int
    stream_id: bytes
    version: int
    type: str
    schema_v: int
    scope_id: bytes
    command_id: bytes
    data: bytes

    def leaf(self, position: int | None = None) -> bytes:
        """Its leaf; at another position, if one is given. The same as es.leaf in SQL, which is not asked here."""
        name = self.type.encode()
        at = self.position if position is None else position
        head = BEFORE_TYPE.pack(at, self.stream_id, self.version, len(name))
        rest = BEFORE_DATA.pack(self.schema_v, self.scope_id, self.command_id, len(self.data))
        return leaf_hash(b"".join((head, name, rest, self.data)))


SQL = """select position, stream_id, version, type, schema_v, scope_id, command_id, data from es.event
    where position > %s and position <= %s order by position limit %s"""


def rows(upto: int) -> Iterator[Row]:
    """Every fact up to a position, a page at a time."""
    after = 0
    while page := _page(after, upto):
        yield from page
        after = page[-1].position


def row_at(position: int) -> Row | None:
    """The fact at a position."""
    page = _page(position - 1, position, 1)
    return page[0] if page else None


def _page(after: int, upto: int, limit: int = PAGE) -> list[Row]:
    with connection.wrap_database_errors, psycopg.Cursor(driver()) as cursor:
        cursor.adapters.register_loader("uuid", ByteaBinaryLoader)  # nobody needs UUID objects here, which are slow
        cursor.execute(SQL, (after, upto, limit), binary=True)
        return [Row(*row) for row in cursor.fetchall()]
