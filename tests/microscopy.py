"""Small microscopy images made by code: every frame, channel and place has values of its own."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import imagecodecs
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


OMERO = {
    "channels": [
        {"label": "DAPI", "color": "0000FF", "window": {"start": 10, "end": 200, "min": 0, "max": 65535}},
        {"label": "GFP", "color": "00FF00", "window": {"start": 0, "end": 300, "min": 0, "max": 65535}},
    ]
}
NGFF_AXES = [
    {"name": "t", "type": "time", "unit": "second"},
    {"name": "c", "type": "channel"},
    *({"name": name, "type": "space", "unit": "micrometer"} for name in "zyx"),
]


def ome_zarr(
    folder: Path, values: Stack | None = None, *, version: int = 3, levels: int = 2, omero: Any = OMERO, **array: Any
) -> Path:
    """A store of NGFF 0.4 (Zarr 2) or 0.5 (Zarr 3); every second pixel is taken for a smaller level."""
    import zarr

    moved = np.moveaxis(stack(1, 2, 2, (120, 90)) if values is None else values, 2, 1)
    group = zarr.create_group(folder, zarr_format=version)
    datasets = []
    for level in range(levels):
        smaller = moved[..., :: 2**level, :: 2**level]
        chunks = array.pop("chunks", None) or (1, 1, 1, 64, 80)
        group.create_array(str(level), shape=smaller.shape, dtype=smaller.dtype, chunks=chunks, **array)[:] = smaller
        scale = [5.0, 1.0, 2.0, 0.5 * 2**level, 0.25 * 2**level]
        datasets.append({"path": str(level), "coordinateTransformations": [{"type": "scale", "scale": scale}]})
    told = {
        "multiscales": [{"name": "cells", "axes": NGFF_AXES, "datasets": datasets, "version": "0.4"}],
        "omero": omero,
    }
    group.attrs.update(told if version == 2 else {"ome": {"version": "0.5", **told}})
    return folder


@dataclass(frozen=True)
class Part:
    """One sub-block of a CZI."""

    values: Stack
    left: int = 0
    top: int = 0
    places: dict[str, int] = field(default_factory=dict)
    factor: int = 1
    compression: int = 0


PIXEL_TYPES = {("u1", 1): 0, ("u2", 1): 1, ("f4", 1): 2, ("u1", 3): 3, ("u2", 3): 4}


def czi(path: Path, parts: Sequence[Part], xml: str = "") -> Path:
    """As Zeiss's programs write it: header, sub-blocks, metadata, directory."""
    content = bytearray(32 + 512)
    entries = b""
    for part in parts:
        entry = _entry(part, len(content))
        data = _packed(part)
        content += _segment(b"ZISRAWSUBBLOCK", struct.pack("<iiq", 0, 0, len(data)) + entry, data, 256)
        entries += entry
    metadata = len(content)
    content += _segment(b"ZISRAWMETADATA", struct.pack("<ii", len(xml.encode()), 0), xml.encode(), 256)
    directory = len(content)
    content += _segment(b"ZISRAWDIRECTORY", struct.pack("<i", len(parts)), entries, 128)
    header = struct.pack("<iiii16s16siqqiq", 1, 0, 0, 0, b"", b"", 0, directory, metadata, 0, 0)
    content[:544] = _segment(b"ZISRAWFILE", header, b"", 512)
    path.write_bytes(content)
    return path


def _segment(kind: bytes, head: bytes, data: bytes, start: int) -> bytes:
    body = head.ljust(start, b"\0") + data
    return struct.pack("<16sqq", kind, len(body), len(body)) + body


def _entry(part: Part, position: int) -> bytes:
    height, width = part.values.shape[:2]
    samples = part.values.shape[2] if part.values.ndim == 3 else 1
    kind = PIXEL_TYPES[part.values.dtype.str[1:], samples]
    along = [(b"X", part.left, width * part.factor, width), (b"Y", part.top, height * part.factor, height)]
    along += [(name.encode(), place, 1, 1) for name, place in part.places.items()]
    packed = b"".join(struct.pack("<4siifi", name, start, size, 0.0, stored) for name, start, size, stored in along)
    return struct.pack("<2siqiiB5xi", b"DV", kind, position, 0, part.compression, 0, len(along)) + packed


def _packed(part: Part) -> bytes:
    values = part.values[:, :, ::-1] if part.values.ndim == 3 and part.compression != 4 else part.values
    raw = np.ascontiguousarray(values)
    if part.compression == 4:
        return bytes(imagecodecs.jpegxr_encode(raw, level=1.0))
    if part.compression == 5:
        return bytes(imagecodecs.zstd_encode(raw.tobytes()))
    if part.compression == 6:
        apart = np.frombuffer(raw.tobytes(), np.uint8).reshape(-1, raw.dtype.itemsize).T.tobytes()
        return b"\3\1\1" + bytes(imagecodecs.zstd_encode(apart))
    return raw.tobytes()
