"""Inline read models: a row is a pure function of a noun's state, written in the command's own transaction."""

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from operator import itemgetter
from types import ModuleType
from typing import Any

import msgspec
from django.db import connection, models, transaction
from psycopg.types.json import Jsonb

from exact.domain.facts import Fact
from exact.eventstore.driver import driver, execute_binary

Row = dict[str, Any]  # Any: column values
RowOf = Callable[[Any], Row]  # Any: the noun's state


class Inline(msgspec.Struct, frozen=True, kw_only=True):
    """One table written inline: the noun it shows, how states become rows, and what is kept beside the row itself.

    `details` are further tables of the same noun: (model, rows of one state, the column that names the state).
    """

    name: str
    noun: ModuleType
    state: type[Any]
    model: type[models.Model]
    row_of: RowOf
    details: tuple["Detail", ...] = ()

    def show(self, states: Sequence[Any], facts: Sequence[Fact] | None = None) -> None:
        """Write what is to be seen of these states; twice is once. The facts say which details may have moved."""
        upsert(self.model, [self.row_of(state) for state in states])
        for detail in self.details:
            if facts is None or any(isinstance(fact, detail.moved_by) for fact in facts):
                detail.show(states)

    def fill(self, states: Sequence[Any]) -> None:
        """Write what is to be seen of these states into tables that hold nothing of them yet.

        Each row is made while the server takes in those before.
        """
        copy(self.model, map(self.row_of, states))
        for detail in self.details:
            copy(detail.model, (row for state in states for row in detail.rows_of(state)))

    def tables(self) -> list[type[models.Model]]:
        """All tables of this read model."""
        return [self.model, *(detail.model for detail in self.details)]


class Detail(msgspec.Struct, frozen=True, kw_only=True):
    """Rows that hang on a noun's row, such as the members of a team: replaced as a whole."""

    model: type[models.Model]
    rows_of: Callable[[Any], list[Row]]
    owner: str
    moved_by: tuple[type[Fact], ...]

    def show(self, states: Sequence[Any]) -> None:
        """Remove the rows that are gone, write the others."""
        rows = [row for state in states for row in self.rows_of(state)]
        kept = [row["id"] for row in rows]
        gone = self.model._default_manager.filter(**{f"{self.owner}__in": [state.id for state in states]})
        gone.exclude(id__in=kept).delete()
        upsert(self.model, rows)


BULK_FROM = 200
"""Rows from which COPY and one statement beat values written into the text."""


def upsert(model: type[models.Model], rows: Iterable[Row]) -> None:
    """Insert rows or replace those with the same id."""
    wanted = list(rows)
    if len(wanted) >= BULK_FROM:
        _upsert_many(model, wanted)
    elif wanted:
        _upsert_few(model, wanted)


def copy(model: type[models.Model], rows: Iterable[Row]) -> None:
    """Bring new rows in by COPY; none of them may be there."""
    with connection.wrap_database_errors, driver().cursor() as cursor:
        _copy(cursor, model, model._meta.db_table, rows)


def insert(model: type[models.Model], rows: Sequence[Row]) -> None:
    """The same for many or few: what is known to be new costs half of what `upsert` costs."""
    if len(rows) >= BULK_FROM:
        copy(model, rows)
    else:
        upsert(model, rows)


def _copy(cursor: Any, model: type[models.Model], table: str, rows: Iterable[Row]) -> None:  # Any: a psycopg cursor
    with cursor.copy(f'copy "{table}" ({_listed(model)}) from stdin (format binary)') as out:
        types, pick, json_places = _copied(model)
        out.set_types(types)
        for row in rows:
            values = list(pick(row))
            for place in json_places:
                if values[place] is not None:
                    values[place] = JSONB + ENCODER.encode(values[place])
            out.write_row(values)


def _upsert_few(model: type[models.Model], rows: Sequence[Row]) -> None:
    """All rows as one JSON value: the text of the statement stays the same, so that it is prepared once."""
    head, tail = _statement(model)
    names = _names(model)
    named = [{names[key]: value for key, value in row.items()} for row in rows]
    given = f'jsonb_populate_recordset(null::"{model._meta.db_table}", %s)'
    execute_binary(f"{head} select {_listed(model)} from {given} {tail}", [Jsonb(named, ENCODER.encode)])  # noqa: S608


def _upsert_many(model: type[models.Model], rows: Sequence[Row]) -> None:
    """COPY into a table that goes with the transaction, then one statement."""
    table = model._meta.db_table
    fresh = f"fresh_{table}"
    head, tail = _statement(model)
    with transaction.atomic(), connection.wrap_database_errors, driver().cursor() as cursor:
        cursor.execute(f'create temp table if not exists "{fresh}" (like "{table}") on commit drop')
        cursor.execute(f'truncate "{fresh}"')
        _copy(cursor, model, fresh, rows)
        cursor.execute(f'{head} select {_listed(model)} from "{fresh}" {tail}')  # noqa: S608


def columns(model: type[models.Model]) -> list[Any]:  # Any: Django's fields
    """The table's own fields."""
    return list(model._meta.concrete_fields)


@cache
def _statement(model: type[models.Model]) -> tuple[str, str]:
    names = [f'"{field.column}"' for field in columns(model)]
    changed = ", ".join(f"{name} = excluded.{name}" for name in names if name != '"id"')
    head = f'insert into "{model._meta.db_table}" ({_listed(model)})'
    return head, f"on conflict (id) do update set {changed}"


ENCODER = msgspec.json.Encoder()
JSONB = b"\x01"
"""The version that PostgreSQL wants before a jsonb in binary; bytes are sent as they are."""


@cache
def _copied(model: type[models.Model]) -> tuple[list[str], Callable[[Row], tuple[Any, ...]], list[int]]:  # Any: values
    """How a row is sent by COPY: the types, how its values are picked, and which of them are JSON."""
    fields = columns(model)
    is_json = [isinstance(field, models.JSONField) for field in fields]
    types = ["bytea" if json else field.db_type(connection) for field, json in zip(fields, is_json, strict=True)]
    return types, itemgetter(*(field.attname for field in fields)), [n for n, json in enumerate(is_json) if json]


@cache
def _names(model: type[models.Model]) -> dict[str, str]:
    """How the table calls what a row calls by the model's attribute."""
    return {field.attname: field.column for field in columns(model)}


def _listed(model: type[models.Model]) -> str:
    return ", ".join(f'"{field.column}"' for field in columns(model))
