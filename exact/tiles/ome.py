"""The OME header of a TIFF file (OME-XML): sizes, planes, channels and units, read without belief."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from xml.etree.ElementTree import Element, ParseError, fromstring

from exact.tiles.errors import DamagedFile, TooManyPixels
from exact.tiles.framed import MAX_CHANNELS, MAX_FRAMES, ToldChannel
from exact.tiles.source import Axis

MAX_XML_CHARACTERS = 32 * 2**20
MAX_PROPERTIES = 500
MAX_IMAGES = 4096
MICROMETRES = ("µm", "μm", "um", "micron", "microns", "micrometer", r"\u00B5m")
"""Both signs for micro are in use."""
UM_PER_UNIT = {
    "m": 1e6,
    "cm": 1e4,
    "mm": 1e3,
    "nm": 1e-3,
    "pm": 1e-6,
    "Å": 1e-4,
    "inch": 25_400.0,
    "meter": 1e6,
    "centimeter": 1e4,
    "millimeter": 1e3,
    "nanometer": 1e-3,
    "picometer": 1e-6,
    "angstrom": 1e-4,
    **dict.fromkeys(MICROMETRES, 1.0),
}
S_PER_UNIT = {
    "s": 1.0,
    "ms": 1e-3,
    "min": 60.0,
    "h": 3600.0,
    "second": 1.0,
    "sec": 1.0,
    "millisecond": 1e-3,
    "microsecond": 1e-6,
    "minute": 60.0,
    "hour": 3600.0,
}
MICROSCOPE_NAMES = ("Manufacturer", "Model")
WHITE = 0xFFFFFF


@dataclass(frozen=True)
class StoredPlane:
    """Where a plane lies."""

    file: str | None
    """Name of another file of the same set; None for the file that holds the header."""
    uuid: str | None
    directory: int


class OmeImage:
    """One `Image` of the header."""

    def __init__(self, root: Element, image: Element) -> None:
        self._root = root
        self._image = image
        self._pixels = _child(image, "Pixels")
        self.name = image.get("Name", "")
        self.size_x, self.size_y = _count(self._pixels, "SizeX"), _count(self._pixels, "SizeY")
        self.size_z, self.size_t = _count(self._pixels, "SizeZ"), _count(self._pixels, "SizeT")
        self.size_c = _count(self._pixels, "SizeC")
        self.dtype = self._pixels.get("Type", "")
        if self.size_z * self.size_t > MAX_FRAMES or self.size_c > MAX_CHANNELS:
            raise TooManyPixels(f"The image has more than {MAX_FRAMES:,} frames or {MAX_CHANNELS} channels.")

    @cached_property
    def _channels(self) -> list[Element]:
        return list(islice(_children(self._pixels, "Channel"), MAX_CHANNELS))

    def stored_channels(self, samples: int) -> int:
        """Pages per frame, when each has so many values per pixel."""
        if self.size_c % samples:
            raise DamagedFile("The OME header contradicts the file: its channels fill no whole number of pages.")
        return self.size_c // samples

    @property
    def axes(self) -> tuple[Axis, ...]:
        """Time slowest, then depth."""
        seconds = scaled(self._pixels.get("TimeIncrement"), self._pixels.get("TimeIncrementUnit", "s"), S_PER_UNIT)
        micrometres = self.pixel_size_um[2]
        return (
            Axis("t", self.size_t, seconds, "s" if seconds else None),
            Axis("z", self.size_z, micrometres, "um" if micrometres else None),
        )

    @property
    def pixel_size_um(self) -> tuple[float | None, float | None, float | None]:
        """None where the file says nothing, or a size in pixels."""
        x, y, z = (
            scaled(
                self._pixels.get(f"PhysicalSize{axis}"), self._pixels.get(f"PhysicalSize{axis}Unit", "µm"), UM_PER_UNIT
            )
            for axis in "XYZ"
        )
        return x, y, z

    @property
    def channels(self) -> tuple[ToldChannel, ...]:
        """Names and colours."""
        colours = [_colour(channel.get("Color")) for channel in self._channels]
        meant = any(colour not in (None, "ffffff") for colour in colours)
        told = [
            ToldChannel(channel.get("Name") or channel.get("Fluor") or "", colour if meant else None)
            for channel, colour in zip(self._channels, colours, strict=True)
        ]
        several = self.size_c // max(1, len(told))
        spread = [channel for channel in told for _ in range(several)]
        return tuple([*spread, *[ToldChannel()] * self.size_c][: self.size_c])

    @property
    def objective_power(self) -> float | None:
        """The nominal magnification of the objective that the image refers to."""
        wanted = next((found.get("ID") for found in _children(self._image, "ObjectiveSettings")), None)
        for objective in _all(self._root, "Objective"):
            if wanted is None or objective.get("ID") == wanted:
                return _number(objective.get("NominalMagnification"))
        return None

    @property
    def scanner(self) -> str | None:
        """Make and model of the microscope."""
        for microscope in _all(self._root, "Microscope"):
            told = " ".join(filter(None, (microscope.get(name) for name in MICROSCOPE_NAMES)))
            if told:
                return told
        return None

    @property
    def position_z(self) -> float | None:
        """Of the first plane."""
        return next((_number(plane.get("PositionZ"), signed=True) for plane in _children(self._pixels, "Plane")), None)

    def is_like(self, other: "OmeImage") -> bool:
        """Whether both have the same sizes and values."""
        return _sizes(self) == _sizes(other)

    @property
    def properties(self) -> dict[str, str]:
        """Attributes of the image and its parts, the exposure among them."""
        told = {f"ome.{name}": text for element in (self._image, self._pixels) for name, text in element.items()}
        for number, channel in enumerate(self._channels):
            told |= {f"ome.Channel[{number}].{name}": text for name, text in channel.items()}
            told |= _exposure(number, _children(self._pixels, "Plane"))
        for date in _children(self._image, "AcquisitionDate"):
            told["ome.AcquisitionDate"] = date.text or ""
        return dict(islice(told.items(), MAX_PROPERTIES))

    @cached_property
    def files(self) -> set[str | None]:
        """Names of the files in which its planes lie."""
        blocks = _children(self._pixels, "TiffData")
        return {uuid.get("FileName") for block in blocks for uuid in _children(block, "UUID")}

    def stored_planes(self, samples: int) -> dict[tuple[int, int, int], StoredPlane]:
        """(t, z, page among the channels) of every plane that the header names."""
        order = self._pixels.get("DimensionOrder", "XYZCT")[2:]
        if sorted(order) != ["C", "T", "Z"]:
            raise DamagedFile("The OME header names its dimensions in an order that makes no sense.")
        sizes = {"Z": self.size_z, "T": self.size_t, "C": self.stored_channels(samples)}
        total = self.size_z * self.size_t * sizes["C"]
        found: dict[tuple[int, int, int], StoredPlane] = {}
        steps = 0
        for block in islice(_children(self._pixels, "TiffData"), total):
            for at in range(_planes_of(block, total)):
                steps += 1
                if steps > 2 * total:
                    raise DamagedFile("The OME header names the same planes again and again: it is damaged.")
                place = _place(_start(block, order, sizes, samples) + at, order, sizes)
                if place is None:
                    break
                found[place["T"], place["Z"], place["C"]] = _stored(block, at)
        return found


def parse(text: str) -> list[OmeImage]:
    """The images of a header. Raises a TileError for anything that is no OME-XML."""
    if len(text) > MAX_XML_CHARACTERS or "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise DamagedFile("The OME header of the file is too large or made to harm.")
    try:
        root = fromstring(text.strip().rstrip("\0").encode())  # noqa: S314 - has no DTD
    except (ParseError, ValueError, RecursionError) as error:
        raise DamagedFile(f"The OME header of the file is no XML: {error}.") from error
    return [OmeImage(root, image) for image in islice(_children(root, "Image"), MAX_IMAGES)]


def _sizes(image: OmeImage) -> tuple[object, ...]:
    return (image.size_x, image.size_y, image.size_z, image.size_t, image.size_c, image.dtype)


def files_named(images: Iterable[OmeImage]) -> set[str]:
    """Names of the files in which the planes lie."""
    return {name for image in images for name in image.files if name}


def uuid_of(text: str) -> str | None:
    """The file's own name for itself, and of the companion file that holds the header in its place."""
    try:
        return fromstring(text.strip().rstrip("\0").encode()).get("UUID")  # noqa: S314 - parsed before
    except (ParseError, ValueError):
        return None


def scaled(text: str | None, unit: str, units: Mapping[str, float]) -> float | None:
    """A positive number in the wanted unit; None when number or unit are unknown."""
    number, factor = _number(text), units.get(unit)
    return number * factor if number and factor else None


def _start(block: Element, order: str, sizes: Mapping[str, int], samples: int) -> int:
    first = {axis: _index(block, f"First{axis}") for axis in "ZTC"}
    first["C"] //= samples
    return first[order[0]] + sizes[order[0]] * (first[order[1]] + sizes[order[1]] * first[order[2]])


def _place(number: int, order: str, sizes: Mapping[str, int]) -> dict[str, int] | None:
    place = {}
    for axis in order:
        number, place[axis] = divmod(number, sizes[axis])
    return None if number else place


def _planes_of(block: Element, total: int) -> int:
    """How many planes follow each other; all when nothing is said, one when only the first is named."""
    told = block.get("PlaneCount")
    if told is not None:
        return min(_index(block, "PlaneCount"), total)
    return 1 if block.get("IFD") is not None else total


def _stored(block: Element, at: int) -> StoredPlane:
    for uuid in _children(block, "UUID"):
        return StoredPlane(uuid.get("FileName"), (uuid.text or "").strip(), _index(block, "IFD") + at)
    return StoredPlane(None, None, _index(block, "IFD") + at)


def _exposure(number: int, planes: Iterable[Element]) -> dict[str, str]:
    for plane in planes:
        if plane.get("TheC") == str(number) and plane.get("ExposureTime"):
            unit = plane.get("ExposureTimeUnit", "s")
            return {f"ome.Channel[{number}].ExposureTime": f"{plane.get('ExposureTime')} {unit}"}
    return {}


def _colour(text: str | None) -> str | None:
    """A signed number of 32 bits: red, green, blue, opacity."""
    try:
        return f"{(int(text or '') >> 8) & WHITE:06x}"
    except ValueError:
        return None


def _count(element: Element, name: str) -> int:
    count = _index(element, name)
    if count < 1:
        raise DamagedFile(f"The OME header of the file has no sensible {name}.")
    return count


def _index(element: Element, name: str) -> int:
    try:
        number = int(element.get(name, "0"))
    except ValueError:
        number = -1
    if not 0 <= number < 2**31:
        raise DamagedFile(f"The OME header of the file has no sensible {name}.")
    return number


def _number(text: str | None, *, signed: bool = False) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    finite = abs(number) < float("inf")
    return number if finite and (signed or number > 0) else None


def _children(element: Element, name: str) -> Iterator[Element]:
    """Whatever the version of the schema is."""
    return (child for child in element if _local(child) == name)


def _all(element: Element, name: str) -> Iterator[Element]:
    return (found for found in element.iter() if _local(found) == name)


def _child(element: Element, name: str) -> Element:
    for child in _children(element, name):
        return child
    raise DamagedFile(f"The OME header of the file has an image without {name}.")


def _local(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]  # the tag of a comment is a function
