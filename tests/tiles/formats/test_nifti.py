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

from exact.tiles import unpacked
from exact.tiles.errors import DamagedFile, TileError, TooManyPixels, UnsupportedContent
from exact.tiles.formats import open_image
from exact.tiles.source import AXIAL, CORONAL, SAGITTAL, TileSource
from tests.contracts.tile_source import TileSourceContract
from tests.samples import options, real, volume, voxels

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
    window = source._window  # type: ignore[attr-defined]
    shown = window.to_8_bit(data.reshape(7, -1))[:, :, 0].reshape(7, 6, 5)
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
    window = source._window  # type: ignore[attr-defined]
    assert (window.low, window.high) == pytest.approx((102, 298), abs=3)
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


@pytest.mark.samples
@pytest.mark.parametrize("name", ["anatomical.nii", "CT_AVM.nii.gz", "MR_Gd.nii.gz", "example4d.nii.gz"])
def test_real_slices_are_those_of_nibabel(name: str, tmp_path: Path) -> None:
    path = real(f"nifti/{name}")
    source = open_image(path, options(tmp_path, name))
    ras = nibabel.as_closest_canonical(nibabel.load(path))
    values = np.asarray(ras.dataobj).astype(float).reshape(*ras.shape[:3], -1)
    low, high = np.percentile(values[values > values.min()], (1, 99))
    expected = np.clip(values[::-1, ::-1, ras.shape[2] // 2, 0].T, low, high)
    shown = slice_of(source, AXIAL, source.description.default_frame)
    assert shown.shape == expected.shape
    assert np.corrcoef(shown.ravel(), expected.ravel())[0, 1] > 0.99
