"""Slides in OpenSlide's hands."""

from pathlib import Path

import numpy as np
import openslide
import pytest
import tifffile
from PIL import Image, ImageCms

from exact.tiles.errors import BadLook, DamagedFile, NoSuchTile, TileError
from exact.tiles.formats import open_image
from exact.tiles.looks import Look
from exact.tiles.source import TileSource
from tests.contracts.tile_source import TileSourceContract
from tests.samples import exchanged_profile, options, real, scene, svs, tiled_tiff


class TestGenericTiff(TileSourceContract):
    """A pyramidal TIFF that nobody's scanner wrote."""

    def make_file(self, folder: Path) -> Path:
        return tiled_tiff(folder / "slide.tif", pixel_size_um=0.25)


class TestAperio(TileSourceContract):
    """An SVS."""

    def make_file(self, folder: Path) -> Path:
        return svs(folder / "slide.svs")


@pytest.mark.samples
class TestRealAperio(TileSourceContract):
    """A real scanner's file."""

    def make_file(self, folder: Path) -> Path:
        return real("wsi/CMU-1-Small-Region.svs")


@pytest.mark.samples
class TestRealPyramid(TileSourceContract):
    """A real six-level BigTIFF whose suffix lies."""

    def make_file(self, folder: Path) -> Path:
        return real("wsi/fourscanner_563479/N2_BB_563479_1.ndpi")


def test_the_scanner_tells_pixel_size_and_objective_power(tmp_path: Path) -> None:
    told = open_image(svs(tmp_path / "a.svs"), options(tmp_path)).description
    assert (told.format, told.pixel_size_um, told.objective_power) == ("aperio", (0.2525, 0.2525, None), 40.0)


def test_a_resolution_tag_tells_the_pixel_size(tmp_path: Path) -> None:
    told = open_image(tiled_tiff(tmp_path / "a.tif", pixel_size_um=0.25), options(tmp_path)).description
    assert told.pixel_size_um[:2] == pytest.approx((0.25, 0.25))


@pytest.mark.parametrize("nonsense_um", [1000.0, 264.6, 352.8, 0.00499])
def test_a_nonsense_pixel_size_is_unknown(tmp_path: Path, nonsense_um: float) -> None:
    told = open_image(tiled_tiff(tmp_path / "a.tif", pixel_size_um=nonsense_um), options(tmp_path)).description
    assert told.pixel_size_um == (None, None, None)


def test_the_suffix_does_not_matter(tmp_path: Path) -> None:
    path = tiled_tiff(tmp_path / "slide.png")
    assert open_image(path, options(tmp_path)).description.format == "generic-tiff"


def test_pixels_are_those_of_the_file(tmp_path: Path) -> None:
    source = open_image(tiled_tiff(tmp_path / "a.tif"), options(tmp_path))
    difference = np.abs(source.read_region((100, 50), 0, (300, 200)).astype(int) - scene((700, 500))[50:250, 100:400])
    assert difference.mean() < 3


def test_outside_of_a_slide_is_its_background_colour(tmp_path: Path) -> None:
    source = open_image(tiled_tiff(tmp_path / "a.tif"), options(tmp_path))
    assert source.read_region((5000, 5000), 0, (2, 2)).tolist() == [[[255, 255, 255]] * 2] * 2


def test_a_broken_tile_is_an_error_that_spoils_the_handle(tmp_path: Path) -> None:
    path = tiled_tiff(tmp_path / "a.tif")
    content = bytearray(path.read_bytes())
    content[16:2000] = b"\xff\xd8" + bytes(1982)
    path.write_bytes(content)
    source = open_image(path, options(tmp_path))
    with pytest.raises(DamagedFile) as caught:
        source.read_region((0, 0), 0, (256, 256))
    assert caught.value.spoils_handle


@pytest.mark.parametrize("kept", [0.3, 0.6, 0.9, 0.999])
def test_a_slide_that_was_cut_off_is_refused_with_a_sentence(tmp_path: Path, kept: float) -> None:
    path = tiled_tiff(tmp_path / "a.tif")
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * kept)])
    with pytest.raises(TileError) as caught:
        open_image(path, options(tmp_path))
    assert "cut off" in caught.value.sentence


@pytest.mark.samples
def test_the_refusal_does_not_name_a_place_on_the_server() -> None:
    path = real("malformed/wsi/unopenable.tiff")
    with pytest.raises(TileError) as caught:
        open_image(path, options(path.parent))
    assert str(path.parent) not in caught.value.sentence


@pytest.mark.samples
@pytest.mark.parametrize("name", ["CMU-1-Small-Region.svs", "boxes.tiff", "small.svs"])
def test_levels_are_those_of_openslide(name: str, tmp_path: Path) -> None:
    path = real(f"wsi/{name}")
    source, oracle = open_image(path, options(tmp_path)), openslide.OpenSlide(path)
    assert source.level_dimensions[: oracle.level_count] == oracle.level_dimensions
    for downsample in (0.5, 1, 1.9, 2, 2.1):
        assert source.get_best_level_for_downsample(downsample) == oracle.get_best_level_for_downsample(downsample)


@pytest.mark.samples
def test_a_real_slide_tells_its_scanner_and_where_its_pixel_size_stands(tmp_path: Path) -> None:
    told = open_image(real("wsi/CMU-1-Small-Region.svs"), options(tmp_path)).details
    assert (told.scanner, told.pixel_size_source) == ("Aperio CPAPERIOCS", "aperio.MPP")
    assert told.properties["aperio.AppMag"] == "20"
    assert not told.has_profile


@pytest.mark.samples
@pytest.mark.parametrize(
    "name",
    [
        "CMU-1-Small-Region.jpeg.tiff",
        "boxes.tiff",
        *(f"fourscanner_563479/{name}" for name in ("A_BB_563479_1.svs", "N1_BB_563479_1.ndpi", "Z_BB_563479_1.tif")),
    ],
)
def test_the_nonsense_of_real_slides_is_unknown(name: str, tmp_path: Path) -> None:
    source = open_image(real(f"wsi/{name}"), options(tmp_path))
    assert source.description.pixel_size_um == (None, None, None)
    assert source.details.pixel_size_source is None


@pytest.mark.samples
def test_label_and_macro_of_a_real_slide_are_read(tmp_path: Path) -> None:
    source = open_image(real("wsi/CMU-1-Small-Region.svs"), options(tmp_path))
    assert source.associated_images == {"label": (387, 463), "macro": (1280, 431), "thumbnail": (574, 768)}
    for name, (width, height) in source.associated_images.items():
        assert source.read_associated(name).shape == (height, width, 3)
    with pytest.raises(NoSuchTile, match="no picture called passport"):
        source.read_associated("passport")


@pytest.mark.samples
def test_the_profile_of_a_real_slide_is_applied(tmp_path: Path) -> None:
    source = open_image(real("wsi/boxes.tiff"), options(tmp_path))
    assert source.details.has_profile
    plain, seen = (each.read_region((0, 0), 0, (300, 250)) for each in (source, source.under(Look(profile=True))))
    oracle = ImageCms.profileToProfile(
        Image.fromarray(plain),
        openslide.OpenSlide(real("wsi/boxes.tiff")).color_profile,
        ImageCms.createProfile("sRGB"),
    )
    assert np.abs(seen.astype(int) - np.asarray(oracle)).max() <= 1


def test_a_slide_without_a_profile_has_none_to_apply(tmp_path: Path) -> None:
    source = open_image(svs(tmp_path / "a.svs"), options(tmp_path))
    assert source.under(Look()) is source
    with pytest.raises(BadLook, match="no colour profile"):
        source.under(Look(profile=True))


def with_profile(path: Path, icc: bytes) -> TileSource:
    """A generic tiled TIFF that carries the profile."""
    tifffile.imwrite(path, scene((700, 500)), photometric="rgb", tile=(256, 256), iccprofile=icc)
    return open_image(path, options(path.parent))


def test_a_broken_profile_of_a_slide_is_refused_and_its_plain_look_still_works(tmp_path: Path) -> None:
    whole = exchanged_profile()
    source = with_profile(tmp_path / "a.tif", whole[:128] + bytes(len(whole) - 128))
    assert source.description.format == "generic-tiff"
    with pytest.raises(BadLook, match="cannot be used"):
        source.under(Look(profile=True)).read_region((0, 0), 0, (9, 9))
    assert np.array_equal(source.read_region((0, 0), 0, (9, 9)), scene((700, 500))[:9, :9])


def test_the_profile_of_a_slide_exchanges_its_colours(tmp_path: Path) -> None:
    source = with_profile(tmp_path / "a.tif", exchanged_profile())
    assert source.read_region((690, 0), 0, (1, 1))[0, 0, 0] > 200
    assert source.under(Look(profile=True)).read_region((690, 0), 0, (1, 1))[0, 0, 1] > 200
