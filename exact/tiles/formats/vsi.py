"""Olympus VSI (a .vsi file with its folder of .ets files), by the optional library slideio where it is installed.

A folder with one .vsi file and its .ets files; the largest scene, without frames and channels. slideio is not locked:
the administrator installs it, and a refusal says so. Tried with slideio 2.10 on a slide of Aperio's, with no real
VSI.
"""

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from typing_extensions import override

from exact.tiles.errors import DamagedFile, UnsupportedContent
from exact.tiles.pixel_sizes import believable, positive
from exact.tiles.source import (
    Description,
    Details,
    Format,
    OpenOptions,
    Pixels,
    PlaneDescription,
    Size,
    TileSource,
    cut,
)

NOT_INSTALLED = (
    "Olympus VSI is read by the library slideio, which is not installed on this server: ask the administrator for "
    "`pip install slideio` in its environment, or convert the slide to OME-TIFF."
)
METRES_UM = 1e6
HANDLE_BYTES = 64 * 2**20
SMALLEST_LEVEL_PX = 1024
FAILURES = (RuntimeError, ValueError, TypeError, AttributeError, IndexError, OSError)
"""What slideio raises."""


class SlideioScene(TileSource):
    """One scene in slideio's hands, by one thread at a time: it is not safe otherwise."""

    def __init__(self, scene: Any, told_format: str) -> None:  # Any: slideio is untyped
        self._scene: Any = scene
        self._reading = threading.Lock()
        width, height = (int(side) for side in scene.size)
        self._size = (width, height)
        resolution = scene.resolution or (0.0, 0.0)
        self._pixel_size = believable(resolution[0] * METRES_UM, resolution[1] * METRES_UM, "slideio.resolution")
        self._channels = 3 if scene.num_channels >= 3 else 1
        pixel_size = (None, None) if self._pixel_size is None else (self._pixel_size.x_um, self._pixel_size.y_um)
        self._description = Description(
            format=told_format,
            width=width,
            height=height,
            frames=1,
            default_frame=0,
            frame_names=None,
            channels=self._channels,
            pixel_size_um=(*pixel_size, None),
            objective_power=positive(scene.magnification),
            planes=(PlaneDescription(0, "image", width, height, 1, pixel_size),),
        )

    @property
    @override
    def description(self) -> Description:
        return self._description

    @property
    @override
    def details(self) -> Details:
        source = None if self._pixel_size is None else self._pixel_size.source
        return Details(pixel_size_source=source, properties=self.properties)

    @property
    @override
    def properties(self) -> Mapping[str, str]:
        return {"slideio.scene_name": str(self._scene.name)}

    @property
    @override
    def level_dimensions(self) -> tuple[Size, ...]:
        """Halved: slideio chooses the file's own level for each size that is asked for."""
        sizes = [self._size]
        while max(sizes[-1]) > SMALLEST_LEVEL_PX and min(sizes[-1]) > 1:
            sizes.append(((sizes[-1][0] + 1) // 2, (sizes[-1][1] + 1) // 2))
        return tuple(sizes)

    @property
    @override
    def level_downsamples(self) -> tuple[float, ...]:
        return tuple(2.0**level for level in range(len(self.level_dimensions)))

    @override
    def read_region(self, location: tuple[int, int], level: int, size: Size, frame: int = 0, plane: int = 0) -> Pixels:
        self._plane(plane)
        self._check_frame(frame, plane)
        columns, rows = self.level_dimensions[level]
        left, top = location[0] >> level, location[1] >> level
        x0, x1 = min(max(left, 0), columns), min(max(left + size[0], 0), columns)
        y0, y1 = min(max(top, 0), rows), min(max(top + size[1], 0), rows)
        if x0 == x1 or y0 == y1:
            return np.full((size[1], size[0], self._channels), 255, np.uint8)
        return cut(self._block((x0, y0, x1 - x0, y1 - y0), level), left - x0, top - y0, size)

    def _block(self, place: tuple[int, int, int, int], level: int) -> Pixels:
        x, y, width, height = place
        right, bottom = min((x + width) << level, self._size[0]), min((y + height) << level, self._size[1])
        rectangle = (x << level, y << level, right - (x << level), bottom - (y << level))
        channels = list(range(self._channels))
        try:
            with self._reading:
                block = self._scene.read_block(rect=rectangle, size=(width, height), channel_indices=channels)
        except FAILURES as error:
            raise DamagedFile("A part of the slide cannot be read: the file is damaged.") from error
        values = np.asarray(block).reshape(height, width, self._channels)
        return values if values.dtype == np.uint8 else (values >> 8).astype(np.uint8)

    @property
    @override
    def cost(self) -> int:
        return HANDLE_BYTES

    @override
    def close(self) -> None:
        """slideio gives the file up when the scene is forgotten; readers may still hold it."""


def recognises(path: Path, head: bytes) -> bool:
    """A folder with one .vsi file, and the .ets files that hold its pixels."""
    return not head and path.is_dir() and main_file(path) is not None


def main_file(path: Path) -> Path | None:
    """The file that names the others."""
    found = [file for file in path.iterdir() if file.suffix.lower() == ".vsi"]
    pixels = next(path.glob("*/*/*.[eE][tT][sS]"), None)
    return found[0] if len(found) == 1 and pixels is not None else None


def open_vsi(path: Path, options: OpenOptions) -> TileSource:  # noqa: ARG001 - all formats open alike
    """The largest scene, where slideio is installed."""
    return open_by_slideio(main_file(path) or path, "VSI", slideio_opener())


def slideio_opener() -> Callable[[str, str], Any]:  # Any: slideio is untyped
    """slideio's function, or the refusal that says what is missing."""
    try:
        from slideio import open_slide
    except ImportError as error:
        raise UnsupportedContent(NOT_INSTALLED) from error
    found: Callable[[str, str], Any] = open_slide
    return found


def open_by_slideio(path: Path, driver: str, opener: Callable[[str, str], Any]) -> SlideioScene:
    """By one of slideio's drivers."""
    try:
        slide = opener(str(path), driver)
        scenes = [slide.get_scene(number) for number in range(slide.num_scenes)]
        return SlideioScene(max(scenes, key=lambda scene: scene.size[0] * scene.size[1]), driver.lower())
    except FAILURES as error:
        raise DamagedFile(f"The {driver} slide cannot be opened: it is damaged, or parts of it are missing.") from error


FORMAT = Format("VSI", recognises, open_vsi)
