"""Tiles of the native grid are OpenSlide's pixels: whole ones byte for byte as they lie in the file."""

from functools import lru_cache
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from exact.tiles.formats import open_image
from exact.tiles.looks import Look
from exact.tiles.native import NativeGrid
from exact.tiles.native_render import FROM_PIXELS, native_pixels, native_tile
from exact.tiles.shrunk import grid_of
from exact.tiles.slide_cache import View, pyramid_of
from exact.tiles.source import Pixels
from tests.samples import options, picture, real, scene, svs, tiled_tiff, volume, voxels
from tests.tiles.test_jpeg_tiles import REAL, by_openslide, oracle

SHRUNK_TOLERANCE = 1.5
"""Mean difference, in shades of 255, of pixels that the decoder made smaller from means of OpenSlide's pixels; and of a
stored level like 1/8.004, whose pixels OpenSlide interpolates and we take as they are.
"""
QUALITY_80_TOLERANCE, CHECKERBOARD_TOLERANCE = 9.0, 18.0
"""What encoding again may add: to tissue, and to a fine coloured checkerboard."""


def view_of(path: Path, plane: int = 0) -> tuple[View, NativeGrid]:
    """A plane of a file with its native grid."""
    source = open_image(path, options(path.parent))
    return View(source, plane, pyramid_of(source, plane, FROM_PIXELS)), grid_of(source, plane)


def shown(encoded: bytes) -> NDArray[np.int64]:
    return np.asarray(Image.open(BytesIO(encoded)).convert("RGB")).astype(int)


@lru_cache(2)
def whole_level(path: Path, level: int) -> Pixels:
    """By OpenSlide, once for all its tiles."""
    return by_openslide(path, level, (0, 0), oracle(path).level_dimensions[level])


def expected(path: Path, grid: NativeGrid, number: int, box: tuple[int, int, int, int]) -> Pixels:
    """From OpenSlide's own rendering: the stored level as it is, the others as means of its pixels."""
    level = grid.level(number)
    assert level.base is not None
    slide = oracle(path)
    base, shrink = (level.base, level.shrink) if level.base < slide.level_count else (0, level.downsample)
    full_width, full_height = slide.level_dimensions[base]
    left, top = box[0] * shrink, box[1] * shrink
    size = min(box[2] * shrink, full_width - left), min(box[3] * shrink, full_height - top)
    if shrink == 1 or slide.level_count > 1:
        region = by_openslide(path, base, (left, top), size)
    else:
        region = whole_level(path, base)[top : top + size[1], left : left + size[0]]
    return np.asarray(Image.fromarray(region).reduce(shrink))


def is_read_pixel_by_pixel(path: Path, stored_level: int | None) -> bool:
    """OpenSlide interpolates levels whose downsample is no whole number."""
    return stored_level is not None and oracle(path).level_downsamples[stored_level].is_integer()


def assert_every_tile_shows_openslides_pixels(path: Path, encoding_tolerance: float = CHECKERBOARD_TOLERANCE) -> None:
    """Corners and middle of every level."""
    view, grid = view_of(path)
    for number, level in enumerate(grid.levels):
        columns, rows = level.columns, level.rows
        for column, row in {(c, r) for c in (0, columns // 2, columns - 1) for r in (0, rows // 2, rows - 1)}:
            box = level.box(column, row)
            wanted = expected(path, grid, number, box)
            pixels = native_pixels(view, grid, number, box, 0)
            assert (pixels.shape[1], pixels.shape[0]) == box[2:]
            if level.stored and is_read_pixel_by_pixel(path, level.base):
                assert np.array_equal(pixels, wanted)
            else:
                assert np.abs(pixels.astype(int) - wanted).mean() < SHRUNK_TOLERANCE
            encoded = native_tile(view, grid, number, column, row, 0, "jpeg")
            assert shown(encoded).shape == pixels.shape
            handed_on = level.stored and level.is_whole(column, row)
            assert np.abs(shown(encoded) - pixels).mean() <= (0 if handed_on else encoding_tolerance)


def test_generated_slides_show_openslides_pixels(tmp_path: Path) -> None:
    assert_every_tile_shows_openslides_pixels(tiled_tiff(tmp_path / "dyadic.tif", (1300, 900)))
    assert_every_tile_shows_openslides_pixels(tiled_tiff(tmp_path / "flat.tif", (1100, 700), levels=1))
    assert_every_tile_shows_openslides_pixels(svs(tmp_path / "aperio.svs"))


@pytest.mark.samples
@pytest.mark.parametrize("name", REAL)
def test_real_slides_show_openslides_pixels(name: str) -> None:
    assert_every_tile_shows_openslides_pixels(real(f"wsi/{name}"), QUALITY_80_TOLERANCE)


def test_a_whole_tile_is_handed_on_byte_for_byte(tmp_path: Path) -> None:
    path = tiled_tiff(tmp_path / "a.tif")
    view, grid = view_of(path)
    assert native_tile(view, grid, 0, 1, 0, 0, "jpeg") in path.read_bytes()
    assert native_tile(view, grid, 0, 2, 1, 0, "jpeg") not in path.read_bytes()


def test_png_of_a_stored_tile_is_exact(tmp_path: Path) -> None:
    path = tiled_tiff(tmp_path / "a.tif")
    view, grid = view_of(path)
    assert np.array_equal(
        shown(native_tile(view, grid, 0, 1, 0, 0, "png")), by_openslide(path, 0, (256, 0), (256, 256))
    )


def test_what_lies_beyond_an_edge_never_colours_the_pixels_inside(tmp_path: Path) -> None:
    """The unused part of an edge tile is black here; means at the edge must not become darker."""
    path = tiled_tiff(tmp_path / "a.tif", (1001, 1001), levels=1)
    view, grid = view_of(path)
    pixels = native_pixels(view, grid, 2, (0, 0, 251, 251), 0)
    means = np.asarray(Image.fromarray(scene((1001, 1001))).reduce(4))
    assert np.abs(pixels[:, -1].astype(int) - means[:, -1]).mean() < 8


def test_pictures_and_volumes_have_the_same_kind_of_grid_made_from_pixels(tmp_path: Path) -> None:
    view, grid = view_of(picture(tmp_path / "a.png", (700, 500)))
    assert np.array_equal(shown(native_tile(view, grid, 0, 2, 1, 0, "png")), scene((700, 500))[256:, 512:])
    assert np.array_equal(native_pixels(view, grid, 0, (100, 200, 300, 290), 0), scene((700, 500))[200:490, 100:400])
    view, grid = view_of(volume(tmp_path / "a.nii", voxels((20, 18, 12))), plane=2)
    assert [(level.width, level.height) for level in grid.levels] == [(18, 12)]
    assert shown(native_tile(view, grid, 0, 0, 0, 3, "png")).shape == (12, 18, 3)


def test_an_image_looked_at_otherwise_is_never_handed_on(tmp_path: Path) -> None:
    view, grid = view_of(tiled_tiff(tmp_path / "a.tif"))
    source = view.source
    source.under = lambda _: source  # type: ignore[method-assign]
    source.encoded_tile = None  # type: ignore[method-assign, assignment]
    assert native_tile(view, grid, 0, 1, 0, 0, "jpeg", Look(profile=True))
