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
from exact.tiles.slide_cache import Grid, View, pyramid_of
from tests.samples import options, picture, real, scene, svs, tiled_tiff

JPEG_TOLERANCE = 2.0
"""Mean difference of two encoders at the same quality, in shades of 255; the pixels they are given are equal."""


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


def assert_shows_the_same(path: Path) -> None:
    """Every tile of every level, before and after encoding."""
    view, oracle = view_of(path), DeepZoomGenerator(openslide.OpenSlide(path))
    for level, (columns, rows) in enumerate(oracle.level_tiles):
        for address in {(c, r) for c in (0, columns // 2, columns - 1) for r in (0, rows // 2, rows - 1)}:
            expected = np.asarray(oracle.get_tile(level, address)).astype(int)
            pixels = tile_pixels(view, level, *address, 0)
            if pixels.shape != expected.shape:  # the oracle keeps proportions at the cost of a row or column
                assert max(abs(a - b) for a, b in zip(pixels.shape, expected.shape, strict=True)) <= 1
                continue
            assert np.array_equal(pixels, expected)
            encoded = render_tile(view, level, *address, 0, "jpeg")
            assert np.abs(decoded(encoded) - decoded(jpeg_by_pillow(expected))).mean() < JPEG_TOLERANCE
            assert np.array_equal(decoded(render_tile(view, level, *address, 0, "png")), pixels)


def test_generated_slides_show_what_deepzoom_shows(tmp_path: Path) -> None:
    assert_shows_the_same(tiled_tiff(tmp_path / "dyadic.tif", (1300, 900)))
    assert_shows_the_same(tiled_tiff(tmp_path / "flat.tif", (1100, 700), levels=1))
    assert_shows_the_same(svs(tmp_path / "aperio.svs"))


@pytest.mark.samples
@pytest.mark.parametrize(
    "name", ["CMU-1-Small-Region.svs", "small.svs", "boxes.tiff", "fourscanner_563479/N2_BB_563479_1.ndpi"]
)
def test_real_slides_show_what_deepzoom_shows(name: str) -> None:
    assert_shows_the_same(real(f"wsi/{name}"))


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
