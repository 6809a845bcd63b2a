"""What opening an image would have to make first, made beforehand: pyramids of large pictures, unpacked volumes."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from exact.tiles.formats import open_image
from exact.tiles.source import OpenOptions


def prepare(path: Path, options: OpenOptions, progress: Callable[[float], None]) -> None:
    """Tells `progress` from 0 to 1. Made once, below the cache folder; harmless when repeated; raises TileError.

    It unpacks what strangers sent: call it in a process that is contained.
    """
    progress(0.0)
    open_image(path, replace(options, progress=progress)).close()
    progress(1.0)
