"""A bounded walk through a TIFF's directories: does every tile and strip lie inside the file? Reads no pixel."""

import struct
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from exact.tiles.errors import DamagedFile

MAGICS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
MAX_DIRECTORIES = 4096
MAX_TAGS = 1024
MAX_TILE_SIDE_PX = 16384
STRIPS, TILES = (273, 279), (324, 325)
DESCRIPTION = 270
TILE_WIDTH, TILE_LENGTH, SUB_DIRECTORIES = 322, 323, 330
CHECKED = (*STRIPS, *TILES, TILE_WIDTH, TILE_LENGTH, SUB_DIRECTORIES)
NUMBER_TYPES = {1: "u1", 3: "u2", 4: "u4", 7: "u1", 13: "u4", 16: "u8", 18: "u8"}

Numbers = NDArray[np.uint64]


@dataclass(frozen=True)
class Layout:
    """How numbers lie in this file: byte order, and the wider fields of BigTIFF."""

    order: str
    big: bool

    @property
    def offset(self) -> str:
        """Struct code of an offset."""
        return "Q" if self.big else "I"

    @property
    def entry_bytes(self) -> int:
        """Size of one tag."""
        return 20 if self.big else 12


def is_tiff(head: bytes) -> bool:
    """Recognised by the first four bytes."""
    return head[:4] in MAGICS


def check_ranges(path: Path, max_directories: int = MAX_DIRECTORIES) -> None:
    """Refuses a TIFF that was cut off or whose tables point outside the file or claim giant tiles."""
    size = path.stat().st_size
    with path.open("rb") as file:
        for tags in directories(file, size, max_directories=max_directories):
            _check_tile_side(tags)
            _check_inside(tags, STRIPS, size)
            _check_inside(tags, TILES, size)


def directories(
    file: BinaryIO, size: int, wanted: Collection[int] = CHECKED, max_directories: int = MAX_DIRECTORIES
) -> Iterator[dict[int, Numbers]]:
    """The wanted numeric tags of every directory, sub-directories too if wanted; each directory is visited once."""
    layout, first = _header(file)
    waiting, seen = [first], set[int]()
    while waiting:
        offset = waiting.pop()
        if offset == 0 or offset in seen:
            continue
        seen.add(offset)
        if len(seen) > max_directories:
            raise DamagedFile("The TIFF file has thousands of directories: it is damaged.")
        tags, following = _directory(file, size, layout, offset, wanted)
        waiting += [following, *(int(child) for child in tags.get(SUB_DIRECTORIES, []))]
        yield tags


def _header(file: BinaryIO) -> tuple[Layout, int]:
    head = file.read(16)
    layout = Layout("<" if head[:2] == b"II" else ">", 43 in head[2:4])
    at = 8 if layout.big else 4
    if len(head) < at + struct.calcsize(layout.offset):
        raise _cut_off()
    return layout, struct.unpack_from(layout.order + layout.offset, head, at)[0]


def _directory(
    file: BinaryIO, size: int, layout: Layout, offset: int, wanted: Collection[int]
) -> tuple[dict[int, Numbers], int]:
    count_code = layout.order + ("Q" if layout.big else "H")
    (count,) = struct.unpack(count_code, _read(file, size, offset, struct.calcsize(count_code)))
    if count > MAX_TAGS:
        raise DamagedFile("A directory of the TIFF file has too many tags: the file is damaged.")
    start = offset + struct.calcsize(count_code)
    tail = struct.calcsize(layout.offset)
    block = _read(file, size, start, count * layout.entry_bytes + tail)
    entries = [block[i * layout.entry_bytes :][: layout.entry_bytes] for i in range(count)]
    numbers = (_numbers(file, size, layout, entry, wanted) for entry in entries)
    return dict(pair for pair in numbers if pair), struct.unpack(layout.order + layout.offset, block[-tail:])[0]


def _numbers(
    file: BinaryIO, size: int, layout: Layout, entry: bytes, wanted: Collection[int]
) -> tuple[int, Numbers] | None:
    """The tag's values when it is wanted."""
    tag, kind = struct.unpack_from(layout.order + "HH", entry)
    if tag == DESCRIPTION:
        _check_text(size, layout, entry)
    if tag not in wanted or kind not in NUMBER_TYPES:
        return None
    (count,) = struct.unpack_from(layout.order + layout.offset, entry, 4)
    dtype = np.dtype(layout.order + NUMBER_TYPES[kind])
    value = entry[12:] if layout.big else entry[8:]
    length = count * dtype.itemsize
    if length > len(value):
        value = _read(file, size, struct.unpack(layout.order + layout.offset, value)[0], length)
    return tag, np.frombuffer(value[:length], dtype).astype(np.uint64)


def _check_text(size: int, layout: Layout, entry: bytes) -> None:
    """Libraries overlook a description beyond the end: a stack would be shown as its first page."""
    length, place = struct.unpack_from(layout.order + 2 * layout.offset, entry, 4)
    if length > struct.calcsize(layout.offset) and place + length > size:
        raise _cut_off()


def _read(file: BinaryIO, size: int, offset: int, length: int) -> bytes:
    if offset + length > size:
        raise _cut_off()
    file.seek(offset)
    return file.read(length)


def _check_tile_side(tags: dict[int, Numbers]) -> None:
    for tag in (TILE_WIDTH, TILE_LENGTH):
        if tag in tags and (tags[tag] > MAX_TILE_SIDE_PX).any():
            raise DamagedFile(f"The TIFF file claims tiles of more than {MAX_TILE_SIDE_PX} pixels: it is damaged.")


def _check_inside(tags: dict[int, Numbers], pair: tuple[int, int], size: int) -> None:
    offsets, counts = tags.get(pair[0]), tags.get(pair[1])
    if offsets is None or counts is None:
        return
    if len(offsets) != len(counts):
        raise DamagedFile("The TIFF file's tables of positions and lengths differ in size: it is damaged.")
    too_far = (counts > size) | (offsets > size - np.minimum(counts, size))
    if (too_far & (counts > 0)).any():
        raise _cut_off()


def _cut_off() -> DamagedFile:
    return DamagedFile("The TIFF file is cut off or damaged: parts of the image lie beyond its end. Upload it again.")
