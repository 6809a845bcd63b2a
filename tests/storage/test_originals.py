"""Originals: kept by content, whole or not at all, never overwritten."""

import errno
import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from exact.domain.errors import Busy, NotFound
from exact.storage import originals
from exact.storage.originals import is_kept, keep, open_original, path_of

CONTENT = b"a whole slide"
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def received(tmp_path: Path) -> Callable[[], Path]:
    def receive() -> Path:
        (tmp_path / "uploads").mkdir(exist_ok=True)
        (tmp_path / "uploads" / "upload-1").write_bytes(CONTENT)
        return tmp_path / "uploads" / "upload-1"

    return receive


def test_a_file_is_kept_under_its_hash_and_gone_from_where_it_was(tmp_path: Path, received: Callable[[], Path]) -> None:
    temporary = received()
    kept = keep(temporary, SHA256, tmp_path / "originals")
    assert kept == tmp_path / "originals" / SHA256[:2] / SHA256[2:4] / SHA256
    assert kept.read_bytes() == CONTENT
    assert not temporary.exists()
    assert is_kept(SHA256, tmp_path / "originals")
    assert open_original(SHA256, tmp_path / "originals").read() == CONTENT


def test_the_same_content_is_kept_once_and_not_touched_again(tmp_path: Path, received: Callable[[], Path]) -> None:
    first = keep(received(), SHA256, tmp_path / "originals").stat()
    temporary = received()
    second = keep(temporary, SHA256, tmp_path / "originals").stat()
    assert (first.st_ino, first.st_mtime_ns) == (second.st_ino, second.st_mtime_ns)
    assert not temporary.exists()
    assert sum(path.is_file() for path in (tmp_path / "originals").rglob("*")) == 1


def test_a_kept_file_cannot_be_written_to(tmp_path: Path, received: Callable[[], Path]) -> None:
    assert keep(received(), SHA256, tmp_path / "originals").stat().st_mode & 0o222 == 0


def test_folders_on_two_disks_are_bridged_by_a_copy(
    tmp_path: Path, received: Callable[[], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def two_disks(*_: object) -> None:
        raise OSError(errno.EXDEV, "two disks")

    monkeypatch.setattr(Path, "hardlink_to", two_disks)
    temporary = received()
    kept = keep(temporary, SHA256, tmp_path / "originals")
    assert kept.read_bytes() == CONTENT
    assert not temporary.exists()
    assert [file.name for file in kept.parent.iterdir()] == [SHA256]


def test_a_full_disk_is_told_in_a_sentence(
    tmp_path: Path, received: Callable[[], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Busy, match="disk is full") as caught:
        keep(received(), SHA256, tmp_path / "originals")
    assert caught.value.code == "disk_full"


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "A" * 64, "a" * 63, "a" * 64 + "\n"])
def test_what_is_no_hash_names_no_place(name: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="64"):
        path_of(name, tmp_path)


def test_a_lost_original_is_told_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="missing"):
        open_original(SHA256, tmp_path)


def test_places_come_from_the_settings(settings: object, tmp_path: Path) -> None:
    settings.ORIGINALS = tmp_path  # type: ignore[attr-defined]
    assert originals.path_of(SHA256).is_relative_to(tmp_path)
