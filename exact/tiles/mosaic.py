"""Rectangles of a stored level, whole or shrunk, put together from decoded tiles of the file."""

import numpy as np
from PIL import Image

from exact.tiles.decoded_tiles import decoded_tiles
from exact.tiles.source import WHITE, Pixels, Size, TileSource

LARGEST_SHRINK = 8
"""JPEG decoders shrink by 2, 4 and 8 for less than the price of whole pixels."""


def shrink_within(tile: Size | None, shrink: int) -> int:
    """The part of a shrinking, a power of two, that can be done while tiles of this size are decoded."""
    step = min(shrink, LARGEST_SHRINK)
    while tile is None or tile[0] % step or tile[1] % step:
        if step == 1:
            break
        step //= 2
    return step


def assembled(
    source: TileSource,
    level: int,
    corner: tuple[int, int],
    size: Size,
    shrink: int = 1,
    frame: int = 0,
    background: tuple[int, ...] = WHITE,
) -> Pixels | None:
    """Corner and size in pixels of the shrunk level. None where the file has no tiles for it, or a broken one."""
    tile = source.stored_tiles[level]
    if tile is None or tile[0] % shrink or tile[1] % shrink:
        return None
    width, height = tile[0] // shrink, tile[1] // shrink
    limit_x, limit_y = (-(-side // shrink) for side in source.level_dimensions[level])
    left, right = span(corner[0], size[0], limit_x)
    top, bottom = span(corner[1], size[1], limit_y)
    rows, columns = range(top // height, -(-bottom // height)), range(left // width, -(-right // width))
    source.check_work(len(rows) * len(columns) * tile[0] * tile[1])
    pixels = np.empty((size[1], size[0], len(background)), np.uint8)
    if (right - left, bottom - top) != size:
        pixels[:] = background
    for row in rows:
        for column in columns:
            part = shrunk_tile(source, level, column, row, shrink, frame)
            if part is None:
                return None
            x0, x1 = max(left, column * width), min(right, (column + 1) * width)
            y0, y1 = max(top, row * height), min(bottom, (row + 1) * height)
            part = part[y0 - row * height : y1 - row * height, x0 - column * width : x1 - column * width]
            pixels[y0 - corner[1] : y1 - corner[1], x0 - corner[0] : x1 - corner[0]] = part
    return pixels


def shrunk_tile(source: TileSource, level: int, column: int, row: int, shrink: int, frame: int) -> Pixels | None:
    """A stored tile by the decoder's own scaling, remembered. What an edge cuts off never colours what is inside."""
    key = (level, column, row, shrink, frame)
    held = decoded_tiles().get(source, key)
    if held is not None:
        return held
    made = _decoded(source, level, column, row, shrink, frame)
    if made is not None:
        decoded_tiles().put(source, key, made)
    return made


def _decoded(source: TileSource, level: int, column: int, row: int, shrink: int, frame: int) -> Pixels | None:
    tile = source.stored_tiles[level]
    if tile is None:
        return None
    level_width, level_height = source.level_dimensions[level]
    width, height = min(tile[0], level_width - column * tile[0]), min(tile[1], level_height - row * tile[1])
    if shrink == 1 or (width, height) == tile:
        return source.decoded_tile(level, column, row, shrink, frame)
    whole = source.decoded_tile(level, column, row, 1, frame)
    return None if whole is None else reduced(whole[:height, :width], shrink)


def reduced(pixels: Pixels, factor: int) -> Pixels:
    """Means of squares; those at the right and bottom edge of what is there."""
    if factor == 1:
        return pixels
    grey = pixels.shape[2] == 1
    small = np.asarray(Image.fromarray(pixels[:, :, 0] if grey else np.ascontiguousarray(pixels)).reduce(factor))
    return small[:, :, np.newaxis] if grey else small


def span(start: int, length: int, limit: int) -> tuple[int, int]:
    """The part of start .. start + length that lies inside 0 .. limit."""
    return min(max(start, 0), limit), min(max(start + length, 0), limit)
