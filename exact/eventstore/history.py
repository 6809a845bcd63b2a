"""Pages of stored facts for people to read: payloads as they are, never made into facts.

Which partitions each of the three readings touches stands in docs/event-log.md.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
import psycopg
from django.db import connection

from exact.eventstore import bulk
from exact.eventstore.driver import driver
from exact.eventstore.mapper import ENCODER
from exact.eventstore.recorded import Recorded

MOST = 500
NEWEST = 2**63 - 1


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """Which facts: at most `limit` with after < position < before, from the old end or from the new one.

    `names` are kinds of facts, `by` is a person, `since` and `until` are times of the server; empty and None mean any.
    """

    after: int = 0
    before: int = NEWEST
    newest_first: bool = False
    limit: int = MOST
    names: tuple[str, ...] = ()
    by: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def looks_inside(self) -> bool:
        """Whether payloads must be read to find the facts: what the log has no column and no index for."""
        return self.by is not None or self.since is not None or self.until is not None


class Stored(NamedTuple):
    """A row of the log; `data` is the payload's JSON."""

    position: int
    stream_id: UUID
    version: int
    name: str
    schema: int
    scope_id: UUID
    data: bytes


DATA = f"""case when type = '{bulk.CHUNK}'
    then substring(data for position(convert_to(',"items":', 'utf8') in data) - 1) || convert_to('}}', 'utf8')
    else data end"""
"""A chunk of an import without its annotations, which are its last field: nobody reads them in a history."""
COLUMNS = f"position, stream_id, version, type, schema_v, scope_id, {DATA}"
INSIDE = "(convert_from(data, 'utf8')::json ->> '{}')"
SINCE = "position > coalesce((select since from es.stream where stream_id = %(id)s), 0)"
"""A scope is a stream, too, and older than the other facts in it: older partitions are not looked at."""
VERSION_AT = "(select version from es.event where position = %({})s and stream_id = %(id)s)"
FROM_VERSION = f"version > coalesce({VERSION_AT.format('after')}, 0)"
TO_VERSION = f"version < coalesce({VERSION_AT.format('before')}, {NEWEST})"


def of_stream(stream_id: UUID, span: Span) -> list[Stored]:
    """A page of one stream.

    Read along its versions, which rise with the positions: where the page begins or ends at a fact of the stream, the
    index leads there at once. Looking inside reads every payload from there on: streams are short. What came in bulk
    begins with what its import brought.
    """
    conditions = ["stream_id = %(id)s", SINCE]
    if span.after:
        conditions.append(FROM_VERSION)
    if span.before < NEWEST:
        conditions.append(TO_VERSION)
    return _with_brought(_page(conditions, "version", span, stream_id), stream_id, span)


def of_scope(scope_id: UUID, span: Span) -> list[Stored]:
    """A page of one scope, such as an image; looking inside reads every payload of the scope."""
    return _page(["scope_id = %(id)s", SINCE], "position", span, scope_id)


def at(positions: Sequence[int]) -> list[Stored]:
    """The facts at these positions, in the order of the positions."""
    sql = f"select {COLUMNS} from unnest(%(at)s::bigint[]) as place join es.event on position = place"  # noqa: S608
    found = {row.position: row for row in _rows(sql, {"at": list(positions)})} if positions else {}
    return [found[position] for position in positions if position in found]


def _with_brought(own: list[Stored], stream_id: UUID, span: Span) -> list[Stored]:
    if any(row.version <= 1 for row in own):
        return own
    brought = [_stored(one) for one in bulk.brought(stream_id) if _wanted(one, span)]
    return sorted([*own, *brought], key=lambda row: row.position, reverse=span.newest_first)[: span.limit]


def _stored(one: Recorded) -> Stored:
    """The row that a fact would have that was read out of an import."""
    fact, name = one.fact, type(one.fact).__name__
    data = ENCODER.encode(fact)
    return Stored(one.position, fact.originator_id, fact.originator_version, name, fact.SCHEMA, one.scope_id, data)


def _wanted(one: Recorded, span: Span) -> bool:
    """What the conditions say in SQL."""
    return (
        span.after < one.position < span.before
        and (not span.names or type(one.fact).__name__ in span.names)
        and span.by in (None, one.fact.by)
        and (span.since is None or one.fact.at >= span.since)
        and (span.until is None or one.fact.at < span.until)
    )


def _page(conditions: list[str], order: str, span: Span, id: UUID) -> list[Stored]:
    wanted = " and ".join([*conditions, *_conditions(span)])
    end = f"order by {order} {'desc' if span.newest_first else 'asc'} limit %(limit)s"
    return _rows(f"select {COLUMNS} from es.event where {wanted} {end}", _values(span) | {"id": id})  # noqa: S608


def _conditions(span: Span) -> list[str]:
    asked = {
        "type = any(%(names)s)": span.names,
        f"{INSIDE.format('by')} = %(by)s": span.by,
        f"{INSIDE.format('at')}::timestamptz >= %(since)s": span.since,
        f"{INSIDE.format('at')}::timestamptz < %(until)s": span.until,
    }
    return ["position > %(after)s", "position < %(before)s", *(sql for sql, value in asked.items() if value)]


def _values(span: Span) -> dict[str, Any]:  # Any: what psycopg adapts
    fields = {name: getattr(span, name) for name in span.__struct_fields__}
    return fields | {"names": list(span.names), "by": str(span.by)}


def _rows(sql: str, values: dict[str, Any]) -> list[Stored]:  # Any: see above
    with connection.wrap_database_errors, psycopg.Cursor(driver()) as cursor:
        return [Stored(*row) for row in cursor.execute(sql, values, binary=True).fetchall()]
