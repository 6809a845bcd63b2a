"""A walk over a slide, tile by tile: both our grids against openslide.deepzoom with Pillow's JPEG, and large_image."""

import os
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
from large_image_source_tiff import TiffFileTileSource
from openslide.deepzoom import DeepZoomGenerator

from exact.operations.demo_slide import write_demo_slide
from exact.tiles.encoders import encode_jpeg
from exact.tiles.formats import open_image
from exact.tiles.jpeg_tiles import jpeg_tiles
from exact.tiles.native_render import FROM_PIXELS, native_tile
from exact.tiles.render import render_tile
from exact.tiles.shrunk import grid_of
from exact.tiles.slide_cache import Grid, View, pyramid_of
from exact.tiles.source import OpenOptions
from exact.tiles.tiff_writer import TILE_PX, TiledTiffWriter
from tests.benchmarks import Row, at_least, at_most

NAMES = (
    "tiles compat, dyadic slide",
    "tiles compat, scanner's slide",
    "tiles compat, bytes of a tile",
    "tiles native, dyadic slide",
    "tiles native, scanner's slide",
    "tiles native against large_image, dyadic slide",
    "tiles native against large_image, scanner's slide",
    "tiles native, bytes of a tile",
    "tiles native, one tile handed on",
)
AGAINST = "openslide.deepzoom + Pillow JPEG q90"
LARGE_IMAGE = "large_image's TIFF source, JPEG"
SIDE_PX = 8192
VIEWPORTS, DEPTHS, COLUMNS, ROWS = 36, 6, 6, 4
"""A viewport is what a screen shows, 6 x 4 tiles; the walk goes through six depths at seeded places."""
SCANNER_LEVELS = (0, 2, 4)
"""A scanner stores 1, 1/4 and 1/16; a dyadic pyramid every half."""
OPENSLIDE_CACHE_BYTES = 32 * 2**20
HANDED_ON = 2000

Tile = Callable[[int, int, int], bytes]
"""By power of two (0: full size), column and row."""


@dataclass(frozen=True)
class Walk:
    """Seconds of the processor and bytes of the same viewports, walked by turns."""

    seconds: dict[str, list[float]]
    bytes: dict[str, int]

    def times_faster(self, ours: str, theirs: str) -> float:
        """All viewports together."""
        return sum(self.seconds[theirs]) / sum(self.seconds[ours])

    def bytes_ratio(self, ours: str, theirs: str) -> float:
        """Of all tiles."""
        return self.bytes[ours] / self.bytes[theirs]


def rows() -> list[Row]:
    """Both kinds of pyramid; no tile cache, the file in the page cache, both decoders with their usual caches."""
    with tempfile.TemporaryDirectory() as folder:
        dyadic = Path(folder) / "dyadic.tif"
        write_demo_slide(dyadic, SIDE_PX, SIDE_PX)
        scanner = as_a_scanner_stores_it(dyadic, Path(folder) / "scanner.tif")
        walks = [walk(path) for path in (dyadic, scanner)]
        handed_on = handing_on(dyadic)
    compat, native, large = [
        [walk.times_faster(ours, theirs) for walk in walks]
        for ours, theirs in (("compat", "deepzoom"), ("native", "deepzoom"), ("native", "large_image"))
    ]
    compat_bytes, native_bytes = (
        statistics.mean(walk.bytes_ratio(ours, "deepzoom") for walk in walks) for ours in ("compat", "native")
    )
    return [
        at_least(NAMES[0], compat[0], 2, unit="times", against=AGAINST),
        at_least(NAMES[1], compat[1], 5, unit="times", against=AGAINST),
        at_most(NAMES[2], compat_bytes, 1.05, unit="ratio", against=AGAINST),
        at_least(NAMES[3], native[0], 100, unit="times", against=AGAINST),
        at_least(NAMES[4], native[1], 15, unit="times", against=AGAINST),
        at_least(NAMES[5], large[0], 50, unit="times", against=LARGE_IMAGE),
        at_least(NAMES[6], large[1], 8, unit="times", against=LARGE_IMAGE),
        at_most(NAMES[7], native_bytes, 0.75, unit="ratio", against=AGAINST),
        at_most(NAMES[8], handed_on, 5, unit="times", against="a bare pread of the same bytes"),
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
    """Each viewport by all, one after the other; who begins changes every time."""
    deep_zoom, pyramid = by_deep_zoom(path)
    walkers = {
        "compat": by_compat_grid(path),
        "native": by_native_grid(path),
        "deepzoom": deep_zoom,
        "large_image": by_large_image(path),
    }
    done = Walk({name: [] for name in walkers}, dict.fromkeys(walkers, 0))
    for turn, viewport in enumerate(viewports(pyramid)):
        names = list(walkers)
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            start = time.process_time()
            done.bytes[name] += sum(len(walkers[name](*address)) for address in viewport)
            done.seconds[name].append(time.process_time() - start)
    return done


def by_compat_grid(path: Path) -> Tile:
    """Our tiles of 254 pixels and an overlap, without any cache of encoded tiles."""
    source = open_image(path, OpenOptions(path.parent / "cache", path.name))
    view = View(source, 0, pyramid_of(source, 0, Grid()))
    last = view.pyramid.level_count - 1
    return lambda power, column, row: render_tile(view, last - power, column, row, 0, "jpeg")


def by_native_grid(path: Path) -> Tile:
    """Our tiles of the file's own grid, without any cache of encoded tiles."""
    source = open_image(path, OpenOptions(path.parent / "cache", path.name))
    view, grid = View(source, 0, pyramid_of(source, 0, FROM_PIXELS)), grid_of(source, 0)
    return lambda power, column, row: native_tile(view, grid, power, column, row, 0, "jpeg")


def by_deep_zoom(path: Path) -> tuple[Tile, DeepZoomGenerator]:
    """The ancestor's path."""
    slide = openslide.OpenSlide(path)
    slide.set_cache(openslide.OpenSlideCache(OPENSLIDE_CACHE_BYTES))
    pyramid = DeepZoomGenerator(slide)

    def tile(power: int, column: int, row: int) -> bytes:
        written = BytesIO()
        pyramid.get_tile(pyramid.level_count - 1 - power, (column, row)).save(written, "JPEG", quality=90)
        return written.getvalue()

    return tile, pyramid


def by_large_image(path: Path) -> Tile:
    """Its reader of TIFFs, which hands on tiles, too; without its cache of tiles."""
    source = TiffFileTileSource(str(path), noCache=True, encoding="JPEG", jpegQuality=90)

    def tile(power: int, column: int, row: int) -> bytes:
        encoded: bytes = source.getTile(column, row, source.levels - 1 - power, pilImageAllowed=False)
        return encoded

    return tile


def handing_on(path: Path) -> float:
    """A stored tile through our index, its head checked, its tables put before it; against reading its bytes."""
    sizes = tuple(openslide.OpenSlide(path).level_dimensions)
    tiles = jpeg_tiles(path, sizes)
    assert tiles is not None
    table, places = tiles.levels[0], random.Random(3)
    descriptor = os.open(path, os.O_RDONLY)
    ours_s, bare_s = [], []
    for _ in range(HANDED_ON):
        column, row = places.randrange(table.columns), places.randrange(table.rows)
        index = row * table.columns + column
        offset, length = table.offsets[index], table.lengths[index]
        os.pread(descriptor, length, offset)  # into the page cache and the processor's
        bare_s.append(timed(lambda: os.pread(descriptor, length, offset)))  # noqa: B023 - called at once
        ours_s.append(timed(lambda: tiles.encoded_now(0, column, row)))  # noqa: B023
    os.close(descriptor)
    return statistics.median(ours_s) / statistics.median(bare_s)


def timed(call: Callable[[], object]) -> float:
    """Seconds."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def viewports(pyramid: DeepZoomGenerator) -> list[list[tuple[int, int, int]]]:
    """The addresses of each screen; places that both grids have."""
    places, walked = random.Random(7), []
    for number in range(VIEWPORTS):
        power = number % DEPTHS
        columns, rows = (-(-side // (2**power * TILE_PX)) for side in pyramid.level_dimensions[-1])
        left, top = places.randrange(max(1, columns - COLUMNS)), places.randrange(max(1, rows - ROWS))
        across, down = range(left, min(columns, left + COLUMNS)), range(top, min(rows, top + ROWS))
        walked.append([(power, column, row) for row in down for column in across])
    return walked
