"""TIFF files with frames, channels and more than 8 bits."""

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import simplejpeg
import tifffile
from numpy.typing import NDArray

from exact.tiles.errors import BadLook
from exact.tiles.formats import open_image
from exact.tiles.looks import ChannelLook, Look
from exact.tiles.source import Axis, TileSource
from tests.contracts.tile_source import TileSourceContract
from tests.microscopy import imagej, ome_tiff, stack
from tests.samples import options, real, scene, svs, tiled_tiff


class TestOmeTiff(TileSourceContract):
    """Times, depths and channels, tiled, with two smaller levels below each page."""

    def make_file(self, folder: Path) -> Path:
        return ome_tiff(folder / "a.ome.tif", stack(size=(300, 200)), levels=3, tile=64)


class TestHyperstack(TileSourceContract):
    """ImageJ's."""

    def make_file(self, folder: Path) -> Path:
        return imagej(folder / "a.tif")


class TestLargeWithoutLevels(TileSourceContract):
    """So large that an overview is made."""

    def make_file(self, folder: Path) -> Path:
        return ome_tiff(folder / "a.ome.tif", stack(1, 1, 2, (1500, 1100)), tile=256)


def coloured(path: Path, frames: int = 1) -> Path:
    """A slide as QuPath and Bio-Formats write it: JPEG tiles, smaller levels below the page."""
    whole = np.stack([scene((700, 500)) // (1 + frame) for frame in range(frames)])
    how: Any = {"tile": (128, 128), "photometric": "rgb", "compression": "jpeg", "compressionargs": {"level": 95}}
    with tifffile.TiffWriter(path, bigtiff=True, ome=True) as writer:
        writer.write(whole, subifds=2, metadata={"axes": "ZYXS"}, **how)
        for level in (1, 2):
            writer.write(whole[:, :: 2**level, :: 2**level], subfiletype=1, **how)
    return path


class TestColouredSlide(TileSourceContract):
    """JPEG tiles, levels below the page."""

    def make_file(self, folder: Path) -> Path:
        return coloured(folder / "a.ome.tif")


class TestColouredStack(TileSourceContract):
    """The same at three depths."""

    def make_file(self, folder: Path) -> Path:
        return coloured(folder / "a.ome.tif", 3)


class TestFloat(TileSourceContract):
    """Pages of floating point numbers."""

    def make_file(self, folder: Path) -> Path:
        tifffile.imwrite(folder / "a.tif", stack(1, 3, 1, dtype="f4")[0, :, 0] / 7, compression="zlib", rowsperstrip=7)
        return folder / "a.tif"


class TestColourPages(TileSourceContract):
    """Pages in red, green and blue."""

    def make_file(self, folder: Path) -> Path:
        pages = np.stack([scene((90, 60)) // divisor for divisor in (1, 2, 4)])
        tifffile.imwrite(folder / "a.tif", pages, photometric="rgb")
        return folder / "a.tif"


REAL = [
    "microscopy/multi-channel-z-series.ome.tif",
    "microscopy/img3d.tif",
    "microscopy/CH1_16bit.tif",
    "wsi/64x64.ome.tif",
    "images/multipage.tiff",
]


@pytest.mark.samples
class TestReal(TileSourceContract):
    """Real files of Bio-Formats, ImageJ and others."""

    @pytest.fixture(params=REAL, autouse=True)
    def name(self, request: pytest.FixtureRequest) -> None:
        self.chosen: str = request.param

    def make_file(self, folder: Path) -> Path:
        return real(self.chosen)


def opened(path: Path) -> TileSource:
    """By its content."""
    return open_image(path, options(path.parent))


def channel(source: TileSource, number: int, frame: int, level: int = 0) -> NDArray[np.uint8]:
    """One channel in white, the values 0 to 255 as they are."""
    alone = source.under(Look((ChannelLook(number, "ffffff", (0.0, 255.0)),)))
    return alone.read_region((0, 0), level, source.level_dimensions[level], frame)[:, :, 0]


@pytest.mark.parametrize("kind", ["ome", "imagej"])
@pytest.mark.parametrize("dtype", ["u1", "u2", "f4"])
def test_every_frame_and_channel_has_its_own_values(tmp_path: Path, kind: str, dtype: str) -> None:
    values = stack(dtype=dtype)
    source = opened(ome_tiff(tmp_path / "a.tif", values) if kind == "ome" else imagej(tmp_path / "a.tif", values))
    assert source.description.channels == 2
    for t, z, c in np.ndindex(2, 3, 2):
        assert np.array_equal(channel(source, c, t * 3 + z), np.minimum(values[t, z, c], 255))


def test_time_is_slowest_and_frames_are_named_by_time_and_depth(tmp_path: Path) -> None:
    told = opened(ome_tiff(tmp_path / "a.tif")).description
    assert told.frame_names == ("t=1 z=1", "t=1 z=2", "t=1 z=3", "t=2 z=1", "t=2 z=2", "t=2 z=3")
    assert told.default_frame == 1


@pytest.mark.parametrize("order", ["TZCYX", "TCZYX", "CTZYX", "ZCTYX"])
def test_planes_are_found_in_whatever_order_they_lie(tmp_path: Path, order: str) -> None:
    values = stack()
    moved = np.moveaxis(values, [0, 1, 2], [order.index(axis) for axis in "TZC"])
    tifffile.imwrite(tmp_path / "a.ome.tif", moved, ome=True, metadata={"axes": order})
    source = opened(tmp_path / "a.ome.tif")
    for t, z, c in np.ndindex(2, 3, 2):
        assert np.array_equal(channel(source, c, t * 3 + z), np.minimum(values[t, z, c], 255))


def test_smaller_levels_are_those_of_the_page(tmp_path: Path) -> None:
    values = stack(size=(300, 200))
    source = opened(ome_tiff(tmp_path / "a.tif", values, levels=3, tile=64))
    assert source.level_dimensions == ((300, 200), (150, 100), (75, 50))
    assert np.array_equal(channel(source, 1, 4, level=2), np.minimum(values[1, 1, 1, ::4, ::4], 255))


def test_the_overview_of_a_large_image_is_an_average(tmp_path: Path) -> None:
    values = stack(1, 1, 2, (1500, 1100))
    source = opened(ome_tiff(tmp_path / "a.tif", values, tile=256))
    assert (source.level_dimensions, source.made_levels) == (((1500, 1100), (750, 550)), 1)
    means = values[0, 0, 1].reshape(550, 2, 750, 2).mean(axis=(1, 3))
    assert np.abs(channel(source, 1, 0, level=1) - means).max() <= 0.5


def test_the_header_tells_sizes_steps_names_colours_and_exposure(tmp_path: Path) -> None:
    path = ome_tiff(
        tmp_path / "a.tif",
        PhysicalSizeX=0.5,
        PhysicalSizeY=500.0,
        PhysicalSizeYUnit="nm",
        PhysicalSizeZ=2.0,
        TimeIncrement=100.0,
        TimeIncrementUnit="ms",
        Channel={"Name": ["DAPI", "GFP"], "Color": [65535, 16711935]},
        Plane={"ExposureTime": [0.25] * 12, "TheC": [0, 1] * 6},
    )
    source = opened(path)
    assert source.description.pixel_size_um == (0.5, 0.5, 2.0)
    assert source.details.pixel_size_source == "ome.PhysicalSizeX"
    assert source.details.axes == (Axis("t", 2, 0.1, "s"), Axis("z", 3, 2.0, "um"))
    assert [(told.name, told.colour) for told in source.details.channels] == [("DAPI", "0000ff"), ("GFP", "00ff00")]
    assert source.properties["ome.Channel[1].ExposureTime"] == "0.25 s"


def test_imagej_tells_unit_spacing_interval_and_colours(tmp_path: Path) -> None:
    red, cyan = (np.outer(colour, np.arange(256)).astype(np.uint8) for colour in ((1, 0, 0), (0, 1, 1)))
    path = imagej(
        tmp_path / "a.tif",
        resolution=(4.0, 2.0),
        metadata={
            "axes": "TZCYX",
            "unit": "micron",
            "spacing": 1.5,
            "finterval": 20.0,
            "LUTs": [red, cyan],
            "Ranges": (0.0, 50.0, 10.0, 90.0),
        },
    )
    source = opened(path)
    assert source.description.pixel_size_um == (0.25, 0.5, 1.5)
    assert source.details.axes == (Axis("t", 2, 20.0, "s"), Axis("z", 3, 1.5, "um"))
    assert [(told.colour, told.window) for told in source.details.channels] == [
        ("ff0000", (0.0, 50.0)),
        ("00ffff", (10.0, 90.0)),
    ]


def test_images_behind_one_page_are_frames_too(tmp_path: Path) -> None:
    values = stack(1, 4, 1)
    imagej(tmp_path / "a.tif", values)
    content = bytearray((tmp_path / "a.tif").read_bytes())
    with tifffile.TiffFile(tmp_path / "a.tif") as file:
        entry = file.pages.first.offset
        count = struct.unpack_from(file.byteorder + "H", content, entry)[0]
        struct.pack_into(file.byteorder + "I", content, entry + 2 + 12 * count, 0)
    (tmp_path / "a.tif").write_bytes(content)
    source = opened(tmp_path / "a.tif")
    assert source.description.frames == 4
    white = source.under(Look(window=(0.0, 255.0)))
    assert np.array_equal(white.read_region((0, 0), 0, (90, 60), 3)[:, :, 0], values[0, 3, 0])


def test_a_look_at_channels_costs_nothing_and_leaves_the_image_as_it_was(tmp_path: Path) -> None:
    source = opened(ome_tiff(tmp_path / "a.tif"))
    plain = source.read_region((0, 0), 0, (90, 60))
    red = source.under(Look((ChannelLook(1, "ff0000"),)))
    assert not red.read_region((0, 0), 0, (90, 60))[:, :, 1:].any()
    assert np.array_equal(source.read_region((0, 0), 0, (90, 60)), plain)
    with pytest.raises(BadLook, match="no channel 2"):
        source.under(Look((ChannelLook(2),)))


def test_one_grey_channel_has_a_window_and_no_channels(tmp_path: Path) -> None:
    values = np.arange(5400, dtype=np.uint16).reshape(60, 90)
    tifffile.imwrite(tmp_path / "a.tif", values)
    source = opened(tmp_path / "a.tif")
    assert source.details.channels == ()
    assert source.details.window == pytest.approx((5.4, 5393.6), abs=1)
    assert source.details.window_limits == (0.0, 8191.0)
    narrow = source.under(Look(window=(100.0, 200.0))).read_region((0, 0), 0, (90, 60))
    assert narrow.shape == (60, 90, 1)
    assert ((narrow[:, :, 0] == 255) == (values >= 200)).all()
    with pytest.raises(BadLook):
        source.under(Look((ChannelLook(0),)))


def test_colours_have_nothing_to_choose(tmp_path: Path) -> None:
    source = opened(TestColourPages().make_file(tmp_path))
    assert (source.details.channels, source.details.window) == ((), None)
    with pytest.raises(BadLook):
        source.under(Look(window=(0.0, 1.0)))


def test_colours_of_sixteen_bits_have_a_window(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", scene((90, 60)).astype(np.uint16) * 16, photometric="rgb")
    source = opened(tmp_path / "a.tif").under(Look(window=(0.0, 16.0 * 255)))
    assert np.array_equal(source.read_region((0, 0), 0, (90, 60)), scene((90, 60)))


@pytest.mark.parametrize(
    "options_",
    [
        {"compression": "zlib", "predictor": True},
        {"compression": "lzw", "rowsperstrip": 13},
        {"compression": "zstd", "tile": (32, 48)},
        {"compression": "lzma"},
        {"byteorder": ">"},
        {"tile": (16, 16), "byteorder": ">", "bigtiff": True},
        {"planarconfig": "separate", "tile": (32, 32), "compression": "zlib"},
        {"planarconfig": "separate"},
        {"planarconfig": "contig"},
        {"planarconfig": "contig", "compression": "packbits"},
    ],
)
def test_values_are_those_that_tifffile_reads(tmp_path: Path, options_: dict[str, Any]) -> None:
    values = stack(1, 1, 5)[0, 0]
    if options_.get("planarconfig") == "contig":
        values = np.moveaxis(values, 0, -1)
    tifffile.imwrite(tmp_path / "a.tif", values, photometric="minisblack", **options_)
    source = opened(tmp_path / "a.tif")
    several = "planarconfig" in options_
    assert (source.description.channels, source.nFrames) == ((5, 1) if several else (1, 5))
    for number in range(5):
        expected = np.minimum(values[:, :, number] if options_.get("planarconfig") == "contig" else values[number], 255)
        if several:
            assert np.array_equal(channel(source, number, 0), expected)
        else:
            white = source.under(Look(window=(0.0, 255.0))).read_region((0, 0), 0, (90, 60), number)
            assert np.array_equal(white[:, :, 0], expected)


@pytest.mark.parametrize("compression", ["webp", "jpegxl", "jpeg2000", "zstd"])
def test_rare_compressions_of_colours_are_read(tmp_path: Path, compression: str) -> None:
    tifffile.imwrite(
        tmp_path / "a.tif", scene((90, 60)), photometric="rgb", tile=(32, 32), compression=compression,
        compressionargs={"lossless": True} if compression == "webp" else None,
    )  # fmt: skip
    assert np.array_equal(opened(tmp_path / "a.tif").read_region((0, 0), 0, (90, 60)), scene((90, 60)))


@pytest.mark.parametrize("photometric", ["minisblack", "miniswhite"])
def test_bits_are_black_and_white(tmp_path: Path, photometric: str) -> None:
    bits = np.zeros((2, 16, 24), bool)
    bits[1, 3, 5] = True
    tifffile.imwrite(tmp_path / "a.tif", bits, photometric=photometric)
    shown = opened(tmp_path / "a.tif").read_region((0, 0), 0, (24, 16), 1)[:, :, 0]
    assert np.array_equal(shown == 255, bits[1] == (photometric == "minisblack"))


def test_a_pyramid_of_grey_pages_is_a_pyramid(tmp_path: Path) -> None:
    values = stack(1, 1, 1, (400, 300))[0, 0, 0]
    with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
        for level in range(3):
            writer.write(values[:: 2**level, :: 2**level], tile=(64, 64), subfiletype=int(level > 0))
    source = opened(tmp_path / "a.tif")
    assert source.level_dimensions == ((400, 300), (200, 150), (100, 75))
    white = source.under(Look(window=(0.0, 255.0)))
    assert np.array_equal(white.read_region((0, 0), 2, (100, 75))[:, :, 0], values[::4, ::4])


@pytest.mark.parametrize("frames", [1, 2])
def test_jpeg_tiles_of_colours_are_handed_on_as_they_lie(tmp_path: Path, frames: int) -> None:
    source = opened(coloured(tmp_path / "a.ome.tif", frames))
    assert source.stored_tiles == ((128, 128),) * 3
    for frame in range(frames):
        for level in range(3):
            stored = source.encoded_tile(level, 1, 0, frame)
            assert stored is not None
            shown = source.read_region((128 << level, 0), level, (47 if level == 2 else 128, 125), frame)
            assert np.array_equal(simplejpeg.decode_jpeg(stored)[: shown.shape[0], : shown.shape[1]], shown)
    whole = source.read_region((0, 0), 0, source.dimensions, frames - 1)
    assert np.abs(whole.astype(int) - scene((700, 500)) // frames).mean() < 3
    assert source.encoded_tile(0, 0, 0) == source.encoded_tile(0, 0, 0, 0)


def test_tiles_that_are_no_jpeg_are_made(tmp_path: Path) -> None:
    source = opened(ome_tiff(tmp_path / "a.tif", tile=64))
    assert source.stored_tiles == (None,)
    assert source.encoded_tile(0, 0, 0) is None


def test_plain_slides_and_pictures_stay_with_their_own_readers(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "picture.tif", scene((90, 60)), photometric="rgb")
    assert opened(svs(tmp_path / "a.svs")).description.format == "aperio"
    assert opened(tiled_tiff(tmp_path / "b.tif")).description.format == "generic-tiff"
    assert not hasattr(opened(tmp_path / "picture.tif"), "_shared")


def test_label_and_macro_of_an_ome_tiff_stand_beside_it(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "a.ome.tif", ome=True) as writer:
        writer.write(stack(1, 1, 2)[0, 0], metadata={"axes": "CYX", "Name": "specimen"})
        writer.write(scene((40, 30)), photometric="rgb", metadata={"axes": "YXS", "Name": "Label"})
    source = opened(tmp_path / "a.ome.tif")
    assert (source.description.channels, source.nFrames) == (2, 1)
    assert source.associated_images == {"label": (40, 30)}
    assert np.array_equal(source.read_associated("label"), scene((40, 30)))


def test_images_of_one_plane_at_different_depths_are_a_stack(tmp_path: Path) -> None:
    values = stack(1, 3, 1)[0, :, 0]
    with tifffile.TiffWriter(tmp_path / "a.ome.tif", ome=True) as writer:
        for plane, depth in zip(values, (4.0, 0.0, 2.0), strict=True):
            told = {"axes": "YX", "Plane": {"PositionZ": [depth], "PositionZUnit": ["µm"]}}
            writer.write(plane, metadata=told)
    source = opened(tmp_path / "a.ome.tif")
    assert source.details.axes == (Axis("z", 3, 2.0, "um"),)
    white = source.under(Look(window=(0.0, 255.0)))
    shown = [white.read_region((0, 0), 0, (90, 60), frame)[:, :, 0] for frame in range(3)]
    assert np.array_equal(shown, values[[1, 2, 0]])


@pytest.mark.samples
def test_the_real_stack_has_three_channels_and_five_depths(tmp_path: Path) -> None:
    path = real("microscopy/multi-channel-z-series.ome.tif")
    source, oracle = open_image(path, options(tmp_path)), tifffile.imread(path)
    assert (source.nFrames, source.description.channels) == (5, 3)
    look = Look((ChannelLook(2, "ffffff", (-128.0, 127.0)),))
    shown = source.under(look).read_region((0, 0), 0, source.dimensions, 4)[:, :, 0]
    assert np.array_equal(shown, oracle[2, 4].astype(int) + 128)


@pytest.mark.samples
def test_the_real_pyramid_is_read_at_both_levels(tmp_path: Path) -> None:
    path = real("wsi/2048x2048_ome6_tiled.ome.tif")
    source = open_image(path, options(tmp_path))
    with tifffile.TiffFile(path) as file:
        for level in range(2):
            oracle = file.series[0].levels[level].asarray()[1] >> 8
            look = Look((ChannelLook(1, "ffffff", (0.0, 65280.0)),))
            shown = source.under(look).read_region((0, 0), level, source.level_dimensions[level])[:, :, 0]
            assert np.abs(shown.astype(int) - oracle).max() <= 1


@pytest.mark.samples
def test_a_real_grey_image_of_eight_bits_is_shown_as_it_is(tmp_path: Path) -> None:
    path = real("microscopy/FOV7_HV110_P0500510000.ome.tiff")
    source = open_image(path, options(tmp_path))
    assert np.array_equal(source.read_region((0, 0), 0, source.dimensions)[:, :, 0], tifffile.imread(path))


@pytest.mark.samples
def test_webp_compressed_tiles_are_read(tmp_path: Path) -> None:
    path = real("wsi/CMU-1-Small-Region.webp.tiff")
    region = open_image(path, options(tmp_path)).read_region((700, 900), 0, (500, 400))
    assert np.array_equal(region, tifffile.imread(path)[900:1300, 700:1200])
