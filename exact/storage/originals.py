"""Originals by content hash, ORIGINALS/ab/cd/<sha256>: never overwritten, the same content kept once."""

import errno
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from django.conf import settings

from exact.domain.errors import NotFound
from exact.storage.disk import disk_full_refused

SHA256 = re.compile(r"[0-9a-f]{64}")
READ_ONLY = 0o444


def path_of(sha256: str, folder: Path | None = None) -> Path:
    """Where content of this hash lies, or would lie."""
    if not SHA256.fullmatch(sha256):
        raise ValueError("A content hash has 64 lower-case hexadecimal digits.")
    return (folder or settings.ORIGINALS) / sha256[:2] / sha256[2:4] / sha256


def is_kept(sha256: str, folder: Path | None = None) -> bool:
    """Whether this content is here already."""
    return path_of(sha256, folder).is_file()


def all_kept(folder: Path | None = None) -> Iterator[str]:
    """The hashes of everything that is here, in order; what comes or goes meanwhile may or may not be among them."""
    for near in sorted((folder or settings.ORIGINALS).glob("[0-9a-f][0-9a-f]/[0-9a-f][0-9a-f]")):
        yield from sorted(path.name for path in near.iterdir() if SHA256.fullmatch(path.name))


def open_original(sha256: str, folder: Path | None = None) -> BinaryIO:
    """The content, for reading."""
    try:
        return path_of(sha256, folder).open("rb")
    except FileNotFoundError as error:
        raise NotFound("The file of this image is missing on the server; ask the administrator.") from error


def keep(temporary: Path, sha256: str, folder: Path | None = None, *, stays: bool = False) -> Path:
    """Moves a received file to its place, safe against a power cut; the temporary name is gone unless it `stays`."""
    kept = path_of(sha256, folder)
    with disk_full_refused():
        kept.parent.mkdir(parents=True, exist_ok=True)
        temporary.chmod(READ_ONLY)
        _sync(temporary)
        _place(temporary, kept)
        if not stays:
            temporary.unlink()
        for part in (kept.parent, kept.parent.parent, kept.parent.parent.parent):
            _sync(part)
    return kept


def _place(temporary: Path, kept: Path) -> None:
    """A hard link fails where a rename would overwrite, so of two equal uploads the first stays."""
    try:
        with suppress(FileExistsError):  # the same content is kept already
            kept.hardlink_to(temporary)
    except OSError as error:
        if error.errno not in (errno.EXDEV, errno.EPERM, errno.EOPNOTSUPP):
            raise
        _copy(temporary, kept)


def _copy(temporary: Path, kept: Path) -> None:
    """For folders on two disks, or a disk without hard links."""
    beside = kept.with_name(f".{kept.name}.{os.getpid()}")
    try:
        shutil.copyfile(temporary, beside)
        beside.chmod(READ_ONLY)
        _sync(beside)
        beside.rename(kept)
    finally:
        beside.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
