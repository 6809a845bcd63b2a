"""The short-lived process that opens an uploaded file for the first time and really reads pixels of it."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exact.tiles.pool import limits

if TYPE_CHECKING:  # the image libraries are loaded after the limits are set
    from exact.tiles.source import Description, OpenOptions, TileSource

CPU_S = 110
CORNER_PX = 256


def answer(path: Path, cache: Path, identity: str, picture_max_pixels: int) -> dict[str, Any]:  # Any: JSON
    """The description, or the problem with code and sentence."""
    from exact.tiles.errors import TileError
    from exact.tiles.source import OpenOptions

    try:
        return {"description": examine(path, OpenOptions(cache, identity, picture_max_pixels)).as_json()}
    except TileError as error:
        return {"problem": {"code": error.code, "sentence": error.sentence}}
    except MemoryError:
        return {"problem": {"code": "too_many_pixels", "sentence": "Reading this file takes more memory than allowed."}}


def examine(path: Path, options: "OpenOptions") -> "Description":
    """Opens the file and reads pixels from beginning, middle and end of the first, middle and last frame."""
    from exact.tiles.formats import open_image

    source = open_image(path, options)
    for described in source.description.planes:
        for frame in sorted({0, described.frames // 2, described.frames - 1}):
            _read_corners(source, described.plane, frame)
    return source.description


def _read_corners(source: "TileSource", plane: int, frame: int) -> None:
    """First, middle and last tile of every stored level."""
    sizes, downsamples = source.level_dimensions_for_plane(plane), source.level_downsamples_for_plane(plane)
    for level in range(len(sizes) - (source.made_levels if plane == 0 else 0)):
        width, height = sizes[level]
        size = (min(CORNER_PX, width), min(CORNER_PX, height))
        for part in (0.0, 0.5, 1.0):
            x, y = (width - size[0]) * part * downsamples[level], (height - size[1]) * part * downsamples[level]
            source.read_region((int(x), int(y)), level, size, frame, plane)


def main(arguments: list[str]) -> None:
    """Prints one line of JSON."""
    limits.confine()
    limits.allow_cpu(CPU_S)
    file, folder, identity, max_pixels = arguments
    sys.stdout.write("\n" + json.dumps(answer(Path(file), Path(folder), identity, int(max_pixels))))


if __name__ == "__main__":
    main(sys.argv[1:])
