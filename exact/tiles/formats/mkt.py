"""CellVizio recordings (MKT): frames of 16 bits in time, each windowed inside the round field of the probe.

There is no published description of the format, and no real file could be reached: tried with files made in the tests
after what two open readers expect. Without a description at the end of the file only frames of 512 x 512 and 576 x
576 to 580 pixels are recognised. Pixel sizes from the field of view; unknown where it is not told.
"""

import math
import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from typing_extensions import override

from exact.tiles.errors import DamagedFile
from exact.tiles.frame_stack import StackOfFrames, axes, describe
from exact.tiles.pixel_sizes import positive
from exact.tiles.slices import Slices, Values, Window
from exact.tiles.source import Details, Format, OpenOptions, Size, TileSource

HEADER = struct.Struct(">5xfxi2x")
"""Frames a second, and bytes of a frame."""
GAP_BYTES = 32
"""Between two frames."""
TAIL_BYTES = 8 * 2**20
"""The description stands behind the frames, as lines of `key=value`, and ends with a mark."""
DESCRIPTION_STARTS, DESCRIPTION_ENDS = b"allowed_egain_eoffset_pairs=", b"<CEND"
KNOWN_SIZES: Mapping[int, Size] = {668160: (576, 580), 665856: (576, 578), 663552: (576, 576), 524288: (512, 512)}
"""Of files without a description, by bytes of a frame."""
FRAME_BYTES = range(2 * 16 * 16, 2 * 4096 * 4096 + 1)
MAX_RATE = 1000.0
MAX_KEYS, MAX_TEXT = 500, 300
PERCENTILES = (0.5, 99.5)
BRIGHTEST = 5000.0
"""Brighter values are single pixels that glare: they do not widen the window."""
UM_MM = 1000.0
WINDOWS = 512


@dataclass(frozen=True)
class Recording:
    """Header and description, checked against each other."""

    size: Size
    rate: float | None
    frames: int
    told: Mapping[str, str]

    @property
    def frame_bytes(self) -> int:
        """Of one frame."""
        return 2 * self.size[0] * self.size[1]

    @property
    def stack(self) -> StackOfFrames:
        """In the words of frames in time; the field of view is told in micrometres."""
        fields = [positive(self.told.get(name)) for name in ("fovx", "fovy")]
        spacing = [None if um is None else um / UM_MM / side for um, side in zip(fields, self.size, strict=True)]
        across, down = spacing
        times = None if self.rate is None else tuple(n / self.rate for n in range(self.frames))
        spacing_mm = None if across is None or down is None else (across, down)
        return StackOfFrames(self.size, np.dtype("<i2"), self.frames, spacing_mm, times)


class CellvizioRecording(Slices):
    """Frames are views of a memory map."""

    def __init__(self, path: Path, recording: Recording) -> None:
        self._recording = recording
        self._stored = np.asarray(np.memmap(path, np.uint8, "r"))
        self._inside = round_field(recording.size)
        self._windows = lru_cache(WINDOWS)(self._frame_window)
        stack, first = recording.stack, self._frame_window(0)
        details = Details(
            pixel_size_source=None if stack.spacing_mm is None else "mkt.fovx",
            axes=axes(stack),
            window=(first.low, first.high),
            window_limits=(0.0, float(max(self._values(0, 0).max(), first.high))),
            properties={f"mkt.{name}": value for name, value in recording.told.items()},
        )
        super().__init__(describe(stack, "mkt"), details, first)

    @override
    def _values(self, plane: int, frame: int) -> Values:
        start = HEADER.size + frame * (self._recording.frame_bytes + GAP_BYTES)
        flat = self._stored[start : start + self._recording.frame_bytes].view("<i2")
        return flat.reshape(self._recording.size[::-1])

    @override
    def _window_of(self, frame: int) -> Window:
        return self._windows(frame)

    def _frame_window(self, frame: int) -> Window:
        """Between two percentiles of what the probe sees; corners outside of its round field do not count."""
        seen = np.maximum(self._values(0, frame)[self._inside], 0)
        low, high = (float(end) for end in np.percentile(seen, PERCENTILES))
        high = min(high, BRIGHTEST)
        return Window(low, high if high > low else low + 1)

    @property
    @override
    def cost(self) -> int:
        return self._inside.nbytes

    @override
    def close(self) -> None:
        self._windows.cache_clear()


def round_field(size: Size) -> Values:
    """Which pixels lie in the probe's field of view."""
    width, height = size
    y, x = np.ogrid[:height, :width]
    inside = (x - width // 2) ** 2 + (y - height // 2) ** 2 <= ((width - 2) // 2) ** 2
    return inside if bool(inside.any()) else np.ones((height, width), np.bool_)


def recognises(path: Path, head: bytes) -> bool:
    """There is no magic number: a frame size that fits the description behind the frames, or a known one."""
    return len(head) >= HEADER.size and _recording(path) is not None


def open_recording(path: Path, options: OpenOptions) -> TileSource:  # noqa: ARG001 - all formats open alike
    """Maps the file as it lies."""
    recording = _recording(path)
    if recording is None:
        raise DamagedFile("The recording is damaged: its header and its description do not fit. Upload it again.")
    return CellvizioRecording(path, recording)


def _recording(path: Path) -> Recording | None:
    with path.open("rb") as file:
        header = file.read(HEADER.size)
        if len(header) < HEADER.size:
            return None
        rate, frame_bytes = HEADER.unpack(header)
        if frame_bytes not in FRAME_BYTES:
            return None
        size_bytes = os.fstat(file.fileno()).st_size
        tail_at = max(HEADER.size, size_bytes - TAIL_BYTES)
        tail = os.pread(file.fileno(), size_bytes - tail_at, tail_at)
    start = tail.rfind(DESCRIPTION_STARTS)
    told = {} if start < 0 else description(tail[start:])
    size = _size(told, frame_bytes)
    end = size_bytes if start < 0 else tail_at + start
    frames = (end - HEADER.size + GAP_BYTES) // (frame_bytes + GAP_BYTES)
    if size is None or frames < 1:
        return None
    return Recording(size, _rate(told.get("framerate")) or _rate(rate), frames, told)


def description(text: bytes) -> dict[str, str]:
    """Lines of `key=value` up to the mark."""
    lines = text.partition(DESCRIPTION_ENDS)[0].decode("utf-8", "replace").splitlines()[:MAX_KEYS]
    pairs = (line.partition("=") for line in lines)
    return {key.strip(): value.strip()[:MAX_TEXT] for key, equals, value in pairs if equals}


def _size(told: Mapping[str, str], frame_bytes: int) -> Size | None:
    """The description's, when it is that of a frame; else a known one."""
    width, height = (told.get(name, "") for name in ("width", "height"))
    if width.isdecimal() and height.isdecimal() and 2 * int(width) * int(height) == frame_bytes:
        return int(width), int(height)
    return KNOWN_SIZES.get(frame_bytes)


def _rate(value: object) -> float | None:
    rate = positive(value)
    return rate if rate is not None and math.isfinite(rate) and rate <= MAX_RATE else None


FORMAT = Format("CellVizio", recognises, open_recording)
