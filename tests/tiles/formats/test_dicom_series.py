"""DICOM series, single files and clips: order, geometry, windows, codecs, and what is refused."""

import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import imagecodecs
import nibabel
import numpy as np
import pydicom
import pytest
from nibabel.nicom.dicomwrappers import wrapper_from_file
from numpy.typing import NDArray
from pydicom.uid import (
    HTJ2K,
    ExplicitVRBigEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)

from exact.tiles.errors import DamagedFile, TileError, TooManyPixels, UnsupportedContent
from exact.tiles.formats import open_image
from exact.tiles.looks import Look
from exact.tiles.source import AXIAL, CORONAL, SAGITTAL, Axis, TileSource
from tests.contracts.tile_source import TileSourceContract
from tests.dicom_samples import (
    REPORT,
    ULTRASOUND_CLIP,
    body,
    ct_slice,
    dataset,
    save,
    series,
    with_pixels,
)
from tests.samples import options, real, real_files, scene


class TestSeries(TileSourceContract):
    """A folder of slices."""

    def make_file(self, folder: Path) -> Path:
        return series(folder / "series", body())


class TestClip(TileSourceContract):
    """Colours in time."""

    def make_file(self, folder: Path) -> Path:
        return save(clip(), folder / "clip.dcm")


@pytest.mark.samples
class TestRealSeries(TileSourceContract):
    """Sagittal slices of a real scanner."""

    def make_file(self, folder: Path) -> Path:
        return real("dicom/mr_series_ge_4")


@pytest.mark.samples
class TestRealClip(TileSourceContract):
    """JPEG frames of an ultrasound machine."""

    def make_file(self, folder: Path) -> Path:
        return real("dicom/examples_ybr_color.dcm")


def clip(frames: int = 3, **elements: Any) -> Any:
    """An ultrasound clip of 25 frames a second, each darker than the one before."""
    values = np.stack([scene((40, 30)) // (n + 1) for n in range(frames)])
    return with_pixels(dataset(ULTRASOUND_CLIP, FrameTime="40", **elements), values)


def opened(path: Path, **limits: Any) -> TileSource:
    """The image, with unpacked bytes beside it."""
    return open_image(path, options(path.parent, path.name, **limits))


def shown(source: TileSource, plane: int = 0, frame: int = 0) -> NDArray[np.uint8]:
    """A whole frame."""
    return source.read_region((0, 0), 0, source.dimensions_for_plane(plane), frame, plane)


def test_slices_are_sorted_by_where_they_lie_and_not_by_name_or_number(tmp_path: Path) -> None:
    source = opened(series(tmp_path / "a", body()))
    brightness = [float(shown(source, AXIAL, n).mean()) for n in range(6)]
    assert brightness == sorted(brightness)
    assert brightness[0] < brightness[-1]
    assert (source.description.frame_names or ())[1] == "z=2.00 mm"


def test_the_patient_is_seen_in_radiological_convention(tmp_path: Path) -> None:
    source = opened(series(tmp_path / "a", body((40, 30, 20)))).under(Look(window=(-100, 1500)))
    axial, coronal, sagittal = (shown(source, plane, 10)[:, :, 0].astype(int) for plane in (AXIAL, CORONAL, SAGITTAL))
    assert axial[-1].mean() > axial[0].mean(), "posterior is below"
    assert axial[:, -1].mean() > axial[:, 0].mean(), "the patient's left is on the right"
    assert coronal[0].mean() > coronal[-1].mean(), "the head is up"
    assert sagittal[:, 0].mean() > sagittal[:, -1].mean(), "posterior is on the left"


def test_spacings_come_from_the_pixels_and_from_the_positions(tmp_path: Path) -> None:
    source = opened(series(tmp_path / "a", body(), step_mm=2.5, SliceThickness=9))
    assert source.description.pixel_size_um == pytest.approx((500, 500, 2500))
    assert source.dimensions_for_plane(AXIAL) == (16, 32)
    assert source.dimensions_for_plane(CORONAL) == (16, 30)
    assert source.details.pixel_size_source == "dicom.PixelSpacing"


def test_the_window_is_the_files_own_in_hounsfield_units_unless_another_is_asked_for(tmp_path: Path) -> None:
    source = opened(series(tmp_path / "a", np.full((2, 4, 4), 1064, "<i2")))
    assert source.details.window == (-160, 240)
    assert shown(source)[0, 0, 0] == 128
    assert shown(source.under(Look(window=(40, 50))))[0, 0, 0] == 0


def test_small_values_are_bright_where_the_file_says_so(tmp_path: Path) -> None:
    plain = shown(opened(series(tmp_path / "a", body())), AXIAL, 3).astype(int)
    turned = shown(opened(series(tmp_path / "b", body(), PhotometricInterpretation="MONOCHROME1")), AXIAL, 3)
    assert np.abs(plain + turned - 255).max() <= 1


def test_each_slice_has_its_own_scale(tmp_path: Path) -> None:
    for number, slope in enumerate((1.0, 0.5, 0.25)):
        pixels = np.full((4, 4), 100 / slope, "<u2")
        made = ct_slice(pixels, number, float(number), RescaleSlope=slope, RescaleIntercept=0)
        save(made, tmp_path / f"{number}.dcm")
    source = opened(tmp_path)
    assert source.details.window_limits is not None
    assert {int(shown(source, AXIAL, n)[0, 0, 0]) for n in range(3)} == {166}  # 100 in -160 to 240


def test_a_tilted_gantry_makes_a_sheared_volume(tmp_path: Path) -> None:
    for number in range(3):
        made = ct_slice(body()[number], number, 2.0 * number)
        made.ImagePositionPatient = [-10, -20 + 1.5 * number, 2.0 * number]
        save(made, tmp_path / f"{number}.dcm")
    assert opened(tmp_path).description.pixel_size_um[2] == pytest.approx(2500)


def test_places_that_repeat_are_volumes_in_time(tmp_path: Path) -> None:
    for volume in range(2):
        for number in range(3):
            made = ct_slice(body()[number] + 100 * volume, volume * 3 + number, 2.0 * number, TemporalResolution=1500)
            made.TemporalPositionIdentifier = volume + 1
            save(made, tmp_path / f"{number}-{volume}.dcm")
    source = opened(tmp_path)
    assert source.details.axes == (Axis("t", 2, 1.5, "s"), Axis("z", 3, 2000.0, "um"))
    assert (source.description.frame_names or ())[4] == "z=2.00 mm, t=1.50 s"
    assert shown(source, AXIAL, 3).mean() > shown(source, AXIAL, 0).mean()


def test_frames_of_a_clip_are_named_by_time(tmp_path: Path) -> None:
    source = opened(save(clip(), tmp_path / "a.dcm"))
    assert source.description.frame_names == ("t=0.00 s", "t=0.04 s", "t=0.08 s")
    assert source.details.axes == (Axis("t", 3, 0.04, "s"),)
    assert np.array_equal(shown(source, 0, 1), scene((40, 30)) // 2)


def test_files_that_are_no_pictures_are_passed_over(tmp_path: Path) -> None:
    folder = series(tmp_path / "a", body())
    (folder / "README.txt").write_text("Scanned on a Tuesday.")
    (folder / "empty").touch()
    save(dataset(REPORT, Modality="SR"), folder / "report.dcm")
    assert opened(folder).nFrames == 6


Change = Callable[[Path], object]


def _another_series(folder: Path) -> None:
    save(ct_slice(body()[0], 9, 12.0, SeriesInstanceUID="1.2.3"), folder / "other.dcm")


def _another_size(folder: Path) -> None:
    save(ct_slice(body((1, 10, 10))[0], 9, 12.0), folder / "other.dcm")


def _another_direction(folder: Path) -> None:
    made = ct_slice(body()[0], 9, 12.0)
    made.ImageOrientationPatient = [0, 1, 0, 0, 0, -1]
    save(made, folder / "other.dcm")


def _other_pixels(folder: Path) -> None:
    made = ct_slice(body()[0], 9, 12.0)
    made.PixelSpacing = [1, 1]
    save(made, folder / "other.dcm")


def _a_missing_slice(folder: Path) -> None:
    (folder / "003.dcm").unlink()


def _a_doubled_slice(folder: Path) -> None:
    shutil.copy(folder / "003.dcm", folder / "copy.dcm")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (_another_series, r"2 DICOM series \(6, 1 files\)"),
        (_another_size, "differ in size"),
        (_another_direction, "turned against each other"),
        (_other_pixels, "pixels of different sizes"),
        (_a_missing_slice, r"2\.00 mm apart, but 4\.00 mm between 4\.00 and 8\.00 mm"),
        (_a_doubled_slice, r"2 slices at 6\.00 mm"),
    ],
)
def test_an_inconsistent_series_is_refused_with_the_reason(tmp_path: Path, change: Change, reason: str) -> None:
    folder = series(tmp_path / "a", body())
    change(folder)
    with pytest.raises(UnsupportedContent, match=reason):
        opened(folder)


def _encoded(encode: Callable[..., bytes], **told: Any) -> Callable[[NDArray[Any]], list[bytes]]:
    return lambda values: [encode(frame, **told) for frame in values]


def _run_lengths(values: NDArray[Any]) -> list[bytes]:
    made = with_pixels(dataset(ULTRASOUND_CLIP), values)
    made.compress(RLELossless, generate_instance_uid=False)
    return list(pydicom.encaps.generate_frames(made.PixelData, number_of_frames=len(values)))


LOSSLESS = {
    JPEGLSLossless: _encoded(imagecodecs.jpegls_encode),
    JPEG2000Lossless: _encoded(imagecodecs.jpeg2k_encode, level=0),
    HTJ2K: _encoded(imagecodecs.htj2k_encode),
    JPEGLosslessSV1: _encoded(imagecodecs.ljpeg_encode),
    RLELossless: _run_lengths,
}


@pytest.mark.parametrize("syntax", LOSSLESS)
@pytest.mark.parametrize("dtype", ["u1", "<u2"])
def test_every_lossless_codec_gives_the_values_back(tmp_path: Path, syntax: str, dtype: str) -> None:
    values = np.random.default_rng(3).integers(0, 256 if dtype == "u1" else 4096, (2, 24, 30)).astype(dtype)
    plain = opened(save(with_pixels(dataset(ULTRASOUND_CLIP), values), tmp_path / "a.dcm"))
    packed = with_pixels(dataset(ULTRASOUND_CLIP, syntax), values, LOSSLESS[syntax](values))
    source = opened(save(packed, tmp_path / "b.dcm"))
    assert source.details.window_limits == plain.details.window_limits
    assert np.array_equal(shown(source, 0, 1), shown(plain, 0, 1))


@pytest.mark.parametrize("photometric", ["RGB", "YBR_FULL_422"])
def test_what_the_header_says_of_jpeg_colours_counts(tmp_path: Path, photometric: str) -> None:
    values = np.stack([scene((48, 32))] * 2)
    inside = "RGB" if photometric == "RGB" else "YCBCR"
    streams = [
        imagecodecs.jpeg8_encode(frame, level=95, colorspace="RGB", outcolorspace=inside, subsampling="444")
        for frame in values
    ]
    made = with_pixels(dataset(ULTRASOUND_CLIP, JPEGBaseline8Bit), values, streams)
    made.PhotometricInterpretation = photometric
    assert np.abs(shown(opened(save(made, tmp_path / "a.dcm"))).astype(int) - values[0]).mean() < 4


def test_big_endian_planes_and_uncompressed_luminance_are_read(tmp_path: Path) -> None:
    deep = body()[:1]
    big = with_pixels(dataset(ULTRASOUND_CLIP, ExplicitVRBigEndian), deep.astype(">i2"))
    expected = shown(opened(save(with_pixels(dataset(ULTRASOUND_CLIP), deep), tmp_path / "a.dcm")))
    assert np.array_equal(shown(opened(save(big, tmp_path / "b.dcm"))), expected)
    colours = scene((20, 10))
    planar = with_pixels(dataset(ULTRASOUND_CLIP), colours[np.newaxis])
    planar.PixelData, planar.PlanarConfiguration = np.moveaxis(colours, 2, 0).tobytes(), 1
    assert np.array_equal(shown(opened(save(planar, tmp_path / "c.dcm"))), colours)
    luminance = with_pixels(dataset(ULTRASOUND_CLIP), np.full((1, 4, 4, 3), 128, np.uint8))
    luminance.PhotometricInterpretation = "YBR_FULL"
    assert set(np.unique(shown(opened(save(luminance, tmp_path / "d.dcm"))))) == {128}


def test_bits_above_the_stored_ones_are_not_seen(tmp_path: Path) -> None:
    values = np.array([[[0, 100, 4095, -50]]], "<i2")
    dirty = (values & 0x0FFF) | 0x6000
    made = with_pixels(dataset(ULTRASOUND_CLIP), dirty.astype("<i2"), BitsStored=12, HighBit=11)
    assert opened(save(made, tmp_path / "a.dcm")).details.window_limits == (-50, 100)  # 4095 is -1 in 12 bits


def test_names_of_patients_are_among_the_properties_alone(tmp_path: Path) -> None:
    source = opened(series(tmp_path / "a", body()))
    assert source.details.properties["dicom.PatientName"] == "Doe^Jane"
    assert source.details.scanner == "Maker Model 1"
    assert "Doe" not in str(source.description.as_json())


def test_a_report_is_refused_with_what_it_is(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedContent, match="hold no picture: SR"):
        opened(save(dataset(REPORT, Modality="SR"), tmp_path / "a.dcm"))


def test_more_than_the_limit_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    with pytest.raises(TooManyPixels, match="unpacked"):
        opened(series(tmp_path / "a", body()), volume_max_bytes=1000)
    assert not (tmp_path / "cache").exists()


def test_frames_beyond_counting_are_refused_before_they_are_counted(tmp_path: Path) -> None:
    for count in (2**31 - 1, 200_000):
        made = with_pixels(dataset(ULTRASOUND_CLIP), np.zeros((2, 1, 1), np.uint8), NumberOfFrames=count)
        with pytest.raises(TooManyPixels, match="frames"):
            opened(save(made, tmp_path / "a.dcm"))


def test_absurd_spacings_are_shown_unstretched(tmp_path: Path) -> None:
    made = ct_slice(body()[0], 1, 0.0)
    made.PixelSpacing = ["1e-300", "1e300"]
    assert opened(save(made, tmp_path / "a.dcm")).dimensions == (16, 20)


def test_a_stream_of_another_size_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    stream = imagecodecs.jpegls_encode(np.zeros((3000, 3000), np.uint8))
    made = with_pixels(dataset(ULTRASOUND_CLIP, JPEGLSLossless), np.zeros((1, 30, 30), np.uint8), [stream])
    with pytest.raises(DamagedFile, match="another size"):
        opened(save(made, tmp_path / "a.dcm"))


def test_a_deflated_file_is_refused_unread(tmp_path: Path) -> None:
    made = with_pixels(dataset(ULTRASOUND_CLIP, "1.2.840.10008.1.2.1.99"), np.zeros((1, 9, 9), np.uint8))
    with pytest.raises(UnsupportedContent, match="deflated"):
        opened(save(made, tmp_path / "a.dcm"))


@pytest.mark.parametrize("at", range(132, 1500, 24))
def test_no_byte_of_the_header_breaks_the_reader(tmp_path: Path, at: int) -> None:
    path = save(ct_slice(body()[0], 1, 0.0), tmp_path / "a.dcm")
    content = bytearray(path.read_bytes())
    content[at : at + 3] = b"\xff\x7f\xff"
    path.write_bytes(content)
    with suppress(TileError):
        opened(path).get_thumbnail((32, 32))


def test_a_file_that_was_cut_off_is_refused_wherever_it_was_cut(tmp_path: Path) -> None:
    content = save(clip(), tmp_path / "a.dcm").read_bytes()
    for length in range(140, len(content), 331):
        (tmp_path / "b.dcm").write_bytes(content[:length])
        with pytest.raises(TileError):
            opened(tmp_path / "b.dcm")


@pytest.mark.samples
@pytest.mark.parametrize("name", real_files("malformed/dicom"))
def test_every_malformed_file_is_refused_with_a_sentence(name: str) -> None:
    with pytest.raises(TileError):
        open_image(real(name), options(Path("/nowhere")))


WITH_PIXELS = [
    name for name in real_files("dicom") if name.count("/") == 1 and not name.endswith(("test-SR.dcm", "rtdose.dcm"))
]


@pytest.mark.samples
@pytest.mark.parametrize("name", WITH_PIXELS)
def test_real_frames_are_those_of_pydicom(name: str, tmp_path: Path) -> None:
    source = open_image(real(name), options(tmp_path, Path(name).name))
    expected = _by_pydicom(pydicom.dcmread(real(name)), source)
    first = shown(source).astype(float)
    turned = [part for frame in expected for part in (frame, frame[::-1], frame[:, ::-1], frame[::-1, ::-1])]
    assert min(np.abs(part - first).mean() for part in turned) < 1


def _by_pydicom(header: pydicom.Dataset, source: TileSource) -> NDArray[np.float64]:
    """Frames of 0 to 255, under the window that is told."""
    values = header.pixel_array
    if header.PhotometricInterpretation == "PALETTE COLOR":
        values = pydicom.pixels.apply_color_lut(values, header) >> 8
    values = values.reshape(int(header.get("NumberOfFrames") or 1), header.Rows, header.Columns, -1).astype(float)
    if source.details.window is None:
        return values
    groups = header.get("SharedFunctionalGroupsSequence") or [pydicom.Dataset()]
    scale = (groups[0].get("PixelValueTransformationSequence") or [header])[0]
    low, high = source.details.window
    meant = values * float(scale.get("RescaleSlope") or 1) + float(scale.get("RescaleIntercept") or 0)
    return np.clip((meant - low) / (high - low), 0, 1) * 255


@pytest.mark.samples
def test_a_real_series_in_time_is_ten_volumes_of_fifteen_slices(tmp_path: Path) -> None:
    source = open_image(real("dicom/mr_series_ge_151"), options(tmp_path))
    assert [axis.size for axis in source.details.axes] == [10, 15]
    assert source.description.pixel_size_um == pytest.approx((3750, 3750, 5000))


@pytest.mark.samples
def test_a_real_dose_is_a_volume_in_gray_and_a_real_mask_shows_zeros_and_ones(tmp_path: Path) -> None:
    dose = open_image(real("dicom/rtdose.dcm"), options(tmp_path, "dose"))
    assert dose.description.pixel_size_um == pytest.approx((10_000, 10_000, 5_000))
    assert dose.details.window_limits == pytest.approx((0.795, 1.254))
    mask = open_image(real("dicom/seg_image_ct_binary.dcm"), options(tmp_path, "mask"))
    assert set(np.unique(shown(mask, AXIAL, 1))) <= {0, 255}
    assert mask.nFrames == 3


@pytest.mark.samples
def test_real_folders_that_are_no_one_series_are_refused_with_the_reason(tmp_path: Path) -> None:
    for name, reason in (
        ("dicom/mr_series_orient_cor", "6 DICOM series"),
        ("dicom/dicomdir", "2 DICOM series"),
        ("dicom/dicomdir/77654033", r"202\.50 mm between"),
    ):
        with pytest.raises(UnsupportedContent, match=reason):
            open_image(real(name), options(tmp_path))
    assert open_image(real("dicom/dicomdir/98892001"), options(tmp_path)).nFrames == 5


@pytest.mark.samples
def test_a_real_mosaic_is_the_volume_that_nibabel_makes_of_it(tmp_path: Path) -> None:
    path = min(real("dicom/mr_series_orient_cor").iterdir())
    mosaic = wrapper_from_file(path)
    voxels = np.asarray(mosaic.get_data()).astype(np.int32)
    affine = np.diag([-1.0, -1.0, 1.0, 1.0]) @ mosaic.affine  # nibabel's wrapper speaks DICOM's directions
    ras = nibabel.as_closest_canonical(nibabel.Nifti1Image(voxels, affine)).get_fdata()
    source = open_image(path, options(tmp_path)).under(Look(window=(0, 2500)))
    assert [source.nframes_for_plane(plane) for plane in (AXIAL, CORONAL, SAGITTAL)] == list(ras.shape[::-1])
    middle = np.clip(ras[::-1, ras.shape[1] // 2, ::-1].T / 2500 * 255, 0, 255)
    assert np.abs(shown(source, CORONAL, ras.shape[1] // 2)[:, :, 0] - middle).max() <= 1


@pytest.mark.samples
def test_two_real_mosaics_are_two_volumes(tmp_path: Path) -> None:
    folder = tmp_path / "two"
    folder.mkdir()
    for path in sorted(real("dicom/mr_series_orient_cor").iterdir())[:2]:
        (folder / path.name).symlink_to(path)
    source = open_image(folder, options(tmp_path))
    assert [axis.size for axis in source.details.axes] == [2, 64]
