"""Whether EXACT can work, for a load balancer and for `up`: no names, no errors' texts, nothing secret."""

from typing import Any

import redis
from django.conf import settings
from django.http import HttpRequest, JsonResponse

from exact.eventstore import seals
from exact.eventstore.errors import UNAVAILABLE
from exact.eventstore.log import head
from exact.projections.places import Place, places

WAIT_S = 3.0


def state() -> tuple[dict[str, Any], bool]:  # Any: JSON
    """What GET /health/ answers, and whether all is well (200, else 503).

    Red is a reader of the log that has stopped, for it will not move again by itself, and one that is more than
    EXACT_LAG_MAX_S behind. A degraded one (some facts are parked) goes on, and facts may wait for their seal: both are
    told, and no reason to take the server away.
    """
    hints = redis_answers()
    try:
        database, readers, newest = True, readers_of_the_log(), head()
    except UNAVAILABLE:
        database, readers, newest = False, [], 0
    well = database and hints and all(follows(row) for row in readers)
    words = {True: "ok", False: "failing"}
    return {
        "status": words[well],
        "database": words[database],
        "redis": words[hints],
        "projections": [shown(row, newest) for row in readers],
        "seals": {"lag": seals.lag() if database else None},
    }, well


def redis_answers() -> bool:
    """One trip to Redis."""
    client = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=WAIT_S, socket_connect_timeout=WAIT_S)
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
    finally:
        client.close()


def readers_of_the_log() -> list[Place]:
    """The read models and reactors that follow the log; not those that are being built or were replaced."""
    return [row for row in places() if row.kind != "inline" and row.state in ("live", "stopped")]


def follows(row: Place) -> bool:
    """Whether it is about to see what has just happened."""
    return row.state != "stopped" and row.lag_s <= settings.LAG_MAX_S


def shown(row: Place, newest: int) -> dict[str, Any]:  # Any: JSON
    """Its condition, and how many facts and seconds it is behind."""
    return {"name": row.name, "state": row.condition, "lag": row.lag(newest), "lag_s": row.lag_s}


def health(_request: HttpRequest) -> JsonResponse:
    """GET /health/, open to everybody."""
    answer, well = state()
    return JsonResponse(answer, status=200 if well else 503)
