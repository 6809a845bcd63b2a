"""A rendered tile shows the pixels of openslide.deepzoom."""

from io import BytesIO
from pathlib import Path

import numpy as np
import openslide
import pytest
from numpy.typing import NDArray
from openslide.deepzoom import DeepZoomGenerator
from PIL import Image

from exact.tiles.encoders import encode_jpeg, encode_png
from exact.tiles.errors import NoSuchTile
from exact.tiles.formats import open_image
from exact.tiles.render import render_tile, tile_pixels
from exact.tiles.shrunk import grid_of
from exact.tiles.slide_cache import Grid, View, pyramid_of
from tests.samples import options, picture, real, scene, svs, tiled_tiff

JPEG_TOLERANCE = 2.0
"""Mean difference of two encoders at the same quality, in shades of 255; the pixels they are given are equal."""
TISSUE_TOLERANCE, CHECKERBOARD_TOLERANCE, TINY_TOLERANCE = 7.5, 10.0, 32.0
"""Mean difference, in shades of 255, where DeepZoomGenerator shrinks by Lanczos, ours while decoding; the last for
tiles of a few pixels, into which a whole picture disappears.
"""


def view_of(path: Path) -> View:
    """The first plane of a file."""
    source = open_image(path, options(path.parent))
    return View(source, 0, pyramid_of(source, 0, Grid()))


def decoded(encoded: bytes) -> NDArray[np.int64]:
    """Pixels of a JPEG or PNG."""
    return np.asarray(Image.open(BytesIO(encoded))).astype(int)


def jpeg_by_pillow(pixels: NDArray[np.int64]) -> bytes:
    """As the ancestor encodes."""
    written = BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(written, "JPEG", quality=90)
    return written.getvalue()


def assert_shows_the_same(path: Path, tolerance: float = CHECKERBOARD_TOLERANCE) -> None:
    """Corner and middle tiles of every level, before and after encoding."""
    view, oracle = view_of(path), DeepZoomGenerator(openslide.OpenSlide(path))
    for level, (columns, rows) in enumerate(oracle.level_tiles):
        for address in {(c, r) for c in (0, columns // 2, columns - 1) for r in (0, rows // 2, rows - 1)}:
            assert_same_tile(view, oracle.get_tile(level, address), level, address, tolerance)


def is_shown_as_it_is(view: View, level: int, address: tuple[int, int]) -> bool:
    """Whether both read the tile from a stored level whose pixels OpenSlide does not interpolate."""
    region, downsamples = view.pyramid.tile_region(level, *address), view.source.level_downsamples
    if region.level >= view.source.level_count - view.source.made_levels or not downsamples[region.level].is_integer():
        return False
    return region.read_size == region.tile_size or not grid_of(view.source, 0).is_stored


def assert_same_tile(view: View, tile: Image.Image, level: int, address: tuple[int, int], tolerance: float) -> None:
    """Equal pixels where both show a stored level as it is; nearly equal ones elsewhere.

    Elsewhere are the levels between, the overview, and levels like 1/8.004, which OpenSlide interpolates and we do not.
    """
    pixels, expected = tile_pixels(view, level, *address, 0), np.asarray(tile).astype(int)
    if pixels.shape != expected.shape:  # the oracle keeps proportions at the cost of a row or column
        assert max(abs(a - b) for a, b in zip(pixels.shape, expected.shape, strict=True)) <= 1
        return
    if is_shown_as_it_is(view, level, address):
        assert np.array_equal(pixels, expected)
    else:
        assert np.abs(pixels - expected).mean() < (tolerance if min(tile.size) >= 50 else TINY_TOLERANCE)
    if min(tile.size) < 16:
        return
    by_pillow = decoded(jpeg_by_pillow(pixels.astype(int)))
    assert np.abs(decoded(encode_jpeg(pixels)) - by_pillow).mean() < JPEG_TOLERANCE


def test_generated_slides_show_what_deepzoom_shows(tmp_path: Path) -> None:
    assert_shows_the_same(tiled_tiff(tmp_path / "dyadic.tif", (1300, 900)))
    assert_shows_the_same(tiled_tiff(tmp_path / "flat.tif", (1100, 700), levels=1))
    assert_shows_the_same(svs(tmp_path / "aperio.svs"))


@pytest.mark.samples
@pytest.mark.parametrize(
    "name", ["CMU-1-Small-Region.svs", "small.svs", "boxes.tiff", "fourscanner_563479/N2_BB_563479_1.ndpi"]
)
def test_real_slides_show_what_deepzoom_shows(name: str) -> None:
    assert_shows_the_same(real(f"wsi/{name}"), TISSUE_TOLERANCE)


def test_pictures_are_cropped_from_their_own_levels_without_scaling(tmp_path: Path) -> None:
    view = view_of(picture(tmp_path / "a.png", (1000, 700)))
    last = view.pyramid.level_count - 1
    assert np.array_equal(tile_pixels(view, last, 1, 1, 0), scene((1000, 700))[253:509, 253:509])
    half = np.asarray(Image.fromarray(scene((1000, 700))).reduce(2))
    assert np.array_equal(tile_pixels(view, last - 1, 1, 1, 0), half[253:, 253:])


@pytest.mark.parametrize("address", [(0, 1, 0), (99, 0, 0), (9, 0, 3)])
def test_a_tile_that_is_not_there_is_refused(tmp_path: Path, address: tuple[int, int, int]) -> None:
    with pytest.raises(NoSuchTile):
        render_tile(view_of(picture(tmp_path / "a.png")), *address, 0, "jpeg")


@pytest.mark.parametrize("channels", [1, 3])
def test_encoders_keep_size_and_channels(channels: int) -> None:
    pixels = scene((31, 17))[:, :, :channels]
    assert np.array_equal(decoded(encode_png(pixels)).reshape(pixels.shape), pixels)
    assert np.abs(decoded(encode_jpeg(pixels)).reshape(pixels.shape) - pixels).mean() < 8


def test_a_jpeg_tile_is_baseline_with_halved_colour(tmp_path: Path) -> None:
    image = Image.open(BytesIO(encode_jpeg(scene((256, 256)))))
    assert image.format == "JPEG"
    assert "progressive" not in image.info
    assert [(h, v) for _, h, v, _ in image.layer] == [(2, 2), (1, 1), (1, 1)]  # type: ignore[attr-defined]


def test_small_tiles_of_a_slide_with_one_level_do_not_read_it_again_and_again(tmp_path: Path) -> None:
    view = view_of(tiled_tiff(tmp_path / "flat.tif", (3000, 2000), levels=1))
    assert view.source.level_dimensions == ((3000, 2000), (750, 500))
    tile_pixels(view, 9, 0, 0, 0)
    view.source._read = None  # type: ignore[attr-defined]  # reading the file again would fail
    for level in range(11):
        assert tile_pixels(view, level, 0, 0, 0).size


def test_encoded_tiles_are_the_pixels_of_the_tile(tmp_path: Path) -> None:
    view = view_of(tiled_tiff(tmp_path / "a.tif"))
    assert np.array_equal(decoded(render_tile(view, 10, 1, 1, 0, "png")), tile_pixels(view, 10, 1, 1, 0))
    assert render_tile(view, 10, 1, 1, 0, "jpeg") == encode_jpeg(tile_pixels(view, 10, 1, 1, 0))
