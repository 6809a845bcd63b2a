"""Where the JPEG tiles of a TIFF lie: tables checked against each other and the file, so they can be believed."""

from array import array
from dataclasses import dataclass
from functools import cached_property
from typing import BinaryIO

import numpy as np

from exact.tiles import tiff
from exact.tiles.jpeg_stream import shared_tables
from exact.tiles.source import Size
from exact.tiles.tiff import Directory, Numbers

MAX_DIRECTORIES = 512
MAX_SIDE_PX = 2**31
TILE_SIDES_PX = range(16, 4097)
MORE_THAN_PIXELS_BYTES = 64 * 2**10
"""No JPEG tile is larger than its pixels and so much for tables and marks."""
WIDTH, HEIGHT, COMPRESSION, PHOTOMETRIC, TABLES = 256, 257, 259, 262, 347
WANTED = (WIDTH, HEIGHT, COMPRESSION, PHOTOMETRIC, TABLES, tiff.TILE_WIDTH, tiff.TILE_LENGTH, *tiff.TILES)
WANTED_OF_ALL = (*WANTED, tiff.SUB_DIRECTORIES)
JPEG = 7
GREY, RGB, YCBCR = 1, 2, 6


@dataclass(frozen=True)
class TileTable:
    """One directory of JPEG tiles."""

    directory: int
    """Where it lies in the file."""
    parent: int | None
    """Where the directory lies that it is a sub-directory of."""
    size: Size
    tile: Size
    photometric: int
    shared: bytes
    """Tables that all streams of the directory leave out."""
    offsets: "array[int]"
    lengths: "array[int]"
    """0: a tile that was never written."""

    @cached_property
    def columns(self) -> int:
        """Tiles from left to right."""
        return -(-self.size[0] // self.tile[0])

    @cached_property
    def rows(self) -> int:
        """Tiles from top to bottom."""
        return -(-self.size[1] // self.tile[1])


def tile_tables(file: BinaryIO, size: int, *, sub_directories: bool = False) -> list[TileTable]:
    """All directories of JPEG tiles that keep to the rules; DamagedFile when the walk itself goes out of bounds."""
    wanted = WANTED_OF_ALL if sub_directories else WANTED
    found = (_table(directory, size) for directory in tiff.walk(file, size, wanted, MAX_DIRECTORIES))
    return [table for table in found if table is not None]


def _table(directory: Directory, size: int) -> TileTable | None:
    tags = directory.tags
    one = {tag: int(values[0]) for tag, values in tags.items() if len(values)}
    offsets, lengths = (tags.get(tag) for tag in tiff.TILES)
    shared = _shared(tags.get(TABLES))
    if one.get(COMPRESSION) != JPEG or one.get(PHOTOMETRIC) not in (GREY, RGB, YCBCR):
        return None
    if offsets is None or lengths is None or shared is None:
        return None
    image, tile = (one.get(WIDTH, 0), one.get(HEIGHT, 0)), (one.get(tiff.TILE_WIDTH, 0), one.get(tiff.TILE_LENGTH, 0))
    if not (_sane(image, tile) and _fitting(image, tile, offsets, lengths, size)):
        return None
    where = (array("Q", values.tobytes()) for values in (offsets, lengths))
    return TileTable(directory.offset, directory.parent, image, tile, one[PHOTOMETRIC], shared, *where)


def _sane(image: Size, tile: Size) -> bool:
    return all(0 < side <= MAX_SIDE_PX for side in image) and all(side in TILE_SIDES_PX for side in tile)


def _fitting(image: Size, tile: Size, offsets: Numbers, lengths: Numbers, size: int) -> bool:
    """As many entries as the image has tiles, none longer than a tile can be, all inside the file."""
    tiles = -(-image[0] // tile[0]) * -(-image[1] // tile[1])
    longest = 3 * tile[0] * tile[1] + MORE_THAN_PIXELS_BYTES
    return (
        len(offsets) == len(lengths) == tiles
        and bool((lengths <= longest).all())
        and tiff.all_inside(offsets, lengths, size)
    )


def _shared(tables: Numbers | None) -> bytes | None:
    return b"" if tables is None else shared_tables(tables.astype(np.uint8).tobytes())
