"""Old shapes of facts, made new while reading: a stored row is never rewritten."""

from collections.abc import Callable
from typing import Any

Upcaster = Callable[[dict[str, Any]], dict[str, Any]]  # Any: a fact's JSON

UPCASTERS: dict[tuple[str, int], Upcaster] = {}
"""(stored name, n) to the function that makes version n + 1 of version n; empty while all facts are in their first."""


def upcast(name: str, schema: int, newest: int, data: dict[str, Any]) -> dict[str, Any]:
    """The fact's JSON in the newest version; KeyError where a step is missing, which a test keeps from happening."""
    for version in range(schema, newest):
        data = UPCASTERS[name, version](data)
    return data
