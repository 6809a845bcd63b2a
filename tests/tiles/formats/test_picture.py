"""Plain pictures through Pillow."""

import contextlib
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from exact.tiles import unpacked
from exact.tiles.errors import BadLook, DamagedFile, TileError, TooManyPixels
from exact.tiles.formats import open_image
from exact.tiles.formats.picture import FORMAT
from exact.tiles.looks import Look
from exact.tiles.source import Axis, Pixels
from tests.contracts.tile_source import TileSourceContract
from tests.samples import options, picture, real, real_files, scene, turned_jpeg


class TestColour(TileSourceContract):
    """An RGB PNG of several levels, odd in both directions."""

    def make_file(self, folder: Path) -> Path:
        return picture(folder / "picture.png", (701, 533))


class TestGrey(TileSourceContract):
    """A grey JPEG."""

    def make_file(self, folder: Path) -> Path:
        return picture(folder / "picture.jpg", mode="L")


class TestPages(TileSourceContract):
    """A TIFF of three equal pages."""

    def make_file(self, folder: Path) -> Path:
        pages = [Image.fromarray(scene((40, 30)) // divisor) for divisor in (1, 2, 4)]
        pages[0].save(folder / "pages.tif", save_all=True, append_images=pages[1:])
        return folder / "pages.tif"


class TestOnePixel(TileSourceContract):
    """The smallest picture there is."""

    def make_file(self, folder: Path) -> Path:
        return picture(folder / "one.png", (1, 1))


def animation(path: Path, **saved_with: Any) -> Path:
    """Three frames at 0, 100 and 300 ms."""
    frames = [Image.fromarray(scene((40, 30)) // divisor) for divisor in (1, 2, 4)]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=[100, 200, 100], **saved_with)
    return path


class TestAnimatedPng(TileSourceContract):
    """An APNG."""

    def make_file(self, folder: Path) -> Path:
        return animation(folder / "a.png")


class TestAnimatedGif(TileSourceContract):
    """A GIF of three frames, each with its own palette."""

    def make_file(self, folder: Path) -> Path:
        return animation(folder / "a.gif")


class TestAnimatedWebP(TileSourceContract):
    """A WebP."""

    def make_file(self, folder: Path) -> Path:
        return animation(folder / "a.webp", lossless=True)


class TestAvif(TileSourceContract):
    """An AVIF."""

    def make_file(self, folder: Path) -> Path:
        return picture(folder / "a.avif", (300, 200))


class TestJpeg2000(TileSourceContract):
    """A JPEG 2000 picture."""

    def make_file(self, folder: Path) -> Path:
        return picture(folder / "a.jp2", (300, 200))


class TestInks(TileSourceContract):
    """A JPEG of four inks, as printers want it."""

    def make_file(self, folder: Path) -> Path:
        return picture(folder / "a.jpg", (300, 200), mode="CMYK")


class TestSixteenBits(TileSourceContract):
    """A grey PNG of 16 bits, of several levels."""

    def make_file(self, folder: Path) -> Path:
        Image.fromarray(ramp(601, 403, 60_000)).save(folder / "a.png")
        return folder / "a.png"


def ramp(width: int, height: int, brightest: int) -> NDArray[np.uint16]:
    """Rising from left to right."""
    return np.tile(np.linspace(0, brightest, width).astype(np.uint16), (height, 1))


def shown(path: Path, **limits: Any) -> Pixels:
    """The first page as it is shown."""
    source = open_image(path, options(path.parent, path.name, **limits))
    return source.read_region((0, 0), 0, source.dimensions)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_photograph_is_shown_upright(tmp_path: Path, orientation: int) -> None:
    difference = np.abs(shown(turned_jpeg(tmp_path / "a.jpg", orientation)).astype(int) - scene((90, 60)))
    assert difference.mean() < 4


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_a_turned_tiff_is_shown_upright(tmp_path: Path, orientation: int) -> None:
    turned = turned_jpeg(tmp_path / "a.jpg", orientation)
    with Image.open(turned) as image:
        image.save(tmp_path / "a.tif", tiffinfo={274: orientation})
    assert shown(tmp_path / "a.tif").shape == (60, 90, 3)


def test_a_png_that_says_so_behind_its_pixels_is_turned_too(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    content = picture(tmp_path / "a.png", exif=exif).read_bytes()
    start = content.index(b"eXIf") - 4
    end = start + 12 + int.from_bytes(content[start : start + 4], "big")
    last = content.index(b"IEND") - 4
    (tmp_path / "a.png").write_bytes(content[:start] + content[end:last] + content[start:end] + content[last:])
    assert shown(tmp_path / "a.png").shape == (90, 60, 3)


def test_transparent_pixels_are_shown_on_white(tmp_path: Path) -> None:
    image = Image.new("RGBA", (2, 1), (255, 0, 0, 0))
    image.putpixel((1, 0), (255, 0, 0, 255))
    image.save(tmp_path / "a.png")
    assert shown(tmp_path / "a.png").tolist() == [[[255, 255, 255], [255, 0, 0]]]


def test_a_palette_with_a_transparent_colour_is_shown_on_white(tmp_path: Path) -> None:
    image = Image.new("P", (2, 1))
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.putpixel((1, 0), 1)
    image.save(tmp_path / "a.png", transparency=0)
    assert shown(tmp_path / "a.png").tolist() == [[[255, 255, 255], [0, 0, 255]]]


def test_cmyk_is_shown_as_rgb(tmp_path: Path) -> None:
    Image.new("CMYK", (8, 8), (0, 255, 255, 0)).save(tmp_path / "a.tif")
    red, green, blue = shown(tmp_path / "a.tif")[0, 0].tolist()
    assert red > 200
    assert max(green, blue) < 60


@pytest.mark.parametrize("brightest", [4095, 65535])
def test_sixteen_bits_fill_the_range_that_they_use(tmp_path: Path, brightest: int) -> None:
    rising = np.linspace(0, brightest, 100 * 100).reshape(100, 100).astype(np.uint16)
    Image.fromarray(rising).save(tmp_path / "a.tif")
    grey = shown(tmp_path / "a.tif")
    assert grey.shape == (100, 100, 1)
    assert (grey[0, 0, 0], grey[-1, -1, 0]) == (0, 255)
    assert abs(int(grey[50, 0, 0]) - 128) <= 2


@pytest.mark.parametrize("suffix", ["png", "tif", "pgm", "jp2"])
def test_a_window_is_chosen_on_the_values_of_the_file(tmp_path: Path, suffix: str) -> None:
    Image.fromarray(ramp(301, 3, 60_000)).save(tmp_path / f"a.{suffix}")
    source = open_image(tmp_path / f"a.{suffix}", options(tmp_path))
    assert source.details.window == pytest.approx((0, 60_000), abs=300)
    assert source.details.window_limits == (0.0, 65535.0)
    narrow = source.under(Look(window=(20_000.0, 40_000.0)))
    shown = narrow.read_region((0, 0), 0, (301, 3))[1, :, 0]
    assert (shown[99], shown[150], shown[201]) == (0, 128, 255)
    assert np.array_equal(narrow.read_region((0, 0), 0, (150, 3)), narrow.read_region((0, 0), 0, (301, 3))[:, :150])
    assert source.read_region((0, 0), 0, (301, 3))[1, 150, 0] in (127, 128, 129)


@pytest.mark.parametrize("name", ["binary.pgm", "plain.pgm", "a.jp2"])
def test_twelve_bits_have_the_values_of_the_file(tmp_path: Path, name: str) -> None:
    values = ramp(301, 3, 4095)
    contents = {
        "binary.pgm": b"P5 301 3 4095\n" + values.astype(">u2").tobytes(),
        "plain.pgm": b"P2 301 3 4095\n" + " ".join(map(str, values.ravel())).encode(),
        "a.jp2": imagecodecs.jpeg2k_encode(values, bitspersample=12, codecformat="jp2", reversible=True, level=0),
    }
    (tmp_path / name).write_bytes(contents[name])
    source = open_image(tmp_path / name, options(tmp_path))
    assert source.details.window_limits == (0.0, 4095.0)
    one_value = source.under(Look(window=(2047.0, 2048.0)))
    assert np.unique(one_value.read_region((0, 0), 0, (301, 3))[values <= 2047]).tolist() == [0]
    assert np.unique(one_value.read_region((0, 0), 0, (301, 3))[values >= 2048]).tolist() == [255]


def test_smaller_levels_of_wide_values_are_averages_too(tmp_path: Path) -> None:
    Image.fromarray(ramp(601, 403, 60_000)).save(tmp_path / "a.png")
    seen = open_image(tmp_path / "a.png", options(tmp_path)).under(Look(window=(0.0, 255.0)))
    assert seen.level_dimensions[1] == (301, 202)
    assert seen.read_region((0, 0), 1, (301, 202))[:, 1, 0].tolist() == [250] * 202
    assert seen.read_region((0, 0), 1, (301, 202))[:, 0, 0].tolist() == [50] * 202


@pytest.mark.parametrize("look", [Look(profile=True), Look(channels=())])
def test_wide_grey_has_a_window_alone(tmp_path: Path, look: Look) -> None:
    Image.fromarray(ramp(20, 3, 60_000)).save(tmp_path / "a.png")
    with pytest.raises(BadLook):
        open_image(tmp_path / "a.png", options(tmp_path)).under(look)


def test_a_plain_picture_has_no_window(tmp_path: Path) -> None:
    source = open_image(picture(tmp_path / "a.png"), options(tmp_path))
    assert source.details.window is None
    with pytest.raises(BadLook):
        source.under(Look(window=(1.0, 2.0)))


@pytest.mark.parametrize("suffix", ["png", "gif", "webp"])
def test_the_frames_of_an_animation_are_named_by_their_time(tmp_path: Path, suffix: str) -> None:
    source = open_image(animation(tmp_path / f"a.{suffix}"), options(tmp_path))
    assert source.description.default_frame == 0
    assert source.description.frame_names == ("0.00 s", "0.10 s", "0.30 s")
    assert source.details.axes == (Axis("t", 3, None, "s"),)
    for frame, divisor in enumerate((1, 2, 4)):
        shown = source.read_region((0, 0), 0, (40, 30), frame).astype(int)
        assert np.abs(shown - scene((40, 30)) // divisor).mean() < 6


def test_even_steps_in_time_are_told(tmp_path: Path) -> None:
    frames = [Image.fromarray(scene((9, 9)) // divisor) for divisor in (1, 2, 4)]
    frames[0].save(tmp_path / "a.webp", save_all=True, append_images=frames[1:], duration=40)
    assert open_image(tmp_path / "a.webp", options(tmp_path)).details.axes == (Axis("t", 3, 0.04, "s"),)


def test_an_animation_of_too_many_pixels_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    with pytest.raises(TooManyPixels):
        open_image(animation(tmp_path / "a.gif"), options(tmp_path, picture_max_pixels=3 * 40 * 30 - 1))


@pytest.mark.parametrize(
    ("brand", "compatible", "expected"),
    [
        (b"avif", b"mif1miaf", True),
        (b"mif1", b"avifmiaf", True),
        (b"mif1", b"heicmiaf", False),
        (b"heic", b"mif1avif", False),
    ],
)
def test_avif_is_told_from_the_pictures_of_telephones(brand: bytes, compatible: bytes, expected: bool) -> None:
    head = (16 + len(compatible)).to_bytes(4, "big") + b"ftyp" + brand + bytes(4) + compatible + b"avif"
    assert FORMAT.recognises(Path("unused"), head) is expected


def test_two_pictures_of_one_file_are_two_frames(tmp_path: Path) -> None:
    Image.fromarray(scene((40, 30))).save(
        tmp_path / "a.mpo", save_all=True, append_images=[Image.fromarray(scene((40, 30)) // 2)], quality=95
    )
    source = open_image(tmp_path / "a.mpo", options(tmp_path))
    assert source.description.frame_names == ("picture 1", "picture 2")
    assert np.abs(source.read_region((0, 0), 0, (40, 30), 1).astype(int) - scene((40, 30)) // 2).mean() < 9


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
def test_a_camera_is_told_and_a_broken_exif_block_is_not_minded(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif.update({271: "Leica", 272: "Leica DM6"})
    path = picture(tmp_path / "a.jpg", exif=exif)
    assert open_image(path, options(tmp_path)).details.scanner == "Leica DM6"
    path.write_bytes(path.read_bytes().replace(b"MM\0*\0\0\0\x08", b"MM\0*\xff\xff\xff\xff"))
    assert open_image(path, options(tmp_path)).details.scanner is None


def test_not_a_number_does_not_spoil_a_float_tiff(tmp_path: Path) -> None:
    values = np.linspace(0, 1, 400, dtype=np.float32).reshape(20, 20)
    values[3, 3] = np.nan
    Image.fromarray(values).save(tmp_path / "a.tif")
    assert shown(tmp_path / "a.tif")[-1, -1, 0] == 255


def test_each_page_is_a_frame(tmp_path: Path) -> None:
    source = open_image(TestPages().make_file(tmp_path), options(tmp_path))
    assert source.nFrames == 3
    for frame, divisor in enumerate((1, 2, 4)):
        assert np.array_equal(source.read_region((0, 0), 0, (40, 30), frame), scene((40, 30)) // divisor)


def test_smaller_levels_are_averages_of_the_larger(tmp_path: Path) -> None:
    source = open_image(picture(tmp_path / "a.png", (601, 403)), options(tmp_path))
    assert source.level_dimensions == ((601, 403), (301, 202), (151, 101))
    whole = Image.fromarray(scene((601, 403)))
    assert np.array_equal(source.read_region((0, 0), 1, (301, 202)), np.asarray(whole.reduce(2)))


def test_a_large_picture_is_unpacked_once_into_the_cache_folder(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(unpacked, "IN_MEMORY_BYTES", 1000)
    path = picture(tmp_path / "a.png", (300, 2500))
    first = open_image(path, options(tmp_path))
    assert first.cost == 0
    pixels = first.read_region((0, 0), 0, (300, 2500))
    assert np.array_equal(pixels, scene((300, 2500)))
    monkeypatch.setattr("exact.tiles.formats.picture.fill", None)  # a second unpacking would fail
    assert np.array_equal(open_image(path, options(tmp_path)).read_region((0, 0), 0, (300, 2500)), pixels)


def test_more_pixels_than_allowed_are_refused_before_they_are_unpacked(tmp_path: Path) -> None:
    path = picture(tmp_path / "a.png", (400, 300))
    with pytest.raises(TooManyPixels, match="at most 119,999"):
        open_image(path, options(tmp_path, picture_max_pixels=119_999))
    with pytest.raises(TooManyPixels):
        open_image(path, options(tmp_path, picture_max_pixels=1000))
    assert open_image(path, options(tmp_path, picture_max_pixels=120_000)).dimensions == (400, 300)


@pytest.mark.parametrize("suffix", ["png", "jpg", "tif"])
def test_a_picture_that_was_cut_off_is_refused_with_a_sentence(tmp_path: Path, suffix: str) -> None:
    path = picture(tmp_path / f"a.{suffix}", (400, 300))
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 2 // 3])
    with pytest.raises(TileError) as caught:
        open_image(path, options(tmp_path))
    assert "cut off" in caught.value.sentence


def test_a_flipped_byte_in_a_png_is_refused(tmp_path: Path) -> None:
    path = picture(tmp_path / "a.png", (400, 300))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(DamagedFile):
        open_image(path, options(tmp_path))


def test_a_frame_that_claims_to_be_larger_than_its_file_is_refused(tmp_path: Path) -> None:
    content = bytearray(animation(tmp_path / "a.gif").read_bytes())
    second = content.index(b"\x2c", content.index(b"\x2c") + 1)
    while content[second + 5 : second + 9] != bytes((40, 0, 30, 0)):
        second = content.index(b"\x2c", second + 1)
    content[second + 5 : second + 9] = b"\xff\xff\xff\xff"
    (tmp_path / "a.gif").write_bytes(content)
    with pytest.raises(TooManyPixels, match="at most 178,956,970"):
        open_image(tmp_path / "a.gif", options(tmp_path))


@pytest.mark.parametrize("suffix", ["avif", "webp", "jp2", "gif"])
def test_what_was_overwritten_in_the_middle_is_refused_or_shown_and_nothing_else(tmp_path: Path, suffix: str) -> None:
    path = picture(tmp_path / f"a.{suffix}", (300, 200))
    whole = path.read_bytes()
    for part in (0.3, 0.5, 0.7):
        content, at = bytearray(whole), int(len(whole) * part)
        content[at : at + 40] = b"\xa5" * 40
        path.write_bytes(content)
        with contextlib.suppress(TileError):
            open_image(path, options(tmp_path)).close()


@pytest.mark.samples
@pytest.mark.parametrize("orientation", range(2, 9))
def test_real_turned_photographs_are_all_the_same_scene(orientation: int) -> None:
    upright = shown_real("images/hopper_orientation_2.jpg").astype(int)
    assert np.abs(shown_real(f"images/hopper_orientation_{orientation}.jpg") - upright).mean() < 8


def shown_real(name: str) -> Pixels:
    """A real picture as it is shown."""
    source = open_image(real(name), options(Path("unused")))
    return source.read_region((0, 0), 0, source.dimensions)


REAL = {
    **{f"hopper_orientation_{turn}.jpg": ("jpeg", (128, 128), 1, 3) for turn in range(2, 9)},
    "16bit.MM.cropped.tif": ("tiff", (64, 64), 1, 1),
    "16bit.cropped.tif": ("tiff", (64, 64), 1, 1),
    "BAL_Promyk_Spray_4_14633_16023_586_641.tiff": ("generic-tiff", (586, 641), 1, 3),
    "cell.png": ("png", (550, 660), 1, 1),
    "chessboard_GRAY_U16B.tif": ("tiff", (200, 200), 1, 1),
    "exif.avif": ("avif", (512, 512), 1, 3),
    "exif_gps.jpg": ("jpeg", (8, 8), 1, 3),
    "hopper.jpg": ("jpeg", (128, 128), 1, 3),
    "hopper.png": ("png", (128, 128), 1, 3),
    "hopper.tif": ("tiff", (128, 128), 1, 3),
    "hopper_16bit.pgm": ("ppm", (128, 128), 1, 1),
    "hopper_bigtiff.tif": ("tiff", (128, 128), 1, 3),
    "icc_profile.png": ("png", (57, 57), 1, 3),
    "ihc.png": ("png", (512, 512), 1, 3),
    "l_trns.png": ("png", (64, 64), 1, 3),
    "mode_16bit.png": ("png", (128, 64), 3, 3),
    "mode_palette.png": ("png", (128, 64), 3, 3),
    "multipage.tiff": ("tiff", (10, 10), None, None),
    "p_16.png": ("png", (128, 128), 1, 3),
    "pal8.png": ("png", (127, 64), 1, 3),
    "palette_wedge.png": ("png", (128, 128), 1, 3),
    "pil123rgba.png": ("png", (162, 150), 1, 3),
    "pil_sample_cmyk.jpg": ("jpeg", (100, 100), 1, 3),
    "retina.jpg": ("jpeg", (1411, 1411), 1, 3),
    "slide.jpeg": ("jpeg", (2500, 2500), 1, 3),
    "sugarshack.mpo": ("mpo", (640, 480), 2, 3),
    "tma_spots.jpeg": ("jpeg", (1331, 3206), 1, 3),
}
"""Format, size, frames and channels; None where the reader of frames decides."""


@pytest.mark.samples
@pytest.mark.parametrize("name", real_files("images"))
def test_every_real_picture_is_what_it_is_and_has_no_nonsense_pixel_size(name: str, tmp_path: Path) -> None:
    pillow_format, size, frames, channels = REAL[Path(name).name]
    source = open_image(real(name), options(tmp_path))
    told = source.description
    assert told.format in (pillow_format, "ome-tiff" if pillow_format == "tiff" else pillow_format)
    assert source.dimensions == size
    assert frames is None or (told.frames, told.channels) == (frames, channels)
    assert told.pixel_size_um == (None, None, None)
    assert source.details.pixel_size_source is None
    assert len(np.unique(source.read_region((0, 0), 0, size))) > 1 or name == "images/exif_gps.jpg"


@pytest.mark.samples
@pytest.mark.parametrize("name", ["pal8", "palette_wedge", "pil123rgba", "l_trns", "p_16"])
def test_palettes_and_transparency_are_shown_as_pillow_puts_them_on_white(name: str) -> None:
    with Image.open(real(f"images/{name}.png")) as image:
        seen = image.convert("RGBA")
    ground = Image.new("RGBA", seen.size, "white")
    assert np.array_equal(shown_real(f"images/{name}.png"), np.asarray(Image.alpha_composite(ground, seen))[:, :, :3])


@pytest.mark.samples
def test_real_inks_are_a_red_word_on_a_dark_ground() -> None:
    pixels = shown_real("images/pil_sample_cmyk.jpg").astype(int)
    assert pixels[50:].mean(axis=(0, 1))[0] > 1.5 * pixels[50:].mean(axis=(0, 1))[2]
    assert pixels[95, 50].max() < 40
