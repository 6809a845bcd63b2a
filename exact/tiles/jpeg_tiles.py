"""JPEG tiles of a TIFF, read and decoded without OpenSlide: the same pixels in a fraction of its time."""

import itertools
import os
import threading
from collections import OrderedDict
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import simplejpeg

from exact.tiles import tiff
from exact.tiles.source import Pixels, Size
from exact.tiles.tiff import Numbers

WIDTH, HEIGHT, COMPRESSION, PHOTOMETRIC, TABLES = 256, 257, 259, 262, 347
WANTED = (WIDTH, HEIGHT, COMPRESSION, PHOTOMETRIC, TABLES, tiff.TILE_WIDTH, tiff.TILE_LENGTH, *tiff.TILES)
JPEG, RGB, YCBCR = 7, 2, 6
TILE_SIDES_PX = range(16, 4097)
ADOBE_RGB = b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x00"
"""Marks a stream as RGB; without it decoders take three components for YCbCr."""
DECODED_BYTES = 64 * 2**20
NUMBERS = itertools.count()
"""One for each reader, never used again: tiles that are remembered of one file can never be shown for another."""


@dataclass(frozen=True)
class Level:
    """One stored level and where its tiles lie."""

    size: Size
    tile: Size
    offsets: Numbers
    lengths: Numbers
    prefix: bytes
    """What every tile of the level begins with, instead of its own first two bytes; empty for whole streams."""

    @property
    def columns(self) -> int:
        """Tiles from left to right."""
        return -(-self.size[0] // self.tile[0])

    @property
    def rows(self) -> int:
        """Tiles from top to bottom."""
        return -(-self.size[1] // self.tile[1])


class JpegTiles:
    """The levels of one file. What it cannot read it answers with None; then OpenSlide is asked, and judges."""

    def __init__(self, path: Path, levels: list[Level]) -> None:
        self._levels = levels
        self._number = next(NUMBERS)
        self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)

    def close(self) -> None:
        """Gives up the file and its decoded tiles."""
        os.close(self._descriptor)
        decoded_tiles().forget(self._number)

    def read(self, level: int, corner: tuple[int, int], size: Size, background: tuple[int, ...]) -> Pixels | None:
        """A rectangle in pixels of the level, put together from decoded tiles."""
        table = self._levels[level]
        pixels = np.empty((size[1], size[0], 3), np.uint8)
        pixels[:] = background
        left, right = span(corner[0], size[0], table.size[0])
        top, bottom = span(corner[1], size[1], table.size[1])
        width, height = table.tile
        for row in range(top // height, -(-bottom // height)):
            for column in range(left // width, -(-right // width)):
                tile = self._tile(level, row * table.columns + column)
                if tile is None:
                    return None
                x0, x1 = max(left, column * width), min(right, (column + 1) * width)
                y0, y1 = max(top, row * height), min(bottom, (row + 1) * height)
                part = tile[y0 - row * height : y1 - row * height, x0 - column * width : x1 - column * width]
                pixels[y0 - corner[1] : y1 - corner[1], x0 - corner[0] : x1 - corner[0]] = part
        return pixels

    def _tile(self, level: int, index: int) -> Pixels | None:
        decoded = decoded_tiles().get((self._number, level, index))
        if decoded is None:
            decoded = self._decode(self._levels[level], index)
            if decoded is not None:
                decoded_tiles().put((self._number, level, index), decoded)
        return decoded

    def _decode(self, level: Level, index: int) -> Pixels | None:
        length = int(level.lengths[index])
        stream = os.pread(self._descriptor, length, int(level.offsets[index]))
        if length == 0 or len(stream) != length:
            return None
        if level.prefix:
            stream = level.prefix + stream[2:]
        try:
            height, width, _, _ = simplejpeg.decode_jpeg_header(stream)
            if (width, height) != level.tile:
                return None
            decoded: Pixels = simplejpeg.decode_jpeg(stream, "RGB")
        except ValueError:
            return None
        return decoded


def span(start: int, length: int, limit: int) -> tuple[int, int]:
    """The part of start .. start + length that lies inside 0 .. limit."""
    return min(max(start, 0), limit), min(max(start + length, 0), limit)


def jpeg_tiles(path: Path, sizes: tuple[Size, ...]) -> JpegTiles | None:
    """The reader of a file whose levels of these sizes all have JPEG tiles; None for every other file."""
    size_bytes = path.stat().st_size
    with path.open("rb") as file:
        found = {level.size: level for level in map(_level, tiff.directories(file, size_bytes, WANTED)) if level}
    levels = [found[size] for size in sizes if size in found]
    return JpegTiles(path, levels) if len(levels) == len(sizes) else None


def _level(tags: dict[int, Numbers]) -> Level | None:
    """A level, if the directory is one of JPEG tiles and its tables fit its size."""
    one = {tag: int(values[0]) for tag, values in tags.items() if len(values)}
    offsets, lengths = (tags.get(tag) for tag in tiff.TILES)
    if one.get(COMPRESSION) != JPEG or one.get(PHOTOMETRIC) not in (RGB, YCBCR) or offsets is None or lengths is None:
        return None
    size, tile = (one.get(WIDTH, 0), one.get(HEIGHT, 0)), (one.get(tiff.TILE_WIDTH, 0), one.get(tiff.TILE_LENGTH, 0))
    if tile[0] not in TILE_SIDES_PX or tile[1] not in TILE_SIDES_PX:
        return None
    level = Level(size, tile, offsets, lengths, _prefix(tags.get(TABLES), one[PHOTOMETRIC]))
    return level if len(offsets) == len(lengths) == level.columns * level.rows else None


def _prefix(tables: Numbers | None, photometric: int) -> bytes:
    """Start of image, colour marker and shared tables, without the end-of-image that closes the tables."""
    shared = b"" if tables is None else tables.astype(np.uint8).tobytes()[2:-2]
    if photometric == RGB:
        return b"\xff\xd8" + ADOBE_RGB + shared
    return b"\xff\xd8" + shared if shared else b""


class DecodedTiles:
    """Least recently used given up first, bounded in bytes: neighbours of a shown tile need the same file tiles."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._held_bytes = 0
        self._tiles: OrderedDict[tuple[int, int, int], Pixels] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: tuple[int, int, int]) -> Pixels | None:
        """The tile, if it is held."""
        with self._lock:
            tile = self._tiles.get(key)
            if tile is not None:
                self._tiles.move_to_end(key)
            return tile

    def put(self, key: tuple[int, int, int], tile: Pixels) -> None:
        """Holds the tile."""
        with self._lock:
            if key in self._tiles:
                return
            self._tiles[key] = tile
            self._held_bytes += tile.nbytes
            while self._held_bytes > self._max_bytes:
                self._held_bytes -= self._tiles.popitem(last=False)[1].nbytes

    def forget(self, owner: int) -> None:
        """Tiles of a file that is closed."""
        with self._lock:
            for key in [key for key in self._tiles if key[0] == owner]:
                self._held_bytes -= self._tiles.pop(key).nbytes


@cache
def decoded_tiles() -> DecodedTiles:
    """The one of this process."""
    return DecodedTiles(DECODED_BYTES)
