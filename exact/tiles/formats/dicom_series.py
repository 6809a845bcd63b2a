"""DICOM: a folder with one series, or a file of one or many frames; volumes in three planes, clips by time.

Volumes (CT, MR, PET, enhanced multi-frame, RTDOSE, SEG, Siemens' mosaics) sorted by position, the header's window and
rescaling, volumes in time; clips and single pictures (US, SC, NM, palettes, RGB, YBR). Uncompressed in both byte
orders, RLE, JPEG (8 and 12 bits, lossless), JPEG-LS, JPEG 2000, HTJ2K. A folder is one even series, or refused with
the reason; other files in it are passed over. Up to 100,000 frames and 8 GiB unpacked, once. Not read: deflated
files, reports, plans, DICOMDIR, files without preamble. Tried with real files of each kind but PET, HTJ2K and
lossless JPEG, which the tests make.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from exact.tiles.dicom import (
    Dataset,
    DicomFile,
    any_dicom,
    files_of,
    number,
    numbers,
    properties,
    read,
    reading,
    scanner,
    text,
)
from exact.tiles.dicom_head import WHOLE_SLIDE, class_of
from exact.tiles.dicom_mosaic import Mosaic, mosaic_of
from exact.tiles.dicom_pixels import Frames, PixelFormat, Values, pixel_format
from exact.tiles.dicom_places import Place, Stack, places, stacked
from exact.tiles.errors import TooManyPixels, UnsupportedContent
from exact.tiles.frame_stack import FrameStack, StackOfFrames
from exact.tiles.source import Axis, Format, OpenOptions, TileSource
from exact.tiles.unpacked import Flat, unpack
from exact.tiles.volumes import COLOUR, Told, Volume, VolumeSlices

WITHOUT_PICTURE = (
    "The DICOM files hold no picture: {found}. Upload the images that they are about."  # reports, plans, states
)
MAX_FRAMES = 100_000
US_CM = 3
"""Unit of an ultrasound region's pixels: centimetres."""


@dataclass(frozen=True)
class Series:
    """Files of one series and how their pixels are stored, alike in all of them."""

    files: list[DicomFile]
    pixels: list[PixelFormat]
    places: list[Place]

    @property
    def dataset(self) -> Dataset:
        """Of the first file: stands for all."""
        return self.files[0].dataset

    @property
    def one_scale(self) -> bool:
        """Whether slope and intercept are the same everywhere; else numbers are kept as they are meant."""
        return len({(place.slope, place.intercept) for place in self.places}) == 1

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of kept voxels."""
        first = self.pixels[0]
        if first.coloured:
            return COLOUR
        if not self.one_scale:
            return np.dtype("<f4")
        return np.dtype("u1") if first.allocated == 1 else first.dtype.newbyteorder("<")

    @property
    def scale(self) -> tuple[float, float]:
        """Slope and intercept of kept voxels."""
        first = self.places[0]
        return (first.slope, first.intercept) if self.one_scale and not self.pixels[0].coloured else (1.0, 0.0)

    @property
    def inverted(self) -> bool:
        """Whether small values are bright."""
        return self.pixels[0].photometric == "MONOCHROME1"

    def told(self) -> Told:
        """What the header says besides; the window of the middle slice."""
        middle = self.places[len(self.places) // 2]
        source = None if middle.spacing_mm is None else "dicom.PixelSpacing"
        window = None if self.pixels[0].coloured else middle.window
        return Told("dicom", source, scanner(self.dataset), window, properties(self.dataset))


def recognises(path: Path, head: bytes) -> bool:
    """DICOM of any kind but slides; a folder when something in it is."""
    found = class_of(head) if head else any_dicom(path) if path.is_dir() else None
    return found is not None and found != WHOLE_SLIDE


def open_series(path: Path, options: OpenOptions) -> TileSource:
    """Decodes all frames once, into the cache of unpacked pixels, in the order of the volume."""
    series = series_of([read(file) for file in files_of(path)])
    mosaic = mosaic_of(series.dataset) if series.dataset.get("NumberOfFrames") is None else None
    if mosaic is not None:
        return _open_mosaic(series, mosaic, options)
    stack = stacked(series.places)
    return _open_clip(series, options) if stack is None else _open_volume(series, stack, options)


def series_of(files: list[DicomFile]) -> Series:
    """Those with pixels; refused unless they are of one series and alike."""
    with_pixels = [file for file in files if file.pixels is not None and file.dataset.get("Rows")]
    if not with_pixels:
        kinds = sorted({text(file.dataset, "Modality") or "unknown" for file in files}) or ["nothing that is DICOM"]
        raise UnsupportedContent(WITHOUT_PICTURE.format(found=", ".join(kinds)))
    _check_one_series(with_pixels)
    pixels = [pixel_format(file) for file in with_pixels]
    _check_alike(pixels)
    count = sum(stored.frames for stored in pixels)
    if count > MAX_FRAMES:
        raise TooManyPixels(f"The series has {count:,} frames; at most {MAX_FRAMES:,} are taken.")
    with reading():
        found = [
            place
            for number_of_file, (file, stored) in enumerate(zip(with_pixels, pixels, strict=True))
            for place in places(number_of_file, file, stored.frames)
        ]
    return Series(with_pixels, pixels, found)


def _check_one_series(files: Sequence[DicomFile]) -> None:
    counts = Counter(str(file.dataset.get("SeriesInstanceUID")) for file in files)
    if len(counts) > 1:
        sizes = ", ".join(str(count) for count in sorted(counts.values(), reverse=True)[:10])
        raise UnsupportedContent(
            f"The folder holds {len(counts)} DICOM series ({sizes} files): upload each series as an image of its own."
        )


def _check_alike(pixels: Sequence[PixelFormat]) -> None:
    sizes = sorted({(stored.columns, stored.rows) for stored in pixels})
    if len(sizes) > 1:
        (width, height), (other_width, other_height) = sizes[:2]
        raise UnsupportedContent(
            f"The pictures of the series differ in size ({width} x {height}, {other_width} x {other_height}, ...): "
            "they make no volume."
        )
    if len({(stored.dtype, stored.coloured, stored.photometric == "MONOCHROME1") for stored in pixels}) > 1:
        raise UnsupportedContent("The pictures of the series differ in their kind of pixels: they make no volume.")


def _open_volume(series: Series, stack: Stack, options: OpenOptions) -> TileSource:
    first, volumes = series.pixels[0], len(stack.frames)
    shape = (first.columns, first.rows, len(stack.frames[0]))
    further = (_further(series.dataset, volumes),) if volumes > 1 else ()
    volume = Volume(shape, series.dtype, stack.affine_mm, further, *series.scale, series.inverted)
    volume.spacing_mm  # noqa: B018 - raises for directions that make no sense
    order = [place for slices in stack.frames for place in slices]
    return VolumeSlices(volume, _unpacked(series, order, options), series.told(), options)


def _further(dataset: Dataset, volumes: int) -> Axis:
    """Segments of a mask; time where its step is told in milliseconds; else numbered."""
    if dataset.get("SegmentSequence"):
        return Axis("segment", volumes)
    step_ms = number(dataset, "TemporalResolution")
    return Axis("volume", volumes) if not step_ms else Axis("t", volumes, step_ms / 1000, "s")


def _open_clip(series: Series, options: OpenOptions) -> TileSource:
    """Frames without different places, in the order of the scanner."""
    order = sorted(series.places, key=lambda place: place.moment)
    first = series.pixels[0]
    stored = StackOfFrames(
        size=(first.columns, first.rows),
        dtype=series.dtype,
        frames=len(order),
        spacing_mm=_flat_spacing(series),
        times_s=_times_s(series, len(order)),
        slope=series.scale[0],
        intercept=series.scale[1],
        inverted=series.inverted,
    )
    return FrameStack(stored, _unpacked(series, order, options), series.told())


def _flat_spacing(series: Series) -> tuple[float, float] | None:
    """Across and down: of the pixels, or of the only region of an ultrasound picture."""
    spacing = series.places[0].spacing_mm
    if spacing is not None:
        return spacing[1], spacing[0]
    regions = list(series.dataset.get("SequenceOfUltrasoundRegions") or [])
    if len(regions) != 1 or {regions[0].get(f"PhysicalUnits{axis}Direction") for axis in "XY"} != {US_CM}:
        return None
    across, down = (number(regions[0], f"PhysicalDelta{axis}") or 0.0 for axis in "XY")
    return (abs(across) * 10, abs(down) * 10) if across and down else None


def _times_s(series: Series, frames: int) -> tuple[float, ...] | None:
    """When each frame of a clip was taken, from its beginning."""
    dataset = series.dataset
    steps_ms = numbers(dataset, "FrameTimeVector", frames)
    if steps_ms is not None and frames > 1:
        return tuple(float(ms) / 1000 for ms in np.cumsum([0.0, *steps_ms[1:]]))
    step_ms = number(dataset, "FrameTime") or 0.0
    rate = number(dataset, "CineRate") or number(dataset, "RecommendedDisplayFrameRate") or 0.0
    step_s = step_ms / 1000 or (1 / rate if rate > 0 else 0.0)
    return tuple(n * step_s for n in range(frames)) if math.isfinite(step_s) and step_s > 0 else None


def _open_mosaic(series: Series, mosaic: Mosaic, options: OpenOptions) -> TileSource:
    """Each file is a volume whose slices lie side by side in one picture."""
    order = sorted(series.places, key=lambda place: place.moment)
    first = series.pixels[0]
    shape = mosaic.shape(first.columns, first.rows)
    further = (_further(series.dataset, len(order)),) if len(order) > 1 else ()
    volume = Volume(shape, series.dtype, mosaic.affine_mm(order[0], first), further, *series.scale, series.inverted)
    volume.spacing_mm  # noqa: B018 - raises for directions that make no sense
    return VolumeSlices(volume, _unpacked(series, order, options, mosaic), series.told(), options)


def _unpacked(series: Series, order: Sequence[Place], options: OpenOptions, mosaic: Mosaic | None = None) -> Flat:
    """All frames, decoded once."""
    first = series.pixels[0]
    used = (first.columns, first.rows) if mosaic is None else mosaic.used_size(first.columns, first.rows)
    frame_bytes = used[0] * used[1] * series.dtype.itemsize
    needed = frame_bytes * len(order)
    if needed > options.volume_max_bytes:
        sentence = f"The series has {needed:,} bytes unpacked; at most {options.volume_max_bytes:,} are taken."
        raise TooManyPixels(sentence)
    frames = [Frames(file, stored) for file, stored in zip(series.files, series.pixels, strict=True)]

    def fill(flat: Flat) -> None:
        for at, place in enumerate(order):
            values = frames[place.file].values(place.frame)
            kept = _kept(values if mosaic is None else mosaic.slices(values), place, series)
            flat[at * frame_bytes : (at + 1) * frame_bytes] = np.frombuffer(kept.tobytes(), np.uint8)

    return unpack(options, "dicom-1", needed, fill)


def _kept(values: Values, place: Place, series: Series) -> Values:
    """In the type of kept voxels."""
    if series.pixels[0].coloured:
        if values.ndim == 2:
            values = np.repeat(values[:, :, np.newaxis], 3, axis=2)
        return np.ascontiguousarray(values, np.uint8)
    if not series.one_scale:
        values = values * place.slope + place.intercept
    return values.astype(series.dtype, copy=False)


FORMAT = Format("DICOM series", recognises, open_series)
