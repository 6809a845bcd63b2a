"""JPEG tiles of a TIFF, handed on as they lie or decoded: OpenSlide's pixels in a fraction of its time."""

import os
import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import simplejpeg

from exact.tiles.errors import DamagedFile, NoSuchTile
from exact.tiles.jpeg_stream import ADOBE_RGB, ADOBE_YCBCR, START, StreamHead, read_head
from exact.tiles.source import Pixels, Size
from exact.tiles.tiff_index import GREY, RGB, TileTable, tile_tables

HANDLE_BYTES = 4096
NO_WAIT = getattr(os, "RWF_NOWAIT", 0)


@dataclass(frozen=True)
class Splice:
    """What a stored stream that begins with `head` needs to be a whole file: `prefix` instead of its first bytes."""

    head: bytes
    prefix: bytes
    body: int

    def whole(self, stored: bytes | bytearray) -> bytes:
        """A file that stands alone."""
        return b"".join((self.prefix, memoryview(stored)[self.body :])) if self.body else bytes(stored)


class JpegTiles:
    """The levels of one file. What it cannot vouch for it answers with None; then whoever has the format is asked."""

    def __init__(self, path: Path, levels: list[TileTable]) -> None:
        self.levels = levels
        self._splices: list[Splice | None] = [None] * len(levels)
        self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self.close = weakref.finalize(self, os.close, self._descriptor)
        """Gives up the file; harmless when repeated. Happens by itself when the last reader is done."""

    @property
    def cost(self) -> int:
        """Bytes of memory."""
        return HANDLE_BYTES + sum(16 * len(table.offsets) + len(table.shared) for table in self.levels)

    def encoded(self, level: int, column: int, row: int) -> bytes | None:
        """A tile as a whole JPEG file."""
        offset, length = self._place(level, column, row)
        stored = os.pread(self._descriptor, length, offset)
        return self._whole(level, stored) if length and len(stored) == length else None

    def encoded_now(self, level: int, column: int, row: int) -> bytes | None:
        """The same if it lies in the page cache: never waits for a disk."""
        offset, length = self._place(level, column, row)
        stored = bytearray(length)
        try:
            read = os.preadv(self._descriptor, [stored], offset, NO_WAIT) if NO_WAIT and length else 0
        except OSError:  # not in memory, or a file system that cannot tell
            return None
        return self._whole(level, stored) if read == length else None

    def expect_neighbours(self, level: int, column: int, row: int) -> None:
        """Asks the system to read the tiles around one, because a viewer moves; decodes nothing, waits for nothing."""
        table = self.levels[level]
        left, right = max(0, column - 1), min(table.columns - 1, column + 1)
        for line in range(max(0, row - 1), min(table.rows - 1, row + 1) + 1):
            first, last = (line * table.columns + at for at in (left, right))
            start, end = table.offsets[first], table.offsets[last] + table.lengths[last]
            most = sum(table.lengths[first : last + 1])
            if start < end <= start + 2 * most:  # side by side, as nearly every writer puts them
                os.posix_fadvise(self._descriptor, start, end - start, os.POSIX_FADV_WILLNEED)

    def decoded(self, level: int, column: int, row: int, shrink: int = 1) -> Pixels | None:
        """A tile at 1, 1/2, 1/4 or 1/8 of its size."""
        width, height = self.levels[level].tile
        if width % shrink or height % shrink:
            return None
        stream = self.encoded(level, column, row)
        return None if stream is None else decode(stream, (width // shrink, height // shrink), shrink)

    def _place(self, level: int, column: int, row: int) -> tuple[int, int]:
        table = self.levels[level]
        if not (0 <= column < table.columns and 0 <= row < table.rows):
            raise NoSuchTile(f"The stored level {level} has no tile {column}, {row}.")
        index = row * table.columns + column
        return table.offsets[index], table.lengths[index]

    def _whole(self, level: int, stored: bytes | bytearray) -> bytes | None:
        """Nearly all tiles of a level begin with the same bytes: their head is read once."""
        splice = self._splices[level]
        if splice is None or not stored.startswith(splice.head):
            splice = self._splices[level] = splice_for(self.levels[level], bytes(stored))
        return None if splice is None else splice.whole(stored)


def splice_for(table: TileTable, stored: bytes) -> Splice | None:
    """None when the stream is not the tile that the tables promise."""
    head = read_head(stored)
    if head is None or head.size != table.tile or head.components != (1 if table.photometric == GREY else 3):
        return None
    mark, body = _colour_mark(table.photometric, head)
    begin = stored[: head.length]
    if not mark and not table.shared:
        return Splice(begin, b"", 0)
    splice = Splice(begin, START + mark + table.shared, body)
    made = read_head(splice.whole(begin))
    return splice if made is not None and made.is_read_as_rgb == (table.photometric == RGB) else None


def _colour_mark(photometric: int, head: StreamHead) -> tuple[bytes, int]:
    """What must be said of the colours, and from where on the stream is kept; what contradicts it is left out."""
    if photometric == RGB and (head.is_jfif or head.adobe_transform != 0):
        return ADOBE_RGB, head.body
    if photometric != RGB and head.is_read_as_rgb:
        return ADOBE_YCBCR, head.body
    return b"", len(START)


def decode(stream: bytes, size: Size, shrink: int) -> Pixels | None:
    """Pixels of exactly this size; None for a broken stream."""
    fast = shrink > 1
    try:
        decoded: Pixels = simplejpeg.decode_jpeg(
            stream, "RGB", fastdct=fast, fastupsample=fast, min_width=size[0], min_height=size[1]
        )
    except ValueError:
        return None
    return decoded if (decoded.shape[1], decoded.shape[0]) == size else None


def jpeg_tiles(path: Path, sizes: tuple[Size, ...]) -> JpegTiles | None:
    """The reader of a file whose levels of these sizes all have JPEG tiles; None for every other file."""
    with path.open("rb") as file:
        try:
            tables = tile_tables(file, path.stat().st_size)
        except DamagedFile:
            return None
    levels = [[table for table in tables if table.size == size] for size in sizes]
    return JpegTiles(path, [found[0] for found in levels]) if all(len(found) == 1 for found in levels) else None


def jpeg_tiles_at(path: Path, directories: Sequence[int]) -> JpegTiles | None:
    """The reader of a file whose directories at these places, sub-directories among them, all have JPEG tiles."""
    with path.open("rb") as file:
        try:
            tables = tile_tables(file, path.stat().st_size, sub_directories=True)
        except DamagedFile:
            return None
    found = {table.directory: table for table in tables}
    return JpegTiles(path, [found[at] for at in directories]) if found.keys() >= set(directories) else None
