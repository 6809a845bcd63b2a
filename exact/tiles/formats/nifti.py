"""NIfTI volumes (.nii, .nii.gz; 1 and 2): three planes in radiological convention, true proportion, windowed.

Numbers of 8 to 64 bits, both byte orders, RGB(A); oblique and sheared volumes along their own axes; 3 to 7
dimensions, those beyond three as frames named by time where the header says seconds. Tried with 13 real files, plain
and packed. Packed files are unpacked once, up to 8 GiB and never further than the header promises. Not read: complex
numbers, .hdr with .img.
"""

import math
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np
from isal import igzip, igzip_lib
from numpy.typing import NDArray

from exact.tiles.errors import DamagedFile, TooManyPixels, UnsupportedContent
from exact.tiles.source import Axis, Format, OpenOptions, TileSource
from exact.tiles.unpacked import Flat, unpack
from exact.tiles.volumes import Told, Volume, VolumeSlices

GZIP_MAGIC = b"\x1f\x8b"
HEADER_BYTES = 544
NO_EXTENSIONS = bytes(4)
BEST_DEFLATE_RATIO = 1032
"""Deflate cannot pack more bytes than this into one."""
CHUNK_BYTES = 2**20
MAX_TRAILING_BYTES = 16 * 2**20
MM_PER_UNIT = {"meter": 1000.0, "mm": 1.0, "micron": 0.001, "unknown": 1.0}
"""A file that names no unit means millimetres: so do all tools of the field."""
S_PER_UNIT = {"sec": 1.0, "msec": 1e-3, "usec": 1e-6}
FURTHER_NAMES = ("t", "component", "axis 6", "axis 7")
"""Of dimensions 4 to 7."""
GZIP_ERRORS = (OSError, EOFError, zlib.error, cast(type[Exception], igzip_lib.IsalError))


@dataclass(frozen=True)
class Header:
    """What the header says, checked."""

    volume: Volume
    offset: int
    """Where the voxels start, in bytes."""
    told: Told

    @property
    def needed_bytes(self) -> int:
        """How long the unpacked file has to be."""
        return self.offset + self.volume.data_bytes

    def slices(self, flat: Flat, options: OpenOptions) -> TileSource:
        """Of the bytes of the whole unpacked file."""
        return VolumeSlices(self.volume, flat[self.offset : self.needed_bytes], self.told, options)


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
        with igzip.open(path) if packed else path.open("rb") as file:
            header = parse(file.read(HEADER_BYTES))
    except GZIP_ERRORS as error:
        raise _cut_off() from error
    size = path.stat().st_size
    _check_size(header.needed_bytes, size * BEST_DEFLATE_RATIO if packed else size, options.volume_max_bytes)
    if not packed:
        return header.slices(np.memmap(path, np.uint8, "r"), options)
    flat = unpack(options, "nifti-1", header.needed_bytes, lambda flat: _gunzip(path, flat))
    return header.slices(flat, options)


def _check_size(needed: int, at_most: int, volume_max_bytes: int) -> None:
    if needed > at_most:
        raise _cut_off()
    if needed > volume_max_bytes:
        raise TooManyPixels(f"The volume has {needed:,} bytes unpacked; at most {volume_max_bytes:,} are taken.")


def _gunzip(path: Path, flat: Flat) -> None:
    """Fills exactly the promised bytes and reads to the end, so that the checksum is checked."""
    try:
        with igzip.open(path) as file:
            view, at = flat.data, 0
            while at < len(view):
                count = file.readinto(view[at : at + CHUNK_BYTES])
                if not count:
                    raise _cut_off()
                at += count
            _read_trailing(cast(BinaryIO, file))
    except GZIP_ERRORS as error:
        raise _cut_off() from error


def _read_trailing(file: BinaryIO) -> None:
    trailing = 0
    while chunk := file.read(CHUNK_BYTES):
        trailing += len(chunk)
        if trailing > MAX_TRAILING_BYTES:
            raise DamagedFile("The volume holds far more data than its header says: it is damaged.")


def _cut_off() -> DamagedFile:
    return DamagedFile("The volume is cut off or damaged: it holds fewer voxels than its header says. Upload it again.")


def parse(raw: bytes) -> Header:
    """The header through nibabel, then checked: nothing in it is believed."""
    from nibabel.nifti1 import Nifti1Header
    from nibabel.nifti2 import Nifti2Header

    kind = Nifti2Header if raw[4:7] in (b"n+2", b"ni2") else Nifti1Header
    if raw[4:7] == b"ni2" or raw[344:347] == b"ni1":
        raise UnsupportedContent("This is the header of a two-file NIfTI (.hdr and .img): save it as one .nii file.")
    try:
        header = kind.from_fileobj(BytesIO(raw[: kind.sizeof_hdr] + NO_EXTENSIONS), check=False)
        volume = _volume(header)
        offset = int(header["vox_offset"])
        told = Told("nifti", f"nifti.{_position_source(header)}", properties=_properties(header))
        volume.spacing_mm  # noqa: B018 - raises for an affine without directions
    except (ValueError, KeyError, TypeError, ArithmeticError, struct.error, _header_error()) as error:
        raise DamagedFile(f"The header of the volume makes no sense: {error}.") from error
    if offset < kind.sizeof_hdr:
        raise DamagedFile("The header of the volume makes no sense: its voxels would lie inside the header.")
    return Header(volume, offset, told)


def _header_error() -> type[Exception]:
    from nibabel.spatialimages import HeaderDataError

    return cast(type[Exception], HeaderDataError)


def _volume(header: Any) -> Volume:  # Any: nibabel is untyped
    sizes, steps = _sizes(header), header["pixdim"][4:8]
    space, time = header.get_xyzt_units()
    further = [
        _further(name, size, step, time) for name, size, step in zip(FURTHER_NAMES, sizes[3:], steps, strict=False)
    ]
    affine = np.asarray(header.get_best_affine(), np.float64).copy()
    affine[:3] *= MM_PER_UNIT.get(space, 1.0)
    slope, intercept = _scale(header)
    return Volume((sizes[0], sizes[1], sizes[2]), _dtype(header), affine, tuple(further[::-1]), slope, intercept)


def _sizes(header: Mapping[str, Any]) -> list[int]:
    """Of three axes at least; those of size 1 at the end are left out."""
    count = int(header["dim"][0])
    if not 1 <= count <= 7:
        raise ValueError(f"{count} dimensions")
    sizes = [int(size) for size in header["dim"][1 : count + 1]]
    if min(sizes) < 1:
        raise ValueError("a dimension is not positive")
    sizes += [1] * (3 - count)
    while len(sizes) > 3 and sizes[-1] == 1:
        sizes.pop()
    return sizes


def _further(name: str, size: int, step: float, unit: str) -> Axis:
    """Time where the header says so in seconds; otherwise only that there are several volumes."""
    if name != "t":
        return Axis(name, size)
    step_s = float(step) * S_PER_UNIT.get(unit, 0.0)
    return Axis("t", size, step_s, "s") if math.isfinite(step_s) and step_s > 0 else Axis("volume", size)


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


def _position_source(header: Mapping[str, Any]) -> str:
    """Which of the three ways to say where voxels lie is used, in nibabel's order."""
    if int(header["sform_code"]) > 0:
        return "sform"
    return "qform" if int(header["qform_code"]) > 0 else "pixdim"


def _properties(header: Mapping[str, Any]) -> dict[str, str]:
    """Every field, in the words of the format."""
    return {f"nifti.{name}": _text(header[name]) for name in header.keys()}  # noqa: SIM118 - no mapping of Python's


def _text(value: NDArray[Any]) -> str:
    if value.dtype.kind == "S":
        return bytes(value.tobytes()).rstrip(b"\0").decode("latin-1")
    return " ".join(map(str, np.atleast_1d(value).tolist()))


def open_here(path: Path, head: bytes, options: OpenOptions) -> TileSource | None:
    """A plain file is mapped as it lies."""
    if head.startswith(GZIP_MAGIC) or not recognises(path, head):
        return None
    return open_volume(path, options)


FORMAT = Format("volume", recognises, open_volume, open_here)
