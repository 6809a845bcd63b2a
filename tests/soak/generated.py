"""A log of millions of facts in minutes, made by the database itself: see generated.sql."""

import random
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

SQL = Path(__file__).with_suffix(".sql")
BATCH = 100_000
START = 5_000_000
"""The position of the first fact: so that ten million facts cross a border between partitions."""
LONG = 1000
"""Facts of the long annotation of each part."""
FACTS_OF_AN_IMAGE, IMAGES_AT_ONCE = 2000, 8


@dataclass(frozen=True)
class Part:
    """So many generated facts after the position `before`; images and annotations are numbered from `base` on."""

    before: int
    base: int
    count: int

    @property
    def step(self) -> int:
        """Every how-manieth fact happens to the long annotation."""
        return self.count // LONG

    @property
    def long(self) -> UUID:
        """The stream of the long annotation."""
        return an_id("9003", self.base * 1000)

    def place(self, chance: random.Random, until: float = 1.0) -> int:
        """A position somewhere in the part, or in the first so much of it."""
        return self.before + chance.randrange(int(self.count * until))

    def image(self, chance: random.Random) -> UUID:
        """One of the images whose work is done."""
        done = self.count // (FACTS_OF_AN_IMAGE * IMAGES_AT_ONCE) * IMAGES_AT_ONCE
        return an_id("9002", self.base + 1 + chance.randrange(done or IMAGES_AT_ONCE))


def an_id(kind: str, number: int) -> UUID:
    """As soak.id() makes it."""
    return UUID(f"018f0000-0000-7000-{kind}-{number:012x}")


def team(number: int) -> UUID:
    """One of the ten teams, 0 to 9; 0 has nothing but the long annotations."""
    return an_id("9001", number)


def prepare() -> None:
    """The functions that make facts, and what an import brings: a thousand polygons."""
    run(SQL.read_text())
    run("insert into soak.chunk values (%s)", chunk())


def chunk() -> str:
    """The packed annotations of an import as its fact has them."""
    import msgspec

    from exact.domain.packing import Packed, pack
    from tests.benchmarks.projector import Lives

    lives = Lives()
    items = [
        Packed(line=n, number=n, unique_identifier=None, annotation_type_id=lives.one_of(3), vector=lives.vector())
        for n in range(1, 1001)
    ]
    return str(msgspec.to_builtins(pack(items, [item.number for item in items])))


def fill(count: int, base: int) -> Part:
    """So many facts more at the end of the log, with heads, commands and activity, and the statistics of the tables."""
    from exact.eventstore.log import head

    part = Part(before=max(head(), START), base=base, count=count)
    run("select es.add_partition(n::int) from generate_series(0, %s) as n", (part.before + count) // 10_000_000 + 2)
    run("set synchronous_commit = off")
    for first in range(0, count, BATCH):
        run("call soak.fill(%s, %s, %s, %s, %s)", part.before, base, first, min(first + BATCH, count) - 1, part.step)
    run("set synchronous_commit = on")
    run("select setval('es.position_seq', (select max(position) from es.event))")
    run("select setval('es.bulk_seq', (select max(number) from es.bulk))")
    run("update es.projection set position = (select max(position) from es.event) where name = 'activity'")
    for table in ("es.event", "es.stream", "es.command", "activity", "image_progress_items"):
        run(f"vacuum analyze {table}")
    run("checkpoint")
    return part


def run(sql: str, *params: object) -> None:
    """One statement on Django's connection, committed by itself."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(sql, params or None)
