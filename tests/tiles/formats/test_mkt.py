"""CellVizio recordings, made by code after what is known of the format; no real one could be reached."""

import struct
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from exact.tiles.errors import TileError, UnknownFormat
from exact.tiles.formats import mkt, open_image
from exact.tiles.looks import Look
from exact.tiles.source import Axis, TileSource
from tests.contracts.tile_source import TileSourceContract
from tests.samples import options

WIDTH, HEIGHT, FRAMES = 64, 66, 5


def frame(number: int) -> np.ndarray:
    """Brighter from left to right and from frame to frame; corners glare, one value is negative."""
    values = np.tile(np.arange(WIDTH, dtype="<i2") * 10 + 100 * number, (HEIGHT, 1))
    values[:5, :5] = 30000
    values[HEIGHT // 2, 10] = -7
    return values


def recording(path: Path, *, description: str | None = None, frames: int = FRAMES, size: int | None = None) -> Path:
    """Header, frames with gaps, description."""
    told = (
        description
        if description is not None
        else (
            "allowed_egain_eoffset_pairs=1\n"
            f"width={WIDTH}\nheight={HEIGHT}\nframerate=8.0\nfovx=240\nfovy=247.5\npatient_id=Doe\n<CEND>"
        )
    )
    header = b"MKT_1" + struct.pack(">f", 8.0) + b"\0" + struct.pack(">i", size or 2 * WIDTH * HEIGHT) + b"\0\0"
    path.write_bytes(header + bytes(32).join(frame(n).tobytes() for n in range(frames)) + bytes(32) + told.encode())
    return path


class TestRecording(TileSourceContract):
    """Five frames."""

    def make_file(self, folder: Path) -> Path:
        return recording(folder / "a.mkt")


def opened(path: Path) -> TileSource:
    """The recording."""
    return open_image(path, options(path.parent))


def test_frames_follow_each_other_in_time(tmp_path: Path) -> None:
    source = opened(recording(tmp_path / "a.mkt"))
    told = source.description
    assert (told.format, told.width, told.height, told.frames) == ("mkt", 64, 66, 5)
    assert (told.frame_names or ())[2] == "t=0.25 s"
    assert source.details.axes == (Axis("t", 5, 0.125, "s"),)


def test_the_field_of_view_tells_the_pixel_size(tmp_path: Path) -> None:
    source = opened(recording(tmp_path / "a.mkt"))
    assert source.description.pixel_size_um == pytest.approx((3.75, 3.75, None))
    assert source.details.pixel_size_source == "mkt.fovx"
    bare = "allowed_egain_eoffset_pairs=1\nwidth=64\nheight=66\n<CEND"
    assert opened(recording(tmp_path / "b.mkt", description=bare)).description.pixel_size_um == (None, None, None)


def test_each_frame_has_the_window_of_what_the_probe_sees(tmp_path: Path) -> None:
    source = opened(recording(tmp_path / "a.mkt"))
    for number in range(FRAMES):
        shown = source.read_region((0, 0), 0, (WIDTH, HEIGHT), frame=number)[:, :, 0]
        row = shown[HEIGHT // 2 + 3].astype(int)
        assert row[1] <= 8
        assert row[-3] >= 247
        assert shown[0, 0] == 255
        assert abs(int(row[32]) - 128) < 10


def test_one_window_for_all_frames_can_be_asked_for(tmp_path: Path) -> None:
    source = opened(recording(tmp_path / "a.mkt")).under(Look(window=(0, 1000)))
    means = [source.read_region((10, 10), 0, (40, 40), frame=n).mean() for n in range(FRAMES)]
    assert np.diff(means) == pytest.approx(25.5, abs=1)


def test_what_the_recorder_says_is_a_property_and_never_in_the_description(tmp_path: Path) -> None:
    source = opened(recording(tmp_path / "a.mkt"))
    assert source.details.properties["mkt.patient_id"] == "Doe"
    assert "Doe" not in str(source.description.as_json())


def test_without_a_description_known_sizes_are_recognised_and_others_are_not(tmp_path: Path) -> None:
    known = tmp_path / "known.mkt"
    known.write_bytes(b"MKT_1" + struct.pack(">f", 12.0) + b"\0" + struct.pack(">i", 524288) + bytes(2 + 524288))
    assert opened(known).dimensions == (512, 512)
    with pytest.raises(UnknownFormat):
        opened(recording(tmp_path / "a.mkt", description="nothing"))


@pytest.mark.parametrize("size", [0, -2, 2**31 - 1, 2 * 64 * 64])
def test_a_header_that_does_not_fit_is_not_taken_for_a_recording(tmp_path: Path, size: int) -> None:
    path = recording(tmp_path / "a.mkt")
    content = bytearray(path.read_bytes())
    content[10:14] = struct.pack(">i", size)
    path.write_bytes(content)
    with pytest.raises(UnknownFormat):
        opened(path)


def cuts(path: Path) -> Iterator[Path]:
    """The recording cut off at many places."""
    content = recording(path.with_name("whole.mkt")).read_bytes()
    for length in range(0, len(content), 3001):
        path.write_bytes(content[:length])
        yield path


def test_a_recording_that_was_cut_off_has_lost_its_description_and_is_refused(tmp_path: Path) -> None:
    for path in cuts(tmp_path / "a.mkt"):
        with pytest.raises(TileError):
            opened(path)


def test_one_of_a_known_size_shows_the_frames_that_are_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mkt, "KNOWN_SIZES", {2 * WIDTH * HEIGHT: (WIDTH, HEIGHT)})
    whole, shown = opened(recording(tmp_path / "b.mkt")), set()
    for path in cuts(tmp_path / "a.mkt"):
        with suppress(TileError):
            source = opened(path)
            for frame in range(source.nFrames):
                told = [each.read_region((0, 0), 0, (WIDTH, HEIGHT), frame) for each in (source, whole)]
                assert np.array_equal(*told)
            shown.add(source.nFrames)
    assert set(range(1, FRAMES)) <= shown <= set(range(1, FRAMES + 1))
