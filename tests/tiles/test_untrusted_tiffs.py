"""Hostile files go through all that the web process reads of a TIFF: it ends soon, refuses or tells the truth."""

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from exact.tiles import tiff
from exact.tiles.errors import DamagedFile
from exact.tiles.jpeg_stream import read_head
from exact.tiles.jpeg_tiles import JpegTiles
from exact.tiles.tiff_index import TileTable, tile_tables
from tests.samples import real, real_files

CORPUS = sorted((Path(__file__).parent / "corpus").iterdir())
HOSTILE = real_files("malformed/tiff_oor", "malformed/wsi", "malformed/pillow")
TILED_JPEG = ("wsi/CMU-1-Small-Region.jpeg.tiff", "wsi/fourscanner_563479/Z_BB_563479_1.tif")
"""The only ones of the real .tif files that have tiles of JPEG."""
SOON_S = 2.0
MUTATIONS = 15
BYTES = (0, 1, 0x7F, 0x80, 0xFF)
ROOT = Path(__file__).parents[2]


def goes_through(path: Path) -> list[TileTable]:
    """The tables of the file, each with its first tiles read as a server reads them."""
    began = time.monotonic()
    try:
        with path.open("rb") as file:
            tables = tile_tables(file, path.stat().st_size, sub_directories=True)
    except DamagedFile:
        tables = []
    tiles = JpegTiles(path, tables)
    for level, table in enumerate(tables):
        for column in range(min(3, table.columns)):
            for encoded in (tiles.encoded(level, column, 0), tiles.encoded_now(level, column, 0)):
                head = None if encoded is None else read_head(encoded)
                assert encoded is None or (head is not None and head.size == table.tile)
            tiles.expect_neighbours(level, column, 0)
    tiles.close()
    assert time.monotonic() - began < SOON_S
    return tables


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.name)
def test_the_kept_corpus_goes_through(path: Path) -> None:
    if tiff.is_tiff(path.read_bytes()):
        goes_through(path)


def test_the_corpus_is_more_than_refusals() -> None:
    tables = [goes_through(path) for path in CORPUS if tiff.is_tiff(path.read_bytes())]
    assert sum(map(bool, tables)) > 3
    assert not all(tables)


def test_bytes_changed_anywhere_do_no_harm(tmp_path: Path) -> None:
    chance = random.Random(20)
    for path in CORPUS:
        for _ in range(MUTATIONS):
            content = bytearray(path.read_bytes())
            for _ in range(chance.randrange(1, 6)):
                content[chance.randrange(4, len(content))] = chance.choice(BYTES)
            (tmp_path / "a.tif").write_bytes(content)
            if tiff.is_tiff(bytes(content)):
                goes_through(tmp_path / "a.tif")


@pytest.mark.samples
@pytest.mark.parametrize("name", HOSTILE)
def test_real_hostile_files_go_through(name: str) -> None:
    path = real(name)
    with path.open("rb") as file:
        is_tiff = tiff.is_tiff(file.read(4))
    if is_tiff:
        goes_through(path)


@pytest.mark.samples
@pytest.mark.parametrize("name", [name for name in real_files("wsi", "images", "microscopy") if "tif" in name[-5:]])
def test_real_sound_files_go_through(name: str) -> None:
    tables = goes_through(real(name))
    assert bool(tables) == (name in TILED_JPEG)


def test_a_fuzzer_that_watches_the_code_finds_nothing_in_a_moment() -> None:
    """`make fuzz` gives it the time it needs."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.tiles.fuzz_tiff_index", "4", "2000"],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if name != "EXACT_VAR"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "stat::number_of_executed_units" in done.stderr
