"""Levels of a DICOM slide: which frame of which file is the tile at a place; label and overview are levels, too."""

import os
import weakref
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from exact.tiles.dicom import Dataset, DicomFile, number, reading, stored_frames, text
from exact.tiles.dicom_pixels import GREY, LOSSY_JPEG, Frames, PixelFormat, Values, pixel_format
from exact.tiles.errors import DamagedFile, UnsupportedContent
from exact.tiles.jpeg_tiles import Splice, decode, splice_for
from exact.tiles.source import Pixels, Size
from exact.tiles.tiff_index import GREY as TIFF_GREY
from exact.tiles.tiff_index import RGB, YCBCR, TileTable

MAX_SIDE_PX = 2**31
MAX_TILES = 2**24
MAX_TILE_SIDE_PX = 8192
NO_FRAME = -1
SPARSE = "TILED_SPARSE"


@dataclass(eq=False)
class Part:
    """One file of a level; most levels are one file."""

    file: DicomFile
    pixels: PixelFormat
    splice: Splice | None = None
    """What its streams need to be whole JPEG files: asked once for all that begin alike."""

    @cached_property
    def frames(self) -> Frames:
        """Checked when first needed."""
        return Frames(self.file, self.pixels)

    @cached_property
    def streams(self) -> "tuple[array[int], array[int]]":
        """Offset and length of each compressed frame; length 0 where it lies in several pieces."""
        found = stored_frames(self.file, self.pixels.frames)
        offsets = array("Q", (pieces[0].offset if pieces else 0 for pieces in found))
        return offsets, array("Q", (pieces[0].length if len(pieces) == 1 else 0 for pieces in found))

    def encoded(self, frame: int) -> bytes | None:
        """A whole JPEG file of the promised size; None for every other kind of frame."""
        if self.file.syntax not in LOSSY_JPEG:
            return None
        offset, length = (each[frame] for each in self.streams)
        stored = os.pread(self._descriptor, length, offset)
        if not length or len(stored) != length:
            return None
        if self.splice is None or not stored.startswith(self.splice.head):
            self.splice = splice_for(self._table, stored)
        return None if self.splice is None else self.splice.whole(stored)

    @cached_property
    def _descriptor(self) -> int:
        """Given up with the last reader."""
        descriptor = os.open(self.file.path, os.O_RDONLY | os.O_CLOEXEC)
        weakref.finalize(self, os.close, descriptor)
        return descriptor

    @cached_property
    def _table(self) -> TileTable:
        """In the words of TIFF, whose rules for streams are the same."""
        photometric = self.pixels.photometric
        kind = TIFF_GREY if photometric in GREY else RGB if photometric == "RGB" else YCBCR
        size = (self.pixels.columns, self.pixels.rows)
        return TileTable(0, None, size, size, kind, b"", array("Q"), array("Q"))


@dataclass(frozen=True)
class SlideLevel:
    """One size of the slide: places of tiles to frames of files."""

    size: Size
    tile: Size
    parts: tuple[Part, ...]
    index: NDArray[np.int64]
    """(paths, planes, rows, columns): number of the frame through all parts, `NO_FRAME` where nothing was scanned."""

    @property
    def frames(self) -> int:
        """Optical paths times focal planes."""
        return int(self.index.shape[0] * self.index.shape[1])

    def _place(self, column: int, row: int, frame: int) -> tuple[Part, int] | None:
        path, plane = divmod(frame, self.index.shape[1])
        found = int(self.index[path, plane, row, column])
        for part in self.parts:
            if 0 <= found < part.pixels.frames:
                return part, found
            found -= part.pixels.frames
        return None

    def encoded(self, column: int, row: int, frame: int) -> bytes | None:
        """A whole JPEG file, where the tile is one."""
        place = self._place(column, row, frame)
        return None if place is None else place[0].encoded(place[1])

    def decoded(self, column: int, row: int, frame: int, shrink: int = 1) -> Pixels | None:
        """At its size or smaller; None where nothing was scanned. Raises for a broken frame."""
        place = self._place(column, row, frame)
        if place is None:
            return None
        part, number_of_frame = place
        width, height = self.tile
        stream = part.encoded(number_of_frame) if width % shrink == height % shrink == 0 else None
        made = None if stream is None else decode(stream, (width // shrink, height // shrink), shrink)
        return _eight_bit(part.frames.values(number_of_frame), part.pixels) if made is None else made


def _eight_bit(values: Values, pixels: PixelFormat) -> Pixels:
    """(height, width, 3) as the levels of a slide are; deep grey by its highest bits."""
    if values.dtype.itemsize > 1:
        values = (values >> max(0, pixels.stored - 8)).astype(np.uint8)
    return np.repeat(values[:, :, np.newaxis], 3, axis=2) if values.ndim == 2 else values


def levels_of(files: Sequence[DicomFile]) -> list[SlideLevel]:
    """Largest first; files of one concatenation are one level, of several files of one size the first counts."""
    kinds: dict[str, list[DicomFile]] = {}
    for file in files:
        name = text(file.dataset, "ConcatenationUID") or text(file.dataset, "SOPInstanceUID") or str(file.path)
        kinds.setdefault(name, []).append(file)
    found: dict[Size, SlideLevel] = {}
    for parts in kinds.values():
        with reading():
            level = _level(sorted(parts, key=lambda file: number(file.dataset, "ConcatenationFrameOffsetNumber") or 0))
        found.setdefault(level.size, level)
    return [found[size] for size in sorted(found, reverse=True)]


def _level(files: Sequence[DicomFile]) -> SlideLevel:
    parts = tuple(Part(file, pixel_format(file)) for file in files)
    dataset, pixels = files[0].dataset, parts[0].pixels
    size = (int(dataset.TotalPixelMatrixColumns), int(dataset.TotalPixelMatrixRows))
    if not all(0 < side <= MAX_SIDE_PX for side in size) or max(pixels.columns, pixels.rows) > MAX_TILE_SIDE_PX:
        raise DamagedFile("The DICOM slide is damaged: its size makes no sense.")
    if pixels.number_type != "integers" or pixels.allocated not in (8, 16):
        raise UnsupportedContent(f"DICOM slides with {pixels.allocated} bits are not read.")
    columns, rows = -(-size[0] // pixels.columns), -(-size[1] // pixels.rows)
    if columns * rows > MAX_TILES:
        raise DamagedFile("The DICOM slide is damaged: it would have more tiles than can be.")
    index = _sparse(parts, columns, rows) if _is_sparse(dataset) else _full(dataset, parts, columns, rows)
    return SlideLevel(size, (pixels.columns, pixels.rows), parts, index)


def _is_sparse(dataset: Dataset) -> bool:
    told = text(dataset, "DimensionOrganizationType")
    return told == SPARSE or (told is None and bool(dataset.get("PerFrameFunctionalGroupsSequence")))


def _full(dataset: Dataset, parts: Sequence[Part], columns: int, rows: int) -> NDArray[np.int64]:
    """Column by column, row by row, focal plane by focal plane, optical path by optical path."""
    planes, paths = (
        int(number(dataset, name) or 1) for name in ("TotalPixelMatrixFocalPlanes", "NumberOfOpticalPaths")
    )
    needed, there = paths * planes * rows * columns, sum(part.pixels.frames for part in parts)
    if not 0 < needed <= there:
        raise DamagedFile(f"The DICOM slide is cut off: it has {there} tiles, but needs {needed}. Upload it again.")
    return np.arange(needed, dtype=np.int64).reshape(paths, planes, rows, columns)


def _sparse(parts: Sequence[Part], columns: int, rows: int) -> NDArray[np.int64]:
    """Each frame says where it lies; the corners of tiles are counted from one."""
    places, first = [], 0
    for part in parts:
        groups = list(part.file.dataset.get("PerFrameFunctionalGroupsSequence") or [])
        if len(groups) < part.pixels.frames:
            raise DamagedFile("The DICOM slide is damaged: it does not say where its tiles lie.")
        places += [(first + n, *_sparse_place(groups[n], part.pixels)) for n in range(part.pixels.frames)]
        first += part.pixels.frames
    depths = {depth: n for n, depth in enumerate(sorted({place[3] for place in places}))}
    paths = {path: n for n, path in enumerate(sorted({place[4] for place in places}))}
    if len(depths) * len(paths) * rows * columns > MAX_TILES:
        raise DamagedFile("The DICOM slide is damaged: it would have more tiles than can be.")
    index = np.full((len(paths), len(depths), rows, columns), NO_FRAME, np.int64)
    for frame, column, row, depth, path in places:
        if not (0 <= column < columns and 0 <= row < rows):
            raise DamagedFile("The DICOM slide is damaged: a tile lies outside of it.")
        index[paths[path], depths[depth], row, column] = frame
    return index


def _sparse_place(group: Dataset, pixels: PixelFormat) -> tuple[int, int, float, str]:
    position = group.PlanePositionSlideSequence[0]
    left = int(position.ColumnPositionInTotalImagePixelMatrix) - 1
    top = int(position.RowPositionInTotalImagePixelMatrix) - 1
    if left % pixels.columns or top % pixels.rows:
        raise UnsupportedContent("The tiles of the DICOM slide do not lie on one grid: this kind is not read.")
    identification = group.get("OpticalPathIdentificationSequence")
    path = str(identification[0].OpticalPathIdentifier) if identification else ""
    depth = float(number(position, "ZOffsetInSlideCoordinateSystem") or 0)
    return left // pixels.columns, top // pixels.rows, depth, path
