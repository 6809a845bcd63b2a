"""Unpacked pixels: small ones in memory, large ones in a memory map below the cache folder, oldest given up first."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from exact.storage.oldest import give_up_oldest
from exact.tiles.errors import NoRoom
from exact.tiles.source import OpenOptions

IN_MEMORY_BYTES = 16 * 2**20
"""Up to this size a second unpacking is cheaper than a file."""

Flat = NDArray[np.uint8]
Fill = Callable[[Flat], None]


def unpack(options: OpenOptions, kind: str, size_bytes: int, fill: Fill) -> Flat:
    """The bytes that `fill` writes, from memory or from a file of an earlier call with the same identity and kind."""
    if size_bytes <= IN_MEMORY_BYTES:
        flat = np.zeros(size_bytes, np.uint8)
        fill(flat)
        return flat
    kept = keep(options, kind, lambda path: _write(path, size_bytes, fill), size_bytes)
    return np.memmap(kept, np.uint8, "r")


def kept_at(options: OpenOptions, kind: str) -> Path:
    """Where what was made of an image lies, if it does."""
    return options.cache / "unpacked" / f"{options.identity}.{kind}"


def keep(options: OpenOptions, kind: str, make: Callable[[Path], None], size_bytes: int | None = None) -> Path:
    """The file that `make` writes, or the one of an earlier call: whole or not at all, made under another name."""
    kept = kept_at(options, kind)
    if not kept.exists() or size_bytes not in (None, kept.stat().st_size):
        kept.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=kept.parent, prefix=".", suffix=".part")
        os.close(descriptor)
        try:
            make(Path(name))
            Path(name).rename(kept)
        finally:
            Path(name).unlink(missing_ok=True)
        files = (file for file in kept.parent.iterdir() if file.suffix != ".part")
        give_up_oldest(files, options.cache_max_bytes, spared=kept)
    os.utime(kept)
    return kept


def held_bytes(flat: Flat) -> int:
    """Memory that the array holds for itself; a map lives in the kernel's page cache and is not counted."""
    return 0 if isinstance(flat, np.memmap) else flat.nbytes


def _write(path: Path, size_bytes: int, fill: Fill) -> None:
    with path.open("r+b") as file:
        reserve(file.fileno(), size_bytes)
    flat = np.memmap(path, np.uint8, "r+")
    fill(flat)
    flat.flush()


def reserve(descriptor: int, size_bytes: int) -> None:
    """Takes the room first: a map that runs out of disk while it is written to would kill the process."""
    try:
        os.posix_fallocate(descriptor, 0, size_bytes)
    except OSError as error:
        raise NoRoom("The server's disk is full: ask the administrator to make room, then try again.") from error
