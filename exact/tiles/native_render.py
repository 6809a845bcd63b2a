"""A tile or rectangle of the native grid: as it lies in the file, or made from the nearest stored pixels."""

import math

import numpy as np

from exact.tiles.encoders import ENCODERS, encode_jpeg
from exact.tiles.looks import PLAIN, Look
from exact.tiles.mosaic import assembled, reduced, shrink_within
from exact.tiles.native import MADE_TILE_PX, NativeGrid, NativeLevel
from exact.tiles.render import tile_pixels
from exact.tiles.slide_cache import Grid, View
from exact.tiles.source import Pixels, TileSource

FROM_PIXELS = Grid(MADE_TILE_PX, 0)
"""How images without tiles of their own are cut: the view that the functions below are given has this grid."""
MADE_QUALITY = 80
"""Of what is made from JPEG tiles: at 90 the file's own losses would be kept for a third more bytes."""
LARGEST_REDUCTION = 4
"""Larger ones are taken in steps, so that a tile never needs more than 16 times its own pixels in memory."""
Box = tuple[int, int, int, int]
"""Left, top, width, height in pixels of a level."""


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


def shrunk(source: TileSource, base: int, box: Box, shrink: int, frame: int) -> Pixels:
    """A rectangle, in pixels of a stored level made smaller by a power of two."""
    step = shrink_within(source.stored_tiles[base], shrink)
    if shrink // step > LARGEST_REDUCTION:
        return reduced(shrunk(source, base, _larger(source, base, box, 2, shrink // 2), shrink // 2, frame), 2)
    larger = _larger(source, base, box, shrink // step, step)
    background = (255,) * source.description.channels
    pixels = assembled(source, base, larger[:2], larger[2:], step, frame, background)
    if pixels is None:
        return _from_region(source, base, box, shrink, frame)
    return reduced(pixels, shrink // step)


def _larger(source: TileSource, base: int, box: Box, factor: int, shrink: int) -> Box:
    """The same rectangle where the level is `factor` times larger, cut where that ends."""
    left, top = box[0] * factor, box[1] * factor
    width, height = (-(-side // shrink) for side in source.level_dimensions[base])
    return left, top, min(box[2] * factor, width - left), min(box[3] * factor, height - top)


def _from_region(source: TileSource, base: int, box: Box, shrink: int, frame: int) -> Pixels:
    """Where the file has no tiles for it, or one that cannot be vouched for."""
    left, top, width, height = _larger(source, base, box, shrink, 1)
    downsample = source.level_downsamples[base]
    location = (math.ceil(left * downsample), math.ceil(top * downsample))
    return reduced(source.read_region(location, base, (width, height), frame), shrink)
