"""Zeiss CZI."""

from pathlib import Path
from typing import Any

import czifile
import numpy as np
import pytest
from numpy.typing import NDArray

from exact.tiles.czi_blocks import is_slide
from exact.tiles.errors import DamagedFile, TileError, UnsupportedContent
from exact.tiles.formats import open_image
from exact.tiles.looks import ChannelLook, Look
from exact.tiles.source import Axis, TileSource
from tests.contracts.tile_source import TileSourceContract
from tests.microscopy import Part, czi, stack
from tests.samples import options, real, real_files, scene

FILES = real_files("microscopy/czi")
XML = """<ImageDocument><Metadata>
<Information><Image><Dimensions>
<Channels>
<Channel Id="Channel:0" Name="first"><Fluor>DAPI</Fluor><ExposureTime>100000000</ExposureTime></Channel>
<Channel Id="Channel:1" Name="second"/>
</Channels>
<S><Scenes><Scene Index="0" Name="A1"/><Scene Index="1" Name="B7"/></Scenes></S>
<T><Positions><Interval><Increment>30</Increment></Interval></Positions></T>
</Dimensions></Image>
<Instrument><Objectives><Objective><NominalMagnification>40</NominalMagnification></Objective></Objectives>
<Microscopes><Microscope Name="Axio"/></Microscopes></Instrument></Information>
<Scaling><Items><Distance Id="X"><Value>2.5E-07</Value></Distance><Distance Id="Y"><Value>5E-07</Value></Distance>
<Distance Id="Z"><Value>1E-06</Value></Distance></Items></Scaling>
<DisplaySetting><Channels><Channel Id="Channel:0"><Color>#FF0000FF</Color><Low>0.1</Low><High>0.5</High></Channel>
<Channel Id="Channel:1"><Color>#FF00FF00</Color></Channel></Channels></DisplaySetting>
</Metadata></ImageDocument>"""


def everything(path: Path, compression: int = 0) -> Path:
    """Two scenes, times, depths and channels; every plane a mosaic of two overlapping tiles with a smaller copy."""
    parts = []
    for s in range(2):
        values = stack() + 7 * s
        for t, z, c in np.ndindex(2, 3, 2):
            places, plane = {"S": s, "T": t, "Z": z, "C": c}, values[t, z, c]
            origin = (-40 + 500 * s, 300)
            parts += [
                Part(plane[:, 40:], origin[0] + 40, origin[1], {**places, "M": 1}, compression=compression),
                Part(plane[:, :50], *origin, {**places, "M": 0}, compression=compression),
                Part(plane[::2, ::2], *origin, places, factor=2, compression=compression),
            ]
    return czi(path, parts, XML)


@pytest.mark.parametrize("compression", [0, 5, 6])
class TestGenerated(TileSourceContract):
    """Scenes, times, depths, channels, mosaic and pyramid."""

    @pytest.fixture(autouse=True)
    def packed(self, compression: int) -> None:
        self.compression = compression

    def make_file(self, folder: Path) -> Path:
        return everything(folder / "a.czi", self.compression)


@pytest.mark.samples
class TestReal(TileSourceContract):
    """Files of real microscopes."""

    @pytest.fixture(params=FILES or ["microscopy/czi/nuc_small.czi"], autouse=True)
    def name(self, request: pytest.FixtureRequest) -> None:
        self.chosen: str = request.param

    def make_file(self, folder: Path) -> Path:
        return real(self.chosen)


def opened(path: Path) -> TileSource:
    """By its content."""
    return open_image(path, options(path.parent))


def plane(source: TileSource, frame: int, number: int, high: float = 255.0, level: int = 0) -> NDArray[np.uint8]:
    """One channel, shown from 0 to `high`."""
    several = len(source.details.channels) > 1
    look = Look((ChannelLook(number, "ffffff", (0.0, high)),)) if several else Look(window=(0.0, high))
    return source.under(look).read_region((0, 0), level, source.level_dimensions[level], frame)[:, :, 0]


@pytest.mark.parametrize("compression", [0, 5, 6])
def test_every_scene_time_depth_and_channel_has_its_own_values(tmp_path: Path, compression: int) -> None:
    source = opened(everything(tmp_path / "a.czi", compression))
    assert (source.nFrames, source.description.channels) == (12, 2)
    for s, t, z, c in np.ndindex(2, 2, 3, 2):
        expected = np.minimum(stack()[t, z, c] + 7 * s, 255)
        assert np.array_equal(plane(source, (s * 2 + t) * 3 + z, c), expected)
        assert np.array_equal(plane(source, (s * 2 + t) * 3 + z, c, level=1), expected[::2, ::2])


def test_the_xml_tells_sizes_names_colours_and_windows(tmp_path: Path) -> None:
    source = opened(everything(tmp_path / "a.czi"))
    told, details = source.description, source.details
    assert (told.pixel_size_um, told.objective_power, details.scanner) == ((0.25, 0.5, 1.0), 40.0, "Zeiss Axio")
    assert details.axes == (Axis("scene", 2), Axis("t", 2, 30.0, "s"), Axis("z", 3, 1.0, "um"))
    assert told.frame_names is not None
    assert (told.frame_names[0], told.frame_names[-1]) == ("scene=A1 t=1 z=1", "scene=B7 t=2 z=3")
    assert [(channel.name, channel.colour) for channel in details.channels] == [
        ("first (DAPI)", "0000ff"),
        ("second", "00ff00"),
    ]
    assert details.channels[0].window == pytest.approx((6553.5, 32767.5))
    assert source.properties["czi.Image.Dimensions.Channels.Channel[Channel:0].ExposureTime"] == "100000000"


def test_a_tile_on_top_of_a_mosaic_hides_the_one_below(tmp_path: Path) -> None:
    below, above = np.full((20, 30), 10, np.uint8), np.full((20, 30), 200, np.uint8)
    path = czi(tmp_path / "a.czi", [Part(above, 15, 0, {"M": 4}), Part(below, 0, 5, {"M": 3})])
    shown = opened(path).read_region((0, 0), 0, (45, 25))[:, :, 0]
    assert (shown[10, 14], shown[10, 15], shown[22, 20], shown[2, 2]) == (10, 200, 10, 0)


def test_scenes_of_different_sizes_lie_in_the_corner_of_the_largest(tmp_path: Path) -> None:
    parts = [Part(scene((90, 60))[:, :, 0], 0, 0, {"S": 0}), Part(scene((40, 30))[:, :, 1], 700, 900, {"S": 1})]
    source = opened(czi(tmp_path / "a.czi", parts))
    assert source.dimensions == (90, 60)
    assert np.array_equal(source.read_region((0, 0), 0, (40, 30), 1)[:, :, 0], scene((40, 30))[:, :, 1])
    assert not source.read_region((40, 0), 0, (50, 60), 1).any()


def test_a_small_scene_without_smaller_copies_is_shrunk(tmp_path: Path) -> None:
    large, small = stack(1, 1, 1, (200, 100), "u1")[0, 0, 0], stack(1, 1, 1, (80, 60), "u1")[0, 0, 0]
    parts = [
        Part(large, 0, 0, {"S": 0}),
        Part(large[::2, ::2], 0, 0, {"S": 0}, factor=2),
        Part(small, 300, 0, {"S": 1}),
    ]
    source = opened(czi(tmp_path / "a.czi", parts))
    shown = source.read_region((0, 0), 1, (40, 30), 1)[:, :, 0]
    assert np.abs(shown - small.reshape(30, 2, 40, 2).mean(axis=(1, 3))).max() <= 0.5


@pytest.mark.parametrize("compression", [0, 4, 5])
def test_colours_are_red_green_and_blue(tmp_path: Path, compression: int) -> None:
    parts = [Part(scene((96, 64)), 0, 0, {"Z": z}, compression=compression) for z in range(2)]
    source = opened(czi(tmp_path / "a.czi", parts))
    assert (source.description.format, source.description.channels, source.nFrames) == ("czi", 3, 2)
    assert np.array_equal(source.read_region((0, 0), 0, (96, 64), 1), scene((96, 64)))


def test_a_slide_in_colour_that_openslide_cannot_open_is_shown_all_the_same(tmp_path: Path) -> None:
    source = opened(czi(tmp_path / "a.czi", [Part(scene((96, 64)))]))
    assert np.array_equal(source.read_region((0, 0), 0, (96, 64)), scene((96, 64)))


def test_what_is_no_slide_in_colour_is_kept_from_openslide(tmp_path: Path) -> None:
    several = [Part(scene((40, 30)), 0, 0, {"Z": z}) for z in range(2)]
    assert not is_slide(czi(tmp_path / "depths.czi", several))
    assert not is_slide(czi(tmp_path / "grey.czi", [Part(scene((40, 30))[:, :, 0])]))
    (tmp_path / "broken.czi").write_bytes((tmp_path / "grey.czi").read_bytes()[:900])
    assert not is_slide(tmp_path / "broken.czi")
    assert is_slide(czi(tmp_path / "slide.czi", [Part(scene((40, 30)), 0, 0, {"S": s}) for s in range(2)]))


def test_jpeg_xr_of_sixteen_bits_is_read(tmp_path: Path) -> None:
    values = stack(1, 1, 1, (96, 64))[0, 0, 0] * 100
    source = opened(czi(tmp_path / "a.czi", [Part(values, compression=4)]))
    assert np.array_equal(plane(source, 0, 0, 25_500.0), np.minimum(values // 100, 255))


def test_a_plane_that_is_missing_is_black(tmp_path: Path) -> None:
    values = stack(dtype="u1")
    parts = [Part(values[0, z, 0], 0, 0, {"Z": z, "T": t}) for t, z in ((0, 0), (0, 1), (1, 1))]
    source = opened(czi(tmp_path / "a.czi", parts))
    assert source.nFrames == 4
    assert not source.read_region((0, 0), 0, (90, 60), 2).any()


@pytest.mark.samples
@pytest.mark.parametrize("name", FILES)
def test_real_values_are_those_that_czifile_reads(name: str, tmp_path: Path) -> None:
    path = real(name)
    source = open_image(path, options(tmp_path))
    for entry in oracle_blocks(path)[:12]:
        frame = 0
        for axis in source.details.axes:
            frame = frame * axis.size + entry["places"].get(AXIS_LETTERS[axis.name], 0)
        shown = plane(source, frame, entry["places"].get("C", 0), 65_535.0 if entry["wide"] else 255.0)
        expected = entry["values"] >> 8 if entry["wide"] else entry["values"]
        left, top = entry["left"] - entry["origin"][0], entry["top"] - entry["origin"][1]
        part = shown[top : top + expected.shape[0], left : left + expected.shape[1]]
        assert np.abs(part.astype(int) - expected).max() <= 1


AXIS_LETTERS = {"scene": "S", "phase": "H", "t": "T", "z": "Z"}


def oracle_blocks(path: Path) -> list[dict[str, Any]]:
    """Sub-blocks of full size that nothing covers, as czifile reads them; it does not unpack Zstandard."""
    with czifile.CziFile(path) as file:
        entries = [
            entry for entry in file.subblock_directory if entry.stored_shape == entry.shape and not entry.compression
        ]
        found = []
        for entry in entries:
            places = {told.dimension: told.start for told in entry.dimension_entries}
            values = entry.data_segment().data().reshape(entry.shape[-3:-1])
            scenes = [e for e in entries if scene_of(e) == scene_of(entry)]
            origin = tuple(min(start_of(e, letter) for e in scenes) for letter in "XY")
            top_most = (
                max(told.start for e in entries for told in e.dimension_entries if told.dimension == "M")
                if "M" in places
                else 0
            )
            if places.get("M", 0) == top_most:
                found.append(
                    {
                        "places": places, "values": values, "wide": values.dtype.itemsize == 2,
                        "left": places["X"], "top": places["Y"], "origin": origin,
                    }
                )  # fmt: skip
        return found


def start_of(entry: Any, letter: str) -> int:
    """Where a sub-block begins along a dimension."""
    return next((int(told.start) for told in entry.dimension_entries if told.dimension == letter), 0)


def scene_of(entry: Any) -> int:
    """The scene that a sub-block belongs to."""
    return start_of(entry, "S")


@pytest.mark.samples
def test_real_phases_of_an_airyscan_are_frames(tmp_path: Path) -> None:
    source = open_image(real("microscopy/czi/LSM880_AiryScan.czi"), options(tmp_path))
    assert source.details.axes == (Axis("phase", 32),)
    assert (source.description.channels, source.description.objective_power) == (8, 63.0)


@pytest.mark.samples
def test_real_scenes_bear_the_names_of_their_wells(tmp_path: Path) -> None:
    source = open_image(real("microscopy/czi/S3_1Pos_2Mosaic_T1_Z1_CH1.czi"), options(tmp_path))
    assert source.description.frame_names == ("scene=TR1", "scene=P1", "scene=TR2")


@pytest.mark.samples
def test_the_real_thumbnail_stands_beside_the_image(tmp_path: Path) -> None:
    source = open_image(real("microscopy/czi/1_tileregion.czi"), options(tmp_path))
    width, height = source.associated_images["thumbnail"]
    assert source.read_associated("thumbnail").shape[:2] == (height, width)


@pytest.mark.parametrize("kept", [0.01, 0.1, 0.5, 0.9, 0.999])
def test_a_file_that_was_cut_off_is_refused_with_a_sentence(tmp_path: Path, kept: float) -> None:
    content = everything(tmp_path / "a.czi").read_bytes()
    (tmp_path / "a.czi").write_bytes(content[: int(len(content) * kept)])
    with pytest.raises(TileError) as caught:
        opened(tmp_path / "a.czi")
    assert len(caught.value.sentence) > 20


def test_a_compression_that_is_not_read_is_named(tmp_path: Path) -> None:
    path = czi(tmp_path / "a.czi", [Part(np.zeros((9, 9), np.uint8), compression=77)])
    with pytest.raises(UnsupportedContent, match="77"):
        opened(path).read_region((0, 0), 0, (9, 9))


def test_parts_far_apart_are_refused(tmp_path: Path) -> None:
    parts = [Part(np.zeros((9, 9), np.uint8), left) for left in (0, 2**25)]
    with pytest.raises(DamagedFile, match="apart"):
        opened(czi(tmp_path / "a.czi", parts))


@pytest.mark.parametrize("xml", ["", "<a", "\0\0", "<Metadata><Scaling/></Metadata>"])
def test_a_file_without_sensible_metadata_is_shown_without_them(tmp_path: Path, xml: str) -> None:
    path = czi(tmp_path / "a.czi", [Part(scene((40, 30))[:, :, 0])], xml)
    assert opened(path).description.pixel_size_um == (None, None, None)


def test_metadata_with_entities_are_refused(tmp_path: Path) -> None:
    path = czi(tmp_path / "a.czi", [Part(scene((40, 30))[:, :, 0])], "<!DOCTYPE x><Metadata/>")
    with pytest.raises(DamagedFile, match="harm"):
        opened(path)


def test_random_damage_raises_nothing_but_our_errors(tmp_path: Path) -> None:
    content = everything(tmp_path / "a.czi", 6).read_bytes()
    random, refused = np.random.default_rng(5), 0
    for _ in range(25):
        broken = bytearray(content)
        for place in [*random.integers(0, len(broken), 30), *random.integers(len(broken) - 9000, len(broken), 8)]:
            broken[place] = random.integers(0, 256)
        (tmp_path / "a.czi").write_bytes(broken)
        try:
            source = opened(tmp_path / "a.czi")
            source.read_region((0, 0), 0, (min(source.dimensions[0], 300), 60), source.nFrames - 1)
            source.close()
        except TileError:
            refused += 1
    assert 0 < refused <= 25
