"""Which partitions of the log a reader looks into, as PostgreSQL itself tells."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from exact.eventstore import history


def partitions(read: Callable[..., Any], *arguments: Any) -> set[str]:
    """Those that a reader of exact/eventstore/history.py really looked into: `event_p0`, ..."""
    asked: list[tuple[str, Any]] = []
    ask = history._rows

    def note(sql: str, values: Any) -> Any:
        asked.append((sql, values))
        return ask(sql, values)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(history, "_rows", note)
        read(*arguments)
    return set().union(*(looked_into(sql, values) for sql, values in asked))


def looked_into(sql: str, values: Any) -> set[str]:
    """Of one statement, which is run for it."""
    with connection.cursor() as cursor:
        cursor.execute(f"explain (analyze, costs off, timing off) {sql}", values)
        lines = [line for (line,) in cursor.fetchall() if "never executed" not in line]
    return set(re.findall(r" on (event_p\d+)", "\n".join(lines)))
