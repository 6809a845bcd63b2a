"""OME-Zarr (NGFF 0.1 to 0.5, Zarr 2 and 3): a folder of chunks in several levels, with times, depths and channels.

A folder, or a zip of it. Axes in any order that ends in y and x; names, colours and windows of OMERO; of stores
that Bio-Formats made the first image. Values of 8 to 64 bits; Blosc, Zstandard, gzip, LZ4, bzip2, LZMA; other
codecs are refused, some of them (pickle) would run what the file says. Chunks of 256 MiB. Left out: plates, labels,
several images of a store.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from typing_extensions import override

from exact.tiles import zarr_arrays
from exact.tiles.blocks import Box, RecentBlocks, Values, assembled
from exact.tiles.errors import DamagedFile, UnsupportedContent
from exact.tiles.folders import visible
from exact.tiles.framed import FramedImage, Planes, Told, ToldChannel, is_level, parsing
from exact.tiles.ome import S_PER_UNIT, UM_PER_UNIT
from exact.tiles.source import Axis, Format, OpenOptions, Size, TileSource
from exact.tiles.zarr_arrays import Json

if TYPE_CHECKING:
    import zarr

ORDER = "tczyx"
"""Of stores that name no axes."""
MAX_LEVELS = 32
MAX_NESTED = 4
BLOCKS_BYTES = 24 * 2**20


@dataclass(frozen=True)
class Multiscale:
    """One image of the store, checked."""

    folder: Path
    letters: tuple[str, ...]
    """Names of the axes, y and x last."""
    units: tuple[str, ...]
    paths: tuple[str, ...]
    """Of the arrays, largest first."""
    scale: tuple[float | None, ...]
    """Of the largest level, in the units."""


class ZarrPlanes(Planes):
    """Arrays of several levels, read by chunk."""

    def __init__(self, image: Multiscale) -> None:
        arrays = [zarr_arrays.opened(zarr_arrays.inside(image.folder, path)) for path in image.paths]
        self.letters = image.letters
        self.sizes = dict(zip(image.letters, arrays[0].shape, strict=False))
        if any(len(array.shape) != len(image.letters) or array.dtype != arrays[0].dtype for array in arrays):
            raise DamagedFile("The levels of the Zarr store do not fit together: it is damaged.")
        self._arrays = levels_of(arrays)
        self._recent = RecentBlocks(BLOCKS_BYTES)

    @property
    @override
    def level_dimensions(self) -> tuple[Size, ...]:
        return tuple((array.shape[-1], array.shape[-2]) for array in self._arrays)

    @property
    @override
    def dtype(self) -> np.dtype[Any]:
        return np.dtype(self._arrays[0].dtype).newbyteorder("=")

    @cached_property
    def _frame_letters(self) -> tuple[str, ...]:
        return frame_letters(self.letters)

    @override
    def read(self, level: int, frame: int, channel: int, box: Box) -> Values:
        array, place = self._arrays[level], self._place(level, frame, channel)
        height, width = array.chunks[-2:]
        return assembled(
            box,
            (width, height),
            self.dtype,
            lambda column, row: self._recent.get_or_make(
                (level, place, column, row), lambda: _chunk(array, place, column, row)
            ),
        )

    def _place(self, level: int, frame: int, channel: int) -> tuple[int, ...]:
        """Along all axes before y and x; a smaller level may have fewer depths."""
        index = {"c": channel}
        for letter in reversed(self._frame_letters):
            frame, index[letter] = divmod(frame, self.sizes[letter])
        there = self._arrays[level].shape
        return tuple(index[letter] * there[axis] // self.sizes[letter] for axis, letter in enumerate(self.letters[:-2]))

    @property
    @override
    def cost(self) -> int:
        return BLOCKS_BYTES

    @override
    def close(self) -> None:
        self._recent.clear()


def _chunk(array: "zarr.Array[Any]", place: tuple[int, ...], column: int, row: int) -> Values:
    height, width = array.chunks[-2:]
    rows, columns = slice(row * height, (row + 1) * height), slice(column * width, (column + 1) * width)
    index: tuple[int | slice, ...] = (*place, rows, columns)
    with parsing("Zarr store"):
        return np.asarray(array[index])


def levels_of(arrays: "Sequence[zarr.Array[Any]]") -> "list[zarr.Array[Any]]":
    """As long as each is a smaller copy of the first."""
    sizes = [(array.shape[-1], array.shape[-2]) for array in arrays]
    found = [arrays[0]]
    for array, size, before in zip(arrays[1:], sizes[1:], sizes, strict=False):
        if not is_level(size, before, sizes[0]):
            break
        found.append(array)
    return found


def frame_letters(letters: Sequence[str]) -> tuple[str, ...]:
    """Axes of which each position is a frame: others slowest, then t, then z."""
    own = [letter for letter in letters[:-2] if letter not in ("c", "t", "z")]
    return (*own, *(letter for letter in "tz" if letter in letters[:-2]))


def recognises(path: Path, head: bytes) -> bool:
    """A folder that is a Zarr store with an image in it."""
    return not head and path.is_dir() and root_of(path) is not None


def root_of(path: Path) -> Path | None:
    """The store: the folder, or the only folder in it."""
    for _ in range(MAX_NESTED):
        if zarr_arrays.is_node(path):
            return path
        inside = visible(path)
        if len(inside) != 1 or not inside[0].is_dir():
            return None
        path = inside[0]
    return None


def open_store(path: Path, options: OpenOptions) -> TileSource:  # noqa: ARG001 - all formats open alike
    """Reads the metadata of all levels; chunks when they are asked for."""
    root = root_of(path)
    if root is None:
        raise DamagedFile("The folder is no Zarr store.")
    with parsing("Zarr store"):
        image, told = multiscale(root)
        planes = ZarrPlanes(image)
        return FramedImage(planes, told_by(image, told, planes))


def multiscale(root: Path) -> tuple[Multiscale, Json]:
    """The image of the store; of several ones of Bio-Formats the first."""
    told = ome_of(root)
    if "multiscales" not in told and (root / "0").is_dir() and "plate" not in told:
        root, told = root / "0", ome_of(root / "0")
    if "plate" in told or "well" in told:
        raise UnsupportedContent("The Zarr store is a plate of many images: upload its fields one by one.")
    images = told.get("multiscales")
    if not isinstance(images, list) or not images or not isinstance(images[0], dict):
        raise UnsupportedContent("The Zarr store holds no image with levels (multiscales): it is no OME-Zarr.")
    return checked(root, images[0]), told


def ome_of(folder: Path) -> Json:
    """The attributes that speak of images; since NGFF 0.5 they lie under `ome`."""
    told = zarr_arrays.attributes(folder)
    nested = told.get("ome")
    return nested if isinstance(nested, dict) else told


def checked(folder: Path, told: Json) -> Multiscale:
    """Axes, arrays and sizes of a pixel."""
    datasets = [one for one in told.get("datasets") or () if isinstance(one, dict)][:MAX_LEVELS]
    if not datasets:
        raise DamagedFile("The image of the Zarr store has no levels.")
    letters, units = axes_of(told.get("axes"), folder, datasets[0].get("path"))
    scales = [scale_of(one.get("coordinateTransformations"), len(letters)) for one in (datasets[0], told)]
    product = tuple(a * (b or 1.0) if a else None for a, b in zip(*scales, strict=True))
    return Multiscale(folder, letters, units, tuple(str(one.get("path")) for one in datasets), product)


def axes_of(told: object, folder: Path, first: object) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names and units. Old stores name their axes in short, or not at all."""
    if not isinstance(told, list) or not told:
        count = len(zarr_arrays.opened(zarr_arrays.inside(folder, first)).shape)
        told = list(ORDER[-count:])
    axes = [axis if isinstance(axis, dict) else {"name": axis} for axis in told]
    letters = tuple(str(axis.get("name")).lower() for axis in axes)
    if letters[-2:] != ("y", "x") or len(set(letters)) != len(letters) or len(letters) > len(ORDER) + 2:
        raise UnsupportedContent("The axes of the Zarr store do not end in y and x: they are not read.")
    return letters, tuple(str(axis.get("unit") or "") for axis in axes)


def scale_of(told: object, count: int) -> tuple[float | None, ...]:
    """Of the transformation called scale; unknown where there is none."""
    for one in told if isinstance(told, list) else ():
        scale = one.get("scale") if isinstance(one, dict) and one.get("type") == "scale" else None
        if isinstance(scale, list) and len(scale) == count:
            return tuple(positive(number) for number in scale)
    return (None,) * count


def positive(told: object) -> float | None:
    """A finite number above zero."""
    number = finite(told)
    return number if number is not None and number > 0 else None


def finite(told: object) -> float | None:
    """A number; texts, infinities and others are none."""
    usable = isinstance(told, int | float) and not isinstance(told, bool) and abs(told) < 1e300
    return float(told) if usable and isinstance(told, int | float) else None


def told_by(image: Multiscale, told: Json, planes: ZarrPlanes) -> Told:
    """Axes with their steps, sizes of a pixel, names and colours of channels."""
    um = {letter: in_unit(image, letter, UM_PER_UNIT) for letter in "xyz"}
    axes = tuple(axis_of(letter, planes.sizes[letter], image, um["z"]) for letter in frame_letters(image.letters))
    return Told(
        format="ome-zarr",
        channels=channels(told.get("omero"), planes.sizes.get("c", 1), planes.dtype),
        axes=axes,
        pixel_size_um=(um["x"], um["y"], um["z"]),
        pixel_size_source="ome-zarr.coordinateTransformations" if um["x"] else None,
        properties=properties(told),
    )


def in_unit(image: Multiscale, letter: str, units: Mapping[str, float]) -> float | None:
    """The scale along an axis, in micrometres or seconds."""
    if letter not in image.letters:
        return None
    at = image.letters.index(letter)
    step, factor = image.scale[at], units.get(image.units[at])
    return step * factor if step and factor else None


def axis_of(letter: str, size: int, image: Multiscale, depth_um: float | None) -> Axis:
    """With its step where the unit is known."""
    seconds = in_unit(image, letter, S_PER_UNIT) if letter == "t" else None
    step = (depth_um, "um") if letter == "z" else (seconds, "s")
    return Axis(letter, size, *step) if step[0] else Axis(letter, size)


def channels(omero: object, count: int, dtype: np.dtype[Any]) -> tuple[ToldChannel, ...]:
    """As OMERO shows them."""
    told = omero.get("channels") if isinstance(omero, dict) else None
    if not isinstance(told, list) or len(told) != count:
        return (ToldChannel(),) * count
    return tuple(channel(one if isinstance(one, dict) else {}, dtype) for one in told)


def channel(told: Json, dtype: np.dtype[Any]) -> ToldChannel:
    """Name, colour, window and what can be chosen."""
    window = told.get("window") if isinstance(told.get("window"), dict) else {}
    ends = [finite(window.get(name)) for name in ("start", "end", "min", "max")] if isinstance(window, dict) else []
    low, high, least, most = ends or [None] * 4
    colour = str(told.get("color") or "").lower()
    return ToldChannel(
        name=str(told.get("label") or "")[:200],
        colour=colour if len(colour) == 6 and all(digit in "0123456789abcdef" for digit in colour) else None,
        window=(low, high) if low is not None and high is not None and low < high else None,
        limits=(least, most) if least is not None and most is not None and least < most and dtype.kind == "f" else None,
    )


def properties(told: Json) -> dict[str, str]:
    """Name, version and method of the levels."""
    images = told.get("multiscales")
    first = images[0] if isinstance(images, list) and images and isinstance(images[0], dict) else {}
    known = {
        "version": told.get("version") or first.get("version"),
        "name": first.get("name"),
        "type": first.get("type"),
    }
    return {f"ome-zarr.{name}": str(text)[:1000] for name, text in islice(known.items(), 10) if text}


FORMAT = Format("OME-Zarr", recognises, open_store)
"""Of plates and labels nothing is shown."""
