"""The head of a JPEG stream, read without decoding and without trust: does it hold what the file's tables promise?"""

import struct
from dataclasses import dataclass

from exact.tiles.source import Size

START, END = b"\xff\xd8", b"\xff\xd9"
ADOBE_RGB = b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x00"
ADOBE_YCBCR = ADOBE_RGB[:-1] + b"\x01"
"""Say what three components mean; without such a mark decoders take them for YCbCr, or look at their names."""
APPLICATION, COMMENT, ADOBE = range(0xE0, 0xF0), 0xFE, 0xEE
BASELINE = (0xC0, 0xC1)
"""Sequential Huffman streams. Progressive ones are no TIFF, and a crafted one keeps a decoder busy for minutes."""
BEFORE_FRAME = (0xC4, 0xDB, 0xDD)
"""Huffman and quantisation tables, restart interval."""
MAX_SEGMENTS = 64
FRAME = struct.Struct(">BHHB")
RGB_IDENTIFIERS = b"RGB"


@dataclass(frozen=True)
class StreamHead:
    """What stands before the scan."""

    size: Size
    components: int
    length: int
    """Bytes up to the end of the frame header: whatever begins with the same bytes has the same head."""
    body: int
    """Where the application segments at the beginning end."""
    is_jfif: bool
    adobe_transform: int | None
    has_rgb_identifiers: bool

    @property
    def is_read_as_rgb(self) -> bool:
        """How decoders and browsers understand three components that nothing is put before."""
        if self.is_jfif:
            return False
        return self.has_rgb_identifiers if self.adobe_transform is None else self.adobe_transform == 0


def segments(stream: bytes) -> list[tuple[int, int, int]] | None:
    """Marker, start and end of the segments after the start of the image, up to the frame; None for no sound stream."""
    if stream[:2] != START:
        return None
    found: list[tuple[int, int, int]] = []
    at = 2
    while at + 4 <= len(stream) and len(found) < MAX_SEGMENTS:
        if stream[at] != 0xFF:
            return None
        marker, end = stream[at + 1], at + 2 + int.from_bytes(stream[at + 2 : at + 4], "big")
        if end < at + 4 or end > len(stream):
            return None
        found.append((marker, at, end))
        if marker in BASELINE:
            return found
        if marker not in BEFORE_FRAME and marker not in APPLICATION and marker != COMMENT:
            return None
        at = end
    return found if stream[at:] == END else None


def read_head(stream: bytes) -> StreamHead | None:
    """None for what is no 8-bit baseline stream of one or three components."""
    found = segments(stream)
    if not found or found[-1][0] not in BASELINE:
        return None
    _, start, end = found[-1]
    if end - start < 4 + FRAME.size:
        return None
    precision, height, width, components = FRAME.unpack_from(stream, start + 4)
    if precision != 8 or components not in (1, 3) or end - start != 4 + FRAME.size + 3 * components:
        return None
    identifiers = bytes(stream[start + 4 + FRAME.size : end : 3])
    return StreamHead((width, height), components, end, *_applications(stream, found), identifiers == RGB_IDENTIFIERS)


def _applications(stream: bytes, found: list[tuple[int, int, int]]) -> tuple[int, bool, int | None]:
    """End of those at the beginning, whether one says JFIF, and the colour transform of Adobe's."""
    body, is_jfif, transform = 2, False, None
    for marker, start, end in found:
        if marker in APPLICATION and body == start:
            body = end
        content = stream[start + 4 : end]
        is_jfif = is_jfif or (marker == 0xE0 and content[:5] == b"JFIF\0")
        if marker == ADOBE and content[:5] == b"Adobe" and len(content) >= 12:
            transform = content[11]
    return body, is_jfif, transform


def shared_tables(stream: bytes) -> bytes | None:
    """The tables of an abbreviated stream, without start, end and anything else; None when it is not sound."""
    found = segments(stream)
    if found is None or stream[-2:] != END or any(marker in BASELINE for marker, _, _ in found):
        return None
    return b"".join(stream[start:end] for marker, start, end in found if marker in BEFORE_FRAME)
