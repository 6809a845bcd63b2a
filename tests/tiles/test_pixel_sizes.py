"""Pixel sizes that are believed, and where they stand."""

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from exact.tiles import pixel_sizes
from exact.tiles.formats import open_image
from tests.samples import options, picture

PER_INCH_AT_HALF_A_MICROMETRE = 50_800


def told(path: Path) -> tuple[tuple[float | None, ...], str | None]:
    """Pixel size and its source."""
    source = open_image(path, options(path.parent, path.name))
    return source.description.pixel_size_um, source.details.pixel_size_source


@pytest.mark.parametrize("dpi", [1, 72, 96, 150, 300, 600, 1200])
@pytest.mark.parametrize("suffix", ["png", "jpg", "tif", "bmp"])
def test_what_screens_and_printers_have_is_unknown(tmp_path: Path, suffix: str, dpi: int) -> None:
    assert told(picture(tmp_path / f"a.{suffix}", dpi=(dpi, dpi))) == ((None, None, None), None)


@pytest.mark.parametrize(
    ("suffix", "source"), [("png", "png.pHYs"), ("jpg", "jfif.density"), ("tif", "tiff.XResolution")]
)
def test_what_microscopes_have_is_believed(tmp_path: Path, suffix: str, source: str) -> None:
    size_um, found = told(picture(tmp_path / f"a.{suffix}", dpi=(PER_INCH_AT_HALF_A_MICROMETRE,) * 2))
    assert size_um[:2] == pytest.approx((0.5, 0.5), rel=1e-3)
    assert (size_um[2], found) == (None, source)


def test_a_bitmap_tells_it_too(tmp_path: Path) -> None:
    size_um, found = told(picture(tmp_path / "a.bmp", dpi=(PER_INCH_AT_HALF_A_MICROMETRE,) * 2))
    assert (size_um[0], found) == (pytest.approx(0.5, rel=1e-3), "bmp.XPelsPerMeter")


def test_exif_is_asked_where_the_format_says_nothing(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif.update({282: 10_000.0, 283: 5_000.0, 296: 3})
    size_um, found = told(picture(tmp_path / "a.webp", exif=exif))
    assert (size_um, found) == ((1.0, 2.0, None), "exif.XResolution")


def test_turning_a_picture_exchanges_its_pixel_sizes(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif.update({282: 10_000.0, 283: 5_000.0, 296: 3, 274: 6})
    assert told(picture(tmp_path / "a.webp", exif=exif))[0] == (2.0, 1.0, None)


@pytest.mark.parametrize(("unit", "expected"), [("micron", 0.25), ("\\u00B5m", 0.25), ("inch", None), ("pixel", None)])
def test_imagej_keeps_the_unit_in_its_description(tmp_path: Path, unit: str, expected: float | None) -> None:
    tags: dict[int, Any] = {270: f"ImageJ=1.53t\nunit={unit}\n", 282: 4.0, 283: 4.0, 296: 1}
    size_um, found = told(picture(tmp_path / "a.tif", tiffinfo=tags))
    assert (size_um[0], found) == (expected, None if expected is None else "imagej.unit")


@pytest.mark.parametrize("value", [None, "", "0", "-1", "nan", "inf", "1,5", "unknown", object(), (1, 2)])
def test_what_is_no_positive_number_is_unknown(value: object) -> None:
    assert pixel_sizes.positive(value) is None


@pytest.mark.parametrize("value", [1000, 352.8, 84.7, 0.00499, "1000"])
def test_what_no_microscope_has_is_unknown(value: object) -> None:
    assert pixel_sizes.believable_um(value) is None
    assert pixel_sizes.believable(0.25, value, "somewhere") is None
