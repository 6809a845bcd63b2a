"""NIfTI volumes (.nii, .nii.gz): three planes in radiological convention, in true proportion, windowed to 8 bit."""

import gzip
import struct
import threading
import zlib
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from exact.tiles.errors import DamagedFile, NoSuchTile, TooManyPixels, UnsupportedContent
from exact.tiles.source import (
    AXIAL,
    CORONAL,
    PLANE_NAMES,
    SAGITTAL,
    Description,
    Format,
    OpenOptions,
    Pixels,
    PlaneDescription,
    Size,
    TileSource,
    cut,
    resized,
)
from exact.tiles.unpacked import Flat, held_bytes, unpack

GZIP_MAGIC = b"\x1f\x8b"
HEADER_BYTES = 544
NO_EXTENSIONS = bytes(4)
BEST_DEFLATE_RATIO = 1032
"""Deflate cannot pack more bytes than this into one."""
CHUNK_BYTES = 2**20
MAX_TRAILING_BYTES = 16 * 2**20
WINDOW_PERCENTILES = (1, 99)
WINDOW_SAMPLES = 100_000
SLICE_CACHE_BYTES = 16 * 2**20
MAX_SHOWN_SIDE_PX = 16384
LARGEST_MM = 1e12
MM_PER_UNIT = {"meter": 1000.0, "mm": 1.0, "micron": 0.001, "unknown": 1.0}
"""A file that names no unit means millimetres: so do all tools of the field."""

AXES = {AXIAL: (0, 1, 2), CORONAL: (0, 2, 1), SAGITTAL: (1, 2, 0)}
"""Plane: axes from left to right, from bottom to top, and along the slices; 0 right, 1 anterior, 2 up."""
MIRRORED = {AXIAL: True, CORONAL: True, SAGITTAL: False}
"""Radiological convention: the patient's right is on the left; sagittal slices have posterior on the left."""

Voxels = NDArray[Any]  # Any: the file decides
Spacing = tuple[float | None, float | None, float | None]


@dataclass(frozen=True)
class Volume:
    """What the header says, checked."""

    shape: tuple[int, int, int]
    """As stored."""
    volumes: int
    """Product of all further dimensions (time, direction, ...)."""
    dtype: np.dtype[Any]
    offset: int
    """Where the voxels start, in bytes."""
    slope: float
    intercept: float
    orientation: NDArray[np.float64]
    """nibabel's: for each stored axis the RAS+ axis and the direction."""
    spacing_mm: Spacing
    """Along the stored axes; None is unknown."""

    @property
    def data_bytes(self) -> int:
        """All voxels."""
        nx, ny, nz = self.shape
        return nx * ny * nz * self.volumes * self.dtype.itemsize

    def oriented(self, flat: Flat) -> Voxels:
        """A view of the bytes as (right, anterior, up, volume[, rgb]); copies nothing."""
        stored = flat[self.offset : self.offset + self.data_bytes].view(self.dtype)
        voxels: Voxels = stored.reshape((*self.shape, self.volumes), order="F")
        for axis, direction in enumerate(self.orientation[:, 1]):
            voxels = np.flip(voxels, axis) if direction < 0 else voxels
        order = np.argsort(self.orientation[:, 0])
        return voxels.transpose(*order, 3)

    @cached_property
    def oriented_spacing_mm(self) -> Spacing:
        """Along right, anterior, up."""
        first, second, third = (self.spacing_mm[axis] for axis in np.argsort(self.orientation[:, 0]))
        return first, second, third


class NiftiVolume(TileSource):
    """A volume whose slices are cut from a memory map; the last shown slices are kept rendered."""

    def __init__(self, volume: Volume, flat: Flat) -> None:
        self._volume = volume
        self._flat = flat
        self._voxels = volume.oriented(flat)
        self._window = window(self._voxels, volume)
        self._description = describe(volume, self._voxels.shape)
        self._slices: OrderedDict[tuple[int, int], Pixels] = OrderedDict()
        self._lock = threading.Lock()

    @property
    @override
    def description(self) -> Description:
        return self._description

    @property
    @override
    def level_dimensions(self) -> tuple[Size, ...]:
        return ((self._description.width, self._description.height),)

    @override
    def read_region(self, location: tuple[int, int], level: int, size: Size, frame: int = 0, plane: int = 0) -> Pixels:
        self._check_frame(frame, plane)
        if level:
            raise NoSuchTile("Volumes have one level.")
        return cut(self._slice(plane, frame), location[0], location[1], size, background=0)

    def _slice(self, plane: int, frame: int) -> Pixels:
        """The whole slice as it is shown."""
        with self._lock:
            if (plane, frame) in self._slices:
                self._slices.move_to_end((plane, frame))
                return self._slices[plane, frame]
        pixels = self._render(plane, frame)
        with self._lock:
            self._slices[plane, frame] = pixels
            while len(self._slices) > 1 and sum(kept.nbytes for kept in self._slices.values()) > SLICE_CACHE_BYTES:
                self._slices.popitem(last=False)
        return pixels

    def _render(self, plane: int, frame: int) -> Pixels:
        along = AXES[plane][2]
        volume, index = divmod(frame, self._voxels.shape[along])
        upright = np.take(self._voxels[:, :, :, volume], index, axis=along).T[
            ::-1
        ]  # rows go up in AXES, down on screen
        values = upright[:, ::-1] if MIRRORED[plane] else upright
        return resized(self._window.to_8_bit(values), self.dimensions_for_plane(plane))

    @property
    @override
    def cost(self) -> int:
        return held_bytes(self._flat) + SLICE_CACHE_BYTES

    @override
    def close(self) -> None:
        with self._lock:
            self._slices.clear()
            self._voxels = np.zeros((0, 0, 0, 0), np.uint8)
            self._flat = np.zeros(0, np.uint8)


@dataclass(frozen=True)
class Window:
    """Linear from values to 8 bit, the same for all slices."""

    slope: float
    intercept: float
    low: float
    high: float

    def to_8_bit(self, values: Voxels) -> Pixels:
        """(height, width, 1), or 3 for colour voxels, which are shown as they are."""
        if values.dtype.fields:
            return np.stack([values[name] for name in ("R", "G", "B")], axis=2)
        factor = 255.0 / (self.high - self.low) if self.high > self.low else 0.0
        with np.errstate(over="ignore", invalid="ignore"):  # absurd slopes make infinities, which are shown as such
            scaled = values * np.float32(self.slope) + np.float32(self.intercept)
        finite = np.nan_to_num(scaled, nan=self.low, posinf=self.high, neginf=self.low)
        shades = (np.clip(finite, self.low, self.high) - self.low) * factor + 0.5
        return np.asarray(shades.astype(np.uint8)[:, :, np.newaxis])


def window(voxels: Voxels, volume: Volume) -> Window:
    """From percentiles of about 100,000 evenly spread voxels, those at the minimum (the air around) left out."""
    if voxels.dtype.fields:
        return Window(1.0, 0.0, 0.0, 255.0)
    step = max(1, round((voxels.size / WINDOW_SAMPLES) ** (1 / 3)))
    samples = voxels[::step, ::step, ::step].astype(np.float64).ravel() * volume.slope + volume.intercept
    samples = samples[np.isfinite(samples)]
    above = samples[samples > samples.min()] if samples.size else samples
    low, high = np.percentile(above, WINDOW_PERCENTILES) if above.size else (0.0, 1.0)
    return Window(volume.slope, volume.intercept, float(low), float(high))


def describe(volume: Volume, oriented_shape: tuple[int, ...]) -> Description:
    """Planes, slice positions and pixel sizes. Frames count all slices of volume 1, then of volume 2, and so on."""
    planes = tuple(_plane(plane, oriented_shape, volume) for plane in AXES)
    axial, slices = planes[AXIAL], oriented_shape[2]
    up_mm = volume.oriented_spacing_mm[2]
    return Description(
        format="nifti",
        width=axial.width,
        height=axial.height,
        frames=axial.frames,
        default_frame=slices // 2,
        frame_names=frame_names(slices, volume.volumes, up_mm),
        channels=3 if volume.dtype.fields else 1,
        pixel_size_um=(*axial.pixel_size_um, None if up_mm is None else up_mm * 1000),
        objective_power=None,
        planes=planes,
    )


def _plane(plane: int, shape: tuple[int, ...], volume: Volume) -> PlaneDescription:
    across, up, along = AXES[plane]
    spacing = volume.oriented_spacing_mm
    voxels = (shape[across], shape[up])
    width, height = true_proportion(voxels, (spacing[across], spacing[up]))
    pixel_size = (_shown_um(voxels[0], spacing[across], width), _shown_um(voxels[1], spacing[up], height))
    return PlaneDescription(plane, PLANE_NAMES[plane], width, height, shape[along] * volume.volumes, pixel_size)


def true_proportion(voxels: Size, spacing_mm: tuple[float | None, float | None]) -> Size:
    """The finer spacing is one pixel, the other axis is stretched; unstretched when a spacing is unknown or absurd."""
    if spacing_mm[0] is None or spacing_mm[1] is None:
        return voxels
    finest = min(spacing_mm[0], spacing_mm[1])
    stretched = (round(voxels[0] * spacing_mm[0] / finest), round(voxels[1] * spacing_mm[1] / finest))
    return stretched if max(stretched) <= max(MAX_SHOWN_SIDE_PX, *voxels) else voxels


def _shown_um(voxels: int, spacing_mm: float | None, pixels: int) -> float | None:
    """Size of a shown pixel: the extent is that of the voxels."""
    return None if spacing_mm is None else voxels * spacing_mm * 1000 / pixels


def frame_names(slices: int, volumes: int, spacing_mm: float | None) -> tuple[str, ...]:
    """Distance from the lowest slice, and which volume when there are several."""
    where = [f"slice {n + 1}" if spacing_mm is None else f"z={n * spacing_mm:.2f} mm" for n in range(slices)]
    return tuple(
        name if volumes == 1 else f"{name}, volume {volume + 1}" for volume in range(volumes) for name in where
    )


def recognises(path: Path, head: bytes) -> bool:  # noqa: ARG001 - the head is enough
    """By the magic of NIfTI-1 or NIfTI-2, also inside gzip."""
    start = _gunzipped_start(head) if head.startswith(GZIP_MAGIC) else head
    return start[344:348] in (b"n+1\0", b"ni1\0") or start[4:8] in (b"n+2\0", b"ni2\0")


def _gunzipped_start(head: bytes) -> bytes:
    try:
        return zlib.decompressobj(wbits=31).decompress(head, HEADER_BYTES)
    except zlib.error:
        return b""


def open_volume(path: Path, options: OpenOptions) -> TileSource:
    """Maps a plain file as it lies; unpacks a compressed one, never further than its header promises."""
    with path.open("rb") as file:
        packed = file.read(2) == GZIP_MAGIC
    try:
        with gzip.open(path) if packed else path.open("rb") as file:
            volume = parse(file.read(HEADER_BYTES))
    except (OSError, EOFError, zlib.error) as error:
        raise _cut_off() from error
    size = path.stat().st_size
    _check_size(volume, size * BEST_DEFLATE_RATIO if packed else size, options.volume_max_bytes)
    if not packed:
        return NiftiVolume(volume, np.memmap(path, np.uint8, "r"))
    needed = volume.offset + volume.data_bytes
    return NiftiVolume(volume, unpack(options, "nifti-1", needed, lambda flat: _gunzip(path, flat)))


def _check_size(volume: Volume, at_most: int, volume_max_bytes: int) -> None:
    needed = volume.offset + volume.data_bytes
    if needed > at_most:
        raise _cut_off()
    if needed > volume_max_bytes:
        raise TooManyPixels(f"The volume has {needed:,} bytes unpacked; at most {volume_max_bytes:,} are taken.")


def _gunzip(path: Path, flat: Flat) -> None:
    """Fills exactly the promised bytes and reads to the end, so that the checksum is checked."""
    try:
        with gzip.open(path) as file:
            view, at = flat.data, 0
            while at < len(view):
                count = file.readinto(view[at : at + CHUNK_BYTES])
                if not count:
                    raise _cut_off()
                at += count
            _read_trailing(cast(BinaryIO, file))
    except (OSError, EOFError, zlib.error) as error:
        raise _cut_off() from error


def _read_trailing(file: BinaryIO) -> None:
    trailing = 0
    while chunk := file.read(CHUNK_BYTES):
        trailing += len(chunk)
        if trailing > MAX_TRAILING_BYTES:
            raise DamagedFile("The volume holds far more data than its header says: it is damaged.")


def _cut_off() -> DamagedFile:
    return DamagedFile("The volume is cut off or damaged: it holds fewer voxels than its header says. Upload it again.")


def parse(raw: bytes) -> Volume:
    """The header through nibabel, then checked: nothing in it is believed."""
    from nibabel.nifti1 import Nifti1Header
    from nibabel.nifti2 import Nifti2Header
    from nibabel.orientations import io_orientation

    kind = Nifti2Header if raw[4:7] in (b"n+2", b"ni2") else Nifti1Header
    if raw[4:7] == b"ni2" or raw[344:347] == b"ni1":
        raise UnsupportedContent("This is the header of a two-file NIfTI (.hdr and .img): save it as one .nii file.")
    try:
        header = kind.from_fileobj(BytesIO(raw[: kind.sizeof_hdr] + NO_EXTENSIONS), check=False)
        affine = _checked_affine(header)
        shape, dtype = _shape(header), _dtype(header)
        slope, intercept = _scale(header)
        offset = int(header["vox_offset"])
        orientation = _checked_orientation(io_orientation(affine))
        spacing = _spacing(affine, header)
    except (ValueError, KeyError, TypeError, ArithmeticError, struct.error, _header_error()) as error:
        raise DamagedFile(f"The header of the volume makes no sense: {error}.") from error
    if offset < kind.sizeof_hdr:
        raise DamagedFile("The header of the volume makes no sense: its voxels would lie inside the header.")
    return Volume(shape[:3], shape[3], dtype, offset, slope, intercept, orientation, spacing)


def _header_error() -> type[Exception]:
    from nibabel.spatialimages import HeaderDataError

    return cast(type[Exception], HeaderDataError)


def _shape(header: Mapping[str, Any]) -> tuple[int, int, int, int]:
    """Three axes and the product of all further ones."""
    count = int(header["dim"][0])
    if not 1 <= count <= 7:
        raise ValueError(f"{count} dimensions")
    sizes = [int(size) for size in header["dim"][1 : count + 1]] + [1, 1]
    if min(sizes) < 1:
        raise ValueError("a dimension is not positive")
    further = 1
    for size in sizes[3:]:
        further *= size
    return sizes[0], sizes[1], sizes[2], further


def _dtype(header: Any) -> np.dtype[Any]:  # Any: nibabel is untyped
    dtype: np.dtype[Any] = header.get_data_dtype()
    if dtype.kind not in "iufV" or (dtype.fields and set(dtype.fields) - {"R", "G", "B", "A"}):
        raise UnsupportedContent(f"Voxels of type {dtype} are not supported: save the volume as numbers or RGB.")
    return dtype


def _scale(header: Mapping[str, Any]) -> tuple[float, float]:
    """Slope and intercept; 0 or nonsense means that there is no scaling."""
    slope, intercept = float(header["scl_slope"]), float(header["scl_inter"])
    if not np.isfinite(slope) or slope == 0:
        return 1.0, 0.0
    return slope, intercept if np.isfinite(intercept) else 0.0


def _checked_affine(header: Any) -> NDArray[np.float64]:  # Any: nibabel is untyped
    affine = np.asarray(header.get_best_affine(), np.float64)
    if not (np.abs(affine) < LARGEST_MM).all():
        raise ValueError("the affine is not finite")
    return affine


def _checked_orientation(orientation: NDArray[np.float64]) -> NDArray[np.float64]:
    if np.isnan(orientation).any():
        raise ValueError("the affine drops an axis")
    return orientation


def _spacing(affine: NDArray[np.float64], header: Any) -> Spacing:  # Any: nibabel is untyped
    """Lengths of the affine's columns, in mm."""
    mm = MM_PER_UNIT.get(header.get_xyzt_units()[0], 1.0)
    x, y, z = np.sqrt((affine[:3, :3] ** 2).sum(axis=0)) * mm
    return _positive(x), _positive(y), _positive(z)


def _positive(length: float) -> float | None:
    return float(length) if np.isfinite(length) and length > 0 else None


def open_here(path: Path, head: bytes, options: OpenOptions) -> TileSource | None:
    """A plain file is mapped as it lies."""
    if head.startswith(GZIP_MAGIC) or not recognises(path, head):
        return None
    return open_volume(path, options)


FORMAT = Format("volume", recognises, open_volume, open_here)
