"""One tile: read from the best stored level, scaled, encoded."""

from exact.tiles.encoders import ENCODERS
from exact.tiles.errors import NoSuchTile
from exact.tiles.slide_cache import View
from exact.tiles.source import Pixels, resized

RENDERER_VERSION = 2
"""Raised when the same address may give other bytes than before; part of every ETag."""


def tile_pixels(view: View, level: int, column: int, row: int, frame: int) -> Pixels:
    """The tile before it is encoded: what OpenSlide's DeepZoomGenerator would show."""
    if not view.pyramid.has_tile(level, column, row):
        raise NoSuchTile(f"There is no tile {column}, {row} at level {level}.")
    region = view.pyramid.tile_region(level, column, row)
    pixels = view.source.read_region(region.location, region.level, region.read_size, frame, view.plane)
    return resized(pixels, region.tile_size)


def render_tile(view: View, level: int, column: int, row: int, frame: int, tile_format: str) -> bytes:
    """The tile as JPEG or PNG."""
    return ENCODERS[tile_format](tile_pixels(view, level, column, row, frame))
