"""The mark of a restore that has brought its rows but not built all views yet; it lies with the tables."""

from django.db import connection
from psycopg import sql

from exact.eventstore.driver import driver
from exact.operations.errors import CannotRun


def set_mark(name: str) -> None:
    """A comment on the log's schema: it comes and goes with the rows, in their transaction. "" takes it away."""
    with connection.wrap_database_errors, driver().cursor() as cursor:
        cursor.execute(sql.SQL("comment on schema es is {}").format(name or None))


def mark() -> str:
    """The backup whose restore was not finished, or ""."""
    with connection.cursor() as cursor:
        cursor.execute("select coalesce(obj_description(to_regnamespace('es'), 'pg_namespace'), '')")
        return str(cursor.fetchone()[0])


def refuse_unfinished() -> None:
    """Nobody may work where views are missing."""
    if unfinished := mark():
        raise CannotRun(
            f"A restore was interrupted here; finish it first: manage.py restore FOLDER --backup {unfinished}"
        )
