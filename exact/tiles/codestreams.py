"""The size that a JPEG, JPEG-LS or JPEG 2000 stream says it has, read from its header: no decoder has to be trusted."""

import struct

JPEG_START = b"\xff\xd8"
JPEG_2000_START = b"\xff\x4f\xff\x51"
JPEG_2000_BOX = b"\x00\x00\x00\x0cjP  "
FRAME_MARKERS = frozenset({*range(0xC0, 0xD0), 0xF7} - {0xC4, 0xC8, 0xCC})
"""Start of frame, of every process; F7 is that of JPEG-LS. C4, C8 and CC are tables."""
ALONE = frozenset({0x01, *range(0xD0, 0xD9)})
"""Markers without a length."""
SCAN, END = 0xDA, 0xD9


def encoded_size(stream: bytes) -> tuple[int, int] | None:
    """Width and height; None where the stream does not say so."""
    if stream.startswith(JPEG_START):
        return _jpeg_size(stream)
    if stream.startswith(JPEG_2000_BOX):
        stream = stream[max(0, stream.find(JPEG_2000_START)) :]
    if stream.startswith(JPEG_2000_START) and len(stream) >= 24:
        width, height, left, top = struct.unpack_from(">4I", stream, 8)
        return width - left, height - top
    return None


def _jpeg_size(stream: bytes) -> tuple[int, int] | None:
    at = 2
    while at + 4 <= len(stream) and stream[at] == 0xFF:
        marker = stream[at + 1]
        if marker == 0xFF or marker in ALONE:
            at += 1 if marker == 0xFF else 2
            continue
        if marker in (SCAN, END):
            return None
        if marker in FRAME_MARKERS:
            return _frame_size(stream, at)
        at += 2 + int(struct.unpack_from(">H", stream, at + 2)[0])
    return None


def _frame_size(stream: bytes, at: int) -> tuple[int, int] | None:
    if at + 9 > len(stream):
        return None
    height, width = struct.unpack_from(">HH", stream, at + 5)
    return width, height
