"""A bounded walk through a TIFF's directories: does every tile and strip lie inside the file? Reads no pixel."""

import struct
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from exact.tiles.errors import DamagedFile

MAGICS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
MAX_DIRECTORIES = 4096
MAX_DEPTH = 4
"""Sub-directories of sub-directories: real files have one step."""
MAX_TAGS = 1024
MAX_VALUES_BYTES = 64 * 2**20
"""Of all tags of a walk together: the tables of four million tiles."""
MAX_SMALL_VALUES = 2**16
"""Of a tag that is no table of tiles or strips."""
MAX_TILE_SIDE_PX = 16384
STRIPS, TILES = (273, 279), (324, 325)
DESCRIPTION = 270
TILE_WIDTH, TILE_LENGTH, SUB_DIRECTORIES = 322, 323, 330
CHECKED = (*STRIPS, *TILES, TILE_WIDTH, TILE_LENGTH, SUB_DIRECTORIES)
NUMBER_TYPES = {1: "u1", 3: "u2", 4: "u4", 7: "u1", 13: "u4", 16: "u8", 18: "u8"}

Numbers = NDArray[np.uint64]


class Photometric(IntEnum):
    """What the values of a page mean, by tag 262."""

    MINISWHITE = 0
    MINISBLACK = 1
    RGB = 2
    PALETTE = 3
    SEPARATED = 5
    YCBCR = 6


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
    def count(self) -> str:
        """Struct code of the number of tags, with its order."""
        return self.order + ("Q" if self.big else "H")

    @property
    def entry(self) -> np.dtype[np.void]:
        """One tag: number, type, how many values, and the values or where they lie."""
        wide = 8 if self.big else 4
        codes = [("tag", f"{self.order}u2"), ("kind", f"{self.order}u2"), ("count", f"{self.order}u{wide}")]
        return np.dtype([*codes, ("value", f"V{wide}")])

    @property
    def entry_bytes(self) -> int:
        """Size of one tag."""
        return 20 if self.big else 12


@dataclass(frozen=True)
class Directory:
    """One directory: one picture of the file."""

    offset: int
    parent: int | None
    """Offset of the directory that it is a sub-directory of."""
    tags: dict[int, Numbers]


@dataclass
class Walk:
    """One walk through one file, and what it may still read."""

    file: BinaryIO
    size: int
    wanted: Collection[int]
    max_directories: int
    left_bytes: int = MAX_VALUES_BYTES
    seen: set[int] = field(default_factory=set)

    def directories(self) -> Iterator[Directory]:
        """Each directory once: a child before its parent's follower."""
        layout, first = self._header()
        waiting: list[tuple[int, int | None, int]] = [(first, None, 0)]
        while waiting:
            offset, parent, depth = waiting.pop()
            if offset == 0 or offset in self.seen:
                continue
            self._count(offset, depth)
            directory, following = self._directory(layout, offset, parent)
            waiting.append((following, parent, depth))
            children = directory.tags.get(SUB_DIRECTORIES, np.zeros(0, np.uint64))[: self.max_directories + 1]
            waiting += [(int(child), offset, depth + 1) for child in children[::-1]]
            yield directory

    def _count(self, offset: int, depth: int) -> None:
        self.seen.add(offset)
        if len(self.seen) > self.max_directories:
            raise DamagedFile(f"The TIFF file has more than {self.max_directories} directories: it is damaged.")
        if depth > MAX_DEPTH:
            raise DamagedFile("The TIFF file has directories inside of directories inside of others: it is damaged.")

    def _header(self) -> tuple[Layout, int]:
        head = self._read(0, min(16, self.size))
        layout = Layout("<" if head[:2] == b"II" else ">", 43 in head[2:4])
        at = 8 if layout.big else 4
        if len(head) < at + struct.calcsize(layout.offset):
            raise _cut_off()
        return layout, struct.unpack_from(layout.order + layout.offset, head, at)[0]

    def _directory(self, layout: Layout, offset: int, parent: int | None) -> tuple[Directory, int]:
        (count,) = struct.unpack(layout.count, self._read(offset, struct.calcsize(layout.count)))
        if count > MAX_TAGS:
            raise DamagedFile("A directory of the TIFF file has too many tags: the file is damaged.")
        start, tail = offset + struct.calcsize(layout.count), struct.calcsize(layout.offset)
        block = self._read(start, count * layout.entry_bytes + tail)
        entries = np.frombuffer(block[:-tail], layout.entry)
        tags: dict[int, Numbers] = {}
        for number, tag in enumerate(entries["tag"].tolist()):
            if tag == DESCRIPTION:
                self._check_text(layout, entries[number])
            if tag in self.wanted and tag not in tags:  # of two tags with one number libtiff takes the first, too
                values = self._values(layout, entries[number])
                tags |= {} if values is None else {tag: values}
        return Directory(offset, parent, tags), struct.unpack(layout.order + layout.offset, block[-tail:])[0]

    def _values(self, layout: Layout, entry: np.void) -> Numbers | None:
        tag, kind, count = int(entry["tag"]), int(entry["kind"]), int(entry["count"])
        if kind not in NUMBER_TYPES:
            return None
        dtype = np.dtype(layout.order + NUMBER_TYPES[kind])
        value, length = entry["value"].tobytes(), count * dtype.itemsize
        if length > len(value):
            self._pay(tag, count, length)
            value = self._read(struct.unpack(layout.order + layout.offset, value)[0], length)
        return np.frombuffer(value[:length], dtype).astype(np.uint64)

    def _check_text(self, layout: Layout, entry: np.void) -> None:
        """Libraries overlook a description beyond the end: a stack would be shown as its first page."""
        length, value = int(entry["count"]), entry["value"].tobytes()
        if length > len(value) and struct.unpack(layout.order + layout.offset, value)[0] + length > self.size:
            raise _cut_off()

    def _pay(self, tag: int, count: int, length: int) -> None:
        """Whatever is claimed must fit into the file, and all claims together into the budget."""
        if length > self.size:
            raise _cut_off()
        self.left_bytes -= 8 * count
        if self.left_bytes < 0 or (tag not in (*STRIPS, *TILES) and count > MAX_SMALL_VALUES):
            raise DamagedFile("The tables of the TIFF file are too large: it is damaged.")

    def _read(self, offset: int, length: int) -> bytes:
        if offset + length > self.size:
            raise _cut_off()
        self.file.seek(offset)
        read = self.file.read(length)
        if len(read) != length:
            raise _cut_off()
        return read


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
    return (directory.tags for directory in walk(file, size, wanted, max_directories))


def walk(
    file: BinaryIO, size: int, wanted: Collection[int] = CHECKED, max_directories: int = MAX_DIRECTORIES
) -> Iterator[Directory]:
    """The directories with the wanted tags; DamagedFile for whatever is out of bounds."""
    return Walk(file, size, wanted, max_directories).directories()


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
    if not all_inside(offsets, counts, size):
        raise _cut_off()


def all_inside(offsets: Numbers, counts: Numbers, size: int) -> bool:
    """Whether every range that is not empty lies inside the file; sums that wrap around do not deceive it."""
    too_far = (counts > size) | (offsets > size - np.minimum(counts, size))
    return not (too_far & (counts > 0)).any()


def _cut_off() -> DamagedFile:
    return DamagedFile("The TIFF file is cut off or damaged: parts of the image lie beyond its end. Upload it again.")
