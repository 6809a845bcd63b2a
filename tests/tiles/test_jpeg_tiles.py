"""Our own reader of JPEG tiles shows what OpenSlide shows, or leaves the judgement to it."""

from pathlib import Path

import numpy as np
import openslide
import pytest

from exact.tiles import tiff
from exact.tiles.errors import DamagedFile
from exact.tiles.formats import open_image
from exact.tiles.jpeg_tiles import DecodedTiles, JpegTiles, jpeg_tiles
from exact.tiles.source import Pixels
from tests.samples import options, picture, real, tiled_tiff

WHITE = (255, 255, 255)


def reader_of(path: Path) -> JpegTiles | None:
    """Our reader for the levels that OpenSlide sees."""
    return jpeg_tiles(path, tuple(openslide.OpenSlide(path).level_dimensions))


def by_openslide(path: Path, level: int, corner: tuple[int, int], size: tuple[int, int]) -> Pixels:
    """The same rectangle on white."""
    slide = openslide.OpenSlide(path)
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
    reader = reader_of(path)
    assert reader is not None
    ours = reader.read(level, corner, (300, 280), WHITE)
    assert ours is not None
    assert np.array_equal(ours, by_openslide(path, level, corner, (300, 280)))


@pytest.mark.samples
@pytest.mark.parametrize(
    "name", ["CMU-1-Small-Region.svs", "CMU-1-Small-Region.jpeg.tiff", "fourscanner_563479/A_BB_563479_1.svs"]
)
def test_real_tiles_with_shared_tables_and_rgb_streams_are_those_of_openslide(name: str) -> None:
    path = real(f"wsi/{name}")
    reader = reader_of(path)
    assert reader is not None
    for corner in ((0, 0), (1111, 1234), (1900, 2700)):
        ours = reader.read(0, corner, (500, 400), WHITE)
        assert ours is not None
        assert np.array_equal(ours, by_openslide(path, 0, corner, (500, 400)))


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
    reader = reader_of(path)
    assert reader is not None
    assert reader.read(0, (0, 0), (10, 10), WHITE) is None
    assert reader.read(0, (600, 400), (10, 10), WHITE) is not None
    with pytest.raises(DamagedFile):
        open_image(path, options(tmp_path)).read_region((0, 0), 0, (10, 10))


def test_a_tile_of_another_size_than_the_table_says_is_not_believed(tmp_path: Path) -> None:
    path = tiled_tiff(tmp_path / "a.tif")
    content = bytearray(path.read_bytes())
    at = content.index(b"\xff\xc0") + 5
    assert content[at : at + 4] == b"\x01\x00\x01\x00"
    content[at : at + 4] = b"\xff\x00\xff\x00"
    path.write_bytes(content)
    reader = reader_of(path)
    assert reader is not None
    assert reader.read(0, (0, 0), (10, 10), WHITE) is None


def test_decoded_tiles_are_bounded_and_forgotten_with_their_file() -> None:
    tiles, pixels = DecodedTiles(3000), np.zeros((10, 100, 1), np.uint8)
    for index in range(5):
        tiles.put((index % 2, 0, index), pixels)
    assert [tiles.get((index % 2, 0, index)) is not None for index in range(5)] == [False, False, True, True, True]
    tiles.forget(0)
    assert [tiles.get((index % 2, 0, index)) is not None for index in range(5)] == [False, False, False, True, False]


def test_only_wanted_tags_are_read(tmp_path: Path) -> None:
    path = tiled_tiff(tmp_path / "a.tif")
    with path.open("rb") as file:
        assert [set(tags) for tags in tiff.directories(file, path.stat().st_size, [256])] == [{256}] * 3


def test_a_reader_that_was_dropped_without_closing_never_lends_its_tiles_to_the_next(tmp_path: Path) -> None:
    """Python gives the number of a dead object to a new one: what is remembered must not hang on it."""
    for turn in range(20):
        path = tiled_tiff(tmp_path / f"{turn}.tif", (300 + 40 * turn, 300))
        reader = reader_of(path)
        assert reader is not None
        ours = reader.read(0, (0, 0), (256, 256), WHITE)
        assert ours is not None
        assert np.array_equal(ours, by_openslide(path, 0, (0, 0), (256, 256)))
        del reader
