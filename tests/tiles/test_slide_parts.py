"""Slides of many files that would reach for files of others."""

from pathlib import Path

import pytest

from exact.tiles.errors import DamagedFile, UnsupportedContent
from exact.tiles.formats import open_image
from exact.tiles.slide_parts import check_parts
from tests import vendor_slides
from tests.samples import options


def renamed(settings: Path, name: str, other: str) -> None:
    """Writes another name into the settings."""
    settings.write_text(settings.read_text().replace(name, other))


@pytest.mark.parametrize("name", ["image.jpg", "map.jpg", "macro.jpg"])
@pytest.mark.parametrize("place", ["../secret/{}", "/etc/{}", "..\\s{}", "\\x2e\\x2e/{}"])
def test_a_vms_that_names_a_file_elsewhere_is_refused(tmp_path: Path, name: str, place: str) -> None:
    slide = vendor_slides.vms(tmp_path / "slide")
    (tmp_path / "secret").mkdir()
    (slide / name).rename(tmp_path / "secret" / name)
    renamed(slide / "slide.vms", name, place.format(name))
    with pytest.raises(DamagedFile, match="outside of its own folder"):
        open_image(slide, options(tmp_path))


def test_a_vms_alone_is_refused_whatever_lies_beside_it(tmp_path: Path) -> None:
    slide = vendor_slides.vms(tmp_path / "slide")
    with pytest.raises(UnsupportedContent, match="one of many files"):
        open_image((slide / "slide.vms").rename(slide / "alone"), options(tmp_path))


@pytest.mark.parametrize("name", ["Data0000.dat", "Index.dat"])
def test_an_mrxs_that_names_a_file_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    slide = vendor_slides.mrxs(tmp_path / "slide")
    (slide / "slide" / name).rename(tmp_path / name)
    renamed(slide / "slide" / "Slidedat.ini", name, f"../../{name}")
    with pytest.raises(DamagedFile, match="outside of its own folder"):
        open_image(slide, options(tmp_path))


def test_other_values_may_hold_what_they_like(tmp_path: Path) -> None:
    slide = vendor_slides.mrxs(tmp_path / "slide")
    renamed(slide / "slide" / "Slidedat.ini", "SLIDE_ID=", "PROJECT=C:\\x\\..\\y/z\nSLIDE_ID=")
    assert open_image(slide, options(tmp_path)).description.format == "mirax"


def test_a_slide_of_one_file_has_no_parts(tmp_path: Path) -> None:
    assert open_image(vendor_slides.ndpi(tmp_path / "a.ndpi"), options(tmp_path)).description.format == "hamamatsu"
    check_parts(tmp_path / "missing", None, in_folder=False)
