"""Volumes: orientation, proportion, window, frames, and headers that lie."""

import gzip
from contextlib import suppress
from itertools import product
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from exact.tiles import unpacked, volumes
from exact.tiles.errors import BadLook, DamagedFile, NoRoom, TileError, TooManyPixels, UnsupportedContent
from exact.tiles.formats import open_image
from exact.tiles.looks import ChannelLook, Look
from exact.tiles.slices import Window
from exact.tiles.source import AXIAL, CORONAL, PLANE_NAMES, SAGITTAL, Axis, TileSource
from tests.contracts.tile_source import TileSourceContract
from tests.samples import options, real, real_files, volume, voxels

AXIS = {letter: axis for axis, pair in enumerate(("RL", "AP", "SI")) for letter in pair}
ORIENTATIONS = ["".join(name) for name in product("RLAPSI", repeat=3) if len({AXIS[letter] for letter in name}) == 3]


class TestPlain(TileSourceContract):
    """A .nii."""

    def make_file(self, folder: Path) -> Path:
        return volume(folder / "volume.nii", voxels((20, 18, 12)), spacing_mm=(1, 1, 2.5))


class TestPacked(TileSourceContract):
    """A .nii.gz with two volumes."""

    def make_file(self, folder: Path) -> Path:
        return volume(folder / "volume.nii.gz", voxels((20, 18, 12, 2)))


class TestColoured(TileSourceContract):
    """Voxels that are colours."""

    def make_file(self, folder: Path) -> Path:
        rgb = np.zeros((6, 5, 4), [("R", "u1"), ("G", "u1"), ("B", "u1")])
        rgb["R"], rgb["G"] = 200, voxels((6, 5, 4)).astype("u1")
        return volume(folder / "volume.nii", rgb)


@pytest.mark.samples
class TestReal(TileSourceContract):
    """A real, oblique scan with thick slices."""

    def make_file(self, folder: Path) -> Path:
        return real("nifti/CT_pitch.nii.gz")


def opened(path: Path, **limits: Any) -> TileSource:
    """The volume, with unpacked bytes beside it."""
    return open_image(path, options(path.parent, **limits))


def slice_of(source: TileSource, plane: int, frame: int) -> NDArray[np.uint8]:
    """The whole slice as it is shown, rows from top to bottom."""
    return source.read_region((0, 0), 0, source.dimensions_for_plane(plane), frame, plane)[:, :, 0]


def rounded(shades: NDArray[np.float32]) -> NDArray[np.uint8]:
    """To 8 bit."""
    return (shades + 0.5).astype(np.uint8)


def window_of(source: TileSource) -> tuple[float, float]:
    """Unless another one is asked for."""
    assert source.details.window is not None
    return source.details.window


@pytest.mark.parametrize("axes", ORIENTATIONS)
def test_every_stored_orientation_is_shown_in_radiological_convention(tmp_path: Path, axes: str) -> None:
    data = np.zeros((7, 6, 5), np.uint8)
    path = volume(tmp_path / "a.nii", data, axes=axes)
    image = nibabel.load(path)
    ras = nibabel.as_closest_canonical(image)
    nx, ny, nz = ras.shape
    x, y, z = np.indices(ras.shape)
    marked = (20 + 8 * x + 10 * y + 12 * z).astype(np.uint8)  # brighter to the right, to the front and upwards
    back = nibabel.orientations.ornt_transform(
        nibabel.orientations.io_orientation(ras.affine), nibabel.orientations.io_orientation(image.affine)
    )
    volume(path, np.ascontiguousarray(nibabel.orientations.apply_orientation(marked, back)), axes=axes)
    source = opened(path)
    assert [source.nframes_for_plane(plane) for plane in (AXIAL, CORONAL, SAGITTAL)] == [nz, ny, nx]
    axial, coronal, sagittal = (slice_of(source, plane, 1) for plane in (AXIAL, CORONAL, SAGITTAL))
    assert (axial[0] > axial[-1]).all(), "anterior is up"
    assert (axial[:, 0] > axial[:, -1]).all(), "the patient's right is on the left"
    assert (coronal[0] > coronal[-1]).all(), "superior is up"
    assert (coronal[:, 0] > coronal[:, -1]).all(), "the patient's right is on the left"
    assert (sagittal[0] > sagittal[-1]).all(), "superior is up"
    assert (sagittal[:, 0] < sagittal[:, -1]).all(), "posterior is on the left"


def test_each_slice_is_the_one_of_its_number(tmp_path: Path) -> None:
    data = voxels((7, 6, 5), "u1")
    source = opened(volume(tmp_path / "a.nii", data))
    low, high = window_of(source)
    shown = rounded(Window(low, high).shades(data))
    for k in range(5):
        assert np.array_equal(slice_of(source, AXIAL, k), shown[::-1, ::-1, k].T)
    for j in range(6):
        assert np.array_equal(slice_of(source, CORONAL, j), shown[::-1, j, ::-1].T)
    for i in range(7):
        assert np.array_equal(slice_of(source, SAGITTAL, i), shown[i, :, ::-1].T)


def test_thick_slices_are_shown_in_true_proportion(tmp_path: Path) -> None:
    source = opened(volume(tmp_path / "a.nii", voxels((40, 30, 10)), spacing_mm=(0.5, 0.5, 2.0)))
    assert source.dimensions_for_plane(AXIAL) == (40, 30)
    assert source.dimensions_for_plane(CORONAL) == (40, 40)
    assert source.dimensions_for_plane(SAGITTAL) == (30, 40)
    planes = source.description.planes
    assert planes[CORONAL].pixel_size_um == pytest.approx((500, 500))
    assert source.description.pixel_size_um == pytest.approx((500, 500, 2000))


def test_a_sagittal_acquisition_has_its_spacings_at_the_right_axes(tmp_path: Path) -> None:
    source = opened(volume(tmp_path / "a.nii", voxels((40, 30, 10)), spacing_mm=(0.5, 0.75, 2.0), axes="PSR"))
    assert source.description.pixel_size_um == pytest.approx((500, 500, 750), rel=0.01)
    assert source.dimensions_for_plane(AXIAL) == (40, 40)


@pytest.mark.parametrize(("units", "um"), [("mm", 2000), ("micron", 2), ("meter", 2e6), ("unknown", 2000)])
def test_units_of_the_header_are_believed(tmp_path: Path, units: str, um: float) -> None:
    path = volume(tmp_path / "a.nii", spacing_mm=(2, 2, 2))
    image = nibabel.load(path)
    image.header.set_xyzt_units(units)
    nibabel.save(nibabel.Nifti1Image(voxels(), image.affine, image.header), tmp_path / "b.nii")
    assert opened(tmp_path / "b.nii").description.pixel_size_um[0] == pytest.approx(um)


def test_all_slices_share_one_window_between_the_percentiles(tmp_path: Path) -> None:
    data = np.zeros((40, 40, 40), np.float32)
    data[10:30, 10:30, 10:30] = np.linspace(100, 300, 8000).reshape(20, 20, 20)
    data[0, 0, 0] = 30000
    source = opened(volume(tmp_path / "a.nii", data))
    assert window_of(source) == pytest.approx((102, 298), abs=3)
    assert slice_of(source, AXIAL, 0)[-1, -1] == 255
    assert slice_of(source, AXIAL, 0)[0, 0] == 0


def test_slope_and_intercept_change_nothing_but_a_negative_slope_turns_bright_to_dark(tmp_path: Path) -> None:
    plain = slice_of(opened(volume(tmp_path / "a.nii")), AXIAL, 2)
    scaled = slice_of(opened(volume(tmp_path / "b.nii", scl_slope=2.5, scl_inter=-1000)), AXIAL, 2)
    turned = slice_of(opened(volume(tmp_path / "c.nii", scl_slope=-1, scl_inter=0)), AXIAL, 2)
    assert np.abs(plain.astype(int) - scaled).max() <= 1
    assert np.corrcoef(plain.ravel(), turned.ravel())[0, 1] < -0.99


def test_values_that_are_no_numbers_are_shown_dark(tmp_path: Path) -> None:
    data = voxels((7, 6, 5), "<f4")
    data[3, 3, 3] = np.nan
    assert slice_of(opened(volume(tmp_path / "a.nii", data)), AXIAL, 3)[2, 3] == 0


@pytest.mark.parametrize("dtype", ["u1", "<i2", ">i2", "<u2", "<i4", "<f4", ">f4", "<f8"])
def test_every_type_of_number_and_byte_order_shows_the_same(tmp_path: Path, dtype: str) -> None:
    expected = slice_of(opened(volume(tmp_path / "a.nii")), CORONAL, 3)
    assert np.array_equal(slice_of(opened(volume(tmp_path / "b.nii", voxels(dtype=dtype))), CORONAL, 3), expected)


def test_nifti_2_shows_the_same(tmp_path: Path) -> None:
    expected = slice_of(opened(volume(tmp_path / "a.nii")), SAGITTAL, 3)
    second = volume(tmp_path / "b.nii", kind=nibabel.Nifti2Image)
    assert np.array_equal(slice_of(opened(second), SAGITTAL, 3), expected)


def test_further_volumes_are_further_frames(tmp_path: Path) -> None:
    source = opened(volume(tmp_path / "a.nii", voxels((7, 6, 5, 2, 3))))
    told = source.description
    assert [plane.frames for plane in told.planes] == [5 * 6, 6 * 6, 7 * 6]
    assert told.frame_names is not None
    assert told.frame_names[7] == "z=2.00 mm, volume 2"
    assert told.default_frame == 2
    assert slice_of(source, AXIAL, 29).mean() > slice_of(source, AXIAL, 24).mean() > slice_of(source, AXIAL, 0).mean()


def test_a_flat_image_in_a_volume_file_is_shown(tmp_path: Path) -> None:
    source = opened(volume(tmp_path / "a.nii", voxels((9, 8))))
    assert (source.dimensions, source.nFrames) == ((9, 8), 1)


@pytest.mark.parametrize("axes", ["RAS", "PIR", "SLA", "LPS"])
def test_slices_of_the_second_copy_are_those_of_the_first(tmp_path: Path, monkeypatch: Any, axes: str) -> None:
    path = volume(tmp_path / "a.nii", voxels((9, 8, 40, 2)), axes=axes)
    source = opened(path)
    planes = source.description.planes
    expected = [slice_of(source, plane.plane, plane.frames - 3) for plane in planes]
    monkeypatch.setattr(volumes, "IN_MEMORY_BYTES", 10)
    monkeypatch.setattr(unpacked, "IN_MEMORY_BYTES", 10)
    source = opened(path)
    for plane, before in zip(planes, expected, strict=True):
        assert np.array_equal(slice_of(source, plane.plane, plane.frames - 3), before)
    assert [file.suffix for file in (tmp_path / "cache" / "unpacked").iterdir()] == [".turned-1"]


def test_a_full_disk_leaves_the_slices_of_the_first_copy(tmp_path: Path, monkeypatch: Any) -> None:
    def no_room(*asked: Any) -> None:
        raise NoRoom("The disk is full.")

    path = volume(tmp_path / "a.nii")
    expected = slice_of(opened(path), SAGITTAL, 3)
    monkeypatch.setattr(volumes, "IN_MEMORY_BYTES", 10)
    monkeypatch.setattr(volumes, "unpack", no_room)
    assert np.array_equal(slice_of(opened(path), SAGITTAL, 3), expected)


def test_a_packed_volume_is_unpacked_once(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(unpacked, "IN_MEMORY_BYTES", 10)
    path = volume(tmp_path / "a.nii.gz")
    expected = slice_of(opened(path), AXIAL, 2)
    monkeypatch.setattr("exact.tiles.formats.nifti._gunzip", None)  # a second unpacking would fail
    assert np.array_equal(slice_of(opened(path), AXIAL, 2), expected)


def test_the_least_recently_used_unpacked_volume_is_given_up(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(unpacked, "IN_MEMORY_BYTES", 10)
    paths = [volume(tmp_path / f"{n}.nii.gz") for n in range(3)]
    for n, path in enumerate(paths):
        open_image(path, options(tmp_path, f"content-{n}", cache_max_bytes=2000))
    kept = {file.name for file in (tmp_path / "cache" / "unpacked").iterdir()}
    assert kept == {"content-1.nifti-1", "content-2.nifti-1"}


@pytest.mark.parametrize("suffix", ["nii", "nii.gz"])
def test_a_volume_that_was_cut_off_is_refused_with_a_sentence(tmp_path: Path, suffix: str) -> None:
    noise = np.random.default_rng(1).integers(0, 30000, (30, 30, 30), np.int16)
    path = volume(tmp_path / f"a.{suffix}", noise)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(DamagedFile, match="cut off"):
        opened(path)


@pytest.mark.parametrize("at", [0.2, 0.5, 0.8])
def test_a_packed_volume_with_a_hole_is_refused(tmp_path: Path, at: float) -> None:
    path = volume(tmp_path / "a.nii.gz", np.random.default_rng(1).integers(0, 30000, (30, 30, 30), np.int16))
    content = bytearray(path.read_bytes())
    hole = int(len(content) * at)
    content[hole : hole + 200] = b"\xff" * 200
    path.write_bytes(content)
    with pytest.raises(DamagedFile):
        opened(path)


def test_a_wrong_checksum_is_refused(tmp_path: Path) -> None:
    path = volume(tmp_path / "a.nii.gz")
    content = bytearray(path.read_bytes())
    content[-6] ^= 1
    path.write_bytes(content)
    with pytest.raises(DamagedFile):
        opened(path)


def with_dimensions(path: Path, *dimensions: int, packed: bool = False) -> Path:
    """The same file with other sizes in its header."""
    content = bytearray(path.read_bytes())
    sizes = [len(dimensions), *dimensions, *[1] * (7 - len(dimensions))]
    content[40:56] = np.array(sizes, "<i2").tobytes()
    path.write_bytes(gzip.compress(bytes(content)) if packed else bytes(content))
    return path


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("dimensions", [(32767, 32767, 32767), (7, 6, 5, 2), (0, 6, 5), (-7, 6, 5)])
def test_a_header_that_promises_what_is_not_there_is_refused(
    tmp_path: Path, dimensions: tuple[int, ...], packed: bool
) -> None:
    with pytest.raises(DamagedFile):
        opened(with_dimensions(volume(tmp_path / "a.nii"), *dimensions, packed=packed))


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = with_dimensions(volume(tmp_path / "a.nii"), 500, 500, 500)
    path.write_bytes(gzip.compress(path.read_bytes() + bytes(250_000_000)))
    with pytest.raises(TooManyPixels, match="unpacked"):
        opened(path, volume_max_bytes=100_000_000)
    assert not (tmp_path / "cache").exists()


def test_more_data_than_the_header_says_is_not_unpacked_without_end(tmp_path: Path) -> None:
    path = volume(tmp_path / "a.nii")
    path.write_bytes(gzip.compress(path.read_bytes() + bytes(100_000_000)))
    with pytest.raises(DamagedFile, match="far more"):
        opened(path)


def test_complex_voxels_are_refused_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedContent, match="complex64"):
        opened(volume(tmp_path / "a.nii", voxels(dtype="<c8")))


def test_the_header_of_a_two_file_volume_is_refused_with_a_sentence(tmp_path: Path) -> None:
    nibabel.save(nibabel.Nifti1Pair(voxels(), np.eye(4)), tmp_path / "a.hdr")
    with pytest.raises(UnsupportedContent, match=r"one \.nii file"):
        opened(tmp_path / "a.hdr")


@pytest.mark.parametrize("at", range(0, 352, 3))
def test_no_byte_of_the_header_breaks_the_reader(tmp_path: Path, at: int) -> None:
    path = volume(tmp_path / "a.nii")
    content = bytearray(path.read_bytes())
    content[at : at + 3] = b"\xff\x7f\xff"
    path.write_bytes(content)
    with suppress(TileError):
        opened(path).get_thumbnail((32, 32))


def test_a_window_is_asked_for_in_the_units_of_the_file(tmp_path: Path) -> None:
    data = np.full((4, 5, 6), 1000, "<i2")
    data[0], data[1] = 864, 1064  # -160 and 40 Hounsfield units
    source = opened(volume(tmp_path / "a.nii", data, scl_slope=1, scl_inter=-1024))
    shown = slice_of(source.under(Look(window=(-160, 240))), AXIAL, 0)
    assert shown[0].tolist() == [87, 87, 128, 0]  # mirrored: the patient's right is on the left
    assert source.details.window_limits == (-160, 40)
    assert slice_of(source.under(Look()), AXIAL, 0).tolist() == slice_of(source, AXIAL, 0).tolist()


def test_what_a_volume_does_not_have_cannot_be_asked_for(tmp_path: Path) -> None:
    source = opened(volume(tmp_path / "a.nii"))
    for look in (Look(profile=True), Look(channels=(ChannelLook(0),))):
        with pytest.raises(BadLook):
            source.under(look)
    coloured = opened(volume(tmp_path / "b.nii", np.zeros((3, 3, 3), [("R", "u1"), ("G", "u1"), ("B", "u1")])))
    with pytest.raises(BadLook, match="colour"):
        coloured.under(Look(window=(0, 1)))


def test_a_mask_of_zeros_and_ones_is_seen(tmp_path: Path) -> None:
    mask = np.zeros((5, 5, 5), np.uint8)
    mask[2, 2, 2] = 1
    shown = slice_of(opened(volume(tmp_path / "a.nii", mask)), AXIAL, 2)
    assert (shown[2, 2], shown.sum()) == (255, 255)


def test_a_series_in_time_names_its_seconds(tmp_path: Path) -> None:
    path = volume(tmp_path / "a.nii", voxels((7, 6, 5, 4)), spacing_mm=(1, 1, 2))
    image = nibabel.load(path)
    image.header.set_xyzt_units("mm", "msec")
    image.header["pixdim"][4] = 2500
    nibabel.save(nibabel.Nifti1Image(voxels((7, 6, 5, 4)), image.affine, image.header), path)
    source = opened(path)
    assert source.details.axes == (Axis("t", 4, 2.5, "s"), Axis("z", 5, 2000.0, "um"))
    assert (source.description.frame_names or ())[6] == "z=2.00 mm, t=2.50 s"


def test_each_further_dimension_is_an_axis_slowest_first(tmp_path: Path) -> None:
    source = opened(volume(tmp_path / "a.nii", voxels((3, 3, 5, 2, 4))))
    assert source.details.axes == (Axis("component", 4), Axis("volume", 2), Axis("z", 5, 1000.0, "um"))


def sheared(path: Path) -> Path:
    """A gantry that was tilted: the third axis is not square to the second."""
    affine = np.array([[0.8, 0, 0, 0], [0, 0.8, 0.9, 0], [0, 0, 2.0, 0], [0, 0, 0, 1.0]])
    nibabel.save(nibabel.Nifti1Image(voxels((9, 8, 7)), affine), path)
    return path


def test_a_sheared_volume_is_cut_along_its_own_axes_with_the_lengths_of_their_steps(tmp_path: Path) -> None:
    source = opened(sheared(tmp_path / "a.nii"))
    assert source.description.pixel_size_um == pytest.approx((800, 800, 1000 * (0.9**2 + 2.0**2) ** 0.5))
    assert slice_of(source, AXIAL, 3).shape == (8, 9)


def test_what_the_header_says_is_told_in_its_own_words(tmp_path: Path) -> None:
    details = opened(volume(tmp_path / "a.nii", descrip=b"made by hand")).details
    assert details.pixel_size_source == "nifti.sform"
    assert details.properties["nifti.descrip"] == "made by hand"
    assert details.properties["nifti.dim"] == "3 7 6 5 1 1 1 1"


def test_frames_beyond_counting_have_no_names(tmp_path: Path) -> None:
    source = opened(volume(tmp_path / "a.nii", np.zeros((1, 1, 1, 30_000), np.uint8)))
    assert (source.nFrames, source.description.frame_names) == (30_000, None)


REAL_VOLUMES = real_files("nifti")


@pytest.mark.samples
@pytest.mark.parametrize("name", REAL_VOLUMES)
def test_every_real_volume_shows_in_three_planes_what_nibabel_reads(name: str, tmp_path: Path) -> None:
    source = open_image(real(name), options(tmp_path, Path(name).name))
    ras = nibabel.as_closest_canonical(nibabel.load(real(name)))
    values = np.asarray(ras.dataobj).astype(float).reshape(*ras.shape[:3], -1, order="F")[..., -1]
    low, high = window_of(source)
    expected = {
        AXIAL: values[::-1, ::-1, ras.shape[2] // 2].T,
        CORONAL: values[::-1, ras.shape[1] // 2, ::-1].T,
        SAGITTAL: values[ras.shape[0] // 2, :, ::-1].T,
    }
    for plane, along in ((AXIAL, 2), (CORONAL, 1), (SAGITTAL, 0)):
        last_volume = source.nframes_for_plane(plane) - ras.shape[along]
        shown = slice_of(source, plane, last_volume + ras.shape[along] // 2).astype(float)
        window = rounded(Window(low, high).shades(expected[plane]))
        reference = np.asarray(Image.fromarray(window).resize(shown.shape[::-1], Image.Resampling.LANCZOS))
        assert np.abs(shown - reference).max() <= 2, PLANE_NAMES[plane]
