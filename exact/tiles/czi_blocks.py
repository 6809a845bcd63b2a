"""The directory of a Zeiss CZI file and its sub-blocks: read by position, nothing in it is believed."""

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np

from exact.tiles.blocks import Values, check_block
from exact.tiles.errors import DamagedFile, TileError, UnsupportedContent
from exact.tiles.framed import parsing

MAGIC = b"ZISRAWFILE"
SEGMENT = struct.Struct("<16sqq")
HEADER = struct.Struct("<iiii16s16siqqiq")
ENTRY = struct.Struct("<2siqiiB5xi")
DIMENSION = struct.Struct("<4siifi")
SUB_BLOCK = struct.Struct("<iiq")
ATTACHMENT = struct.Struct("<2s10xqi16s8s80s")
DIRECTORY_START, METADATA_START, ATTACHMENTS_START = 128, 256, 256
SUB_BLOCK_START = 256
"""Where the values begin: sizes and the entry take so much, or more when there are many dimensions."""
MAX_ENTRIES = 500_000
MAX_ATTACHMENTS = 256
MAX_DIMENSIONS = 32
MAX_XML_BYTES = 64 * 2**20
MAX_DIRECTORY_BYTES = 256 * 2**20
LARGEST = 2**31
PIXEL_TYPES = {
    0: ("<u1", 1),
    1: ("<u2", 1),
    2: ("<f4", 1),
    3: ("<u1", 3),
    4: ("<u2", 3),
    8: ("<f4", 3),
    9: ("<u1", 4),
    12: ("<i4", 1),
}
"""Number type and samples; blue comes first."""
RAW, JPEG, LZW, JPEG_XR, ZSTD, ZSTD_PACKED = 0, 1, 2, 4, 5, 6


@dataclass(frozen=True)
class Along:
    """What a sub-block covers along one dimension."""

    start: int
    size: int
    stored: int


@dataclass(frozen=True)
class SubBlock:
    """A rectangle of one plane."""

    position: int
    compression: int
    dtype: np.dtype[Any]
    samples: int
    x: Along
    y: Along
    places: dict[str, int]
    """Index along the other dimensions: S, T, Z, C, H, V, I, R, B; M is the order in a mosaic."""

    @property
    def factor(self) -> int:
        """How much smaller it is stored than it is shown: 1 for the full size."""
        along = max(self.x, self.y, key=lambda along: along.size)
        return max(1, round(along.size / along.stored))


@dataclass(frozen=True)
class Attachment:
    """A file inside of the file."""

    name: str
    kind: str
    position: int


class CziFile:
    """One open file; safe to read from several threads."""

    def __init__(self, path: Path) -> None:
        self._size = path.stat().st_size
        self._path = path
        self._descriptor = os.open(path, os.O_RDONLY)
        self._closed = False

    @cached_property
    def _header(self) -> tuple[Any, ...]:  # Any: numbers and identifiers
        with parsing("CZI file"):
            header = HEADER.unpack(self._segment(0, b"ZISRAWFILE", HEADER.size))
        if header[6] != 0:
            raise UnsupportedContent("This CZI is one part of several files: save it as one file.")
        return header

    @cached_property
    def sub_blocks(self) -> list[SubBlock]:
        """All that the directory names."""
        with parsing("CZI file"):
            directory = self._segment(self._header[7], b"ZISRAWDIRECTORY", MAX_DIRECTORY_BYTES)
            (count,) = struct.unpack_from("<i", directory)
            if not 0 < count <= MAX_ENTRIES:
                raise DamagedFile("The CZI file has no pixels, or its directory is damaged. Was it saved to the end?")
            return list(islice(_entries(directory), count))

    @property
    def metadata(self) -> str:
        """The XML that tells sizes and names; empty when there is none."""
        if not self._header[8]:
            return ""
        with parsing("CZI file"):
            segment = self._segment(self._header[8], b"ZISRAWMETADATA", MAX_XML_BYTES)
            (length,) = struct.unpack_from("<i", segment)
            return segment[METADATA_START : METADATA_START + max(0, length)].decode("utf-8", errors="replace")

    @cached_property
    def attachments(self) -> list[Attachment]:
        """Files inside of the file, such as a picture of the label."""
        if not self._header[10]:
            return []
        with parsing("CZI file"):
            segment = self._segment(
                self._header[10], b"ZISRAWATTDIR", MAX_ATTACHMENTS * ATTACHMENT.size + ATTACHMENTS_START
            )
            (count,) = struct.unpack_from("<i", segment)
            found = [
                ATTACHMENT.unpack_from(segment, ATTACHMENTS_START + n * ATTACHMENT.size)
                for n in range(min(max(0, count), MAX_ATTACHMENTS))
            ]
            return [Attachment(_text(entry[5]), _text(entry[4]), entry[1]) for entry in found]

    def attached(self, attachment: Attachment) -> bytes:
        """The content of a file inside of the file."""
        with parsing("CZI file"):
            segment = self._segment(attachment.position, b"ZISRAWATTACH", MAX_DIRECTORY_BYTES)
            (length,) = struct.unpack_from("<i", segment)
            return segment[256 : 256 + max(0, length)]

    def values(self, block: SubBlock) -> Values:
        """(height, width, samples) as it is stored, red first. Uncompressed ones are a map of the file."""
        shape = (block.y.stored, block.x.stored, block.samples)
        check_block(shape[0] * shape[1] * shape[2], block.dtype.itemsize)
        with parsing("CZI file"):
            start, length = self._pixels(block)
            needed = shape[0] * shape[1] * shape[2] * block.dtype.itemsize
            if block.compression == RAW:
                if length < needed:
                    raise _cut_off()
                values = self._map[start : start + needed].view(block.dtype).reshape(shape)
                return values[:, :, [2, 1, 0]] if block.samples > 1 else values
            return _decoded(os.pread(self._descriptor, length, start), block, shape, needed)

    @cached_property
    def _map(self) -> Values:
        return np.memmap(self._path, np.uint8, "r")

    def _pixels(self, block: SubBlock) -> tuple[int, int]:
        head = self._segment(block.position, b"ZISRAWSUBBLOCK", SUB_BLOCK.size + ENTRY.size)
        metadata, _, length = SUB_BLOCK.unpack_from(head)
        (dimensions,) = struct.unpack_from("<i", head, SUB_BLOCK.size + ENTRY.size - 4)
        entry = ENTRY.size + DIMENSION.size * max(0, min(dimensions, MAX_DIMENSIONS))
        start = block.position + SEGMENT.size + max(SUB_BLOCK_START, SUB_BLOCK.size + entry) + max(0, metadata)
        if length < 0 or start + length > self._size:
            raise _cut_off()
        return start, length

    def _segment(self, position: int, kind: bytes, at_most: int) -> bytes:
        """The first bytes of a segment that must be of this kind."""
        if not 0 <= position <= self._size - SEGMENT.size:
            raise _cut_off()
        name, allocated, used = SEGMENT.unpack(os.pread(self._descriptor, SEGMENT.size, position))
        if name.rstrip(b"\0") != kind:
            raise DamagedFile("The CZI file is damaged: a part of it is not where its header says.")
        length = min(used or allocated, at_most, self._size - position - SEGMENT.size)
        return os.pread(self._descriptor, max(0, length), position + SEGMENT.size)

    def close(self) -> None:
        """Harmless when repeated."""
        if not self._closed:
            self._closed = True
            os.close(self._descriptor)


def is_slide(path: Path) -> bool:
    """Whether it is one plane in colour: OpenSlide shows all scenes of such a one on one slide."""
    file = CziFile(path)
    try:
        blocks = file.sub_blocks
    except TileError:
        return False
    finally:
        file.close()
    places = {(letter, place) for block in blocks for letter, place in block.places.items() if letter in "TZC"}
    return blocks[0].samples > 1 and len({letter for letter, _ in places}) == len(places)


def _entries(directory: bytes) -> Iterator[SubBlock]:
    at = DIRECTORY_START
    while True:
        schema, pixel_type, position, _, compression, _, count = ENTRY.unpack_from(directory, at)
        at += ENTRY.size
        if schema != b"DV" or not 0 < count <= MAX_DIMENSIONS or position < 0:
            raise DamagedFile("The directory of the CZI file is damaged.")
        dimensions = {}
        for name, start, size, _, stored in DIMENSION.iter_unpack(directory[at : at + count * DIMENSION.size]):
            dimensions[_text(name)] = Along(start, size, stored or size)
        at += count * DIMENSION.size
        yield _sub_block(position, compression, pixel_type, dimensions)


def _sub_block(position: int, compression: int, pixel_type: int, dimensions: dict[str, Along]) -> SubBlock:
    if pixel_type not in PIXEL_TYPES:
        raise UnsupportedContent(f"The CZI file holds values of a kind that is not read (pixel type {pixel_type}).")
    x, y = dimensions.pop("X"), dimensions.pop("Y")
    for along in (x, y):
        if not (0 < along.stored <= along.size < LARGEST and abs(along.start) < LARGEST):
            raise DamagedFile("The directory of the CZI file is damaged: a part of the image has no sensible size.")
    dtype, samples = PIXEL_TYPES[pixel_type]
    places = {name: along.start for name, along in dimensions.items()}
    return SubBlock(position, compression, np.dtype(dtype), samples, x, y, places)


def _decoded(data: bytes, block: SubBlock, shape: tuple[int, ...], needed: int) -> Values:
    if block.compression == JPEG_XR:
        return _checked(imagecodecs.jpegxr_decode(data), shape, block)[:, :, :3]
    if block.compression == JPEG:
        return _checked(imagecodecs.jpeg8_decode(data), shape, block)[:, :, :3]
    flat = _unpacked(data, block, needed)
    values = np.frombuffer(flat[:needed], block.dtype).reshape(shape)
    return values[:, :, [2, 1, 0]] if block.samples > 1 else values


def _unpacked(data: bytes, block: SubBlock, needed: int) -> bytes:
    if block.compression == LZW:
        return bytes(imagecodecs.lzw_decode(data, out=needed))
    if block.compression == ZSTD:
        return bytes(imagecodecs.zstd_decode(data, out=needed))
    if block.compression != ZSTD_PACKED:
        raise UnsupportedContent(f"The CZI file is compressed by a method that is not read ({block.compression}).")
    head = data[0]  # its own length; the third byte says whether low and high bytes lie apart
    flat = bytes(imagecodecs.zstd_decode(data[head:], out=needed))
    apart = head >= 3 and data[1] == 1 and data[2] & 1 and block.dtype.itemsize == 2
    return np.frombuffer(flat, np.uint8).reshape(2, -1).T.tobytes() if apart else flat


def _checked(values: Values, shape: tuple[int, ...], block: SubBlock) -> Values:
    values = values if values.ndim == 3 else values[:, :, np.newaxis]
    if values.shape != shape or values.dtype != block.dtype:
        raise DamagedFile("A part of the CZI file holds other values than its directory says: it is damaged.")
    return values


def _text(raw: bytes) -> str:
    return raw.partition(b"\0")[0].decode("utf-8", errors="replace")


def _cut_off() -> DamagedFile:
    return DamagedFile("The CZI file is cut off or damaged: parts of the image lie beyond its end. Upload it again.")
