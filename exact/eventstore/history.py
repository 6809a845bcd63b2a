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
    """A row of the log; ids as texts, since they are only told; `data` is the payload's JSON."""

    position: int
    stream_id: str
    version: int
    name: str
    schema: int
    scope_id: str
    command_id: str
    data: bytes


DATA = f"""case when type = '{bulk.CHUNK}'
    then substring(data for position(convert_to(',"items":', 'utf8') in data) - 1) || convert_to('}}', 'utf8')
    else data end"""
"""A chunk of an import without its annotations, which are its last field: nobody reads them in a history."""
COLUMNS = f"position, stream_id::text, version, type, schema_v, scope_id::text, command_id::text, {DATA}"
INSIDE = "(convert_from(data, 'utf8')::json ->> '{}')"


def of_stream(stream_id: UUID, span: Span) -> list[Stored]:
    """A page of one stream.

    Read along its versions, which rise with the positions: where the page begins or ends at a fact of the stream, the
    index leads there at once. Looking inside reads every payload from there on: streams are short. What came in bulk
    begins with what its import brought.
    """
    conditions, bounds = ["stream_id = %(id)s"], _bounds(stream_id, span)
    versions = _versions_at(stream_id, [span.after, span.before])
    if span.after in versions:
        conditions.append(f"version > {versions[span.after]}")
    if span.before in versions:
        conditions.append(f"version < {versions[span.before]}")
    return _with_brought(_page(conditions, "version", span, bounds), stream_id, span)


def of_scope(scope_id: UUID, span: Span) -> list[Stored]:
    """A page of one scope, such as an image; looking inside reads every payload of the scope."""
    return _page(["scope_id = %(id)s"], "position", span, _bounds(scope_id, span))


def at(positions: Sequence[int]) -> list[Stored]:
    """The facts at these positions, in the order of the positions.

    The planner is told between which positions they are, so that it leaves partitions out, and not which they are: it
    would take longer to look at each of them than to find the facts.
    """
    if not positions:
        return []
    sql = (
        f"select {COLUMNS} from es.event where position >= %(lowest)s and position <= %(highest)s"  # noqa: S608
        " and position = any(array(select unnest(%(at)s::bigint[])))"
    )
    bounds = {"at": list(positions), "lowest": min(positions), "highest": max(positions)}
    found = {row.position: row for row in _stored_rows(sql, bounds)}
    return [found[position] for position in positions if position in found]


def _bounds(id: UUID, span: Span) -> dict[str, Any]:  # Any: what psycopg adapts
    """Where the facts of a stream or of a scope can stand, as narrow as is known without looking.

    A scope is a stream, too, and older than the other facts in it. The bounds go into the page's statement as values:
    the planner must know them, or it takes the wrong index and cannot leave partitions out.
    """
    sql = "select coalesce(since, 0), last_value from es.position_seq left join es.stream on stream_id = %(id)s"
    [(since, newest)] = _rows(sql, {"id": id})
    return {"id": id, "after": max(span.after, since), "before": min(span.before, newest + 1)}


def _versions_at(stream_id: UUID, positions: Sequence[int]) -> dict[int, int]:
    """The versions that the stream has at those of the positions which are its own."""
    inside = [position for position in positions if 0 < position < NEWEST]
    if not inside:
        return {}
    sql = "select position, version from es.event where position = any(%(at)s) and stream_id = %(id)s"
    return dict(_rows(sql, {"at": inside, "id": stream_id}))


def _page(conditions: list[str], order: str, span: Span, bounds: dict[str, Any]) -> list[Stored]:  # Any: see above
    wanted = " and ".join([*conditions, *_conditions(span)])
    end = f"order by {order} {'desc' if span.newest_first else 'asc'} limit %(limit)s"
    sql = f"select {COLUMNS} from es.event where {wanted} {end}"  # noqa: S608
    return _stored_rows(sql, _values(span) | bounds)


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


def _stored_rows(sql: str, values: dict[str, Any]) -> list[Stored]:  # Any: see above
    return list(map(Stored._make, _rows(sql, values)))  # noqa: SLF001 - a named tuple's own constructor


def _rows(sql: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:  # Any: columns
    """Never prepared: a plan for any values at all would be made without knowing the bounds."""
    with connection.wrap_database_errors, psycopg.Cursor(driver()) as cursor:
        return cursor.execute(sql, values, prepare=False, binary=True).fetchall()


# --- what an import brought -------------------------------------------------------------------------------------------


def _with_brought(own: list[Stored], stream_id: UUID, span: Span) -> list[Stored]:
    if any(row.version <= 1 for row in own):
        return own
    wanted = [one for one in bulk.brought(stream_id) if _wanted(one, span)]
    commands = _commands_at([one.position for one in wanted])
    brought = [_stored(one, commands[one.position]) for one in wanted]
    return sorted([*own, *brought], key=lambda row: row.position, reverse=span.newest_first)[: span.limit]


def _commands_at(positions: list[int]) -> dict[int, str]:
    """Which command recorded the fact at each position."""
    sql = "select position, command_id::text from es.event where position = any(%(at)s)"
    return dict(_rows(sql, {"at": positions})) if positions else {}


def _stored(one: Recorded, command_id: str) -> Stored:
    """The row that a fact would have that was read out of an import."""
    fact, name = one.fact, type(one.fact).__name__
    data = ENCODER.encode(fact)
    ids = str(fact.originator_id), str(one.scope_id)
    return Stored(one.position, ids[0], fact.originator_version, name, fact.SCHEMA, ids[1], command_id, data)


def _wanted(one: Recorded, span: Span) -> bool:
    """What the conditions say in SQL."""
    return (
        span.after < one.position < span.before
        and (not span.names or type(one.fact).__name__ in span.names)
        and span.by in (None, one.fact.by)
        and (span.since is None or one.fact.at >= span.since)
        and (span.until is None or one.fact.at < span.until)
    )
