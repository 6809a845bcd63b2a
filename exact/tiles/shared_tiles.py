"""The optional second level for tiles that were made: shared by the processes of a host (disk) or by all hosts (Redis).

Whoever asks must have been let in before: like the first level it asks nobody. Off unless EXACT_TILE_SHARED says so: a
tile in the process's own memory costs a third of one from Redis.
"""

import contextlib
import os
import threading
from collections.abc import Hashable
from hashlib import blake2b
from pathlib import Path
from typing import Protocol

import redis

from exact.storage.oldest import give_up_oldest
from exact.tiles.render import RENDERER_VERSION
from exact.tiles.thumbnails import write_whole

TIMEOUT_S = 0.5
SWEEP_AFTER = 256
"""The size of the folder is looked at after so many new tiles."""


class Store(Protocol):
    """Keeps bytes by name, as long as there is room."""

    def get(self, name: str) -> bytes | None:
        """What was kept, if it still is."""
        ...

    def put(self, name: str, tile: bytes) -> None:
        """Keeps it; older ones may have to go."""
        ...

    def clear(self) -> None:
        """Keeps nothing."""
        ...


class OnDisk:
    """A folder, bounded in bytes: those read or written longest ago go first."""

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self._written = 0
        self._sweeping = threading.Lock()

    def get(self, name: str) -> bytes | None:
        """Read, and remembered as read now."""
        file = self._file(name)
        try:
            tile = file.read_bytes()
            os.utime(file)
        except FileNotFoundError:
            return None
        return tile

    def put(self, name: str, tile: bytes) -> None:
        """Whole or not at all."""
        write_whole(self._file(name), tile)
        self._written += 1
        if self._written % SWEEP_AFTER == 1 and self._sweeping.acquire(blocking=False):
            try:
                self.sweep()
            finally:
                self._sweeping.release()

    def sweep(self) -> None:
        """Down to nine tenths of the room, so that it need not be done for each tile."""
        give_up_oldest(self._files(), self._max_bytes, down_to=0.9)

    def clear(self) -> None:
        """Removes all of them."""
        for file in self._files():
            file.unlink(missing_ok=True)

    def _files(self) -> list[Path]:
        return [file for file in self._folder.glob("??/*") if not file.name.startswith(".")]

    def _file(self, name: str) -> Path:
        return self._folder / name[:2] / name


class InRedis:
    """Keys that expire; how much memory they may take, and that old ones go first, is Redis' own setting."""

    def __init__(self, url: str, keep_s: int) -> None:
        self._client = redis.Redis.from_url(url, socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S)
        self._keep_s = keep_s

    def get(self, name: str) -> bytes | None:
        """From whichever host it came."""
        found: bytes | None = self._client.get(_key(name))
        return found

    def put(self, name: str, tile: bytes) -> None:
        """For so long."""
        self._client.set(_key(name), tile, ex=self._keep_s)

    def clear(self) -> None:
        """Removes all of them, a thousand at a time."""
        for keys in self._client.scan_iter(match=_key("*"), count=1000):
            self._client.unlink(keys)


def _key(name: str) -> str:
    return f"exact:tile:{name}"


class SharedTiles:
    """A store by the tile's own key. When it cannot answer, tiles are made as if it were not there."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.hits = 0
        self.misses = 0

    def get(self, key: Hashable) -> bytes | None:
        """The tile, if somebody has made it."""
        tile = None
        with contextlib.suppress(OSError, redis.RedisError):
            tile = self._store.get(name_of(key))
        if tile is None:
            self.misses += 1
        else:
            self.hits += 1
        return tile

    def put(self, key: Hashable, tile: bytes) -> None:
        """For everybody."""
        with contextlib.suppress(OSError, redis.RedisError):
            self._store.put(name_of(key), tile)

    def clear(self) -> None:
        """Nothing is shared any more."""
        with contextlib.suppress(OSError, redis.RedisError):
            self._store.clear()


def name_of(key: Hashable) -> str:
    """The same in every process: content, address and renderer."""
    return blake2b(repr((key, RENDERER_VERSION)).encode(), digest_size=20).hexdigest()
