"""Deep Zoom, the native grid and IIIF show the same pixels at the same place: OpenSlide's."""

from io import BytesIO
from pathlib import Path

import numpy as np
import openslide
import pytest
from numpy.typing import NDArray
from PIL import Image

from exact.tiles.formats import open_image
from exact.tiles.iiif import PictureText, read_picture
from exact.tiles.iiif_render import render_picture
from exact.tiles.looks import PLAIN
from exact.tiles.native import NativeGrid
from exact.tiles.native_render import FROM_PIXELS, native_pixels, native_tile
from exact.tiles.render import tile_pixels
from exact.tiles.shrunk import grid_of
from exact.tiles.slide_cache import Grid, View, pyramid_of
from tests.samples import options, real, tiled_tiff
from tests.tiles.test_jpeg_tiles import REAL, by_openslide

TOLERANCE = 1.5
"""Mean difference, in shades of 255, of a level that is made while decoding from means of OpenSlide's pixels."""


class Shown:
    """One file by its three addressings."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.source = open_image(path, options(path.parent))
        self.deep_zoom = View(self.source, 0, pyramid_of(self.source, 0, Grid()))
        self.native = View(self.source, 0, pyramid_of(self.source, 0, FROM_PIXELS))
        self.grid: NativeGrid = grid_of(self.source, 0)

    def by_iiif(self, number: int, left: int, top: int, width: int, height: int) -> NDArray[np.uint8]:
        """A rectangle of a level."""
        full, step = self.grid.levels[0], self.grid.levels[number].downsample
        region = (left * step, top * step, width * step, height * step)
        text = PictureText(",".join(map(str, region)), f"{width},{height}", "0", "default", "png")
        picture = read_picture(text, (full.width, full.height))
        return pixels_of(render_picture(self.native, self.grid, picture, 0, PLAIN))

    def by_openslide(self, number: int, left: int, top: int, width: int, height: int) -> NDArray[np.uint8]:
        """The same rectangle, from OpenSlide's largest level."""
        step = self.grid.levels[number].downsample
        whole = by_openslide(self.path, 0, (left * step, top * step), (width * step, height * step))
        return np.asarray(Image.fromarray(whole).reduce(step))


def pixels_of(encoded: bytes) -> NDArray[np.uint8]:
    return np.asarray(Image.open(BytesIO(encoded)).convert("RGB"))


def assert_all_addressings_agree(path: Path) -> None:
    """In the middle of every level, where a Deep Zoom tile lies over several others."""
    shown = Shown(path)
    for number, level in enumerate(shown.grid.levels):
        deep_zoom_level = shown.deep_zoom.pyramid.level_count - 1 - number
        columns, rows = shown.deep_zoom.pyramid.level_tiles[deep_zoom_level]
        column, row = columns // 2, rows // 2
        left, top = max(0, column * 254 - 1), max(0, row * 254 - 1)
        expected = tile_pixels(shown.deep_zoom, deep_zoom_level, column, row, 0)
        width, height = min(expected.shape[1], level.width - left), min(expected.shape[0], level.height - top)
        expected = expected[:height, :width]
        assert np.array_equal(native_pixels(shown.native, shown.grid, number, (left, top, width, height), 0), expected)
        if (left + width) * level.downsample <= shown.grid.levels[0].width and (
            top + height
        ) * level.downsample <= shown.grid.levels[0].height:
            assert np.array_equal(shown.by_iiif(number, left, top, width, height), expected)


def assert_as_openslide_shows(path: Path, number: int, *, exactly: bool) -> None:
    """Every whole tile of a level by the native grid and by IIIF."""
    shown = Shown(path)
    level = shown.grid.levels[number]
    whole = [(c, r) for c in range(level.columns) for r in range(level.rows) if level.is_whole(c, r)]
    for column, row in whole[:: max(1, len(whole) // 12)]:
        box = level.box(column, row)
        expected = shown.by_openslide(number, *box)
        native = pixels_of(native_tile(shown.native, shown.grid, number, column, row, 0, "png"))
        assert np.array_equal(shown.by_iiif(number, *box), native)
        if exactly:
            assert np.array_equal(native, expected)
        else:
            assert np.abs(native.astype(int) - expected).mean() < TOLERANCE


def test_generated_slides(tmp_path: Path) -> None:
    path = tiled_tiff(tmp_path / "a.tif", (1300, 900), levels=1)
    assert_all_addressings_agree(path)
    assert_as_openslide_shows(path, 0, exactly=True)
    assert_as_openslide_shows(path, 1, exactly=False)


@pytest.mark.samples
@pytest.mark.parametrize("name", REAL)
def test_real_slides(name: str) -> None:
    path = real(f"wsi/{name}")
    assert_all_addressings_agree(path)
    assert_as_openslide_shows(path, 0, exactly=True)
    if openslide.OpenSlide(path).level_count == 1:
        assert_as_openslide_shows(path, 1, exactly=False)


@pytest.mark.samples
def test_a_slide_without_jpeg_tiles_is_shown_exactly() -> None:
    path = real("wsi/boxes.tiff")
    shown, slide = Shown(path), openslide.OpenSlide(path)
    whole = by_openslide(path, 0, (0, 0), slide.dimensions)
    width, height = slide.dimensions
    assert np.array_equal(shown.by_iiif(0, 0, 0, width, height), whole)
    last = shown.deep_zoom.pyramid.level_count - 1
    for column, row in ((0, 0), (1, 0)):
        left, top, wide, high = shown.grid.levels[0].box(column, row)
        native = pixels_of(native_tile(shown.native, shown.grid, 0, column, row, 0, "png"))
        assert np.array_equal(native, whole[top : top + high, left : left + wide])
        deep_zoom = tile_pixels(shown.deep_zoom, last, column, row, 0)
        x = max(0, column * 254 - 1)
        assert np.array_equal(deep_zoom, whole[: deep_zoom.shape[0], x : x + deep_zoom.shape[1]])
