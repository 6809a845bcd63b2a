"""Stored values of a TIFF file's pages through tifffile: pages by their offset, parts of a page by tile or strip."""

import logging
import os
import struct
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from exact.tiles import tiff
from exact.tiles.blocks import Box, RecentBlocks, Values, assembled, check_block
from exact.tiles.errors import DamagedFile, TooManyPixels, UnsupportedContent
from exact.tiles.framed import MAX_CHANNELS, parsing
from exact.tiles.source import Size
from exact.tiles.tiff import Photometric

if TYPE_CHECKING:  # loaded with the first file that needs it
    from tifffile import TiffFile, TiffPage

MAX_PAGES = 20_000
MAX_TAGS = 1024
PAGES_KEPT = 256
CHAINS_KEPT = 8
BLOCKS_BYTES = 24 * 2**20
PAGE_BYTES = 16 * 2**10
"""Of one page's tags and tables in tifffile's hands."""
KIND_TAGS = (254, 256, 257, 258, 262, 277, 339)
"""What the page is, width, height, bits, photometric interpretation, samples, their format."""
NO_FRAME = 1 | 4
"""A smaller copy, or a mask."""
COLOUR_PHOTOMETRICS = (Photometric.RGB, Photometric.YCBCR)
READ_PHOTOMETRICS = (*COLOUR_PHOTOMETRICS, Photometric.MINISBLACK, Photometric.MINISWHITE, Photometric.PALETTE)

logging.getLogger("tifffile").setLevel(logging.CRITICAL)
"""What is wrong with a file is told in a refusal; a broken file must not fill the log."""


class TiffPages:
    """One open file. tifffile parses pages under a lock; blocks are read and decoded beside each other."""

    def __init__(self, path: Path) -> None:
        import tifffile

        stat = path.stat()
        self.chain = checked_chain(path, stat.st_size, stat.st_mtime_ns)
        self._size = stat.st_size
        self._lock = threading.Lock()
        self._pages: OrderedDict[int, TiffPage] = OrderedDict()
        self._blocks = RecentBlocks(BLOCKS_BYTES)
        self._path = path
        self._descriptor = os.open(path, os.O_RDONLY)
        try:
            with parsing("TIFF file"):
                self._file = tifffile.TiffFile(path, _multifile=False)
        except BaseException:
            os.close(self._descriptor)
            raise
        self._closed = False

    @property
    def file(self) -> "TiffFile":
        """In tifffile's hands, for what it knows of the first page."""
        return self._file

    @cached_property
    def _map(self) -> Values:
        return np.memmap(self._path, np.uint8, "r")

    def page(self, number: int, level: int = 0) -> "TiffPage":
        """By its place in the file, and among its smaller levels."""
        if not 0 <= number < len(self.chain):
            raise DamagedFile(f"The TIFF file has no page {number + 1}: it is cut off or a part of it is missing.")
        page = self._parsed(self.chain[number])
        if level == 0:
            return page
        smaller = page.subifds or ()
        if level > len(smaller):
            raise DamagedFile("The pages of the TIFF file have different numbers of levels: it is damaged.")
        return self._parsed(int(smaller[level - 1]))

    def _parsed(self, offset: int) -> "TiffPage":
        from tifffile import TiffPage

        with self._lock, parsing("TIFF file"):
            page = self._pages.get(offset)
            if page is None:
                self._file.filehandle.seek(offset)
                page = TiffPage(self._file, 0)
                _ = page.dataoffsets, page.databytecounts, page.decode, page.jpegtables, page.is_final  # all reads
                self._pages[offset] = page
            self._pages.move_to_end(offset)
            if len(self._pages) > PAGES_KEPT:
                self._pages.popitem(last=False)
            return page

    def read(self, page: "TiffPage", box: Box, sample: int = 0, behind: int = 0) -> Values:
        """(height, width) of one sample; (height, width, 3) of a page in colour. The box lies inside the page.

        ImageJ lays further images `behind` the values of a page without giving them pages of their own.
        """
        with parsing("TIFF file"):
            plain = page.is_final and not page.is_tiled
            values = self._mapped(page, box, sample, behind) if plain else self._decoded(page, box, sample)
            return _shown_values(page, values, sample)

    def _mapped(self, page: "TiffPage", box: Box, sample: int, behind: int) -> Values:
        """Values that lie in the file as they are: only those that are asked for are touched."""
        length = page.nbytes
        start = page.dataoffsets[0] + behind * length
        if start + length > self._size:
            raise _cut_off()
        dtype = raw_dtype(page).newbyteorder(self._file.byteorder)
        planes = self._map[start : start + length].view(dtype).reshape(page.shaped)[:, 0]
        if planes.shape[0] > 1:
            planes = planes if is_colour(page) else planes[sample : sample + 1]
        part = planes[:, box.top : box.top + box.height, box.left : box.left + box.width]
        together = part[0] if part.shape[0] == 1 else np.moveaxis(part[..., 0], 0, -1)
        return np.asarray(together, raw_dtype(page))

    def _decoded(self, page: "TiffPage", box: Box, sample: int) -> Values:
        separate = page.planarconfig == 2 and page.samplesperpixel > 1
        wanted = range(3) if separate and is_colour(page) else (sample,) if separate else (0,)
        parts = [assembled(box, block_size(page), raw_dtype(page), self._blocks_of(page, plane)) for plane in wanted]
        whole = [part if part.ndim == 3 else part[:, :, np.newaxis] for part in parts]
        return whole[0] if len(whole) == 1 else np.concatenate(whole, axis=2)

    def _blocks_of(self, page: "TiffPage", plane: int) -> Any:  # Any: a function of column and row
        width, height = block_size(page)
        columns, rows = -(-page.imagewidth // width), -(-page.imagelength // height)

        def block(column: int, row: int) -> Values:
            index = (plane * rows + row) * columns + column
            return self._blocks.get_or_make((page.offset, index), lambda: self._decode(page, index))

        return block

    def _decode(self, page: "TiffPage", index: int) -> Values:
        width, height = block_size(page)
        samples = page.samplesperpixel if page.planarconfig == 1 else 1
        check_block(width * height * samples, raw_dtype(page).itemsize)
        offset, length = page.dataoffsets[index], page.databytecounts[index]
        if not offset or not length:
            return np.zeros((height, width, samples), page.dtype)
        data = os.pread(self._descriptor, min(length, self._size), offset)
        decoded, _, shape = page.decode(data, index, jpegtables=page.jpegtables)
        if decoded is None or decoded.shape[3] != samples:
            raise DamagedFile("A part of the TIFF file holds other values than its header says: it is damaged.")
        return np.asarray(decoded[0, : shape[1], : shape[2]])

    @property
    def cost(self) -> int:
        """Blocks, tags and tables."""
        return min(BLOCKS_BYTES, 64 * self._size) + min(PAGES_KEPT, len(self.chain)) * PAGE_BYTES

    def close(self) -> None:
        """Harmless when repeated."""
        if not self._closed:
            self._closed = True
            self._blocks.clear()
            self._pages.clear()
            self._file.close()
            os.close(self._descriptor)


@contextmanager
def opened(path: Path) -> Iterator[TiffPages]:
    """For a look at the header."""
    pages = TiffPages(path)
    try:
        yield pages
    finally:
        pages.close()


def block_size(page: "TiffPage") -> Size:
    """Width and height of a tile or a strip."""
    if page.is_tiled:
        return page.tilewidth, page.tilelength
    return page.imagewidth, min(page.rowsperstrip or page.imagelength, page.imagelength)


def is_colour(page: "TiffPage") -> bool:
    """Whether the first three samples are red, green and blue."""
    return page.photometric in COLOUR_PHOTOMETRICS and page.samplesperpixel >= 3


def is_palette(page: "TiffPage") -> bool:
    """Whether values are numbers of colours."""
    return page.photometric == Photometric.PALETTE and page.colormap is not None


def raw_dtype(page: "TiffPage") -> np.dtype[Any]:
    """Of the values as they are stored, in the order of this machine."""
    if page.dtype is None:
        raise UnsupportedContent("The TIFF file holds values that are no numbers.")
    return page.dtype.newbyteorder("=")


def shown_dtype(page: "TiffPage") -> np.dtype[Any]:
    """Of what `TiffPages.read` gives."""
    return np.dtype(np.uint8) if is_palette(page) else raw_dtype(page)


def equal_pages(path: Path) -> list[int]:
    """Numbers of the pages that are like the first one; smaller copies and masks are none."""
    size = path.stat().st_size
    with path.open("rb") as file:
        kinds = [_kind(tags) for tags in tiff.directories(file, size, KIND_TAGS, MAX_PAGES)]
    return [number for number, kind in enumerate(kinds) if kind == kinds[0] and not (number and kind[0] & NO_FRAME)]


def _kind(tags: Mapping[int, tiff.Numbers]) -> tuple[int, ...]:
    """What pages of one image have in common: for each tag its values, and how many."""
    told = [int(tags[tag][0]) if tag in tags and len(tags[tag]) else 0 for tag in sorted(KIND_TAGS)]
    return (*told, *(len(tags.get(tag, ())) for tag in sorted(KIND_TAGS)))


def check_readable(page: "TiffPage") -> None:
    """Refuses, before pixels are read, what no part of this file reads."""
    import tifffile

    if page.samplesperpixel > MAX_CHANNELS:
        raise TooManyPixels(f"The TIFF file has {page.samplesperpixel:,} channels; at most {MAX_CHANNELS} are taken.")
    if page.dtype is None or page.photometric not in READ_PHOTOMETRICS or page.imagedepth != 1:
        raise UnsupportedContent("This kind of TIFF is not read: save it with grey, RGB or separate channels.")
    if page.compression not in {1, *tifffile.TIFF.DECOMPRESSORS}:
        raise UnsupportedContent(f"The TIFF file is compressed by a method that is not read ({page.compression}).")
    if min(page.imagewidth, page.imagelength, *block_size(page)) < 1:
        raise DamagedFile("The TIFF file has no pixels: it is damaged.")
    if not (page.is_final and not page.is_tiled):
        samples = page.samplesperpixel if page.planarconfig == 1 else 1
        check_block(block_size(page)[0] * block_size(page)[1] * samples, raw_dtype(page).itemsize)
    columns, rows = (
        -(-side // part) for side, part in zip((page.imagewidth, page.imagelength), block_size(page), strict=True)
    )
    planes = page.samplesperpixel if page.planarconfig == 2 else 1
    if len(page.dataoffsets) < columns * rows * planes:
        raise _cut_off()


def _shown_values(page: "TiffPage", values: Values, sample: int) -> Values:
    """Palettes looked up, inverted values turned round, the wanted sample alone."""
    if is_palette(page):
        colours = (np.asarray(page.colormap) >> 8).astype(np.uint8).T
        return colours[np.minimum(values[:, :, 0].astype(np.intp), len(colours) - 1)]
    if is_colour(page):
        return values[:, :, :3]
    separate = page.planarconfig == 2 and page.samplesperpixel > 1 and values.shape[2] == 1
    alone = values[:, :, 0 if separate else sample]
    if page.photometric == Photometric.MINISWHITE and values.dtype.kind in "ub":
        return ~alone
    return alone


@lru_cache(CHAINS_KEPT)
def checked_chain(path: Path, size_bytes: int, changed_ns: int) -> tuple[int, ...]:  # noqa: ARG001 - tell versions apart
    """Kept for a while: a file is opened to be recognised and again to be read, and ten thousand pages take seconds."""
    tiff.check_ranges(path, MAX_PAGES)
    return chain(path)


def chain(path: Path) -> tuple[int, ...]:
    """Where the pages lie, in the order of the file; never more than MAX_PAGES, none twice."""
    with path.open("rb") as file:
        layout, offset = _header(file)
        found: list[int] = []
        seen: set[int] = set()
        while offset:
            if offset in seen or len(found) >= MAX_PAGES:
                raise DamagedFile(f"The pages of the TIFF file go round in a circle, or are more than {MAX_PAGES:,}.")
            seen.add(offset)
            found.append(offset)
            offset = _following(file, layout, offset)
    if not found:
        raise DamagedFile("The TIFF file has no page.")
    return tuple(found)


def _following(file: BinaryIO, layout: tiff.Layout, offset: int) -> int:
    code = layout.order + ("Q" if layout.big else "H")
    try:
        file.seek(offset)
        (count,) = struct.unpack(code, file.read(struct.calcsize(code)))
        if count > MAX_TAGS:
            raise DamagedFile("A page of the TIFF file has too many tags: the file is damaged.")
        file.seek(count * layout.entry_bytes, os.SEEK_CUR)
        (following,) = struct.unpack(layout.order + layout.offset, file.read(struct.calcsize(layout.offset)))
    except (struct.error, OSError, OverflowError) as error:
        raise _cut_off() from error
    return int(following)


def _header(file: BinaryIO) -> tuple[tiff.Layout, int]:
    head = file.read(16)
    if not tiff.is_tiff(head) or len(head) < 16:
        raise _cut_off()
    layout = tiff.Layout("<" if head[:2] == b"II" else ">", 43 in head[2:4])
    return layout, struct.unpack_from(layout.order + layout.offset, head, 8 if layout.big else 4)[0]


def _cut_off() -> DamagedFile:
    return DamagedFile("The TIFF file is cut off or damaged: parts of the image lie beyond its end. Upload it again.")
