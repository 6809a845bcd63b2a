"""Annotations in bulk: against a COPY of single facts, their bytes, the time they hold the order of the log up."""

import math
import multiprocessing
import random
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from typing import Any
from uuid import UUID

import msgspec
import psycopg

from tests.benchmarks import Row, at_least, at_most
from tests.benchmarks.append import PAYLOAD, TABLE, where

NAMES = (
    "bulk annotations",
    "bulk, one new stream a fact",
    "bulk bytes of an annotation",
    "bulk order lock held for 100,000",
    "bulk: a second client's p95",
)
ROUNDS, CHUNKS, ITEMS = 5, 20, 1000
HEADS = "create table bench.head (stream_id uuid primary key, version bigint, scope_id uuid, since bigint)"
LOCK = "select count(*) from pg_locks where locktype = 'advisory' and objid = 4242 and granted and pid = %s"


def rows() -> list[Row]:
    """By turns: twenty thousand annotations as bulk facts, and as many single facts by a bare COPY with their heads."""
    with psycopg.connect(**where(), autocommit=True) as connection:
        connection.execute(TABLE + HEADS)
    site = Site()
    single, streams, ours = [], [], []
    for turn in range(ROUNDS + 1):
        rates = (site.copy_single(), site.append_new_streams(), site.bring())
        if turn:
            for kept, rate in zip((single, streams, ours), rates, strict=True):
                kept.append(rate)
    held_s, each = site.hundred_thousand()
    quiet_ms, busy_ms = site.p95_ms(lambda: time.sleep(3)), site.p95_ms(lambda: site.bring(times=10))
    return [
        at_least("bulk annotations", ratio(ours, single), 1.5, unit="times", against="COPY of single facts and heads"),
        at_least("bulk, one new stream a fact", ratio(streams, single), 0.3, unit="ratio",
                 against="COPY of single facts and heads"),
        at_most("bulk bytes of an annotation", each, 200, unit="bytes", against="log, heads and their indexes"),
        at_most("bulk order lock held for 100,000", held_s * 1000, 200, unit="ms", against="one import of 100,000"),
        at_most("bulk: a second client's p95", busy_ms / quiet_ms, 3, unit="times", against="its p95 when quiet"),
    ]  # fmt: skip


def ratio(ours: list[float], theirs: list[float]) -> float:
    """The median of the rounds."""
    return statistics.median(a / b for a, b in zip(ours, theirs, strict=True))


def stored_bytes() -> int:
    """What the log takes on the disk: facts, heads, commands, chunks, with indexes."""
    sql = """select sum(pg_total_relation_size(c.oid)) from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname = 'es' and c.relkind = 'r'"""
    with psycopg.connect(**where(), autocommit=True) as connection:
        row = connection.execute(sql).fetchone()
        assert row
        return int(row[0])


class Site:
    """A place with one image, and the three ways to write twenty thousand annotations."""

    def __init__(self) -> None:
        from tests.builders import a_workplace

        self.place = a_workplace()
        self.chance = random.Random(7)
        self.items = [self.cell(line) for line in range(1, CHUNKS * ITEMS + 1)]

    def cell(self, line: int) -> Any:
        """A nucleus of eight points somewhere on a slide of 80,000 pixels, with a confidence."""
        from exact.domain.imports import ImportedItem
        from exact.domain.vectors import Vector, VectorType

        x, y, radius = (self.chance.randrange(*ends) for ends in ((0, 8_000_000), (0, 8_000_000), (500, 1500)))
        turns = [turn * math.pi / 4 + self.chance.random() / 4 for turn in range(8)]
        corners = [(x + radius * math.cos(turn), y + radius * math.sin(turn)) for turn in turns]
        points = tuple(round(value) for corner in corners for value in corner)
        return ImportedItem(
            line=line,
            annotation_type_id=self.place.types[VectorType.POLYGON],
            vector=Vector(vector_type=VectorType.POLYGON, points=points),
            meta_data={"confidence": round(self.chance.random(), 3)},
        )

    def begin(self) -> UUID:
        from exact.commands.imports import start_import
        from exact.domain.identifiers import new_id
        from exact.domain.imports import Origin

        import_id = new_id()
        start_import(import_id, self.place.image_set_id, Origin(source="bench"), rows=1000, set_aside=0,
                     filename="bench.jsonl", sha256="ab" * 32, by=self.place.owner)  # fmt: skip
        return import_id

    def bring(self, times: int = 1) -> float:
        """As an import does it, in its batches, encoding and heads included; annotations a second."""
        from exact.commands.imports import CHUNKS_MAX, record_chunks

        import_id, began = self.begin(), time.perf_counter()
        chunks = [(self.place.image_id, items) for turn in range(times) for items in self.chunks(turn)]
        for batch in range(0, len(chunks), CHUNKS_MAX):
            record_chunks(import_id, 1 + batch // CHUNKS_MAX, chunks[batch : batch + CHUNKS_MAX], by=self.place.owner)
        return times * len(self.items) / (time.perf_counter() - began)

    def chunks(self, turn: int) -> Iterator[list[Any]]:
        """All of it, a thousand at a time; in each turn on later lines."""
        items = self.later(self.items, turn) if turn else self.items
        return (items[n : n + ITEMS] for n in range(0, len(items), ITEMS))

    def later(self, items: Any, turn: int) -> Any:
        """The same shapes on later lines."""
        from msgspec.structs import replace

        return [replace(item, line=item.line + turn * len(self.items)) for item in items]

    def copy_single(self) -> float:
        """The bare database: ready bytes of single facts and their heads by binary COPY; facts a second."""
        from exact.domain.identifiers import new_id

        ids, scope = [new_id() for _ in self.items], self.place.image_id
        with psycopg.connect(**where()) as connection, connection.cursor() as cursor:
            [(start,)] = cursor.execute("select coalesce(max(position), 0) from bench.raw").fetchall()
            began = time.perf_counter()
            with cursor.copy("copy bench.raw from stdin (format binary)") as copy:
                copy.set_types(["int8", "uuid", "int8", "text", "int2", "uuid", "uuid", "bytea"])
                for place, one in enumerate(ids, start + 1):
                    copy.write_row((place, one, 1, "AnnotationDrawn", 1, scope, one, PAYLOAD))
            with cursor.copy("copy bench.head from stdin (format binary)") as copy:
                copy.set_types(["uuid", "int8", "uuid", "int8"])
                for one in ids:
                    copy.write_row((one, 1, scope, start))
            connection.commit()
            return len(ids) / (time.perf_counter() - began)

    def append_new_streams(self) -> float:
        """The recorder's own COPY of single facts, each of a new stream; facts a second."""
        from eventsourcing.persistence import StoredEvent

        from exact.domain.identifiers import new_id
        from exact.eventstore.recorder import ApplicationRecorder

        events = [StoredEvent(new_id(), 1, "AnnotationDrawn", PAYLOAD) for _ in range(CHUNKS * ITEMS // 4)]
        began = time.perf_counter()
        ApplicationRecorder().insert_events(events, scopes=[self.place.image_id] * len(events))
        return len(events) / (time.perf_counter() - began)

    def hundred_thousand(self) -> tuple[float, float]:
        """Seconds for which an import of 100,000 holds the order of the log up, and bytes that each takes."""
        held, before = Held(own_backend()), stored_bytes()
        thread = threading.Thread(target=held.run)
        thread.start()
        self.bring(times=5)
        held.stop = True
        thread.join()
        return held.seconds, (stored_bytes() - before) / (5 * len(self.items))

    def p95_ms(self, meanwhile: Callable[[], object]) -> float:
        """Of somebody's single commands in another process, as the web is another than the worker, meanwhile."""
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=somebody, args=(msgspec.json.encode(self.place), theirs))
        process.start()
        ours.recv()
        meanwhile()
        ours.send("enough")
        took_ms: list[float] = ours.recv()
        process.join()
        return statistics.quantiles(took_ms, n=20)[-1]


def somebody(place: bytes, pipe: Connection) -> None:
    """Draws one annotation after the other until told that it is enough, and tells how many ms each took."""
    import django

    django.setup()
    from tests.builders import Workplace

    workplace, took_ms = msgspec.json.decode(place, type=Workplace), []
    workplace.draw()
    pipe.send("ready")
    while not pipe.poll():
        began = time.perf_counter()
        workplace.draw()
        took_ms.append((time.perf_counter() - began) * 1000)
        time.sleep(0.01)
    pipe.send(took_ms)


def own_backend() -> int:
    """The server's process that writes the import."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("select pg_backend_pid()")
        return int(cursor.fetchone()[0])


class Held:
    """Looks every half millisecond whether that process has the order lock."""

    def __init__(self, backend: int) -> None:
        self.backend = backend
        self.stop = False
        self.seconds = 0.0

    def run(self) -> None:
        """Until told to stop."""
        with psycopg.connect(**where(), autocommit=True) as connection:
            last = time.perf_counter()
            while not self.stop:
                row = connection.execute(LOCK, [self.backend]).fetchone()
                now = time.perf_counter()
                if row and row[0]:
                    self.seconds += now - last
                last = now
                time.sleep(0.0005)
