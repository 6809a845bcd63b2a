"""Appending one fact with every guarantee, against a bare INSERT and against the library's own recorder."""

import itertools
import multiprocessing
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any

import psycopg
from eventsourcing.persistence import StoredEvent
from msgspec.structs import replace

from tests.benchmarks import Row, at_least, at_most, found

NAMES = (
    "append",
    "append, 8 processes",
    "append, 8 processes with group commit",
    "append against the stock recorder",
    "append with inline row",
)
ROUNDS, SECONDS, PROCESSES = 30, 0.15, 8
"""Many short turns: what else the machine does then falls on all of them alike."""
WARM_UP = 3
PAYLOAD = (
    b'{"originator_id":"018f0000-0000-7000-8000-000000000001","originator_version":1,"at":"2026-01-01T00:00:00Z",'
    b'"by":"018f0000-0000-7000-8000-000000000002","number":1,"image_id":"018f0000-0000-7000-8000-000000000003",'
    b'"unique_identifier":"018f0000-0000-7000-8000-000000000004",'
    b'"annotation_type_id":"018f0000-0000-7000-8000-000000000005",'
    b'"vector":{"vector_type":5,"points":[' + b",".join(b"%d" % n for n in range(100_000, 100_060)) + b"]}}"
)
"""A drawn polygon of thirty points; it can be decoded, since whoever follows the log meets it."""
TABLE = """
drop schema if exists bench cascade; create schema bench; create sequence bench.position;
create table bench.raw (position bigint primary key, stream_id uuid not null, version bigint not null,
  type text not null, schema_v smallint not null, scope_id uuid not null, command_id uuid not null,
  data bytea not null);
create unique index on bench.raw (stream_id, version); create index on bench.raw (scope_id, position);"""
INSERT = "insert into bench.raw values (nextval('bench.position'), %s, 1, 'AnnotationDrawn', 1, %s, %s, %s)"

Step = Callable[[], Any]


def rows() -> list[Row]:
    """By turns. One process: ours, bare, stock, a command with and without its row; eight: ours, bare, in groups."""
    with psycopg.connect(**where(), autocommit=True) as connection:
        connection.execute(TABLE)
    single = by_turns(("raw", "ours", "stock", "alone", "row"), 1)
    many = by_turns(("raw", "ours", "grouped"), PROCESSES)
    return [
        at_least("append", ratio(single, "raw"), 0.6, unit="ratio", against="raw INSERT, autocommit"),
        at_least("append, 8 processes", ratio(many, "raw"), 0.2, unit="ratio", against="raw INSERT, 8 processes"),
        found("append, 8 processes with group commit", ratio(many, "ours", "grouped"), unit="times",
              against="append, 8 processes; an experiment (decision 0012)"),
        at_least("append against the stock recorder", ratio(single, "stock"), 1.6, unit="ratio",
                 against="eventsourcing.postgres"),
        at_most("append with inline row", ratio(single, "row", "alone"), 1.3, unit="times", against="append alone"),
    ]  # fmt: skip


def ratio(rates: dict[str, list[float]], against: str, which: str = "ours") -> float:
    """The median over the rounds of one rate / the other of the same round."""
    return statistics.median(one / other for one, other in zip(rates[which], rates[against], strict=True))


def by_turns(names: tuple[str, ...], processes: int) -> dict[str, list[float]]:
    """Appends a second of each, measured one after the other in every round; the first rounds only warm up."""
    rates: dict[str, list[float]] = {name: [] for name in names}
    with workers(processes) as pipes:
        for turn in range(-WARM_UP, ROUNDS):
            for name in names:
                rate = together(pipes, name)
                if turn >= 0:
                    rates[name].append(rate)
    return rates


@contextmanager
def workers(count: int) -> Iterator[list[Connection]]:
    """Real processes, each with connections of its own."""
    context = multiprocessing.get_context("spawn")
    pairs = [context.Pipe() for _ in range(count)]
    processes = [context.Process(target=work, args=(theirs,)) for _, theirs in pairs]
    for process in processes:
        process.start()
    yield [ours for ours, _ in pairs]
    for ours, _ in pairs:
        ours.send("")
    for process in processes:
        process.join()


def together(pipes: list[Connection], name: str) -> float:
    """All of them at once; appends a second."""
    for pipe in pipes:
        pipe.send(name)
    return sum(pipe.recv() for pipe in pipes) / SECONDS


def work(pipe: Connection) -> None:
    """One process: does what it is told until it is told nothing."""
    import django

    django.setup()
    steps: dict[str, Step] = {}
    while name := pipe.recv():
        if name not in steps:
            steps[name] = MAKE[name]()
        pipe.send(counted(steps[name]))


def counted(step: Step) -> int:
    """How often it was done in SECONDS."""
    end, count = time.perf_counter() + SECONDS, 0
    while time.perf_counter() < end:
        step()
        count += 1
    return count


def where() -> dict[str, Any]:
    """How to reach the database with psycopg itself."""
    from exact.eventstore.subscription import listening_parameters

    return listening_parameters()


def raw() -> Step:
    """A bare INSERT into a table with the same indexes, prepared, autocommit: no order, no heads, no idempotency."""
    from exact.domain.identifiers import new_id

    connection = psycopg.connect(**where() | {"prepare_threshold": 2}, autocommit=True)
    cursor, scope = connection.cursor(), new_id()
    return lambda: cursor.execute(INSERT, (new_id(), scope, new_id(), PAYLOAD))


def ours() -> Step:
    """The recorder as the bus calls it: idempotency row, head, position in commit order, wake-up."""
    from exact.domain.identifiers import new_id
    from exact.eventstore.recorder import ApplicationRecorder, Recording

    recorder, scopes = ApplicationRecorder(), [new_id()]

    def step() -> None:
        stream = new_id()
        result = f'{{"id":"{stream}","number":1,"version":1}}'
        recording = Recording(command_id=new_id(), request=b"\x07" * 32, result=result)
        recorder.insert_events([fact(stream)], recording=recording, scopes=scopes)

    return step


def stock() -> Step:
    """The library's recorder for PostgreSQL, which knows neither scopes nor idempotency."""
    from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore

    from exact.domain.identifiers import new_id

    place = where()
    store = PostgresDatastore(dbname=place["dbname"], host=place["host"], port=str(place.get("port") or ""),
                              user=place["user"], password=place.get("password") or "")  # fmt: skip
    recorder = PostgresApplicationRecorder(store, events_table_name="bench_stock")
    recorder.create_table()
    return lambda: recorder.insert_events([fact(new_id())])


def fact(stream: Any) -> StoredEvent:
    """The first fact of a stream."""
    return StoredEvent(stream, 1, "AnnotationDrawn", PAYLOAD)


def grouped() -> Step:
    """Ours, but it gives up the order of the log before the disk has it, and waits for the disk with whoever waits."""
    from django.db import connection, transaction

    append = ours()

    def step() -> None:
        with connection.cursor() as cursor:
            with transaction.atomic():
                cursor.execute("set local synchronous_commit = off")
                append()
            cursor.execute("select pg_logical_emit_message(true, '', '')")

    return step


def alone() -> Step:
    """What a command does when it has decided, but for the row."""
    from exact.commands import bus

    return in_a_transaction(bus.append)


def row() -> Step:
    """The whole of it."""
    from exact.commands import bus

    def shown(recording: Any, changes: Any) -> None:
        bus.show(changes)
        bus.append(recording, changes)

    return in_a_transaction(shown)


def in_a_transaction(work: Callable[[Any, Any], Any]) -> Step:
    """Another drawn annotation each time, in a transaction as the bus makes it."""
    from django.db import transaction

    from exact.commands.bus import Change
    from exact.domain.annotations import AnnotationDrawn
    from exact.domain.identifiers import new_id
    from exact.eventstore.mapper import decode
    from exact.eventstore.recorder import Recording

    drawn, scope, numbers = decode("AnnotationDrawn", 1, PAYLOAD), new_id(), itertools.count(1_000_000)
    assert isinstance(drawn, AnnotationDrawn), "it is one"

    def step() -> None:
        stream = new_id()
        fact = replace(drawn, originator_id=stream, number=next(numbers), image_id=scope)
        result = f'{{"id":"{stream}","number":1,"version":1}}'
        recording = Recording(command_id=new_id(), request=b"\x07" * 32, result=result)
        with transaction.atomic():
            work(recording, [Change(before=None, facts=[fact], scope_id=scope)])

    return step


MAKE: dict[str, Callable[[], Step]] = {
    "raw": raw, "ours": ours, "stock": stock, "grouped": grouped, "alone": alone, "row": row,
}  # fmt: skip
