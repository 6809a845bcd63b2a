"""A generated MR-like head, anisotropic, with a lesion in the patient's left half, to tell left from right."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

SHAPE = (160, 160, 48)
SPACING_MM = (1.0, 1.0, 3.0)
Field = NDArray[np.float32]


def write_demo_volume(path: Path, seed: int = 7) -> None:
    """Writes a NIfTI (.nii or .nii.gz) of 160 x 160 x 48 voxels of 1 x 1 x 3 mm."""
    import nibabel

    affine = np.diag((*SPACING_MM, 1.0))
    affine[:3, 3] = [-(n - 1) / 2 * mm for n, mm in zip(SHAPE, SPACING_MM, strict=True)]
    image = nibabel.Nifti1Image(head(seed), affine)
    image.header.set_xyzt_units("mm")
    nibabel.save(image, path)


def head(seed: int) -> NDArray[np.int16]:
    """Intensities of skin, skull, brain with folds, ventricles, eyes and a bright lesion; axes right, anterior, up."""
    x, y, z = grid_mm()
    random = np.random.default_rng(seed)
    brain = inside(x, y, z, (0, -4, 6), (60, 70, 58))
    folds = np.sin(x / 5 + 2 * np.sin(y / 11)) * np.sin(y / 6 + 2 * np.sin(z / 9)) * np.cos(z / 7)
    values = 420 * inside(x, y, z, (0, -2, 2), (74, 78, 70))
    values = np.where(inside(x, y, z, (0, -3, 4), (68, 74, 64)) > 0, 90, values)
    values = np.where(brain > 0, 520 + 110 * folds, values)
    for side in (-1, 1):
        values = np.where(inside(x, y, z, (side * 12, 0, 14), (7, 28, 12)) > 0, 160, values)
        values = np.where(inside(x, y, z, (side * 30, 66, -22), (12, 12, 12)) > 0, 240, values)
    values = np.where(inside(x, y, z, (-30, -20, 24), (13, 11, 14)) > 0, 900, values)
    noise = random.normal(0, 14, SHAPE)
    return np.clip(values + noise, 0, 1200).astype(np.int16)


def grid_mm() -> tuple[Field, Field, Field]:
    """Distances from the middle along right, anterior and up."""
    x, y, z = (((np.arange(n) - (n - 1) / 2) * mm).astype(np.float32) for n, mm in zip(SHAPE, SPACING_MM, strict=True))
    return x[:, None, None], y[None, :, None], z[None, None, :]


def inside(
    x: Field, y: Field, z: Field, centre: tuple[float, float, float], radii: tuple[float, float, float]
) -> Field:
    """1 inside of an ellipsoid, 0 outside."""
    squares = (((axis - c) / r) ** 2 for axis, c, r in zip((x, y, z), centre, radii, strict=True))
    return np.asarray(sum(squares) < 1, np.float32)
