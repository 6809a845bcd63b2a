"""Files of annotations, as a program would send them, and the way from such a file to a run."""

import json
from typing import Any

from exact.exchange.imports import perform
from exact.exchange.models import ImportRun
from exact.exchange.receiving import Asked, receive
from tests.builders import Workplace


def a_row(number: int = 0, **fields: Any) -> dict[str, Any]:
    """A triangle of its own place."""
    x, y = 10 + number % 190 * 10, 10 + number // 190 % 90 * 10
    return {"annotation_type": "polygon", "points": [[x, y], [x + 8, y], [x, y + 8]], **fields}


def jsonl(*rows: dict[str, Any]) -> bytes:
    """Lines."""
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def crossing(**fields: Any) -> dict[str, Any]:
    """A row that is bad."""
    return {**a_row(), "points": [[10, 10], [60, 60], [60, 10], [10, 40]], **fields}


def sent(place: Workplace, data: bytes, key: str | None = None, **fields: Any) -> ImportRun:
    """A run that waits for the worker."""
    asked = {"image_set_id": place.image_set_id, "image": place.image_number, "filename": "cells.jsonl", **fields}
    by = asked.pop("by", place.owner)
    return receive(Asked(**asked), iter([data]), by, key)


def imported(place: Workplace, *rows: dict[str, Any], **fields: Any) -> ImportRun:
    """A run that has ended, one way or other."""
    run = sent(place, jsonl(*rows), **fields)
    perform(run.id)
    run.refresh_from_db()
    return run
