"""What a file says of itself, and which of it is kept from those who may not see names of patients."""

from pathlib import Path

import pytest

from exact.tiles.formats import open_image
from exact.tiles.metadata import can_carry_names, metadata_of, without_names
from tests.samples import options, svs, volume


def test_a_slide_tells_its_levels_and_pixel_size(tmp_path: Path) -> None:
    source = open_image(svs(tmp_path / "slide.svs", (1300, 900)), options(tmp_path))
    told = metadata_of(source)
    assert told.levels[0] == ((1300, 900), 1.0)
    assert [size for size, _ in told.levels] == list(source.level_dimensions)
    assert told.description.pixel_size_um == (0.2525, 0.2525, None)
    assert told.details.properties["aperio.MPP"] == "0.2525"


def test_what_is_unknown_is_none(tmp_path: Path) -> None:
    told = metadata_of(open_image(volume(tmp_path / "v.nii"), options(tmp_path)))
    assert (told.description.objective_power, told.details.scanner, dict(told.associated)) == (None, None, {})


@pytest.mark.parametrize(
    "key",
    [
        *("PatientName", "PatientID", "patient_id", "OtherPatientIDs", "PATIENTBIRTHDATE", "AccessionNumber"),
        *("aperio.ImageID", "aperio.Filename", "aperio.Title", "aperio.User", "aperio.Barcode", "openslide.comment"),
        *("tiff.ImageDescription", "tiff.Artist", "tiff.HostComputer", "mirax.GENERAL.SLIDE_NAME", "leica.barcode"),
        *("ReferringPhysicianName", "InstitutionName", "StudyDescription", "series_description", "StudyInstanceUID"),
        *("descrip", "db_name", "Exif.UserComment", "philips.PIM_DP_UFS_BARCODE", "ContainerIdentifier", "Case No"),
        *("AdmittingDiagnosesCode", "exif.GPSInfo", "PatientHistory", "EthnicGroup", "czi.Document.UserName"),
    ],
)
def test_a_key_that_commonly_holds_names_is_withheld(key: str) -> None:
    assert can_carry_names(key, "x")


@pytest.mark.parametrize(
    "key",
    [
        *("aperio.MPP", "aperio.AppMag", "openslide.vendor", "openslide.mpp-x", "openslide.level[0].tile-width"),
        *("tiff.ResolutionUnit", "openslide.quickhash-1", "hamamatsu.SourceLens", "Modality", "Manufacturer"),
        *("codec", "fps", "duration", "dtype", "aperio.StripeWidth", "SliceThickness", "KVP", "pixdim", "aperio.Date"),
    ],
)
def test_what_a_microscope_says_of_itself_is_shown(key: str) -> None:
    assert not can_carry_names(key, "20")


def test_a_name_as_dicom_writes_it_and_a_whole_document_are_withheld_whatever_they_are_called() -> None:
    told = {"a": "DOE^JANE", "b": "<xml>" * 50, "c": "20"}
    assert without_names(told) == {"c": "20"}
