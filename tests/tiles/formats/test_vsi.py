"""Olympus VSI: recognised by its folder, read where slideio is installed, else refused with what is missing."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from exact.tiles.errors import DamagedFile, UnknownFormat, UnsupportedContent
from exact.tiles.formats import open_image, vsi
from tests.contracts.tile_source import TileSourceContract
from tests.samples import options, scene


def vsi_folder(folder: Path) -> Path:
    """As a scanner of Olympus leaves it; nothing in it can be read."""
    pixels = folder / "_slide_" / "stack1"
    pixels.mkdir(parents=True)
    (pixels / "frame_t.ets").write_bytes(b"SIS\0")
    (folder / "slide.vsi").write_bytes(b"II*\0")
    return folder


class Scene:
    """What slideio gives, as far as it is used: it cannot be locked for every platform that we run on."""

    name, size, resolution, magnification, num_channels = "10x", (1300, 900), (0.25e-6, 0.25e-6), 20.0, 3

    def read_block(self, *, rect: tuple[int, ...], size: tuple[int, int], channel_indices: list[int]) -> NDArray[Any]:
        """The rectangle, every so many pixels."""
        x, y, width, height = rect
        step_x, step_y = width // size[0], height // size[1]
        part = scene(self.size)[y : y + height : max(1, step_y), x : x + width : max(1, step_x)]
        return part[: size[1], : size[0], channel_indices]


class Slide:
    """A slide of one scene."""

    num_scenes = 1

    def get_scene(self, number: int) -> Scene:
        """The only one."""
        return Scene()


class TestScene(TileSourceContract):
    """A scene through our side of slideio's interface."""

    @pytest.fixture(autouse=True)
    def _slideio(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(vsi, "slideio_opener", lambda: lambda path, driver: Slide())

    def make_file(self, folder: Path) -> Path:
        return vsi_folder(folder / "slide")


def test_without_the_library_the_administrator_is_told_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "slideio", None)
    with pytest.raises(UnsupportedContent, match="pip install slideio"):
        open_image(vsi_folder(tmp_path / "slide"), options(tmp_path))


def test_pixel_size_and_power_are_those_of_the_scene() -> None:
    told = vsi.open_by_slideio(Path("a.vsi"), "VSI", lambda path, driver: Slide()).description
    assert (told.format, told.pixel_size_um, told.objective_power) == ("vsi", (0.25, 0.25, None), 20)


def test_what_slideio_cannot_open_is_refused_with_a_sentence() -> None:
    def broken(path: str, driver: str) -> Any:
        raise RuntimeError("/somewhere/a.vsi: unexpected end of file")

    with pytest.raises(DamagedFile) as caught:
        vsi.open_by_slideio(Path("a.vsi"), "VSI", broken)
    assert "somewhere" not in caught.value.sentence


def test_a_folder_without_the_pixels_is_no_slide(tmp_path: Path) -> None:
    folder = vsi_folder(tmp_path / "slide")
    next(folder.glob("*/*/*.ets")).unlink()
    with pytest.raises(UnknownFormat):
        open_image(folder, options(tmp_path))


def test_deep_values_are_shown_by_their_highest_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Scene, "read_block", lambda self, **asked: np.full((*asked["size"][::-1], 3), 0x8000, "<u2"))
    source = vsi.open_by_slideio(Path("a.vsi"), "VSI", lambda path, driver: Slide())
    assert set(np.unique(source.read_region((0, 0), 0, (4, 4)))) == {128}
