"""A tile or rectangle of the native grid: as it lies in the file, or made from the nearest stored pixels."""

import numpy as np

from exact.tiles.encoders import ENCODERS, encode_jpeg
from exact.tiles.looks import PLAIN, Look
from exact.tiles.native import MADE_TILE_PX, NativeGrid, NativeLevel
from exact.tiles.render import tile_pixels
from exact.tiles.shrunk import Box, shrunk
from exact.tiles.slide_cache import Grid, View
from exact.tiles.source import Pixels

FROM_PIXELS = Grid(MADE_TILE_PX, 0)
"""How images without tiles of their own are cut: the view that the functions below are given has this grid."""
MADE_QUALITY = 80
"""Of what is made from JPEG tiles: at 90 the file's own losses would be kept for a third more bytes."""


def native_tile(
    view: View, grid: NativeGrid, number: int, column: int, row: int, frame: int, tile_format: str, look: Look = PLAIN
) -> bytes:
    """The tile as JPEG or PNG."""
    level = grid.level(number)
    box = level.box(column, row)
    if level.stored and tile_format == "jpeg" and look == PLAIN and level.is_whole(column, row):
        stored = None if level.base is None else view.source.encoded_tile(level.base, column, row, frame)
        if stored is not None:
            return stored
    pixels = native_pixels(view.under(look), grid, number, box, frame)
    return (
        encode_jpeg(pixels, MADE_QUALITY) if grid.is_stored and tile_format == "jpeg" else ENCODERS[tile_format](pixels)
    )


def native_pixels(view: View, grid: NativeGrid, number: int, box: Box, frame: int) -> Pixels:
    """A rectangle of a level; it must lie inside."""
    level = grid.level(number)
    if level.base is None:
        return _from_view(view, level, view.pyramid.level_count - 1 - number, box, frame)
    return shrunk(view.source, level.base, box, level.shrink, frame)


def _from_view(view: View, level: NativeLevel, deep_zoom_level: int, box: Box, frame: int) -> Pixels:
    """Put together from the tiles of the pyramid, so that memory is bounded whatever the stored levels are."""
    left, top, width, height = box
    side = MADE_TILE_PX
    pixels: Pixels | None = None
    for row in range(top // side, -(-(top + height) // side)):
        for column in range(left // side, -(-(left + width) // side)):
            tile = tile_pixels(view, deep_zoom_level, column, row, frame)
            if (left, top, width, height) == level.box(column, row):
                return tile
            pixels = np.empty((height, width, tile.shape[2]), np.uint8) if pixels is None else pixels
            x0, x1 = max(left, column * side), min(left + width, (column + 1) * side)
            y0, y1 = max(top, row * side), min(top + height, (row + 1) * side)
            part = tile[y0 - row * side : y1 - row * side, x0 - column * side : x1 - column * side]
            pixels[y0 - top : y1 - top, x0 - left : x1 - left] = part
    assert pixels is not None
    return pixels
