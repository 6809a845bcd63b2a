"""Decoded tiles are remembered within bounds, and never for another image."""

from pathlib import Path

import numpy as np

from exact.tiles.decoded_tiles import DecodedTiles
from exact.tiles.formats import open_image
from tests.samples import options, tiled_tiff
from tests.tiles.test_jpeg_tiles import by_openslide


class Owner:
    """Anything that can be told apart."""


def test_decoded_tiles_are_bounded_and_forgotten_with_their_owner() -> None:
    tiles, pixels = DecodedTiles(3000), np.zeros((10, 100, 1), np.uint8)
    owners = Owner(), Owner()
    for index in range(5):
        tiles.put(owners[index % 2], index, pixels)
    assert [tiles.get(owners[index % 2], index) is not None for index in range(5)] == [False, False, True, True, True]
    tiles.forget(owners[0])
    assert [tiles.get(owners[index % 2], index) is not None for index in range(5)] == [False, False, False, True, False]


def test_an_image_that_was_dropped_without_closing_never_lends_its_tiles_to_the_next(tmp_path: Path) -> None:
    """Python gives the number of a dead object to a new one: what is remembered must not hang on it."""
    for turn in range(20):
        path = tiled_tiff(tmp_path / f"{turn}.tif", (300 + 40 * turn, 300))
        source = open_image(path, options(tmp_path))
        assert np.array_equal(source.read_region((0, 0), 0, (256, 256)), by_openslide(path, 0, (0, 0), (256, 256)))
        del source
