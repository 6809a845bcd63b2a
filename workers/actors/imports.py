"""Importing annotations."""

from uuid import UUID

import dramatiq

from workers.broker import broker

from exact.exchange.imports import perform  # isort: skip - after the broker, which sets Django up

HOUR_MS = 60 * 60 * 1000
MINUTE_MS = 60 * 1000
LATER_MS = 3000


@dramatiq.actor(broker=broker, max_retries=30, min_backoff=1000, max_backoff=MINUTE_MS, time_limit=6 * HOUR_MS)
def run_import(import_id: str) -> None:
    """Bring an import to its end, from wherever it is; where another worker is at it, look again whether it died."""
    if not perform(UUID(import_id)):
        run_import.send_with_options(args=(import_id,), delay=LATER_MS)
