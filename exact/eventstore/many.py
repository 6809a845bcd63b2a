"""Many streams at once, in a few queries for all of them: what one command about many things reads."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from exact.domain.registry import fold
from exact.eventstore import bulk, log, snapshots
from exact.eventstore.driver import execute_binary
from exact.eventstore.mapper import decode
from exact.eventstore.recorded import Recorded

Histories = dict[UUID, list[Recorded]]

HEADS = "select stream_id, version, bulk is not null from es.stream where stream_id = any(%s)"
FACTS = """select e.stream_id, e.position, e.scope_id, e.type, e.schema_v, e.data
    from es.stream s join es.event e on e.stream_id = s.stream_id and e.position > s.since
    where s.stream_id = any(%s) order by e.stream_id, e.version"""


def load_all(stream_ids: Iterable[UUID]) -> dict[UUID, Any]:  # Any: the state of whatever noun the stream is
    """The states of many streams by their ids; an id without a stream is left out. Long ones are loaded one by one."""
    heads = _rows(HEADS, list(stream_ids))
    short = [head for head in heads if head[1] < snapshots.EVERY]
    states = {key: fold(None, (one.fact for one in facts)) for key, facts in _histories(short).items()}
    return states | {head[0]: log.load(head[0]) for head in heads if head[1] >= snapshots.EVERY}


def histories(stream_ids: Iterable[UUID]) -> Histories:
    """All facts of many streams, each in version order; of what came in bulk the first stands where it was shown."""
    return _histories(_rows(HEADS, list(stream_ids)))


def _histories(heads: list[tuple[Any, ...]]) -> Histories:  # Any: columns
    found: Histories = bulk.brought_all([head[0] for head in heads if head[2]])
    for stream_id, position, scope_id, name, schema, data in _rows(FACTS, [head[0] for head in heads]):
        recorded = Recorded(position=position, scope_id=scope_id, fact=decode(name, schema, data))
        found.setdefault(stream_id, []).append(recorded)
    return found


def _rows(sql: str, stream_ids: list[UUID]) -> list[tuple[Any, ...]]:  # Any: columns
    return execute_binary(sql, [stream_ids]) if stream_ids else []
