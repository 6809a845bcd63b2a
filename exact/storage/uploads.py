"""Files on their way in: written to a temporary file while they are hashed, gone again unless they are kept."""

import hashlib
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from exact.domain.errors import TooLarge
from exact.storage.disk import disk_full_refused, sweep_older
from exact.storage.names import checked_name

PREFIX = "upload-"


@dataclass(frozen=True)
class Upload:
    """A file that has arrived whole."""

    path: Path
    filename: str
    sha256: str
    size_bytes: int


@contextmanager
def receiving(
    chunks: Iterable[bytes], filename: str, *, max_bytes: int | None = None, folder: Path | None = None
) -> Iterator[Upload]:
    """Receives the whole stream, then runs the block; what the block has not moved away is deleted.

    Nothing stays behind when the name is bad, the stream breaks, the limit is passed or the disk is full.
    """
    name = checked_name(filename)
    limit = settings.UPLOAD_MAX_BYTES if max_bytes is None else max_bytes
    path = _new_file(folder or settings.UPLOADS)
    try:
        with disk_full_refused():
            sha256, size_bytes = _receive(chunks, path, limit)
        yield Upload(path, name, sha256, size_bytes)
    finally:
        path.unlink(missing_ok=True)


def sweep_leftovers(folder: Path | None = None) -> int:
    """Deletes what a killed server left behind more than a day ago; returns how many files."""
    return sweep_older(folder or settings.UPLOADS, PREFIX + "*")


def _new_file(folder: Path) -> Path:
    with disk_full_refused():
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, prefix=PREFIX, delete=False) as file:
            return Path(file.name)


def _receive(chunks: Iterable[bytes], path: Path, limit: int) -> tuple[str, int]:
    digest, size_bytes = hashlib.sha256(), 0
    with path.open("wb") as file:
        for chunk in chunks:
            size_bytes += len(chunk)
            if size_bytes > limit:
                raise TooLarge(f"The file is larger than {in_words(limit)}, the most this server takes.")
            digest.update(chunk)
            file.write(chunk)
    return digest.hexdigest(), size_bytes


def in_words(size_bytes: int) -> str:
    """A size for people: 50 GiB, 3.5 MiB."""
    size, unit = float(size_bytes), "bytes"
    for larger in ("KiB", "MiB", "GiB", "TiB"):
        if size < 1024:
            break
        size, unit = size / 1024, larger
    return f"{size:.1f}".removesuffix(".0") + f" {unit}"
