"""A slide that a child has told of, read in the web process by our own index and libjpeg-turbo: without OpenSlide."""

from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

from typing_extensions import override

from exact.tiles.errors import Contained
from exact.tiles.jpeg_tiles import JpegTiles, jpeg_tiles
from exact.tiles.looks import PLAIN, Look
from exact.tiles.native import HANDED_ON_PX
from exact.tiles.outline import Outline, outline_of
from exact.tiles.slide_levels import SlideLevels
from exact.tiles.source import Description, Details, Pixels, Size, TileSource

MOST_PIXELS = 16 * 2**20
"""Of a stored level for one answer, a fifth of a second: a child that takes long can be stopped, a thread cannot."""


class ToldSlide(SlideLevels):
    """Everything that needs more than its tiles is `Contained`, and so is an answer that takes many of them."""

    def __init__(self, tiles: JpegTiles, outline: Outline) -> None:
        super().__init__(outline.tiff_levels, downsamples_of(outline.tiff_levels), tiles, outline.background)
        self._outline = outline

    @property
    @override
    def description(self) -> Description:
        return self._outline.description

    @property
    @override
    def details(self) -> Details:
        """Without the properties, as the outline has them."""
        return self._outline.details

    @property
    @override
    def properties(self) -> Mapping[str, str]:
        leave_to_a_child()

    @property
    @override
    def associated_images(self) -> Mapping[str, Size]:
        leave_to_a_child()

    @override
    def read_associated(self, name: str) -> Pixels:
        leave_to_a_child()

    @override
    def under(self, look: Look) -> TileSource:
        return self if look == PLAIN else leave_to_a_child()

    @property
    @override
    def most_pixels(self) -> float:
        return MOST_PIXELS

    @override
    def _read_otherwise(self, location: tuple[int, int], level: int, size: Size) -> Pixels:
        leave_to_a_child()


def leave_to_a_child() -> NoReturn:
    """Never told to anybody: whoever asked asks the pool instead."""
    raise Contained("This part of the slide is read by a process of its own.")


def downsamples_of(sizes: tuple[Size, ...]) -> tuple[float, ...]:
    """OpenSlide's, for the formats whose levels lie in TIFF directories."""
    width, height = sizes[0]
    return (1.0, *((height / h + width / w) / 2 for w, h in sizes[1:]))


def open_told(path: Path, outline: Outline) -> ToldSlide | None:
    """The slide, if the index finds in the file what was told of it; None for every other image.

    Tiny tiles would be too many for one answer, and huge ones too much for a corner of them.
    """
    tiles = jpeg_tiles(path, outline.tiff_levels) if outline.tiff_levels else None
    if tiles is None or any(side not in HANDED_ON_PX for table in tiles.levels for side in table.tile):
        return None
    slide = ToldSlide(tiles, outline)
    return slide if outline_of(slide) == outline else None
