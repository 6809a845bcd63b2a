"""Writes a pyramidal, tiled JPEG BigTIFF as a stream: tiles in any order, the tables at the end, in little memory."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from exact.tiles.source import Size

TILE_PX = 256
ASCII, SHORT, LONG, RATIONAL, LONG8 = 2, 3, 4, 5, 16
ITEM_BYTES = {ASCII: 1, SHORT: 2, LONG: 4, RATIONAL: 8, LONG8: 8}
HEADER = struct.Struct("<2sHHHQ")
JPEG, YCBCR, CONTIGUOUS, CENTIMETRE = 7, 6, 1, 3
Tag = tuple[int, int, bytes]
"""Number, type, values."""


@dataclass
class Level:
    """One level of the pyramid, and where its tiles were written."""

    size: Size
    offsets: NDArray[np.uint64] = field(init=False)
    lengths: NDArray[np.uint64] = field(init=False)

    def __post_init__(self) -> None:
        self.offsets = np.zeros(self.columns * self.rows, np.uint64)
        self.lengths = np.zeros(self.columns * self.rows, np.uint64)

    @property
    def columns(self) -> int:
        """Tiles from left to right."""
        return -(-self.size[0] // TILE_PX)

    @property
    def rows(self) -> int:
        """Tiles from top to bottom."""
        return -(-self.size[1] // TILE_PX)


def halved_sizes(size: Size) -> list[Size]:
    """Level sizes 1, 1/2, 1/4, ... (rounded up) down to one tile."""
    sizes = [size]
    while max(sizes[-1]) > TILE_PX:
        sizes.append(((sizes[-1][0] + 1) // 2, (sizes[-1][1] + 1) // 2))
    return sizes


class TiledTiffWriter:
    """A context manager; every tile must be written once before it ends."""

    def __init__(
        self, path: Path, sizes: Sequence[Size], *, pixel_size_um: float | None = None, description: str = ""
    ) -> None:
        self._file = path.open("wb")
        self._file.write(HEADER.pack(b"II", 43, 8, 0, 0))
        self._pixel_size_um = pixel_size_um
        self._description = description
        self.levels = [Level(size) for size in sizes]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if error is None:
            self._write_directories()
        self._file.close()

    def write_tile(self, level: int, column: int, row: int, jpeg: bytes) -> None:
        """A whole 256 x 256 JPEG (4:2:0), also at the right and lower edge."""
        offset = self._file.tell()
        self._file.write(jpeg)
        self.place_tile(level, column, row, offset, len(jpeg))

    def place_tile(self, level: int, column: int, row: int, offset: int, length: int) -> None:
        """Uses bytes that were written before: thousands of empty tiles take the room of one."""
        table = self.levels[level]
        index = row * table.columns + column
        table.offsets[index], table.lengths[index] = offset, length

    def written(self, level: int, column: int, row: int) -> tuple[int, int]:
        """Offset and length of a tile."""
        table = self.levels[level]
        index = row * table.columns + column
        return int(table.offsets[index]), int(table.lengths[index])

    def _write_directories(self) -> None:
        pointer_at = HEADER.size - 8
        for number, level in enumerate(self.levels):
            start = self._aligned_end()
            self._point(pointer_at, start)
            self._file.seek(start)
            pointer_at = self._write_directory(self._tags(number, level))

    def _aligned_end(self) -> int:
        end = self._file.seek(0, 2)
        return end + end % 2

    def _point(self, at: int, target: int) -> None:
        self._file.seek(at)
        self._file.write(struct.pack("<Q", target))

    def _write_directory(self, tags: list[Tag]) -> int:
        """Entries, then the values that do not fit into them; returns where the next directory's place is noted."""
        start = self._file.tell()
        next_at = start + 8 + 20 * len(tags)
        values_at = next_at + 8
        entries, values = b"", b""
        for tag, kind, value in tags:
            inline = value.ljust(8, b"\0")
            if len(value) > 8:
                inline = struct.pack("<Q", values_at + len(values))
                values += value + b"\0" * (len(value) % 2)
            entries += struct.pack("<HHQ", tag, kind, len(value) // ITEM_BYTES[kind]) + inline
        self._file.write(struct.pack("<Q", len(tags)) + entries + bytes(8) + values)
        return next_at

    def _tags(self, number: int, level: Level) -> list[Tag]:
        """Sorted by number, as the format asks for."""
        tags = [
            (254, LONG, struct.pack("<I", 1 if number else 0)),
            (256, LONG, struct.pack("<I", level.size[0])),
            (257, LONG, struct.pack("<I", level.size[1])),
            (258, SHORT, struct.pack("<3H", 8, 8, 8)),
            (259, SHORT, struct.pack("<H", JPEG)),
            (262, SHORT, struct.pack("<H", YCBCR)),
            (277, SHORT, struct.pack("<H", 3)),
            *self._resolution(2**number),
            (284, SHORT, struct.pack("<H", CONTIGUOUS)),
            (322, SHORT, struct.pack("<H", TILE_PX)),
            (323, SHORT, struct.pack("<H", TILE_PX)),
            (324, LONG8, level.offsets.astype("<u8").tobytes()),
            (325, LONG8, level.lengths.astype("<u8").tobytes()),
            (530, SHORT, struct.pack("<2H", 2, 2)),
        ]
        if self._description:
            tags.append((270, ASCII, self._description.encode("ascii") + b"\0"))
        return sorted(tags)

    def _resolution(self, downsample: int) -> list[Tag]:
        if self._pixel_size_um is None:
            return []
        per_cm = struct.pack("<2I", round(1e7 / (self._pixel_size_um * downsample)), 1000)
        return [(282, RATIONAL, per_cm), (283, RATIONAL, per_cm), (296, SHORT, struct.pack("<H", CENTIMETRE))]
