"""The database at one moment, as files: people go on working, and none of what they do meanwhile is in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import IsolationLevel, sql

from exact.eventstore.subscription import listening_parameters
from exact.operations.backups.files import File, described, written
from exact.operations.backups.manifest import FACTS, TABLES, Database, Table
from exact.operations.backups.progress import Progress
from exact.operations.backups.schema_states import refuse_outdated
from exact.operations.backups.tables import EVENTS, KEPT, Kept
from exact.storage.bundles import parts_of
from exact.storage.originals import is_kept
from exact.storage.references import reference_of

STRETCH = 100_000
"""Positions in one file of facts. A full stretch never changes, so that all backups of a folder share its file."""
Connection = psycopg.Connection[tuple[Any, ...]]  # Any: columns

Lost = tuple[str, int]
"""Content hash and the image's number."""

COLUMNS = """select attname from pg_attribute where attrelid = %s::regclass and attnum > 0 and not attisdropped
    and attgenerated = '' order by attnum"""
SEQUENCES = """select schemaname || '.' || sequencename, last_value from pg_sequences where last_value is not null
    and (schemaname = 'es' or (schemaname || '.' || sequencename)::regclass in (
        select objid from pg_depend where classid = 'pg_class'::regclass and deptype in ('a', 'i')
        and refobjid = any(%s::regclass[]))) order by 1"""
MIGRATIONS = "select app, array_agg(name::text order by name) from django_migrations group by app order by app"


class Snapshot:
    """Reads within one transaction that sees one moment; position order is commit order, so the log ends cleanly."""

    def __init__(self, connection: Connection, progress: Progress) -> None:
        self.connection, self.progress = connection, progress
        self.position: int = self._one("select coalesce(max(position), 0) from es.event")

    def _one(self, query: str, *params: Any) -> Any:  # Any: what the query answers
        row = self.connection.execute(query.encode(), params).fetchone()
        assert row is not None
        return row[0]

    def _list(self, query: str, *params: Any) -> list[Any]:  # Any: see above
        return [row[0] for row in self.connection.execute(query.encode(), params)]

    def _pairs(self, query: str, *params: Any) -> list[tuple[Any, Any]]:  # Any: see above
        return [(row[0], row[1]) for row in self.connection.execute(query.encode(), params)]

    def write(self, home: Path, folder: Path) -> Database:
        """Every kept table as files; the sequences last, since they do not wait for transactions: none is behind."""
        migrations = dict(self._pairs(MIGRATIONS))
        refuse_outdated(migrations)
        tables = [self._write_table(kept, home, folder) for kept in KEPT]
        return Database(
            position=self.position,
            images=self._one("select count(*) from images"),
            people=self._one("select count(*) from users"),
            tables=tables,
            sequences=dict(self._pairs(SEQUENCES, [kept.name for kept in KEPT])),
            migrations=migrations,
        )

    def lost_originals(self) -> list[Lost]:
        """Images of which a file is not on the server: a file is there before the fact that speaks of it."""
        with self.connection.cursor("images") as cursor:
            cursor.execute("select sha256, number from images order by number")
            return [(part, number) for sha256, number in cursor for part in parts_of(sha256) if is_lost(part)]

    def _write_table(self, kept: Kept, home: Path, folder: Path) -> Table:
        columns = self._list(COLUMNS, kept.name)
        if kept.name == EVENTS:
            rows, files = self._write_facts(columns, home, folder)
        else:
            query = select(columns, kept)
            rows, file = self._copy(query, home / TABLES / f"{kept.name}.copy", folder, kept.name)
            files = [file]
        return Table(name=kept.name, columns=columns, rows=rows, files=files)

    def _write_facts(self, columns: list[str], home: Path, folder: Path) -> tuple[int, list[File]]:
        """Stretch after stretch; gaps of any length between positions cost nothing."""
        rows, after = 0, 0
        files: list[File] = []
        while (first := self._one("select min(position) from es.event where position > %s", after)) is not None:
            after = -(-first // STRETCH) * STRETCH
            self.progress.show("facts up to position", first, self.position)
            some, file = self._write_stretch(columns, after, home, folder)
            rows += some
            files.append(file)
        return rows, files

    def _write_stretch(self, columns: list[str], last: int, home: Path, folder: Path) -> tuple[int, File]:
        first = last - STRETCH + 1
        where = sql.SQL("where position between {} and {}").format(first, last)
        query = select(columns, Kept(EVENTS, "position"), where)
        path = home / TABLES / f"{EVENTS}.{first:012}-{last:012}.copy"
        rows, file = self._copy(query, path, folder, EVENTS)
        return rows, shared(path, file, folder) if last <= self.position else file

    def _copy(self, query: sql.Composed, path: Path, folder: Path, name: str) -> tuple[int, File]:
        with written(path) as (out, hashing), self.connection.cursor() as cursor:
            with cursor.copy(sql.SQL("copy ({}) to stdout (format binary)").format(query)) as copy:
                for count, row in enumerate(copy):
                    out.write(row)
                    self.progress.show(f"rows of {name}", count)
            rows = cursor.rowcount
        return rows, described(path, folder, hashing)


def is_lost(sha256: str) -> bool:
    """Whether it is neither here nor noted to lie elsewhere."""
    return not is_kept(sha256) and reference_of(sha256) is None


@contextmanager
def snapshot(progress: Progress) -> Iterator[Snapshot]:
    """Of the database of the settings, over a connection of its own."""
    with psycopg.connect(**listening_parameters()) as connection:
        connection.isolation_level, connection.read_only = IsolationLevel.REPEATABLE_READ, True
        connection.execute("set local lock_timeout = '60s'; set local statement_timeout = 0")
        yield Snapshot(connection, progress)


def select(columns: list[str], kept: Kept, where: sql.Composable = sql.SQL("")) -> sql.Composed:  # noqa: B008 - constant
    """The rows of a table in their one order."""
    names, order = (sql.SQL(", ").join(map(sql.Identifier, some)) for some in (columns, kept.order.split(", ")))
    table = sql.Identifier(*kept.name.split("."))
    return sql.SQL("select {} from {} {} order by {}").format(names, table, where, order)


def shared(path: Path, file: File, folder: Path) -> File:
    """A full stretch at its place beside those of other backups; a damaged twin is mended by the way."""
    place = folder / FACTS / f"{path.stem.removeprefix(f'{EVENTS}.')}-{file.sha256[:16]}.copy"
    path.rename(place)
    return File(path=str(place.relative_to(folder)), sha256=file.sha256, size_bytes=file.size_bytes)
