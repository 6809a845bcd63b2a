"""An image of frames and channels over stored values of any number type; each format only says where they lie."""

import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from struct import error as struct_error
from typing import Any
from zlib import error as zlib_error

import numpy as np
from typing_extensions import override

from exact.tiles import channels as shading
from exact.tiles.blocks import (
    SAMPLED_LEVEL_PIXELS,
    Box,
    RecentBlocks,
    Values,
    inside,
    sampled_boxes,
    shrunk,
    shrunk_size,
)
from exact.tiles.channels import Layer, Window
from exact.tiles.errors import DamagedFile, NoSuchTile, TooManyPixels
from exact.tiles.looks import PLAIN, Look
from exact.tiles.source import Axis, Channel, Description, Details, Pixels, PlaneDescription, Size, TileSource, cut

OVERVIEW_PX = 1024
"""An image whose smallest level is larger gets one more level of at most this side, made when first asked for."""
OVERVIEWS_BYTES = 16 * 2**20
OVERVIEW_STEP_PX = 2048
OVERVIEW_MAX_PIXELS = 2**31
"""Of a larger level nobody would wait for the overview."""
SAMPLED_FRAMES = 5
SAMPLED_VALUES = 1_000_000
"""Of each channel, for its window."""
SAMPLED_PIXELS = 2**26
"""Of all channels and frames: with many channels fewer frames are looked at."""
MAX_FRAMES = 65_536
MAX_CHANNELS = 64
PARSER_ERRORS = (
    *(OSError, ValueError, TypeError, LookupError, ArithmeticError, RuntimeError, AttributeError, AssertionError),
    *(EOFError, SyntaxError, ImportError, struct_error, zlib_error),
)
"""What the libraries that read microscopy files raise on broken ones."""


@contextmanager
def parsing(kind: str) -> Iterator[None]:
    """Whatever a library raises about a broken file becomes one of our errors."""
    try:
        yield
    except MemoryError as error:
        raise TooManyPixels(f"Reading this {kind} takes more memory than allowed.") from error
    except PARSER_ERRORS as error:
        raise DamagedFile(
            f"The {kind} is damaged, cut off, or of a kind that is not read ({type(error).__name__})."
        ) from error


class Planes(ABC):
    """Where the values of an image lie. Safe to read from several threads; raises `TileError` and nothing else."""

    @property
    @abstractmethod
    def level_dimensions(self) -> tuple[Size, ...]:
        """Sizes of the stored levels, largest first."""

    @property
    @abstractmethod
    def dtype(self) -> np.dtype[Any]:
        """Of the values."""

    @abstractmethod
    def read(self, level: int, frame: int, channel: int, box: Box) -> Values:
        """(height, width) of one channel, or (height, width, 3) of a colour image; the box lies inside the level."""

    def is_empty(self, level: int, frame: int, channel: int, box: Box) -> bool:
        """Whether there is surely nothing but 0: such parts of a large image need not be read."""
        return False

    @property
    def cost(self) -> int:
        """Bytes of memory that reading may come to hold."""
        return 0

    def close(self) -> None:  # noqa: B027 - not all hold something
        """Gives up what is held; harmless when repeated."""


@dataclass(frozen=True)
class ToldChannel:
    """What a file says of a channel; None where it says nothing."""

    name: str = ""
    colour: str | None = None
    window: Window | None = None
    limits: Window | None = None


@dataclass(frozen=True)
class Told:
    """What a file says of its image."""

    format: str
    channels: tuple[ToldChannel, ...] = (ToldChannel(),)
    colour: bool = False
    """Red, green and blue are values of one pixel instead of channels."""
    axes: tuple[Axis, ...] = ()
    """Slowest first; those of size 1 are left out of the frames' names."""
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Names of the positions along an axis, where they have other names than their number."""
    pixel_size_um: tuple[float | None, float | None, float | None] = (None, None, None)
    pixel_size_source: str | None = None
    objective_power: float | None = None
    scanner: str | None = None
    properties: Mapping[str, str] = field(default_factory=dict)

    @property
    def frames(self) -> int:
        """Product of all axes."""
        return int(np.prod([axis.size for axis in self.axes], dtype=np.int64)) if self.axes else 1

    @property
    def default_frame(self) -> int:
        """The middle of z, the beginning of everything else."""
        frame = 0
        for axis in self.axes:
            frame = frame * axis.size + (axis.size // 2 if axis.name == "z" else 0)
        return frame

    @property
    def frame_names(self) -> tuple[str, ...] | None:
        """Such as `t=2 z=3`, counted from one; None for one frame."""
        shown = [axis for axis in self.axes if axis.size > 1]
        if not shown:
            return None
        return tuple(" ".join(places) for places in product(*(self._places(axis) for axis in shown)))

    def _places(self, axis: Axis) -> tuple[str, ...]:
        labels = self.labels.get(axis.name)
        return labels or tuple(f"{axis.name}={place + 1}" for place in range(axis.size))


@dataclass
class Shared:
    """What all looks at one open image share."""

    planes: Planes
    told: Told
    overviews: RecentBlocks = field(default_factory=lambda: RecentBlocks(OVERVIEWS_BYTES))
    lock: threading.Lock = field(default_factory=threading.Lock)

    @cached_property
    def shrink(self) -> int:
        """The power of two that brings the smallest level to overview size; 1 when it has it already."""
        shrink = 1
        while max(self.planes.level_dimensions[-1]) > OVERVIEW_PX * shrink:
            shrink *= 2
        return shrink

    @cached_property
    def level_dimensions(self) -> tuple[Size, ...]:
        """With the overview, if there is to be one."""
        stored = self.planes.level_dimensions
        width, height = stored[-1]
        overview = (-(-width // self.shrink), -(-height // self.shrink))
        return stored if self.shrink == 1 else (*stored, overview)

    @cached_property
    def channels(self) -> tuple[Channel, ...]:
        """Complete: what the file does not say is found out from its values."""
        with self.lock:
            colours = shading.default_colours(len(self.told.channels))
            named = any(told.colour for told in self.told.channels)
            return tuple(
                self._complete(number, told, (told.colour if named else None) or colours[number])
                for number, told in enumerate(self.told.channels)
            )

    def _complete(self, number: int, told: ToldChannel, colour: str) -> Channel:
        name, shown = told.name or f"channel {number + 1}", number < shading.SHOWN_CHANNELS
        if self._shown_as_it_is:
            return Channel(name, colour, shading.EVERY_8_BIT_VALUE, shading.EVERY_8_BIT_VALUE, shown)
        samples = self._samples(number)
        window = told.window or shading.sampled_window(samples)
        low, high = told.limits or shading.sampled_limits(samples)
        return Channel(name, colour, window, (min(low, window[0]), max(high, window[1])), shown)

    @property
    def _shown_as_it_is(self) -> bool:
        """One grey channel of 8 bits looks as in every other program."""
        return len(self.told.channels) == 1 and self.planes.dtype == np.uint8

    def _samples(self, channel: int) -> Values:
        most = SAMPLED_PIXELS // (SAMPLED_LEVEL_PIXELS * len(self.told.channels))
        frames = sampled_frames(self.told, min(most, SAMPLED_FRAMES))
        level = len(self.planes.level_dimensions) - 1
        boxes = sampled_boxes(self.planes.level_dimensions[level])
        parts = [self.planes.read(level, frame, channel, box).reshape(-1) for frame in frames for box in boxes]
        step = max(1, sum(part.size for part in parts) // SAMPLED_VALUES)
        return np.concatenate([part[::step] for part in parts])

    def values(self, level: int, frame: int, channel: int, box: Box) -> Values:
        """Of a stored level, or of the overview."""
        if level < len(self.planes.level_dimensions):
            return self.planes.read(level, frame, channel, box)
        whole = self.overviews.get_or_make((frame, channel), lambda: self._overview(frame, channel))
        return whole[box.top : box.top + box.height, box.left : box.left + box.width]

    def _overview(self, frame: int, channel: int) -> Values:
        """Square by square, so that a large level never lies in memory."""
        level = len(self.planes.level_dimensions) - 1
        width, height = self.planes.level_dimensions[level]
        step = max(self.shrink, OVERVIEW_STEP_PX // self.shrink * self.shrink)
        strips = []
        for top in range(0, height, step):
            lefts = range(0, width, step)
            boxes = [Box(left, top, min(step, width - left), min(step, height - top)) for left in lefts]
            strips.append(np.concatenate([self._square(level, frame, channel, box) for box in boxes], axis=1))
        return np.concatenate(strips)

    def _square(self, level: int, frame: int, channel: int, box: Box) -> Values:
        if self.planes.is_empty(level, frame, channel, box):
            width, height = shrunk_size((box.width, box.height), self.shrink)
            return np.zeros((height, width, *[3] * self.told.colour), self.planes.dtype)
        return shrunk(self.planes.read(level, frame, channel, box), self.shrink)


class FramedImage(TileSource):
    """One look at an open image; other looks share its values."""

    def __init__(self, planes: Planes, told: Told, shared: Shared | None = None, look: Look = PLAIN) -> None:
        self._shared = shared or Shared(planes, told)
        self.planes = planes
        self.told = told
        self._look = look
        check_size(told, planes)

    @cached_property
    @override
    def description(self) -> Description:
        told, (width, height) = self.told, self._shared.level_dimensions[0]
        return Description(
            format=told.format,
            width=width,
            height=height,
            frames=told.frames,
            default_frame=told.default_frame,
            frame_names=told.frame_names,
            channels=3 if told.colour else len(told.channels),
            pixel_size_um=told.pixel_size_um,
            objective_power=told.objective_power,
            planes=(PlaneDescription(0, "image", width, height, told.frames, told.pixel_size_um[:2]),),
        )

    @property
    @override
    def level_dimensions(self) -> tuple[Size, ...]:
        return self._shared.level_dimensions

    @property
    @override
    def properties(self) -> Mapping[str, str]:
        return self.told.properties

    @property
    @override
    def details(self) -> Details:
        told = self.told
        channels = () if told.colour and not self._windowed else self._shared.channels
        several = len(channels) > 1
        return Details(
            pixel_size_source=told.pixel_size_source,
            scanner=told.scanner,
            axes=tuple(axis for axis in told.axes if axis.size > 1),
            channels=channels if several else (),
            window=channels[0].window if channels and not several else None,
            window_limits=channels[0].limits if channels and not several else None,
            properties=told.properties,
        )

    @property
    def _windowed(self) -> bool:
        """Colours of 8 bits are shown as they are."""
        return not self.told.colour or self.planes.dtype != np.uint8

    @override
    def under(self, look: Look) -> TileSource:
        if look == PLAIN:
            return self
        if not self._windowed:
            return super().under(look)
        if len(self.told.channels) > 1:
            shading.layers_of(look, self._shared.channels)
        else:
            shading.checked_window(look, (0.0, 1.0))
        return FramedImage(self.planes, self.told, self._shared, look)

    @override
    def read_region(self, location: tuple[int, int], level: int, size: Size, frame: int = 0, plane: int = 0) -> Pixels:
        self._plane(plane)
        self._check_frame(frame, plane)
        if not 0 <= level < self.level_count:
            raise NoSuchTile(f"This image has no level {level}.")
        downsample = self.level_downsamples[level]
        left, top = (int(at / downsample + 1e-6) for at in location)
        box = inside(left, top, size, self.level_dimensions[level])
        pixels = self._shown(level, frame, box)
        return cut(pixels, left - box.left, top - box.top, size, 255 if self.told.colour else 0)

    def _shown(self, level: int, frame: int, box: Box) -> Pixels:
        if not box.width or not box.height:
            return np.zeros((box.height, box.width, 1 if self.description.channels == 1 else 3), np.uint8)
        if self.told.colour:
            return self._colours(self._shared.values(level, frame, 0, box))
        if len(self.told.channels) == 1:
            return shading.grey(self._shared.values(level, frame, 0, box), self._window)
        parts = [(self._shared.values(level, frame, layer.channel, box), layer) for layer in self._layers]
        return shading.add_up((box.height, box.width), parts)

    def _colours(self, values: Values) -> Pixels:
        return shading.shades(values, self._window) if self._windowed else values

    @cached_property
    def _window(self) -> Window:
        """Without reading the file when the look brings its own."""
        return self._look.window or self._shared.channels[0].window

    @cached_property
    def _layers(self) -> tuple[Layer, ...]:
        return shading.layers_of(self._look, self._shared.channels)

    @property
    @override
    def made_levels(self) -> int:
        return 0 if self._shared.shrink == 1 else 1

    @property
    @override
    def cost(self) -> int:
        overview = self._shared.level_dimensions[-1]
        several = overview[0] * overview[1] * self.told.frames * len(self.told.channels)
        held = several * self.planes.dtype.itemsize * (3 if self.told.colour else 1)
        return self.planes.cost + min(OVERVIEWS_BYTES, held) * self.made_levels

    @override
    def close(self) -> None:
        self._shared.overviews.clear()
        self.planes.close()


def check_size(told: Told, planes: Planes) -> None:
    """Refuses what nobody could look through."""
    if told.frames > MAX_FRAMES or len(told.channels) > MAX_CHANNELS:
        raise TooManyPixels(
            f"The image has {told.frames:,} frames and {len(told.channels):,} channels; at most {MAX_FRAMES:,} and "
            f"{MAX_CHANNELS} are taken."
        )
    if told.frames < 1 or not told.channels or min(planes.level_dimensions[0]) < 1:
        raise DamagedFile("The image has no pixels: the file is damaged.")
    width, height = planes.level_dimensions[-1]
    if width * height > OVERVIEW_MAX_PIXELS:
        raise TooManyPixels(
            f"The smallest level of the image has {width:,} x {height:,} pixels: save the image with smaller levels "
            "(a pyramid), else nobody could look at the whole of it."
        )
    if planes.dtype.kind not in "iufb":
        raise DamagedFile(f"Values of type {planes.dtype} cannot be shown: save the image as numbers.")


def is_level(size: Size, previous: Size, full: Size) -> bool:
    """Whether a page of this size can be a smaller copy."""
    if min(size) < 1 or size[0] >= previous[0] or size[1] > previous[1]:
        return False
    downsample = (full[0] / size[0] + full[1] / size[1]) / 2
    return all(abs(small * downsample - large) <= downsample + 1 for small, large in zip(size, full, strict=True))


def sampled_frames(told: Told, most: int) -> list[int]:
    """Evenly spread ones; the one that is shown first when there is only time for one."""
    if most <= 1:
        return [told.default_frame]
    return sorted({round(place) for place in np.linspace(0, told.frames - 1, most)})
