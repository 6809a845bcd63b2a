"""Volumes: oriented voxels cut into axial, coronal and sagittal slices, radiological convention, true proportion."""

import math
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from exact.tiles.errors import DamagedFile, NoRoom
from exact.tiles.slices import WINDOW_SAMPLES, Slices, Values, Window, sampled_window
from exact.tiles.source import (
    AXIAL,
    CORONAL,
    PLANE_NAMES,
    SAGITTAL,
    Axis,
    Description,
    Details,
    OpenOptions,
    PlaneDescription,
    Size,
)
from exact.tiles.unpacked import IN_MEMORY_BYTES, Flat, held_bytes, unpack

COLOUR = np.dtype([("R", "u1"), ("G", "u1"), ("B", "u1")])
"""Voxels that are colours."""
MAX_SHOWN_SIDE_PX = 16384
MAX_NAMED_FRAMES = 20_000
LARGEST_MM = 1e12
SLAB_SLICES = 16
"""Turned at once: so many lie in the processor's cache."""

AXES = {AXIAL: (0, 1, 2), CORONAL: (0, 2, 1), SAGITTAL: (1, 2, 0)}
"""Plane: axes from left to right, from bottom to top, and along the slices; 0 right, 1 anterior, 2 up."""
MIRRORED = {AXIAL: True, CORONAL: True, SAGITTAL: False}
"""Radiological convention: the patient's right is on the left; sagittal slices have posterior on the left."""

Matrix = NDArray[np.float64]
Spacing = tuple[float | None, float | None, float | None]


@dataclass(frozen=True)
class Volume:
    """What is known of a volume before its voxels are read."""

    shape: tuple[int, int, int]
    """As stored, the first axis fastest."""
    dtype: np.dtype[Any]
    affine_mm: Matrix
    """From stored indices to the patient: right, anterior, up."""
    further: tuple[Axis, ...] = ()
    """Axes beyond the three, slowest first: time, direction, echo, ..."""
    slope: float = 1.0
    intercept: float = 0.0
    inverted: bool = False

    @property
    def volumes(self) -> int:
        """How many there are, one after the other."""
        return math.prod(axis.size for axis in self.further)

    @property
    def data_bytes(self) -> int:
        """All voxels."""
        return math.prod(self.shape) * self.volumes * self.dtype.itemsize

    @cached_property
    def orientation(self) -> Matrix:
        """nibabel's: for each stored axis the nearest one of the patient's, and the direction."""
        from nibabel.orientations import io_orientation

        if not (np.abs(self.affine_mm) < LARGEST_MM).all():
            raise DamagedFile("The header of the volume makes no sense: its position in space is not finite.")
        found = np.asarray(io_orientation(self.affine_mm), np.float64)
        if np.isnan(found).any():
            raise DamagedFile("The header of the volume makes no sense: it has an axis without direction.")
        return found

    @cached_property
    def spacing_mm(self) -> Spacing:
        """Along right, anterior, up; None is unknown."""
        stored = np.sqrt((self.affine_mm[:3, :3] ** 2).sum(axis=0))
        right, anterior, up = (_positive(stored[axis]) for axis in np.argsort(self.orientation[:, 0]))
        return right, anterior, up

    @property
    def fastest_axis(self) -> int:
        """The patient's axis along which neighbours are neighbours in the file: slices across it touch all of it."""
        return int(self.orientation[0, 0])

    def oriented(self, stored: Flat) -> Values:
        """A view of the bytes as (right, anterior, up, volume); copies nothing."""
        return self._to_patient(self._as_stored(stored))

    def turn(self, stored: Flat, turned: Flat) -> None:
        """Writes the second copy, in which slices across the fastest axis lie together."""
        source, target = self._as_stored(stored), self._as_turned(turned)
        for volume in range(self.volumes):
            for first in range(0, self.shape[2], SLAB_SLICES):
                slab = (..., slice(first, first + SLAB_SLICES), volume)
                target[slab] = source[slab]

    def oriented_turned(self, turned: Flat) -> Values:
        """The same view of the second copy."""
        return self._to_patient(self._as_turned(turned))

    def _as_stored(self, stored: Flat) -> Values:
        voxels: Values = np.asarray(stored).view(self.dtype)
        return voxels.reshape((*self.shape, self.volumes), order="F")

    def _as_turned(self, turned: Flat) -> Values:
        """Volume, then first, third and second axis: rows of shown slices are rows in memory."""
        first, second, third = self.shape
        voxels: Values = np.asarray(turned).view(self.dtype)
        return voxels.reshape(self.volumes, first, third, second).transpose(1, 3, 2, 0)

    def _to_patient(self, voxels: Values) -> Values:
        for axis, direction in enumerate(self.orientation[:, 1]):
            voxels = np.flip(voxels, axis) if direction < 0 else voxels
        return voxels.transpose(*np.argsort(self.orientation[:, 0]), 3)


@dataclass(frozen=True)
class Told:
    """What the file says of the volume besides."""

    format: str
    pixel_size_source: str | None = None
    scanner: str | None = None
    window: tuple[float, float] | None = None
    """None: found from the voxels."""
    properties: Mapping[str, str] = field(default_factory=dict)


class VolumeSlices(Slices):
    """Slices are cut from a memory map when they are asked for."""

    def __init__(self, volume: Volume, stored: Flat, told: Told, options: OpenOptions) -> None:
        self._volume = volume
        self._stored = stored
        self._options = options
        self._voxels = volume.oriented(stored)
        self._turned: Values | None = None
        self._turning = threading.Lock()
        window, limits = (None, None) if volume.dtype.fields else windows(self._voxels, volume, told.window)
        details = Details(
            pixel_size_source=None if volume.spacing_mm == (None, None, None) else told.pixel_size_source,
            scanner=told.scanner,
            axes=axes(volume, self._voxels.shape[2]),
            window=window,
            window_limits=limits,
            properties=told.properties,
        )
        line = Window(*(window or (0.0, 1.0)), volume.slope, volume.intercept, volume.inverted)
        super().__init__(describe(volume, self._voxels.shape, told.format), details, line)

    @override
    def _values(self, plane: int, frame: int) -> Values:
        along = AXES[plane][2]
        voxels = self._voxels_across() if along == self._volume.fastest_axis else self._voxels
        volume, index = divmod(frame, voxels.shape[along])
        cut = voxels[(slice(None),) * along + (index,)][..., volume]
        upright = cut.T[::-1]  # rows go up in AXES, down on screen
        return upright[:, ::-1] if MIRRORED[plane] else upright

    def _voxels_across(self) -> Values:
        """Of large volumes a second copy, made when it is first needed: read from the first, each row of such a slice
        would be gathered from as many places of the memory as it has pixels."""
        if self._stored.nbytes <= IN_MEMORY_BYTES:
            return self._voxels
        with self._turning:
            if self._turned is None:
                self._turned = self._turn()
            return self._turned

    def _turn(self) -> Values:
        volume, stored = self._volume, self._stored
        try:
            turned = unpack(self._options, "turned-1", volume.data_bytes, lambda flat: volume.turn(stored, flat))
        except NoRoom:
            return self._voxels  # slower, but shown
        return volume.oriented_turned(turned)

    @property
    @override
    def cost(self) -> int:
        return held_bytes(self._stored)

    @override
    def close(self) -> None:
        self._stored, self._turned = np.zeros(0, np.uint8), None
        self._voxels = np.zeros((0, 0, 0, 0), np.uint8)


def windows(
    voxels: Values, volume: Volume, told: tuple[float, float] | None
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Window and limits from about 100,000 evenly spread voxels; the file's own window goes before."""
    step = max(1, round((voxels.size / WINDOW_SAMPLES) ** (1 / 3)))
    samples = voxels[::step, ::step, ::step].astype(np.float64).ravel() * volume.slope + volume.intercept
    found, limits = sampled_window(samples)
    if told is None:
        return found, limits
    return told, (min(limits[0], told[0]), max(limits[1], told[1]))


def axes(volume: Volume, slices: int) -> tuple[Axis, ...]:
    """Of the frames of the axial plane: first the further ones, then the slices."""
    up_mm = volume.spacing_mm[2]
    return (*volume.further, Axis("z", slices, None if up_mm is None else up_mm * 1000, "um"))


def describe(volume: Volume, oriented_shape: tuple[int, ...], format_name: str) -> Description:
    """Planes, slice positions and pixel sizes. Frames count all slices of volume 1, then of volume 2, and so on."""
    planes = tuple(_plane(plane, oriented_shape, volume) for plane in AXES)
    axial, slices = planes[AXIAL], oriented_shape[2]
    up_mm = volume.spacing_mm[2]
    return Description(
        format=format_name,
        width=axial.width,
        height=axial.height,
        frames=axial.frames,
        default_frame=slices // 2,
        frame_names=frame_names(slices, up_mm, volume.further),
        channels=3 if volume.dtype.fields else 1,
        pixel_size_um=(*axial.pixel_size_um, None if up_mm is None else up_mm * 1000),
        objective_power=None,
        planes=planes,
    )


def _plane(plane: int, shape: tuple[int, ...], volume: Volume) -> PlaneDescription:
    across, up, along = AXES[plane]
    spacing = volume.spacing_mm
    voxels = (shape[across], shape[up])
    width, height = true_proportion(voxels, (spacing[across], spacing[up]))
    pixel_size = (shown_um(voxels[0], spacing[across], width), shown_um(voxels[1], spacing[up], height))
    return PlaneDescription(plane, PLANE_NAMES[plane], width, height, shape[along] * volume.volumes, pixel_size)


def true_proportion(stored: Size, spacing_mm: tuple[float | None, float | None]) -> Size:
    """The finer spacing is one pixel, the other axis is stretched; unstretched when a spacing is unknown or absurd."""
    if spacing_mm[0] is None or spacing_mm[1] is None:
        return stored
    finest, coarsest = sorted((spacing_mm[0], spacing_mm[1]))
    if coarsest / MAX_SHOWN_SIDE_PX > finest:
        return stored
    stretched = (round(stored[0] * spacing_mm[0] / finest), round(stored[1] * spacing_mm[1] / finest))
    return stretched if max(stretched) <= max(MAX_SHOWN_SIDE_PX, *stored) else stored


def shown_um(stored: int, spacing_mm: float | None, pixels: int) -> float | None:
    """Size of a shown pixel: the extent is that of what is stored."""
    return None if spacing_mm is None else stored * spacing_mm * 1000 / pixels


def frame_names(slices: int, spacing_mm: float | None, further: tuple[Axis, ...]) -> tuple[str, ...] | None:
    """Distance from the lowest slice, and time or number of the volume when there are several."""
    volumes = math.prod(axis.size for axis in further)
    if slices * volumes > MAX_NAMED_FRAMES:
        return None
    where = [f"slice {n + 1}" if spacing_mm is None else f"z={n * spacing_mm:.2f} mm" for n in range(slices)]
    if volumes == 1:
        return tuple(where)
    step_s = further[0].step if len(further) == 1 and further[0].unit == "s" else None
    when = [f"volume {n + 1}" if step_s is None else f"t={n * step_s:.2f} s" for n in range(volumes)]
    return tuple(f"{place}, {moment}" for moment in when for place in where)


def _positive(length: float) -> float | None:
    return float(length) if np.isfinite(length) and length > 0 else None
