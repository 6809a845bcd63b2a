"""Decoded tiles of this process: neighbours of a shown tile need the same tiles of the file."""

import itertools
import threading
from collections import OrderedDict
from collections.abc import Hashable
from functools import cache
from weakref import WeakKeyDictionary

from exact.tiles.source import Pixels

DECODED_BYTES = 64 * 2**20
NUMBERS = itertools.count()


class DecodedTiles:
    """Least recently used given up first, bounded in bytes. Owners are told apart for ever, also when they are dead."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._held_bytes = 0
        self._tiles: OrderedDict[tuple[int, Hashable], Pixels] = OrderedDict()
        self._numbers: WeakKeyDictionary[Hashable, int] = WeakKeyDictionary()
        self._lock = threading.Lock()

    def get(self, owner: Hashable, key: Hashable) -> Pixels | None:
        """The tile, if it is held."""
        with self._lock:
            place = (self._number(owner), key)
            tile = self._tiles.get(place)
            if tile is not None:
                self._tiles.move_to_end(place)
            return tile

    def put(self, owner: Hashable, key: Hashable, tile: Pixels) -> None:
        """Holds the tile."""
        with self._lock:
            place = (self._number(owner), key)
            if place in self._tiles:
                return
            self._tiles[place] = tile
            self._held_bytes += tile.nbytes
            while self._held_bytes > self._max_bytes:
                self._held_bytes -= self._tiles.popitem(last=False)[1].nbytes

    def forget(self, owner: Hashable) -> None:
        """Tiles of an image that is closed."""
        with self._lock:
            number = self._number(owner)
            for place in [place for place in self._tiles if place[0] == number]:
                self._held_bytes -= self._tiles.pop(place).nbytes

    def _number(self, owner: Hashable) -> int:
        """Never used again: Python gives the identity of a dead object to a new one."""
        number = self._numbers.get(owner)
        if number is None:
            number = self._numbers[owner] = next(NUMBERS)
        return number


@cache
def decoded_tiles() -> DecodedTiles:
    """The one of this process."""
    return DecodedTiles(DECODED_BYTES)
