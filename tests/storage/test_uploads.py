"""Uploads: hashed while they arrive, limited, and gone again when anything goes wrong."""

import errno
import hashlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from exact.domain.errors import Busy, Invalid, TooLarge
from exact.storage.disk import LEFTOVER_AGE_S
from exact.storage.names import checked_name
from exact.storage.uploads import in_words, receiving, sweep_leftovers


def left_in(folder: Path) -> list[Path]:
    """Whatever is there."""
    return list(folder.iterdir()) if folder.exists() else []


def test_a_stream_is_written_and_hashed(tmp_path: Path) -> None:
    with receiving([b"one ", b"", b"two"], "Slide 1.svs", folder=tmp_path, max_bytes=100) as upload:
        assert upload.path.read_bytes() == b"one two"
        assert upload.sha256 == hashlib.sha256(b"one two").hexdigest()
        assert (upload.size_bytes, upload.filename) == (7, "Slide 1.svs")
    assert left_in(tmp_path) == []


def test_what_was_moved_away_stays_where_it_was_moved_to(tmp_path: Path) -> None:
    with receiving([b"kept"], "a.png", folder=tmp_path / "uploads", max_bytes=100) as upload:
        upload.path.rename(tmp_path / "kept")
    assert (tmp_path / "kept").read_bytes() == b"kept"


def test_nothing_stays_when_the_stream_breaks(tmp_path: Path) -> None:
    def broken() -> Iterator[bytes]:
        yield b"one"
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError), receiving(broken(), "a.png", folder=tmp_path, max_bytes=100):
        pass
    assert left_in(tmp_path) == []


def test_nothing_stays_when_the_block_fails(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), receiving([b"one"], "a.png", folder=tmp_path, max_bytes=100):
        raise RuntimeError
    assert left_in(tmp_path) == []


def test_more_bytes_than_allowed_are_refused_while_they_arrive(tmp_path: Path) -> None:
    sent: list[int] = []

    def endless() -> Iterator[bytes]:
        while True:
            sent.append(1)
            yield bytes(1024)

    with pytest.raises(TooLarge, match="10 KiB"), receiving(endless(), "a.png", folder=tmp_path, max_bytes=10 * 1024):
        pass
    assert len(sent) == 11
    assert left_in(tmp_path) == []


def test_exactly_as_many_bytes_as_allowed_are_taken(tmp_path: Path) -> None:
    with receiving([bytes(10)], "a.png", folder=tmp_path, max_bytes=10) as upload:
        assert upload.size_bytes == 10


def test_a_full_disk_is_told_in_a_sentence(tmp_path: Path) -> None:
    def full() -> Iterator[bytes]:
        yield b"one"
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(Busy, match="disk is full"), receiving(full(), "a.png", folder=tmp_path, max_bytes=100):
        pass
    assert left_in(tmp_path) == []


def test_leftovers_of_a_killed_server_are_swept_after_a_day(tmp_path: Path) -> None:
    for name, age_s in (
        ("upload-old", LEFTOVER_AGE_S + 60),
        ("upload-new", 60),
        ("something-else", 10 * LEFTOVER_AGE_S),
    ):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (time.time() - age_s,) * 2)
    assert sweep_leftovers(tmp_path) == 1
    assert sorted(path.name for path in left_in(tmp_path)) == ["something-else", "upload-new"]


def test_there_is_nothing_to_sweep_before_the_first_upload(tmp_path: Path) -> None:
    assert sweep_leftovers(tmp_path / "none") == 0


@pytest.mark.parametrize(
    "name",
    ["Slide 1.svs", "Müller_é_组织.ndpi", "a.nii.gz", ".hidden.png", "A (1) [2] {3} #4 'x' +=~@%,;.tif", "x" * 255],
)
def test_ordinary_names_are_taken_as_they_are(name: str) -> None:
    assert checked_name(name) == name


def test_names_are_brought_to_one_form() -> None:
    assert checked_name(" Mu\u0308ller.svs ") == "Müller.svs"


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("", "no name"),
        ("   ", "no name"),
        ("a/b.svs", "path separator"),
        ("..\\b.svs", "path separator"),
        ("/etc/passwd", "path separator"),
        ("..", "dots"),
        (".", "dots"),
        ("..svs", "dots"),
        ("a\0.svs", "not allowed"),
        ("a\n.svs", "not allowed"),
        ("<img src=x onerror=alert(1)>.svs", "not allowed"),
        ('a".svs', "not allowed"),
        ("a:b.svs", "not allowed"),
        ("a\u202egnp.svs", "not allowed"),
        ("a\ud800.svs", "not allowed"),
        ("x" * 256, "longer"),
        ("组" * 86, "longer"),
    ],
)
def test_names_that_could_harm_are_refused_with_a_sentence(name: str, problem: str, tmp_path: Path) -> None:
    with pytest.raises(Invalid, match=problem) as caught, receiving([b"x"], name, folder=tmp_path, max_bytes=10):
        pass
    assert caught.value.code == "bad_filename"
    assert left_in(tmp_path) == []


@pytest.mark.parametrize(("size", "words"), [(0, "0 bytes"), (1536, "1.5 KiB"), (50 * 2**30, "50 GiB")])
def test_sizes_are_told_for_people(size: int, words: str) -> None:
    assert in_words(size) == words
