"""Writing exports."""

import logging
from uuid import UUID

import dramatiq

from workers.broker import broker

from exact.datasets.exporting import perform  # isort: skip - after the broker, which sets Django up
from exact.eventstore.errors import UNAVAILABLE  # isort: skip

logger = logging.getLogger("exact.exports")

HOUR_MS = 60 * 60 * 1000


@dramatiq.actor(broker=broker, max_retries=0, time_limit=6 * HOUR_MS)
def write_export(export_id: str) -> None:
    """Write the file that somebody asked for. What is interrupted is found by housekeeping, not tried again here."""
    try:
        perform(UUID(export_id))
    except UNAVAILABLE as error:
        logger.warning("export %s waits: the database is away: %s", export_id, error)
