"""Videos (MP4, AVI, WebM, Matroska): frames by time, each found exactly, whatever the file's index says.

What FFmpeg decodes without hardware (H.264, H.265, VP8, VP9, MPEG-4, Motion JPEG, FFV1, ...); AV1 is refused by name.
Frames are counted and timed by decoding them once, up to 10,000; longer videos, up to 500,000 frames, are believed
what they say. No sound. Tried with three real files.
"""

import itertools
import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from exact.tiles.decoded_tiles import decoded_tiles
from exact.tiles.errors import DamagedFile, NoSuchTile, TooManyPixels, UnsupportedContent
from exact.tiles.source import (
    Axis,
    Description,
    Details,
    Format,
    OpenOptions,
    Pixels,
    PlaneDescription,
    Size,
    TileSource,
    cut,
)

BOXES, MATROSKA, RIFF, AVI = b"ftyp", b"\x1a\x45\xdf\xa3", b"RIFF", b"AVI "
PICTURE_BRANDS = (b"avif", b"avis", b"mif1", b"msf1", b"heic", b"heix", b"hevc")
"""Files of the same boxes that hold pictures."""
MAX_FRAMES = 500_000
COUNTED_FRAMES = 10_000
"""Up to so many all frames are counted and timed by decoding them once; longer videos are believed what they say."""
MAX_NAMED_FRAMES = 20_000
FORWARD = 48
"""Frames that are decoded on the way rather than looked for anew."""
STEPS_BACK = (2, 40, 400)
"""How far before a frame the search begins: further when that was too late, and from the beginning in the end."""
EVEN_S = 0.0015
"""Containers round times to milliseconds."""
HANDLE_BYTES = 48 * 2**20
"""FFmpeg's reference pictures of a high-definition video."""

Times = NDArray[np.float64]


@dataclass(frozen=True)
class Clip:
    """What is known of a video before a frame is shown."""

    container: str
    codec: str
    size: Size
    rate: float
    times_s: Times
    """Of every frame, strictly rising."""

    @property
    def step_s(self) -> float | None:
        """From frame to frame; None where it changes."""
        steps = np.diff(self.times_s)
        if not len(steps):
            return None
        mean = float(steps.mean())
        return mean if bool((np.abs(steps - mean) <= EVEN_S).all()) else None


class Video(TileSource):
    """One decoder, used by one thread at a time; shown frames are remembered."""

    def __init__(self, path: Path, clip: Clip, properties: dict[str, str]) -> None:
        self._path = path
        self._clip = clip
        self._capture: Any = None  # Any: cv2 is untyped
        self._at = -1
        self._decoding = threading.Lock()
        self._details = Details(axes=axes_of(clip), properties=properties)

    @property
    @override
    def description(self) -> Description:
        (width, height), frames = self._clip.size, len(self._clip.times_s)
        names = tuple(f"t={time_s:.2f} s" for time_s in self._clip.times_s) if 1 < frames <= MAX_NAMED_FRAMES else None
        return Description(
            format=self._clip.container,
            width=width,
            height=height,
            frames=frames,
            default_frame=0,
            frame_names=names,
            channels=3,
            pixel_size_um=(None, None, None),
            objective_power=None,
            planes=(PlaneDescription(0, "image", width, height, frames, (None, None)),),
        )

    @property
    @override
    def details(self) -> Details:
        return self._details

    @property
    @override
    def level_dimensions(self) -> tuple[Size, ...]:
        return (self._clip.size,)

    @override
    def read_region(self, location: tuple[int, int], level: int, size: Size, frame: int = 0, plane: int = 0) -> Pixels:
        self._check_frame(frame, plane)
        if level:
            raise NoSuchTile("Videos have one level.")
        return cut(self._frame(frame), *location, size, background=0)

    def _frame(self, frame: int) -> Pixels:
        held = decoded_tiles().get(self, frame)
        if held is None:
            with self._decoding, decoding():
                held = self._decoded(frame)
            decoded_tiles().put(self, frame, held)
        return held

    def _decoded(self, frame: int) -> Pixels:
        """The frame whose time is that of the number, reached by decoding forward from somewhere before it."""
        if not 0 <= frame - self._at <= FORWARD or self._capture is None:
            self._go_before(frame)
        while self._at < frame:
            self._step()
        found, shown = self._capture.retrieve()
        if self._at != frame or not found or shown.shape != (*self._clip.size[::-1], 3):
            raise DamagedFile(f"Frame {frame} of the video cannot be decoded: the file is damaged.")
        return np.ascontiguousarray(shown[:, :, ::-1])

    def _go_before(self, frame: int) -> None:
        """At the frame or before it."""
        for back in STEPS_BACK:
            if frame > back and self._jumped(frame - back) and self._at <= frame:
                return
        self._capture, self._at = opened(self._path), -1
        self._step()

    def _jumped(self, frame: int) -> bool:
        """The decoder goes near a time; where it really arrived is told by the time of the frame that it gives."""
        import cv2

        if self._capture is None:
            self._capture = opened(self._path)
        slot = round((self._clip.times_s[frame] - self._clip.times_s[0]) * self._clip.rate)
        self._capture.set(cv2.CAP_PROP_POS_FRAMES, slot)
        if not self._capture.grab():
            return False
        return self._arrived(self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000)

    def _arrived(self, time_s: float) -> bool:
        times = self._clip.times_s
        nearest = int(np.searchsorted(times, time_s - EVEN_S))
        if nearest >= len(times) or abs(times[nearest] - time_s) > EVEN_S:
            return False
        self._at = nearest
        return True

    def _step(self) -> None:
        if not self._capture.grab():
            raise DamagedFile("The video cannot be decoded to its end: the file is damaged. Upload it again.")
        self._at += 1

    @property
    @override
    def cost(self) -> int:
        return HANDLE_BYTES

    @override
    def close(self) -> None:
        with self._decoding:
            self._capture, self._at = None, -1
        decoded_tiles().forget(self)


@contextmanager
def decoding() -> Iterator[None]:
    """What OpenCV raises becomes one of our errors."""
    import cv2

    try:
        yield
    except cv2.error as error:
        raise DamagedFile("The video cannot be decoded: the file is damaged. Upload it again.") from error


def axes_of(clip: Clip) -> tuple[Axis, ...]:
    """Time."""
    return (Axis("t", len(clip.times_s), clip.step_s, "s"),)


def recognises(path: Path, head: bytes) -> bool:  # noqa: ARG001 - the head is enough
    """By the first bytes of the three kinds of container."""
    boxes = head[4:8] == BOXES and head[8:12] not in PICTURE_BRANDS
    return boxes or head.startswith(MATROSKA) or (head.startswith(RIFF) and head[8:12] == AVI)


def open_video(path: Path, options: OpenOptions) -> TileSource:
    """Decodes everything once, to know how many frames there are and when; that is kept in the cache."""
    import cv2

    with decoding():
        capture = opened(path)
        size = first_size(capture, options.picture_max_pixels)
        rate, told = capture.get(cv2.CAP_PROP_FPS), int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
        codec = codec_of(int(capture.get(cv2.CAP_PROP_FOURCC)))
        if told > MAX_FRAMES:
            raise TooManyPixels(f"The video has {told:,} frames; at most {MAX_FRAMES:,} are taken. Cut it into parts.")
        rate = rate if 0 < rate < 1e6 else 1.0
        counted = told <= COUNTED_FRAMES
        times_s = kept_times(path, rate, options) if counted else np.arange(told) / rate
    clip = Clip(container_of(path), codec, size, rate, times_s)
    return Video(path, clip, properties_of(path, clip))


def opened(path: Path) -> Any:  # Any: cv2 is untyped
    """FFmpeg's decoder inside OpenCV, and no other."""
    import cv2

    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
    if not capture.isOpened():
        raise DamagedFile("The video cannot be opened: it is damaged, cut off, or holds no picture. Upload it again.")
    return capture


def first_size(capture: Any, max_pixels: int) -> Size:  # Any: cv2 is untyped
    """Width and height of the first frame, after the header's were found to be sane."""
    import cv2

    told = capture.get(cv2.CAP_PROP_FRAME_WIDTH) * capture.get(cv2.CAP_PROP_FRAME_HEIGHT)
    if told > max_pixels:
        raise TooManyPixels(f"The video's frames have too many pixels: at most {max_pixels:,} are taken.")
    found, shown = capture.read()
    if not found:
        codec = codec_of(int(capture.get(cv2.CAP_PROP_FOURCC)))
        raise UnsupportedContent(
            f"The video (codec {codec}) cannot be decoded here: it is damaged, or convert it to H.264 or VP9."
        )
    return shown.shape[1], shown.shape[0]


def kept_times(path: Path, rate: float, options: OpenOptions) -> Times:
    """From an earlier opening of the same content, or by decoding all frames."""
    kept = options.cache / "unpacked" / f"{options.identity}.video-1"
    if kept.exists():
        return np.frombuffer(kept.read_bytes(), np.float64)
    times_s = timed(path, rate)
    kept.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=kept.parent, prefix=".", suffix=".part")
    with os.fdopen(descriptor, "wb") as file:
        file.write(times_s.tobytes())
    Path(name).rename(kept)
    return times_s


def timed(path: Path, rate: float) -> Times:
    """The time of every frame; by the rate where the file's own times do not rise."""
    import cv2

    capture, found = opened(path), list[float]()
    for _ in itertools.takewhile(lambda _: capture.grab(), range(MAX_FRAMES)):
        found.append(capture.get(cv2.CAP_PROP_POS_MSEC) / 1000)
    times_s = np.array(found)
    return times_s if len(found) < 2 or np.diff(times_s).min() > 0 else np.arange(len(found)) / rate


def container_of(path: Path) -> str:
    """mp4, avi, webm or mkv."""
    with path.open("rb") as file:
        head = file.read(64)
    if head.startswith(RIFF):
        return "avi"
    if head.startswith(MATROSKA):
        return "webm" if b"webm" in head else "mkv"
    return "mp4"


def codec_of(code: int) -> str:
    """Four letters."""
    letters = code.to_bytes(4, "little", signed=code < 0)
    return letters.decode("latin-1").strip("\0 ") if letters.isascii() else "unknown"


def properties_of(path: Path, clip: Clip) -> dict[str, str]:
    """What the ancestor told of videos."""
    duration_s = float(clip.times_s[-1] - clip.times_s[0]) + 1 / clip.rate if len(clip.times_s) else 0.0
    size_bytes = path.stat().st_size
    return {
        "video.codec": clip.codec,
        "video.fps": f"{clip.rate:.6g}",
        "video.duration_s": f"{duration_s:.3f}",
        "video.file_size_mb": f"{size_bytes / 2**20:.3f}",
        "video.bitrate_kbps": f"{size_bytes * 8 / 1000 / duration_s:.1f}" if duration_s else "unknown",
    }


FORMAT = Format("video", recognises, open_video)
