"""Small DICOM files of every kind, made by code."""

from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import UID, ExplicitVRBigEndian, ExplicitVRLittleEndian, generate_uid

CT = "1.2.840.10008.5.1.4.1.1.2"
ULTRASOUND_CLIP = "1.2.840.10008.5.1.4.1.1.3.1"
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
