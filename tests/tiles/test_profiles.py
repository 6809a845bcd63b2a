"""ICC profiles applied to what is read."""

from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from exact.tiles import profiles
from exact.tiles.errors import BadLook
from exact.tiles.formats import open_image
from exact.tiles.looks import Look
from exact.tiles.source import TileSource
from tests.samples import (
    exchanged_profile,
    grey_inks_profile,
    linear_grey_profile,
    options,
    picture,
    real,
    scene,
)

IN_SRGB = Look(profile=True)


def with_profile(path: Path, icc: bytes, mode: str = "RGB") -> TileSource:
    """A picture that carries the profile."""
    return open_image(picture(path, mode=mode, icc_profile=icc), options(path.parent, path.name))


@pytest.mark.parametrize("suffix", ["png", "jpg", "tif", "webp"])
def test_the_profile_is_applied_when_asked_for_and_else_not(tmp_path: Path, suffix: str) -> None:
    source = with_profile(tmp_path / f"a.{suffix}", exchanged_profile())
    assert source.details.has_profile
    plain, seen = source.read_region((0, 0), 0, (90, 60)), source.under(IN_SRGB).read_region((0, 0), 0, (90, 60))
    assert np.array_equal(source.under(Look()).read_region((0, 0), 0, (90, 60)), plain)
    assert plain[0, 89, 0] > 200
    assert plain[0, 89, 1] < 50
    assert seen[0, 89, 0] < 120
    assert seen[0, 89, 1] > 200


def test_what_lies_outside_stays_white(tmp_path: Path) -> None:
    source = with_profile(tmp_path / "a.png", exchanged_profile())
    assert source.under(IN_SRGB).read_region((500, 500), 0, (2, 2)).tolist() == [[[255] * 3] * 2] * 2


def test_srgb_changes_nothing_to_speak_of(tmp_path: Path) -> None:
    source = with_profile(tmp_path / "a.png", ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    plain, seen = (each.read_region((0, 0), 0, (90, 60)).astype(int) for each in (source, source.under(IN_SRGB)))
    assert np.abs(plain - seen).max() <= 1


def test_the_transform_is_built_once_for_an_open_image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    built = []
    real_build = ImageCms.buildTransform
    monkeypatch.setattr(ImageCms, "buildTransform", lambda *given: built.append(1) or real_build(*given))
    source = with_profile(tmp_path / "a.png", exchanged_profile())
    with ThreadPoolExecutor(8) as threads:
        seen = list(threads.map(lambda _: source.under(IN_SRGB).read_region((0, 0), 0, (90, 60)).tobytes(), range(40)))
    assert len(set(seen)) == 1
    assert len(built) == 1


def test_a_broken_profile_is_refused_and_the_plain_look_still_works(tmp_path: Path) -> None:
    whole = exchanged_profile()
    source = with_profile(tmp_path / "a.png", whole[:128] + bytes(len(whole) - 128))
    for _ in range(2):
        with pytest.raises(BadLook, match="cannot be used"):
            source.under(IN_SRGB).read_region((0, 0), 0, (9, 9))
    assert source.read_region((0, 0), 0, (9, 9)).shape == (9, 9, 3)


@pytest.mark.parametrize(
    "icc", [b"", b"no profile", exchanged_profile()[:60], None], ids=["empty", "text", "cut off", "none"]
)
def test_what_is_no_profile_is_none(icc: bytes | None) -> None:
    assert not profiles.fits(icc, 3)


def test_a_profile_for_other_colours_is_not_offered(tmp_path: Path) -> None:
    source = with_profile(tmp_path / "a.jpg", exchanged_profile(), mode="CMYK")
    assert not source.details.has_profile
    with pytest.raises(BadLook, match="no colour profile"):
        source.under(IN_SRGB)


@pytest.mark.parametrize("suffix", ["png", "jpg", "tif"])
def test_grey_stays_grey(tmp_path: Path, suffix: str) -> None:
    Image.new("L", (40, 30), 128).save(tmp_path / f"a.{suffix}", icc_profile=linear_grey_profile())
    source = open_image(tmp_path / f"a.{suffix}", options(tmp_path))
    assert source.details.has_profile
    seen = source.under(IN_SRGB).read_region((0, 0), 0, (40, 30))
    assert np.unique(seen).tolist() == [188]
    assert seen.shape == (30, 40, 1)


@pytest.mark.parametrize("suffix", ["jpg", "tif"])
def test_inks_are_mixed_by_their_profile(tmp_path: Path, suffix: str) -> None:
    Image.new("CMYK", (40, 30), (255, 0, 0, 0)).save(tmp_path / f"a.{suffix}", icc_profile=grey_inks_profile())
    source = open_image(tmp_path / f"a.{suffix}", options(tmp_path))
    assert source.details.has_profile
    red, green, blue = source.read_region((0, 0), 0, (1, 1))[0, 0].tolist()
    assert red < 10
    assert min(green, blue) > 245
    seen = source.under(IN_SRGB).read_region((0, 0), 0, (1, 1))[0, 0].astype(int)
    assert np.ptp(seen) <= 3
    assert 100 < seen.mean() < 140


def test_pages_of_a_tiff_have_the_profile_of_the_first(tmp_path: Path) -> None:
    pages = [Image.fromarray(scene((90, 60)) // divisor) for divisor in (1, 2)]
    pages[0].save(tmp_path / "a.tif", save_all=True, append_images=pages[1:], icc_profile=exchanged_profile())
    source = open_image(tmp_path / "a.tif", options(tmp_path))
    assert source.nFrames == 2
    assert source.details.has_profile
    assert source.read_region((89, 0), 0, (1, 1))[0, 0, 0] > 200
    assert source.under(IN_SRGB).read_region((89, 0), 0, (1, 1))[0, 0, 1] > 200
    with pytest.raises(BadLook):
        source.under(Look(profile=True, window=(0.0, 1.0)))


def test_a_profile_for_colours_is_refused_on_grey() -> None:
    profile = profiles.Profile(lambda: ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")))
    with pytest.raises(BadLook):
        profile.apply(np.zeros((3, 3, 1), np.uint8))


@pytest.mark.parametrize("look", [Look(window=(0.0, 9.0)), Look(channels=())])
def test_colour_has_no_window_and_no_channels(tmp_path: Path, look: Look) -> None:
    with pytest.raises(BadLook):
        with_profile(tmp_path / "a.png", exchanged_profile()).under(look)


@pytest.mark.samples
def test_a_real_profile_of_a_printer_of_apples_is_applied() -> None:
    path = real("images/icc_profile.png")
    source = open_image(path, options(Path("unused")))
    with Image.open(path) as image:
        oracle = ImageCms.profileToProfile(
            Image.fromarray(source.read_region((0, 0), 0, source.dimensions)),
            ImageCms.ImageCmsProfile(BytesIO(image.info["icc_profile"])),
            ImageCms.createProfile("sRGB"),
        )
    seen = source.under(IN_SRGB).read_region((0, 0), 0, source.dimensions)
    assert np.abs(seen.astype(int) - np.asarray(oracle)).max() <= 1
