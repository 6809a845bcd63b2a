"""One tile: read from the best stored level, scaled, encoded."""

import numpy as np

from exact.tiles.encoders import ENCODERS
from exact.tiles.errors import NoSuchTile
from exact.tiles.shrunk import grid_of, shrunk
from exact.tiles.slide_cache import View
from exact.tiles.source import Pixels, Size, resized

RENDERER_VERSION = 2
"""Raised when the same address may give other bytes than before; part of every ETag."""


def tile_pixels(view: View, level: int, column: int, row: int, frame: int) -> Pixels:
    """The tile before it is encoded: what OpenSlide's DeepZoomGenerator would show."""
    if not view.pyramid.has_tile(level, column, row):
        raise NoSuchTile(f"There is no tile {column}, {row} at level {level}.")
    region = view.pyramid.tile_region(level, column, row)
    pixels = from_stored_tiles(view, level, (column, row), region.tile_size, frame)
    if pixels is None:
        pixels = view.source.read_region(region.location, region.level, region.read_size, frame, view.plane)
    return resized(pixels, region.tile_size)


def from_stored_tiles(view: View, level: int, place: tuple[int, int], size: Size, frame: int) -> Pixels | None:
    """The same pixels as the native grid shows, where that is made of the file's own tiles.

    Levels of both can differ in size by a pixel, because scanners round down; then the last row or column counts twice.
    """
    grid = grid_of(view.source, view.plane)
    if not grid.is_stored:
        return None
    power = view.pyramid.level_count - 1 - level
    native = grid.levels[min(power, len(grid.levels) - 1)]
    more = 2 ** max(0, power - len(grid.levels) + 1)
    width, height = -(-native.width // more), -(-native.height // more)
    before = [max(0, at * view.pyramid.tile_size - view.pyramid.overlap) for at in place]
    left, top = min(before[0], width - 1), min(before[1], height - 1)
    box = (left, top, min(size[0], width - left), min(size[1], height - top))
    assert native.base is not None
    return _filled(shrunk(view.source, native.base, box, native.shrink * more, frame), size)


def _filled(pixels: Pixels, size: Size) -> Pixels:
    missing = ((0, size[1] - pixels.shape[0]), (0, size[0] - pixels.shape[1]), (0, 0))
    return np.pad(pixels, missing, mode="edge") if any(after for _, after in missing) else pixels


def render_tile(view: View, level: int, column: int, row: int, frame: int, tile_format: str) -> bytes:
    """The tile as JPEG or PNG."""
    return ENCODERS[tile_format](tile_pixels(view, level, column, row, frame))
