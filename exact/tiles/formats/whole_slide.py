"""Whole-slide images: everything that OpenSlide reads (Aperio, Hamamatsu, generic tiled TIFF, ...).

Tried with real files: Aperio SVS, generic tiled TIFF. With files made in the tests, as far as OpenSlide needs them to
be real: Philips TIFF, Leica SCN, Ventana BIF, Hamamatsu NDPI and VMS, 3DHISTECH MRXS (the last two as folders). On
OpenSlide's word alone: Hamamatsu VMU, Sakura, Trestle, and JPEG 2000, BMP and PNG inside of MRXS.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageCms, ImageColor
from typing_extensions import override

from exact.tiles import czi_blocks, profiles, slide_details, tiff
from exact.tiles.dicom_head import is_dicom
from exact.tiles.errors import DamagedFile, UnsupportedContent
from exact.tiles.jpeg_tiles import JpegTiles, jpeg_tiles
from exact.tiles.looks import PLAIN, Look
from exact.tiles.profiles import InSrgb, Profile
from exact.tiles.slide_levels import SlideLevels
from exact.tiles.slide_parts import check_parts
from exact.tiles.source import Description, Details, Format, OpenOptions, Pixels, Size, TileSource

if TYPE_CHECKING:  # loaded with the first file that may be a slide
    import openslide

DECODED_TILES_BYTES = 32 * 2**20
HANDLE_BYTES = 2 * 2**20
"""Tables and buffers of one open slide, measured on slides of 20,000 to 60,000 pixels."""
ICC_SIZE = "openslide.icc-size"
OWN_TILES = ("aperio", "generic-tiff")
"""Formats of OpenSlide whose levels are directories of tiles, side by side without overlap."""
NOT_ASKED = ("dicom",)
"""It would take every file of the same series in the folder, and originals of all teams lie in common folders."""
MAIN_SUFFIXES = (".mrxs", ".vms", ".vmu")
"""Of slides of many files, which lie in one folder."""


class WholeSlide(SlideLevels):
    """A slide in OpenSlide's hands."""

    def __init__(self, path: Path, slide: "openslide.OpenSlide", tiles: JpegTiles | None) -> None:
        self._path = path
        self._slide = slide
        self._closed = False
        self._properties = dict(slide.properties)
        ground = self._properties.get(slide_details.BACKGROUND_COLOUR, "ffffff")
        super().__init__(
            tuple(slide.level_dimensions), tuple(slide.level_downsamples), tiles, ImageColor.getrgb("#" + ground)
        )
        self._description = slide_details.describe(self._sizes[0], self._properties)
        self._profile = Profile(self._read_profile) if ICC_SIZE in self._properties else None

    @property
    @override
    def description(self) -> Description:
        return self._description

    @property
    @override
    def properties(self) -> Mapping[str, str]:
        return self._properties

    @property
    @override
    def details(self) -> Details:
        return slide_details.details(self._properties, has_profile=self._profile is not None)

    @override
    def under(self, look: Look) -> TileSource:
        return self if look == PLAIN else InSrgb(self, profiles.chosen(look, self._profile))

    def _read_profile(self) -> ImageCms.ImageCmsProfile:
        import openslide

        try:
            profile: ImageCms.ImageCmsProfile = self._slide.color_profile
        except openslide.OpenSlideError as error:
            raise DamagedFile(f"The profile of the slide cannot be read: {error}.") from error
        return profile

    @property
    @override
    def associated_images(self) -> Mapping[str, Size]:
        return slide_details.associated(self._properties)

    @override
    def read_associated(self, name: str) -> Pixels:
        if name not in self.associated_images:
            return super().read_associated(name)
        import openslide

        try:
            return np.asarray(self._opaque(self._slide.associated_images[name]))
        except openslide.OpenSlideError as error:
            reason = without_places(error, self._path)
            raise DamagedFile(f"The picture {name} of the slide cannot be read: {reason}.") from error

    @override
    def _read_otherwise(self, location: tuple[int, int], level: int, size: Size) -> Pixels:
        import openslide

        try:
            region = self._slide.read_region(location, level, size)
        except openslide.OpenSlideError as error:
            raise DamagedFile(f"A part of the slide cannot be read: {without_places(error, self._path)}.") from error
        return np.asarray(self._opaque(region))

    def _opaque(self, region: Image.Image) -> Image.Image:
        """On the slide's background colour; a region that is opaque already is only converted."""
        lowest_alpha, _ = region.getchannel("A").getextrema()
        if lowest_alpha == 255:
            return region.convert("RGB")
        ground = Image.new("RGB", region.size, self._background)
        return Image.composite(region, ground, region)

    @property
    @override
    def cost(self) -> int:
        return HANDLE_BYTES + super().cost

    @override
    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._slide.close()
            super().close()


@cache
def openslide_cache() -> "openslide.OpenSlideCache":
    """OpenSlide's cache of decoded tiles, one for all slides of the process."""
    import openslide

    return openslide.OpenSlideCache(DECODED_TILES_BYTES)


def recognises(path: Path, head: bytes) -> bool:
    """Asks OpenSlide, but not about plain PNG and compressed files, which it never reads, nor about DICOM and most CZI.

    Broken DICOM and CZI files make it end the process; whole ones have readers of their own.
    """
    if head.startswith((b"\x89PNG", b"\x1f\x8b")) or is_dicom(head):
        return False
    if head.startswith(czi_blocks.MAGIC) and not czi_blocks.is_slide(path):
        return False
    import openslide

    main = main_file(path)
    return main is not None and openslide.OpenSlide.detect_format(main) not in (None, *NOT_ASKED)


def main_file(path: Path) -> Path | None:
    """The file that OpenSlide is told; of a slide of many files the one that names the others."""
    if not path.is_dir():
        return path
    found = [file for file in path.iterdir() if file.suffix.lower() in MAIN_SUFFIXES]
    return found[0] if len(found) == 1 else None


def open_slide(path: Path, options: OpenOptions) -> TileSource:  # noqa: ARG001 - all formats open alike
    """Opens a slide whose tile table was checked first: OpenSlide aborts the process on some broken ones."""
    import openslide

    given, path = path, main_file(path) or path
    with path.open("rb") as file:
        head = file.read(16)
    vendor = openslide.OpenSlide.detect_format(path)
    if tiff.is_tiff(head):
        if vendor != "hamamatsu":  # NDPI keeps 64-bit offsets in 32-bit fields
            tiff.check_ranges(path)
    else:
        check_parts(path, vendor, in_folder=given.is_dir())
    try:
        slide = openslide.OpenSlide(path)
        slide.set_cache(openslide_cache())
        tiles = jpeg_tiles(path, tuple(slide.level_dimensions)) if vendor in OWN_TILES else None
        return WholeSlide(path, slide, tiles)
    except openslide.OpenSlideError as error:
        raise UnsupportedContent(f"The slide cannot be opened: {without_places(error, path)}.") from error


def without_places(error: Exception, path: Path) -> str:
    """What OpenSlide says, without telling where on the server the files lie."""
    return str(error).replace(str(path), "the file").replace(f"{path.parent}/", "").rstrip(".")


FORMAT = Format("whole slide", recognises, open_slide)
