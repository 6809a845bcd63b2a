"""Plain pictures through Pillow."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from exact.tiles import unpacked
from exact.tiles.errors import DamagedFile, TileError, TooManyPixels
from exact.tiles.formats import open_image
from exact.tiles.source import Pixels
from tests.contracts.tile_source import TileSourceContract
from tests.samples import options, picture, real, scene, turned_jpeg


class TestColour(TileSourceContract):
    """An RGB PNG of several levels, odd in both directions."""

    def make_file(self, folder: Path) -> Path:
        return picture(folder / "picture.png", (701, 533))


class TestGrey(TileSourceContract):
    """A grey JPEG."""

    def make_file(self, folder: Path) -> Path:
        return picture(folder / "picture.jpg", mode="L")


class TestPages(TileSourceContract):
    """A TIFF of three equal pages."""

    def make_file(self, folder: Path) -> Path:
        pages = [Image.fromarray(scene((40, 30)) // divisor) for divisor in (1, 2, 4)]
        pages[0].save(folder / "pages.tif", save_all=True, append_images=pages[1:])
        return folder / "pages.tif"


class TestOnePixel(TileSourceContract):
    """The smallest picture there is."""

    def make_file(self, folder: Path) -> Path:
        return picture(folder / "one.png", (1, 1))


@pytest.mark.samples
class TestRealJpeg(TileSourceContract):
    """A slide as one large JPEG."""

    def make_file(self, folder: Path) -> Path:
        return real("images/slide.jpeg")


def shown(path: Path, **limits: Any) -> Pixels:
    """The first page as it is shown."""
    source = open_image(path, options(path.parent, path.name, **limits))
    return source.read_region((0, 0), 0, source.dimensions)


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_a_turned_photograph_is_shown_upright(tmp_path: Path, orientation: int) -> None:
    difference = np.abs(shown(turned_jpeg(tmp_path / "a.jpg", orientation)).astype(int) - scene((90, 60)))
    assert difference.mean() < 4


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_a_turned_tiff_is_shown_upright(tmp_path: Path, orientation: int) -> None:
    turned = turned_jpeg(tmp_path / "a.jpg", orientation)
    with Image.open(turned) as image:
        image.save(tmp_path / "a.tif", tiffinfo={274: orientation})
    assert shown(tmp_path / "a.tif").shape == (60, 90, 3)


def test_transparent_pixels_are_shown_on_white(tmp_path: Path) -> None:
    image = Image.new("RGBA", (2, 1), (255, 0, 0, 0))
    image.putpixel((1, 0), (255, 0, 0, 255))
    image.save(tmp_path / "a.png")
    assert shown(tmp_path / "a.png").tolist() == [[[255, 255, 255], [255, 0, 0]]]


def test_a_palette_with_a_transparent_colour_is_shown_on_white(tmp_path: Path) -> None:
    image = Image.new("P", (2, 1))
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.putpixel((1, 0), 1)
    image.save(tmp_path / "a.png", transparency=0)
    assert shown(tmp_path / "a.png").tolist() == [[[255, 255, 255], [0, 0, 255]]]


def test_cmyk_is_shown_as_rgb(tmp_path: Path) -> None:
    Image.new("CMYK", (8, 8), (0, 255, 255, 0)).save(tmp_path / "a.tif")
    red, green, blue = shown(tmp_path / "a.tif")[0, 0].tolist()
    assert red > 200
    assert max(green, blue) < 60


@pytest.mark.parametrize("brightest", [4095, 65535])
def test_sixteen_bits_fill_the_range_that_they_use(tmp_path: Path, brightest: int) -> None:
    ramp = np.linspace(0, brightest, 100 * 100).reshape(100, 100).astype(np.uint16)
    Image.fromarray(ramp).save(tmp_path / "a.tif")
    grey = shown(tmp_path / "a.tif")
    assert grey.shape == (100, 100, 1)
    assert (grey[0, 0, 0], grey[-1, -1, 0]) == (0, 255)
    assert abs(int(grey[50, 0, 0]) - 128) <= 2


def test_not_a_number_does_not_spoil_a_float_tiff(tmp_path: Path) -> None:
    values = np.linspace(0, 1, 400, dtype=np.float32).reshape(20, 20)
    values[3, 3] = np.nan
    Image.fromarray(values).save(tmp_path / "a.tif")
    assert shown(tmp_path / "a.tif")[-1, -1, 0] == 255


def test_each_page_is_a_frame(tmp_path: Path) -> None:
    source = open_image(TestPages().make_file(tmp_path), options(tmp_path))
    assert source.nFrames == 3
    for frame, divisor in enumerate((1, 2, 4)):
        assert np.array_equal(source.read_region((0, 0), 0, (40, 30), frame), scene((40, 30)) // divisor)


def test_smaller_levels_are_averages_of_the_larger(tmp_path: Path) -> None:
    source = open_image(picture(tmp_path / "a.png", (601, 403)), options(tmp_path))
    assert source.level_dimensions == ((601, 403), (301, 202), (151, 101))
    whole = Image.fromarray(scene((601, 403)))
    assert np.array_equal(source.read_region((0, 0), 1, (301, 202)), np.asarray(whole.reduce(2)))


def test_a_large_picture_is_unpacked_once_into_the_cache_folder(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(unpacked, "IN_MEMORY_BYTES", 1000)
    path = picture(tmp_path / "a.png", (300, 2500))
    first = open_image(path, options(tmp_path))
    assert first.cost == 0
    pixels = first.read_region((0, 0), 0, (300, 2500))
    assert np.array_equal(pixels, scene((300, 2500)))
    monkeypatch.setattr("exact.tiles.formats.picture.fill", None)  # a second unpacking would fail
    assert np.array_equal(open_image(path, options(tmp_path)).read_region((0, 0), 0, (300, 2500)), pixels)


def test_more_pixels_than_allowed_are_refused_before_they_are_unpacked(tmp_path: Path) -> None:
    path = picture(tmp_path / "a.png", (400, 300))
    with pytest.raises(TooManyPixels, match="at most 119,999"):
        open_image(path, options(tmp_path, picture_max_pixels=119_999))
    with pytest.raises(TooManyPixels):
        open_image(path, options(tmp_path, picture_max_pixels=1000))
    assert open_image(path, options(tmp_path, picture_max_pixels=120_000)).dimensions == (400, 300)


@pytest.mark.parametrize("suffix", ["png", "jpg", "tif"])
def test_a_picture_that_was_cut_off_is_refused_with_a_sentence(tmp_path: Path, suffix: str) -> None:
    path = picture(tmp_path / f"a.{suffix}", (400, 300))
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 2 // 3])
    with pytest.raises(TileError) as caught:
        open_image(path, options(tmp_path))
    assert "cut off" in caught.value.sentence


def test_a_flipped_byte_in_a_png_is_refused(tmp_path: Path) -> None:
    path = picture(tmp_path / "a.png", (400, 300))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(DamagedFile):
        open_image(path, options(tmp_path))


@pytest.mark.samples
@pytest.mark.parametrize("orientation", range(2, 9))
def test_real_turned_photographs_are_all_the_same_scene(orientation: int) -> None:
    upright = shown_real("images/hopper_orientation_2.jpg").astype(int)
    assert np.abs(shown_real(f"images/hopper_orientation_{orientation}.jpg") - upright).mean() < 8


def shown_real(name: str) -> Pixels:
    """A real picture as it is shown."""
    source = open_image(real(name), options(Path("unused")))
    return source.read_region((0, 0), 0, source.dimensions)
