"""Directories are walked without trust."""

import struct
from pathlib import Path

import pytest

from exact.tiles import tiff
from exact.tiles.errors import DamagedFile
from tests.samples import picture, real, real_files, tiled_tiff


def small_tiff(path: Path, *tags: tuple[int, int, int, int], following: int = 0, order: str = "<") -> Path:
    """A classic TIFF with one directory at byte 8."""
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8)
    entries = b"".join(struct.pack(order + "HHII", *tag) for tag in tags)
    path.write_bytes(head + struct.pack(order + "H", len(tags)) + entries + struct.pack(order + "I", following))
    return path


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_strip_behind_the_end_of_the_file_is_refused(tmp_path: Path, order: str) -> None:
    with pytest.raises(DamagedFile, match="cut off"):
        tiff.check_ranges(small_tiff(tmp_path / "a", (273, 4, 1, 8), (279, 4, 1, 10_000), order=order))


def test_a_length_that_wraps_around_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DamagedFile, match="cut off"):
        tiff.check_ranges(small_tiff(tmp_path / "a", (273, 4, 1, 0xFFFFFFFF), (279, 4, 1, 0xFFFFFFFF)))


def test_an_absent_tile_is_allowed(tmp_path: Path) -> None:
    tiff.check_ranges(small_tiff(tmp_path / "a", (324, 4, 1, 0), (325, 4, 1, 0)))


@pytest.mark.parametrize("tag", [322, 323])
def test_a_giant_tile_is_refused_because_openslide_would_abort_the_process(tmp_path: Path, tag: int) -> None:
    with pytest.raises(DamagedFile, match="tiles of more than"):
        tiff.check_ranges(small_tiff(tmp_path / "a", (tag, 4, 1, 2_000_000_000)))


def test_a_table_that_claims_a_billion_entries_is_refused_without_reading_them(tmp_path: Path) -> None:
    with pytest.raises(DamagedFile, match="cut off"):
        tiff.check_ranges(small_tiff(tmp_path / "a", (324, 4, 1_000_000_000, 8)))


def test_tables_of_different_length_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DamagedFile, match="differ"):
        tiff.check_ranges(small_tiff(tmp_path / "a", (324, 3, 2, 8), (325, 3, 1, 1)))


def test_a_directory_that_points_to_itself_ends(tmp_path: Path) -> None:
    tiff.check_ranges(small_tiff(tmp_path / "a", following=8))


def test_a_file_that_ends_in_its_header_is_refused(tmp_path: Path) -> None:
    for length in range(4, 10):
        (tmp_path / "a").write_bytes(b"II*\0\x08\0\0\0\x05\0"[:length])
        with pytest.raises(DamagedFile):
            tiff.check_ranges(tmp_path / "a")


def test_sound_files_pass(tmp_path: Path) -> None:
    tiff.check_ranges(tiled_tiff(tmp_path / "big.tif"))
    tiff.check_ranges(picture(tmp_path / "plain.tif"))
    tiff.check_ranges(picture(tmp_path / "packed.tif", compression="tiff_deflate"))


@pytest.mark.samples
@pytest.mark.parametrize("name", [name for name in real_files("wsi", "images", "microscopy") if "tif" in name[-5:]])
def test_real_sound_files_pass(name: str) -> None:
    tiff.check_ranges(real(name))


def test_only_wanted_tags_are_read(tmp_path: Path) -> None:
    path = tiled_tiff(tmp_path / "a.tif")
    with path.open("rb") as file:
        assert [set(tags) for tags in tiff.directories(file, path.stat().st_size, [256])] == [{256}] * 3
