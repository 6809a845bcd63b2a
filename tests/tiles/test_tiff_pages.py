"""Broken and oversized TIFF files, page by page."""

import struct
from pathlib import Path

import numpy as np
import pytest
import tifffile

from exact.tiles import tiff_pages
from exact.tiles.errors import DamagedFile, TileError, TooManyPixels
from exact.tiles.formats import open_image, tiff_stack
from exact.tiles.source import TileSource
from tests.microscopy import imagej, ome_tiff, stack
from tests.samples import options


def opened(path: Path) -> TileSource:
    """By its content."""
    return open_image(path, options(path.parent))


@pytest.mark.parametrize("kept", [0.05, 0.3, 0.6, 0.9, 0.999])
def test_a_stack_that_was_cut_off_is_refused_with_a_sentence(tmp_path: Path, kept: float) -> None:
    content = ome_tiff(tmp_path / "a.tif", levels=2, tile=32).read_bytes()
    (tmp_path / "a.tif").write_bytes(content[: int(len(content) * kept)])
    with pytest.raises(TileError) as caught:
        opened(tmp_path / "a.tif")
    assert len(caught.value.sentence) > 20


def test_pages_that_go_round_in_a_circle_are_refused(tmp_path: Path) -> None:
    imagej(tmp_path / "a.tif")
    content = bytearray((tmp_path / "a.tif").read_bytes())
    with tifffile.TiffFile(tmp_path / "a.tif") as file:
        order, entry = file.byteorder, file.pages[3].offset
        (count,) = struct.unpack_from(order + "H", content, entry)
        struct.pack_into(order + "I", content, entry + 2 + 12 * count, file.pages.first.offset)
    (tmp_path / "a.tif").write_bytes(content)
    with pytest.raises(DamagedFile, match="circle"):
        tiff_pages.chain(tmp_path / "a.tif")


def test_pieces_too_large_for_memory_are_left_to_the_reader_of_pictures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("exact.tiles.blocks.MAX_BLOCK_BYTES", 1000)
    path, planes = tmp_path / "a.tif", stack(1, 3, 1)[0, :, 0]
    tifffile.imwrite(path, planes, photometric="minisblack", compression="zlib", rowsperstrip=60)
    with pytest.raises(TooManyPixels, match="tiles"):
        tiff_stack.FORMAT.open(path, options(tmp_path))
    assert opened(path).nFrames == 3
    tifffile.imwrite(path, planes, photometric="minisblack")  # uncompressed: read where it lies
    tiff_stack.FORMAT.open(path, options(tmp_path)).close()


def test_random_damage_raises_nothing_but_our_errors(tmp_path: Path) -> None:
    content = ome_tiff(tmp_path / "a.tif", levels=2, tile=32).read_bytes()
    random, refused = np.random.default_rng(7), 0
    for _ in range(25):
        broken = bytearray(content)
        for place in random.integers(0, len(broken), 12):
            broken[place] = random.integers(0, 256)
        for place in random.integers(max(0, len(broken) - 6000), len(broken), 3):
            broken[place] = random.integers(0, 256)
        (tmp_path / "a.tif").write_bytes(broken)
        try:
            source = opened(tmp_path / "a.tif")
            for level, size in enumerate(source.level_dimensions):
                source.read_region((0, 0), level, (min(size[0], 300), min(size[1], 300)), source.nFrames - 1)
            source.close()
        except TileError:
            refused += 1
    assert 0 < refused < 25
