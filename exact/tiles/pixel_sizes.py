"""Pixel sizes of pictures and slides: believed where a microscope can have them, else unknown, and where they stand."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from PIL import Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2

SANE_PIXEL_SIZE_UM = (0.02, 20.0)
"""Outside of this range the tag means dots per inch of a screen or printer (72 to 1,200), or nothing."""
UNIT_UM = {1: None, 2: 25_400.0, 3: 10_000.0}
"""Micrometres in the units of TIFF, EXIF and JFIF: none, inch, centimetre."""
MICRONS = ("micron", "microns", "um", "\u00b5m", "\u03bcm", "\\u00b5m")
"""How ImageJ writes micrometres, in small letters."""
X_RESOLUTION, Y_RESOLUTION, RESOLUTION_UNIT, IMAGE_DESCRIPTION = 282, 283, 296, 270


@dataclass(frozen=True)
class PixelSize:
    """Micrometres from pixel to pixel, and the place in the file that says so."""

    x_um: float
    y_um: float
    source: str


def positive(value: object) -> float | None:
    """A number above zero, or None: many files say 0 or nonsense for 'unknown'."""
    try:
        number = float(value)  # type: ignore[arg-type]  # whatever is no number raises
    except (TypeError, ValueError, ArithmeticError):
        return None
    return number if 0 < number < float("inf") else None


def believable_um(value: object) -> float | None:
    """The pixel size when it can be one of a microscope."""
    number = positive(value)
    lowest, highest = SANE_PIXEL_SIZE_UM
    return number if number is not None and lowest <= number <= highest else None


def believable(x_um: object, y_um: object, source: str) -> PixelSize | None:
    """Both directions or none."""
    x, y = believable_um(x_um), believable_um(y_um)
    return None if x is None or y is None else PixelSize(x, y, source)


def from_density(x: object, y: object, unit_um: float | None, source: str) -> PixelSize | None:
    """From pixels per unit."""
    per_x, per_y = positive(x), positive(y)
    if per_x is None or per_y is None or unit_um is None:
        return None
    return believable(unit_um / per_x, unit_um / per_y, source)


def of_picture(image: Image.Image, exif: Mapping[int, Any]) -> PixelSize | None:  # Any: EXIF values
    """What the header of a plain picture tells; the format's own word goes before EXIF's."""
    return _own_word(image) or from_density(
        exif.get(X_RESOLUTION), exif.get(Y_RESOLUTION), _unit_um(exif), "exif.XResolution"
    )


def of_tiff(tags: Mapping[int, Any]) -> PixelSize | None:  # Any: TIFF values
    """From resolution and unit; ImageJ keeps the unit in its description."""
    described = _imagej_unit(str(tags.get(IMAGE_DESCRIPTION, "")))
    if described is not None:
        unit_um = 1.0 if described.lower() in MICRONS else None
        return from_density(tags.get(X_RESOLUTION), tags.get(Y_RESOLUTION), unit_um, "imagej.unit")
    return from_density(tags.get(X_RESOLUTION), tags.get(Y_RESOLUTION), _unit_um(tags), "tiff.XResolution")


def _own_word(image: Image.Image) -> PixelSize | None:
    told = image.info
    if image.format == "TIFF":
        tags = getattr(image, "tag_v2", None)
        return of_tiff(tags) if isinstance(tags, ImageFileDirectory_v2) else None
    if image.format in ("JPEG", "MPO"):
        unit_um = {1: 25_400.0, 2: 10_000.0}.get(told.get("jfif_unit", 0))
        x, y = told.get("jfif_density", (None, None))
        return from_density(x, y, unit_um, "jfif.density")
    if image.format in ("PNG", "BMP"):
        source = "png.pHYs" if image.format == "PNG" else "bmp.XPelsPerMeter"
        x, y = told.get("dpi", (None, None))
        return from_density(x, y, 25_400.0, source)
    return None


def _unit_um(tags: Mapping[int, Any]) -> float | None:
    unit = tags.get(RESOLUTION_UNIT, 2)
    return UNIT_UM.get(unit) if isinstance(unit, int) else None


def _imagej_unit(description: str) -> str | None:
    """The unit's name, empty where there is none; None where ImageJ did not write the file."""
    if not description.startswith("ImageJ="):
        return None
    for line in description.splitlines():
        if line.startswith("unit="):
            return line.removeprefix("unit=").strip()
    return ""
