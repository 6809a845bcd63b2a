"""Many threads ask for one thing that is slow to make: one makes it, the others wait for it."""

import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class SingleFlight(Generic[K, V]):
    """Calls that run now, by key. Keeps nothing once a call has ended."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: dict[K, Future[V]] = {}

    def do(self, key: K, make: Callable[[], V]) -> V:
        """What `make` returns or raises, for every caller that came while it ran."""
        with self._lock:
            running = self._running.get(key)
            if running is None:
                mine = self._running[key] = Future()
        return self._make(key, mine, make) if running is None else running.result()

    def _make(self, key: K, mine: Future[V], make: Callable[[], V]) -> V:
        try:
            made = make()
        except BaseException as error:
            self._forget(key)
            mine.set_exception(error)
            raise
        self._forget(key)
        mine.set_result(made)
        return made

    def _forget(self, key: K) -> None:
        with self._lock:
            del self._running[key]
