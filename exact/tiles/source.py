"""The handler interface: what every image format can do, shaped like OpenSlide, with planes and frames added."""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from exact.tiles.deepzoom import best_level_for_downsample
from exact.tiles.errors import BadLook, Contained, NoSuchTile
from exact.tiles.looks import PLAIN, Look

Pixels = NDArray[np.uint8]
"""(height, width, 3) red, green, blue or (height, width, 1) grey; always opaque: the background is applied."""
Size = tuple[int, int]
"""Width and height in pixels."""
WHITE = (255, 255, 255)

AXIAL, CORONAL, SAGITTAL = 0, 1, 2
PLANE_NAMES = ("axial", "coronal", "sagittal")


@dataclass(frozen=True)
class PlaneDescription:
    """One way to cut an image; pictures and slides have exactly one."""

    plane: int
    name: str
    width: int
    height: int
    frames: int
    pixel_size_um: tuple[float | None, float | None]


@dataclass(frozen=True)
class Description:
    """What is known of an image without showing it. Unknown is None, never 0. Sizes are those of plane 0."""

    format: str
    width: int
    height: int
    frames: int
    default_frame: int
    frame_names: tuple[str, ...] | None
    channels: int
    pixel_size_um: tuple[float | None, float | None, float | None]
    objective_power: float | None
    planes: tuple[PlaneDescription, ...]

    @property
    def opening_plane(self) -> PlaneDescription:
        """Where an image is first shown: a volume of few thick slices in the plane it was taken in, else plane 0."""
        fewest = min(self.planes, key=lambda plane: plane.frames)
        return fewest if 2 * fewest.frames < self.planes[0].frames else self.planes[0]

    def as_json(self) -> dict[str, Any]:  # Any: JSON
        """Lists, numbers, texts and nulls only."""
        return asdict(self)

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Self:
        """The inverse of `as_json`, also after a trip through JSON text."""
        x, y, z = told["pixel_size_um"]
        names = told["frame_names"]
        planes = tuple(_plane_from_json(plane) for plane in told["planes"])
        frame_names = None if names is None else tuple(names)
        return cls(**{**told, "pixel_size_um": (x, y, z), "frame_names": frame_names, "planes": planes})


def _plane_from_json(told: Mapping[str, Any]) -> PlaneDescription:
    x, y = told["pixel_size_um"]
    return PlaneDescription(**{**told, "pixel_size_um": (x, y)})


@dataclass(frozen=True)
class Channel:
    """One channel of an image whose channels are shown together, each in its colour."""

    name: str
    colour: str
    """Six lower-case hexadecimal digits, red first."""
    window: tuple[float, float]
    """The stored values that are shown as black and as the full colour unless other ones are asked for."""
    limits: tuple[float, float]
    """The smallest and the largest value that can be chosen."""
    shown: bool = True
    """Whether it is on unless other channels are asked for."""


@dataclass(frozen=True)
class Axis:
    """One of the directions in which frames follow each other."""

    name: str
    """z, t, scene, phase, page, volume, ..."""
    size: int
    step: float | None = None
    """Distance between two neighbours; None where it is unknown or uneven."""
    unit: str | None = None
    """um or s."""


@dataclass(frozen=True)
class Details:
    """What a file says beyond its Description. Never part of a fact: it can hold names, and is read when asked for."""

    pixel_size_source: str | None = None
    """Where the pixel size stands in the file, such as `aperio.MPP`; None where there is none."""
    scanner: str | None = None
    """Make and model of what took the image."""
    axes: tuple[Axis, ...] = ()
    """The directions of the frames, slowest first: frame = (index on axis 0 * size of axis 1 + index on axis 1) ..."""
    channels: tuple[Channel, ...] = ()
    """Empty for colour images and for one grey channel."""
    window: tuple[float, float] | None = None
    """The values shown as black and as white, where another window can be asked for."""
    window_limits: tuple[float, float] | None = None
    has_profile: bool = False
    """Whether the file holds an ICC profile that can be applied."""
    properties: Mapping[str, str] = field(default_factory=dict)
    """In the words of the format."""


def unheard(part: float) -> None:
    """For whoever does not want to know how far an opening is."""


@dataclass(frozen=True)
class OpenOptions:
    """Limits for opening a file, and where unpacked pixels may lie."""

    cache: Path
    identity: str
    """Names the content (its SHA-256): unpacked pixels in the cache are found again by it."""
    picture_max_pixels: int = 2**30
    volume_max_bytes: int = 8 * 2**30
    cache_max_bytes: int = 50 * 2**30
    progress: Callable[[float], None] = unheard
    """Told from 0 to 1 by openings that take long."""


@dataclass(frozen=True)
class Format:
    """One entry of the list of formats."""

    name: str
    recognises: Callable[[Path, bytes], bool]
    """Given the path and the first 4,096 bytes; never looks at a file's name. A folder has no bytes."""
    open: Callable[[Path, OpenOptions], "TileSource"]
    open_here: Callable[[Path, bytes, OpenOptions], "TileSource | None"] | None = None
    """For the web process itself: opens what is read by bounded tables, pread, memory maps and libjpeg-turbo alone, and
    answers None for every other file, without a parser having looked at it. Without this all its files are contained.
    """


class TileSource(ABC):
    """An open image. Safe to read from several threads; raises `TileError` and nothing else for a bad file."""

    @property
    @abstractmethod
    def description(self) -> Description:
        """What is known without showing it."""

    @property
    @abstractmethod
    def level_dimensions(self) -> tuple[Size, ...]:
        """Sizes of the stored levels of plane 0, largest first."""

    @property
    def level_downsamples(self) -> tuple[float, ...]:
        """How much smaller each level is than level 0; 1.0 first."""
        width, height = self.dimensions
        return tuple((width / w + height / h) / 2 for w, h in self.level_dimensions)

    @property
    def properties(self) -> Mapping[str, str]:
        """What the file says of itself, in the words of its format."""
        return {}

    @property
    def details(self) -> Details:
        """What the file says beyond the description."""
        return Details(properties=self.properties)

    @property
    def associated_images(self) -> Mapping[str, Size]:
        """Pictures beside the image, such as `label` and `macro`, by name. Labels can carry names of patients."""
        return {}

    def read_associated(self, name: str) -> Pixels:
        """The whole of one of them."""
        raise NoSuchTile(f"This image has no picture called {name}.")

    def under(self, look: Look) -> "TileSource":
        """The same image looked at otherwise: cheap, shares everything with this one, closed by closing this one."""
        if look == PLAIN:
            return self
        raise BadLook("This image has no channels, window or colour profile to choose.")

    @property
    def stored_tiles(self) -> tuple[Size | None, ...]:
        """For each stored level of plane 0 the size of its encoded tiles, where they can be handed on as they lie."""
        return (None,) * self.level_count

    @property
    def tiles_lie_in_tiff(self) -> bool:
        """Whether those are the JPEG tiles of the file's own TIFF directories of these sizes, found by `jpeg_tiles`."""
        return False

    @property
    def background(self) -> tuple[int, ...]:
        """The colour outside of the image, told to whoever reads those tiles without opening it."""
        return WHITE

    @property
    def most_pixels(self) -> float:
        """Of a stored level that may be decoded for one answer in this process."""
        return math.inf

    def check_work(self, pixels: int) -> None:
        """Leaves an answer that needs more of them than that to a child of the pool."""
        if pixels > self.most_pixels:
            raise Contained("This takes longer than a process may that others wait for.")

    def encoded_tile(self, level: int, column: int, row: int, frame: int = 0) -> bytes | None:
        """A whole JPEG file, as it lies in the image; None where the tile has to be made from pixels."""
        return None

    def decoded_tile(self, level: int, column: int, row: int, shrink: int = 1, frame: int = 0) -> Pixels | None:
        """A stored tile at 1, 1/2, 1/4 or 1/8 of its size by the decoder's own scaling; None where it cannot."""
        return None

    @property
    def dimensions(self) -> Size:
        """Size of level 0 of plane 0."""
        return self.level_dimensions[0]

    @property
    def level_count(self) -> int:
        """Number of stored levels."""
        return len(self.level_dimensions)

    @property
    def nFrames(self) -> int:  # noqa: N802 - the ancestor's name, which plugins know
        """Number of frames of plane 0."""
        return self.description.frames

    @property
    def made_levels(self) -> int:
        """How many of the last levels are not stored in the file but made from the others when first asked for."""
        return 0

    def dimensions_for_plane(self, plane: int) -> Size:
        """Size of level 0 of the plane."""
        described = self._plane(plane)
        return described.width, described.height

    def nframes_for_plane(self, plane: int) -> int:
        """Number of frames of the plane."""
        return self._plane(plane).frames

    def level_dimensions_for_plane(self, plane: int) -> tuple[Size, ...]:
        """Sizes of the stored levels of the plane; the other planes of a volume have one level."""
        return self.level_dimensions if plane == 0 else (self.dimensions_for_plane(plane),)

    def level_downsamples_for_plane(self, plane: int) -> tuple[float, ...]:
        """How much smaller each level of the plane is than its level 0."""
        return self.level_downsamples if plane == 0 else (1.0,)

    def get_best_level_for_downsample(self, downsample: float) -> int:
        """The smallest stored level that is still at least as sharp as asked for."""
        return best_level_for_downsample(self.level_downsamples, downsample)

    @abstractmethod
    def read_region(self, location: tuple[int, int], level: int, size: Size, frame: int = 0, plane: int = 0) -> Pixels:
        """Pixels of a stored level: `location` in level-0 pixels, `size` in pixels of the level.

        What lies outside the image is background.
        """

    def get_thumbnail(self, size: Size, frame: int = 0, plane: int = 0) -> Pixels:
        """The whole frame, in proportion, inside `size`."""
        width, height = self.dimensions_for_plane(plane)
        factor = max(1.0, width / size[0], height / size[1])
        level = best_level_for_downsample(self.level_downsamples_for_plane(plane), factor)
        whole = self.read_region((0, 0), level, self.level_dimensions_for_plane(plane)[level], frame, plane)
        return resized(whole, (max(1, round(width / factor)), max(1, round(height / factor))))

    @property
    @abstractmethod
    def cost(self) -> int:
        """Bytes of memory that the open image may come to hold."""

    @abstractmethod
    def close(self) -> None:
        """Gives up file and memory; harmless when repeated."""

    def _plane(self, plane: int) -> PlaneDescription:
        for described in self.description.planes:
            if described.plane == plane:
                return described
        raise NoSuchTile(f"This image has no plane {plane}.")

    def _check_frame(self, frame: int, plane: int) -> None:
        if not 0 <= frame < self.nframes_for_plane(plane):
            raise NoSuchTile(f"This image has no frame {frame}.")


def resized(pixels: Pixels, size: Size) -> Pixels:
    """Scaled by Lanczos with the two-step shortcut that Pillow's thumbnails (and so DeepZoomGenerator) use."""
    if (pixels.shape[1], pixels.shape[0]) == size:
        return pixels
    grey = pixels.shape[2] == 1
    image = Image.fromarray(pixels[:, :, 0] if grey else pixels)
    scaled = np.asarray(image.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0))
    return scaled[:, :, np.newaxis] if grey else scaled


def cut(level: Pixels, left: int, top: int, size: Size, background: int | tuple[int, ...] = 255) -> Pixels:
    """A rectangle of a decoded level; what lies outside has the background's shade or colour."""
    width, height = size
    inside = level[max(top, 0) : max(top + height, 0), max(left, 0) : max(left + width, 0)]
    if inside.shape[:2] == (height, width):
        return inside
    padded = np.full((height, width, level.shape[2]), background, np.uint8)
    padded[max(-top, 0) :, max(-left, 0) :][: inside.shape[0], : inside.shape[1]] = inside
    return padded
