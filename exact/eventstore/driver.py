"""Psycopg's own connection below Django's: prepared statements, values in binary and COPY, in the same transaction."""

from collections.abc import Sequence
from typing import Any

import psycopg
from django.db import connection, connections

Driver = psycopg.Connection[tuple[Any, ...]]  # Any: columns
PREPARE_AFTER = 5
"""Uses of a statement before psycopg prepares it on its own; Django's default is never, also not when told to."""


def driver(using: str = "default") -> Driver:
    """The open connection, in no spoiled transaction. Its errors are psycopg's: wrap them where needed."""
    connection = connections[using]
    connection.ensure_connection()
    connection.validate_no_broken_transaction()
    found: Driver = connection.connection
    if found.prepare_threshold is None:
        found.prepare_threshold = PREPARE_AFTER
    return found


def execute(sql: str, *params: Any) -> list[tuple[Any, ...]]:  # Any: what the driver adapts and returns
    """One statement by Django's cursor; its rows, none where it answers none."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params or None)
        return cursor.fetchall() if cursor.description else []


def execute_binary(sql: str, params: Sequence[Any]) -> list[tuple[Any, ...]]:  # Any: see above
    """Past Django's cursor, which would write all values into the text and get bytes back as hexadecimal digits."""
    with connection.wrap_database_errors, psycopg.Cursor(driver()) as cursor:
        cursor.execute(sql, params, binary=True)
        return cursor.fetchall() if cursor.description else []
