"""Frames of values that have no places in space: single pictures, clips, times; one after the other in one array."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from typing_extensions import override

from exact.tiles.slices import WINDOW_SAMPLES, Slices, Values, Window, sampled_window
from exact.tiles.source import Axis, Description, Details, PlaneDescription, Size
from exact.tiles.unpacked import Flat, held_bytes
from exact.tiles.volumes import MAX_NAMED_FRAMES, Told, shown_um, true_proportion


@dataclass(frozen=True)
class StackOfFrames:
    """What is known of them before they are read."""

    size: Size
    dtype: np.dtype[Any]
    frames: int
    spacing_mm: tuple[float, float] | None = None
    """Across, down."""
    times_s: tuple[float, ...] | None = None
    slope: float = 1.0
    intercept: float = 0.0
    inverted: bool = False


class FrameStack(Slices):
    """One plane; the frames follow each other in the array."""

    def __init__(self, stack: StackOfFrames, stored: Flat, told: Told) -> None:
        self._held_bytes = held_bytes(stored)
        self._frames: Values = np.asarray(stored).view(stack.dtype).reshape(stack.frames, *stack.size[::-1])
        window, limits = (None, None) if stack.dtype.fields else windows(self._frames, stack, told.window)
        details = Details(
            pixel_size_source=None if stack.spacing_mm is None else told.pixel_size_source,
            scanner=told.scanner,
            axes=axes(stack),
            window=window,
            window_limits=limits,
            properties=told.properties,
        )
        line = Window(*(window or (0.0, 1.0)), stack.slope, stack.intercept, stack.inverted)
        super().__init__(describe(stack, told.format), details, line)

    @override
    def _values(self, plane: int, frame: int) -> Values:
        return np.asarray(self._frames[frame])

    @property
    @override
    def cost(self) -> int:
        return self._held_bytes

    @override
    def close(self) -> None:
        self._frames = np.zeros((0, 0, 0), np.uint8)


def windows(
    frames: Values, stack: StackOfFrames, told: tuple[float, float] | None
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Window and limits from about 100,000 evenly spread values; the file's own window goes before."""
    each = max(1, round((frames.size / WINDOW_SAMPLES) ** 0.5))
    samples = frames[:, ::each, ::each].astype(np.float64).ravel() * stack.slope + stack.intercept
    found, limits = sampled_window(samples)
    if told is None:
        return found, limits
    return told, (min(limits[0], told[0]), max(limits[1], told[1]))


def axes(stack: StackOfFrames) -> tuple[Axis, ...]:
    """Time with its step where it is even; no axis for a single picture."""
    if stack.frames == 1:
        return ()
    if stack.times_s is None:
        return (Axis("frame", stack.frames),)
    steps = np.diff(stack.times_s)
    return (Axis("t", stack.frames, float(steps[0]) if np.allclose(steps, steps[0]) else None, "s"),)


def describe(stack: StackOfFrames, format_name: str) -> Description:
    """One plane in true proportion; frames named by their time."""
    spacing = stack.spacing_mm or (None, None)
    width, height = true_proportion(stack.size, spacing)
    pixel_size = (shown_um(stack.size[0], spacing[0], width), shown_um(stack.size[1], spacing[1], height))
    return Description(
        format=format_name,
        width=width,
        height=height,
        frames=stack.frames,
        default_frame=0,
        frame_names=frame_names(stack.frames, stack.times_s),
        channels=3 if stack.dtype.fields else 1,
        pixel_size_um=(*pixel_size, None),
        objective_power=None,
        planes=(PlaneDescription(0, "image", width, height, stack.frames, pixel_size),),
    )


def frame_names(frames: int, times_s: tuple[float, ...] | None) -> tuple[str, ...] | None:
    """By time where it is known."""
    if frames == 1 or frames > MAX_NAMED_FRAMES:
        return None
    if times_s is None:
        return tuple(f"frame {n + 1}" for n in range(frames))
    return tuple(f"t={time_s:.2f} s" for time_s in times_s)
