"""The rows of a backup into an empty database, in one transaction, and the sequences where they were."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from psycopg import sql

from exact.eventstore.driver import driver
from exact.operations.backups.files import PIECE_BYTES
from exact.operations.backups.manifest import DamagedBackup, Database, Table
from exact.operations.backups.marks import set_mark
from exact.operations.backups.progress import Progress
from exact.operations.backups.tables import KEPT, MADE_BY_MIGRATE
from exact.operations.errors import CannotRun

POSITIONS = "es.position_seq"


def refuse_occupied() -> None:
    """A restore adds to nothing and overwrites nothing."""
    occupied = [kept.name for kept in KEPT if kept.name not in MADE_BY_MIGRATE and _has_rows(kept.name)]
    if occupied:
        raise CannotRun(
            f"The database is not empty: there are rows in {', '.join(occupied)}. Restore into an empty one: "
            "choose a new folder with --var, or another database with DATABASE_URL."
        )


def _has_rows(table: str) -> bool:
    if _execute("select to_regclass(%s)", table)[0][0] is None:
        return False
    return bool(_execute(f"select exists (select from {table})")[0][0])  # noqa: S608 - one of KEPT


def load(database: Database, folder: Path, mark: str, progress: Progress) -> None:
    """All of it and the mark, or nothing."""
    with transaction.atomic():
        _execute("select setval(%s, greatest(%s, 1)), es.ensure_partitions()", POSITIONS, database.position)
        for name in reversed(MADE_BY_MIGRATE):
            _execute(f"delete from {name}")  # noqa: S608 - a constant
        for table in database.tables:
            _load(table, folder, progress)
        set_mark(mark)


def refuse_unknown(database: Database) -> None:
    """Tables that this version would not know where to put."""
    unknown = {table.name for table in database.tables} - {kept.name for kept in KEPT}
    if unknown:
        raise CannotRun(f"The backup holds tables that this version of EXACT does not know: {', '.join(unknown)}.")


def _load(table: Table, folder: Path, progress: Progress) -> None:
    names = sql.SQL(", ").join(map(sql.Identifier, table.columns))
    into = sql.SQL("copy {} ({}) from stdin (format binary)").format(sql.Identifier(*table.name.split(".")), names)
    rows = 0
    for file in table.files:
        with connection.wrap_database_errors, driver().cursor() as cursor:
            with cursor.copy(into) as copy, (folder / file.path).open("rb") as content:
                while piece := content.read(PIECE_BYTES):
                    copy.write(piece)
            rows += cursor.rowcount
        progress.show(f"rows of {table.name}", rows, table.rows)
    if rows != table.rows:
        raise DamagedBackup(f"{table.name} came to {rows} rows; the manifest says {table.rows}.")


def set_sequences(sequences: dict[str, int], skip: int) -> None:
    """Each goes on behind what it had given, and so much further: what was given later, to things that are lost now,
    shall be nobody's and not somebody else's. None goes back.
    """
    for name, value in sequences.items():
        _execute("select setval(%s, greatest(%s, (select last_value from pg_sequences"
                 " where schemaname || '.' || sequencename = %s)))", name, value + skip, name)  # fmt: skip


def _execute(query: str, *params: Any) -> Sequence[tuple[Any, ...]]:  # Any: columns
    with connection.cursor() as cursor:
        cursor.execute(query, params)
        return cursor.fetchall() if cursor.description else []
