"""Comparing two generations of a read model row by row, at one position and in one snapshot."""

from collections.abc import Iterator
from typing import Any

import msgspec
from django.db import models, transaction

from exact.eventstore.driver import execute
from exact.projections.base import columns
from exact.projections.building import Build
from exact.projections.generations import LIVE

SHOWN = 20
"""Rows of one read model whose difference is told in words; all of them are counted."""


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """How many rows differ between the live tables and those built from the log, and the first of them in words."""

    position: int
    count: int
    lines: tuple[str, ...]


def compared(build: Build) -> Comparison | None:
    """The live generation against a built one, brought to the same position; None where the live one lags behind it.

    One snapshot, so that nobody has to wait: a command or a projector's batch is in it as a whole or not at all.
    """
    with transaction.atomic():
        execute("set transaction isolation level repeatable read")
        position = build.live_position()
        if position < build.position:
            return None
        with build.inside():
            build.bring_to(position)
        counts = [execute(DIFFER.format(what="count(*)", **of(table, build)))[0][0] for table in build.tables]
        lines = [line for table in build.tables for line in told(table, build)] if any(counts) else []
        return Comparison(position=position, count=sum(counts), lines=tuple(lines[:SHOWN]))


DIFFER = """select {what} from "{live}"."{table}" as stored full join "{built}"."{table}" as replayed
    on stored."{key}" = replayed."{key}" where stored.* is distinct from replayed.*"""


def of(table: type[models.Model], build: Build) -> dict[str, Any]:  # Any: names for DIFFER
    """What the question needs to know."""
    key = columns(table)[0].column
    return {"live": LIVE, "built": build.schema, "table": table._meta.db_table, "key": key}


def told(table: type[models.Model], build: Build) -> Iterator[str]:
    """The first differences of one table in words, in the order of its key."""
    names = [field.column for field in columns(table)]
    sides = [f'{side}."{name}"' for side in ("stored", "replayed") for name in names]
    sql = DIFFER.format(what=", ".join(sides), **of(table, build)) + f" order by 1, {len(names) + 1} limit {SHOWN}"
    for row in execute(sql):
        stored, replayed = row[: len(names)], row[len(names) :]
        key = stored[0] if stored[0] is not None else replayed[0]
        yield f"{table._meta.db_table} {key}: {explained(names, stored, replayed)}"


def explained(names: list[str], stored: tuple[Any, ...], replayed: tuple[Any, ...]) -> str:  # Any: column values
    """What is different in one row."""
    if stored[0] is None:
        return "missing in the table"
    if replayed[0] is None:
        return "not in the replay"
    pairs = {name: (a, b) for name, a, b in zip(names, stored, replayed, strict=True) if a != b}
    return "; ".join(f"{name}: table {a!r}, replay {b!r}" for name, (a, b) in pairs.items())
