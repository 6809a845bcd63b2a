"""Small microscopy images made by code: every frame, channel and place has values of its own."""

from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

Stack = NDArray[Any]


def stack(
    times: int = 2, depths: int = 3, channels: int = 2, size: tuple[int, int] = (90, 60), dtype: str = "u2"
) -> Stack:
    """(t, z, channel, y, x); each plane is a ramp with a step of its own."""
    width, height = size
    y, x = np.mgrid[0:height, 0:width]
    planes = [(x + 2 * y) % 97 + 20 * plane for plane in range(times * depths * channels)]
    return np.stack(planes).reshape(times, depths, channels, height, width).astype(dtype)


def ome_tiff(
    path: Path, values: Stack | None = None, *, levels: int = 1, tile: int | None = None, **metadata: Any
) -> Path:
    """An OME-TIFF with its smaller levels below each page; every second pixel is taken for a smaller level."""
    values = stack() if values is None else values
    told = {"axes": "TZCYX", **metadata}
    shape = {} if tile is None else {"tile": (tile, tile)}
    with tifffile.TiffWriter(path, bigtiff=True, ome=True) as writer:
        writer.write(values, metadata=told, subifds=levels - 1, **shape)
        for level in range(1, levels):
            writer.write(values[..., :: 2**level, :: 2**level], subfiletype=1, **shape)
    return path


def imagej(path: Path, values: Stack | None = None, **options: Any) -> Path:
    """A hyperstack of ImageJ."""
    values = stack() if values is None else values
    tifffile.imwrite(path, values, imagej=True, **options)
    return path
