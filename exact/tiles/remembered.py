"""A dictionary that forgets: every entry at its time, the oldest when there are too many."""

import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Remembered(Generic[K, V]):
    """Values with the time until which they may be believed; the caller says what time it is."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._entries: OrderedDict[K, tuple[V, float]] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._entries)

    def entry(self, key: K, now: float) -> tuple[V, float] | None:
        """The value and its time, while it may be believed."""
        with self._lock:
            entry = self._entries.get(key)
            return entry if entry is not None and now < entry[1] else None

    def get(self, key: K, now: float) -> V | None:
        """The value, while it may be believed."""
        entry = self.entry(key, now)
        return None if entry is None else entry[0]

    def put(self, key: K, value: V, until: float) -> None:
        """Believed until that time."""
        with self._lock:
            self._entries.pop(key, None)
            self._entries[key] = (value, until)
            if len(self._entries) > self._most:
                self._entries.popitem(last=False)
