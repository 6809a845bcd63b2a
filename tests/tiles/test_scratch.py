"""Large pictures decoded straight to the disk show what Pillow shows of small ones."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from exact.tiles import scratch
from exact.tiles.errors import DamagedFile, TileError, UnsupportedContent
from exact.tiles.formats.picture import open_picture
from exact.tiles.pictures import header_of, opened
from exact.tiles.source import Pixels
from tests.samples import options, picture, real, scene, turned_jpeg

SIZE = (301, 203)


def straight(path: Path) -> Pixels:
    """Decoded to the disk, in strips of 100 rows put together."""
    with opened(path, 10**9) as image:
        header = header_of(image, 10**9)
    with scratch.decoded(path, header, path.parent / "scratch") as decoded:
        strips = [decoded.rows(top, 100) for top in range(0, header.size[1], 100)]
        decoded.forget()
        assert np.array_equal(decoded.rows(0, 100), strips[0])
    assert list(path.parent.glob("scratch/*")) == []
    return np.concatenate(strips)


def by_pillow(path: Path) -> Pixels:
    """Unpacked by Pillow."""
    source = open_picture(path, options(path.parent, path.name))
    return source.read_region((0, 0), 0, source.dimensions)


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
@pytest.mark.parametrize("saved_with", [{}, {"progressive": True}, {"subsampling": 0}], ids=str)
def test_jpeg(tmp_path: Path, mode: str, saved_with: dict[str, Any]) -> None:
    path = picture(tmp_path / "a.jpg", SIZE, mode, **saved_with)
    assert np.array_equal(straight(path), by_pillow(path))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_turned_jpeg(tmp_path: Path, orientation: int) -> None:
    path = turned_jpeg(tmp_path / "a.jpg", orientation, SIZE)
    assert np.array_equal(straight(path), by_pillow(path))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
def test_png(tmp_path: Path, mode: str) -> None:
    path = picture(tmp_path / "a.png", SIZE, mode)
    assert np.array_equal(straight(path), by_pillow(path))


@pytest.mark.parametrize(("mode", "transparency"), [("L", 90), ("P", 3), ("P", bytes(range(200))), ("RGB", (0, 0, 60))])
def test_png_with_a_transparent_colour(tmp_path: Path, mode: str, transparency: object) -> None:
    path = picture(tmp_path / "a.png", SIZE, mode, transparency=transparency)
    assert np.array_equal(straight(path), by_pillow(path))


def test_png_of_sixteen_bits_in_colour(tmp_path: Path) -> None:
    values = scene(SIZE).astype(np.uint16) * 257
    (tmp_path / "a.png").write_bytes(scratch.imagecodecs.png_encode(values))
    assert np.array_equal(straight(tmp_path / "a.png"), scene(SIZE))


@pytest.mark.samples
@pytest.mark.parametrize("name", ["pil123rgba.png", "palette_wedge.png", "l_trns.png", "pil_sample_cmyk.jpg"])
def test_real_pictures(name: str, tmp_path: Path) -> None:
    copy = tmp_path / name
    copy.write_bytes(real(f"images/{name}").read_bytes())
    assert np.array_equal(straight(copy), by_pillow(copy))


@pytest.mark.parametrize("mode", ["1", "L", "RGB", "RGBA", "CMYK", "P"])
@pytest.mark.parametrize("compression", ["raw", "tiff_lzw", "tiff_adobe_deflate", "packbits"])
def test_tiff(tmp_path: Path, mode: str, compression: str) -> None:
    path = picture(tmp_path / "a.tif", SIZE, mode, compression=compression)
    assert np.array_equal(straight(path), by_pillow(path))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_turned_tiff(tmp_path: Path, orientation: int) -> None:
    path = picture(tmp_path / "a.tif", SIZE, tiffinfo={274: orientation})
    assert np.array_equal(straight(path), by_pillow(path))


@pytest.mark.parametrize(
    "written_with",
    [
        {"photometric": "miniswhite"},
        {"photometric": "minisblack", "compression": "zlib", "predictor": True},
        {"photometric": "minisblack", "rowsperstrip": 7},
        {"photometric": "minisblack", "tile": (64, 64), "bigtiff": True},
    ],
    ids=str,
)
def test_grey_tiff_of_other_programs(tmp_path: Path, written_with: dict[str, Any]) -> None:
    tifffile.imwrite(tmp_path / "a.tif", scene(SIZE)[:, :, 0], **written_with)
    assert np.array_equal(straight(tmp_path / "a.tif"), by_pillow(tmp_path / "a.tif"))


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("planarconfig", ["contig", "separate"])
def test_colour_tiff_of_sixteen_bits(tmp_path: Path, order: str, planarconfig: str) -> None:
    values = scene(SIZE).astype(np.uint16) * 257
    stored = np.moveaxis(values, -1, 0) if planarconfig == "separate" else values
    tifffile.imwrite(tmp_path / "a.tif", stored, photometric="rgb", planarconfig=planarconfig, byteorder=order)
    with opened(picture(tmp_path / "like.tif", SIZE), 10**9) as image:
        header = header_of(image, 10**9)
    with scratch.decoded(tmp_path / "a.tif", header, tmp_path / "scratch") as decoded:
        assert np.array_equal(decoded.rows(0, 1000), scene(SIZE))


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.tif"])
@pytest.mark.parametrize("kept", [0.5, 0.9])
def test_what_was_cut_off_is_refused_with_a_sentence(tmp_path: Path, name: str, kept: float) -> None:
    whole = picture(tmp_path / name, SIZE)
    with opened(whole, 10**9) as image:
        header = header_of(image, 10**9)
    whole.write_bytes(whole.read_bytes()[: int(whole.stat().st_size * kept)])
    with pytest.raises(TileError) as caught, scratch.decoded(whole, header, tmp_path / "scratch"):
        pass
    assert "cut off" in caught.value.sentence
    assert str(tmp_path) not in caught.value.sentence


def test_a_flipped_byte_in_a_png_is_refused(tmp_path: Path) -> None:
    path = picture(tmp_path / "a.png", SIZE)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(DamagedFile):
        straight(path)


def test_a_tiff_compressed_in_one_giant_piece_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scratch, "MAX_STRIP_BYTES", 1000)
    with pytest.raises(UnsupportedContent, match="in strips or tiles"):
        straight(picture(tmp_path / "a.tif", SIZE, compression="tiff_lzw"))


def test_floating_point_is_left_to_others(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((203, 301), np.float32))
    with opened(picture(tmp_path / "like.tif", SIZE), 10**9) as image:
        header = header_of(image, 10**9)
    with pytest.raises(UnsupportedContent), scratch.decoded(tmp_path / "a.tif", header, tmp_path / "scratch"):
        pass
