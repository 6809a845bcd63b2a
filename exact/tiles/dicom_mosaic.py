"""Siemens' mosaics: the slices of a volume side by side in one picture; where they lie stands in a private header."""

import math
from dataclasses import dataclass

import numpy as np

from exact.tiles.dicom import Dataset, number, reading
from exact.tiles.dicom_pixels import PixelFormat, Values
from exact.tiles.dicom_places import LPS_TO_RAS, Place, Vector
from exact.tiles.errors import UnsupportedContent

MAX_SLICES = 4096


@dataclass(frozen=True)
class Mosaic:
    """How many slices there are, and into which direction they follow each other."""

    count: int
    normal: Vector
    step_mm: float

    @property
    def side(self) -> int:
        """Slices in a row, and in a column."""
        return math.ceil(math.sqrt(self.count))

    def shape(self, columns: int, rows: int) -> tuple[int, int, int]:
        """Columns and rows of a slice, and how many slices."""
        if columns % self.side or rows % self.side:
            raise UnsupportedContent("The mosaic cannot be cut into its slices: its size does not fit their number.")
        return columns // self.side, rows // self.side, self.count

    def used_size(self, columns: int, rows: int) -> tuple[int, int]:
        """The same number of pixels as all slices, one below the other."""
        width, height, count = self.shape(columns, rows)
        return width, height * count

    def slices(self, values: Values) -> Values:
        """(slices, rows, columns)."""
        width, height, count = self.shape(values.shape[1], values.shape[0])
        cut = values.reshape(self.side, height, self.side, width).swapaxes(1, 2)
        return cut.reshape(-1, height, width)[:count]

    def affine_mm(self, place: Place, pixels: PixelFormat) -> Vector:
        """The corner in the header is that of a picture as large as the mosaic, around the same centre."""
        where = place.where
        if where is None:
            raise UnsupportedContent("The mosaic does not say where it lies: it makes no volume.")
        width, height, _ = self.shape(pixels.columns, pixels.rows)
        across = where.directions[0] * where.spacing_mm[1]
        down = where.directions[1] * where.spacing_mm[0]
        affine = np.eye(4)
        affine[:3, 0], affine[:3, 1], affine[:3, 2] = across, down, self.normal * self.step_mm
        affine[:3, 3] = where.corner_mm + across * (pixels.columns - width) / 2 + down * (pixels.rows - height) / 2
        affine[:3] = LPS_TO_RAS @ affine[:3]
        return affine


def mosaic_of(dataset: Dataset) -> Mosaic | None:
    """From Siemens' private header, through nibabel; None for every other picture."""
    from nibabel.nicom import csareader

    if "MOSAIC" not in (dataset.get("ImageType") or []):
        return None
    with reading():
        header = csareader.get_csa_header(dataset, "image")
        count = None if header is None else csareader.get_n_mosaic(header)
        normal = None if header is None else csareader.get_slice_normal(header)
    step_mm = number(dataset, "SpacingBetweenSlices") or number(dataset, "SliceThickness")
    if not count or normal is None or not step_mm or not 0 < count <= MAX_SLICES:
        raise UnsupportedContent("The mosaic does not say how its slices lie: its private header is missing.")
    return Mosaic(int(count), np.asarray(normal, np.float64), step_mm)
