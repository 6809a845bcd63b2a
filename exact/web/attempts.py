"""Failed sign-ins, counted by name and address: after a few, that pair has to wait."""

import hashlib
from contextlib import suppress

from django.core.cache import cache

LIMIT = 6
WAIT_S = 300


def _key(name: str, address: str) -> str:
    """A hash, because a cache key may not hold what people type."""
    return "sign-in:" + hashlib.sha256(f"{name.strip().lower()}\n{address}".encode()).hexdigest()


def exhausted(name: str, address: str) -> bool:
    """Whether this pair has to wait."""
    return int(cache.get(_key(name, address), 0)) >= LIMIT


def failed(name: str, address: str) -> None:
    """One more failure; the waiting time starts with the first of a series."""
    key = _key(name, address)
    if not cache.add(key, 1, WAIT_S):
        with suppress(ValueError):  # the series ended in this very moment: nothing is left to count
            cache.incr(key)


def succeeded(name: str, address: str) -> None:
    """The right password ends the series."""
    cache.delete(_key(name, address))
