"""Stacks of files in a folder."""

from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
import tifffile
from PIL import Image

from exact.tiles.errors import BadLook, DamagedFile, TileError, UnsupportedContent
from exact.tiles.formats import open_image
from exact.tiles.looks import ChannelLook, Look
from exact.tiles.source import Axis, TileSource
from exact.tiles.stack_names import filled, place_of
from tests.contracts.tile_source import TileSourceContract
from tests.microscopy import ome_tiff, stack
from tests.samples import options, picture, real, scene, tiled_tiff


def written(folder: Path, name: str = "cell_z{z}_t{t}.tif", dtype: str = "u2") -> Path:
    """Two times and three depths, one file each."""
    folder.mkdir(exist_ok=True)
    values = stack(dtype=dtype)
    for t, z in np.ndindex(2, 3):
        tifffile.imwrite(folder / name.format(z=z + 9, t=t + 1), values[t, z, 0])
    return folder


class TestDeep(TileSourceContract):
    """TIFF files of 16 bits."""

    def make_file(self, folder: Path) -> Path:
        return written(folder / "stack")


class TestPictures(TileSourceContract):
    """PNG files in the ancestor's naming."""

    def make_file(self, folder: Path) -> Path:
        (folder / "stack").mkdir()
        for z in range(4):
            picture(folder / "stack" / f"{z}_0_slide.png", (300, 200))
        return folder / "stack"


class TestSlides(TileSourceContract):
    """Slides of several levels."""

    def make_file(self, folder: Path) -> Path:
        (folder / "stack").mkdir()
        for z in range(2):
            tiled_tiff(folder / "stack" / f"slide_z{z}.tif")
        return folder / "stack"


class TestDeepPictures(TileSourceContract):
    """PNG files of 16 bits."""

    def make_file(self, folder: Path) -> Path:
        return deep_pictures(folder / "stack")


@pytest.mark.samples
class TestReal(TileSourceContract):
    """A set of OME-TIFF files whose companion is lost: their names still number them."""

    def make_file(self, folder: Path) -> Path:
        return real("microscopy/multifile_z")


def deep_pictures(folder: Path) -> Path:
    """Each brighter than the one before."""
    folder.mkdir()
    for z in range(3):
        Image.fromarray((stack()[0, 0, 0] * 10 + 500 * z).astype(np.uint16)).save(folder / f"a_z{z}.png")
    return folder


def opened(path: Path) -> TileSource:
    """By its content."""
    return open_image(path, options(path.parent))


@pytest.mark.parametrize("name", ["cell_z{z}_t{t}.tif", "cell_t{t}_z{z}.ome.tif", "Z{z}-T{t}.tif", "{z}_{t}_cell.tif"])
@pytest.mark.parametrize("dtype", ["u1", "u2"])
def test_every_file_is_at_its_place(tmp_path: Path, name: str, dtype: str) -> None:
    name = name if name[0] != "Z" else "cell-" + name
    source = opened(written(tmp_path / "stack", name, dtype))
    assert source.description.frame_names is not None
    assert source.description.frame_names[:4] == ("t=1 z=9", "t=1 z=10", "t=1 z=11", "t=2 z=9")
    assert source.details.axes == (Axis("t", 2), Axis("z", 3))
    look = Look(window=(0.0, 255.0)) if dtype == "u2" else Look()
    for t, z in np.ndindex(2, 3):
        shown = source.under(look).read_region((0, 0), 0, (90, 60), t * 3 + z)[:, :, 0]
        assert np.array_equal(shown, np.minimum(stack(dtype=dtype)[t, z, 0], 255))


def test_files_of_channels_are_channels(tmp_path: Path) -> None:
    for z, c in np.ndindex(3, 2):
        tifffile.imwrite(tmp_path / f"cell_z{z}_c{c}.tif", stack()[0, z, c])
    source = opened(tmp_path)
    assert (source.nFrames, source.description.channels) == (3, 2)
    assert [channel.name for channel in source.details.channels] == ["channel 0", "channel 1"]
    shown = source.under(Look((ChannelLook(1, "ffffff", (0.0, 255.0)),))).read_region((0, 0), 0, (90, 60), 2)
    assert np.array_equal(shown[:, :, 0], stack()[0, 2, 1])


def test_files_of_several_channels_keep_them(tmp_path: Path) -> None:
    for z in range(2):
        ome_tiff(tmp_path / f"cell_z{z}.ome.tif", stack(1, 1, 2), Channel={"Name": ["DAPI", "GFP"]})
    source = opened(tmp_path)
    assert (source.nFrames, source.description.channels) == (2, 2)
    assert [channel.name for channel in source.details.channels] == ["DAPI", "GFP"]


def test_a_folder_in_the_folder_and_other_files_do_no_harm(tmp_path: Path) -> None:
    (tmp_path / "upload").mkdir()
    stack_ = written(tmp_path / "upload" / "stack")
    (stack_ / "notes.txt").write_text("hello")
    (stack_ / ".DS_Store").write_text("")
    assert opened(tmp_path / "upload").nFrames == 6


def test_missing_files_are_named(tmp_path: Path) -> None:
    folder = written(tmp_path / "stack")
    (folder / "cell_z10_t2.tif").unlink()
    with pytest.raises(DamagedFile, match=r"missing: t=2 z=10\."):
        opened(folder)


def test_a_depth_of_which_no_file_is_there_is_missed_too(tmp_path: Path) -> None:
    for z in (1, 2, 4, 5):
        picture(tmp_path / f"a_z{z}.png")
    with pytest.raises(DamagedFile, match="missing: z=3"):
        opened(tmp_path)


def test_of_many_missing_files_some_are_named(tmp_path: Path) -> None:
    for z in (1, 2, 40):
        picture(tmp_path / f"a_z{z}.png")
    with pytest.raises(DamagedFile, match=r"z=3, z=4, z=5, z=6, z=7, \.\.\. \(37 in all\)"):
        opened(tmp_path)


def test_even_steps_are_no_gap() -> None:
    assert filled({0, 10, 20}) == (0, 10, 20)
    assert filled({7}) == (7,)
    assert filled({1, 2, 4}) == (1, 2, 3, 4)


def test_unequal_sizes_are_refused(tmp_path: Path) -> None:
    for z in range(3):
        picture(tmp_path / f"a_z{z}.png", (90, 60 + z // 2))
    with pytest.raises(UnsupportedContent, match="differ"):
        opened(tmp_path)


def test_unequal_number_types_are_refused(tmp_path: Path) -> None:
    for z, dtype in enumerate(("u2", "f4")):
        tifffile.imwrite(tmp_path / f"a_z{z}.tif", stack(dtype=dtype)[0, 0, 0])
    source = opened(tmp_path)
    with pytest.raises(TileError):
        [source.read_region((0, 0), 0, (9, 9), frame) for frame in range(2)]


def test_two_stacks_in_one_folder_are_refused(tmp_path: Path) -> None:
    for base in ("a", "b"):
        picture(tmp_path / f"{base}_z1.png")
    with pytest.raises(UnsupportedContent, match="several stacks"):
        opened(tmp_path)


def test_two_files_at_one_place_are_refused(tmp_path: Path) -> None:
    for number in ("1", "01"):
        picture(tmp_path / f"a_z{number}.png")
    with pytest.raises(DamagedFile, match="same place"):
        opened(tmp_path)


def test_a_file_of_several_planes_is_refused(tmp_path: Path) -> None:
    for z in range(2):
        tifffile.imwrite(tmp_path / f"a_z{z}.tif", stack()[0, :, 0], photometric="minisblack")
    with pytest.raises(UnsupportedContent, match="one plane"):
        opened(tmp_path)


def test_a_damaged_file_is_refused_with_its_reason(tmp_path: Path) -> None:
    for z in range(2):
        picture(tmp_path / f"a_z{z}.png")
    (tmp_path / "a_z1.png").write_bytes((tmp_path / "a_z1.png").read_bytes()[:100])
    with pytest.raises(DamagedFile, match="cut off"):
        opened(tmp_path)


def test_deep_pictures_have_one_window_for_all(tmp_path: Path) -> None:
    source = opened(deep_pictures(tmp_path / "stack"))
    means = [source.read_region((0, 0), 0, (90, 60), frame).mean() for frame in range(3)]
    assert means[0] + 40 < means[1] < means[2] - 40
    brighter = source.under(Look(window=(0.0, 600.0)))
    assert brighter.read_region((0, 0), 0, (90, 60)).mean() > means[0]
    with pytest.raises(BadLook):
        source.under(Look(channels=()))


def test_more_files_than_are_kept_open_are_read(tmp_path: Path) -> None:
    for z in range(40):
        tifffile.imwrite(tmp_path / f"a_z{z}.tif", np.full((8, 8), 100 + z, np.uint16))
    source = opened(tmp_path).under(Look(window=(0.0, 255.0)))
    assert [int(source.read_region((0, 0), 0, (1, 1), z)[0, 0, 0]) for z in range(40)] == list(range(100, 140))


@pytest.mark.parametrize("name", ["slide.svs", "az1.tif", "a_z.tif", "IM-0001-0001.dcm", "a_z1_z2.tif", "frame_t.ets"])
def test_other_names_are_none_of_a_stack(name: str) -> None:
    assert place_of(name) is None


@pytest.mark.samples
def test_the_real_set_has_five_depths(tmp_path: Path) -> None:
    source = open_image(real("microscopy/multifile_z"), options(tmp_path))
    assert source.description.frame_names == ("z=1", "z=2", "z=3", "z=4", "z=5")
    assert source.dimensions == (18, 24)


def linked(folder: Path) -> Path:
    """An OME-TIFF of several files that name each other; the first one holds the header of all."""
    values, folder = stack(1, 3, 2), folder / "set"
    folder.mkdir()
    ome_tiff(folder / "whole.ome.tif", values)
    with tifffile.TiffFile(folder / "whole.ome.tif") as file:
        root = ET.fromstring(file.ome_metadata or "")
    (folder / "whole.ome.tif").unlink()
    space = root.tag.partition("}")[0] + "}"
    pixels = next(root.iter(f"{space}Pixels"))
    for block in list(pixels.findall(f"{space}TiffData")):
        pixels.remove(block)
    for z, c in np.ndindex(3, 2):
        block = ET.SubElement(pixels, f"{space}TiffData", FirstZ=str(z), FirstC=str(c), IFD=str(c), PlaneCount="1")
        ET.SubElement(block, f"{space}UUID", FileName=f"part{z}.tif").text = f"urn:uuid:{z}"
    header = ET.tostring(root, encoding="unicode")
    for z in range(3):
        tifffile.imwrite(folder / f"part{z}.tif", values[0, z], description=header, metadata=None)
    return folder


class TestLinked(TileSourceContract):
    """OME-TIFF files that name each other."""

    def make_file(self, folder: Path) -> Path:
        return linked(folder)


def test_files_that_name_each_other_are_one_image(tmp_path: Path) -> None:
    source = opened(linked(tmp_path))
    assert (source.description.format, source.nFrames, source.description.channels) == ("ome-tiff", 3, 2)
    for z, c in np.ndindex(3, 2):
        shown = source.under(Look((ChannelLook(c, "ffffff", (0.0, 255.0)),))).read_region((0, 0), 0, (90, 60), z)
        assert np.array_equal(shown[:, :, 0], stack(1, 3, 2)[0, z, c])


def test_a_file_that_the_header_names_and_that_is_not_there_is_named(tmp_path: Path) -> None:
    folder = linked(tmp_path)
    (folder / "part2.tif").unlink()
    with pytest.raises(DamagedFile, match=r"part2\.tif"):
        opened(folder)


def test_one_file_of_a_set_shows_its_own_planes(tmp_path: Path) -> None:
    source = opened(linked(tmp_path) / "part1.tif")
    assert (source.nFrames, source.description.channels) == (1, 2)
    shown = source.under(Look((ChannelLook(1, "ffffff", (0.0, 255.0)),))).read_region((0, 0), 0, (90, 60))
    assert np.array_equal(shown[:, :, 0], stack(1, 3, 2)[0, 1, 1])


def test_the_header_may_lie_in_a_companion_file(tmp_path: Path) -> None:
    folder = linked(tmp_path)
    with tifffile.TiffFile(folder / "part0.tif") as file:
        (folder / "set.companion.ome").write_text(file.pages.first.description)
    for z in range(3):
        tifffile.imwrite(folder / f"part{z}.tif", stack(1, 3, 2)[0, z], metadata=None)
    assert (opened(folder).nFrames, opened(folder).description.channels) == (3, 2)


@pytest.mark.parametrize("name", ["../part0.tif", "/etc/hostname"])
def test_names_that_lead_out_of_the_folder_are_refused(tmp_path: Path, name: str) -> None:
    folder = linked(tmp_path)
    with tifffile.TiffFile(folder / "part0.tif") as file:
        header = file.pages.first.description.replace("part1.tif", name)
    (folder / "set.companion.ome").write_text(header)
    with pytest.raises(DamagedFile, match="not in the folder"):
        opened(folder)


def test_a_scene_keeps_its_colours(tmp_path: Path) -> None:
    for z in range(2):
        picture(tmp_path / f"a_z{z}.png")
    assert np.array_equal(opened(tmp_path).read_region((0, 0), 0, (90, 60), 1), scene((90, 60)))
