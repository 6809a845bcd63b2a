"""Tiles that are handed on as they lie in a TIFF, read by our own index in this process: no parser, no decoder."""

import threading
from collections import OrderedDict

from exact.tiles.errors import MissingFile
from exact.tiles.jpeg_tiles import JpegTiles, jpeg_tiles
from exact.tiles.slide_cache import Original
from exact.tiles.source import Size

MAX_FILES = 256
MAX_BYTES = 64 * 2**20
"""Of tables: 16 bytes for each tile, 5 MiB for a slide of 150,000 pixels."""


class DirectTiles:
    """Open files, least recently used given up first; one that is still being read is closed after that."""

    def __init__(self) -> None:
        self._files: OrderedDict[str, JpegTiles] = OrderedDict()
        self._lock = threading.Lock()

    def now(self, sha256: str, level: int, column: int, row: int) -> bytes | None:
        """The tile if its file is open and the tile in the page cache: never waits."""
        tiles = self._open_file(sha256)
        return None if tiles is None else tiles.encoded_now(level, column, row)

    def read(self, file: Original, sizes: tuple[Size, ...], level: int, column: int, row: int) -> bytes | None:
        """The tile, from the disk if need be, and its neighbours soon; None if the index cannot vouch for it."""
        tiles = self._open_file(file.sha256) or self._open(file, sizes)
        if tiles is None:
            return None
        tiles.expect_neighbours(level, column, row)
        return tiles.encoded(level, column, row)

    def _open_file(self, sha256: str) -> JpegTiles | None:
        with self._lock:
            tiles = self._files.get(sha256)
            if tiles is not None:
                self._files.move_to_end(sha256)
            return tiles

    def _open(self, file: Original, sizes: tuple[Size, ...]) -> JpegTiles | None:
        try:
            tiles = jpeg_tiles(file.path, sizes)
        except FileNotFoundError as error:
            raise MissingFile("The file of this image is missing on the server; ask the administrator.") from error
        if tiles is not None:
            with self._lock:
                self._files[file.sha256] = tiles
                self._give_up()
        return tiles

    def _give_up(self) -> None:
        """Dropping is enough: the file is closed when nobody holds it any more."""
        held = sum(tiles.cost for tiles in self._files.values())
        while len(self._files) > 1 and (len(self._files) > MAX_FILES or held > MAX_BYTES):
            held -= self._files.popitem(last=False)[1].cost
