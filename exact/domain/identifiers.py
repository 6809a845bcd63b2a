"""Identifiers: time-ordered UUIDs for new streams, and the one stream that a client's own identifier names."""

import hashlib
import secrets
import time
from collections.abc import Iterable
from uuid import UUID, uuid5

NAMESPACE = UUID("7e0a9d0c-3f0b-5c53-9d0e-0f1f8f6f2b11")
LOW_62, TIME_48, RANDOM_74 = (1 << 62) - 1, (1 << 48) - 1, (1 << 74) - 1
VERSION_7, VARIANT = 0x7 << 76, 0x2 << 62


def new_id() -> UUID:
    """A UUID of version 7 (RFC 9562): neighbours in time are neighbours in an index."""
    return _version_7(time.time_ns() // 1_000_000, secrets.randbits(74))


def annotation_stream(image_id: UUID, unique_identifier: UUID) -> UUID:
    """The one stream for a client's identifier on an image: two senders of one annotation meet in it.

    Keeps the time of an identifier of version 7, so that the log's index stays local.
    """
    digest = int.from_bytes(hashlib.sha256(image_id.bytes + unique_identifier.bytes).digest())
    known = unique_identifier.version == 7
    return _version_7(unique_identifier.int >> 80 if known else digest >> 208, digest & RANDOM_74)


def imported_identifier(import_id: UUID, line: int) -> UUID:
    """The identifier of what came with an import and has none of its own: the same for the same line.

    Of version 7, with the import's time and a millisecond for each thousand lines, so that the log's index grows at
    its end while many are brought. One digest serves a thousand lines; the line is the last 32 bits.
    """
    return UUID(bytes=_block(import_id, line // LINES) + line.to_bytes(4))


LINES = 1000


def _block(import_id: UUID, block: int) -> bytes:
    """The first twelve bytes that the identifiers of a thousand lines have in common."""
    digest = hashlib.sha256(import_id.bytes + block.to_bytes(8)).digest()
    return _version_7((import_id.int >> 80) + block, int.from_bytes(digest) & RANDOM_74).bytes[:12]


def imported_streams(import_id: UUID, image_id: UUID, lines: Iterable[int]) -> list[bytes]:
    """`annotation_stream(image_id, imported_identifier(import_id, line))` of each line, as sixteen bytes.

    An import has a million lines: without numbers and objects on the way it takes a quarter of the time.
    """
    place, hashed = image_id.bytes, hashlib.sha256
    blocks: dict[int, bytes] = {}
    streams = []
    for line in lines:
        begins = blocks.get(line // LINES) or blocks.setdefault(line // LINES, place + _block(import_id, line // LINES))
        digest = hashed(begins + line.to_bytes(4)).digest()
        a, b, c = digest[22:25]
        twelve_bits = (a & 3) << 10 | b << 2 | c >> 6
        streams.append(begins[16:22] + VERSION_BYTES[twelve_bits] + VARIANT_BYTE[c & 0x3F] + digest[25:])
    return streams


VERSION_BYTES = [(0x7000 | number).to_bytes(2) for number in range(4096)]
VARIANT_BYTE = [bytes((0x80 | number,)) for number in range(64)]


def derived_id(*parts: object) -> UUID:
    """The same id for the same parts, for streams that a name or a pair identifies."""
    return uuid5(NAMESPACE, "\x1f".join(str(part) for part in parts))


def _version_7(milliseconds: int, random_74: int) -> UUID:
    high, low = random_74 >> 62, random_74 & LOW_62
    return UUID(int=(milliseconds & TIME_48) << 80 | VERSION_7 | high << 64 | VARIANT | low)
