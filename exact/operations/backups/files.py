"""Files of a backup: written hashed and closed to others, safe against a power cut, known by name, size and SHA-256."""

import contextlib
import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec
from django.db import OperationalError
from psycopg.errors import DiskFull

from exact.datasets.exporting import Hashing
from exact.domain.errors import Busy
from exact.operations.errors import CannotRun
from exact.operations.folders import disk_refusals

PIECE_BYTES = 2**20


class File(msgspec.Struct, frozen=True, kw_only=True):
    """One file of a backup; the path is below the backup's folder, the one that operators name."""

    path: str
    sha256: str
    size_bytes: int


@contextlib.contextmanager
def written(path: Path) -> Iterator[tuple[BinaryIO, Hashing]]:
    """A new file, closed to others: what to write to, and what knows hash and size when the block has ended."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        hashing = Hashing(file)
        pieces = io.BufferedWriter(hashing, PIECE_BYTES)  # rows are small: hashed and written a piece at a time
        yield pieces, hashing
        pieces.flush()
        file.flush()
        os.fsync(file.fileno())


def described(path: Path, folder: Path, hashing: Hashing) -> File:
    """The file as a manifest names it."""
    return File(path=str(path.relative_to(folder)), sha256=hashing.sum.hexdigest(), size_bytes=hashing.size)


def write_whole(path: Path, content: bytes, folder: Path) -> File:
    """A small file."""
    with written(path) as (out, hashing):
        out.write(content)
    return described(path, folder, hashing)


def sync_folder(folder: Path) -> None:
    """Names in it survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def disk_told(folder: Path, otherwise: str) -> Iterator[None]:
    """What a disk says against writing, as a sentence that ends with what to do otherwise."""
    try:
        with disk_refusals(folder, otherwise):
            yield
    except Busy as refusal:
        if refusal.code != "disk_full":
            raise
        raise CannotRun(f"The disk of {folder} is full; free some room or {otherwise}.") from refusal
    except OperationalError as error:
        if not isinstance(error.__cause__, DiskFull):
            raise
        raise CannotRun("The disk of the database is full; free some room and try again.") from error
