"""Frames of values: windows, scaling, levels."""

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from typing_extensions import override

from exact.tiles.resampling import taps
from exact.tiles.slices import Slices, Values, Window, sampled_window
from exact.tiles.source import Description, Details, PlaneDescription, Size


class Ramp(Slices):
    """One frame; every place has its own value."""

    def __init__(self, stored: Size, shown: Size) -> None:
        plane = PlaneDescription(0, "image", *shown, 1, (None, None))
        told = Description("ramp", *shown, 1, 0, None, 1, (None, None, None), None, (plane,))
        self.values = np.add.outer(np.arange(stored[1]) * 7, np.arange(stored[0]) * 3).astype("<i2") % 900
        super().__init__(told, Details(window=(0, 900)), Window(0, 900))

    @override
    def _values(self, plane: int, frame: int) -> Values:
        return self.values

    @override
    def close(self) -> None:
        """Holds nothing."""


def whole(values: NDArray[np.int16], size: Size) -> NDArray[np.int16]:
    """Windowed, then scaled at once."""
    shades = (Window(0, 900).shades(values) + 0.5).astype(np.uint8)
    return np.asarray(Image.fromarray(shades).resize(size, Image.Resampling.LANCZOS), np.int16)


@pytest.mark.parametrize(("stored", "shown"), [((300, 200), (300, 643)), ((64, 512), (640, 512)), ((90, 90), (90, 90))])
def test_a_frame_is_scaled_as_pillow_scales_it(stored: Size, shown: Size) -> None:
    source = Ramp(stored, shown)
    region = source.read_region((0, 0), 0, shown)[:, :, 0].astype(int)
    assert np.abs(region - whole(source.values, shown)).max() <= 1


def test_a_pixel_is_the_same_in_whichever_region_it_is_asked_for() -> None:
    source = Ramp((300, 200), (300, 643))
    all_at_once = source.read_region((0, 0), 0, (300, 643))
    for left, top, width, height in ((0, 0, 255, 255), (253, 253, 47, 256), (10, 600, 80, 80), (-5, -7, 30, 30)):
        part = source.read_region((left, top), 0, (width, height))
        inside = all_at_once[max(top, 0) : top + height, max(left, 0) : left + width]
        assert np.array_equal(part[max(-top, 0) :, max(-left, 0) :][: inside.shape[0], : inside.shape[1]], inside)


def test_large_frames_have_smaller_levels_of_the_same_picture() -> None:
    source = Ramp((5000, 2001), (5000, 2001))
    assert source.level_dimensions == ((5000, 2001), (2500, 1001), (1250, 501), (625, 251))
    assert source.made_levels == 3
    smallest = source.read_region((0, 0), 3, (625, 251))[:, :, 0].astype(int)
    assert np.abs(smallest - whole(source.values, (625, 251))).mean() < 0.5
    middle = source.read_region((400, 400), 3, (100, 100))[:, :, 0]
    assert np.array_equal(middle, smallest[50:150, 50:150])


def test_a_region_outside_is_black() -> None:
    assert source_sum(Ramp((30, 30), (30, 30)), (500, 500)) == 0


def source_sum(source: Slices, location: tuple[int, int]) -> int:
    return int(source.read_region(location, 0, (4, 4)).sum())


def test_an_inverted_window_turns_black_to_white() -> None:
    values = np.array([[0, 50, 100]], np.uint8)
    assert Window(0, 100).shades(values)[0].tolist() == [0, 127.5, 255]
    assert Window(0, 100, inverted=True).shades(values)[0].tolist() == [255, 127.5, 0]


@pytest.mark.parametrize("slope", [1e300, -1e300, 1.0])
def test_absurd_numbers_are_shown_as_black_or_white(slope: float) -> None:
    values = np.array([[0, 1, np.inf, -np.inf, np.nan]], "<f4")
    shown = Window(0.0, 1e-3, slope).shades(values)[0]
    assert set(shown.tolist()) <= {0, 255}


def test_a_window_of_nothing_is_still_a_window() -> None:
    assert sampled_window(np.array([np.nan])) == ((0.0, 1.0), (0.0, 1.0))
    assert sampled_window(np.array([5.0, 5.0])) == ((5.0, 6.0), (5.0, 6.0))
    assert sampled_window(np.array([0.0, 1.0, 1.0])) == ((0.0, 1.0), (0.0, 1.0))


def test_only_the_rows_that_are_needed_are_looked_at() -> None:
    found = taps(1000, 2000)
    assert found.needed((1024, 1088)) == (509, 547)
    assert np.allclose(found.weights.sum(axis=0), 1)
