"""Images that are folders: what is looked at in them."""

from itertools import islice
from pathlib import Path

from exact.tiles.errors import TooManyPixels

MAX_FILES = 20_000


def visible(folder: Path) -> list[Path]:
    """What lies in it, without what systems put there."""
    found = list(islice((inside for inside in folder.iterdir() if inside.name != "__MACOSX"), MAX_FILES + 1))
    if len(found) > MAX_FILES:
        raise TooManyPixels(f"The folder holds more than {MAX_FILES:,} files.")
    return sorted(inside for inside in found if not inside.name.startswith("."))


def innermost(folder: Path) -> Path:
    """The folder itself, or the only one in it: a zip often holds everything in one folder."""
    inside = visible(folder)
    return innermost(inside[0]) if len(inside) == 1 and inside[0].is_dir() else folder
