"""Plain pictures (PNG, JPEG, TIFF, GIF, WebP, AVIF, ...): upright, on white, in a pyramid; wide values by window.

PNG (also 16 bits, palette, animated), JPEG (also CMYK, MPO), TIFF of one page, GIF, WebP, AVIF, BMP, PNM and JPEG 2000.
All eight EXIF orientations; transparency on white; inks (CMYK) without a profile as most viewers show them; 16 bits in
colour as their upper 8. Frames of animations are named by their time. JPEG, PNG and TIFF up to 2^30 pixels
(EXACT_PICTURE_MAX_PIXELS) and 256 pixels for each byte of the file; the others, and all frames of one file together, up
to 178,956,970.
"""

import copy
import dataclasses
from collections.abc import Callable
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from typing_extensions import override

from exact.tiles import channels, profiles, pyramids, tiff
from exact.tiles.channels import Window
from exact.tiles.errors import TooManyPixels, UnsupportedContent
from exact.tiles.looks import PLAIN, Look
from exact.tiles.pictures import (
    ANIMATED,
    WHOLE_MAX_PIXELS,
    Header,
    as_kept,
    description_of,
    details_of,
    header_of,
    inks_as_rgb,
    opened,
    too_many,
    upright,
)
from exact.tiles.source import Axis, Description, Details, Format, OpenOptions, Pixels, Size, TileSource, cut
from exact.tiles.tiff_writer import halved_sizes
from exact.tiles.unpacked import Flat, held_bytes, unpack

SIGNATURES = (
    *(b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"BM", b"GIF87a", b"GIF89a"),
    *(b"P%d" % kind for kind in range(1, 7)),
    *(b"\xff\x4f\xff\x51", b"\x00\x00\x00\x0cjP  \r\n\x87\n"),
)
AVIF_BRANDS, AVIF_OTHER_BRANDS = (b"avif", b"avis"), (b"mif1", b"msf1")
"""The other ones are those of HEIF in general: HEIC pictures of telephones have them too, and cannot be read."""
STRIP_ROWS = 1024
"""Even, so that halving a strip needs no row of the next one."""
WINDOW_SAMPLES = 1_000_000
NOTES = 4
"""Numbers kept before the pixels: the window's ends, its limits; then the time of every frame in milliseconds."""

Values = NDArray[Any]  # Any: 8 bits or the file's wide type
Unpacked = list[list[Values]]
"""Frames of levels of (height, width, samples)."""


class Picture(TileSource):
    """A picture that was unpacked when it was opened."""

    def __init__(self, header: Header, flat: Flat) -> None:
        self._header = header
        self._flat = flat
        self._notes, self._frames = laid_out(header, flat)
        self._sizes = tuple(halved_sizes(header.size))
        self._axes, self._names = frames_of(header, self._notes[NOTES:].tolist())
        self._icc = header.profile if profiles.fits(header.profile, header.samples) and not header.wide else None
        self._profile = None if self._icc is None else profiles.from_bytes(self._icc)
        self._shown: Callable[[Values], Pixels] = self._plain(self._window)

    @property
    @override
    def description(self) -> Description:
        return description_of(self._header, self._names)

    @property
    @override
    def details(self) -> Details:
        told = details_of(self._header, self._axes, has_profile=self._profile is not None)
        if not self._header.wide:
            return told
        low, high = (float(note) for note in self._notes[2:NOTES])
        return dataclasses.replace(told, window=self._window, window_limits=(low, high))

    @property
    def _window(self) -> Window:
        return float(self._notes[0]), float(self._notes[1])

    @override
    def under(self, look: Look) -> TileSource:
        if look == PLAIN:
            return self
        other = copy.copy(self)
        other._shown = self._seen_by(look)  # noqa: SLF001 - of the same class
        return other

    def _seen_by(self, look: Look) -> Callable[[Values], Pixels]:
        if self._header.wide:
            return self._plain(channels.checked_window(look, self._window))
        return profiles.chosen(look, self._profile).apply

    def _plain(self, window: Window) -> Callable[[Values], Pixels]:
        if self._header.wide:
            return lambda values: channels.grey(values[:, :, 0], window)
        return inks_as_rgb if self._header.samples == 4 else np.asarray

    @property
    @override
    def level_dimensions(self) -> tuple[Size, ...]:
        return self._sizes

    @property
    @override
    def level_downsamples(self) -> tuple[float, ...]:
        return tuple(2.0**level for level in range(len(self._sizes)))

    @override
    def read_region(self, location: tuple[int, int], level: int, size: Size, frame: int = 0, plane: int = 0) -> Pixels:
        self._plane(plane)
        self._check_frame(frame, plane)
        values = self._frames[frame][level]
        left, top = location[0] >> level, location[1] >> level
        x, y = min(max(left, 0), values.shape[1]), min(max(top, 0), values.shape[0])
        inside = values[y : max(y, top + size[1]), x : max(x, left + size[0])]
        shown = self._shown(inside) if inside.size else np.empty((0, 0, self._header.channels), np.uint8)
        return cut(shown, left - x, top - y, size)

    @property
    @override
    def cost(self) -> int:
        return held_bytes(self._flat)

    @override
    def close(self) -> None:
        self._frames = []
        self._flat = np.zeros(0, np.uint8)


def laid_out(header: Header, flat: Flat) -> tuple[NDArray[np.float64], Unpacked]:
    """The notes, and the levels of every frame, as views into the unpacked bytes."""
    noted = 8 * (NOTES + header.frames)
    values, frames, at = flat[noted:].view(header.dtype), [], 0
    for _ in range(header.frames):
        levels = []
        for width, height in halved_sizes(header.size):
            length = width * height * header.samples
            levels.append(values[at : at + length].reshape(height, width, header.samples))
            at += length
        frames.append(levels)
    return flat[:noted].view(np.float64), frames


def size_bytes(header: Header) -> int:
    """Notes and pixels of all levels of all frames."""
    values = header.frames * header.samples * sum(width * height for width, height in halved_sizes(header.size))
    return 8 * (NOTES + header.frames) + values * np.dtype(header.dtype).itemsize


def frames_of(header: Header, starts_ms: list[float]) -> tuple[tuple[Axis, ...], tuple[str, ...] | None]:
    """The direction of the frames and their names: by time where the file tells it."""
    count = header.frames
    if count == 1:
        return (), None
    steps_ms = {after - before for before, after in pairwise(starts_ms)}
    if header.pillow_format in ANIMATED and min(steps_ms) > 0:
        step_s = steps_ms.pop() / 1000 if len(steps_ms) == 1 else None
        return (Axis("t", count, step_s, "s"),), tuple(f"{start / 1000:.2f} s" for start in starts_ms)
    kind = "page" if header.pillow_format == "TIFF" else "picture"
    return (Axis(kind, count),), tuple(f"{kind} {number + 1}" for number in range(count))


def recognises(path: Path, head: bytes) -> bool:  # noqa: ARG001 - the head is enough
    """By the first bytes of the formats that Pillow reads for us."""
    webp = head[:4] == b"RIFF" and head[8:12] == b"WEBP"
    return head.startswith(SIGNATURES) or tiff.is_tiff(head) or webp or _is_avif(head)


def _is_avif(head: bytes) -> bool:
    if head[4:8] != b"ftyp":
        return False
    brand, compatible = head[8:12], head[16 : int.from_bytes(head[:4], "big")]
    return brand in AVIF_BRANDS or (brand in AVIF_OTHER_BRANDS and any(known in compatible for known in AVIF_BRANDS))


def open_picture(path: Path, options: OpenOptions) -> TileSource:
    """PNG, JPEG (also CMYK), TIFF, GIF, WebP, AVIF, MPO, BMP, PNM, JPEG 2000: turned upright by EXIF, transparency on
    white, animations as frames, grey of more than 8 bits through a window."""
    with path.open("rb") as file:
        head = file.read(16)
    if tiff.is_tiff(head):
        tiff.check_ranges(path)
    with opened(path, options.picture_max_pixels) as image:
        header = header_of(image, options.picture_max_pixels)
        if pyramids.is_wanted(header):
            return pyramids.open_pyramid(path, header, options)
        if header.pixels > WHOLE_MAX_PIXELS:
            raise TooManyPixels(too_many(WHOLE_MAX_PIXELS))
        return Picture(header, unpack(options, "picture-2", size_bytes(header), lambda flat: fill(image, header, flat)))


def fill(image: Image.Image, header: Header, flat: Flat) -> None:
    """Unpacks every frame and builds its smaller levels, strip by strip; then notes window and times."""
    notes, frames = laid_out(header, flat)
    lengths_ms = []
    for frame, levels in enumerate(frames):
        if header.frames > 1 or getattr(image, "n_frames", 1) > 1:
            image.seek(frame)
        image.load()
        _fill_first(upright(image, header.orientation), header, levels[0])
        for larger, smaller in pairwise(levels):
            _halve(larger, smaller)
        lengths_ms.append(float(image.info.get("duration") or 0))
    if header.wide:
        samples = np.concatenate([_samples(levels[0], header.frames) for levels in frames])
        notes[:NOTES] = (*channels.sampled_window(samples), *channels.sampled_limits(samples))
    notes[NOTES:] = list(accumulate(lengths_ms[:-1], initial=0.0))


def _fill_first(image: Image.Image, header: Header, level: Values) -> None:
    if image.size != header.size:
        raise UnsupportedContent("The picture's size changes while it is read: this kind of file is not supported.")
    for top in range(0, image.height, STRIP_ROWS):
        strip = image.crop((0, top, image.width, min(image.height, top + STRIP_ROWS)))
        level[top : top + STRIP_ROWS] = as_kept(strip, header)


def _halve(larger: Values, smaller: Values) -> None:
    for top in range(0, larger.shape[0], STRIP_ROWS):
        rows = halved(larger[top : top + STRIP_ROWS])
        smaller[top // 2 : top // 2 + rows.shape[0]] = rows


def halved(values: Values) -> Values:
    """Averages of two by two; at an odd edge of what there is."""
    if values.dtype == np.uint8:
        image = Image.fromarray(values[:, :, 0] if values.shape[2] == 1 else values)
        rows = np.asarray(image.reduce(2))
        return rows.reshape(*rows.shape[:2], values.shape[2])
    height, width = (length + length % 2 for length in values.shape[:2])
    even = np.pad(values, ((0, height - values.shape[0]), (0, width - values.shape[1]), (0, 0)), mode="edge")
    mean = even.reshape(height // 2, 2, width // 2, 2, -1).mean(axis=(1, 3), dtype=np.float64)
    return np.asarray(np.rint(mean) if values.dtype.kind in "iu" else mean, values.dtype)


def _samples(level: Values, frames: int) -> Values:
    values = level.reshape(-1)
    return values[:: max(1, values.size * frames // WINDOW_SAMPLES)]


def open_here(path: Path, head: bytes, options: OpenOptions) -> TileSource | None:
    """The pyramid that was made of a large picture: a file of our own."""
    return pyramids.open_made(options) if recognises(path, head) else None


FORMAT = Format("picture", recognises, open_picture, open_here)
