"""The levels of a slide: the file's own JPEG tiles where it has them, and an overview where it has no small level."""

import threading
from abc import abstractmethod

import numpy as np
from PIL import Image
from typing_extensions import override

from exact.tiles.decoded_tiles import decoded_tiles
from exact.tiles.jpeg_tiles import JpegTiles
from exact.tiles.mosaic import assembled
from exact.tiles.source import Pixels, Size, TileSource, cut

OVERVIEW_PX = 1024
"""A slide whose smallest level is larger gets one more level of at most this side, made once, kept in memory."""
BLOCK_PX = 2048


class SlideLevels(TileSource):
    """What both readers of slides share: OpenSlide's, and the one of the web process, which has nothing but the tiles.

    What is not found among the file's own tiles is asked of `_read_otherwise`.
    """

    def __init__(
        self, sizes: tuple[Size, ...], downsamples: tuple[float, ...], tiles: JpegTiles | None, ground: tuple[int, ...]
    ) -> None:
        self._tiles = tiles
        self._stored = len(sizes)
        self._shrink = overview_shrink(sizes[-1])
        self._sizes, self._downsamples = with_overview(sizes, downsamples, self._shrink)
        own = [] if tiles is None else [table.tile for table in tiles.levels]
        self._stored_tiles = (*own, *(None for _ in self._sizes[len(own) :]))
        self._background = ground
        self._overview: Pixels | None = None
        self._overview_lock = threading.Lock()

    @abstractmethod
    def _read_otherwise(self, location: tuple[int, int], level: int, size: Size) -> Pixels:
        """A rectangle of a stored level for which the file has no tiles, or one that cannot be vouched for."""

    @property
    @override
    def level_dimensions(self) -> tuple[Size, ...]:
        return self._sizes

    @property
    @override
    def level_downsamples(self) -> tuple[float, ...]:
        return self._downsamples

    @property
    @override
    def background(self) -> tuple[int, ...]:
        return self._background

    @property
    @override
    def stored_tiles(self) -> tuple[Size | None, ...]:
        return self._stored_tiles

    @property
    @override
    def tiles_lie_in_tiff(self) -> bool:
        return self._tiles is not None

    @override
    def encoded_tile(self, level: int, column: int, row: int, frame: int = 0) -> bytes | None:
        return None if self._tiles is None or level >= self._stored else self._tiles.encoded(level, column, row)

    @override
    def decoded_tile(self, level: int, column: int, row: int, shrink: int = 1, frame: int = 0) -> Pixels | None:
        return None if self._tiles is None or level >= self._stored else self._tiles.decoded(level, column, row, shrink)

    @override
    def read_region(self, location: tuple[int, int], level: int, size: Size, frame: int = 0, plane: int = 0) -> Pixels:
        self._plane(plane)
        self._check_frame(frame, plane)
        self.check_work(size[0] * size[1])
        if level >= self._stored:
            x, y = (int(at / self._downsamples[level]) for at in location)
            return cut(self._whole(), x, y, size, self._background)
        return self._read(location, level, size)

    def _read(self, location: tuple[int, int], level: int, size: Size) -> Pixels:
        corner = tuple(round(at / self._downsamples[level]) for at in location)
        pixels = assembled(self, level, (corner[0], corner[1]), size, background=self._background)
        return self._read_otherwise(location, level, size) if pixels is None else pixels

    def _whole(self) -> Pixels:
        """The overview: without it every small tile of a slide without small levels would read the whole slide."""
        with self._overview_lock:
            if self._overview is None:
                self._overview = self._make_overview()
            return self._overview

    def _make_overview(self) -> Pixels:
        """Block by block, so that a gigapixel level never lies in memory."""
        level, shrink = self._stored - 1, self._shrink
        (width, height), (small_width, small_height) = self._sizes[level], self._sizes[level + 1]
        self.check_work(width * height)
        downsample, step = self._downsamples[level], max(shrink, BLOCK_PX // shrink * shrink)
        overview = np.empty((small_height, small_width, 3), np.uint8)
        for top in range(0, height, step):
            for left in range(0, width, step):
                size = (min(step, width - left), min(step, height - top))
                block = self._read((int(left * downsample), int(top * downsample)), level, size)
                rows = np.asarray(Image.fromarray(block).reduce(shrink))
                overview[top // shrink :, left // shrink :][: rows.shape[0], : rows.shape[1]] = rows
        return overview

    @property
    @override
    def made_levels(self) -> int:
        return 0 if self._shrink == 1 else 1

    @property
    @override
    def cost(self) -> int:
        tables = 0 if self._tiles is None else self._tiles.cost
        return tables + self.made_levels * OVERVIEW_PX * OVERVIEW_PX * 3

    @override
    def close(self) -> None:
        decoded_tiles().forget(self)
        if self._tiles is not None:
            self._tiles.close()


def overview_shrink(smallest: Size) -> int:
    """The power of two that brings the smallest level to overview size; 1 when it has it already."""
    shrink = 1
    while max(smallest) > OVERVIEW_PX * shrink:
        shrink *= 2
    return shrink


def with_overview(
    sizes: tuple[Size, ...], downsamples: tuple[float, ...], shrink: int
) -> tuple[tuple[Size, ...], tuple[float, ...]]:
    """Sizes and downsamples of the stored levels, and of the overview if there is to be one."""
    if shrink == 1:
        return sizes, downsamples
    width, height = sizes[-1]
    return (*sizes, (-(-width // shrink), -(-height // shrink))), (*downsamples, downsamples[-1] * shrink)
