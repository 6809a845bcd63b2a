"""Uploads are looked into by a process of their own; whatever happens there, the answer is a sentence."""

import os
import random
import struct
import zipfile
import zlib
from pathlib import Path

import pytest
from django.conf import LazySettings

from exact.domain.errors import Invalid, Refusal, TooLarge, Unsupported
from exact.tiles import inspect
from exact.tiles.inspect import inspect_file
from exact.tiles.source import Description
from tests.samples import picture, real, real_files, svs, tiled_tiff, volume, voxels


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, settings: LazySettings) -> None:
    settings.CACHE = tmp_path / "cache"


def one_colour_png(path: Path, side_px: int) -> Path:
    """Billions of pixels in a few bytes."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    squeeze, rows = zlib.compressobj(9), bytes(side_px // 8 + 2)
    packed = b"".join(squeeze.compress(rows) for _ in range(side_px)) + squeeze.flush()
    header = struct.pack(">2I5B", side_px, side_px, 1, 0, 0, 0, 0)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b""))
    return path


def refused(path: Path, kind: type[Refusal], code: str) -> str:
    """The sentence of the refusal, which names the file."""
    with pytest.raises(kind) as caught:
        inspect_file(path, path.name)
    assert caught.value.code == code
    assert caught.value.sentence.startswith(path.name)
    assert caught.value.sentence.endswith(".")
    return caught.value.sentence


def test_sound_files_are_described(tmp_path: Path) -> None:
    slide = inspect_file(svs(tmp_path / "a.svs"), "a.svs")
    assert (slide.format, slide.width, slide.height, slide.objective_power) == ("aperio", 700, 500, 40.0)
    assert slide.pixel_size_um == (0.2525, 0.2525, None)
    scan = inspect_file(volume(tmp_path / "a.nii.gz", voxels((9, 8, 7))), "a.nii.gz")
    assert [(plane.name, plane.frames) for plane in scan.planes] == [("axial", 7), ("coronal", 8), ("sagittal", 9)]
    assert inspect_file(picture(tmp_path / "a.jpg"), "a.jpg").format == "jpeg"


def test_random_bytes_under_the_name_of_a_slide_are_refused(tmp_path: Path) -> None:
    (tmp_path / "noise.svs").write_bytes(random.Random(1).randbytes(100_000))
    assert "no image" in refused(tmp_path / "noise.svs", Unsupported, "unsupported_format")


def test_text_under_the_name_of_a_picture_is_refused(tmp_path: Path) -> None:
    (tmp_path / "letter.png").write_text("Dear colleague, here is the slide.")
    assert "no image" in refused(tmp_path / "letter.png", Unsupported, "unsupported_format")


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.tif").touch()
    assert "empty" in refused(tmp_path / "empty.tif", Invalid, "empty_file")


def test_a_zip_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "zeros.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(50_000_000))
    assert "no image" in refused(tmp_path / "zeros.zip", Unsupported, "unsupported_format")


def test_a_slide_that_was_cut_off_is_refused(tmp_path: Path) -> None:
    path = tiled_tiff(tmp_path / "cut.tif", (1500, 1500))
    os.truncate(path, path.stat().st_size * 2 // 3)
    assert "cut off" in refused(path, Invalid, "damaged_image")


def test_nine_hundred_million_pixels_in_a_hundred_kilobytes_are_refused(tmp_path: Path) -> None:
    path = one_colour_png(tmp_path / "bomb.png", 30_000)
    assert path.stat().st_size < 200_000
    assert "too many pixels" in refused(path, TooLarge, "too_many_pixels")


def test_broken_pixels_in_the_middle_are_found_because_pixels_are_read(tmp_path: Path) -> None:
    path = tiled_tiff(tmp_path / "broken.tif", (800, 800))
    content = bytearray(path.read_bytes())
    content[16:20_000] = bytes(19_984)
    path.write_bytes(content)
    refused(path, Invalid, "damaged_image")


def test_a_reader_that_dies_is_a_refusal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspect, "READER", "tests.tiles.dying_reader")
    sentence = refused(picture(tmp_path / "a.png"), Invalid, "unreadable_image")
    assert "made its reader fail" in sentence


def test_a_reader_that_hangs_is_a_refusal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspect, "READER", "tests.tiles.hanging_reader")
    monkeypatch.setattr(inspect, "DEADLINE_S", 1)
    assert "took more than 1 s" in refused(picture(tmp_path / "a.png"), Invalid, "unreadable_image")


def test_a_reader_gets_no_more_memory_than_its_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspect, "READER", "tests.tiles.greedy_reader")
    assert "memory" in refused(picture(tmp_path / "a.png"), TooLarge, "too_many_pixels")


def test_nothing_stays_behind_unless_the_content_is_named(tmp_path: Path) -> None:
    path = volume(tmp_path / "a.nii.gz", voxels((256, 256, 150)))
    inspect_file(path, path.name)
    assert list((tmp_path / "cache").iterdir()) == []
    inspect_file(path, path.name, sha256="a" * 64)
    kept = {file.name for file in (tmp_path / "cache" / "unpacked").iterdir()}
    assert kept == {"a" * 64 + kind for kind in (".nifti-1", ".turned-1")}  # the second copy too: it is waited for once


@pytest.mark.samples
@pytest.mark.parametrize("name", real_files("malformed"))
def test_every_hostile_file_is_described_or_refused_with_a_sentence(name: str) -> None:
    path = real(name)
    outcome = outcome_of(path)
    assert isinstance(outcome, Description) or outcome.startswith(path.name)
    assert str(path.parent) not in repr(outcome)


def outcome_of(path: Path) -> Description | str:
    """The description, or the sentence of the refusal."""
    try:
        return inspect_file(path, path.name)
    except Refusal as refusal:
        return refusal.sentence


@pytest.mark.samples
@pytest.mark.parametrize("name", ["broken.svs", "unopenable.tiff", "unreadable.svs"])
def test_slides_that_cannot_be_shown_are_refused(name: str) -> None:
    with pytest.raises(Refusal):
        inspect_file(real(f"malformed/wsi/{name}"), name)
