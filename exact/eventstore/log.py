"""The log as the other rooms see it: append one command's facts, read by stream, scope and position."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any, TypeVar
from uuid import UUID

import msgspec
import psycopg
from django.db import connection
from eventsourcing.application import Application

from exact.domain.errors import Invalid
from exact.domain.facts import Fact
from exact.domain.registry import fold
from exact.eventstore import bulk, snapshots
from exact.eventstore.driver import driver, execute_binary
from exact.eventstore.mapper import ENCODER, FactMapper, decode
from exact.eventstore.recorded import Recorded
from exact.eventstore.recorder import ApplicationRecorder, Done, Recording
from exact.eventstore.topics import to_columns

__all__ = ["Recorded", "append", "done", "head", "load", "read", "read_scope", "read_stream"]

PAGE = 5000
F = TypeVar("F", bound=Fact)


class Log(Application[UUID]):
    """The library's application over our recorder, mapper and factory."""

    name = "exact"
    env = {
        "PERSISTENCE_MODULE": "exact.eventstore.persistence",
        "MAPPER_TOPIC": f"{FactMapper.__module__}:{FactMapper.__qualname__}",
    }

    @property
    def facts(self) -> ApplicationRecorder:
        """The recorder, typed as ours."""
        assert isinstance(self.recorder, ApplicationRecorder)
        return self.recorder


@cache
def log() -> Log:
    """The process's one log; it keeps no connection of its own."""
    return Log()


def load(stream_id: UUID) -> Any:  # Any: the state of whatever noun the stream is
    """The state of one stream after all its facts; None where there is no such stream.

    A short stream is folded whole, in one query; only a long one is asked for its snapshot.
    """
    facts = list(stream(stream_id, upto=snapshots.EVERY))
    if len(facts) < snapshots.EVERY:
        return fold(None, facts)
    state = snapshots.newest(stream_id) or fold(None, facts)
    return fold(state, stream(stream_id, after=state.version))


def stream(stream_id: UUID, after: int = 0, upto: int | None = None) -> Iterator[Fact]:
    """The facts of one stream in version order, from the version after `after` to version `upto`.

    The first ones of what came in bulk are read out of their import.
    """
    own = log().facts.select_events(stream_id, gt=after, lte=upto)
    if not after and (not own or own[0].originator_version > 1):
        for recorded in bulk.brought(stream_id):
            yield recorded.fact
    for event in own:
        yield decode(*to_columns(event.topic), event.state)


def append(recording: Recording, facts: Sequence[Fact], scopes: Sequence[UUID]) -> Sequence[int]:
    """Record the facts of one command and answer their positions; the last statement of its transaction.

    Raises StaleHead and CommandAlreadyDone.
    """
    _keep_snapshots(facts)
    store = log()
    stored = [store.mapper.to_stored_event(fact) for fact in facts]
    return store.facts.insert_events(stored, recording=recording, scopes=scopes)


def _keep_snapshots(facts: Sequence[Fact]) -> None:
    """Of the streams that become a hundred facts longer; in the order of their ids, so that nobody waits in a ring."""
    for stream_id in sorted({f.originator_id for f in facts if f.originator_version % snapshots.EVERY == 0}):
        state, more = load(stream_id), [fact for fact in facts if fact.originator_id == stream_id]
        if state and state.version + 1 == more[0].originator_version:
            snapshots.keep(fold(state, more))


def note(recording: Recording) -> int:
    """Remember a command that changed nothing, so that a repetition gets the same answer; answers the head."""
    return log().facts.note(recording)


def done(command_id: UUID) -> Done | None:
    """What is remembered of a command: hash of the wish, answer, first position, number of facts."""
    return log().facts.done(command_id)


def together(correlation_id: UUID) -> list[UUID]:
    """The commands that share a correlation id, in the order in which they were recorded."""
    return log().facts.together(correlation_id)


Work = list[tuple[UUID, Recorded]]
"""Facts with the commands that recorded them, in position order."""
ASKED = "(c.command_id = %s or c.correlation_id = %s) and c.n > 0"
"""One command, or all that share a correlation id."""


FACTS = f"""select c.command_id, e.* from es.command c cross join lateral (
        select position, scope_id, type, schema_v, data from es.event
        where position >= c.position and position < c.position + c.n and (type <> %s or position = c.position)
        order by position limit c.n
    ) as e where {ASKED} order by e.position"""  # noqa: S608
"""With a limit for each command, so that each is found by its positions: the planner cannot know how few facts a range
holds, and with a plain join it read the whole log for 500 commands (65 s instead of 15 ms with 300,000 facts).
"""


def count_of(command_id: UUID | None, correlation_id: UUID | None = None) -> int:
    """How many facts one command recorded, or those together that share a correlation id."""
    sql = f"select coalesce(sum(c.n), 0) from es.command c where {ASKED}"  # noqa: S608
    return int(_rows(sql, command_id, correlation_id)[0][0])


def work_of(command_id: UUID | None, correlation_id: UUID | None = None) -> Work:
    """Those facts; of the chunks that one command brought only the first, which names the import as well as all."""
    rows = execute_binary(FACTS, [bulk.CHUNK, command_id, correlation_id])
    return [(row[0], _recorded(row[1:])) for row in rows]


def facts_of(command_id: UUID) -> list[Recorded]:
    """The facts that one command recorded, in position order; none for a command that is not known."""
    return [recorded for _, recorded in work_of(command_id)]


def hash_of(wish: Any) -> bytes:  # Any: a command Struct
    """SHA-256 of a wish, to tell a repetition from another wish under the same key; refuses what cannot be written."""
    try:
        return hashlib.sha256(type(wish).__name__.encode() + b"\n" + ENCODER.encode(wish)).digest()
    except (UnicodeEncodeError, RecursionError):
        raise Invalid("A text holds half a character, or the data are nested too deeply.", code="not_text") from None


def head() -> int:
    """The newest position; 0 for an empty log."""
    return int(_rows("select coalesce(max(position), 0) from es.event")[0][0])


def head_of(scope_id: UUID) -> int:
    """The newest position of one scope at which there was something to be seen; 0 where there is none."""
    sql = "select coalesce(max(position), 0) from es.event where scope_id = %s and type <> %s"
    return int(_rows(sql, scope_id, bulk.CHUNK)[0][0])


def begun_after(stream_ids: Sequence[UUID], position: int) -> bool:
    """Whether the first fact of one of these streams stands after a position."""
    sql = "select exists (select from es.event where stream_id = any(%s) and version = 1 and position > %s)"
    return bool(_rows(sql, list(stream_ids), position)[0][0])


def changed_after(stream_ids: Iterable[UUID], position: int) -> list[UUID]:
    """Those of the streams that have a fact of their own after a position."""
    sql = "select distinct stream_id from es.event where stream_id = any(%s) and position > %s"
    return [stream_id for (stream_id,) in _rows(sql, list(stream_ids), position)]


def next_number(noun: str) -> int:
    """The next public integer id of a noun (a sequence: a rolled back command leaves a gap)."""
    return next_numbers(noun, 1)[0]


def next_numbers(noun: str, count: int) -> list[int]:
    """The next public integer ids of a noun, ascending."""
    return [row[0] for row in _rows(f"select nextval('es.number_{noun}') from generate_series(1, %s)", count)]  # noqa: S608


BIG_BYTES = 32 * 1024
BIG_ON_A_PAGE = 20
"""A page holds this many payloads of BIG_BYTES or more at most, so that what reads the log needs little memory."""
SMALL = f"case when octet_length(data) < {BIG_BYTES} then data end"
COLUMNS = f"position, scope_id, type, schema_v, {SMALL}"


def read(after: int = 0, upto: int | None = None, limit: int = PAGE) -> list[Recorded]:
    """Facts of all scopes with position > after (and <= upto), in position order; fewer than `limit` if some are big.

    Empty only where there are no more.
    """
    sql = f"select {COLUMNS} from es.event where position > %s and position <= %s order by position limit %s"  # noqa: S608
    return _page(_rows(sql, after, _top(upto), limit))


def pages(upto: int) -> Iterator[list[Recorded]]:
    """Everything up to a position, a page at a time."""
    sql = f"select {COLUMNS} from es.event where position > %s and position <= %s order by position limit {PAGE}"  # noqa: S608
    after = 0
    while page := _page(execute_binary(sql, [after, upto])):
        yield page
        after = page[-1].position


def by_scope(upto: int, leaving_out: Sequence[str] = ()) -> Iterator[Recorded]:
    """Everything up to a position, scope after scope, each in position order; one page in memory.

    Facts of some stored names may be left out. Nothing else is: a name that is not known raises UnknownFact.
    """
    sql = (
        f"select {COLUMNS} from es.event where (scope_id, position) > (%s, %s) and position <= %s"  # noqa: S608
        f" and type <> all(%s) order by scope_id, position limit {PAGE}"
    )
    after = (UUID(int=0), 0)
    while page := execute_binary(sql, [*after, upto, list(leaving_out)]):
        yield from (_recorded(row if row[4] is not None else _whole(row)) for row in page)
        after = (page[-1][1], page[-1][0])


def _whole(row: tuple[Any, ...]) -> tuple[Any, ...]:  # Any: columns
    """A row whose payload was too big for a page."""
    return *row[:4], _rows("select data from es.event where position = %s", row[0])[0][0]


class Header(msgspec.Struct, frozen=True):
    """What stands beside a stored fact, readable also where the fact itself is not."""

    position: int
    stream_id: UUID
    name: str


def header_after(position: int) -> Header | None:
    """The first fact after a position, undecoded; None at the end of the log."""
    sql = "select position, stream_id, type from es.event where position > %s order by position limit 1"
    rows = _rows(sql, position)
    return Header(*rows[0]) if rows else None


def read_some(names: Sequence[str], after: int, upto: int, limit: int = PAGE) -> list[Recorded]:
    """Facts of these stored names with position > after and <= upto, in position order; fewer if some are big."""
    sql = (
        f"select {COLUMNS} from es.event where position > %s and position <= %s and type = any(%s)"  # noqa: S608
        " order by position limit %s"
    )
    return _page(_rows(sql, after, upto, list(names), limit))


def read_scope(scope_id: UUID, after: int = 0, upto: int | None = None, limit: int = PAGE) -> list[Recorded]:
    """Facts of one scope with position > after (and <= upto), in position order."""
    sql = (
        f"select {COLUMNS} from es.event where scope_id = %s and position > %s and position <= %s"  # noqa: S608
        " order by position limit %s"
    )
    return _page(_rows(sql, scope_id, after, _top(upto), limit))


def all_of(scope_id: UUID, upto: int | None = None) -> Iterator[Recorded]:
    """Every fact of one scope up to a position, a page at a time."""
    for page in scope_pages(scope_id, upto):
        yield from map(_recorded, page)


STREAMED = 100
"""Facts that are fetched together while the server goes on reading; those of an import may be 200 kB each."""


def streamed(scope_id: UUID, upto: int) -> Iterator[Fact]:
    """The facts of one scope up to a position, decoded while the server reads the next ones.

    The connection is busy until the last one was taken: nothing else can be asked meanwhile.
    """
    sql = "select type, schema_v, data from es.event where scope_id = %s and position <= %s order by position"
    with connection.wrap_database_errors, psycopg.Cursor(driver()) as cursor:
        for name, schema, data in cursor.stream(sql, [scope_id, upto], binary=True, size=STREAMED):
            yield decode(name, schema, data)


def scope_pages(scope_id: UUID, upto: int | None = None) -> Iterator[list[tuple[Any, ...]]]:  # Any: columns
    """The stored rows of one scope up to a position, a page at a time: position, scope, name, schema version, bytes."""
    sql = (
        f"select {COLUMNS} from es.event where scope_id = %s and position > %s and position <= %s"  # noqa: S608
        f" order by position limit {PAGE}"
    )
    after = 0
    while page := _roomy(execute_binary(sql, [scope_id, after, _top(upto)])):
        yield page
        after = page[-1][0]


def read_stream(stream_id: UUID, upto: int | None = None) -> list[Recorded]:
    """The facts of one stream with their positions, up to a position; also those that it got with its import."""
    sql = (
        "select position, scope_id, type, schema_v, data from es.event where stream_id = %s and position <= %s"
        " and position > (select since from es.stream where stream_id = %s) order by position"
    )
    own = [_recorded(row) for row in _rows(sql, stream_id, _top(upto), stream_id)]
    born_here = own and own[0].fact.originator_version <= 1
    return own if born_here else [*bulk.brought(stream_id, upto), *own]


def _page(rows: list[tuple[Any, ...]]) -> list[Recorded]:
    """The facts of a page."""
    return [_recorded(row) for row in _roomy(rows)]


def _roomy(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:  # Any: columns
    """The rows up to the last whose payload there is room for; the big payloads are fetched for themselves."""
    big = [row[0] for row in rows if row[4] is None]
    if not big:
        return rows
    data = dict(_rows("select position, data from es.event where position = any(%s)", big[:BIG_ON_A_PAGE]))
    end = big[BIG_ON_A_PAGE] if len(big) > BIG_ON_A_PAGE else rows[-1][0] + 1
    return [(*row[:4], row[4] or data[row[0]]) for row in rows if row[0] < end]


def every(kind: type[F]) -> list[F]:
    """All facts of one kind, in position order; reads the whole log, for what is asked seldom."""
    rows = _rows(f"select {COLUMNS} from es.event where type = %s order by position", kind.__name__)  # noqa: S608
    facts = [_recorded(row).fact for row in rows]
    return [fact for fact in facts if isinstance(fact, kind)]


def _top(upto: int | None) -> int:
    return 2**63 - 1 if upto is None else upto


def _rows(sql: str, *params: Any) -> list[tuple[Any, ...]]:  # Any: what the driver adapts and returns
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows


def _recorded(row: tuple[Any, ...]) -> Recorded:
    return Recorded(position=row[0], scope_id=row[1], fact=decode(row[2], row[3], bytes(row[4])))
