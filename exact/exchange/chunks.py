"""Accepted annotations on their way to the log: chunks of one image each, in a file that is read again after a crash.

The same rows always give the same chunks, so that "chunk 17" means the same annotations in every attempt.
"""

import struct
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import BinaryIO
from uuid import UUID

import msgspec

from exact.domain.imports import ITEMS_MAX, ImportedItem
from exact.domain.vectors import Vector

CHUNK_BYTES = 2 * 2**20
WAITING_BYTES = 64 * 2**20
"""Annotations of images whose chunk is not full yet; beyond that the largest is written as it is."""
HEAD = struct.Struct(">I16s")
ENCODER = msgspec.msgpack.Encoder(uuid_format="bytes")

Chunk = tuple[UUID, list[ImportedItem]]


class Kept(ImportedItem, frozen=True, kw_only=True):
    """An item as it is read again, its vector known for one."""

    vector: Vector | None = None


DECODER = msgspec.msgpack.Decoder(list[Kept])


Heap = tuple[UUID, bool]
"""Image, and whether the annotations have identifiers of their own: a chunk is packed for all of them or for none."""


class ChunkWriter:
    """Gathers annotations by image and writes a chunk whenever one is full."""

    def __init__(self, out: BinaryIO) -> None:
        self.out = out
        self._waiting: defaultdict[Heap, list[msgspec.Raw]] = defaultdict(list)
        self._bytes: defaultdict[Heap, int] = defaultdict(int)
        self._total = 0

    def add(self, image_id: UUID, item: ImportedItem) -> None:
        """One more annotation."""
        heap, packed = (image_id, item.unique_identifier is not None), ENCODER.encode(item)
        self._waiting[heap].append(msgspec.Raw(packed))
        self._bytes[heap] += len(packed)
        self._total += len(packed)
        if len(self._waiting[heap]) == ITEMS_MAX or self._bytes[heap] >= CHUNK_BYTES:
            self._write(heap)
        elif self._total > WAITING_BYTES:
            self._write(max(self._bytes, key=lambda one: (self._bytes[one], one)))

    def finish(self) -> None:
        """Write what waits, image after image."""
        for heap in sorted(self._waiting):
            self._write(heap)

    def _write(self, heap: Heap) -> None:
        body = ENCODER.encode(self._waiting.pop(heap))
        self._total -= self._bytes.pop(heap)
        self.out.write(HEAD.pack(len(body), heap[0].bytes) + body)


def read_chunks(file: BinaryIO) -> Iterator[Chunk]:
    """The chunks in the order in which they were written."""
    while head := file.read(HEAD.size):
        size_bytes, image = HEAD.unpack(head)
        items: list[ImportedItem] = [*DECODER.decode(file.read(size_bytes))]
        yield UUID(bytes=image), items


def skip_chunks(file: BinaryIO, count: int) -> None:
    """Go past so many chunks without reading them."""
    for _ in range(count):
        size_bytes, _ = HEAD.unpack(file.read(HEAD.size))
        file.seek(size_bytes, 1)


def in_batches(chunks: Iterable[Chunk], size: int) -> Iterator[list[Chunk]]:
    """So many chunks at a time."""
    rest = iter(chunks)
    while batch := list(islice(rest, size)):
        yield batch
