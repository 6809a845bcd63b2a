"""Whether EXACT can work, for a load balancer and for `up`: no names, no errors' texts, nothing secret."""

from typing import Any

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse

from exact.eventstore.log import head
from exact.projections.runner import progress

WAIT_S = 3.0


def state() -> tuple[dict[str, Any], bool]:  # Any: JSON
    """What GET /health/ answers, and whether all is well (200, else 503).

    A projection that lags is no failure, one that has stopped is: its read model will not move again by itself.
    """
    database = database_answers()
    hints = redis_answers()
    projections = projection_states() if database else []
    well = database and hints and all(row["state"] != "stopped" for row in projections)
    words = {True: "ok", False: "failing"}
    return {
        "status": words[well],
        "database": words[database],
        "redis": words[hints],
        "projections": projections,
    }, well


def database_answers() -> bool:
    """One trip to PostgreSQL."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("select 1")
    except DatabaseError:
        return False
    return True


def redis_answers() -> bool:
    """One trip to Redis."""
    client = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=WAIT_S, socket_connect_timeout=WAIT_S)
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
    finally:
        client.close()


def projection_states() -> list[dict[str, Any]]:  # Any: JSON
    """How many facts each asynchronous read model is behind."""
    newest = head()
    return [{"name": row.name, "state": row.state, "lag": max(newest - row.position, 0)} for row in progress()]


def health(_request: HttpRequest) -> JsonResponse:
    """GET /health/, open to everybody."""
    answer, well = state()
    return JsonResponse(answer, status=200 if well else 503)
