"""Zeiss CZI: scenes, phases, times and depths as frames; channels; mosaics put together; smaller stored copies used.

Tried with real files: mosaics, scenes, smaller copies, 8 and 16 bits, Zstandard, phases of an Airyscan; with files
made in the tests: colour, JPEG XR. Scenes of different sizes lie in the corner of the largest. Planes that were
never taken are black. Slides in colour are left to OpenSlide where it can open them. Limits: one file (no parts),
65,536 frames, 64 channels, 500,000 sub-blocks of 256 MiB each. Left out: complex numbers, several channels in
colour, drawings and masks.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, ParseError, fromstring

import imagecodecs
import numpy as np
from typing_extensions import override

from exact.tiles.blocks import Box, RecentBlocks, Values, paste, shrunk
from exact.tiles.czi_blocks import MAGIC, Attachment, CziFile, SubBlock
from exact.tiles.errors import DamagedFile, TooManyPixels, UnsupportedContent
from exact.tiles.framed import MAX_CHANNELS, MAX_FRAMES, FramedImage, Planes, Told, ToldChannel, parsing
from exact.tiles.source import Axis, Format, OpenOptions, Pixels, Size, TileSource

AXES = {"S": "scene", "V": "view", "R": "rotation", "I": "illumination", "B": "block", "H": "phase", "T": "t", "Z": "z"}
"""Slowest first."""
BLOCKS_BYTES = 24 * 2**20
MAX_SIDE_PX = 2**24
MAX_PROPERTIES = 500
UM_PER_M = 1e6
LEVELS = (2, 3, 4, 8, 9, 16, 27, 32, 64, 81, 128, 243, 256)
"""By how much smaller copies are smaller; other ones are passed over."""
ASSOCIATED = {"Thumbnail": "thumbnail"}
LARGEST_VALUE = {"u1": 255.0, "u2": 65_535.0}
SHOWN_PROPERTIES = ("Information/Image", "Information/Document", "Information/Instrument", "Information/Application")


@dataclass(frozen=True)
class Rectangle:
    """Of one scene, in the pixels of the slide."""

    left: int
    top: int
    width: int
    height: int


Key = tuple[int, int]
"""Frame and channel."""


class CziPlanes(Planes):
    """Sub-blocks by frame, channel and level."""

    def __init__(self, file: CziFile) -> None:
        self._file = file
        blocks = file.sub_blocks
        self.first = blocks[0]
        self.indexes = {letter: sorted({block.places.get(letter, 0) for block in blocks}) for letter in (*AXES, "C")}
        self._check()
        self._dtype = np.result_type(*{block.dtype for block in blocks})
        if {block.samples > 1 for block in blocks} == {True, False}:
            raise UnsupportedContent("The CZI file mixes colour and grey: save its channels apart.")
        self._scenes = [scene_rectangle(blocks, scene) for scene in self.indexes["S"]]
        self.size = (max(scene.width for scene in self._scenes), max(scene.height for scene in self._scenes))
        if max(self.size) > MAX_SIDE_PX:
            raise DamagedFile(f"The parts of the CZI file lie more than {MAX_SIDE_PX:,} pixels apart: it is damaged.")
        self._blocks = self._by_place(blocks)
        self._factors = (1, *(factor for factor in self._stored_factors() if self._is_level(factor)))
        self._recent = RecentBlocks(BLOCKS_BYTES)

    def _check(self) -> None:
        frames = int(np.prod([len(self.indexes[letter]) for letter in AXES], dtype=object))
        if frames > MAX_FRAMES or len(self.indexes["C"]) > MAX_CHANNELS:
            raise TooManyPixels(f"The CZI file has more than {MAX_FRAMES:,} frames or {MAX_CHANNELS} channels.")

    def _by_place(self, blocks: Sequence[SubBlock]) -> Mapping[Key, Mapping[int, list[SubBlock]]]:
        """Those on top of a mosaic come last."""
        found: dict[Key, dict[int, list[SubBlock]]] = defaultdict(lambda: defaultdict(list))
        number = {letter: {place: n for n, place in enumerate(places)} for letter, places in self.indexes.items()}
        for block in sorted(blocks, key=lambda block: block.places.get("M", 0)):
            frame = 0
            for letter in AXES:
                frame = frame * len(self.indexes[letter]) + number[letter][block.places.get(letter, 0)]
            found[frame, number["C"][block.places.get("C", 0)]][block.factor].append(block)
        return {key: dict(levels) for key, levels in found.items()}

    def _stored_factors(self) -> list[int]:
        return [factor for factor in LEVELS if any(factor in levels for levels in self._blocks.values())]

    def _is_level(self, factor: int) -> bool:
        """Whether a smaller copy is still an image."""
        return min(self.size) // factor >= 16

    @property
    @override
    def level_dimensions(self) -> tuple[Size, ...]:
        width, height = self.size
        return tuple((-(-width // factor), -(-height // factor)) for factor in self._factors)

    @property
    @override
    def dtype(self) -> np.dtype[Any]:
        return self._dtype

    @override
    def read(self, level: int, frame: int, channel: int, box: Box) -> Values:
        colour = self.first.samples > 1
        onto = np.zeros((box.height, box.width, *[3] * colour), self._dtype)
        levels = self._blocks.get((frame, channel), {})
        factor = self._factors[level]
        if factor in levels:
            for block, left, top in self._seen(levels[factor], self._scene(frame), factor, box):
                values = self._values(block)
                paste(onto, values if onto.ndim == 3 else values[:, :, 0], left, top)
        elif 1 in levels:
            return self._from_full_size(frame, channel, factor, box)
        return onto

    @override
    def is_empty(self, level: int, frame: int, channel: int, box: Box) -> bool:
        levels, factor = self._blocks.get((frame, channel), {}), self._factors[level]
        seen = self._seen(levels.get(factor, ()), self._scene(frame), factor, box)
        return (factor in levels or 1 not in levels) and next(seen, None) is None

    def _scene(self, frame: int) -> Rectangle:
        return self._scenes[frame * len(self._scenes) // self._frames]

    @cached_property
    def _frames(self) -> int:
        return int(np.prod([len(self.indexes[letter]) for letter in AXES]))

    def _seen(
        self, blocks: Iterable[SubBlock], scene: Rectangle, factor: int, box: Box
    ) -> Iterator[tuple[SubBlock, int, int]]:
        """Blocks that reach into the box, and where they begin in it."""
        for block in blocks:
            left = (block.x.start - scene.left) // factor - box.left
            top = (block.y.start - scene.top) // factor - box.top
            if left < box.width and top < box.height and left + block.x.stored > 0 and top + block.y.stored > 0:
                yield block, left, top

    def _values(self, block: SubBlock) -> Values:
        if block.compression == 0:
            return self._file.values(block)
        return self._recent.get_or_make(block.position, lambda: self._file.values(block))

    def _from_full_size(self, frame: int, channel: int, factor: int, box: Box) -> Values:
        """A scene too small to have smaller copies among larger ones that have them."""
        width, height = (
            min(side, self.size[axis] - at * factor)
            for axis, at, side in ((0, box.left, box.width * factor), (1, box.top, box.height * factor))
        )
        return shrunk(self.read(0, frame, channel, Box(box.left * factor, box.top * factor, width, height)), factor)

    @property
    @override
    def cost(self) -> int:
        return BLOCKS_BYTES + len(self._file.sub_blocks) * 1000

    @override
    def close(self) -> None:
        self._recent.clear()
        self._file.close()


class CziImage(FramedImage):
    """With the pictures that the microscope's program put into the file."""

    def __init__(self, file: CziFile, planes: CziPlanes, told: Told) -> None:
        super().__init__(planes, told)
        self._file = file

    @cached_property
    def _pictures(self) -> Mapping[str, Attachment]:
        known = {attachment.name: attachment for attachment in self._file.attachments if attachment.kind == "JPG"}
        return {name: known[stored] for stored, name in ASSOCIATED.items() if stored in known}

    @property
    @override
    def associated_images(self) -> Mapping[str, Size]:
        sizes = {}
        for name in self._pictures:
            pixels = self.read_associated(name)
            sizes[name] = (pixels.shape[1], pixels.shape[0])
        return sizes

    @override
    def read_associated(self, name: str) -> Pixels:
        if name not in self._pictures:
            return super().read_associated(name)
        with parsing("picture inside the CZI file"):
            pixels = np.asarray(imagecodecs.jpeg8_decode(self._file.attached(self._pictures[name])), np.uint8)
        return pixels if pixels.ndim == 3 else pixels[:, :, np.newaxis]


def recognises(path: Path, head: bytes) -> bool:  # noqa: ARG001 - the head is enough
    """By the name of the first segment."""
    return head.startswith(MAGIC)


def open_czi(path: Path, options: OpenOptions) -> TileSource:  # noqa: ARG001 - all formats open alike
    """Reads directory and metadata; pixels when they are asked for."""
    file = CziFile(path)
    try:
        with parsing("CZI file"):
            planes = CziPlanes(file)
            return CziImage(file, planes, told_by(file, planes))
    except BaseException:
        file.close()
        raise


def scene_rectangle(blocks: Sequence[SubBlock], scene: int) -> Rectangle:
    """Around all blocks of full size; where a file has only smaller ones, around those."""
    own = [block for block in blocks if block.places.get("S", 0) == scene]
    full = [block for block in own if block.factor == 1] or own
    left, top = min(block.x.start for block in full), min(block.y.start for block in full)
    right = max(block.x.start + block.x.size for block in full)
    bottom = max(block.y.start + block.y.size for block in full)
    return Rectangle(left, top, right - left, bottom - top)


# what the XML tells


def told_by(file: CziFile, planes: CziPlanes) -> Told:
    """Sizes, names and colours; a file without metadata is shown without them."""
    root = parsed(file.metadata)
    sizes = (distance_um(root, "X"), distance_um(root, "Y"), distance_um(root, "Z"))
    colour = planes.first.samples > 1
    if colour and len(planes.indexes["C"]) > 1:
        raise UnsupportedContent("The CZI file has several channels in colour: save its channels apart.")
    steps = {"z": (sizes[2], "um"), "t": (interval_s(root), "s")}
    axes = tuple(axis(name, len(planes.indexes[letter]), steps.get(name)) for letter, name in AXES.items())
    return Told(
        format="czi",
        channels=(ToldChannel(),) if colour else channels(root, planes),
        colour=colour,
        axes=axes,
        labels=scene_names(root, planes.indexes["S"]),
        pixel_size_um=sizes,
        pixel_size_source="czi.Scaling" if sizes[0] else None,
        objective_power=number(first_text(root, "Information/Instrument/Objectives/Objective/NominalMagnification")),
        scanner=scanner(root),
        properties=properties(root),
    )


def axis(name: str, size: int, step: tuple[float | None, str] | None) -> Axis:
    """With its step where one is known."""
    return Axis(name, size, *step) if step and step[0] else Axis(name, size)


def parsed(text: str) -> Element:
    """The element `Metadata`; an empty one for what is no XML."""
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise DamagedFile("The metadata of the CZI file are made to harm.")
    try:
        root = fromstring(text.strip().strip("\0")) if text.strip() else Element("none")  # noqa: S314 - has no DTD
    except (ParseError, ValueError, RecursionError):
        return Element("none")
    return root if root.tag == "Metadata" else root.find("Metadata") or Element("none")


def first_text(root: Element, path: str) -> str:
    """Of the first element there; empty when there is none."""
    return (root.findtext(path) or "").strip()


def number(text: str | None) -> float | None:
    """A finite number above zero."""
    value = signed(text)
    return value if value is not None and value > 0 else None


def signed(text: str | None) -> float | None:
    """A finite number."""
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if abs(value) < float("inf") else None


def distance_um(root: Element, letter: str) -> float | None:
    """The size of a pixel; the file holds metres."""
    for distance in root.findall("Scaling/Items/Distance"):
        if distance.get("Id") == letter:
            metres = number(distance.findtext("Value"))
            return round(metres * UM_PER_M, 9) if metres else None
    return None


def interval_s(root: Element) -> float | None:
    """Between two times, where it is always the same."""
    path = "Information/Image/Dimensions/T/Positions/"
    told = number(first_text(root, path + "Interval/Increment"))
    offsets = [signed(text) for text in islice(first_text(root, path + "List/Offsets").split(), MAX_FRAMES)]
    steps = np.diff([offset for offset in offsets if offset is not None])
    return told or (
        float(steps[0]) if len(steps) and steps[0] > 0 and np.allclose(steps, steps[0], rtol=0.01) else None
    )


def channels(root: Element, planes: CziPlanes) -> tuple[ToldChannel, ...]:
    """Names, colours and windows as Zeiss's program showed them last."""
    known = by_number(root.findall("Information/Image/Dimensions/Channels/Channel"))
    shown = by_number(root.findall("DisplaySetting/Channels/Channel"))
    return tuple(channel_told(known.get(n), shown.get(n), planes.first.dtype) for n in planes.indexes["C"])


def by_number(elements: Sequence[Element]) -> dict[int, Element]:
    """By the number in their `Id`, such as Channel:1; in their order when they have other ones."""
    ids = [(element.get("Id") or "").removeprefix("Channel:") for element in elements]
    told = len(set(ids)) == len(ids) and all(text.isdecimal() and len(text) < 6 for text in ids)
    return {int(text) if told else n: element for n, (text, element) in enumerate(zip(ids, elements, strict=True))}


def channel_told(known: Element | None, shown: Element | None, dtype: np.dtype[Any]) -> ToldChannel:
    """What image and display say of one channel."""
    known, shown = (Element("none") if element is None else element for element in (known, shown))
    name = known.get("Name") or shown.get("Name") or ""
    dye = known.findtext("Fluor") or shown.findtext("DyeName") or ""
    colour = shown.findtext("Color") or known.findtext("Color")
    return ToldChannel(
        f"{name} ({dye})" if dye and name and dye != name else name or dye, hexadecimal(colour), window(shown, dtype)
    )


def hexadecimal(text: str | None) -> str | None:
    """From #AARRGGBB."""
    digits = (text or "").removeprefix("#").lower()[-6:]
    return digits if len(digits) == 6 and all(digit in "0123456789abcdef" for digit in digits) else None


def window(shown: Element, dtype: np.dtype[Any]) -> tuple[float, float] | None:
    """Low and high are parts of the number type's range."""
    largest = LARGEST_VALUE.get(dtype.str[1:])
    high = number(shown.findtext("High"))
    low = signed(shown.findtext("Low")) or 0.0
    return (low * largest, high * largest) if largest and high and 0 <= low < high <= 1 else None


def scene_names(root: Element, scenes: Sequence[int]) -> dict[str, tuple[str, ...]]:
    """Such as the well of a plate; only when all scenes have different names."""
    told = {
        scene.get("Index"): scene.get("Name", "")
        for scene in root.findall("Information/Image/Dimensions/S/Scenes/Scene")
    }
    names = tuple(told.get(str(scene), "") for scene in scenes)
    return {"scene": tuple(f"scene={name}" for name in names)} if all(names) and len(set(names)) == len(names) else {}


def scanner(root: Element) -> str | None:
    """The microscope's stand."""
    for microscope in root.findall("Information/Instrument/Microscopes/Microscope"):
        told = microscope.findtext("System") or microscope.get("Name")
        if told:
            return f"Zeiss {told}"
    return None


def properties(root: Element) -> dict[str, str]:
    """Texts and attributes below the parts that describe image and instrument, by their path."""
    found: dict[str, str] = {}
    for part in SHOWN_PROPERTIES:
        element = root.find(part)
        for name, text in islice(
            texts(element, part.rpartition("/")[2]) if element is not None else (), MAX_PROPERTIES
        ):
            found.setdefault(f"czi.{name}", text[:1000])
    return dict(islice(found.items(), MAX_PROPERTIES))


def texts(element: Element, path: str) -> Iterator[tuple[str, str]]:
    """Path and text of everything below, exposure times among them."""
    name = element.get("Id") or element.get("Name")
    here = f"{path}[{name}]" if name else path
    if (element.text or "").strip():
        yield here, (element.text or "").strip()
    for child in element:
        yield from texts(child, f"{here}.{child.tag}")


FORMAT = Format("CZI", recognises, open_czi)
