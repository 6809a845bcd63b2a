"""A walk over a slide, tile by tile on the ancestor's grid: ours against openslide.deepzoom with Pillow's JPEG."""

import random
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
import openslide
from openslide.deepzoom import DeepZoomGenerator

from exact.operations.demo_slide import write_demo_slide
from exact.tiles.encoders import encode_jpeg
from exact.tiles.formats import open_image
from exact.tiles.render import render_tile
from exact.tiles.slide_cache import Grid, View, pyramid_of
from exact.tiles.source import OpenOptions
from exact.tiles.tiff_writer import TILE_PX, TiledTiffWriter
from tests.benchmarks import Row, at_least, at_most

NAMES = ("tiles of a dyadic slide", "tiles of a scanner's slide", "bytes of a tile")
AGAINST = "openslide.deepzoom + Pillow JPEG q90"
SIDE_PX = 8192
VIEWPORTS, DEPTHS, COLUMNS, ROWS = 36, 6, 6, 4
"""A viewport is what a screen shows, 6 x 4 tiles; the walk goes through six depths at seeded places."""
SCANNER_LEVELS = (0, 2, 4)
"""A scanner stores 1, 1/4 and 1/16; a dyadic pyramid every half."""
OPENSLIDE_CACHE_BYTES = 32 * 2**20

Tile = Callable[[int, int, int], bytes]


@dataclass(frozen=True)
class Walk:
    """Seconds and bytes of the same viewports, walked by turns."""

    ours_s: list[float]
    theirs_s: list[float]
    ours_bytes: int
    theirs_bytes: int

    @property
    def times_faster(self) -> float:
        """In the median viewport."""
        return statistics.median(theirs / ours for ours, theirs in zip(self.ours_s, self.theirs_s, strict=True))


def rows() -> list[Row]:
    """Both kinds of pyramid; no tile cache, the file in the page cache, both decoders with their usual caches."""
    with tempfile.TemporaryDirectory() as folder:
        dyadic = Path(folder) / "dyadic.tif"
        write_demo_slide(dyadic, SIDE_PX, SIDE_PX)
        scanner = as_a_scanner_stores_it(dyadic, Path(folder) / "scanner.tif")
        walks = [walk(path) for path in (dyadic, scanner)]
    bytes_ratio = sum(walk.ours_bytes for walk in walks) / sum(walk.theirs_bytes for walk in walks)
    return [
        at_least(NAMES[0], walks[0].times_faster, 2, unit="times", against=AGAINST),
        at_least(NAMES[1], walks[1].times_faster, 5, unit="times", against=AGAINST),
        at_most(NAMES[2], bytes_ratio, 1.05, unit="ratio", against=AGAINST),
    ]


def as_a_scanner_stores_it(dyadic: Path, path: Path) -> Path:
    """The same slide with every second level only."""
    slide = openslide.OpenSlide(dyadic)
    sizes = [slide.level_dimensions[level] for level in SCANNER_LEVELS]
    with TiledTiffWriter(path, sizes, description="Aperio|AppMag = 40|MPP = 0.25") as writer:
        for number, level in enumerate(SCANNER_LEVELS):
            for row in range(writer.levels[number].rows):
                for column in range(writer.levels[number].columns):
                    corner = (column * TILE_PX << level, row * TILE_PX << level)
                    tile = slide.read_region(corner, level, (TILE_PX, TILE_PX)).convert("RGB")
                    writer.write_tile(number, column, row, encode_jpeg(np.asarray(tile), 82))
    return path


def walk(path: Path) -> Walk:
    """Each viewport by both, one after the other; who begins changes every time."""
    ours, theirs, pyramid = our_tiles(path), *their_tiles(path)
    times: dict[Tile, list[float]] = {ours: [], theirs: []}
    sizes = {ours: 0, theirs: 0}
    for turn, viewport in enumerate(viewports(pyramid)):
        for tile in (ours, theirs) if turn % 2 else (theirs, ours):
            start = time.perf_counter()
            sizes[tile] += sum(len(tile(*address)) for address in viewport)
            times[tile].append(time.perf_counter() - start)
    return Walk(times[ours], times[theirs], sizes[ours], sizes[theirs])


def our_tiles(path: Path) -> Tile:
    """Our path, without any cache of encoded tiles."""
    source = open_image(path, OpenOptions(path.parent / "cache", path.name))
    view = View(source, 0, pyramid_of(source, 0, Grid()))
    return lambda level, column, row: render_tile(view, level, column, row, 0, "jpeg")


def their_tiles(path: Path) -> tuple[Tile, DeepZoomGenerator]:
    """The ancestor's path."""
    slide = openslide.OpenSlide(path)
    slide.set_cache(openslide.OpenSlideCache(OPENSLIDE_CACHE_BYTES))
    pyramid = DeepZoomGenerator(slide)

    def tile(level: int, column: int, row: int) -> bytes:
        written = BytesIO()
        pyramid.get_tile(level, (column, row)).save(written, "JPEG", quality=90)
        return written.getvalue()

    return tile, pyramid


def viewports(pyramid: DeepZoomGenerator) -> list[list[tuple[int, int, int]]]:
    """The addresses of each screen."""
    places, walked = random.Random(7), []
    for number in range(VIEWPORTS):
        level = pyramid.level_count - 1 - number % DEPTHS
        columns, rows = pyramid.level_tiles[level]
        left, top = places.randrange(max(1, columns - COLUMNS)), places.randrange(max(1, rows - ROWS))
        across, down = range(left, min(columns, left + COLUMNS)), range(top, min(rows, top + ROWS))
        walked.append([(level, column, row) for row in down for column in across])
    return walked
