"""Handing work to the worker by name: this room does not know the worker's, which stands above it."""

from functools import cache

import dramatiq
import redis
from django.conf import settings
from dramatiq.brokers.redis import RedisBroker

from exact.domain.errors import Busy

NAMESPACE = "exact"


@cache
def _broker() -> RedisBroker:
    return RedisBroker(url=settings.REDIS_URL, namespace=NAMESPACE)  # type: ignore[no-untyped-call]


def enqueue(actor: str, *words: str) -> None:
    """Put one job on the worker's queue; Busy when Redis does not answer."""
    message: dramatiq.Message[None] = dramatiq.Message(
        queue_name="default", actor_name=actor, args=words, kwargs={}, options={}
    )
    broker = _broker()
    broker.declare_queue(message.queue_name)
    try:
        broker.enqueue(message)
    except (redis.RedisError, dramatiq.errors.ConnectionError):
        raise Busy("The queue of background work does not answer; try again in a moment.") from None
