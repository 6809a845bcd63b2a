"""What all DICOM files have in common: headers read without their pixels, and where each frame of pixels lies."""

import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from exact.tiles.dicom_head import DIRECTORY, class_of, head_of
from exact.tiles.errors import DamagedFile, TileError, UnsupportedContent

DEFLATED = "1.2.840.10008.1.2.1.99"
BIG_ENDIAN = "1.2.840.10008.1.2.2"
PIXELS = {(0x7FE0, 0x0010): "integers", (0x7FE0, 0x0008): "f4", (0x7FE0, 0x0009): "f8"}
LONG_LENGTHS = (b"OB", b"OW", b"OF", b"OD", b"OL", b"OV", b"UN", b"SQ", b"UT", b"UC", b"UR")
UNDEFINED = 0xFFFFFFFF
ITEM, END = (0xFFFE, 0xE000), (0xFFFE, 0xE0DD)
MAX_FILES = 50_000
LOOKED_AT = 64
"""Files of a folder that are opened to recognise it: folders of other kinds hold many."""
MAX_TEXT = 300
PARSER_ERRORS = (
    *(ValueError, TypeError, LookupError, AttributeError, ArithmeticError, NotImplementedError, AssertionError),
    *(EOFError, OSError, RecursionError, MemoryError, struct.error, RuntimeError),
)
"""What pydicom raises on broken files, some of it only when a value is looked at."""

Dataset = Any  # pydicom's is untyped


@dataclass(frozen=True)
class Fragment:
    """A part of a frame in the file; a frame that is not compressed has one."""

    offset: int
    length: int


@dataclass(frozen=True)
class DicomFile:
    """One file without its pixels."""

    path: Path
    dataset: Dataset
    syntax: str
    """UID of how pixels are stored."""
    pixels: Fragment | None
    """Where the pixel data lie; the length is `UNDEFINED` where they are compressed."""
    number_type: str = "integers"

    @property
    def compressed(self) -> bool:
        """Whether each frame is a stream of some codec."""
        return self.pixels is not None and self.pixels.length == UNDEFINED

    @property
    def big_endian(self) -> bool:
        """Whether numbers begin with their highest byte."""
        return self.syntax == BIG_ENDIAN


@contextmanager
def reading() -> Iterator[None]:
    """Everything that pydicom may raise on a broken file becomes one of our errors."""
    try:
        yield
    except TileError:
        raise
    except PARSER_ERRORS as error:
        reason = f"{type(error).__name__}: {error}"[:MAX_TEXT]
        raise DamagedFile(f"The DICOM file is damaged or cut off ({reason}). Upload it again.") from error


def files_of(path: Path) -> list[Path]:
    """The file, or all DICOM files of a folder but its directory; others (README, ...) are passed over."""
    if not path.is_dir():
        return [path]
    inside = (Path(folder) / name for folder, _, names in os.walk(path) for name in names)
    found = [file for file in islice(inside, MAX_FILES + 1) if file.is_file()]
    if len(found) > MAX_FILES:
        raise UnsupportedContent(f"The folder holds more than {MAX_FILES:,} files: upload one series.")
    return sorted(file for file in found if class_of(head_of(file)) not in (None, DIRECTORY))


def any_dicom(path: Path) -> str | None:
    """Class of the first DICOM file among the first files of a folder, found without parsing."""
    inside = (Path(folder) / name for folder, _, names in os.walk(path) for name in sorted(names))
    for file in islice(inside, LOOKED_AT):
        found = class_of(head_of(file)) if file.is_file() else None
        if found not in (None, DIRECTORY):
            return found
    return None


def read(path: Path) -> DicomFile:
    """The header, and where the pixels begin."""
    if DEFLATED.encode() in head_of(path):
        raise UnsupportedContent("The DICOM file is deflated as a whole: save it otherwise and upload it again.")
    with reading(), path.open("rb") as file:
        dataset = parser().dcmread(file, stop_before_pixels=True)
        return DicomFile(path, dataset, str(dataset.file_meta.TransferSyntaxUID), *_pixels(file, dataset))


@cache
def parser() -> Any:  # Any: pydicom is untyped
    """pydicom, loaded by those processes alone that read DICOM; many real files bend its rules."""
    import pydicom

    pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
    return pydicom


def _pixels(file: BinaryIO, dataset: Dataset) -> tuple[Fragment | None, str]:
    """pydicom stops where the element begins."""
    implicit, little = dataset.original_encoding
    order = "<" if little else ">"
    head = file.read(12)
    if len(head) < 12:
        return None, "integers"
    number_type = PIXELS.get(struct.unpack_from(order + "HH", head))
    if number_type is None:
        return None, "integers"
    long_length = not implicit and head[4:6] in LONG_LENGTHS
    at, code = (8, "I") if long_length else (4, "I") if implicit else (6, "H")
    (length,) = struct.unpack_from(order + code, head, at)
    offset = file.tell() - len(head) + at + struct.calcsize(code)
    if length != UNDEFINED and offset + length > os.fstat(file.fileno()).st_size:
        raise DamagedFile("The DICOM file is cut off: its pixels go beyond its end. Upload it again.")
    return Fragment(offset, length), number_type


def stored_frames(file: DicomFile, count: int) -> list[list[Fragment]]:
    """Where the fragments of each compressed frame lie: a walk over their headers, bounded by the file's size."""
    if file.pixels is None:
        return []
    with reading(), file.path.open("rb") as opened:
        fragments = list(_fragments(opened, file.pixels.offset))
        table, streams = fragments[0], fragments[1:]
        if len(streams) == count:
            return [[stream] for stream in streams]
        if count == 1:
            return [streams]
        opened.seek(table.offset)
        return _by_table(struct.unpack(f"<{table.length // 4}I", opened.read(table.length // 4 * 4)), streams, count)


def _fragments(opened: BinaryIO, offset: int) -> Iterator[Fragment]:
    """The table of offsets first; compressed pixels are always little-endian."""
    size = os.fstat(opened.fileno()).st_size
    while offset + 8 <= size:
        opened.seek(offset)
        group, element, length = struct.unpack("<HHI", opened.read(8))
        if (group, element) == END:
            return
        if (group, element) != ITEM or offset + 8 + length > size:
            break
        yield Fragment(offset + 8, length)
        offset += 8 + length
    raise DamagedFile("The DICOM file is cut off: its compressed pixels have no end. Upload it again.")


def _by_table(offsets: tuple[int, ...], streams: list[Fragment], count: int) -> list[list[Fragment]]:
    """Frames of several fragments, told apart by the table of offsets."""
    if len(offsets) != count or not streams:
        raise DamagedFile("The DICOM file is damaged: it holds fewer frames than its header says. Upload it again.")
    first = streams[0].offset
    ends = [*offsets[1:], UNDEFINED]
    return [
        [stream for stream in streams if start <= stream.offset - first < end]
        for start, end in zip(offsets, ends, strict=True)
    ]


def text(dataset: Dataset, name: str) -> str | None:
    """A value as text, None where there is none."""
    value = dataset.get(name)
    return None if value in (None, "") else str(value).strip() or None


def numbers(dataset: Dataset, name: str, count: int) -> tuple[float, ...] | None:
    """So many numbers, None where there are not so many."""
    value = dataset.get(name)
    if value is None or isinstance(value, str) or (not hasattr(value, "__len__") and count != 1):
        return None
    found = tuple(float(part) for part in (value if hasattr(value, "__len__") else [value])[:count])
    return found if len(found) == count else None


def number(dataset: Dataset, name: str) -> float | None:
    """One number, the first of several."""
    found = numbers(dataset, name, 1)
    return None if found is None else found[0]


def scanner(dataset: Dataset) -> str | None:
    """Make and model."""
    parts = [text(dataset, "Manufacturer"), text(dataset, "ManufacturerModelName")]
    return " ".join(part for part in parts if part) or None


def properties(dataset: Dataset) -> dict[str, str]:
    """Every short value of the header, names of patients among them: shown only to those who may see them."""
    told = {}
    for element in dataset:
        if element.keyword and element.VR != "SQ" and not isinstance(element.value, bytes):
            told[f"dicom.{element.keyword}"] = str(element.value)[:MAX_TEXT]
    return told
