"""The native grid: the file's own tiles wherever a stored level is half, a quarter, ... of the image."""

import pytest

from exact.tiles.errors import NoSuchTile
from exact.tiles.native import NativeLevel, is_halved, native_grid

TILE = (256, 256)


def levels_of(sizes: list[tuple[int, int]], tiles: list[tuple[int, int] | None]) -> tuple[NativeLevel, ...]:
    return native_grid(tuple(sizes), tuple(tiles)).levels


def test_a_scanners_levels_are_used_and_those_between_are_made_from_the_larger_neighbour() -> None:
    levels = levels_of([(20000, 16000), (5000, 4000), (1250, 1000)], [(240, 240)] * 3)
    assert [(level.base, level.shrink, level.stored) for level in levels] == [
        *((0, 1, True), (0, 2, False), (1, 1, True), (1, 2, False), (2, 1, True), (2, 2, False), (2, 4, False)),
        (2, 8, False),
    ]
    assert [level.downsample for level in levels] == [2**power for power in range(8)]
    assert levels[-1].is_one_tile
    assert not levels[-2].is_one_tile
    assert {(level.tile_width, level.tile_height) for level in levels} == {(240, 240)}


def test_without_stored_tiles_the_grid_has_256_pixels_and_halves_rounded_up() -> None:
    levels = levels_of([(1001, 700), (250, 175)], [None, None])
    assert [(level.width, level.height, level.base) for level in levels] == [
        (1001, 700, None), (501, 350, None), (251, 175, None)
    ]  # fmt: skip


def test_a_stored_level_that_was_rounded_down_keeps_its_own_size() -> None:
    levels = levels_of([(2501, 2501), (1250, 1250), (625, 625)], [TILE, TILE, TILE])
    assert [(level.width, level.stored) for level in levels] == [
        (2501, True), (1250, True), (625, True), (313, False), (157, False)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("full", "size", "power", "expected"),
    [
        ((46000, 32914), (11500, 8228), 2, True),
        ((5000, 5000), (312, 312), 4, True),
        ((5000, 5000), (313, 313), 4, True),
        ((5000, 5000), (311, 312), 4, False),
        ((5000, 5000), (39, 39), 7, True),
        ((5000, 5000), (19, 19), 8, True),
        ((3000, 3000), (1000, 1000), 1, False),
        ((3000, 3000), (1000, 1000), 2, False),
    ],
)
def test_a_level_counts_as_halved_within_a_pixel(
    full: tuple[int, int], size: tuple[int, int], power: int, expected: bool
) -> None:
    assert is_halved(full, size, power) is expected


def test_a_level_of_another_step_is_left_out() -> None:
    levels = levels_of([(3000, 3000), (1000, 1000)], [TILE, TILE])
    assert [level.base for level in levels] == [0] * 5


def test_levels_may_have_tiles_of_different_sizes() -> None:
    levels = levels_of([(4096, 4096), (1024, 1024)], [(512, 256), TILE])
    assert [(level.tile_width, level.tile_height) for level in levels[:3]] == [(512, 256), (512, 256), (256, 256)]


@pytest.mark.parametrize("tile", [(16, 16), (4096, 4096), (256, 64)])
def test_tiles_that_are_too_small_or_too_large_to_be_sent_are_not_the_grids(tile: tuple[int, int]) -> None:
    assert not native_grid(((9000, 9000),), (tile,)).is_stored


def test_an_overview_that_is_only_in_memory_is_a_base_but_has_no_stored_tiles() -> None:
    levels = levels_of([(4096, 4096), (1024, 1024)], [TILE, None])
    assert [(level.base, level.shrink, level.stored) for level in levels] == [
        (0, 1, True), (0, 2, False), (1, 1, False), (1, 2, False), (1, 4, False)
    ]  # fmt: skip


def test_tiles_at_the_edges_are_cut() -> None:
    level = native_grid(((700, 500),), (TILE,)).level(0)
    assert level.box(2, 1) == (512, 256, 188, 244)
    assert not level.is_whole(2, 1)
    assert not level.is_whole(0, 1)
    assert level.is_whole(1, 0)


@pytest.mark.parametrize("place", [(3, 0), (0, 2), (-1, 0)])
def test_a_tile_that_is_not_there_is_refused(place: tuple[int, int]) -> None:
    grid = native_grid(((700, 500),), (TILE,))
    with pytest.raises(NoSuchTile):
        grid.level(0).box(*place)
    with pytest.raises(NoSuchTile):
        grid.level(9)


def test_the_largest_image_still_has_few_levels() -> None:
    assert len(levels_of([(2**31, 1)], [None])) == 24
