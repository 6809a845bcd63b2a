"""Large pictures decoded straight into a file on the disk: memory stays small however many pixels there are."""

import mmap
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Self

import imagecodecs
import numpy as np
from numpy.typing import DTypeLike, NDArray
from PIL import Image

from exact.tiles.errors import DamagedFile, TooManyPixels, UnsupportedContent
from exact.tiles.pictures import PARSER_ERRORS, Header, flattened, inks_as_rgb
from exact.tiles.source import Pixels
from exact.tiles.tiff import Photometric
from exact.tiles.unpacked import reserve

if TYPE_CHECKING:  # loaded with the first file that needs it
    from tifffile import TiffPage

MAX_STRIP_BYTES = 256 * 2**20
"""A compressed strip is unpacked whole in memory."""
READ_BYTES = 16 * 2**20
PNG_SAMPLES = {"1": 1, "L": 1, "P": 3, "RGB": 3, "LA": 2, "RGBA": 4}
JPEG_SAMPLES = {"L": 1, "RGB": 3, "CMYK": 4}
DEPTH_AT = 24
NOT_COMPRESSED, JPEG_COMPRESSION = 1, 7
START_OF_SCAN, END_OF_IMAGE = 0xDA, b"\xff\xd9"
TIFF_SHOWN = (
    *(Photometric.MINISBLACK, Photometric.MINISWHITE, Photometric.RGB, Photometric.YCBCR),
    *(Photometric.PALETTE, Photometric.SEPARATED),
)

Values = NDArray[Any]  # Any: 8 or 16 bits


@dataclass(frozen=True)
class Decoded:
    """All stored values, and how rows of them are shown."""

    values: Values
    """(height, width, samples), upright."""
    as_pixels: Callable[[Values], Pixels]
    forget: Callable[[], None]
    """Lets the memory go that reading rows has taken; the disk keeps them."""

    def rows(self, top: int, count: int) -> Pixels:
        """Grey or RGB on white."""
        return self.as_pixels(np.ascontiguousarray(self.values[top : top + count]))


class Map:
    """A file on the disk as an array, whose pages can be let go."""

    def __init__(self, file: BinaryIO, *, writable: bool) -> None:
        self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_WRITE if writable else mmap.ACCESS_READ)

    @classmethod
    def scratch(cls, folder: Path, size_bytes: int) -> Self:
        """Without a name: whatever happens to the process, nothing stays behind."""
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            reserve(file.fileno(), size_bytes)
            return cls(file, writable=True)

    def array(self, shape: tuple[int, ...], dtype: DTypeLike, offset: int = 0) -> Values:
        """A view into the file."""
        count = int(np.prod(shape, dtype=np.int64))
        return np.frombuffer(self._map, dtype, count, offset).reshape(shape)

    def forget(self) -> None:
        """The pages leave this process's memory."""
        self._map.madvise(mmap.MADV_DONTNEED)


@contextmanager
def decoded(path: Path, header: Header, folder: Path) -> Iterator[Decoded]:
    """A JPEG, PNG or TIFF of one page; raises TileError for every broken one."""
    try:
        yield {"JPEG": _jpeg, "PNG": _png, "TIFF": _tiff}[header.pillow_format](path, header, folder)
    except MemoryError as error:
        raise TooManyPixels("Reading this picture takes more memory than allowed.") from error
    except PARSER_ERRORS as error:
        reason = str(error).replace(str(path), "the file")
        raise DamagedFile(f"The picture is damaged or cut off ({reason}). Upload it again.") from error


def _jpeg(path: Path, header: Header, folder: Path) -> Decoded:
    samples = JPEG_SAMPLES[header.mode]
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as stream:
        if stream.find(END_OF_IMAGE, _start_of_scan(stream)) < 0:
            raise DamagedFile("The picture is cut off: its end is missing. Upload it again.")
        scratch, values = _unpacked(imagecodecs.jpeg8_decode, stream, _stored_shape(header, samples), "u1", folder)
    shown = _uninverted if samples == 4 else np.asarray
    return Decoded(turned(values, header.orientation), shown, scratch.forget)


def _start_of_scan(stream: mmap.mmap) -> int:
    """After the segments, whose thumbnails have ends of their own."""
    at = 2
    while at + 4 <= len(stream) and stream[at] == 0xFF and stream[at + 1] != START_OF_SCAN:
        at += 2 + int.from_bytes(stream[at + 2 : at + 4], "big")
    return at


def _png(path: Path, header: Header, folder: Path) -> Decoded:
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as stream:
        wide = stream[DEPTH_AT] == 16
        samples = PNG_SAMPLES[header.mode] + _extra_sample(header)
        shape = _stored_shape(header, samples)
        scratch, values = _unpacked(imagecodecs.png_decode, stream, shape, "u2" if wide else "u1", folder)
    return Decoded(turned(values, header.orientation), _on_white if samples in (2, 4) else _narrowed, scratch.forget)


def _extra_sample(header: Header) -> int:
    """A transparent colour of a palette or of opaque pixels becomes a sample."""
    return int(header.transparent and header.mode not in ("LA", "RGBA"))


def _unpacked(
    decode: Callable[..., Values], stream: mmap.mmap, shape: tuple[int, int, int], dtype: str, folder: Path
) -> tuple[Map, Values]:
    scratch = Map.scratch(folder, int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize)
    values = scratch.array(shape, dtype)
    decode(np.frombuffer(stream, np.uint8), out=values[:, :, 0] if shape[2] == 1 else values)
    return scratch, values


def _stored_shape(header: Header, samples: int) -> tuple[int, int, int]:
    width, height = header.size
    return (width, height, samples) if header.orientation >= 5 else (height, width, samples)


def _tiff(path: Path, header: Header, folder: Path) -> Decoded:
    import tifffile

    with tifffile.TiffFile(path) as file:
        page = file.pages.first
        kind = _checked_kind(page)
        if page.is_memmappable and kind.isnative:
            with path.open("rb") as opened:
                held = Map(opened, writable=False)
            values = held.array(page.shape, kind, page.dataoffsets[0])
        else:
            held = Map.scratch(folder, page.nbytes)
            values = held.array(page.shape, kind)
            page.asarray(out=values, maxworkers=1, buffersize=READ_BYTES)
        if page.planarconfig == 2:
            values = np.moveaxis(values, 0, -1)
        upright = turned(np.atleast_3d(values), page.tags.valueof(274, 1))
        if upright.shape[1::-1] != header.size:
            raise UnsupportedContent("The two readers of this TIFF file differ in its size: it is not supported.")
        return Decoded(upright, _tiff_colours(page), held.forget)


def _checked_kind(page: "TiffPage") -> np.dtype[Any]:  # Any: 8 or 16 bits, or one
    kind = page.dtype
    subsampled = page.photometric == Photometric.YCBCR and page.compression != JPEG_COMPRESSION
    if kind is None or kind.kind not in "ub" or kind.itemsize > 2 or page.photometric not in TIFF_SHOWN or subsampled:
        raise UnsupportedContent("TIFF files of so many pixels are taken with 8 or 16 bits of grey or colour.")
    if (
        page.compression != NOT_COMPRESSED
        and int(np.prod(page.chunks, dtype=np.int64)) * kind.itemsize > MAX_STRIP_BYTES
    ):
        raise UnsupportedContent(
            f"The TIFF file is compressed in one piece of more than {MAX_STRIP_BYTES // 2**20} MiB: "
            "save it in strips or tiles."
        )
    return kind


def _tiff_colours(page: "TiffPage") -> Callable[[Values], Pixels]:
    """By what the samples mean."""
    if page.photometric == Photometric.PALETTE:
        if page.colormap is None:
            raise DamagedFile("The TIFF file has no table of its colours: it is damaged.")
        palette = np.ascontiguousarray(_narrowed(page.colormap).T)
        return lambda rows: palette[rows[:, :, 0]]
    if page.photometric == Photometric.MINISWHITE:
        return lambda rows: 255 - _narrowed(rows)
    if page.photometric == Photometric.SEPARATED:
        return lambda rows: inks_as_rgb(_narrowed(rows[:, :, :4]))
    samples = 1 if page.photometric == Photometric.MINISBLACK else 3
    if len(page.extrasamples) == 1 and page.extrasamples[0] in (1, 2):
        return _on_white
    return lambda rows: _narrowed(rows[:, :, :samples])


def turned(values: Values, orientation: int) -> Values:
    """A view that is upright, by EXIF orientation."""
    if orientation >= 5:
        values = values.transpose(1, 0, 2)
    across = {2: True, 3: True, 6: True, 7: True}.get(orientation, False)
    down = {3: True, 4: True, 7: True, 8: True}.get(orientation, False)
    return values[:: -1 if down else 1, :: -1 if across else 1]


def _narrowed(rows: Values) -> Pixels:
    """16 bits to their upper 8, black and white to 0 and 255."""
    if rows.dtype == np.bool_:
        return rows.astype(np.uint8) * np.uint8(255)
    return (rows >> 8).astype(np.uint8) if rows.dtype.itemsize == 2 else rows


def _on_white(rows: Values) -> Pixels:
    grey_or_colour = {2: "LA", 4: "RGBA"}
    return np.asarray(flattened(Image.fromarray(_narrowed(rows), grey_or_colour[rows.shape[2]]), grey=False))


def _uninverted(rows: Values) -> Pixels:
    """JPEG keeps inks the other way round, as Adobe began it and all others do."""
    return inks_as_rgb(255 - rows)
