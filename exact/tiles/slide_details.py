"""What OpenSlide's properties tell of a slide, without the nonsense: pixel size, objective, scanner."""

import re
from collections.abc import Mapping

from exact.tiles import pixel_sizes
from exact.tiles.pixel_sizes import PixelSize, positive
from exact.tiles.source import Description, Details, PlaneDescription, Size

MPP_X, MPP_Y = "openslide.mpp-x", "openslide.mpp-y"
VENDOR, OBJECTIVE_POWER = "openslide.vendor", "openslide.objective-power"
BACKGROUND_COLOUR = "openslide.background-color"
ASSOCIATED = re.compile(r"openslide\.associated\.(.+)\.width")
PIXEL_SIZE_KEYS = (
    "aperio.MPP",
    "philips.DICOM_PIXEL_SPACING",
    "ventana.ScanRes",
    "hamamatsu.PhysicalWidth",
    "mirax.LAYER_0_LEVEL_0_SECTION.MICROMETER_PER_PIXEL_X",
    "zeiss.Scaling.Items.X.Value",
    "dicom.PixelSpacing",
    "tiff.XResolution",
)
"""Where the vendors write it: the first of these that a slide has is what OpenSlide has read."""
SCANNER_KEYS = (
    ("aperio.ScannerType", "aperio.ScanScope ID"),
    ("leica.device-model",),
    ("philips.DICOM_MANUFACTURERS_MODEL_NAME",),
    ("ventana.ScannerModel",),
    ("mirax.GENERAL.SCANNER_HARDWARE_ID", "mirax.NONHIERLAYER_0_SECTION.SCANNER_HARDWARE_ID"),
    ("dicom.ManufacturerModelName",),
    ("tiff.Model", "hamamatsu.Product"),
)
"""The model; the first one that is there."""
MAKE_KEYS = ("philips.DICOM_MANUFACTURER", "dicom.Manufacturer", "tiff.Make")
MAKES = {
    "aperio": "Aperio",
    "hamamatsu": "Hamamatsu",
    "leica": "Leica",
    "mirax": "3DHISTECH",
    "philips": "Philips",
    "sakura": "Sakura",
    "trestle": "Trestle",
    "ventana": "Ventana",
    "zeiss": "Zeiss",
}
"""Whose formats these are: nobody else writes them."""


def pixel_size(properties: Mapping[str, str]) -> PixelSize | None:
    """What OpenSlide has read, if it can be one of a microscope."""
    x, y = (properties.get(key) for key in (MPP_X, MPP_Y))
    source = next((key for key in PIXEL_SIZE_KEYS if key in properties), MPP_X)
    return pixel_sizes.believable(x, y, source)


def scanner(properties: Mapping[str, str]) -> str | None:
    """Make and model, without saying the make twice."""
    models = (properties[key] for keys in SCANNER_KEYS for key in keys if properties.get(key))
    vendor = MAKES.get(properties.get(VENDOR, ""))
    make = next((properties[key] for key in MAKE_KEYS if properties.get(key)), vendor or "")
    model = next(models, "").partition(";")[0]
    told = model if model.lower().startswith(make.lower()) else f"{make} {model}"
    return told.strip() or None


def describe(size: Size, properties: Mapping[str, str]) -> Description:
    """Of one plane in red, green and blue."""
    width, height = size
    found = pixel_size(properties)
    x, y = (None, None) if found is None else (found.x_um, found.y_um)
    return Description(
        format=properties.get(VENDOR, "generic-tiff"),
        width=width,
        height=height,
        frames=1,
        default_frame=0,
        frame_names=None,
        channels=3,
        pixel_size_um=(x, y, None),
        objective_power=positive(properties.get(OBJECTIVE_POWER)),
        planes=(PlaneDescription(0, "image", width, height, 1, (x, y)),),
    )


def associated(properties: Mapping[str, str]) -> dict[str, Size]:
    """Names and sizes of the pictures beside the slide."""
    found = (ASSOCIATED.fullmatch(key) for key in properties)
    names = [match.group(1) for match in found if match]
    return {name: (_side(properties, name, "width"), _side(properties, name, "height")) for name in sorted(names)}


def _side(properties: Mapping[str, str], name: str, side: str) -> int:
    return int(properties[f"openslide.associated.{name}.{side}"])


def details(properties: Mapping[str, str], *, has_profile: bool) -> Details:
    """What goes beyond the description."""
    found = pixel_size(properties)
    return Details(
        pixel_size_source=None if found is None else found.source,
        scanner=scanner(properties),
        has_profile=has_profile,
        properties=properties,
    )
