"""Rectangles of a stored level made smaller by a power of two: while decoding where the file has tiles for it."""

import math

from exact.tiles.mosaic import assembled, reduced, shrink_within
from exact.tiles.native import NativeGrid, native_grid
from exact.tiles.source import Pixels, TileSource

LARGEST_REDUCTION = 4
"""Larger ones are taken in steps, so that a tile never needs more than 16 times its own pixels in memory."""
Box = tuple[int, int, int, int]
"""Left, top, width, height in pixels of a level."""


def grid_of(source: TileSource, plane: int) -> NativeGrid:
    """Only plane 0 can have tiles of the file's own."""
    sizes = source.level_dimensions_for_plane(plane)
    return native_grid(sizes, source.stored_tiles if plane == 0 else (None,) * len(sizes))


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
