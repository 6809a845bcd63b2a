"""Thumbnails: small, upright, made once."""

import hashlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from django.conf import LazySettings
from PIL import Image

from exact.tiles import service, thumbnails
from exact.tiles.slide_cache import Original
from exact.tiles.thumbnails import thumbnail
from tests.samples import picture, scene, tiled_tiff, turned_jpeg, volume, voxels


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, settings: LazySettings) -> Iterator[None]:
    settings.CACHE = tmp_path / "cache"
    service.tile_service.cache_clear()
    yield
    service.tile_service().close()
    service.tile_service.cache_clear()


def original(path: Path) -> Original:
    """The file under its content's name."""
    return Original(hashlib.sha256(path.read_bytes()).hexdigest(), path)


def image_of(encoded: bytes) -> Image.Image:
    return Image.open(BytesIO(encoded))


@pytest.mark.parametrize("size", [(3000, 800), (800, 3000), (40, 30)])
def test_it_fits_a_square_in_proportion_and_is_never_enlarged(tmp_path: Path, size: tuple[int, int]) -> None:
    shown = image_of(thumbnail(original(picture(tmp_path / "a.png", size))))
    assert max(shown.size) == min(256, *[max(size)])
    assert shown.width / shown.height == pytest.approx(size[0] / size[1], rel=0.02)


def test_slides_have_one_too(tmp_path: Path) -> None:
    assert image_of(thumbnail(original(tiled_tiff(tmp_path / "a.tif", (1300, 900))))).size == (256, 177)


def test_png_and_other_sizes_are_made_where_asked_for(tmp_path: Path) -> None:
    shown = image_of(thumbnail(original(picture(tmp_path / "a.png", (300, 200))), 128, "png"))
    assert (shown.format, shown.size) == ("PNG", (128, 85))
    assert thumbnails.media_type("png") == "image/png"


def test_a_turned_photograph_is_upright(tmp_path: Path) -> None:
    shown = image_of(thumbnail(original(turned_jpeg(tmp_path / "a.jpg", 6)), tile_format="png"))
    assert shown.size == (90, 60)
    assert np.abs(np.asarray(shown).astype(int) - scene((90, 60))).mean() < 4


def test_a_volume_shows_its_middle_slice(tmp_path: Path) -> None:
    data = np.zeros((20, 20, 9), np.int16)
    data[:, :, 4] = voxels((20, 20))
    shown = np.asarray(image_of(thumbnail(original(volume(tmp_path / "a.nii", data)), tile_format="png")))
    assert shown.max() == 255


def test_it_is_made_once_and_kept_by_content(tmp_path: Path) -> None:
    file = original(picture(tmp_path / "a.png", (300, 200)))
    first = thumbnail(file)
    file.path.unlink()
    service.tile_service().close()
    service.tile_service.cache_clear()
    assert thumbnail(file) == first
    assert len(list((tmp_path / "cache" / "thumbnails").rglob("*.jpeg"))) == 1


def test_a_volume_of_few_thick_slices_shows_the_middle_of_its_first_volume_in_the_plane_it_was_taken_in(
    tmp_path: Path,
) -> None:
    data = np.zeros((4, 40, 30, 2), np.uint8)
    data[2, 10:, :, 0] = 200
    data[2, :, 10:, 1] = 200
    file = original(volume(tmp_path / "a.nii", data, spacing_mm=(5.0, 1.0, 1.0)))
    shown = np.asarray(image_of(thumbnail(file, tile_format="png")))
    assert shown.shape[:2] == (30, 40)
    lit = shown.reshape(30, 40, -1)[:, :, 0] > 100
    assert lit[:, 10:].all()
    assert not lit[:, :10].any()
