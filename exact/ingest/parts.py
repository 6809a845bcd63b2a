"""One file that comes in pieces: appended by one at a time, hashed on the way, its length on disk the truth."""

import fcntl
import hashlib
import os
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO
from uuid import UUID

from exact.domain.errors import Refusal, TooLarge
from exact.storage.disk import disk_full_refused

if TYPE_CHECKING:
    from hashlib import _Hash

REHASHED_MAX_BYTES = 4 * 2**30
"""A longer beginning is not read again when a process does not know its hash: the worker hashes the whole file then."""
BLOCK_BYTES = 2**20
REMEMBERED = 1000


class Locked(Refusal):
    """Somebody sends to this file at this moment."""

    code = "upload_locked"


class Hashes:
    """How far the hashes of files have come that this process receives; forgotten when it ends."""

    def __init__(self) -> None:
        self._known: OrderedDict[UUID, tuple[int, _Hash]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, file_id: UUID, upto: int, path: Path) -> "_Hash | None":
        """The hash of the file's beginning, read again where it is not known; None where that would take long."""
        with self._lock:
            known = self._known.pop(file_id, None)
        if known and known[0] == upto:
            return known[1]
        return _hash_of(path, upto) if upto <= REHASHED_MAX_BYTES else None

    def keep(self, file_id: UUID, upto: int, digest: "_Hash") -> None:
        """Until the next piece comes."""
        with self._lock:
            self._known[file_id] = (upto, digest)
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)


HASHES = Hashes()


class Part:
    """The open file, while a piece is appended. What was written stays, whatever happens next."""

    def __init__(self, file: BinaryIO, path: Path, file_id: UUID, offset: int, length: int) -> None:
        self.file, self.file_id, self.began, self.offset, self.length = file, file_id, offset, offset, length
        self.digest = HASHES.take(file_id, offset, path)

    def append(self, piece: bytes) -> None:
        """Refuses what is more than was announced."""
        if self.offset + len(piece) > self.length:
            raise TooLarge(f"More bytes came than the {self.length:,} that were announced.")
        with disk_full_refused():
            self.file.write(piece)
            self.file.flush()
        if self.digest:
            self.digest.update(piece)
        self.offset += len(piece)

    def take_back(self) -> None:
        """As if this piece had not come."""
        self.file.truncate(self.began)
        self.file.seek(self.began)
        self.offset, self.digest = self.began, None

    def sha256(self) -> str:
        """Of the whole file, made safe against a power cut; empty where the hash is not known."""
        os.fsync(self.file.fileno())
        return self.digest.hexdigest() if self.digest else ""


def received_bytes(path: Path, unchecked_from: int | None = None) -> int:
    """How much of the file has come and is believed."""
    length = path.stat().st_size if path.exists() else 0
    return length if unchecked_from is None else min(length, unchecked_from)


@contextmanager
def appending(path: Path, file_id: UUID, length: int, unchecked_from: int | None = None) -> Iterator[Part]:
    """The file for one who sends; a second one is refused. Its end is where the next piece goes."""
    with disk_full_refused():
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "r+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Locked("This file is being sent to at this moment; try again in a moment.") from None
        offset = received_bytes(path, unchecked_from)
        file.truncate(offset)
        file.seek(offset)
        part = Part(file, path, file_id, offset, length)
        try:
            yield part
        finally:
            if part.digest:
                HASHES.keep(file_id, part.offset, part.digest)


def sha256_of(path: Path) -> str:
    """Read to the end."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def forget(path: Path) -> None:
    """The file goes, also while somebody sends."""
    with suppress(FileNotFoundError):
        path.unlink()


def _hash_of(path: Path, upto: int) -> "_Hash":
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while upto > 0 and (block := file.read(min(BLOCK_BYTES, upto))):
            digest.update(block)
            upto -= len(block)
    return digest
