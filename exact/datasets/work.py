"""Handing work to the worker by name: this room does not know the worker's, which stands above it."""

import logging
from functools import cache

import dramatiq
import redis
from django.conf import settings
from dramatiq.brokers.redis import RedisBroker

logger = logging.getLogger("exact.work")

NAMESPACE = "exact"


@cache
def _broker() -> RedisBroker:
    return RedisBroker(url=settings.REDIS_URL, namespace=NAMESPACE)  # type: ignore[no-untyped-call]


def enqueue(actor: str, *words: str) -> None:
    """Put one job on the worker's queue, so that it is done now.

    What is to be done stands in a table: without Redis it waits for the worker's next look there (housekeeping.py).
    """
    message: dramatiq.Message[None] = dramatiq.Message(
        queue_name="default", actor_name=actor, args=words, kwargs={}, options={}
    )
    broker = _broker()
    broker.declare_queue(message.queue_name)
    try:
        broker.enqueue(message)
    except (redis.RedisError, dramatiq.errors.ConnectionError):
        logger.warning("the queue does not answer; %s of %s waits for the worker's next look", actor, words)
