"""Generations of a read model's tables: made in a schema of their own under the same names, exchanged in a moment."""

from collections.abc import Sequence

from django.db import models

from exact.eventstore.driver import execute

Tables = Sequence[type[models.Model]]

LIVE = "public"
"""Where the live tables stand; the others are found by a search path that names their schema first."""


def schema_of(name: str, generation: int) -> str:
    """Where the tables of a generation stand while they are not the live ones."""
    return f"view_{name}_g{generation}"


def look_in(schema: str) -> None:
    """Until the transaction ends, the tables of that schema are found under their own names."""
    execute(f'set local search_path to "{schema}", "{LIVE}"')


def make(tables: Tables, schema: str) -> None:
    """Empty tables with the columns, defaults and primary keys of the live ones; other indexes come later."""
    execute(f'create schema "{schema}"')
    for table in names_of(tables):
        execute(f'create table "{schema}"."{table}" (like "{LIVE}"."{table}" including all excluding indexes)')
        _constrain(table, schema, "p")


def index(tables: Tables, schema: str) -> None:
    """The other constraints and indexes of the live tables, under the same names, and the planner's statistics."""
    for table in names_of(tables):
        _constrain(table, schema, "ux")
        for (definition,) in execute(INDEXES, f"{LIVE}.{table}"):
            execute(definition.replace(f" ON {LIVE}.{table} ", f" ON {schema}.{table} ", 1))
        execute(f'analyze "{schema}"."{table}" ({told_apart(table)})')


def told_apart(table: str) -> str:
    """The columns whose statistics the planner can use; those of JSON cost most of the time and say nothing."""
    sql = """select string_agg(quote_ident(attname), ', ' order by attnum) from pg_attribute
        where attrelid = %s::regclass and attnum > 0 and not attisdropped and atttypid <> 'jsonb'::regtype"""
    return str(execute(sql, f"{LIVE}.{table}")[0][0])


def _constrain(table: str, schema: str, kinds: str) -> None:
    for name, definition in execute(CONSTRAINTS, f"{LIVE}.{table}", list(kinds)):
        execute(f'alter table "{schema}"."{table}" add constraint "{name}" {definition}')


CONSTRAINTS = """select conname, pg_get_constraintdef(oid) from pg_constraint
    where conrelid = %s::regclass and contype::text = any(%s) order by conname"""
INDEXES = """select pg_get_indexdef(i.indexrelid) from pg_index i where i.indrelid = %s::regclass
    and not exists (select from pg_constraint c where c.conindid = i.indexrelid) order by i.indexrelid"""


def empty(tables: Tables, schema: str) -> bool:
    """Whether no table of that schema has a row."""
    return not any(execute(f'select 1 from "{schema}"."{table}" limit 1') for table in names_of(tables))  # noqa: S608


def clear(tables: Tables, schema: str) -> None:
    """Forget every row of a generation."""
    execute("truncate " + ", ".join(f'"{schema}"."{table}"' for table in names_of(tables)))


def drop(schema: str) -> None:
    """A generation is gone, if it was there."""
    execute(f'drop schema if exists "{schema}" cascade')


def hold(tables: Tables) -> None:
    """Nobody reads or writes the live tables until the transaction ends; waits as long as lock_timeout says."""
    names = ", ".join(f'"{LIVE}"."{table}"' for table in names_of(tables))
    execute(f"lock table {names} in access exclusive mode")


def exchange(tables: Tables, out_to: str, in_from: str) -> None:
    """The live tables go to one schema, those of another one become live; indexes and constraints go with them."""
    execute(f'create schema if not exists "{out_to}"')
    for table in names_of(tables):
        execute(f'alter table "{LIVE}"."{table}" set schema "{out_to}"')
    for table in names_of(tables):
        execute(f'alter table "{in_from}"."{table}" set schema "{LIVE}"')
    execute(f'drop schema "{in_from}"')


def same_shape(tables: Tables, schema: str) -> bool:
    """Whether a generation is there and has the columns that the live tables have now."""
    return all(_columns(schema, table) == _columns(LIVE, table) != [] for table in names_of(tables))


def _columns(schema: str, table: str) -> list[tuple[str, str, bool]]:
    sql = """select a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull from pg_attribute a
        where a.attrelid = to_regclass(%s) and a.attnum > 0 and not a.attisdropped order by a.attname"""
    return execute(sql, f'"{schema}"."{table}"')


def names_of(tables: Tables) -> list[str]:
    """The tables' own names."""
    return [table._meta.db_table for table in tables]
