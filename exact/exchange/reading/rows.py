"""The neutral form that every reader gives: one annotation as a file tells it, before anything was looked up."""

import re
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec

from exact.domain.errors import Invalid

ROW_MAX_BYTES = 16 * 2**20
"""Text of one row; a polygon of 100,000 points needs about 4 MB."""
NO_NUMBER = re.compile(rb"\b(NaN|Infinity)\b")


class Form(StrEnum):
    """What the coordinates of a shape mean; the annotation type decides what is made of it."""

    POINTS = "points"  # the points of whatever geometry the type has
    OUTLINE = "outline"  # a closed ring; the first point is not repeated
    ELLIPSE = "ellipse"  # a ring whose bounds are an ellipse's
    PATH = "path"
    SPOT = "spot"  # one point, the centre of something of the type's own size


class Shape(msgspec.Struct, frozen=True, gc=False):
    """Where it lies: x1, y1, x2, y2, ... in pixels at level 0."""

    form: Form
    coordinates: list[float]
    frame: int | None = None
    plane: int = 0


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One annotation. `image` and `annotation_type` are public numbers, names or UUIDs; None where the file names none.

    `shape` None says that the type is not in the image. `line` counts lines, or features, from 1; `text` is what stood
    there.
    """

    line: int
    text: bytes
    image: int | str | None = None
    annotation_type: int | str | None = None
    shape: Shape | None
    vector_type: int | None = None
    unique_identifier: UUID | None = None
    description: str = ""
    meta_data: dict[str, Any] | None = None  # Any: the client's own JSON


class Bad(msgspec.Struct, frozen=True, kw_only=True):
    """A row that is not imported, and why."""

    line: int
    text: bytes
    code: str
    sentence: str


class Broken(Invalid):
    """The file cannot be read any further: what was read of it so far must not be taken for the whole."""

    code = "file_broken"


def unreadable(line: int, text: bytes, error: Exception) -> Bad:
    """A row whose text is not what it should be, in words."""
    if isinstance(error, msgspec.ValidationError):
        return Bad(line=line, text=text, code="row_invalid", sentence=f"{error}.")
    if isinstance(error, RecursionError):
        return Bad(line=line, text=text, code="row_invalid", sentence="The data are nested too deeply.")
    if isinstance(error, UnicodeDecodeError):
        return Bad(line=line, text=text, code="not_utf8", sentence="A text is not UTF-8; save the file as UTF-8.")
    if NO_NUMBER.search(text):
        sentence = "NaN and Infinity are no numbers of JSON; leave such values out, or write them as texts."
        return Bad(line=line, text=text, code="not_json", sentence=sentence)
    return Bad(line=line, text=text, code="not_json", sentence=f"This is no JSON: {error}.")
