"""Slides in DICOM: levels, tiles handed on, sparse ones, label and overview, and what is refused."""

from contextlib import suppress
from io import BytesIO
from pathlib import Path

import numpy as np
import openslide
import pytest
from PIL import Image
from wsidicom import WsiDicom

from exact.tiles.errors import DamagedFile, NoSuchTile, TileError, UnsupportedContent
from exact.tiles.formats import open_image
from exact.tiles.looks import Look
from exact.tiles.source import Axis, Pixels, TileSource
from tests.contracts.tile_source import TileSourceContract
from tests.dicom_samples import save, slide_level, sparse
from tests.samples import options, real, scene

SIZES = ((300, 200), (150, 100))


def slide(folder: Path) -> Path:
    """Two levels, a label and an overview."""
    folder.mkdir()
    for number, size in enumerate(SIZES):
        save(slide_level(scene(size), spacing_um=0.25 * 2**number), folder / f"level-{number}.dcm")
    for kind, size in (("LABEL", (40, 30)), ("OVERVIEW", (90, 30))):
        made = slide_level(scene(size), ImageType=["ORIGINAL", "PRIMARY", kind, "NONE"])
        save(made, folder / f"{kind}.dcm")
    return folder


class TestFolder(TileSourceContract):
    """Levels, label and overview of one slide."""

    def make_file(self, folder: Path) -> Path:
        return slide(folder / "slide")


class TestLarge(TileSourceContract):
    """One large level in one file: its overview is made."""

    def make_file(self, folder: Path) -> Path:
        return save(slide_level(scene((1300, 700)), 256), folder / "slide.dcm")


@pytest.mark.samples
class TestReal(TileSourceContract):
    """A real slide whose label and overview are faulty."""

    def make_file(self, folder: Path) -> Path:
        return real("wsi/dicom_wsi_jpeg")


@pytest.mark.samples
class TestRealJpegLs(TileSourceContract):
    """Tiles that no browser shows."""

    def make_file(self, folder: Path) -> Path:
        return real("wsi/sm_image_jpegls.dcm")


def opened(path: Path) -> TileSource:
    """The slide."""
    return open_image(path, options(path.parent))


def pixels_of(jpeg: bytes | None) -> Pixels:
    """As a browser decodes it."""
    assert jpeg is not None
    return np.asarray(Image.open(BytesIO(jpeg)).convert("RGB"))


def test_a_folder_is_one_image_with_its_levels_and_pictures_beside(tmp_path: Path) -> None:
    source = opened(slide(tmp_path / "slide"))
    assert source.level_dimensions == SIZES
    assert source.associated_images == {"label": (40, 30), "macro": (90, 30)}
    assert np.abs(source.read_associated("label").astype(int) - scene((40, 30))).mean() < 3
    told = source.description
    assert (told.pixel_size_um, told.objective_power) == ((0.25, 0.25, None), 40)
    assert (source.details.pixel_size_source, source.details.scanner) == ("dicom.PixelSpacing", "Maker Scanner 2")


def test_a_tile_is_handed_on_as_it_lies_and_is_what_the_region_shows(tmp_path: Path) -> None:
    path = slide(tmp_path / "slide")
    source = opened(path)
    tile = source.encoded_tile(0, 1, 2)
    assert tile is not None
    assert tile[:-1] in (path / "level-0.dcm").read_bytes()
    assert np.abs(pixels_of(tile).astype(int) - source.read_region((64, 128), 0, (64, 64))).max() <= 2
    assert source.stored_tiles == ((64, 64), (64, 64))
    small = source.decoded_tile(0, 1, 2, shrink=4)
    assert small is not None
    assert small.shape == (16, 16, 3)
    with pytest.raises(NoSuchTile):
        source.encoded_tile(0, 5, 0)


def test_colours_that_are_red_green_blue_in_the_stream_are_marked_as_such(tmp_path: Path) -> None:
    made = slide_level(scene((64, 64)))
    streams = BytesIO()
    Image.fromarray(scene((64, 64))).save(streams, "JPEG", quality=95, keep_rgb=True)
    from pydicom.encaps import encapsulate

    bare = streams.getvalue().replace(b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x00", b"")
    made.PixelData, made.PhotometricInterpretation = encapsulate([bare]), "RGB"
    source = opened(save(made, tmp_path / "a.dcm"))
    assert np.abs(pixels_of(source.encoded_tile(0, 0, 0)).astype(int) - scene((64, 64))).mean() < 3


def test_places_that_were_not_scanned_are_white(tmp_path: Path) -> None:
    made = sparse(slide_level(scene((128, 64))), [(2, 1), (0, 0)])
    made.TotalPixelMatrixColumns, made.TotalPixelMatrixRows = 192, 128
    source = opened(save(made, tmp_path / "a.dcm"))
    region = source.read_region((0, 0), 0, (192, 128)).astype(int)
    assert np.abs(region[64:, 128:] - scene((128, 64))[:, :64]).mean() < 3
    assert np.abs(region[:64, :64] - scene((128, 64))[:, 64:]).mean() < 3
    assert region[:64, 64:].min() == 255
    assert source.encoded_tile(0, 1, 0) is None


def test_focal_planes_are_frames(tmp_path: Path) -> None:
    made = slide_level(scene((128, 64)))
    made.TotalPixelMatrixColumns, made.TotalPixelMatrixFocalPlanes = 64, 2
    made.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].SpacingBetweenSlices = 0.002
    source = opened(save(made, tmp_path / "a.dcm"))
    assert (source.nFrames, source.details.axes) == (2, (Axis("z", 2, 2.0, "um"),))
    second = source.read_region((0, 0), 0, (64, 64), frame=1).astype(int)
    assert np.abs(second - scene((128, 64))[:, 64:]).mean() < 3


def test_a_level_of_several_files_is_one_level(tmp_path: Path) -> None:
    whole = scene((128, 64))
    for number in (0, 1):
        made = slide_level(whole[:, 64 * number : 64 * number + 64], ConcatenationUID="1.2.3")
        made.ConcatenationFrameOffsetNumber, made.TotalPixelMatrixColumns = number, 128
        save(made, tmp_path / f"{1 - number}.dcm")
    assert np.abs(opened(tmp_path).read_region((0, 0), 0, (128, 64)).astype(int) - whole).mean() < 3


def test_what_is_no_one_slide_is_refused_with_the_reason(tmp_path: Path) -> None:
    save(slide_level(scene((64, 64))), tmp_path / "a.dcm")
    save(slide_level(scene((64, 64)), SeriesInstanceUID="1.2.9"), tmp_path / "b.dcm")
    with pytest.raises(UnsupportedContent, match="several DICOM slides"):
        opened(tmp_path)
    label = save(slide_level(scene((64, 64)), ImageType=["ORIGINAL", "PRIMARY", "LABEL"]), tmp_path / "label.dcm")
    with pytest.raises(UnsupportedContent, match="only label or overview"):
        opened(label)


@pytest.mark.parametrize(
    ("elements", "reason"),
    [
        ({"TotalPixelMatrixColumns": 6400}, "needs 400"),
        ({"TotalPixelMatrixColumns": 2**31 - 1, "TotalPixelMatrixRows": 2**31 - 1}, "more tiles than can be"),
        ({"TotalPixelMatrixRows": 0}, "no sense"),
        ({"DimensionOrganizationType": "TILED_SPARSE"}, "does not say where"),
    ],
)
def test_a_header_that_promises_what_is_not_there_is_refused(tmp_path: Path, elements: dict, reason: str) -> None:
    path = save(slide_level(scene((256, 200)), **elements), tmp_path / "a.dcm")
    with pytest.raises(DamagedFile, match=reason):
        opened(path)


@pytest.mark.parametrize("at", range(132, 2000, 40))
def test_no_byte_of_the_header_breaks_the_reader(tmp_path: Path, at: int) -> None:
    path = save(slide_level(scene((128, 128))), tmp_path / "a.dcm")
    content = bytearray(path.read_bytes())
    content[at : at + 3] = b"\xff\x7f\xff"
    path.write_bytes(content)
    with suppress(TileError):
        opened(path).get_thumbnail((32, 32))


@pytest.mark.samples
@pytest.mark.parametrize("name", ["sm_image.dcm", "sm_image_jpegls.dcm", "dicom_wsi_jpeg"])
def test_real_slides_show_what_wsidicom_reads(name: str) -> None:
    path = real(f"wsi/{name}")
    with WsiDicom.open(path) as oracle:
        size = (min(700, oracle.size.width), min(500, oracle.size.height))
        corner = (oracle.size.width - size[0], oracle.size.height - size[1])
        expected = np.asarray(oracle.read_region(corner, 0, size)).astype(int)
    shown = opened(path).read_region(corner, 0, size)
    assert np.abs(shown - expected).max() <= 3


@pytest.mark.samples
def test_the_real_slide_is_that_of_the_svs_which_it_was_made_from() -> None:
    source = opened(real("wsi/dicom_wsi_jpeg"))
    svs = openslide.OpenSlide(real("wsi/CMU-1-Small-Region.svs"))
    expected = np.asarray(svs.read_region((900, 900), 0, (400, 400)).convert("RGB")).astype(int)
    assert np.abs(source.read_region((900, 900), 0, (400, 400)) - expected).mean() < 5
    assert source.description.pixel_size_um[:2] == pytest.approx((0.499, 0.499))


@pytest.mark.samples
def test_the_faulty_label_and_overview_are_refused_and_the_slide_is_not() -> None:
    source = opened(real("wsi/dicom_wsi_jpeg"))
    for name in ("label", "macro"):
        with pytest.raises(DamagedFile, match="another size"):
            source.read_associated(name)
    assert source.get_thumbnail((64, 64)).std() > 10


@pytest.mark.samples
def test_the_colour_profile_of_a_real_slide_can_be_applied() -> None:
    source = opened(real("wsi/sm_image.dcm"))
    assert source.details.has_profile
    assert source.under(Look(profile=True)).read_region((0, 0), 0, (50, 50)).shape == (50, 50, 3)
