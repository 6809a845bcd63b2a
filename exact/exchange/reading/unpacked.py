"""The bytes of a received file, unpacked on the way where it is gzip, within limits that a bomb meets early."""

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

from exact.domain.errors import TooLarge
from exact.exchange.reading.rows import Broken
from exact.storage.uploads import in_words

GZIP = b"\x1f\x8b"
RATIO_MAX = 200
"""Text of coordinates packs to a fifth or a tenth; a bomb to a thousandth."""
RATIO_FROM_BYTES = 64 * 2**20
"""A small file may be packed as well as it likes."""
BLOCK_BYTES = 2**20


class Source(io.RawIOBase):
    """A file as it was before it was packed; it says how much of it has been read."""

    def __init__(self, file: BinaryIO, size_bytes: int, max_bytes: int) -> None:
        super().__init__()
        self.file, self.size_bytes, self.max_bytes = file, size_bytes, max_bytes
        self.packed = file.read(len(GZIP)) == GZIP
        file.seek(0)
        self.inner: Any = gzip.GzipFile(fileobj=file) if self.packed else file  # Any: typed as two unrelated classes
        self.bytes_out = 0

    @property
    def share(self) -> float:
        """How much of the file has been read, from 0 to 1."""
        return min(1.0, self.file.tell() / max(self.size_bytes, 1))

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:  # Any: a buffer
        try:
            count = int(self.inner.readinto(buffer))
        except EOFError:
            raise Broken("The gzip file was cut off; send it again.", code="gzip_broken") from None
        except (zlib.error, gzip.BadGzipFile) as error:
            raise Broken(f"The gzip file is damaged ({error}); send it again.", code="gzip_broken") from None
        self.bytes_out += count
        self._refuse_bomb()
        return count

    def _refuse_bomb(self) -> None:
        if self.bytes_out > self.max_bytes:
            sentence = f"The file is larger than {in_words(self.max_bytes)} when it is unpacked; send it in parts."
            raise TooLarge(sentence, code="unpacked_too_large")
        if self.bytes_out > RATIO_FROM_BYTES and self.bytes_out > RATIO_MAX * max(self.file.tell(), 1):
            raise TooLarge(f"The file unpacks to more than {RATIO_MAX} times its size.", code="unpacked_too_large")


@contextmanager
def opened(path: Path, max_bytes: int) -> Iterator[tuple[io.BufferedReader, Source]]:
    """The unpacked bytes to read from, and their source, which knows how far it is; UTF-8's mark is passed over."""
    with path.open("rb") as file:
        source = Source(file, path.stat().st_size, max_bytes)
        reader = cast("io.BufferedReader", io.BufferedReader(source, BLOCK_BYTES))
        begin = reader.peek(4)[:4]
        if begin[:2] == GZIP:
            raise Broken("The file was packed twice; unpack it once.", code="gzip_broken")
        if begin[:2] in {b"\xff\xfe", b"\xfe\xff"}:
            raise Broken("The file is UTF-16; save it as UTF-8.", code="not_utf8")
        if begin[:3] == b"\xef\xbb\xbf":
            reader.read(3)
        yield reader, source
