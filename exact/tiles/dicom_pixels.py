"""Frames of DICOM files to numbers: the stream is checked before it is decoded, and the result after it."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from exact.tiles.codestreams import encoded_size
from exact.tiles.dicom import DicomFile, Fragment, reading, stored_frames
from exact.tiles.errors import DamagedFile, TooManyPixels, UnsupportedContent

Values = NDArray[Any]  # Any: the file decides
Decode = Callable[[bytes, "PixelFormat"], Values]

GREY = ("MONOCHROME1", "MONOCHROME2")
PALETTE = "PALETTE COLOR"
MAX_SIDE_PX = 65535
MAX_FRAMES = 2**24
BEST_RLE_RATIO = 64


@dataclass(frozen=True)
class PixelFormat:
    """How the header says that pixels are stored, checked."""

    rows: int
    columns: int
    samples: int
    planar: bool
    allocated: int
    stored: int
    signed: bool
    photometric: str
    frames: int
    number_type: str = "integers"
    big_endian: bool = False

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of one stored sample."""
        if self.number_type != "integers":
            kind = self.number_type
        else:
            kind = ("i" if self.signed else "u") + str(max(1, self.allocated // 8))
        return np.dtype((">" if self.big_endian else "<") + kind)

    @property
    def coloured(self) -> bool:
        """Whether it is shown in colours, palettes too."""
        return self.photometric not in GREY

    @property
    def frame_bits(self) -> int:
        """One frame as it lies in the file when it is not compressed."""
        return self.rows * self.columns * self.samples * self.allocated

    @property
    def shape(self) -> tuple[int, ...]:
        """Of a decoded frame."""
        return (self.rows, self.columns) if self.samples == 1 else (self.rows, self.columns, self.samples)


def pixel_format(file: DicomFile) -> PixelFormat:
    """From the header; refused with a sentence when this is nothing that can be shown."""
    dataset = file.dataset
    with reading():
        found = PixelFormat(
            rows=int(dataset.get("Rows") or 0),
            columns=int(dataset.get("Columns") or 0),
            samples=int(dataset.get("SamplesPerPixel") or 1),
            planar=int(dataset.get("PlanarConfiguration") or 0) == 1,
            allocated=int(dataset.get("BitsAllocated") or 0),
            stored=int(dataset.get("BitsStored") or 0),
            signed=int(dataset.get("PixelRepresentation") or 0) == 1,
            photometric=str(dataset.get("PhotometricInterpretation") or "MONOCHROME2"),
            frames=int(dataset.get("NumberOfFrames") or 1),
            number_type=file.number_type,
            big_endian=file.big_endian,
        )
    if found.frames > MAX_FRAMES:
        raise TooManyPixels(f"The DICOM file has {found.frames:,} frames; at most {MAX_FRAMES:,} are taken.")
    if not (0 < found.rows <= MAX_SIDE_PX and 0 < found.columns <= MAX_SIDE_PX and found.frames > 0):
        raise DamagedFile("The DICOM file is damaged: its picture would have no size.")
    if found.samples not in (1, 3) or found.allocated not in (1, 8, 16, 32, 64):
        raise UnsupportedContent(f"DICOM pixels of {found.samples} times {found.allocated} bits are not read.")
    if found.samples == 3 and found.allocated not in (8, 16):
        raise UnsupportedContent(f"DICOM colours of {found.allocated} bits are not read.")
    return found


class Frames:
    """The frames of one file, read one by one."""

    def __init__(self, file: DicomFile, pixels: PixelFormat) -> None:
        if file.pixels is None:
            raise UnsupportedContent("The DICOM file holds no pixels.")
        self._file = file
        self._where = file.pixels
        self._pixels = pixels
        if not file.compressed and pixels.frame_bits * pixels.frames > 8 * file.pixels.length:
            raise DamagedFile("The DICOM file is cut off: it holds fewer pixels than its header says. Upload it again.")
        if file.compressed:
            self._check_first()

    @cached_property
    def _streams(self) -> list[list[Fragment]]:
        return stored_frames(self._file, self._pixels.frames)

    def _check_first(self) -> None:
        """Before room is made for all of them."""
        if self._file.syntax not in DECODERS:
            raise UnsupportedContent(f"DICOM pixels in the transfer syntax {self._file.syntax} are not read.")
        self.stream(0)

    def stream(self, frame: int) -> bytes:
        """A compressed frame as it lies in the file, after its size was checked."""
        with self._file.path.open("rb") as opened:
            parts = [os.pread(opened.fileno(), part.length, part.offset) for part in self._streams[frame]]
        stream = b"".join(parts)
        self._check_size(stream)
        return stream

    def _check_size(self, stream: bytes) -> None:
        pixels = self._pixels
        if self._file.syntax == RLE:
            sound = len(stream) * BEST_RLE_RATIO * 8 >= pixels.frame_bits
        else:
            sound = encoded_size(stream) == (pixels.columns, pixels.rows)
        if not sound:
            raise DamagedFile("The DICOM file is damaged: a frame has another size than its header says.")

    def values(self, frame: int) -> Values:
        """(rows, columns) of numbers, or (rows, columns, 3) of red, green, blue in 8 bits."""
        with reading():
            values = self._decoded(frame) if self._file.compressed else self._native(frame)
            if values.shape != self._pixels.shape:
                raise DamagedFile("The DICOM file is damaged: a frame has another size than its header says.")
            return self._as_shown(values)

    def _decoded(self, frame: int) -> Values:
        return self._used_bits(np.asarray(DECODERS[self._file.syntax](self.stream(frame), self._pixels)))

    def _native(self, frame: int) -> Values:
        pixels = self._pixels
        first_bit = frame * pixels.frame_bits
        start, end = first_bit // 8, -(-(first_bit + pixels.frame_bits) // 8)
        with self._file.path.open("rb") as opened:
            raw = os.pread(opened.fileno(), end - start, self._where.offset + start)
        if len(raw) != end - start:
            raise DamagedFile("The DICOM file is cut off. Upload it again.")
        if pixels.allocated == 1:
            bits = np.unpackbits(np.frombuffer(raw, np.uint8), bitorder="little")[first_bit % 8 :]
            return bits[: pixels.frame_bits].reshape(pixels.shape)
        flat = np.frombuffer(raw, pixels.dtype)
        if pixels.samples == 3 and pixels.planar:
            return np.moveaxis(flat.reshape(3, pixels.rows, pixels.columns), 0, 2)
        return self._used_bits(flat.reshape(pixels.shape))

    def _used_bits(self, values: Values) -> Values:
        """Without what stands above the stored bits: overlays of old scanners lie there."""
        pixels, unused = self._pixels, self._pixels.allocated - self._pixels.stored
        if pixels.number_type != "integers" or not 0 < unused < pixels.allocated or pixels.samples != 1:
            return values
        if values.dtype.itemsize * 8 != pixels.allocated:  # a codec chose a type that fits
            return values.astype(pixels.dtype.newbyteorder("="))
        native = values.astype(values.dtype.newbyteorder("="))
        return np.asarray((native.view(pixels.dtype.newbyteorder("=")) << unused) >> unused)

    def _as_shown(self, values: Values) -> Values:
        """Colours to 8-bit red, green, blue; grey as it is."""
        pixels = self._pixels
        if pixels.photometric == PALETTE:
            from pydicom.pixels import apply_color_lut

            values = apply_color_lut(values, self._file.dataset)
        elif pixels.samples == 3 and pixels.photometric.startswith("YBR") and not self._made_rgb_by_its_codec():
            if pixels.photometric != "YBR_FULL" or pixels.allocated != 8:
                raise UnsupportedContent(f"DICOM colours of the kind {pixels.photometric} are not read uncompressed.")
            values = np.asarray(Image.fromarray(np.ascontiguousarray(values), "YCbCr").convert("RGB"))
        if values.ndim == 3 and values.dtype.itemsize > 1:
            high = 16 if pixels.photometric == PALETTE else pixels.stored
            values = (values >> max(0, high - 8)).astype(np.uint8)
        return values

    def _made_rgb_by_its_codec(self) -> bool:
        if self._file.syntax in JPEG_2000:
            return self._pixels.photometric in ("YBR_RCT", "YBR_ICT")
        return self._file.syntax in LOSSY_JPEG


def _jpeg(stream: bytes, pixels: PixelFormat) -> Values:
    """What the file says of colours counts, not what decoders guess."""
    if pixels.samples == 1:
        return imagecodecs.jpeg_decode(stream)
    stored = "RGB" if pixels.photometric == "RGB" else "YCBCR"
    return imagecodecs.jpeg_decode(stream, colorspace=stored, outcolorspace="RGB")


def _lossless_jpeg(stream: bytes, pixels: PixelFormat) -> Values:  # noqa: ARG001 - decoders are called alike
    return imagecodecs.jpegsof3_decode(stream)


def _jpeg_ls(stream: bytes, pixels: PixelFormat) -> Values:  # noqa: ARG001
    return imagecodecs.jpegls_decode(stream)


def _jpeg_2000(stream: bytes, pixels: PixelFormat) -> Values:  # noqa: ARG001
    return imagecodecs.jpeg2k_decode(stream)


def _high_throughput(stream: bytes, pixels: PixelFormat) -> Values:  # noqa: ARG001
    return imagecodecs.htj2k_decode(stream)


def _run_lengths(stream: bytes, pixels: PixelFormat) -> Values:
    """One plane for each sample, whatever the header says of planes."""
    decoded = np.frombuffer(imagecodecs.dicomrle_decode(stream, pixels.dtype.newbyteorder("<")), pixels.dtype)
    planes = decoded[: pixels.samples * pixels.rows * pixels.columns]
    planes = planes.reshape(pixels.samples, pixels.rows, pixels.columns)
    return planes[0] if pixels.samples == 1 else np.moveaxis(planes, 0, 2)


PREFIX = "1.2.840.10008.1.2."
RLE = PREFIX + "5"
LOSSY_JPEG = (PREFIX + "4.50", PREFIX + "4.51")
JPEG_2000 = tuple(PREFIX + f"4.{number}" for number in (90, 91, 92, 93, 201, 202, 203))
DECODERS: dict[str, Decode] = {
    RLE: _run_lengths,
    **dict.fromkeys(LOSSY_JPEG, _jpeg),
    **dict.fromkeys((PREFIX + "4.57", PREFIX + "4.70"), _lossless_jpeg),
    **dict.fromkeys((PREFIX + "4.80", PREFIX + "4.81"), _jpeg_ls),
    **dict.fromkeys(JPEG_2000[:4], _jpeg_2000),
    **dict.fromkeys(JPEG_2000[4:], _high_throughput),
}
"""By transfer syntax; all of imagecodecs, which is here for TIFF anyway."""
