"""A folder of copies that can be made again stays within its room: what nobody used for the longest goes first."""

import os
from collections.abc import Iterable
from pathlib import Path


def give_up_oldest(files: Iterable[Path], most_bytes: int, *, spared: Path | None = None, down_to: float = 1.0) -> None:
    """Removes files, the longest unused first, until the rest has at most that part of the room.

    Nothing is removed while all fit. `spared` counts, and stays. Whoever has a removed file open keeps reading it.
    """
    found = sorted((stat.st_mtime, stat.st_size, file) for file in files if (stat := _stat(file)) is not None)
    total = sum(size for _, size, _ in found)
    if total <= most_bytes:
        return
    for _, size, file in found:
        if total <= most_bytes * down_to:
            return
        if file != spared:
            file.unlink(missing_ok=True)
            total -= size


def _stat(file: Path) -> os.stat_result | None:
    """None for what another process has removed meanwhile."""
    try:
        return file.stat()
    except FileNotFoundError:
        return None
