"""Stored tiles are read by the web process itself: bounded, closed when nobody reads, with their neighbours."""

import os
from pathlib import Path

import pytest

from exact.tiles import direct
from exact.tiles.direct import DirectTiles
from exact.tiles.errors import MissingFile
from exact.tiles.formats import open_image
from exact.tiles.outline import outline_of
from exact.tiles.slide_cache import Original
from exact.tiles.source import Size
from tests.samples import options, picture, svs, tiled_tiff


def slide(folder: Path, name: str = "a.tif") -> tuple[Original, tuple[Size, ...]]:
    """A file, and the levels that whoever opened it says may be read directly."""
    path = tiled_tiff(folder / name, (1300, 900))
    outline = outline_of(open_image(path, options(folder)))
    return Original(name, path), outline.tiff_levels


def test_whoever_opens_a_slide_says_which_levels_may_be_read_directly(tmp_path: Path) -> None:
    assert slide(tmp_path)[1] == ((1300, 900), (650, 450), (325, 225), (163, 113))
    assert outline_of(open_image(svs(tmp_path / "a.svs"), options(tmp_path))).tiff_levels[0] == (700, 500)
    assert outline_of(open_image(picture(tmp_path / "a.png"), options(tmp_path))).tiff_levels == ()


def test_a_file_that_is_not_open_is_never_opened_while_others_wait(tmp_path: Path) -> None:
    file, sizes = slide(tmp_path)
    tiles = DirectTiles()
    assert tiles.now(file.sha256, 0, 1, 1) is None
    assert tiles.read(file, sizes, 0, 1, 1) == tiles.now(file.sha256, 0, 1, 1)


def test_the_oldest_of_many_files_is_given_up_and_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(direct, "MAX_FILES", 3)
    tiles = DirectTiles()
    for number in range(6):
        file, sizes = slide(tmp_path, f"{number}.tif")
        assert tiles.read(file, sizes, 0, 0, 0)
    assert [tiles.now(f"{number}.tif", 0, 0, 0) is not None for number in range(6)] == [False] * 3 + [True] * 3
    closes = [opened.close for opened in tiles._files.values()]
    assert all(close.alive for close in closes)
    tiles._files.clear()
    assert not any(close.alive for close in closes)


def test_tables_are_bounded_in_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(direct, "MAX_BYTES", 1)
    tiles = DirectTiles()
    for number in range(2):
        file, sizes = slide(tmp_path, f"{number}.tif")
        assert tiles.read(file, sizes, 0, 0, 0)
    assert tiles.now("0.tif", 0, 0, 0) is None
    assert tiles.now("1.tif", 0, 0, 0) is not None


def test_a_file_that_was_lost_is_told(tmp_path: Path) -> None:
    with pytest.raises(MissingFile):
        DirectTiles().read(Original("x", tmp_path / "lost.tif"), ((1, 1),), 0, 0, 0)


def test_levels_that_the_file_does_not_have_are_left_to_others(tmp_path: Path) -> None:
    file, _ = slide(tmp_path)
    assert DirectTiles().read(file, ((1300, 900), (600, 400)), 0, 0, 0) is None


def test_the_tiles_around_one_are_asked_for_in_advance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, sizes = slide(tmp_path)
    asked: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "posix_fadvise", lambda _, start, length, advice: asked.append((start, length)))
    tiles = DirectTiles()
    assert tiles.read(file, sizes, 0, 2, 1)
    opened = tiles._files[file.sha256]
    table = opened.levels[0]
    around = [row * table.columns + column for row in (0, 1, 2) for column in (1, 2, 3)]
    for index in around:
        start, end = table.offsets[index], table.offsets[index] + table.lengths[index]
        assert any(at <= start and end <= at + length for at, length in asked)
    assert sum(length for _, length in asked) == sum(table.lengths[index] for index in around)
