"""The arithmetic agrees with openslide.deepzoom for every tile."""

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openslide.deepzoom import DeepZoomGenerator

from exact.tiles.deepzoom import DeepZoom, best_level_for_downsample

Sizes = tuple[tuple[int, int], ...]
SHAPES: list[Sizes] = [
    ((1, 1),),
    ((254, 254),),
    ((255, 253),),
    ((508, 1),),
    ((2220, 2967),),
    ((5120, 5013), (2560, 2506), (1280, 1253), (640, 626)),
    ((4961, 5123), (1240, 1280), (310, 320)),
    ((10000, 3000), (2500, 750)),
]


class Shape:
    """A slide that has sizes and no pixels."""

    def __init__(self, sizes: Sizes) -> None:
        self.level_dimensions = sizes
        self.level_downsamples = downsamples(sizes)
        self.level_count = len(sizes)
        self.dimensions = sizes[0]
        self.properties: dict[str, str] = {}

    def get_best_level_for_downsample(self, downsample: float) -> int:
        if downsample < self.level_downsamples[0]:
            return 0
        better = (level for level in range(1, self.level_count) if downsample < self.level_downsamples[level])
        return next(better, self.level_count) - 1


def downsamples(sizes: Sizes) -> tuple[float, ...]:
    """As OpenSlide reckons them."""
    return tuple((sizes[0][0] / w + sizes[0][1] / h) / 2 for w, h in sizes)


def assert_agrees(sizes: Sizes, tile_size: int, overlap: int, every: int = 1) -> None:
    """Levels, tile counts, and for each tile what is read and how large it is shown."""
    ours = DeepZoom(sizes, downsamples(sizes), tile_size, overlap)
    oracle = DeepZoomGenerator(Shape(sizes), tile_size, overlap)  # type: ignore[arg-type]
    assert ours.level_count == oracle.level_count
    assert ours.level_dimensions == oracle.level_dimensions
    assert ours.level_tiles == oracle.level_tiles
    for level, (columns, rows) in enumerate(oracle.level_tiles):
        for column in {*range(0, columns, every), columns - 1}:
            for row in {*range(0, rows, every), rows - 1}:
                assert_same_tile(ours, oracle, level, column, row)


def assert_same_tile(ours: DeepZoom, oracle: DeepZoomGenerator, level: int, column: int, row: int) -> None:
    """The oracle asks for no pixels at all at some ragged edges; we ask for at least one."""
    region = ours.tile_region(level, column, row)
    location, stored, (width, height) = oracle.get_tile_coordinates(level, (column, row))
    assert (region.location, region.level) == (location, stored)
    assert region.read_size == (max(1, width), max(1, height))
    assert region.tile_size == oracle.get_tile_dimensions(level, (column, row))


@pytest.mark.parametrize("sizes", SHAPES)
@pytest.mark.parametrize(("tile_size", "overlap"), [(254, 1), (256, 0), (240, 2)])
def test_every_tile_is_that_of_openslide(sizes: Sizes, tile_size: int, overlap: int) -> None:
    assert_agrees(sizes, tile_size, overlap)


@given(
    st.integers(1, 6000),
    st.integers(1, 6000),
    st.lists(st.sampled_from([1.5, 2, 3, 4, 4.00015, 8, 16]), max_size=3, unique=True),
    st.sampled_from([(254, 1), (256, 0), (100, 3)]),
)
def test_any_pyramid_is_cut_as_openslide_cuts_it(
    width: int, height: int, factors: list[float], grid: tuple[int, int]
) -> None:
    smaller = [(max(1, int(width / factor)), max(1, int(height / factor))) for factor in sorted(factors)]
    assert_agrees(((width, height), *smaller), *grid, every=5)


@given(st.floats(0.01, 300), st.lists(st.floats(1.01, 64), max_size=6).map(sorted))
def test_the_best_level_is_the_last_that_is_sharp_enough(wanted: float, further: list[float]) -> None:
    all_downsamples = [1.0, *further]
    best = best_level_for_downsample(all_downsamples, wanted)
    assert best == 0 or all_downsamples[best] <= wanted
    assert all(downsample > wanted for downsample in all_downsamples[best + 1 :])


@pytest.mark.parametrize(
    "address", [(-1, 0, 0), (99, 0, 0), (10, -1, 0), (10, 0, -1), (10, 4, 0), (10, 0, 2), (0, 1, 0)]
)
def test_an_address_outside_of_the_pyramid_is_none(address: tuple[int, int, int]) -> None:
    pyramid = DeepZoom(((1000, 500),), (1.0,))
    assert not pyramid.has_tile(*address)
    assert pyramid.has_tile(10, 3, 1)


def test_the_descriptor_says_what_openslide_says() -> None:
    ours = ET.fromstring(DeepZoom(((1000, 500),), (1.0,)).descriptor())
    oracle = ET.fromstring(DeepZoomGenerator(Shape(((1000, 500),))).get_dzi("jpeg"))  # type: ignore[arg-type]
    assert (ours.tag, ours.attrib) == (oracle.tag, oracle.attrib)
    assert [(child.tag, child.attrib) for child in ours] == [(child.tag, child.attrib) for child in oracle]
    assert ours.attrib == {"TileSize": "254", "Overlap": "1", "Format": "jpeg"}
