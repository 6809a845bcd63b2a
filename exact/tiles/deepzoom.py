"""Deep Zoom arithmetic, pure: which pixels of which stored level make a tile. Agrees with openslide.deepzoom."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

TILE_SIZE = 254
OVERLAP = 1


@dataclass(frozen=True)
class TileRegion:
    """What to read for one tile, and how large to show it."""

    location: tuple[int, int]
    """Top left corner, in level-0 pixels."""
    level: int
    """The stored level to read from."""
    read_size: tuple[int, int]
    """In pixels of the stored level."""
    tile_size: tuple[int, int]
    """In pixels of the tile."""


def best_level_for_downsample(downsamples: Sequence[float], wanted: float) -> int:
    """The last level whose downsample is not above the wanted one, as OpenSlide chooses; level 0 if there is none."""
    for level, downsample in enumerate(downsamples):
        if downsample > wanted:
            return max(0, level - 1)
    return len(downsamples) - 1


@dataclass(frozen=True)
class DeepZoom:
    """The pyramid of tiles over one plane of an image. Level 0 is 1 x 1 pixel, the last one has the full size."""

    level_sizes: tuple[tuple[int, int], ...]
    """Sizes of the stored levels, largest first."""
    level_downsamples: tuple[float, ...]
    tile_size: int = TILE_SIZE
    overlap: int = OVERLAP

    @cached_property
    def level_dimensions(self) -> tuple[tuple[int, int], ...]:
        """Size of each Deep Zoom level, smallest first."""
        width, height = self.level_sizes[0]
        sizes = [(width, height)]
        while width > 1 or height > 1:
            width, height = (width + 1) // 2, (height + 1) // 2
            sizes.append((width, height))
        return tuple(reversed(sizes))

    @property
    def level_count(self) -> int:
        """Number of Deep Zoom levels."""
        return len(self.level_dimensions)

    @cached_property
    def level_tiles(self) -> tuple[tuple[int, int], ...]:
        """(columns, rows) of each Deep Zoom level."""
        return tuple((-(-w // self.tile_size), -(-h // self.tile_size)) for w, h in self.level_dimensions)

    def has_tile(self, level: int, column: int, row: int) -> bool:
        """Whether the address lies inside the pyramid."""
        if not 0 <= level < self.level_count:
            return False
        columns, rows = self.level_tiles[level]
        return 0 <= column < columns and 0 <= row < rows

    def tile_region(self, level: int, column: int, row: int) -> TileRegion:
        """What to read for a tile that exists. Rounds as DeepZoomGenerator does: locations down, sizes up."""
        downsample = 2 ** (self.level_count - 1 - level)
        stored = best_level_for_downsample(self.level_downsamples, downsample)
        x, width, shown_width = self._along(0, level, stored, downsample, column)
        y, height, shown_height = self._along(1, level, stored, downsample, row)
        return TileRegion((x, y), stored, (width, height), (shown_width, shown_height))

    def _along(self, axis: int, level: int, stored: int, downsample: int, index: int) -> tuple[int, int, int]:
        """Along one axis: start in level-0 pixels, length in pixels of the stored level, length in the tile."""
        before = self.overlap if index else 0
        after = self.overlap if index < self.level_tiles[level][axis] - 1 else 0
        rest = self.level_dimensions[level][axis] - self.tile_size * index
        shown = min(self.tile_size, rest) + before + after
        scale = downsample / self.level_downsamples[stored]
        start = scale * (self.tile_size * index - before)
        length = min(math.ceil(scale * shown), self.level_sizes[stored][axis] - math.ceil(start))
        return int(self.level_downsamples[stored] * start), max(1, length), shown

    def descriptor(self, tile_format: str = "jpeg") -> bytes:
        """The .dzi document."""
        width, height = self.level_sizes[0]
        return (
            "<?xml version='1.0' encoding='UTF-8'?>\n"
            f'<Image xmlns="http://schemas.microsoft.com/deepzoom/2008" TileSize="{self.tile_size}"'
            f' Overlap="{self.overlap}" Format="{tile_format}"><Size Width="{width}" Height="{height}" /></Image>'
        ).encode()
