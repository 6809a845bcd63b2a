"""Encoded tiles of this process: least recently used given up first, bounded in bytes."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable

from exact.tiles.single_flight import SingleFlight

ENTRY_BYTES = 500
"""What a key and its place in the dictionary take beside the tile."""


class TileCache:
    """A bounded dictionary of bytes. Whoever asks must have been let in before: it asks nobody."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._held_bytes = 0
        self._tiles: OrderedDict[Hashable, bytes] = OrderedDict()
        self._lock = threading.Lock()
        self._flights: SingleFlight[Hashable, bytes] = SingleFlight()
        self.hits = self.made = self.evicted = 0

    def __len__(self) -> int:
        return len(self._tiles)

    @property
    def held_bytes(self) -> int:
        """Tiles and their entries."""
        return self._held_bytes

    def get(self, key: Hashable) -> bytes | None:
        """The tile, if it is held."""
        with self._lock:
            tile = self._tiles.get(key)
            if tile is not None:
                self._tiles.move_to_end(key)
                self.hits += 1
            return tile

    def get_or_make(self, key: Hashable, make: Callable[[], bytes]) -> bytes:
        """The tile; made by one thread when several ask at once. Failures are not kept."""
        return self.get(key) or self._flights.do(key, lambda: self.get(key) or self.keep(key, make()))

    def keep(self, key: Hashable, tile: bytes) -> bytes:
        """The tile, which is held from now on."""
        with self._lock:
            replaced = self._tiles.pop(key, None)
            self._held_bytes += _cost(tile) - (0 if replaced is None else _cost(replaced))
            self._tiles[key] = tile
            self.made += 1
            while self._held_bytes > self._max_bytes:
                self._held_bytes -= _cost(self._tiles.popitem(last=False)[1])
                self.evicted += 1
        return tile

    def clear(self) -> None:
        """Holds nothing any more."""
        with self._lock:
            self._tiles.clear()
            self._held_bytes = 0


def _cost(tile: bytes) -> int:
    return len(tile) + ENTRY_BYTES
