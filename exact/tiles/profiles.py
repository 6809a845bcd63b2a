"""ICC colour profiles: the pixels of an image as sRGB, so that slides of two scanners can be compared by eye."""

import threading
from collections.abc import Callable, Mapping
from io import BytesIO

import numpy as np
from PIL import Image, ImageCms
from typing_extensions import override

from exact.tiles.errors import BadLook
from exact.tiles.looks import Look
from exact.tiles.source import Description, Details, Pixels, PlaneDescription, Size, TileSource

MODES = {1: "L", 3: "RGB", 4: "CMYK"}
HEADER_BYTES = 128
SPACES = {b"GRAY": 1, b"RGB ": 3, b"CMYK": 4}
PROFILE_ERRORS = (ImageCms.PyCMSError, OSError, ValueError)
BROKEN = "The colour profile in this file cannot be used: it is damaged, or made for other colours. Look without it."


class Profile:
    """A profile and its transform, which is built when first needed; threads may share it."""

    def __init__(self, load: Callable[[], ImageCms.ImageCmsProfile]) -> None:
        self._load = load
        self._lock = threading.Lock()
        self._transforms: dict[int, ImageCms.ImageCmsTransform | None] = {}

    def apply(self, pixels: Pixels) -> Pixels:
        """Grey (1 sample), red, green, blue (3) or inks (4) as sRGB; grey stays one sample. Raises BadLook."""
        samples = pixels.shape[2]
        transform = self._transform(samples)
        image = Image.fromarray(np.ascontiguousarray(pixels[:, :, 0] if samples == 1 else pixels), MODES[samples])
        seen = np.asarray(transform.apply(image))
        return seen[:, :, :1] if samples == 1 else seen

    def _transform(self, samples: int) -> ImageCms.ImageCmsTransform:
        with self._lock:
            if samples not in self._transforms:
                self._transforms[samples] = self._built(samples)
            transform = self._transforms[samples]
        if transform is None:
            raise BadLook(BROKEN)
        return transform

    def _built(self, samples: int) -> ImageCms.ImageCmsTransform | None:
        """None for a broken profile, so that it is not tried for every tile."""
        try:
            profile = self._load()
            intent = ImageCms.Intent(ImageCms.getDefaultIntent(profile))
            return ImageCms.buildTransform(profile, ImageCms.createProfile("sRGB"), MODES[samples], "RGB", intent)
        except PROFILE_ERRORS:
            return None


def from_bytes(icc: bytes) -> Profile:
    """The profile as it stands in a file: PNG's iCCP, JPEG's APP2, TIFF's tag 34675."""
    return Profile(lambda: ImageCms.ImageCmsProfile(BytesIO(icc)))


def fits(icc: bytes | None, samples: int) -> bool:
    """Whether there is a profile, and it says that it is made for so many samples."""
    if icc is None or len(icc) < HEADER_BYTES:
        return False
    return icc[36:40] == b"acsp" and SPACES.get(icc[16:20]) == samples


def chosen(look: Look, profile: Profile | None) -> Profile:
    """The profile that a look asks for, of an image without any other choice. Raises BadLook."""
    if look.channels is not None or look.window is not None:
        raise BadLook("This image has no channels and no window to choose.")
    if profile is None:
        raise BadLook("This image has no colour profile that can be applied.")
    return profile


class InSrgb(TileSource):
    """Another source with the profile applied to whatever is read; its grid of tiles stays the same."""

    def __init__(self, source: TileSource, profile: Profile) -> None:
        self._source = source
        self._profile = profile

    @property
    @override
    def description(self) -> Description:
        return self._source.description

    @property
    @override
    def level_dimensions(self) -> tuple[Size, ...]:
        return self._source.level_dimensions

    @property
    @override
    def level_downsamples(self) -> tuple[float, ...]:
        return self._source.level_downsamples

    @property
    @override
    def properties(self) -> Mapping[str, str]:
        return self._source.properties

    @property
    @override
    def details(self) -> Details:
        return self._source.details

    @property
    @override
    def associated_images(self) -> Mapping[str, Size]:
        return self._source.associated_images

    @override
    def read_associated(self, name: str) -> Pixels:
        return self._source.read_associated(name)

    @property
    @override
    def stored_tiles(self) -> tuple[Size | None, ...]:
        return self._source.stored_tiles

    @override
    def decoded_tile(self, level: int, column: int, row: int, shrink: int = 1, frame: int = 0) -> Pixels | None:
        decoded = self._source.decoded_tile(level, column, row, shrink, frame)
        return None if decoded is None else self._profile.apply(decoded)

    @property
    @override
    def made_levels(self) -> int:
        return self._source.made_levels

    @override
    def read_region(self, location: tuple[int, int], level: int, size: Size, frame: int = 0, plane: int = 0) -> Pixels:
        return self._profile.apply(self._source.read_region(location, level, size, frame, plane))

    @property
    @override
    def cost(self) -> int:
        return self._source.cost

    @override
    def close(self) -> None:
        self._source.close()

    @override
    def _plane(self, plane: int) -> PlaneDescription:
        return self._source._plane(plane)  # noqa: SLF001 - the same method of the same base class
