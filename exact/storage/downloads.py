"""A kept image as one stream of bytes: its file, or its many files as a zip that is written while it is read."""

import io
import zipfile
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import BinaryIO

from exact.domain.errors import NotFound
from exact.storage.bundles import Bundle, bundle_of
from exact.storage.originals import open_original
from exact.storage.places import MISSING, file_of, is_here
from exact.storage.references import reference_of

BLOCK_BYTES = 256 * 1024
MOMENT = (1980, 1, 1, 0, 0, 0)
"""The same image is always the same zip."""


def open_download(sha256: str, filename: str) -> tuple[BinaryIO, str]:
    """The bytes, and the name to save them under."""
    bundle = bundle_of(sha256)
    if bundle is None:
        return _open(sha256), filename
    if not is_here(sha256):
        raise NotFound(MISSING, code="missing_file")
    pieces: io.RawIOBase = Pieces(zipped(bundle))
    return io.BufferedReader(pieces, BLOCK_BYTES), f"{PurePosixPath(filename).stem}.zip"


def zipped(bundle: Bundle) -> Iterator[bytes]:
    """The zip of all members, stored and not packed: images are packed already."""
    out = Outbox()
    with zipfile.ZipFile(out, "w") as archive:
        for member in bundle.files:
            entry = zipfile.ZipInfo(member.path, MOMENT)
            entry.file_size = member.size  # so that large ones get the large form from the beginning
            with _open(member.sha256) as file, archive.open(entry, "w") as packed:
                for block in iter(lambda file=file: file.read(BLOCK_BYTES), b""):  # type: ignore[misc]
                    packed.write(block)
                    yield out.taken()
            yield out.taken()
    yield out.taken()


def _open(sha256: str) -> BinaryIO:
    """Kept here, or where a reference says."""
    return file_of(sha256).open("rb") if reference_of(sha256) else open_original(sha256)


class Outbox(io.RawIOBase):
    """What the zip writer has written and nobody has read yet; it cannot go back, and says so."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        """Always."""
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        """Remembered until it is taken."""
        self._parts.append(bytes(data))
        return len(data)

    def taken(self) -> bytes:
        """Everything since the last time."""
        parts, self._parts = self._parts, []
        return b"".join(parts)


class Pieces(io.RawIOBase):
    """An iterator of bytes, read like a file from the beginning to the end."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces, self._rest = pieces, b""

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, into: bytearray) -> int:  # type: ignore[override]
        """The next bytes; none at the end."""
        while not self._rest:
            try:
                self._rest = next(self._pieces)
            except StopIteration:
                return 0
        some = self._rest[: len(into)]
        into[: len(some)] = some
        self._rest = self._rest[len(some) :]
        return len(some)
