"""Making images of what was sent."""

from uuid import UUID

import dramatiq

from workers.broker import broker

from exact.ingest.performing import perform  # isort: skip - after the broker, which sets Django up

HOUR_MS = 60 * 60 * 1000
MINUTE_MS = 60 * 1000
LATER_MS = 3000


@dramatiq.actor(broker=broker, max_retries=30, min_backoff=1000, max_backoff=MINUTE_MS, time_limit=6 * HOUR_MS)
def run_delivery(delivery_id: str) -> None:
    """Bring a delivery to its end; where another worker is at it, look again whether it died."""
    if not perform(UUID(delivery_id)):
        run_delivery.send_with_options(args=(delivery_id,), delay=LATER_MS)
