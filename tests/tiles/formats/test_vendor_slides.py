"""Slides of vendors of which no real file is at hand, as far as OpenSlide needs them to be real."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from exact.tiles.errors import TileError
from exact.tiles.formats import open_image
from tests import vendor_slides
from tests.contracts.tile_source import TileSourceContract
from tests.samples import options, scene


class TestPhilips(TileSourceContract):
    """A TIFF whose XML tells everything."""

    def make_file(self, folder: Path) -> Path:
        return vendor_slides.philips(folder / "slide.tiff")


class TestLeica(TileSourceContract):
    """An SCN, most of which is empty."""

    def make_file(self, folder: Path) -> Path:
        return vendor_slides.leica(folder / "slide.scn")


class TestVentana(TileSourceContract):
    """A BIF."""

    def make_file(self, folder: Path) -> Path:
        return vendor_slides.ventana(folder / "slide.bif")


class TestNdpi(TileSourceContract):
    """Hamamatsu's one file."""

    def make_file(self, folder: Path) -> Path:
        return vendor_slides.ndpi(folder / "slide.ndpi")


class TestVms(TileSourceContract):
    """Hamamatsu's folder."""

    def make_file(self, folder: Path) -> Path:
        return vendor_slides.vms(folder / "slide")


class TestMrxs(TileSourceContract):
    """3DHISTECH's folder."""

    def make_file(self, folder: Path) -> Path:
        return vendor_slides.mrxs(folder / "slide")


TOLD = [
    (vendor_slides.philips, "philips", 0.25, "philips.DICOM_PIXEL_SPACING", None, "PHILIPS UFS Scanner"),
    (vendor_slides.leica, "leica", 0.5, "tiff.XResolution", 20.0, "Leica SCN400"),
    (vendor_slides.ventana, "ventana", 0.465, "ventana.ScanRes", 20.0, "VENTANA DP 200"),
    (vendor_slides.ndpi, "hamamatsu", 0.5, "tiff.XResolution", 20.0, "Hamamatsu NanoZoomer S60"),
    (vendor_slides.vms, "hamamatsu", 0.5, "hamamatsu.PhysicalWidth", 20.0, "Hamamatsu"),
    (
        *(vendor_slides.mrxs, "mirax", 0.25, "mirax.LAYER_0_LEVEL_0_SECTION.MICROMETER_PER_PIXEL_X", 20.0),
        "3DHISTECH",
    ),
]


@pytest.mark.parametrize(
    ("make", "vendor", "size_um", "source", "objective", "scanner"), TOLD, ids=[make.__name__ for make, *_ in TOLD]
)
def test_each_vendor_tells_pixel_size_objective_and_scanner(
    make: Callable[[Path], Path],
    vendor: str,
    size_um: float,
    source: str,
    objective: float | None,
    scanner: str,
    tmp_path: Path,
) -> None:
    slide = open_image(make(tmp_path / "slide"), options(tmp_path))
    told, details = slide.description, slide.details
    assert (told.format, told.objective_power) == (vendor, objective)
    assert told.pixel_size_um == (pytest.approx(size_um), pytest.approx(size_um), None)
    assert (details.pixel_size_source, details.scanner) == (source, scanner)


@pytest.mark.parametrize(
    ("make", "corner"),
    [(make, (256, 128) if make is vendor_slides.leica else (0, 0)) for make, *_ in TOLD],
    ids=[make.__name__ for make, *_ in TOLD],
)
def test_each_vendor_shows_its_pixels(make: Callable[[Path], Path], corner: tuple[int, int], tmp_path: Path) -> None:
    slide = open_image(make(tmp_path / "slide"), options(tmp_path))
    whole = scene((1024, 1024) if make is vendor_slides.mrxs else vendor_slides.LEVELS[0])
    shown = slide.read_region(corner, 0, (whole.shape[1], whole.shape[0]))
    assert np.abs(shown.astype(int) - whole).mean() < 4


@pytest.mark.parametrize(
    ("make", "sizes"),
    [
        (vendor_slides.philips, {"label": (80, 100), "macro": (200, 100)}),
        (vendor_slides.leica, {"macro": (260, 195)}),
        (vendor_slides.ventana, {"macro": (200, 300)}),
        (vendor_slides.ndpi, {"macro": (200, 100)}),
        (vendor_slides.vms, {"macro": (200, 100)}),
        (vendor_slides.mrxs, {}),
    ],
)
def test_labels_and_macros_are_read(
    make: Callable[[Path], Path], sizes: dict[str, tuple[int, int]], tmp_path: Path
) -> None:
    slide = open_image(make(tmp_path / "slide"), options(tmp_path))
    assert slide.associated_images == sizes
    for name, size in sizes.items():
        assert np.abs(slide.read_associated(name).astype(int) - scene(size)).mean() < 8


def test_around_the_image_of_a_leica_slide_is_background(tmp_path: Path) -> None:
    slide = open_image(vendor_slides.leica(tmp_path / "a.scn"), options(tmp_path))
    assert slide.dimensions == (1536, 1152)
    assert slide.properties["openslide.bounds-x"] == "256"
    assert np.unique(slide.read_region((0, 0), 0, (200, 100))).tolist() == [255]


@pytest.mark.parametrize("make", [make for make, *_ in TOLD], ids=[make.__name__ for make, *_ in TOLD])
@pytest.mark.parametrize("kept", [0.2, 0.6, 0.95])
def test_a_slide_that_was_cut_off_is_refused_or_read_and_nothing_else(
    make: Callable[[Path], Path], kept: float, tmp_path: Path
) -> None:
    slide = make(tmp_path / "slide")
    files = [file for file in slide.rglob("*") if file.is_file()] if slide.is_dir() else [slide]
    largest = max(files, key=lambda file: file.stat().st_size)
    largest.write_bytes(largest.read_bytes()[: int(largest.stat().st_size * kept)])
    assert str(tmp_path) not in problem_of(slide)


def problem_of(slide: Path) -> str:
    """The sentence of the refusal; empty where every pixel is read."""
    try:
        source = open_image(slide, options(slide.parent))
        source.read_region((0, 0), 0, source.dimensions)
    except TileError as error:
        return error.sentence
    return ""


def test_a_slide_whose_folder_lacks_a_file_is_refused(tmp_path: Path) -> None:
    slide = vendor_slides.mrxs(tmp_path / "slide")
    (slide / "slide" / "Data0000.dat").unlink()
    assert "Data0000.dat" in problem_of(slide)
    assert str(tmp_path) not in problem_of(slide)
