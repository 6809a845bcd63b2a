"""Stored values of any number type to what is shown: one grey channel through a window, several added in colour."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exact.tiles.errors import BadLook
from exact.tiles.looks import ChannelLook, Look
from exact.tiles.source import Channel, Pixels

Values = NDArray[Any]  # Any: the file decides
Window = tuple[float, float]
"""The values shown as black and as white (or as the channel's full colour)."""

COLOURS = ("ff00ff", "00ff00", "0080ff", "ffff00", "ff8000", "ffffff")
"""For channels whose file names no colour. The first two are told apart with any kind of colour vision."""
SHOWN_CHANNELS = 6
"""With more channels than this only so many are on unless others are asked for: more colours cannot be told apart."""
PERCENTILES = (0.1, 99.9)
"""Of the values of the whole image: hot pixels and dust do not decide its window."""
EVERY_8_BIT_VALUE: Window = (0.0, 255.0)
TABLES = 64
TABLE_BYTES = 2
"""Numbers of at most so many bytes are looked up in a table instead of computed."""


@dataclass(frozen=True)
class Layer:
    """One channel as it is shown."""

    channel: int
    colour: tuple[int, int, int]
    window: Window


def grey(values: Values, window: Window) -> Pixels:
    """(height, width) of any number type to (height, width, 1)."""
    return shades(values, window)[:, :, np.newaxis]


def composite(values: Values, layers: Sequence[Layer]) -> Pixels:
    """(height, width, channels) to red, green and blue: each layer's channel in its colour, added up."""
    return add_up(values.shape[:2], [(values[:, :, layer.channel], layer) for layer in layers])


def add_up(size: tuple[int, ...], parts: Sequence[tuple[Values, Layer]]) -> Pixels:
    """The same for channels that lie apart, as (height, width) each."""
    shown = np.zeros((*size, 3), np.uint8)
    for component in range(3):
        lit = [(values, layer) for values, layer in parts if layer.colour[component]]
        if len(lit) == 1:
            shown[:, :, component] = shades(lit[0][0], lit[0][1].window, lit[0][1].colour[component])
        elif lit:
            total = sum(
                shades(values, layer.window, layer.colour[component]).astype(np.uint16) for values, layer in lit
            )
            shown[:, :, component] = np.minimum(total, 255)
    return shown


def shades(values: Values, window: Window, brightest: int = 255) -> NDArray[np.uint8]:
    """Linear from `window` to 0 ... `brightest`; what is not a number is black."""
    dtype = values.dtype
    if dtype.kind in "iub" and dtype.itemsize <= TABLE_BYTES:
        native = np.ascontiguousarray(values, dtype.newbyteorder("="))
        return np.take(table(native.dtype.str, window, brightest), native.view(f"u{dtype.itemsize}"))
    return computed(values, window, brightest)


def computed(values: Values, window: Window, brightest: int) -> NDArray[np.uint8]:
    """Without a table, for wide integers and floating point numbers."""
    low, high = window
    wide = np.float64 if values.dtype.itemsize > 4 or values.dtype.kind in "iu" else np.float32
    inside = np.clip(np.nan_to_num(values.astype(wide), nan=low, posinf=high, neginf=low), low, high)
    return np.asarray(((inside - low) * brightest / (high - low) + 0.5).astype(np.uint8))


@lru_cache(TABLES)
def table(dtype: str, window: Window, brightest: int) -> NDArray[np.uint8]:
    """The shade of every value that a small integer type can have, by its bits."""
    bits = np.arange(2 ** (8 * np.dtype(dtype).itemsize)).astype(f"u{np.dtype(dtype).itemsize}")
    values = bits if dtype.endswith("b1") else bits.view(dtype)
    found = computed(values.astype(np.int32), window, brightest)
    found.flags.writeable = False
    return found


def sampled_window(samples: Values) -> Window:
    """From percentiles of an image's values; never empty."""
    finite = samples[np.isfinite(samples)].astype(np.float64)
    if finite.size == 0:
        return 0.0, 1.0
    low, high = (float(end) for end in np.percentile(finite, PERCENTILES))
    if low == high:
        low, high = float(finite.min()), float(finite.max())
    return _not_empty(low, high)


def sampled_limits(samples: Values) -> Window:
    """What can be chosen: for integers the bits that the image uses, else from the smallest value to the largest."""
    finite = samples[np.isfinite(samples)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    if samples.dtype.kind == "f":
        return _not_empty(low, high)
    if samples.dtype.kind == "b":
        return 0.0, 1.0
    possible = np.iinfo(samples.dtype)
    reach = 2.0 ** math.ceil(math.log2(max(abs(low), abs(high), 255.0) + 1)) - 1
    return (max(float(possible.min), -reach - 1) if low < 0 else 0.0), min(float(possible.max), reach)


def _not_empty(low: float, high: float) -> Window:
    return (low, high) if low < high else (low, low + 1.0)


def default_colours(count: int) -> tuple[str, ...]:
    """For files that name none."""
    return tuple(COLOURS[channel % len(COLOURS)] for channel in range(count))


def checked_window(look: Look, window: Window) -> Window:
    """The window of a look at one grey channel; what it leaves out is `window`. Raises BadLook."""
    if look.channels is not None:
        raise BadLook("This image has one channel: choose the parameter `window`.")
    if look.profile:
        raise BadLook("This image has no colour profile.")
    return look.window or window


def layers_of(look: Look, channels: Sequence[Channel]) -> tuple[Layer, ...]:
    """The channels that a look has switched on; what it leaves out is as the file says. Raises BadLook."""
    if look.window is not None:
        raise BadLook("This image has several channels: write a window behind each one, such as channels=0::100:2000.")
    if look.profile:
        raise BadLook("This image has no colour profile.")
    if look.channels is None:
        return tuple(_layer(ChannelLook(number), channels) for number, told in enumerate(channels) if told.shown)
    return tuple(_layer(chosen, channels) for chosen in look.channels)


def _layer(chosen: ChannelLook, channels: Sequence[Channel]) -> Layer:
    if chosen.channel >= len(channels):
        raise BadLook(
            f"There is no channel {chosen.channel}: this image has {len(channels)}, counted from 0 to "
            f"{len(channels) - 1}."
        )
    told = channels[chosen.channel]
    red, green, blue = bytes.fromhex(chosen.colour or told.colour)
    return Layer(chosen.channel, (red, green, blue), chosen.window or told.window)
