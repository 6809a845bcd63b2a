"""Large pictures as tiled JPEG pyramids: made once, below the cache folder, then read like a slide of our own."""

import base64
import json
import os
import struct
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO, Self

import numpy as np
from PIL import Image
from typing_extensions import override

from exact.tiles import profiles, scratch
from exact.tiles.decoded_tiles import decoded_tiles
from exact.tiles.encoders import encode_jpeg
from exact.tiles.errors import Contained, DamagedFile, TooManyPixels
from exact.tiles.jpeg_tiles import JpegTiles, jpeg_tiles
from exact.tiles.looks import PLAIN, Look
from exact.tiles.mosaic import assembled
from exact.tiles.pictures import PIXELS_PER_BYTE, STRIPWISE, WHOLE_MAX_PIXELS, Header, description_of, details_of
from exact.tiles.profiles import InSrgb
from exact.tiles.scratch import Decoded
from exact.tiles.source import Description, Details, OpenOptions, Pixels, Size, TileSource
from exact.tiles.tiff_writer import TILE_PX, TiledTiffWriter, halved_sizes
from exact.tiles.unpacked import keep, kept_at

KIND = "pyramid-1.tif"
LOSSY_PIXELS = 4 * 2**20
"""JPEG pictures become pyramids from here on: their loss has happened."""
LOSSLESS_PIXELS = 64 * 2**20
"""Up to here lossless pictures stay lossless: unpacked, 4 bytes on the disk for each pixel."""
DECODING = 0.3
"""The share of the time that goes before the first row is there."""
TRAILER = struct.Struct("<Q8s")
MARK = b"EXACTpyr"
MAX_TOLD_BYTES = 64 * 2**20
DAMAGED = "The pyramid that was made of this picture is damaged: ask the administrator to clear the cache."


def is_wanted(header: Header) -> bool:
    """Whether the picture is too large to be unpacked."""
    if header.frames > 1 or header.wide or header.pillow_format not in STRIPWISE:
        return False
    return header.pixels > (LOSSY_PIXELS if header.pillow_format == "JPEG" else LOSSLESS_PIXELS)


def check_size(path: Path, header: Header) -> None:
    """Billions of pixels in a small file were made to harm."""
    if header.pixels > max(WHOLE_MAX_PIXELS, PIXELS_PER_BYTE * path.stat().st_size):
        raise TooManyPixels(
            f"The picture has too many pixels for a file of {path.stat().st_size:,} bytes: at most "
            f"{max(WHOLE_MAX_PIXELS, PIXELS_PER_BYTE * path.stat().st_size):,} are taken. "
            "Convert it to a pyramidal, tiled TIFF and upload that."
        )


def open_pyramid(path: Path, header: Header, options: OpenOptions) -> "MadePyramid":
    """The pyramid of a picture, made now if it is not there."""
    check_size(path, header)
    return MadePyramid.opened(keep(options, KIND, lambda made: make(path, header, options, made)))


def open_made(options: OpenOptions) -> "MadePyramid | None":
    """The pyramid if it is there: reads nothing that a stranger wrote, so the web process may do it."""
    made = kept_at(options, KIND)
    try:
        os.utime(made)  # what is looked at is given up last
        return MadePyramid.opened(made, contained=True)
    except (FileNotFoundError, DamagedFile):  # given up at this moment: whoever may read the original makes it anew
        return None


def make(path: Path, header: Header, options: OpenOptions, made: Path) -> None:
    """Writes the pyramid, and behind it what the picture's header says."""
    with scratch.decoded(path, header, options.cache / "unpacked") as decoded:
        options.progress(DECODING)
        with TiledTiffWriter(made, halved_sizes(header.size)) as writer:
            Cascade(writer).write(decoded, header.size[1], options.progress)
    with made.open("ab") as file:
        append(file, told_of(header))


class Cascade:
    """Rows of the picture become rows of tiles of all levels, with little more than one row of tiles of each held."""

    def __init__(self, writer: TiledTiffWriter) -> None:
        self._writer = writer
        self._written = [0 for _ in writer.levels]
        self._waiting: list[list[Pixels]] = [[] for _ in writer.levels]

    def write(self, decoded: Decoded, height: int, progress: Callable[[float], None]) -> None:
        """All of them, from top to bottom."""
        for top in range(0, height, TILE_PX):
            self._add(0, decoded.rows(top, TILE_PX))
            decoded.forget()
            progress(DECODING + (1 - DECODING) * min(1.0, (top + TILE_PX) / height))
        for level in range(1, len(self._waiting)):
            if self._waiting[level]:
                self._add(level, self._taken(level))

    def _add(self, level: int, rows: Pixels) -> None:
        self._write_tiles(level, rows)
        if level + 1 == len(self._waiting):
            return
        self._waiting[level + 1].append(_half(rows))
        if sum(len(part) for part in self._waiting[level + 1]) == TILE_PX:
            self._add(level + 1, self._taken(level + 1))

    def _taken(self, level: int) -> Pixels:
        rows = np.concatenate(self._waiting[level])
        self._waiting[level] = []
        return rows

    def _write_tiles(self, level: int, rows: Pixels) -> None:
        for column in range(self._writer.levels[level].columns):
            tile = _whole_tile(rows[:, column * TILE_PX : (column + 1) * TILE_PX])
            self._writer.write_tile(level, column, self._written[level], encode_jpeg(tile))
        self._written[level] += 1


def _whole_tile(part: Pixels) -> Pixels:
    """Three samples, and the last pixels repeated at right and lower edges."""
    height, width, samples = part.shape
    if (width, height) != (TILE_PX, TILE_PX):
        part = np.pad(part, ((0, TILE_PX - height), (0, TILE_PX - width), (0, 0)), mode="edge")
    return np.repeat(part, 3, axis=2) if samples == 1 else part


def _half(rows: Pixels) -> Pixels:
    image = Image.fromarray(rows[:, :, 0] if rows.shape[2] == 1 else rows)
    small = np.asarray(image.reduce(2))
    return small.reshape(*small.shape[:2], rows.shape[2])


def told_of(header: Header) -> dict[str, Any]:  # Any: JSON
    """What an opener of the pyramid needs instead of the original."""
    icc = header.profile if profiles.fits(header.profile, header.samples) and header.samples < 4 else None
    details = details_of(header, has_profile=icc is not None)
    return {
        "description": description_of(header, None).as_json(),
        "details": {**asdict(details), "axes": [], "channels": []},
        "profile": None if icc is None else base64.b64encode(icc).decode(),
    }


def append(file: BinaryIO, told: dict[str, Any]) -> None:  # Any: JSON
    """Behind the directories, where readers of TIFF do not look."""
    content = json.dumps(told).encode()
    file.write(content + TRAILER.pack(len(content), MARK))


def read_told(path: Path) -> dict[str, Any]:  # Any: JSON
    """The inverse of `append`."""
    with path.open("rb") as file:
        end = file.seek(-TRAILER.size, 2)
        length, mark = TRAILER.unpack(file.read(TRAILER.size))
        if mark != MARK or length > min(end, MAX_TOLD_BYTES):
            raise DamagedFile(DAMAGED)
        file.seek(end - length)
        told: dict[str, Any] = json.loads(file.read(length))
        return told


class MadePyramid(TileSource):
    """A picture's pyramid: its tiles are handed on as they lie, like those of a slide."""

    def __init__(self, tiles: JpegTiles, told: dict[str, Any], *, contained: bool) -> None:  # Any: JSON
        self._tiles = tiles
        self._description = Description.from_json(told["description"])
        self._details = Details(**{**told["details"], "axes": (), "channels": ()})
        self._sizes = tuple(halved_sizes((self._description.width, self._description.height)))
        icc = told["profile"]
        self._profile = None if icc is None else profiles.from_bytes(base64.b64decode(icc))
        self._contained = contained

    @classmethod
    def opened(cls, path: Path, *, contained: bool = False) -> Self:
        """From the file that `make` wrote."""
        told = read_told(path)
        size = told["description"]["width"], told["description"]["height"]
        tiles = jpeg_tiles(path, tuple(halved_sizes(size)))
        if tiles is None:
            raise DamagedFile(DAMAGED)
        return cls(tiles, told, contained=contained)

    @property
    @override
    def description(self) -> Description:
        return self._description

    @property
    @override
    def details(self) -> Details:
        return self._details

    @override
    def under(self, look: Look) -> TileSource:
        if look == PLAIN:
            return self
        profile = profiles.chosen(look, self._profile)
        if self._contained:
            raise Contained("Colour profiles are applied by a process of its own.")
        return InSrgb(self, profile)

    @property
    @override
    def level_dimensions(self) -> tuple[Size, ...]:
        return self._sizes

    @property
    @override
    def level_downsamples(self) -> tuple[float, ...]:
        return tuple(2.0**level for level in range(len(self._sizes)))

    @property
    @override
    def stored_tiles(self) -> tuple[Size | None, ...]:
        return ((TILE_PX, TILE_PX),) * len(self._sizes)

    @override
    def encoded_tile(self, level: int, column: int, row: int, frame: int = 0) -> bytes | None:
        return self._tiles.encoded(level, column, row)

    @override
    def decoded_tile(self, level: int, column: int, row: int, shrink: int = 1, frame: int = 0) -> Pixels | None:
        decoded = self._tiles.decoded(level, column, row, shrink)
        return None if decoded is None else decoded[:, :, : self._description.channels]

    @override
    def read_region(self, location: tuple[int, int], level: int, size: Size, frame: int = 0, plane: int = 0) -> Pixels:
        self._plane(plane)
        self._check_frame(frame, plane)
        corner = location[0] >> level, location[1] >> level
        pixels = assembled(self, level, corner, size, background=(255,) * self._description.channels)
        if pixels is None:
            raise DamagedFile(DAMAGED)
        return pixels

    @property
    @override
    def cost(self) -> int:
        return self._tiles.cost

    @override
    def close(self) -> None:
        decoded_tiles().forget(self)
        self._tiles.close()
