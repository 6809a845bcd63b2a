"""Plain pictures in Pillow's hands: what their headers tell before pixels are unpacked, and pixels upright on white."""

import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageCms, TiffTags

from exact.tiles import pixel_sizes, tiff
from exact.tiles.errors import DamagedFile, TooManyPixels
from exact.tiles.pixel_sizes import PixelSize
from exact.tiles.source import Axis, Description, Details, Pixels, PlaneDescription, Size

PILLOW_FORMATS = ("PNG", "JPEG", "TIFF", "BMP", "PPM", "WEBP", "GIF", "AVIF", "JPEG2000")
STRIPWISE = ("JPEG", "PNG", "TIFF")
"""Formats that are decoded straight to the disk when they are large."""
STRIPWISE_HEADS = (b"\xff\xd8\xff", b"\x89PNG", *tiff.MAGICS)
ANIMATED = ("PNG", "GIF", "WEBP", "AVIF")
"""Formats whose frames follow each other in time, all on one canvas."""
MAX_FRAMES = 4096
WHOLE_MAX_PIXELS = 178_956_970
"""Of pictures that Pillow unpacks whole, in memory: at most 716 MB."""
PIXELS_PER_BYTE = 256
"""A larger picture whose file is smaller than this is a bomb: scans and photographs have 0.1 to 50."""
WIDE_MODES = {"I": "<i4", "F": "<f4", "I;16": "<u2", "I;16B": "<u2", "I;16L": "<u2", "I;16N": "<u2"}
"""Pillow's modes of one sample with more than 8 bits, and how they are kept."""
ORIENTATION, MAKE, MODEL = 0x0112, 0x010F, 0x0110
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What brings a picture upright, by its EXIF orientation."""
SIDEWAYS = (5, 6, 7, 8)
JP2_SIZE, JP2_DEPTH_AT, JP2_HEAD_BYTES = b"\xff\x4f\xff\x51", 42, 65_536
LATE_EXIF_PIXELS = 64 * 2**20
MAX_PROPERTY_CHARACTERS = 1000
PARSER_ERRORS = (
    *(OSError, ValueError, SyntaxError, EOFError, LookupError, TypeError, ArithmeticError, RuntimeError, struct.error),
)
"""What Pillow's readers raise on broken files."""


@dataclass(frozen=True)
class Header:
    """Everything that must be known before pixels are unpacked."""

    pillow_format: str
    mode: str
    size: Size
    """Upright."""
    frames: int
    samples: int
    """1 grey, 3 red, green and blue, 4 inks (CMYK)."""
    dtype: str
    factor: float = 1.0
    """From Pillow's numbers to those of the file: it widens 12 bits to 16."""
    transparent: bool = False
    """Put on white."""
    orientation: int = 1
    """What still has to be undone."""
    profile: bytes | None = None
    pixel_size: PixelSize | None = None
    scanner: str | None = None
    properties: Mapping[str, str] = field(default_factory=dict)

    @property
    def pixels(self) -> int:
        """Of all frames."""
        return self.size[0] * self.size[1] * self.frames

    @property
    def channels(self) -> int:
        """As shown: inks become red, green and blue."""
        return min(self.samples, 3)

    @property
    def wide(self) -> bool:
        """Whether the values are seen through a window."""
        return self.dtype != "u1"


@contextmanager
def opened(path: Path, max_pixels: int) -> Iterator[Image.Image]:
    """Pillow's image, with everything it may raise while it is used turned into one of our errors."""
    Image.MAX_IMAGE_PIXELS = _most_of_pillow(path, max_pixels)
    try:
        with Image.open(path, formats=PILLOW_FORMATS) as image:
            yield image
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise TooManyPixels(too_many(min(max_pixels, 2 * Image.MAX_IMAGE_PIXELS))) from error
    except MemoryError as error:
        raise TooManyPixels("Reading this picture takes more memory than allowed.") from error
    except PARSER_ERRORS as error:
        reason = str(error).replace(str(path), "the file")
        raise DamagedFile(f"The picture is damaged or cut off ({reason}). Upload it again.") from error


def _most_of_pillow(path: Path, max_pixels: int) -> int:
    """Pillow refuses twice as many; it has to know, because later frames may claim to be larger than the first."""
    with path.open("rb") as file:
        head = file.read(4)
    return max_pixels if head.startswith(STRIPWISE_HEADS) else min(max_pixels, WHOLE_MAX_PIXELS) // 2


def too_many(max_pixels: int) -> str:
    """The sentence of the refusal."""
    return (
        f"The picture has too many pixels: at most {max_pixels:,} are taken. "
        "Convert it to a pyramidal, tiled TIFF and upload that."
    )


def header_of(image: Image.Image, max_pixels: int) -> Header:
    """Reads no pixel, except of a file that tells of its frames only behind them."""
    if image.width * image.height > max_pixels:
        raise TooManyPixels(too_many(max_pixels))
    frames = _frames(image, max_pixels)
    exif = _exif(image)
    orientation = 1 if image.format == "TIFF" else exif.get(ORIENTATION, 1)  # Pillow turns TIFF files itself
    samples, dtype = _samples(image, frames)
    return Header(
        pillow_format=image.format or "picture",
        mode=image.mode,
        size=(image.height, image.width) if orientation in SIDEWAYS else image.size,
        frames=frames,
        samples=samples,
        dtype=dtype,
        factor=1.0 if dtype == "u1" else _factor(image),
        transparent=image.has_transparency_data,
        orientation=orientation if orientation in TURNS else 1,
        profile=image.info.get("icc_profile") or None,
        pixel_size=_pixel_size(image, exif, sideways=orientation in SIDEWAYS),
        scanner=_scanner(exif),
        properties=_properties(image, exif),
    )


def _frames(image: Image.Image, max_pixels: int) -> int:
    """Those of an animation; pages and pictures of other files when all have one size and mode, else the first."""
    count = getattr(image, "n_frames", 1)
    if count == 1:
        return 1
    if count > MAX_FRAMES or count * image.width * image.height > min(max_pixels, WHOLE_MAX_PIXELS):
        raise TooManyPixels(too_many(min(max_pixels, WHOLE_MAX_PIXELS)))
    if image.format in ANIMATED:
        return int(count)
    kinds = {_kind(image, frame) for frame in range(count)}
    image.seek(0)
    return int(count) if len(kinds) == 1 else 1


def _kind(image: Image.Image, frame: int) -> tuple[Size, str]:
    image.seek(frame)
    return image.size, image.mode


def _samples(image: Image.Image, frames: int) -> tuple[int, str]:
    if frames > 1 and image.format in ANIMATED:
        return 3, "u1"  # later frames can have other modes than the first
    if image.has_transparency_data:
        return 3, "u1"
    if image.mode in WIDE_MODES:
        return 1, WIDE_MODES[image.mode]
    return {"1": 1, "L": 1, "CMYK": 4}.get(image.mode, 3), "u1"


def _factor(image: Image.Image) -> float:
    """PNM tells its largest value, JPEG 2000 its bits."""
    if image.format == "PPM":
        told = [part.args[1] for part in getattr(image, "tile", []) if part.codec_name.startswith("ppm")]
        return told[0] / 65_535 if told else 1.0
    if image.format == "JPEG2000":
        with Path(str(getattr(image, "filename", ""))).open("rb") as file:
            head = file.read(JP2_HEAD_BYTES)
        depth = head[head.find(JP2_SIZE) + JP2_DEPTH_AT] if JP2_SIZE in head[:-JP2_DEPTH_AT] else 15
        return float(2.0 ** ((depth & 0x7F) + 1 - 16))
    return 1.0


def _exif(image: Image.Image) -> Image.Exif:
    """In a PNG the block may stand behind the pixels: unless they are very many, they are unpacked first."""
    if image.format == "PNG" and image.width * image.height <= LATE_EXIF_PIXELS:
        image.load()
    exif = Image.Exif()
    try:
        exif.load(image.info.get("exif", b"")) if image.format == "PNG" else exif.update(image.getexif())
    except PARSER_ERRORS:  # a picture with a broken EXIF block is still a picture, as every viewer shows it
        return Image.Exif()
    return exif


def _pixel_size(image: Image.Image, exif: Mapping[int, Any], *, sideways: bool) -> PixelSize | None:  # Any: EXIF
    found = pixel_sizes.of_picture(image, exif)
    if found is None or not sideways:
        return found
    return PixelSize(found.y_um, found.x_um, found.source)


def _scanner(exif: Mapping[int, Any]) -> str | None:  # Any: EXIF
    """Make and model, without saying the make twice."""
    make, model = (_text(exif.get(tag, "")) for tag in (MAKE, MODEL))
    return (model if model.startswith(make) else f"{make} {model}".strip()) or None


def _properties(image: Image.Image, exif: Mapping[int, Any]) -> dict[str, str]:  # Any: EXIF
    """Texts and numbers of the header, by the names of the standards; no binary blocks, no places on earth."""
    told = {"picture.format": image.format or "", "picture.mode": image.mode}
    if image.format == "TIFF":
        tags = getattr(image, "tag_v2", {})
        told |= {f"tiff.{TiffTags.lookup(tag).name}": _text(value) for tag, value in tags.items()}
    else:
        told |= {f"exif.{ExifTags.TAGS.get(tag, tag)}": _text(value) for tag, value in exif.items()}
    told |= {
        f"{(image.format or '').lower()}.{key}": _text(image.info[key])
        for key in ("comment", "gamma", "srgb")
        if key in image.info
    }
    return {name: value for name, value in told.items() if value}


def _text(value: object) -> str:
    """Short texts and single numbers; tables and binary blocks are left out."""
    if isinstance(value, bytes):
        value = value.decode("latin-1") if value.isascii() else ""
    if isinstance(value, tuple | list | dict):
        value = " ".join(map(str, value)) if isinstance(value, tuple) and len(value) <= 4 else ""
    return "".join(letter for letter in str(value)[:MAX_PROPERTY_CHARACTERS] if letter.isprintable()).strip()


def description_of(header: Header, frame_names: tuple[str, ...] | None) -> Description:
    """What is known of the picture."""
    width, height = header.size
    found = header.pixel_size
    x, y = (None, None) if found is None else (found.x_um, found.y_um)
    return Description(
        format=header.pillow_format.lower(),
        width=width,
        height=height,
        frames=header.frames,
        default_frame=0,
        frame_names=frame_names,
        channels=header.channels,
        pixel_size_um=(x, y, None),
        objective_power=None,
        planes=(PlaneDescription(0, "image", width, height, header.frames, (x, y)),),
    )


def details_of(header: Header, axes: tuple[Axis, ...] = (), *, has_profile: bool) -> Details:
    """What the header tells beyond the description."""
    return Details(
        pixel_size_source=header.pixel_size.source if header.pixel_size else None,
        scanner=header.scanner,
        axes=axes,
        has_profile=has_profile,
        properties=header.properties,
    )


def upright(image: Image.Image, orientation: int) -> Image.Image:
    """Turned and mirrored as its EXIF orientation asks for."""
    return image.transpose(TURNS[orientation]) if orientation in TURNS else image


def as_kept(image: Image.Image, header: Header) -> NDArray[Any]:  # Any: 8 bits or the file's wide type
    """(height, width, samples): palettes and others converted, transparency put on white; wide values as they are."""
    if header.wide:
        values = np.asarray(image)
        stored = values if header.factor == 1.0 else np.rint(values * header.factor)
        return stored.astype(header.dtype)[:, :, np.newaxis]
    if header.samples == 4:
        return np.asarray(image)
    pixels = np.asarray(flattened(image, grey=header.samples == 1))
    return pixels.reshape(*pixels.shape[:2], header.samples)


def flattened(image: Image.Image, *, grey: bool) -> Image.Image:
    """8-bit grey or RGB on white."""
    if image.has_transparency_data:
        seen = image.convert("RGBA")
        image = Image.composite(seen, Image.new("RGB", seen.size, "white"), seen)
    if image.mode == "LAB":
        return ImageCms.profileToProfile(  # type: ignore[return-value]  # None only when asked to change in place
            image, ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB"), outputMode="RGB"
        )
    return image.convert("L" if grey else "RGB")


def inks_as_rgb(inks: Pixels) -> Pixels:
    """Without a profile, as Pillow and most viewers do it."""
    return np.asarray(Image.fromarray(inks, "CMYK").convert("RGB"))
