"""Small files of every kind, made by code; and the real files that EXACT_SAMPLES names, for those who have them."""

import struct
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms

from exact.environment import environment
from exact.tiles.encoders import encode_jpeg
from exact.tiles.source import OpenOptions, Pixels, Size
from exact.tiles.tiff_writer import TILE_PX, TiledTiffWriter, halved_sizes

REAL = Path(environment("EXACT_SAMPLES", "") or Path(__file__).parents[2] / "shared" / "data")
APERIO = "Aperio Image Library v11.2.1\n{width}x{height} (256x256) JPEG/RGB Q=90|AppMag = 40|MPP = 0.2525"


def real(name: str) -> Path:
    """A real file, or a skip that says how to get it."""
    path = REAL / name
    if not path.exists():
        pytest.skip(f"no real sample {name}: set EXACT_SAMPLES to the folder that holds it")
    return path


def real_files(*folders: str) -> list[str]:
    """Names of all real files below the folders; empty for those who have none."""
    found = (file for folder in folders for file in (REAL / folder).rglob("*") if file.is_file())
    return sorted(str(file.relative_to(REAL)) for file in found)


def options(folder: Path, identity: str = "sample", **limits: Any) -> OpenOptions:
    """For opening a file in a test: unpacked pixels below the test's own folder."""
    return OpenOptions(folder / "cache", identity, **limits)


def scene(size: Size) -> Pixels:
    """A picture in which every place looks different: ramps, and a fine checkerboard in blue."""
    width, height = size
    y, x = np.mgrid[0:height, 0:width]
    red, green = x * 255 // max(1, width - 1), y * 255 // max(1, height - 1)
    return np.dstack([red, green, (x // 16 + y // 16) % 2 * 120 + 60]).astype(np.uint8)


def tiled_tiff(path: Path, size: Size = (700, 500), *, description: str = "", levels: int = 9, **tags: Any) -> Path:
    """A pyramidal JPEG BigTIFF that OpenSlide opens as generic-tiff, or by its description as aperio."""
    sizes = halved_sizes(size)[:levels]
    with TiledTiffWriter(path, sizes, description=description.format(width=size[0], height=size[1]), **tags) as writer:
        for level, level_size in enumerate(sizes):
            pixels = scene(level_size)
            table = writer.levels[level]
            for row in range(table.rows):
                for column in range(table.columns):
                    writer.write_tile(level, column, row, encode_jpeg(_tile(pixels, column, row), 95))
    return path


def _tile(pixels: Pixels, column: int, row: int) -> Pixels:
    part = pixels[row * TILE_PX : (row + 1) * TILE_PX, column * TILE_PX : (column + 1) * TILE_PX]
    return np.pad(part, ((0, TILE_PX - part.shape[0]), (0, TILE_PX - part.shape[1]), (0, 0)), mode="edge")


def svs(path: Path, size: Size = (700, 500)) -> Path:
    """As a scanner of Aperio writes it: pixel size and objective power in the description."""
    return tiled_tiff(path, size, description=APERIO)


def picture(path: Path, size: Size = (90, 60), mode: str = "RGB", **saved_with: Any) -> Path:
    """A plain picture; the suffix decides the format."""
    Image.fromarray(scene(size)).convert(mode).save(path, **saved_with)
    return path


def turned_jpeg(path: Path, orientation: int, size: Size = (90, 60)) -> Path:
    """A JPEG whose EXIF orientation asks for turning; shown upright it is always the same scene."""
    turn = Image.Transpose
    undo = {
        2: turn.FLIP_LEFT_RIGHT,
        3: turn.ROTATE_180,
        4: turn.FLIP_TOP_BOTTOM,
        5: turn.TRANSPOSE,
        6: turn.ROTATE_90,
        7: turn.TRANSVERSE,
        8: turn.ROTATE_270,
    }
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = Image.fromarray(scene(size))
    lying = image.transpose(undo[orientation]) if orientation in undo else image
    lying.save(path, quality=95, exif=exif)
    return path


def exchanged_profile() -> bytes:
    """An ICC profile like sRGB, but with red and green exchanged: what it does is easily seen."""
    plain = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return plain.replace(b"rXYZ", b"____").replace(b"gXYZ", b"rXYZ").replace(b"____", b"gXYZ")


def icc_profile(space: bytes, connection: bytes, tags: dict[bytes, bytes]) -> bytes:
    """As few bytes as make a profile: of a scanner (GRAY to XYZ) or a printer (CMYK to Lab)."""
    table, content, at = b"", b"", 132 + 12 * len(tags)
    for name, value in tags.items():
        table += name + struct.pack(">2I", at + len(content), len(value))
        content += value
    header = struct.pack(">2I", at + len(content), 0) + b"\x02\x40\0\0prtr" + space + connection + bytes(12) + b"acsp"
    header = header.ljust(68, b"\0") + struct.pack(">3I", 0xF6D6, 0x10000, 0xD32D)
    return header.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + content


def linear_grey_profile() -> bytes:
    """Values are amounts of light: in sRGB the half of it is 188."""
    white = b"XYZ \0\0\0\0" + struct.pack(">3I", 0xF6D6, 0x10000, 0xD32D)
    return icc_profile(b"GRAY", b"XYZ ", {b"wtpt": white, b"kTRC": b"curv\0\0\0\0" + struct.pack(">IHH", 1, 0x0100, 0)})


def grey_inks_profile() -> bytes:
    """All four inks of this printer are grey: one of them makes half of the light, two or more none."""
    identity = bytes(range(256))
    lightness = [(255, 128, 0, 0, 0)[inks.bit_count()] for inks in range(16)]
    table = b"".join(bytes((light, 128, 128)) for light in lightness)
    matrix = struct.pack(">9I", *(0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x10000))
    lut = b"mft1\0\0\0\0" + bytes((4, 3, 2, 0)) + matrix + identity * 4 + table + identity * 3
    return icc_profile(b"CMYK", b"Lab ", {b"A2B0": lut})


def voxels(shape: tuple[int, ...] = (7, 6, 5), dtype: str = "<i2") -> NDArray[Any]:
    """Every voxel has its own value, rising along x, then y, then z."""
    return np.arange(int(np.prod(shape))).reshape(shape, order="F").astype(dtype)


def volume(
    path: Path,
    data: NDArray[Any] | None = None,
    *,
    spacing_mm: tuple[float, float, float] = (1.0, 1.0, 1.0),
    axes: str = "RAS",
    kind: type = nibabel.Nifti1Image,
    **header: Any,
) -> Path:
    """A NIfTI whose stored axes point where `axes` says, as `LPS` or `PIR`."""
    stored = voxels() if data is None else data
    letters = {"R": (0, 1), "L": (0, -1), "A": (1, 1), "P": (1, -1), "S": (2, 1), "I": (2, -1)}
    affine = np.zeros((4, 4))
    affine[3, 3] = 1
    for axis, letter in enumerate(axes):
        towards, sign = letters[letter]
        affine[towards, axis] = sign * spacing_mm[axis]
    image = kind(stored, affine, dtype=stored.dtype)
    if stored.dtype.byteorder == ">":
        image = kind(stored, affine, image.header.as_byteswapped(">"))
    image.header.set_xyzt_units("mm")
    for name, value in header.items():
        image.header[name] = value
    nibabel.save(image, path)
    return path


KEY_FILE = """[Virtual Microscope Specimen]
NoLayers=1
NoJpegColumns=1
NoJpegRows=1
ImageFile={stem}.jpg
MapFile={stem}_map.jpg
MacroImage={stem}_macro.jpg
PhysicalWidth=350000
PhysicalHeight=233000
SourceLens=20
"""


def vms(folder: Path, stem: str = "slide", size: Size = (768, 512)) -> Path:
    """A slide of four files, as a scanner of Hamamatsu writes it: the key file names the others."""
    folder.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(scene(size))
    image.save(folder / f"{stem}.jpg", quality=90, subsampling=0, restart_marker_blocks=8)
    small = image.resize((size[0] // 8, size[1] // 8))
    small.save(folder / f"{stem}_map.jpg", subsampling=0, restart_marker_blocks=2)
    small.save(folder / f"{stem}_macro.jpg")
    key_file = folder / f"{stem}.vms"
    key_file.write_text(KEY_FILE.format(stem=stem))
    return key_file
