"""Stacks of files in a folder, named <base>_z<Z>_t<T>.<ext> or <z>_<frame>_<name>; each file is one plane.

Any of the letters z, t and c (channel) behind _ or -, in any order; sorted by number. TIFF files of grey values
share one window and keep their bits and channels, pictures and slides are shown by their own readers. All files
must be of one size and kind; missing ones are named and the stack is refused; an even step (0, 10, 20) is no gap.
Limits: 20,000 files, of which an even choice of 128 is compared when the stack is opened, the others when they are
read.
"""

import copy
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from typing_extensions import override

from exact.tiles.blocks import Box, Values
from exact.tiles.errors import UnsupportedContent
from exact.tiles.folders import innermost, visible
from exact.tiles.framed import FramedImage, Planes, Told
from exact.tiles.lent import Lent
from exact.tiles.looks import PLAIN, Look
from exact.tiles.source import (
    Axis,
    Description,
    Details,
    Format,
    OpenOptions,
    Pixels,
    PlaneDescription,
    Size,
    TileSource,
)
from exact.tiles.stack_names import LETTERS, Stack, is_stack, stack_of

CHECKED_FILES = 128
"""Of a larger stack so many are compared when it is opened, the others when they are read."""

Opener = Callable[[Path, OpenOptions], TileSource]
"""How a member is opened: by whatever format recognises it."""
Members = Lent[TileSource]


class MemberPlanes(Planes):
    """Stored values of members that have such: one plane each, of as many channels."""

    def __init__(self, members: Members, first: FramedImage, channels: int) -> None:
        self._members = members
        self._levels = first.planes.level_dimensions
        self._dtype = first.planes.dtype
        self._per_file = len(first.told.channels)
        self._files_per_frame = channels // self._per_file
        self._colour = first.told.colour
        self._cost = first.cost

    @property
    @override
    def level_dimensions(self) -> tuple[Size, ...]:
        return self._levels

    @property
    @override
    def dtype(self) -> np.dtype[Any]:
        return self._dtype

    @override
    def read(self, level: int, frame: int, channel: int, box: Box) -> Values:
        file, own = divmod(channel, self._per_file)
        with self._members.use(frame * self._files_per_frame + file) as member:
            if not isinstance(member, FramedImage) or not self._fits(member):
                raise unequal()
            return member.planes.read(level, 0, own, box)

    def _fits(self, member: FramedImage) -> bool:
        told = (member.planes.level_dimensions, member.planes.dtype, len(member.told.channels), member.told.colour)
        return told == (self._levels, self._dtype, self._per_file, self._colour)

    @property
    @override
    def cost(self) -> int:
        return self._cost * min(self._members.count, self._members.max_open)

    @override
    def close(self) -> None:
        self._members.close()


class PictureStack(TileSource):
    """Members that are pictures or slides: each shown by its own reader, all of them through one window."""

    def __init__(self, members: Members, first: TileSource, told: Told) -> None:
        self._members = members
        self._first = (first.description, first.details, first.level_dimensions, first.level_downsamples, first.cost)
        self._told = told
        self._look = PLAIN

    @cached_property
    @override
    def description(self) -> Description:
        own, told = self._first[0], self._told
        return replace(
            own,
            frames=told.frames,
            default_frame=told.default_frame,
            frame_names=told.frame_names,
            planes=(PlaneDescription(0, "image", own.width, own.height, told.frames, own.pixel_size_um[:2]),),
        )

    @property
    @override
    def details(self) -> Details:
        window = self._window
        return replace(self._first[1], axes=tuple(axis for axis in self._told.axes if axis.size > 1), window=window)

    @property
    @override
    def properties(self) -> Mapping[str, str]:
        return self._first[1].properties

    @property
    @override
    def level_dimensions(self) -> tuple[Size, ...]:
        return self._first[2]

    @property
    @override
    def level_downsamples(self) -> tuple[float, ...]:
        return self._first[3]

    @cached_property
    def _window(self) -> tuple[float, float] | None:
        """Around the windows of first, middle and last: a common one, so that neighbours can be compared."""
        if self._first[1].window is None:
            return None
        windows = []
        for number in sorted({0, self._members.count // 2, self._members.count - 1}):
            with self._members.use(number) as member:
                windows.append(member.details.window or self._first[1].window)
        return min(low for low, _ in windows), max(high for _, high in windows)

    @override
    def under(self, look: Look) -> TileSource:
        if look == PLAIN:
            return self
        with self._members.use(0) as member:
            member.under(look)  # refuses what does not fit
        other = copy.copy(self)
        other._look = look  # noqa: SLF001 - of the same class
        return other

    @override
    def read_region(self, location: tuple[int, int], level: int, size: Size, frame: int = 0, plane: int = 0) -> Pixels:
        self._plane(plane)
        self._check_frame(frame, plane)
        look = Look(window=self._window) if self._look == PLAIN and self._window is not None else self._look
        with self._members.use(frame) as member:
            if member.level_dimensions != self._first[2] or member.description.channels != self._first[0].channels:
                raise unequal()
            return member.under(look).read_region(location, level, size)

    @property
    @override
    def cost(self) -> int:
        return self._first[4] * min(self._members.count, self._members.max_open)

    @override
    def close(self) -> None:
        self._members.close()


def unequal() -> UnsupportedContent:
    """Sizes, levels or channels differ."""
    return UnsupportedContent("The files of the stack differ in size or in their channels: they are no stack.")


def format_of(open_member: Opener) -> Format:
    """The entry of the list of formats; formats do not know each other, so they are handed in."""
    return Format("stack of files", recognises, lambda path, options: open_stack(path, options, open_member))


def recognises(path: Path, head: bytes) -> bool:
    """A folder with files whose names number them."""
    return not head and path.is_dir() and is_stack(file.name for file in files_in(path))


def files_in(folder: Path) -> list[Path]:
    """Of the folder, or of the only folder in it."""
    return [found for found in visible(innermost(folder)) if found.is_file()]


def open_stack(path: Path, options: OpenOptions, open_member: Opener) -> TileSource:
    """Members are opened when they are asked for, and closed when others are."""
    there = {file.name: file for file in files_in(path)}
    stack = stack_of(there)
    files = [there[stack.files[place]] for place in sorted(stack.files)]
    members = Lent(len(files), lambda n: open_member(files[n], replace(options, identity=f"{options.identity}-{n}")))
    try:
        return _opened(stack, members)
    except BaseException:
        members.close()
        raise


def _opened(stack: Stack, members: Members) -> TileSource:
    for number in sorted({int(n) for n in np.linspace(0, members.count - 1, CHECKED_FILES)}):
        with members.use(number) as member, members.use(0) as first:
            check_equal(member, first)
    with members.use(0) as first:
        channels = len(stack.axes[2])
        if isinstance(first, FramedImage):
            told = stack_told(stack, first.told, channels)
            return FramedImage(MemberPlanes(members, first, len(told.channels)), told)
        if channels > 1:
            raise UnsupportedContent("Files of single channels must be grey TIFF files.")
        return PictureStack(members, first, stack_told(stack, Told(first.description.format), 1))


def check_equal(member: TileSource, first: TileSource) -> None:
    """Each file holds one plane, and all are of one size and kind."""
    if member.nFrames != 1 or len(member.description.planes) != 1:
        raise UnsupportedContent("Each file of a stack must hold one plane: upload those with several by themselves.")
    same = type(member) is type(first) and member.level_dimensions == first.level_dimensions
    if not same or member.description.channels != first.description.channels:
        raise unequal()


def stack_told(stack: Stack, first: Told, files_per_frame: int) -> Told:
    """What the first file says, with the axes of the stack; positions have the numbers of the names."""
    t, z, c = stack.axes
    if first.colour and files_per_frame > 1:
        raise UnsupportedContent("Files of single channels must be grey.")
    named = [replace(told, name=told.name or f"channel {number}") for number in c for told in first.channels]
    depth_um = first.pixel_size_um[2]
    return replace(
        first,
        channels=tuple(named) if files_per_frame > 1 else first.channels,
        axes=(Axis("t", len(t)), Axis("z", len(z), depth_um, "um" if depth_um else None)),
        labels={
            letter: tuple(f"{letter}={number}" for number in numbers)
            for letter, numbers in zip(LETTERS[:2], (t, z), strict=True)
        },
    )
