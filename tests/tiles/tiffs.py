"""Small TIFF files of every layout, written tag by tag, sound or not: for tests and for the fuzzer's corpus."""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO

import numpy as np
from PIL import Image

BYTE, SHORT, LONG, UNDEFINED, LONG8 = 1, 3, 4, 7, 16
CODES = {BYTE: "B", SHORT: "H", LONG: "I", UNDEFINED: "B", LONG8: "Q"}
Tags = Mapping[int, tuple[int, Sequence[int]]]
"""By number: type and values."""
SIDE_PX = 16


@dataclass
class Writer:
    """Puts directories one behind the other."""

    order: str = "<"
    big: bool = False
    content: bytearray = field(default_factory=bytearray)

    def __post_init__(self) -> None:
        mark = b"II" if self.order == "<" else b"MM"
        fixed = struct.pack(f"{self.order}HHH", 43, 8, 0) if self.big else struct.pack(f"{self.order}H", 42)
        self._next_at = len(mark + fixed)
        self.content += mark + fixed + self._offset(0)

    def add(self, data: bytes) -> int:
        """Anything; returns where it lies."""
        self.content += b"\0" * (len(self.content) % 2)
        self.content += data
        return len(self.content) - len(data)

    def directory(self, tags: Tags, *, linked: bool = True) -> int:
        """Returns where it lies; the one before, or the header, points to it unless it is a sub-directory."""
        entries = b"".join(self._entry(tag, *tags[tag]) for tag in sorted(tags))
        count = struct.pack(self.order + ("Q" if self.big else "H"), len(tags))
        at = self.add(count + entries + self._offset(0))
        if linked:
            self.point(at)
            self._next_at = at + len(count + entries)
        return at

    def point(self, target: int) -> None:
        """Makes the last directory's follower, or the first directory."""
        link = self._offset(target)
        self.content[self._next_at : self._next_at + len(link)] = link

    def _entry(self, tag: int, kind: int, values: Sequence[int]) -> bytes:
        packed = struct.pack(f"{self.order}{len(values)}{CODES[kind]}", *values)
        wide = 8 if self.big else 4
        inline = packed.ljust(wide, b"\0") if len(packed) <= wide else self._offset(self.add(packed))
        return struct.pack(f"{self.order}HH{'Q' if self.big else 'I'}", tag, kind, len(values)) + inline

    def _offset(self, value: int) -> bytes:
        return struct.pack(self.order + ("Q" if self.big else "I"), value)


def jpeg(side_px: int = SIDE_PX, mode: str = "RGB", **saved_with: object) -> bytes:
    """A whole stream."""
    written = BytesIO()
    pixels = np.add.outer(np.arange(side_px), np.arange(side_px)).astype(np.uint8) * 7
    Image.fromarray(pixels).convert(mode).save(written, "JPEG", quality=75, **saved_with)
    return written.getvalue()


def parted(stream: bytes) -> tuple[bytes, bytes]:
    """Shared tables, and the stream without them, as libtiff writes both: without any mark of an application."""
    tables, rest, at = b"", b"", 2
    while stream[at + 1] != 0xDA:
        end = at + 2 + int.from_bytes(stream[at + 2 : at + 4], "big")
        if stream[at + 1] in (0xC4, 0xDB):
            tables += stream[at:end]
        elif stream[at + 1] < 0xE0:
            rest += stream[at:end]
        at = end
    return b"\xff\xd8" + tables + b"\xff\xd9", b"\xff\xd8" + rest + stream[at:]


def tags_of(places: Sequence[tuple[int, int]], size: tuple[int, int], **changes: tuple[int, Sequence[int]]) -> Tags:
    """A directory of JPEG tiles; changes are named `t` and the tag's number, such as `t262=(SHORT, [2])`."""
    tags = {
        256: (LONG, [size[0]]),
        257: (LONG, [size[1]]),
        258: (SHORT, [8, 8, 8]),
        259: (SHORT, [7]),
        262: (SHORT, [6]),
        277: (SHORT, [3]),
        322: (SHORT, [SIDE_PX]),
        323: (SHORT, [SIDE_PX]),
        324: (LONG, [offset for offset, _ in places]),
        325: (LONG, [length for _, length in places]),
    }
    return {**tags, **{int(name[1:]): value for name, value in changes.items()}}


def tiled(order: str = "<", *, big: bool = False, **changes: tuple[int, Sequence[int]]) -> bytes:
    """Two by two whole tiles and a smaller level."""
    writer, stream = Writer(order, big), jpeg()
    places = [(writer.add(stream), len(stream)) for _ in range(4)]
    writer.directory(tags_of(places, (30, 20), **changes))
    writer.directory(tags_of(places[:1], (15, 10)))
    return bytes(writer.content)


def with_shared_tables(photometric: int = 2) -> bytes:
    """As Aperio writes: red, green and blue without a word of it in the streams."""
    writer, (tables, stream) = Writer(), parted(jpeg())
    places = [(writer.add(stream), len(stream))]
    shared = {"t347": (UNDEFINED, list(tables)), "t262": (SHORT, [photometric])}
    writer.directory(tags_of(places, (16, 16), **shared))
    return bytes(writer.content)


def with_sub_directories() -> bytes:
    """The smaller level below the larger one, as OME-TIFF keeps pyramids."""
    writer, stream = Writer(big=True), jpeg()
    places = [(writer.add(stream), len(stream)) for _ in range(4)]
    child = writer.directory(tags_of(places[:1], (15, 10)), linked=False)
    writer.directory(tags_of(places, (30, 20), t330=(LONG8, [child])))
    return bytes(writer.content)


def that_goes_round() -> bytes:
    """The second directory is followed by the first."""
    writer, stream = Writer(), jpeg()
    places = [(writer.add(stream), len(stream))]
    first = writer.directory(tags_of(places, (16, 16)))
    writer.directory(tags_of(places, (8, 8)))
    writer.point(first)
    return bytes(writer.content)


def corpus() -> dict[str, bytes]:
    """What the fuzzer begins with."""
    kinds = {"classic": False, "big": True}
    sound = {f"{kind}{order}": tiled(order, big=big) for kind, big in kinds.items() for order in "<>"}
    return {
        **{name.replace("<", "-little").replace(">", "-big"): content for name, content in sound.items()},
        "shared-tables-rgb": with_shared_tables(2),
        "shared-tables-ycbcr": with_shared_tables(6),
        "sub-directories": with_sub_directories(),
        "goes-round": that_goes_round(),
        "beyond-the-end": tiled()[:-40],
        "too-many-tiles": tiled(t256=(LONG, [2**31])),
        "giant-table": tiled(t324=(LONG, [0] * 5)),
        "giant-length": tiled(t325=(LONG, [2**32 - 1] * 4)),
        "wide-tile": tiled(t322=(LONG, [2**31])),
    }
