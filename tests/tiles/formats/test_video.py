"""Videos: every frame is the one of its number, in whatever order frames are asked for."""

import random
from contextlib import suppress
from pathlib import Path

import cv2
import numpy as np
import pytest

from exact.tiles.decoded_tiles import decoded_tiles
from exact.tiles.errors import DamagedFile, TileError, TooManyPixels, UnsupportedContent
from exact.tiles.formats import open_image, video
from exact.tiles.source import Axis, Pixels, TileSource
from tests.contracts.tile_source import TileSourceContract
from tests.samples import options, real, real_files

KINDS = {"avi": "MJPG", "webm": "VP80", "mp4": "mp4v", "mkv": "FFV1"}
FRAMES, SIDE = 90, (64, 48)


def written(path: Path, frames: int = FRAMES, codec: str | None = None) -> Path:
    """A grey that becomes brighter from frame to frame, with a bar that moves: 10 frames a second."""
    writer = cv2.VideoWriter(
        str(path), cv2.CAP_FFMPEG, cv2.VideoWriter_fourcc(*(codec or KINDS[path.suffix[1:]])), 10, SIDE
    )
    for number in range(frames):
        picture = np.full((*SIDE[::-1], 3), (40 + 2 * number, 60, 90), np.uint8)
        picture[:, number % 60 : number % 60 + 4] = 255
        writer.write(picture)
    writer.release()
    return path


def in_order(path: Path) -> list[Pixels]:
    """All frames, decoded from the first to the last."""
    capture, found = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG), []
    while True:
        there, picture = capture.read()
        if not there:
            return found
        found.append(picture[:, :, ::-1])


def opened(path: Path, folder: Path) -> TileSource:
    """The video."""
    return open_image(path, options(folder, path.name))


class TestAvi(TileSourceContract):
    """Each frame for itself."""

    def make_file(self, folder: Path) -> Path:
        return written(folder / "a.avi", 12)


class TestWebm(TileSourceContract):
    """Frames that need those before them."""

    def make_file(self, folder: Path) -> Path:
        return written(folder / "a.webm", 12)


@pytest.mark.samples
class TestReal(TileSourceContract):
    """H.265."""

    def make_file(self, folder: Path) -> Path:
        return real("video/h265_video.mp4")


@pytest.mark.parametrize("suffix", KINDS)
def test_frames_are_those_of_their_numbers_in_any_order(tmp_path: Path, suffix: str) -> None:
    path = written(tmp_path / f"a.{suffix}")
    source, expected = opened(path, tmp_path), in_order(path)
    assert source.nFrames == len(expected) == FRAMES
    numbers = [*range(FRAMES - 1, -1, -9), *random.Random(5).sample(range(FRAMES), 12), 0, FRAMES - 1]
    for number in numbers:
        assert np.array_equal(source.read_region((0, 0), 0, SIDE, frame=number), expected[number]), number


@pytest.mark.samples
@pytest.mark.parametrize("name", ["bigbuckbunny.mp4", "h265_video.mp4", "nasa_13013.mp4"])
def test_real_frames_are_those_of_their_numbers_in_any_order(tmp_path: Path, name: str) -> None:
    path = real(f"video/{name}")
    source, expected = opened(path, tmp_path), in_order(path)
    assert source.nFrames == len(expected)
    for number in [len(expected) - 1, *random.Random(3).sample(range(len(expected)), 4), 0]:
        assert np.array_equal(source.read_region((0, 0), 0, source.dimensions, frame=number), expected[number]), number


def test_frames_are_named_by_their_time(tmp_path: Path) -> None:
    source = opened(written(tmp_path / "a.mp4", 20), tmp_path)
    assert (source.description.frame_names or ())[12] == "t=1.20 s"
    (axis,) = source.details.axes
    assert (axis.name, axis.size, axis.unit) == ("t", 20, "s")
    assert axis.step == pytest.approx(0.1)
    assert source.details.properties["video.duration_s"] == "2.000"
    assert source.description.format == "mp4"


def test_times_are_found_again_without_decoding_everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path / "a.webm", 20)
    expected = opened(path, tmp_path).description
    monkeypatch.setattr(video, "timed", None)  # a second pass would fail
    assert opened(path, tmp_path).description == expected


def test_a_frame_that_was_shown_is_not_decoded_again(tmp_path: Path) -> None:
    source = opened(written(tmp_path / "a.avi", 12), tmp_path)
    shown = source.read_region((0, 0), 0, SIDE, frame=7)
    assert decoded_tiles().get(source, 7) is not None
    assert np.array_equal(source.read_region((0, 0), 0, SIDE, frame=7), shown)
    source.close()
    assert decoded_tiles().get(source, 7) is None


def test_a_long_video_is_believed_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, expected = written(tmp_path / "a.avi", 40), 37
    monkeypatch.setattr(video, "COUNTED_FRAMES", 30)
    source = opened(path, tmp_path)
    assert source.nFrames == 40
    assert np.array_equal(source.read_region((0, 0), 0, SIDE, frame=expected), in_order(path)[expected])


def test_uneven_steps_have_no_step() -> None:
    clip = video.Clip("mkv", "x", (1, 1), 10.0, np.array([0.0, 0.1, 0.5]))
    assert video.axes_of(clip) == (Axis("t", 3, None, "s"),)


def test_too_many_frames_and_too_large_ones_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path / "a.avi", 12)
    with pytest.raises(TooManyPixels, match="pixels"):
        open_image(path, options(tmp_path, picture_max_pixels=1000))
    monkeypatch.setattr(video, "MAX_FRAMES", 10)
    with pytest.raises(TooManyPixels, match="12 frames"):
        opened(path, tmp_path)


@pytest.mark.samples
def test_a_codec_that_cannot_be_decoded_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedContent, match=r"AV0?1|av0?1"):
        opened(real("video/av1_video.mkv"), tmp_path)


@pytest.mark.parametrize("suffix", KINDS)
def test_a_video_that_was_cut_off_shows_what_is_there_or_is_refused(tmp_path: Path, suffix: str) -> None:
    content = written(tmp_path / f"a.{suffix}", 20).read_bytes()
    for part in (0.02, 0.3, 0.7):
        path = tmp_path / f"{part}.{suffix}"
        path.write_bytes(content[: int(len(content) * part)])
        with suppress(TileError):
            source = opened(path, tmp_path)
            source.read_region((0, 0), 0, SIDE, frame=source.nFrames - 1)
            assert 1 <= source.nFrames <= 20
            assert part > 0.02, "what holds no frame is refused"


def test_a_frame_that_is_gone_is_an_error_with_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path / "a.avi", 20)
    source = opened(path, tmp_path)
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(DamagedFile):
        source.read_region((0, 0), 0, SIDE, frame=19)


def test_every_real_video_is_here() -> None:
    assert len(real_files("video")) in (0, 4)
