"""Writing exports."""

from uuid import UUID

import dramatiq

from workers.broker import broker

from exact.datasets.exporting import perform  # isort: skip - after the broker, which sets Django up

HOUR_MS = 60 * 60 * 1000


@dramatiq.actor(broker=broker, max_retries=3, time_limit=6 * HOUR_MS)
def write_export(export_id: str) -> None:
    """Write the file that somebody asked for."""
    perform(UUID(export_id))
