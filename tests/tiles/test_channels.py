"""Stored values to shades and colours."""

import numpy as np
import pytest

from exact.tiles import channels
from exact.tiles.channels import Layer
from exact.tiles.errors import BadLook
from exact.tiles.looks import ChannelLook, Look
from exact.tiles.source import Channel

TYPES = ["u1", "i1", "<u2", ">u2", "<i2", ">i2", "<u4", ">i4", "<u8", "<f4", ">f8", "<f2"]
CHANNELS = (
    Channel("DAPI", "0000ff", (0.0, 100.0), (0.0, 255.0)),
    Channel("GFP", "00ff00", (10.0, 20.0), (0.0, 255.0)),
    Channel("off", "ff0000", (0.0, 1.0), (0.0, 255.0), shown=False),
)


@pytest.mark.parametrize("dtype", TYPES)
def test_a_window_is_linear_and_ends_in_black_and_white_for_every_number_type(dtype: str) -> None:
    values = np.array([[0, 10, 20, 60, 110, 120]]).astype(dtype)
    assert channels.grey(values, (10.0, 110.0))[:, :, 0].tolist() == [[0, 0, 26, 128, 255, 255]]


def test_negative_values_have_their_place() -> None:
    values = np.array([[-128, -64, 0, 127]], np.int8)
    assert channels.shades(values, (-128.0, 127.0)).tolist() == [[0, 64, 128, 255]]


def test_bits_are_black_and_white() -> None:
    assert channels.shades(np.array([[False, True]]), (0.0, 1.0)).tolist() == [[0, 255]]


def test_what_is_not_a_number_is_black_and_infinities_are_the_ends() -> None:
    values = np.array([[np.nan, -np.inf, np.inf]], np.float32)
    assert channels.shades(values, (5.0, 6.0)).tolist() == [[0, 0, 255]]


def test_the_table_says_what_the_formula_says() -> None:
    values = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    for window in ((0.0, 65535.0), (100.5, 4000.25), (-20.0, 7.0)):
        assert np.array_equal(channels.shades(values, window), channels.computed(values, window, 255))


def test_a_layer_has_its_colour_and_layers_are_added() -> None:
    values = np.array([[[100, 20, 0], [50, 0, 0]]], np.uint16)
    both = channels.composite(values, channels.layers_of(Look(), CHANNELS))
    assert both.tolist() == [[[0, 255, 255], [0, 0, 128]]]
    white = [Layer(number, (255, 255, 255), (0.0, 200.0)) for number in (0, 1)]
    assert channels.composite(values, white)[0].tolist() == [[128 + 26] * 3, [64] * 3]


def test_more_light_than_white_is_white() -> None:
    values = np.full((1, 1, 2), 255, np.uint8)
    assert channels.composite(values, [Layer(n, (200, 200, 0), (0.0, 255.0)) for n in (0, 1)]).tolist() == [
        [[255, 255, 0]]
    ]


def test_no_channel_is_black() -> None:
    assert not channels.composite(np.ones((2, 3, 2), np.float32), ()).any()


def test_a_look_chooses_channels_colours_and_windows() -> None:
    look = Look((ChannelLook(1), ChannelLook(2, "010203", (3.0, 4.0))))
    assert channels.layers_of(look, CHANNELS) == (
        Layer(1, (0, 255, 0), (10.0, 20.0)),
        Layer(2, (1, 2, 3), (3.0, 4.0)),
    )


def test_a_channel_that_is_not_there_is_refused_with_a_sentence() -> None:
    with pytest.raises(BadLook, match="no channel 3: this image has 3"):
        channels.layers_of(Look((ChannelLook(3),)), CHANNELS)


@pytest.mark.parametrize("look", [Look(window=(1.0, 2.0)), Look(profile=True)])
def test_several_channels_have_no_common_window_and_no_profile(look: Look) -> None:
    with pytest.raises(BadLook):
        channels.layers_of(look, CHANNELS)


def test_one_grey_channel_has_a_window_and_nothing_else() -> None:
    assert channels.checked_window(Look(), (0.0, 5.0)) == (0.0, 5.0)
    assert channels.checked_window(Look(window=(1.0, 2.0)), (0.0, 5.0)) == (1.0, 2.0)
    for look in (Look(channels=()), Look(profile=True)):
        with pytest.raises(BadLook):
            channels.checked_window(look, (0.0, 5.0))


def test_the_window_leaves_out_hot_pixels() -> None:
    samples = np.append(np.linspace(100, 200, 10_000), [65535.0, 0.0])
    low, high = channels.sampled_window(samples)
    assert 99 < low < 102
    assert 198 < high < 201


def test_rare_bright_spots_on_one_value_are_still_seen() -> None:
    samples = np.zeros(10_000, np.uint16)
    samples[0] = 7
    assert channels.sampled_window(samples) == (0.0, 7.0)


@pytest.mark.parametrize("samples", [np.zeros(9, np.uint8), np.full(5, np.nan), np.zeros(0)])
def test_a_window_is_never_empty(samples: np.ndarray) -> None:
    low, high = channels.sampled_window(samples)
    assert low < high
    low, high = channels.sampled_limits(samples)
    assert low < high


def test_limits_are_the_bits_that_an_image_uses() -> None:
    assert channels.sampled_limits(np.array([5, 3000], np.uint16)) == (0.0, 4095.0)
    assert channels.sampled_limits(np.array([5, 30], np.uint16)) == (0.0, 255.0)
    assert channels.sampled_limits(np.array([-1000, 3000], np.int16)) == (-4096.0, 4095.0)
    assert channels.sampled_limits(np.array([-0.5, 0.25], np.float32)) == (-0.5, 0.25)


def test_the_first_two_default_colours_are_magenta_and_green() -> None:
    assert channels.default_colours(2) == ("ff00ff", "00ff00")
    assert len(channels.default_colours(40)) == 40
