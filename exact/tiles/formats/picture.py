"""Plain pictures (PNG, JPEG, TIFF, ...) through Pillow: upright, 8-bit grey or RGB on white, in a pyramid."""

import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps
from typing_extensions import override

from exact.tiles import tiff
from exact.tiles.errors import DamagedFile, TooManyPixels, UnsupportedContent
from exact.tiles.source import Description, Format, OpenOptions, Pixels, PlaneDescription, Size, TileSource, cut
from exact.tiles.unpacked import Flat, held_bytes, unpack

PILLOW_FORMATS = ("PNG", "JPEG", "TIFF", "BMP", "PPM", "WEBP")
SIGNATURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"BM", *(b"P%d" % kind for kind in range(1, 7)))
MAX_FRAMES = 4096
SMALLEST_LEVEL_PX = 256
STRIP_ROWS = 1024
"""Even, so that halving a strip needs no row of the next one."""
WIDE_MODES = ("I", "F", "I;16", "I;16B", "I;16L", "I;16N")
WINDOW_PERCENTILES = (0.1, 99.9)
WINDOW_SAMPLES = 1_000_000
TURNED = (5, 6, 7, 8)
"""EXIF orientations that exchange width and height."""
ORIENTATION = 0x0112
PARSER_ERRORS = (OSError, ValueError, SyntaxError, EOFError, LookupError, TypeError, ArithmeticError, struct.error)
"""What Pillow's readers raise on broken files."""


@dataclass(frozen=True)
class Shape:
    """Everything that must be known before pixels are unpacked."""

    pillow_format: str
    width: int
    height: int
    frames: int
    channels: int

    @property
    def level_sizes(self) -> tuple[Size, ...]:
        """Halved, rounded up, until the picture fits one tile."""
        sizes = [(self.width, self.height)]
        while max(sizes[-1]) > SMALLEST_LEVEL_PX:
            sizes.append(((sizes[-1][0] + 1) // 2, (sizes[-1][1] + 1) // 2))
        return tuple(sizes)

    @property
    def frame_bytes(self) -> int:
        """All levels of one frame."""
        return self.channels * sum(width * height for width, height in self.level_sizes)


class Picture(TileSource):
    """A picture that was unpacked when it was opened."""

    def __init__(self, shape: Shape, flat: Flat) -> None:
        self._shape = shape
        self._flat = flat
        self._frames = [levels(shape, flat, frame) for frame in range(shape.frames)]

    @property
    @override
    def description(self) -> Description:
        shape = self._shape
        return Description(
            format=shape.pillow_format.lower(),
            width=shape.width,
            height=shape.height,
            frames=shape.frames,
            default_frame=0,
            frame_names=tuple(f"page {n + 1}" for n in range(shape.frames)) if shape.frames > 1 else None,
            channels=shape.channels,
            pixel_size_um=(None, None, None),
            objective_power=None,
            planes=(PlaneDescription(0, "image", shape.width, shape.height, shape.frames, (None, None)),),
        )

    @property
    @override
    def level_dimensions(self) -> tuple[Size, ...]:
        return self._shape.level_sizes

    @property
    @override
    def level_downsamples(self) -> tuple[float, ...]:
        return tuple(2.0**level for level in range(len(self._shape.level_sizes)))

    @override
    def read_region(self, location: tuple[int, int], level: int, size: Size, frame: int = 0, plane: int = 0) -> Pixels:
        self._plane(plane)
        self._check_frame(frame, plane)
        return cut(self._frames[frame][level], location[0] >> level, location[1] >> level, size)

    @property
    @override
    def cost(self) -> int:
        return held_bytes(self._flat)

    @override
    def close(self) -> None:
        self._frames = []
        self._flat = np.zeros(0, np.uint8)


def levels(shape: Shape, flat: Flat, frame: int) -> list[Pixels]:
    """The levels of one frame as views into the unpacked bytes."""
    views, at = [], frame * shape.frame_bytes
    for width, height in shape.level_sizes:
        length = width * height * shape.channels
        views.append(flat[at : at + length].reshape(height, width, shape.channels))
        at += length
    return views


def recognises(path: Path, head: bytes) -> bool:  # noqa: ARG001 - the head is enough
    """By the first bytes of the formats that Pillow reads for us."""
    return head.startswith(SIGNATURES) or tiff.is_tiff(head) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")


def open_picture(path: Path, options: OpenOptions) -> TileSource:
    """Reads all pixels, once; refuses what is larger than the limit before unpacking."""
    with path.open("rb") as file:
        head = file.read(16)
    if tiff.is_tiff(head):
        tiff.check_ranges(path)
    with _opened(path, options.picture_max_pixels) as image:
        shape = shape_of(image, options.picture_max_pixels)
        flat = unpack(options, "picture-1", shape.frames * shape.frame_bytes, lambda flat: fill(image, shape, flat))
        return Picture(shape, flat)


@contextmanager
def _opened(path: Path, max_pixels: int) -> Iterator[Image.Image]:
    """Pillow's image, with everything it may raise while it is used turned into one of our errors."""
    Image.MAX_IMAGE_PIXELS = max_pixels
    try:
        with Image.open(path, formats=PILLOW_FORMATS) as image:
            yield image
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise TooManyPixels(_too_many(max_pixels)) from error
    except PARSER_ERRORS as error:
        reason = str(error).replace(str(path), "the file")
        raise DamagedFile(f"The picture is damaged or cut off ({reason}). Upload it again.") from error


def shape_of(image: Image.Image, max_pixels: int) -> Shape:
    """From the header alone."""
    width, height = image.size
    frames = _equal_frames(image, max_pixels)
    if width * height * frames > max_pixels:
        raise TooManyPixels(_too_many(max_pixels))
    if image.format != "TIFF" and image.getexif().get(ORIENTATION) in TURNED:  # Pillow turns TIFF files itself
        width, height = height, width
    return Shape(image.format or "picture", width, height, frames, 1 if _is_grey(image) else 3)


def _too_many(max_pixels: int) -> str:
    return (
        f"The picture has too many pixels: at most {max_pixels:,} are taken. "
        "Convert it to a pyramidal, tiled TIFF and upload that."
    )


def _equal_frames(image: Image.Image, max_pixels: int) -> int:
    """Pages of a TIFF when all have one size and mode; every other file shows its first page."""
    count = getattr(image, "n_frames", 1) if image.format == "TIFF" else 1
    if count == 1:
        return 1
    if count > MAX_FRAMES or count * image.width * image.height > max_pixels:
        raise TooManyPixels(_too_many(max_pixels))
    kinds = {_kind(image, frame) for frame in range(count)}
    image.seek(0)
    return count if len(kinds) == 1 else 1


def _kind(image: Image.Image, frame: int) -> tuple[Size, str]:
    image.seek(frame)
    return image.size, image.mode


def _is_grey(image: Image.Image) -> bool:
    return image.mode in ("1", "L", *WIDE_MODES) and not image.has_transparency_data


def fill(image: Image.Image, shape: Shape, flat: Flat) -> None:
    """Unpacks every frame and builds its smaller levels, strip by strip."""
    to_8_bit = _window(image, shape.frames) if image.mode in WIDE_MODES else None
    for frame in range(shape.frames):
        upright = _upright(image, frame)
        if upright.size != (shape.width, shape.height):
            raise UnsupportedContent("The picture's size changes while it is read: this kind of file is not supported.")
        pyramid = levels(shape, flat, frame)
        _fill_first(upright, pyramid[0], to_8_bit)
        for larger, smaller in pairwise(pyramid):
            _halve(larger, smaller)


def _upright(image: Image.Image, frame: int) -> Image.Image:
    if frame or getattr(image, "n_frames", 1) > 1:
        image.seek(frame)
    image.load()
    return ImageOps.exif_transpose(image)


def _fill_first(image: Image.Image, level: Pixels, to_8_bit: Callable[[Image.Image], Pixels] | None) -> None:
    for top in range(0, image.height, STRIP_ROWS):
        strip = image.crop((0, top, image.width, min(image.height, top + STRIP_ROWS)))
        rows = to_8_bit(strip) if to_8_bit else np.asarray(flattened(strip))
        level[top : top + STRIP_ROWS] = rows.reshape(rows.shape[0], rows.shape[1], -1)


def flattened(image: Image.Image) -> Image.Image:
    """8-bit grey or RGB: palettes, CMYK and others converted, transparency put on white."""
    if image.has_transparency_data:
        seen = image.convert("RGBA")
        return Image.composite(seen, Image.new("RGB", seen.size, "white"), seen).convert("RGB")
    return image.convert("L" if image.mode in ("1", "L") else "RGB")


def _halve(larger: Pixels, smaller: Pixels) -> None:
    for top in range(0, larger.shape[0], STRIP_ROWS):
        strip = larger[top : top + STRIP_ROWS]
        image = Image.fromarray(strip[:, :, 0] if strip.shape[2] == 1 else strip)
        rows = np.asarray(image.reduce(2))
        smaller[top // 2 : top // 2 + rows.shape[0]] = rows.reshape(rows.shape[0], rows.shape[1], -1)


def _window(image: Image.Image, frames: int) -> Callable[[Image.Image], Pixels]:
    """More than 8 bits: linear between two percentiles of all frames, because cameras rarely use the full range."""
    samples = np.concatenate([_samples(_upright(image, frame), frames) for frame in range(frames)])
    finite = samples[np.isfinite(samples)]
    if finite.size == 0:
        raise UnsupportedContent("The picture holds no finite value.")
    low, high = np.percentile(finite, WINDOW_PERCENTILES)
    scale = 255.0 / (high - low) if high > low else 0.0

    def to_8_bit(strip: Image.Image) -> Pixels:
        values = np.nan_to_num(np.asarray(strip, np.float32), nan=low, posinf=high, neginf=low)
        return np.asarray(np.clip((values - low) * scale + 0.5, 0, 255).astype(np.uint8))

    return to_8_bit


def _samples(image: Image.Image, frames: int) -> NDArray[np.float32]:
    values = np.asarray(image).reshape(-1)
    step = max(1, values.size * frames // WINDOW_SAMPLES)
    return np.asarray(values[::step], np.float32)


FORMAT = Format("picture", recognises, open_picture)
