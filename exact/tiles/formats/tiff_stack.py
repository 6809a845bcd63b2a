"""TIFF and OME-TIFF with frames, channels, more than 8 bits or rare compressions; pages are read where they lie.

OME-TIFF (also sets of files that name each other, with or without companion file; smaller levels below each page;
labels and macro pictures beside the image), ImageJ's stacks, pages of one size as frames, pyramids of grey pages,
palettes, bits, integers and floating point numbers to 64 bits, separate or interleaved channels, all that
imagecodecs unpacks (WebP, Zstandard, JPEG XL, JPEG 2000, ...). Limits: 20,000 pages, 65,536 frames, 64 channels;
compressed pieces (tiles or strips) of 256 MiB unpacked: files with larger ones are left to the reader of pictures;
without smaller levels 2^31 pixels. Left out: volumes of several depths in one page, complex numbers, CMYK and
CIELab, and what microscopes write around TIFF (LSM, STK), of which pages are shown.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from typing_extensions import override

from exact.tiles import mosaic, ome, ome_layout, profiles, tiff, tiff_layout, tiff_pages
from exact.tiles.blocks import Box, Values
from exact.tiles.decoded_tiles import decoded_tiles
from exact.tiles.errors import DamagedFile, TileError, UnsupportedContent
from exact.tiles.framed import FramedImage, Planes, is_level, parsing
from exact.tiles.jpeg_tiles import JpegTiles, jpeg_tiles_at
from exact.tiles.lent import Lent
from exact.tiles.looks import Look
from exact.tiles.ome_layout import is_ome
from exact.tiles.profiles import InSrgb, Profile
from exact.tiles.source import Details, Format, OpenOptions, Pixels, Size, TileSource
from exact.tiles.tiff_layout import Layout, Place, is_coloured
from exact.tiles.tiff_pages import TiffPages

if TYPE_CHECKING:  # loaded with the first file that needs it
    from tifffile import TiffPage

APERIO_JPEG_2000 = (33003, 33005)
USUAL_COMPRESSIONS = (1, 2, 3, 4, 5, 6, 7, 8, 32773, 32946, *APERIO_JPEG_2000)
"""What the readers of slides and pictures read too."""
ICC_PROFILE = 34675
MAX_TILED_DIRECTORIES = 512
ASSOCIATED_MAX_PIXELS = 64 * 2**20


class TiffPlanes(Planes):
    """Pages of one file, or of several that belong together."""

    def __init__(self, files: Lent[TiffPages], layout: Layout) -> None:
        if not layout.places:
            raise DamagedFile("The header of the TIFF file names no page that is there.")
        self._files = files
        self._layout = layout
        self._first = layout.places[min(layout.places)]
        with files.use(self._first.file) as pages:
            page = self._page(pages, self._first, 0)
            tiff_pages.check_readable(page)
            self._dtype = tiff_pages.shown_dtype(page)
            self._levels = self._level_sizes(pages, page)
            self._cost = pages.cost

    def _page(self, pages: TiffPages, place: Place, level: int) -> "TiffPage":
        own = self._layout.level_pages
        return pages.page(own[level]) if len(own) > 1 else pages.page(place.page, level)

    def _level_sizes(self, pages: TiffPages, page: "TiffPage") -> tuple[Size, ...]:
        sizes = [(page.imagewidth, page.imagelength)]
        for level in range(1, max(len(self._layout.level_pages), 1 + len(page.subifds or ()))):
            smaller = self._page(pages, self._first, level)
            tiff_pages.check_readable(smaller)
            size = (smaller.imagewidth, smaller.imagelength)
            if tiff_pages.shown_dtype(smaller) != self._dtype or not is_level(size, sizes[-1], sizes[0]):
                break
            sizes.append(size)
        return tuple(sizes)

    @property
    @override
    def level_dimensions(self) -> tuple[Size, ...]:
        return self._levels

    @property
    @override
    def dtype(self) -> np.dtype[Any]:
        return self._dtype

    @override
    def read(self, level: int, frame: int, channel: int, box: Box) -> Values:
        told = self._layout.told
        place = self._layout.places.get(frame * len(told.channels) + channel)
        if place is None:
            return np.zeros((box.height, box.width, *[3] * told.colour), self._dtype)
        with self._files.use(place.file) as pages:
            page = self._page(pages, place, level)
            self._check(page, level)
            return pages.read(page, box, place.sample, place.behind)

    def _check(self, page: "TiffPage", level: int) -> None:
        tiff_pages.check_readable(page)
        size = (page.imagewidth, page.imagelength)
        same = size == self._levels[level] and tiff_pages.shown_dtype(page) == self._dtype
        if not same or is_coloured(page) != self._layout.told.colour:
            raise DamagedFile("The pages of the TIFF file do not fit together: it is damaged.")

    def directories(self) -> list[int]:
        """Where the directories of all levels of all frames lie in the only file; empty where that is not so simple."""
        places = [self._layout.places.get(frame) for frame in range(self._layout.told.frames)]
        if self._files.count > 1 or len(places) * len(self._levels) > MAX_TILED_DIRECTORIES:
            return []
        with self._files.use(0) as pages:
            there = [place for place in places if place is not None and not place.behind]
            found = [self._page(pages, place, level).offset for place in there for level in range(len(self._levels))]
        return found if len(there) == len(places) else []

    @property
    @override
    def cost(self) -> int:
        return self._cost * min(self._files.count, self._files.max_open)

    @override
    def close(self) -> None:
        self._files.close()


class TiffImage(FramedImage):
    """With label and macro pictures beside the frames; JPEG tiles of colour images are handed on as they lie."""

    def __init__(self, files: Lent[TiffPages], layout: Layout, path: Path) -> None:
        planes = TiffPlanes(files, layout)
        super().__init__(planes, layout.told)
        self._files = files
        self._places = layout.associated
        self._tiles = None if self._windowed else jpeg_tiles_of(path, planes)
        self._profile = None if self._windowed else self._profile_of_first_page()

    def _profile_of_first_page(self) -> Profile | None:
        """Of colours of 8 bits: others are seen through a window."""
        with self._files.use(0) as pages:
            icc = pages.page(0).tags.valueof(ICC_PROFILE)
        return profiles.from_bytes(icc) if isinstance(icc, bytes) and profiles.fits(icc, 3) else None

    @property
    @override
    def stored_tiles(self) -> tuple[Size | None, ...]:
        own = [] if self._tiles is None else [table.tile for table in self._tiles.levels[: self._stored]]
        return (*own, *(None for _ in self.level_dimensions[len(own) :]))

    @property
    def _stored(self) -> int:
        return len(self.planes.level_dimensions)

    @override
    def encoded_tile(self, level: int, column: int, row: int, frame: int = 0) -> bytes | None:
        if self._tiles is None or level >= self._stored:
            return None
        return self._tiles.encoded(frame * self._stored + level, column, row)

    @override
    def decoded_tile(self, level: int, column: int, row: int, shrink: int = 1, frame: int = 0) -> Pixels | None:
        if self._tiles is None or level >= self._stored:
            return None
        return self._tiles.decoded(frame * self._stored + level, column, row, shrink)

    @override
    def _shown(self, level: int, frame: int, box: Box) -> Pixels:
        """From the JPEG tiles where there are such, so that every way of asking shows the same pixels."""
        if self._tiles is not None and level < self._stored:
            pixels = mosaic.assembled(self, level, (box.left, box.top), (box.width, box.height), frame=frame)
            if pixels is not None:
                return pixels
        return super()._shown(level, frame, box)

    @property
    @override
    def cost(self) -> int:
        return super().cost + (0 if self._tiles is None else self._tiles.cost)

    @override
    def close(self) -> None:
        super().close()
        decoded_tiles().forget(self)
        if self._tiles is not None:
            self._tiles.close()

    @property
    @override
    def details(self) -> Details:
        return replace(super().details, has_profile=self._profile is not None)

    @override
    def under(self, look: Look) -> TileSource:
        if self._profile is None or not look.profile:
            return super().under(look)
        return InSrgb(self, profiles.chosen(look, self._profile))

    @property
    @override
    def associated_images(self) -> Mapping[str, Size]:
        sizes = {}
        for name, place in self._places.items():
            with self._files.use(place.file) as pages:
                page = pages.page(place.page)
                sizes[name] = (page.imagewidth, page.imagelength)
        return sizes

    @override
    def read_associated(self, name: str) -> Pixels:
        place = self._places.get(name)
        if place is None:
            return super().read_associated(name)
        with self._files.use(place.file) as pages:
            page = pages.page(place.page)
            tiff_pages.check_readable(page)
            if page.imagewidth * page.imagelength > ASSOCIATED_MAX_PIXELS or tiff_pages.shown_dtype(page) != np.uint8:
                raise UnsupportedContent(f"The picture {name} of this image is of a kind that is not read.")
            values = pages.read(page, Box(0, 0, page.imagewidth, page.imagelength))
        return values if values.ndim == 3 else values[:, :, np.newaxis]


def jpeg_tiles_of(path: Path, planes: TiffPlanes) -> JpegTiles | None:
    """Of all levels and frames, or of none."""
    directories = [] if path.is_dir() else planes.directories()
    return jpeg_tiles_at(path, directories) if directories else None


def recognises(path: Path, head: bytes) -> bool:
    """TIFF files that others would show less of: those take plain slides and plain pictures. Folders of OME-TIFF."""
    try:
        if not head:
            return path.is_dir() and ome_layout.header_of_set(path) is not None
        with tiff_pages.opened(path) if tiff.is_tiff(head) else nothing() as pages:
            return pages is not None and is_ours(path, pages)
    except TileError:
        return False  # the formats that take every TIFF say what is wrong


@contextmanager
def nothing() -> Iterator[None]:
    """For what is no TIFF."""
    yield


def is_ours(path: Path, pages: TiffPages) -> bool:
    """By the first page, and by how many are like it."""
    import openslide

    first = pages.page(0)
    if first.dtype is None or first.photometric not in tiff_pages.READ_PHOTOMETRICS:
        return False
    if openslide.OpenSlide.detect_format(path) not in (None, "generic-tiff"):
        return False
    plain = first.dtype in (np.uint8, np.bool_) and first.samplesperpixel in (1, 3, 4)
    if not plain or first.compression not in USUAL_COMPRESSIONS or is_ome(first):
        return True
    return len(tiff_pages.equal_pages(path)) > 1 or tiff_layout.imagej(first).get("images", "1") not in ("0", "1")


def open_tiff(path: Path, options: OpenOptions) -> TileSource:  # noqa: ARG001 - all formats open alike
    """A file; or a folder of files whose header names which belong together."""
    files = ome_layout.named_files(path) if path.is_dir() else [path]
    lent = Lent(len(files), lambda number: TiffPages(files[number]))
    try:
        with parsing("TIFF file"):
            return TiffImage(lent, layout_of(path, files, lent), path)
    except BaseException:
        lent.close()
        raise


def layout_of(path: Path, files: Sequence[Path], lent: Lent[TiffPages]) -> Layout:
    """From the header of a set, or from the file's own."""
    with lent.use(0) as pages:
        first = pages.page(0)
        tiff_pages.check_readable(first)
        if path.is_dir():
            numbers = {file.name: number for number, file in enumerate(files)}
            images = ome.parse(ome_layout.header_of_set(path) or "")
            return ome_layout.layout(images, first, lambda stored: numbers.get(stored.file or ""))
        images = ome.parse(first.description) if is_ome(first) else []
        if images:
            return ome_layout.layout(images, first, ome_layout.own_planes(path.name, first.description, images))
        return tiff_layout.layout(path, pages)


FORMAT = Format("TIFF stack", recognises, open_tiff)
