"""What the web process may open itself: nothing that a parser has to look at."""

from pathlib import Path

import pytest

from exact.tiles.errors import Contained, EmptyFile, MissingFile
from exact.tiles.formats import open_here
from tests.samples import options, picture, volume


def test_a_plain_volume_is_opened_here(tmp_path: Path) -> None:
    source = open_here(volume(tmp_path / "a.nii"), options(tmp_path))
    assert source.description.format == "nifti"


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.tif"])
def test_pictures_are_contained(tmp_path: Path, name: str) -> None:
    with pytest.raises(Contained):
        open_here(picture(tmp_path / name), options(tmp_path))


def test_a_packed_volume_is_contained(tmp_path: Path) -> None:
    with pytest.raises(Contained):
        open_here(volume(tmp_path / "a.nii.gz"), options(tmp_path))


def test_nothing_is_asked_of_openslide_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import openslide

    monkeypatch.setattr(openslide.OpenSlide, "detect_format", None)
    (tmp_path / "a.svs").write_bytes(b"II*\0" + bytes(5000))
    with pytest.raises(Contained):
        open_here(tmp_path / "a.svs", options(tmp_path))


def test_what_is_not_there_needs_no_child(tmp_path: Path) -> None:
    (tmp_path / "empty.tif").touch()
    with pytest.raises(EmptyFile):
        open_here(tmp_path / "empty.tif", options(tmp_path))
    with pytest.raises(MissingFile):
        open_here(tmp_path / "lost.tif", options(tmp_path))
