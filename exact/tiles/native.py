"""Native grid arithmetic, pure: levels 1, 1/2, 1/4, ... whose tiles are the file's own wherever it stores them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from exact.tiles.errors import NoSuchTile

Size = tuple[int, int]

MADE_TILE_PX = 256
"""Side of the tiles of images that store none."""
HANDED_ON_PX = range(128, 1025)
"""Sides of stored tiles that are handed on: smaller ones are too many requests, larger ones too much for a corner."""
MAX_DEVIATION_PX = 1
"""Of a stored level that counts as the image halved: scanners round (312 for 312.5, 1/4.00015). A larger step, such as
the 0.3 % that are harmless in a small level, would be twenty pixels in a large one.
"""
MAX_LEVELS = 32


@dataclass(frozen=True)
class NativeLevel:
    """One level of the grid, and what its pixels are made of."""

    width: int
    height: int
    tile_width: int
    tile_height: int
    downsample: int
    """How many times smaller than level 0: a power of two."""
    base: int | None
    """The stored level that it is, or is made from; None where each tile looks for the best one."""
    shrink: int = 1
    """How many times smaller than its base."""
    stored: bool = False
    """Whether whole tiles of it lie in the file."""

    @cached_property
    def columns(self) -> int:
        """Tiles from left to right."""
        return -(-self.width // self.tile_width)

    @cached_property
    def rows(self) -> int:
        """Tiles from top to bottom."""
        return -(-self.height // self.tile_height)

    @property
    def is_one_tile(self) -> bool:
        """The last level."""
        return self.columns == self.rows == 1

    def box(self, column: int, row: int) -> tuple[int, int, int, int]:
        """Left, top, width and height of a tile, in pixels of the level; cut at the right and bottom edge."""
        if not (0 <= column < self.columns and 0 <= row < self.rows):
            raise NoSuchTile(f"There is no tile {column}, {row} at this level.")
        left, top = column * self.tile_width, row * self.tile_height
        return left, top, min(self.tile_width, self.width - left), min(self.tile_height, self.height - top)

    def is_whole(self, column: int, row: int) -> bool:
        """Whether the tile is not cut by an edge: a stored one is handed on as it lies."""
        return (column + 1) * self.tile_width <= self.width and (row + 1) * self.tile_height <= self.height


@dataclass(frozen=True)
class NativeGrid:
    """The levels of one plane, level 0 at full size."""

    levels: tuple[NativeLevel, ...]

    @property
    def is_stored(self) -> bool:
        """Whether the file's own tiles are its tiles."""
        return self.levels[0].stored

    def level(self, number: int) -> NativeLevel:
        """The level, or the refusal."""
        if not 0 <= number < len(self.levels):
            raise NoSuchTile(f"There is no level {number} in this grid.")
        return self.levels[number]


@lru_cache(1024)
def native_grid(sizes: tuple[Size, ...], stored_tiles: tuple[Size | None, ...]) -> NativeGrid:
    """The grid of a plane from its stored levels, largest first, and the sizes of the tiles that lie in the file."""
    tiles = [tile if tile is not None and _handed_on(tile) else None for tile in stored_tiles]
    levels = _from_tiles(sizes, tiles) if tiles[0] is not None else _from_pixels(sizes[0])
    return NativeGrid(tuple(levels))


def _handed_on(tile: Size) -> bool:
    return tile[0] in HANDED_ON_PX and tile[1] in HANDED_ON_PX


def _from_pixels(size: Size) -> list[NativeLevel]:
    """Halved, rounded up, as Deep Zoom does."""
    levels: list[NativeLevel] = []
    for power in range(MAX_LEVELS):
        width, height = (-(-side // 2**power) for side in size)
        levels.append(NativeLevel(width, height, MADE_TILE_PX, MADE_TILE_PX, 2**power, None))
        if levels[-1].is_one_tile:
            break
    return levels


def _from_tiles(sizes: Sequence[Size], tiles: Sequence[Size | None]) -> list[NativeLevel]:
    """A stored level where there is one of that size, else the nearest larger one shrunk."""
    levels: list[NativeLevel] = []
    for power in range(MAX_LEVELS):
        base = next((number for number, size in enumerate(sizes) if is_halved(sizes[0], size, power)), None)
        levels.append(_shrunk(levels[-1]) if base is None else _found(sizes[base], tiles, base, 2**power))
        if levels[-1].is_one_tile:
            break
    return levels


def _found(size: Size, tiles: Sequence[Size | None], base: int, downsample: int) -> NativeLevel:
    width, height = tiles[base] or tiles[0] or (MADE_TILE_PX, MADE_TILE_PX)
    return NativeLevel(*size, width, height, downsample, base, stored=tiles[base] is not None)


def _shrunk(above: NativeLevel) -> NativeLevel:
    """Half of the level above, made from the same base."""
    width, height = -(-above.width // 2), -(-above.height // 2)
    return NativeLevel(
        width, height, above.tile_width, above.tile_height, above.downsample * 2, above.base, above.shrink * 2
    )


def is_halved(full: Size, size: Size, power: int) -> bool:
    """Whether a stored level is the full size halved so many times."""
    return all(abs(side - wanted / 2**power) <= MAX_DEVIATION_PX for side, wanted in zip(size, full, strict=True))
