"""Small DICOM files of every kind, made by code."""

from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import UID, ExplicitVRBigEndian, ExplicitVRLittleEndian, JPEGBaseline8Bit, generate_uid

from exact.tiles.encoders import encode_jpeg

CT = "1.2.840.10008.5.1.4.1.1.2"
ULTRASOUND_CLIP = "1.2.840.10008.5.1.4.1.1.3.1"
SLIDE = "1.2.840.10008.5.1.4.1.1.77.1.6"
REPORT = "1.2.840.10008.5.1.4.1.1.88.33"
SERIES = "1.2.826.0.1.3680043.8.498.1"


def dataset(sop_class: str = CT, syntax: str = ExplicitVRLittleEndian, **elements: Any) -> FileDataset:
    """A data set with what every file has."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = UID(sop_class)
    meta.MediaStorageSOPInstanceUID = generate_uid()
    meta.TransferSyntaxUID = UID(syntax)
    made = FileDataset("", {}, file_meta=meta, preamble=bytes(128))
    made.SOPClassUID, made.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    made.SeriesInstanceUID, made.Modality, made.PatientName = SERIES, "CT", "Doe^Jane"
    for name, value in elements.items():
        setattr(made, name, value)
    return made


def with_pixels(
    made: FileDataset, values: NDArray[Any], streams: list[bytes] | None = None, **elements: Any
) -> FileDataset:
    """Puts (frames, rows, columns[, 3]) into the data set: as they are, or as streams of a codec."""
    colours = values.ndim == 4
    made.NumberOfFrames, made.Rows, made.Columns = values.shape[:3]
    made.SamplesPerPixel = 3 if colours else 1
    made.PhotometricInterpretation = "RGB" if colours else "MONOCHROME2"
    made.BitsAllocated = made.BitsStored = values.dtype.itemsize * 8
    made.HighBit = made.BitsStored - 1
    made.PixelRepresentation = int(values.dtype.kind == "i")
    if colours:
        made.PlanarConfiguration = 0
    if len(values) == 1:
        del made.NumberOfFrames
    for name, value in elements.items():
        setattr(made, name, value)
    made.PixelData = values.tobytes() if streams is None else encapsulate(streams)
    made["PixelData"].VR = "OW" if made.BitsAllocated > 8 else "OB"
    made["PixelData"].is_undefined_length = streams is not None
    return made


def save(made: FileDataset, path: Path) -> Path:
    """As a file with a preamble."""
    big = made.file_meta.TransferSyntaxUID == ExplicitVRBigEndian
    pydicom.dcmwrite(path, made, implicit_vr=False, little_endian=not big, enforce_file_format=True)
    return path


def ct_slice(values: NDArray[Any], number: int, z_mm: float, **elements: Any) -> FileDataset:
    """An axial slice, 0.5 x 0.8 mm, in Hounsfield units."""
    made = dataset(
        InstanceNumber=number,
        ImagePositionPatient=[-10.0, -20.0, z_mm],
        ImageOrientationPatient=[1, 0, 0, 0, 1, 0],
        PixelSpacing=[0.8, 0.5],
        RescaleSlope=1,
        RescaleIntercept=-1024,
        WindowCenter=40,
        WindowWidth=400,
        Manufacturer="Maker",
        ManufacturerModelName="Model 1",
    )
    return with_pixels(made, values[np.newaxis], **elements)


def series(folder: Path, values: NDArray[Any], step_mm: float = 2.0, **elements: Any) -> Path:
    """A folder of (slices, rows, columns), the lowest first; names and numbers run against the positions."""
    folder.mkdir(parents=True, exist_ok=True)
    for slice_number, pixels in enumerate(values):
        name = f"{len(values) - slice_number:03}.dcm"
        save(ct_slice(pixels, len(values) - slice_number, slice_number * step_mm, **elements), folder / name)
    return folder


def body(shape: tuple[int, int, int] = (6, 20, 16), dtype: str = "<i2") -> NDArray[Any]:
    """(slices, rows, columns); brighter upwards, to the back and to the patient's left."""
    z, y, x = np.indices(shape)
    return (1000 + 40 * z + 5 * y + 3 * x).astype(dtype)


def slide_level(values: NDArray[Any], tile: int = 64, *, spacing_um: float = 0.25, **elements: Any) -> FileDataset:
    """A level of a slide, (rows, columns, 3), cut into square tiles of JPEG; the last ones are padded."""
    rows, columns = (-(-side // tile) for side in values.shape[:2])
    padding = ((0, rows * tile - values.shape[0]), (0, columns * tile - values.shape[1]), (0, 0))
    padded = np.pad(values, padding, mode="edge")
    cut = padded.reshape(rows, tile, columns, tile, 3).swapaxes(1, 2).reshape(-1, tile, tile, 3)
    made = dataset(SLIDE, JPEGBaseline8Bit, Modality="SM", Manufacturer="Maker", ManufacturerModelName="Scanner 2")
    with_pixels(made, cut, [encode_jpeg(part, 95) for part in cut], PhotometricInterpretation="YBR_FULL_422")
    made.NumberOfFrames = len(cut)
    made.TotalPixelMatrixRows, made.TotalPixelMatrixColumns = values.shape[:2]
    made.ImageType = ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]
    made.DimensionOrganizationType = "TILED_FULL"
    measures, group, path = pydicom.Dataset(), pydicom.Dataset(), pydicom.Dataset()
    measures.PixelSpacing = [spacing_um / 1000, spacing_um / 1000]
    group.PixelMeasuresSequence = [measures]
    path.OpticalPathIdentifier, path.ObjectiveLensPower = "1", 40
    made.SharedFunctionalGroupsSequence, made.OpticalPathSequence = [group], [path]
    for name, value in elements.items():
        setattr(made, name, value)
    return made


def sparse(made: FileDataset, places: list[tuple[int, int]]) -> FileDataset:
    """The same frames at these columns and rows of tiles."""
    groups = []
    for column, row in places:
        position, group = pydicom.Dataset(), pydicom.Dataset()
        position.ColumnPositionInTotalImagePixelMatrix = column * made.Columns + 1
        position.RowPositionInTotalImagePixelMatrix = row * made.Rows + 1
        group.PlanePositionSlideSequence = [position]
        groups.append(group)
    made.DimensionOrganizationType = "TILED_SPARSE"
    made.PerFrameFunctionalGroupsSequence = groups
    return made
