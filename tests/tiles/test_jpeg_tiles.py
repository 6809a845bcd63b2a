"""Our own reader of JPEG tiles hands on and shows what OpenSlide shows, or leaves the judgement to it."""

from functools import lru_cache
from io import BytesIO
from pathlib import Path

import numpy as np
import openslide
import pytest
from PIL import Image

from exact.tiles.errors import DamagedFile, NoSuchTile
from exact.tiles.formats import open_image
from exact.tiles.jpeg_tiles import JpegTiles, jpeg_tiles
from exact.tiles.mosaic import assembled
from exact.tiles.source import Pixels
from tests.samples import options, picture, real, tiled_tiff

WHITE = (255, 255, 255)


def reader_of(path: Path) -> JpegTiles | None:
    """Our reader for the levels that OpenSlide sees."""
    return jpeg_tiles(path, tuple(openslide.OpenSlide(path).level_dimensions))


def ours(path: Path, level: int, corner: tuple[int, int], size: tuple[int, int]) -> Pixels | None:
    """A rectangle put together from our own decoded tiles."""
    return assembled(open_image(path, options(path.parent)), level, corner, size, background=WHITE)


@lru_cache(4)
def oracle(path: Path) -> openslide.OpenSlide:
    """Opened once: opening takes longer than reading a tile."""
    return openslide.OpenSlide(path)


def by_openslide(path: Path, level: int, corner: tuple[int, int], size: tuple[int, int]) -> Pixels:
    """The same rectangle on white."""
    slide = oracle(path)
    at = tuple(int(value * slide.level_downsamples[level]) for value in corner)
    region = slide.read_region(at, level, size)  # type: ignore[arg-type]
    white = openslide.Image.new("RGBA", size, (*WHITE, 255))
    white.alpha_composite(region)
    return np.asarray(white.convert("RGB"))


CORNERS = [(0, 0), (250, 250), (256, 0), (100, 200), (-20, -30), (690, 490), (5000, 5000)]


@pytest.mark.parametrize("corner", CORNERS)
@pytest.mark.parametrize("level", [0, 1])
def test_every_rectangle_is_that_of_openslide_also_over_the_edge(
    tmp_path: Path, corner: tuple[int, int], level: int
) -> None:
    path = tiled_tiff(tmp_path / "a.tif")
    assert np.array_equal(ours(path, level, corner, (300, 280)), by_openslide(path, level, corner, (300, 280)))


REAL = [
    "CMU-1-Small-Region.svs",
    "CMU-1-Small-Region.jpeg.tiff",
    "fourscanner_563479/A_BB_563479_1.svs",
    "fourscanner_563479/N1_BB_563479_1.ndpi",
    "fourscanner_563479/N2_BB_563479_1.ndpi",
    "fourscanner_563479/Z_BB_563479_1.tif",
]


@pytest.mark.samples
@pytest.mark.parametrize("name", REAL)
def test_real_tiles_with_shared_tables_and_rgb_streams_are_those_of_openslide(name: str, tmp_path: Path) -> None:
    path = real(f"wsi/{name}")
    source = open_image(path, options(tmp_path))
    for corner in ((0, 0), (1111, 1234), (1900, 2700)):
        pixels = assembled(source, 0, corner, (500, 400))
        assert np.array_equal(pixels, by_openslide(path, 0, corner, (500, 400)))


@pytest.mark.samples
@pytest.mark.parametrize("name", REAL)
def test_a_real_tile_that_is_handed_on_is_a_whole_jpeg_file_of_the_right_colours(name: str) -> None:
    path = real(f"wsi/{name}")
    reader = reader_of(path)
    assert reader is not None
    encoded = reader.encoded(0, 3, 4)
    assert encoded is not None
    width, height = reader.levels[0].tile
    shown = np.asarray(Image.open(BytesIO(encoded)).convert("RGB"))
    assert np.array_equal(shown, by_openslide(path, 0, (3 * width, 4 * height), (width, height)))


@pytest.mark.samples
def test_files_without_jpeg_tiles_are_left_to_openslide() -> None:
    assert reader_of(real("wsi/boxes.tiff")) is None


def test_files_without_tiles_have_no_levels(tmp_path: Path) -> None:
    assert jpeg_tiles(picture(tmp_path / "a.tif"), ((90, 60),)) is None


def test_a_damaged_tile_is_left_to_openslide_which_refuses_it(tmp_path: Path) -> None:
    path = tiled_tiff(tmp_path / "a.tif")
    content = bytearray(path.read_bytes())
    content[16:1000] = bytes(984)
    path.write_bytes(content)
    assert ours(path, 0, (0, 0), (10, 10)) is None
    assert ours(path, 0, (600, 400), (10, 10)) is not None
    with pytest.raises(DamagedFile):
        open_image(path, options(tmp_path)).read_region((0, 0), 0, (10, 10))


def test_a_tile_of_another_size_than_the_table_says_is_neither_decoded_nor_handed_on(tmp_path: Path) -> None:
    path = tiled_tiff(tmp_path / "a.tif")
    content = bytearray(path.read_bytes())
    at = content.index(b"\xff\xc0") + 5
    assert content[at : at + 4] == b"\x01\x00\x01\x00"
    content[at : at + 4] = b"\xff\x00\xff\x00"
    path.write_bytes(content)
    reader = reader_of(path)
    assert reader is not None
    assert reader.encoded(0, 0, 0) is None
    assert reader.encoded_now(0, 0, 0) is None
    assert reader.decoded(0, 0, 0) is None
    assert reader.encoded(0, 1, 0) is not None


def test_a_tile_in_the_page_cache_needs_no_waiting(tmp_path: Path) -> None:
    reader = reader_of(tiled_tiff(tmp_path / "a.tif"))
    assert reader is not None
    reader.expect_neighbours(0, 1, 1)
    assert reader.encoded_now(0, 1, 1) == reader.encoded(0, 1, 1)


@pytest.mark.parametrize("place", [(3, 0), (0, 2), (-1, 0), (0, -1)])
def test_a_tile_outside_of_the_table_is_refused(tmp_path: Path, place: tuple[int, int]) -> None:
    reader = reader_of(tiled_tiff(tmp_path / "a.tif"))
    assert reader is not None
    with pytest.raises(NoSuchTile):
        reader.encoded(0, *place)


def test_a_reader_that_is_dropped_gives_up_its_file(tmp_path: Path) -> None:
    reader = reader_of(tiled_tiff(tmp_path / "a.tif"))
    assert reader is not None
    close = reader.close
    del reader
    assert not close.alive


@pytest.mark.parametrize(("shrink", "size"), [(1, 256), (2, 128), (4, 64), (8, 32)])
def test_the_decoder_itself_makes_tiles_smaller(tmp_path: Path, shrink: int, size: int) -> None:
    reader = reader_of(tiled_tiff(tmp_path / "a.tif"))
    assert reader is not None
    whole, small = reader.decoded(0, 1, 0), reader.decoded(0, 1, 0, shrink)
    assert whole is not None
    assert small is not None
    assert small.shape == (size, size, 3)
    means = whole.reshape(size, shrink, size, shrink, 3).mean((1, 3))
    assert np.abs(small - means).mean() < 6
