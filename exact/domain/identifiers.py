"""Identifiers: time-ordered UUIDs for new streams, and the one stream that a client's own identifier names."""

import hashlib
import secrets
import time
from uuid import UUID, uuid5

NAMESPACE = UUID("7e0a9d0c-3f0b-5c53-9d0e-0f1f8f6f2b11")
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
    return _version_7(unique_identifier.int >> 80 if known else digest >> 208, digest & ((1 << 74) - 1))


def imported_identifier(import_id: UUID, line: int) -> UUID:
    """The identifier of what came with an import and has none of its own: the same for the same line.

    Of version 7, with the import's time and a millisecond for each thousand lines, so that the log's index grows at
    its end while many are brought.
    """
    digest = int.from_bytes(hashlib.sha256(import_id.bytes + line.to_bytes(8)).digest())
    return _version_7((import_id.int >> 80) + line // 1000, digest & ((1 << 74) - 1))


def derived_id(*parts: object) -> UUID:
    """The same id for the same parts, for streams that a name or a pair identifies."""
    return uuid5(NAMESPACE, "\x1f".join(str(part) for part in parts))


def _version_7(milliseconds: int, random_74: int) -> UUID:
    high, low = random_74 >> 62, random_74 & ((1 << 62) - 1)
    return UUID(int=(milliseconds & ((1 << 48) - 1)) << 80 | VERSION_7 | high << 64 | VARIANT | low)
