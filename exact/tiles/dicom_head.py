"""Whether a file is DICOM and of which class, from its first bytes, without a parser."""

import re
from pathlib import Path

MAGIC, MAGIC_AT = b"DICM", 128
HEAD_BYTES = 1200
"""The class of what a file holds stands in its first bytes."""
MEDIA_CLASS = re.compile(rb"\x02\x00\x02\x00UI..([0-9.]+)", re.DOTALL)
DIRECTORY = "1.2.840.10008.1.3.10"
WHOLE_SLIDE = "1.2.840.10008.5.1.4.1.1.77.1.6"


def is_dicom(head: bytes) -> bool:
    """By the four letters behind the preamble."""
    return head[MAGIC_AT : MAGIC_AT + 4] == MAGIC


def class_of(head: bytes) -> str | None:
    """UID of what the file holds (CT image, slide, report, ...)."""
    found = MEDIA_CLASS.search(head[:HEAD_BYTES])
    return None if found is None or not is_dicom(head) else found[1].decode()


def head_of(path: Path) -> bytes:
    """The first bytes of a file."""
    with path.open("rb") as file:
        return file.read(HEAD_BYTES)
