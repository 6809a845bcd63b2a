"""Inline read models: a row is a pure function of a noun's state, written in the command's own transaction."""

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from types import ModuleType
from typing import Any

import msgspec
from django.db import connection, models

from exact.domain.facts import Fact

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


def upsert(model: type[models.Model], rows: Iterable[Row]) -> None:
    """Insert rows or replace those with the same id, in one statement for each 1000 rows."""
    prepared = [_values(model, row) for row in rows]
    for start in range(0, len(prepared), 1000):
        chunk = prepared[start : start + 1000]
        head, one, tail = _statement(model)
        with connection.cursor() as cursor:
            cursor.execute(head + ", ".join([one] * len(chunk)) + tail, [value for row in chunk for value in row])


def columns(model: type[models.Model]) -> list[Any]:  # Any: Django's fields
    """The table's own fields."""
    return list(model._meta.concrete_fields)


@cache
def _statement(model: type[models.Model]) -> tuple[str, str, str]:
    names = [f'"{field.column}"' for field in columns(model)]
    changed = ", ".join(f"{name} = excluded.{name}" for name in names if name != '"id"')
    head = f'insert into "{model._meta.db_table}" ({", ".join(names)}) values '  # noqa: S608
    return head, f"({', '.join(['%s'] * len(names))})", f" on conflict (id) do update set {changed}"


def _values(model: type[models.Model], row: Row) -> list[Any]:  # Any: what the driver takes
    return [field.get_db_prep_save(row[field.attname], connection) for field in columns(model)]
