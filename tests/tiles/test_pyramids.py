"""Large pictures become tiled pyramids, once."""

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from exact.tiles import profiles, pyramids, scratch
from exact.tiles.errors import BadLook, Contained, TileError, TooManyPixels
from exact.tiles.formats import open_here, open_image
from exact.tiles.looks import Look
from exact.tiles.prepare import prepare
from exact.tiles.pyramids import MadePyramid
from exact.tiles.service import NATIVE, TileAddress, TileService
from exact.tiles.slide_cache import Original, SlideCache
from exact.tiles.source import OpenOptions, TileSource
from exact.tiles.tile_cache import TileCache
from tests.contracts.tile_source import TileSourceContract
from tests.samples import exchanged_profile, options, picture, real, scene

SIZE = (701, 533)


@pytest.fixture(autouse=True)
def _every_picture_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pyramids, "LOSSY_PIXELS", 0)
    monkeypatch.setattr(pyramids, "LOSSLESS_PIXELS", 0)


class TestJpeg(TileSourceContract):
    """A photograph."""

    def make_file(self, folder: Path) -> Path:
        return picture(folder / "a.jpg", SIZE)


class TestGreyTiff(TileSourceContract):
    """An untiled TIFF in grey."""

    def make_file(self, folder: Path) -> Path:
        return picture(folder / "a.tif", SIZE, "L")


class TestOnePixel(TileSourceContract):
    """The smallest one."""

    def make_file(self, folder: Path) -> Path:
        return picture(folder / "a.png", (1, 1))


@pytest.mark.samples
class TestUntiledTiff(TileSourceContract):
    """A real flat TIFF of tissue."""

    def make_file(self, folder: Path) -> Path:
        return real("wsi/test-image.tiff")


@pytest.mark.samples
@pytest.mark.parametrize("name", ["images/slide.jpeg", "images/tma_spots.jpeg", "wsi/test-image.tiff"])
def test_real_large_pictures_are_what_pillow_shows(name: str, tmp_path: Path) -> None:
    source = open_image(real(name), options(tmp_path))
    assert isinstance(source, MadePyramid)
    with Image.open(real(name)) as image:
        whole = np.asarray(image.convert("RGB")).astype(int)
    shown = source.read_region((300, 200), 0, (500, 600))
    assert np.abs(shown - whole[200:800, 300:800]).mean() < 2
    assert max(source.level_dimensions[-1]) <= 256


def made(folder: Path, name: str = "a.png", mode: str = "RGB", **saved_with: Any) -> TileSource:
    """The pyramid of a picture of several tiles."""
    return open_image(picture(folder / name, SIZE, mode, **saved_with), options(folder))


def test_its_levels_show_the_picture_and_averages_of_it(tmp_path: Path) -> None:
    source, whole = made(tmp_path), Image.fromarray(scene(SIZE))
    assert isinstance(source, MadePyramid)
    assert source.level_dimensions == (SIZE, (351, 267), (176, 134))
    for level, shown in enumerate((whole, whole.reduce(2), whole.reduce(2).reduce(2))):
        seen = Image.fromarray(source.read_region((0, 0), level, source.level_dimensions[level]))
        assert np.abs(np.asarray(seen.convert("L")).astype(int) - np.asarray(shown.convert("L"))).mean() < 3


def test_every_tile_is_handed_on_as_a_jpeg_that_shows_the_same(tmp_path: Path) -> None:
    source = made(tmp_path, "a.jpg")
    assert source.stored_tiles == ((256, 256),) * 3
    for level, column, row in ((0, 0, 0), (0, 1, 1), (1, 1, 0), (2, 0, 0)):
        encoded = source.encoded_tile(level, column, row)
        assert encoded is not None
        with Image.open(BytesIO(encoded)) as tile:
            handed_on = np.asarray(tile.convert("RGB")).astype(int)
        corner = (column * 256 * 2**level, row * 256 * 2**level)
        width, height = (
            min(256, side - at * 256) for side, at in zip(source.level_dimensions[level], (column, row), strict=True)
        )
        read = source.read_region(corner, level, (width, height))
        assert np.abs(handed_on[:height, :width] - read).mean() < 1


def test_grey_stays_one_channel(tmp_path: Path) -> None:
    source = made(tmp_path, mode="L")
    assert source.description.channels == 1
    decoded = source.decoded_tile(0, 0, 0)
    assert decoded is not None
    assert decoded.shape == (256, 256, 1)
    assert (
        np.abs(decoded[:, :, 0].astype(int) - np.asarray(Image.fromarray(scene(SIZE)).convert("L"))[:256, :256]).mean()
        < 3
    )


def test_it_is_made_once_and_progress_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, heard = picture(tmp_path / "a.png", SIZE), list[float]()
    prepare(path, options(tmp_path), heard.append)
    assert heard == sorted(heard)
    assert (heard[0], heard[-1]) == (0.0, 1.0)
    assert len(heard) > 4
    monkeypatch.setattr(scratch, "decoded", None)  # making it again would fail
    again = list[float]()
    prepare(path, options(tmp_path), again.append)
    assert again == [0.0, 1.0]
    assert [file.name for file in (tmp_path / "cache" / "unpacked").iterdir()] == [f"sample.{pyramids.KIND}"]


def test_preparing_what_needs_none_does_no_harm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pyramids, "LOSSLESS_PIXELS", 10**9)
    heard = list[float]()
    prepare(picture(tmp_path / "a.png"), options(tmp_path), heard.append)
    assert heard == [0.0, 1.0]
    with pytest.raises(TileError):
        prepare(picture(tmp_path / "b.png").with_name("missing.png"), options(tmp_path), heard.append)


def test_a_picture_that_cannot_be_read_leaves_nothing_behind(tmp_path: Path) -> None:
    path = picture(tmp_path / "a.jpg", SIZE)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(TileError, match="cut off"):
        open_image(path, options(tmp_path))
    assert list((tmp_path / "cache" / "unpacked").iterdir()) == []


def test_the_web_process_opens_a_pyramid_that_is_there_and_nothing_else(tmp_path: Path) -> None:
    path = picture(tmp_path / "a.jpg", SIZE, dpi=(50_800, 50_800))
    with pytest.raises(Contained):
        open_here(path, options(tmp_path))
    opened = open_image(path, options(tmp_path))
    here = open_here(path, options(tmp_path))
    assert here.description == opened.description
    assert here.details == opened.details
    assert here.details.pixel_size_source == "jfif.density"
    assert here.encoded_tile(0, 1, 1) == opened.encoded_tile(0, 1, 1)


def test_its_tiles_are_handed_on_without_a_child(tmp_path: Path) -> None:
    path = picture(tmp_path / "a.jpg", SIZE)
    prepare(path, options(tmp_path), lambda _: None)
    slides = SlideCache(lambda file: open_here(file.path, options(tmp_path)), max_handles=2, max_bytes=10**9)
    service, file = TileService(slides, TileCache(10**6)), Original("a" * 64, path)
    assert [(level.columns, level.rows) for level in service.outline(file).grids[0].levels] == [(3, 3), (2, 2), (1, 1)]
    stored = open_here(path, options(tmp_path)).encoded_tile(0, 1, 1)
    assert service.tile(file, TileAddress(0, 0, 0, 1, 1, "jpeg", grid=NATIVE)) == stored
    assert service.tile(file, TileAddress(0, 0, 0, 2, 2, "jpeg", grid=NATIVE))[:2] == b"\xff\xd8"
    assert service.thumbnail(file, 64, "png")[:4] == b"\x89PNG"


def test_a_pyramid_that_was_damaged_in_the_cache_is_not_opened(tmp_path: Path) -> None:
    path = picture(tmp_path / "a.jpg", SIZE)
    open_image(path, options(tmp_path)).close()
    kept = tmp_path / "cache" / "unpacked" / f"sample.{pyramids.KIND}"
    kept.write_bytes(kept.read_bytes()[:-1])
    with pytest.raises(Contained):
        open_here(path, options(tmp_path))


def test_the_profile_is_applied_and_never_by_the_web_process(tmp_path: Path) -> None:
    source = made(tmp_path, icc_profile=exchanged_profile())
    assert source.details.has_profile
    seen = source.under(Look(profile=True))
    assert isinstance(seen, profiles.InSrgb)
    assert seen.stored_tiles == source.stored_tiles
    assert seen.encoded_tile(0, 0, 0) is None
    corner = seen.read_region((690, 0), 0, (1, 1))[0, 0]
    assert corner[0] < 120
    assert corner[1] > 200
    decoded = seen.decoded_tile(0, 2, 0)
    assert decoded is not None
    assert decoded[0, 160, 1] > 200
    with pytest.raises(Contained):
        open_here(tmp_path / "a.png", options(tmp_path)).under(Look(profile=True))
    with pytest.raises(BadLook):
        source.under(Look(window=(0.0, 1.0)))


def test_billions_of_pixels_in_a_small_file_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pyramids, "WHOLE_MAX_PIXELS", 1000)
    monkeypatch.setattr(pyramids, "PIXELS_PER_BYTE", 2)
    Image.new("RGB", SIZE).save(tmp_path / "a.png")
    with pytest.raises(TooManyPixels, match="for a file of"):
        open_image(tmp_path / "a.png", options(tmp_path))


@pytest.mark.parametrize("name", ["a.gif", "a.webp", "a.bmp"])
def test_other_formats_and_animations_are_unpacked(tmp_path: Path, name: str) -> None:
    assert not isinstance(made(tmp_path, name), MadePyramid)


def test_the_limit_of_the_options_holds(tmp_path: Path) -> None:
    path = picture(tmp_path / "a.png", SIZE)
    with pytest.raises(TooManyPixels):
        open_image(path, OpenOptions(tmp_path / "cache", "sample", picture_max_pixels=SIZE[0] * SIZE[1] - 1))
