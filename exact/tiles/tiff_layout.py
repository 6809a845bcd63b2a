"""Where the frames and channels of a TIFF file lie that has no OME header: ImageJ's stacks, and pages of one kind."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from exact.tiles import ome, tiff_pages
from exact.tiles.errors import TooManyPixels
from exact.tiles.framed import MAX_FRAMES, Told, ToldChannel, is_level
from exact.tiles.source import Axis
from exact.tiles.tiff_pages import TiffPages

if TYPE_CHECKING:  # loaded with the first file that needs it
    from tifffile import TiffPage

SANE_PIXEL_SIZE_UM = (0.02, 20.0)
"""A resolution outside of this range means dots per inch of a screen or of paper, or nothing."""
UM_PER_RESOLUTION_UNIT = {2: 25_400.0, 3: 10_000.0}
BITS = ToldChannel(window=(0.0, 1.0), limits=(0.0, 1.0))


@dataclass(frozen=True)
class Place:
    """Where the values of one channel of one frame lie."""

    file: int
    page: int
    sample: int = 0
    behind: int = 0


@dataclass(frozen=True)
class Layout:
    """A file understood: what it says, and where each plane lies."""

    told: Told
    places: Mapping[int, Place]
    """By frame * channels + channel; what is missing is black."""
    level_pages: tuple[int, ...] = (0,)
    """Pages that hold smaller levels of the only frame; other images have their levels below each page."""
    associated: Mapping[str, Place] = field(default_factory=dict)
    """Label, macro and the like."""


def is_coloured(page: "TiffPage") -> bool:
    """Whether its values are red, green and blue when they are read."""
    return tiff_pages.is_colour(page) or tiff_pages.is_palette(page)


def layout(path: Path, pages: TiffPages) -> Layout:
    """Pages of one kind are frames; ImageJ and tifffile say which are channels, depths and times."""
    first = pages.page(0)
    equal = tiff_pages.equal_pages(path)
    colour, samples = is_coloured(first), first.samplesperpixel
    told = imagej(first)
    axes, channels = axes_of(first, told, len(equal), is_final=first.is_final and not first.is_tiled)
    count = int(np.prod([axis.size for axis in axes], dtype=object)) * channels
    if count > MAX_FRAMES:
        raise TooManyPixels(f"The TIFF file has {count:,} images; at most {MAX_FRAMES:,} are taken.")
    places = [Place(0, equal[0], behind=n) if len(equal) == 1 else Place(0, equal[n]) for n in range(count)]
    per_page = 1 if colour else samples
    spread = {n * per_page + s: replace(place, sample=s) for n, place in enumerate(places) for s in range(per_page)}
    size_um, source = pixel_size_um(first, told)
    step_um = next((axis.step for axis in axes if axis.name == "z"), None)
    return Layout(
        Told(
            format="tiff",
            channels=plain_channels(pages, told, 1 if colour else channels * samples),
            colour=colour,
            axes=axes,
            labels={"page": tuple(f"page {n + 1}" for n in range(len(equal)))},
            pixel_size_um=(*size_um, step_um),
            pixel_size_source=source,
            properties=properties(first, told),
        ),
        spread,
        level_pages=level_pages(pages) if count == 1 else (0,),
    )


def imagej(page: "TiffPage") -> dict[str, str]:
    """The lines of ImageJ's description; empty for files of other programs."""
    if not page.description.startswith("ImageJ="):
        return {}
    lines = islice(page.description[:65_536].splitlines(), 200)
    return {name.strip(): text.strip() for name, _, text in (line.partition("=") for line in lines)}


def axes_of(page: "TiffPage", told: Mapping[str, str], pages: int, *, is_final: bool) -> tuple[tuple[Axis, ...], int]:
    """Directions of the frames, and how many pages in a row are channels of one frame."""
    images = max(pages, whole(told, "images")) if is_final and pages == 1 else pages
    channels, slices, times = (whole(told, name) for name in ("channels", "slices", "frames"))
    if told and channels * slices * times == images:
        step = positive(told.get("spacing")), positive(told.get("finterval"))
        um = ome.UM_PER_UNIT.get(told.get("unit", ""))
        z = Axis("z", slices, step[0] * um, "um") if step[0] and um else Axis("z", slices)
        return (Axis("t", times, step[1], "s" if step[1] else None), z), channels
    shaped = shaped_axes(page, images)
    if shaped is not None:
        return shaped
    return ((Axis("page", images),) if images > 1 else ()), 1


def shaped_axes(page: "TiffPage", images: int) -> tuple[tuple[Axis, ...], int] | None:
    """From the JSON that tifffile writes: known axes in the order t, z, c; None for all others."""
    if not page.is_shaped:
        return None
    try:
        told = json.loads(page.description)
    except (ValueError, RecursionError):
        return None
    letters, shape = (told.get("axes"), told.get("shape")) if isinstance(told, dict) else (None, None)
    if not isinstance(letters, str) or not isinstance(shape, list) or len(letters) != len(shape):
        return None
    sizes = {letter: size for letter, size in zip(letters, shape, strict=True) if letter in "TZC"}
    in_order = [letter for letter in letters if letter in sizes] == [letter for letter in "TZC" if letter in sizes]
    if not in_order or not all(isinstance(size, int) and size > 0 for size in sizes.values()):
        return None
    if int(np.prod(list(sizes.values()), dtype=object)) != images:
        return None
    axes = tuple(Axis(letter.lower(), sizes[letter]) for letter in "TZ" if letter in sizes)
    return axes, sizes.get("C", 1)


def plain_channels(pages: TiffPages, told: Mapping[str, str], count: int) -> tuple[ToldChannel, ...]:
    """ImageJ says names, colours and windows of its channels."""
    if tiff_pages.raw_dtype(pages.page(0)) == np.bool_:
        return (BITS,) * count
    window = signed(told.get("min")), signed(told.get("max"))
    if count == 1 and window[0] is not None and window[1] is not None and window[0] < window[1]:
        return (ToldChannel(window=(window[0], window[1])),)
    return imagej_channels(pages, count) if told else (ToldChannel(),) * count


def imagej_channels(pages: TiffPages, count: int) -> tuple[ToldChannel, ...]:
    """From the tables behind ImageJ's own tags."""
    stored: Mapping[str, Any] = pages.file.imagej_metadata or {}  # Any: numbers, texts and tables
    tables, ranges = stored.get("LUTs") or (), stored.get("Ranges") or ()
    colours = [bytes(np.asarray(table)[:, -1].astype(np.uint8)).hex() for table in islice(tables, count)]
    named = len(colours) == count and set(colours) != {"ffffff"}
    windows = [(float(low), float(high)) for low, high in zip(ranges[::2], ranges[1::2], strict=False) if low < high]
    return tuple(
        ToldChannel(colour=colours[n] if named else None, window=windows[n] if len(windows) == count else None)
        for n in range(count)
    )


def level_pages(pages: TiffPages) -> tuple[int, ...]:
    """Pages behind the first that are smaller copies of it."""
    first, found = pages.page(0), [0]
    size = full = (first.imagewidth, first.imagelength)
    for number in range(1, min(len(pages.chain), 32)):
        page = pages.page(number)
        smaller = (page.imagewidth, page.imagelength)
        alike = (page.dtype, page.samplesperpixel, page.photometric) == (
            first.dtype,
            first.samplesperpixel,
            first.photometric,
        )
        if alike and is_level(smaller, size, full) and (page.is_tiled or page.is_reduced):
            found.append(number)
            size = smaller
    return tuple(found)


def pixel_size_um(page: "TiffPage", told: Mapping[str, str]) -> tuple[tuple[float | None, float | None], str | None]:
    """Of ImageJ's unit, else of the resolution when it can be one of a microscope."""
    x, y = page.resolution
    um = ome.UM_PER_UNIT.get(told.get("unit", ""))
    if um and x > 0 and y > 0:
        return (um / x, um / y), "imagej.unit"
    um = UM_PER_RESOLUTION_UNIT.get(int(page.resolutionunit))
    lowest, highest = SANE_PIXEL_SIZE_UM
    if um and x > 0 and y > 0 and all(lowest <= um / along <= highest for along in (x, y)):
        return (um / x, um / y), "tiff.XResolution"
    return (None, None), None


def properties(page: "TiffPage", told: Mapping[str, str]) -> dict[str, str]:
    """What the first page says in words."""
    names = ("Software", "DateTime", "Artist", "Make", "Model", "ImageDescription")
    tags = {name: page.tags.get(name) for name in names}
    found = {f"tiff.{name}": str(tag.value)[:4096] for name, tag in tags.items() if tag is not None}
    return found | {f"imagej.{name}": text for name, text in told.items()}


def whole(told: Mapping[str, str], name: str) -> int:
    """A positive whole number, 1 when there is none."""
    text = told.get(name, "")
    return max(1, int(text)) if text.isdecimal() and len(text) < 8 else 1


def positive(text: str | None) -> float | None:
    """A number above zero."""
    number = signed(text)
    return number if number is not None and number > 0 else None


def signed(text: str | None) -> float | None:
    """A finite number."""
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if abs(number) < float("inf") else None
