"""Appending one fact with every guarantee, against a bare INSERT and against the library's own recorder."""

import multiprocessing
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any

import psycopg
from eventsourcing.persistence import StoredEvent

from tests.benchmarks import Row, at_least

NAMES = ("append", "append, 8 processes", "append against the stock recorder")
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
    """One process: ours, bare and stock by turns. Eight processes: ours and bare by turns."""
    with psycopg.connect(**where(), autocommit=True) as connection:
        connection.execute(TABLE)
    single = by_turns(("raw", "ours", "stock"), 1)
    many = by_turns(("raw", "ours"), PROCESSES)
    return [
        at_least("append", ratio(single, "raw"), 0.6, unit="ratio", against="raw INSERT, autocommit"),
        at_least("append, 8 processes", ratio(many, "raw"), 0.2, unit="ratio", against="raw INSERT, 8 processes"),
        at_least("append against the stock recorder", ratio(single, "stock"), 1.6, unit="ratio",
                 against="eventsourcing.postgres"),
    ]  # fmt: skip


def ratio(rates: dict[str, list[float]], against: str) -> float:
    """The median over the rounds of ours / theirs of the same round."""
    return statistics.median(ours / theirs for ours, theirs in zip(rates["ours"], rates[against], strict=True))


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

    found = where()
    store = PostgresDatastore(dbname=found["dbname"], host=found["host"], port=str(found.get("port") or ""),
                              user=found["user"], password=found.get("password") or "")  # fmt: skip
    recorder = PostgresApplicationRecorder(store, events_table_name="bench_stock")
    recorder.create_table()
    return lambda: recorder.insert_events([fact(new_id())])


def fact(stream: Any) -> StoredEvent:
    """The first fact of a stream."""
    return StoredEvent(stream, 1, "AnnotationDrawn", PAYLOAD)


MAKE: dict[str, Callable[[], Step]] = {"raw": raw, "ours": ours, "stock": stock}
