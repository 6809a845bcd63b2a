"""Failed Basic sign-ins, counted by name for every door (REST, tiles, sockets): after a few the name has to wait.

Whoever's header was found right before is not disturbed: that is remembered beside the count (authentication.py).
"""

import hashlib

from django.core.cache import cache

LIMIT = 10
WAIT_S = 300


def _key(name: str) -> str:
    """A hash, because a cache key may not hold what people type."""
    return "basic:" + hashlib.sha256(name.strip().lower().encode()).hexdigest()


def exhausted(name: str) -> bool:
    """Whether this name has to wait."""
    return int(cache.get(_key(name), 0)) >= LIMIT


def failed(name: str) -> None:
    """One more failure; the waiting time starts with the first of a series."""
    cache.add(_key(name), 0, WAIT_S)
    cache.incr(_key(name))
