"""Blocks of stored values."""

import numpy as np
import pytest

from exact.tiles.blocks import Box, RecentBlocks, assembled, check_block, shrunk
from exact.tiles.errors import TooManyPixels


@pytest.mark.parametrize("factor", [1, 2, 3, 8, 32])
@pytest.mark.parametrize("dtype", ["u1", "i2", "f4", "u4"])
def test_shrunk_values_are_means(factor: int, dtype: str) -> None:
    values = np.random.default_rng(1).integers(0, 100, (96, 192)).astype(dtype)
    expected = values.reshape(96 // factor, factor, 192 // factor, factor).mean(axis=(1, 3))
    assert np.abs(shrunk(values, factor) - expected).max() <= (0.5 if dtype != "f4" else 1e-4)


def test_at_an_odd_edge_the_last_values_count_more() -> None:
    assert shrunk(np.array([[0, 4, 8]], np.uint8), 2).tolist() == [[2, 8]]
    assert shrunk(np.zeros((5, 3), np.uint16), 4).shape == (2, 1)


def test_a_line_is_shrunk_along_itself_only() -> None:
    line = shrunk(np.ones((3, 2**20), np.uint16), 2**14)  # squares would take half a gigabyte
    assert line.tolist() == [[1] * 64]


def test_negative_values_are_averaged_too() -> None:
    assert shrunk(np.array([[-100, -50], [-100, -50]], np.int8), 2).tolist() == [[-75]]


def test_a_rectangle_is_put_together_from_blocks() -> None:
    whole = np.arange(35 * 50).reshape(35, 50)
    box = Box(7, 3, 40, 31)
    found = assembled(box, (16, 10), whole.dtype, lambda column, row: whole[row * 10 :, column * 16 :][:10, :16])
    assert np.array_equal(found, whole[3:34, 7:47])


def test_the_least_recently_used_block_is_given_up_first() -> None:
    blocks, made = RecentBlocks(250), []

    def block(name: str) -> None:
        blocks.get_or_make(name, lambda: made.append(name) or np.zeros(100, np.uint8))

    for name in "abacab":
        block(name)
    assert made == ["a", "b", "c", "b"]


def test_a_block_larger_than_the_cache_is_kept_until_the_next() -> None:
    blocks = RecentBlocks(10)
    first = blocks.get_or_make("a", lambda: np.zeros(100, np.uint8))
    assert blocks.get_or_make("a", lambda: np.ones(100, np.uint8)) is first


def test_pieces_that_do_not_fit_into_memory_are_refused() -> None:
    check_block(1000, 2)
    with pytest.raises(TooManyPixels, match="tiles"):
        check_block(2**31, 2)
