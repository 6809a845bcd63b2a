"""Inline read models again from the log: rebuild one, or compare its rows with a replay."""

import json
from collections.abc import Iterator
from typing import Any

from django.db import connection, models, transaction

from exact.domain import annotations
from exact.domain.annotation_fold import AnnotationFold
from exact.domain.facts import Fact
from exact.domain.registry import facts_of, fold
from exact.eventstore.log import read
from exact.projections.base import Inline, Row, columns
from exact.projections.follow import Projection
from exact.projections.rebuilding import fold_again
from exact.projections.runner import hold

Rows = dict[Any, tuple[Any, ...]]  # Any: an id and its column values
Tables = dict[type[models.Model], Rows]


def states(inline: Inline) -> dict[Any, Any]:  # Any: stream id to the noun's state
    """Every stream of that noun after all its facts."""
    found = AnnotationFold() if inline.state is annotations.Annotation else Noun(inline)
    after = 0
    while batch := read(after=after):
        for recorded in batch:
            found.take(recorded.fact)
        after = batch[-1].position
    return found.states


class Noun:
    """The streams of any other noun, each by itself."""

    def __init__(self, inline: Inline) -> None:
        self._inline, self._kinds = inline, tuple(facts_of(inline.noun))
        self._all: dict[Any, Any] = {}

    def take(self, fact: Fact) -> None:
        """One more fact in position order."""
        if isinstance(fact, self._kinds):
            self._all[fact.originator_id] = fold(self._all.get(fact.originator_id), [fact])

    @property
    def states(self) -> dict[Any, Any]:
        """A noun may have several kinds of streams, each with a table of its own."""
        return {key: state for key, state in self._all.items() if isinstance(state, self._inline.state)}


def rebuild_inline(inline: Inline) -> int:
    """Write the rows again from the log; writers of that noun wait meanwhile. Answers the rows written."""
    with transaction.atomic():
        _lock(inline)
        replayed = list(states(inline).values())
        for table in reversed(inline.tables()):
            _execute(f'delete from "{table._meta.db_table}"')  # noqa: S608
        inline.show(replayed)
        return len(replayed)


def _lock(inline: Inline) -> None:
    """First the tables, then the log: a command writes its rows before its facts, so none can be half-way."""
    names = ", ".join(f'"{table._meta.db_table}"' for table in inline.tables())
    _execute("set local lock_timeout = '60s'")
    _execute(f"lock table {names} in share row exclusive mode")


def differences(read_model: Inline | Projection) -> list[str]:
    """One line for each row that is not what a replay makes of the log. Leaves everything as it was."""
    stored, replayed = _inline(read_model) if isinstance(read_model, Inline) else _followed(read_model)
    return [line for table, rows in stored.items() for line in _compared(table, rows, replayed[table])]


def _inline(inline: Inline) -> tuple[Tables, Tables]:
    """Rows and log of one snapshot: a command writes both or neither, so nobody has to wait."""
    with transaction.atomic():
        _execute("set transaction isolation level repeatable read, read only")
        stored = {table: _rows(table) for table in inline.tables()}
        replayed = inline.rows(list(states(inline).values()))
    return stored, {table: {row["id"]: _as_stored(table, row) for row in rows} for table, rows in replayed.items()}


def _followed(projection: Projection) -> tuple[Tables, Tables]:
    """The tables at the position they have reached, and again after a replay up to there, which is rolled back."""
    with transaction.atomic():
        place = hold(projection).position
        stored = {table: _rows(table) for table in projection.tables}
        fold_again(projection, upto=place)
        replayed = {table: _rows(table) for table in projection.tables}
        transaction.set_rollback(True)
    return stored, replayed


def _as_stored(table: type[models.Model], row: Row) -> tuple[Any, ...]:
    """The row's values as the database gives them back."""
    return tuple(
        json.loads(json.dumps(row[field.attname])) if isinstance(field, models.JSONField) else row[field.attname]
        for field in columns(table)
    )


def _rows(table: type[models.Model]) -> Rows:
    names = [field.attname for field in columns(table)]
    return {row[0]: row for row in table._default_manager.order_by("pk").values_list(*names).iterator()}


def _compared(table: type[models.Model], stored: Rows, replayed: Rows) -> Iterator[str]:
    names = [field.attname for field in columns(table)]
    for key in sorted({*stored, *replayed}, key=str):
        if stored.get(key) != replayed.get(key):
            difference = _explained(names, stored.get(key), replayed.get(key))
            yield f"{table._meta.db_table} {key}: {difference}"


def _explained(names: list[str], stored: tuple[Any, ...] | None, replayed: tuple[Any, ...] | None) -> str:
    if stored is None:
        return "missing in the table"
    if replayed is None:
        return "not in the replay"
    pairs: Row = {name: (a, b) for name, a, b in zip(names, stored, replayed, strict=True) if a != b}
    return "; ".join(f"{name}: table {a!r}, replay {b!r}" for name, (a, b) in pairs.items())


def _execute(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)
