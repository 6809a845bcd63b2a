"""JSON lines: one annotation a line, as docs/importing.md tells."""

import io
from collections.abc import Iterator
from functools import cache
from itertools import chain
from typing import Any
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from exact.domain.errors import Refusal
from exact.domain.vectors import VectorType, from_ancestor
from exact.exchange.reading.rows import ROW_MAX_BYTES, Bad, Broken, Form, Row, Shape, unreadable

name = "jsonl"
title = "JSON lines"
PLACE = {"frame", "plane"}


class Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What may stand on a line."""

    image: int | str | None = None
    annotation_type: int | str | None = None
    vector: dict[str, float] | UnsetType | None = UNSET
    points: list[tuple[float, float]] | UnsetType = UNSET
    vector_type: int | None = None
    frame: int | None = None
    plane: int | None = None
    unique_identifier: UUID | None = None
    description: str | None = None
    meta_data: dict[str, Any] | None = None  # Any: the client's own JSON
    confidence: float | None = None


DECODER = msgspec.json.Decoder(Line)


def rows(reader: io.BufferedReader) -> Iterator[Row | Bad]:
    """Every line that is not empty."""
    for number, text in lines(reader):
        if len(text) > ROW_MAX_BYTES:
            sentence = f"The line is longer than {ROW_MAX_BYTES // 2**20} MiB."
            yield Bad(line=number, text=b"", code="row_too_long", sentence=sentence)
        elif text and not text.isspace():
            yield row(number, text)


def lines(reader: io.BufferedReader) -> Iterator[tuple[int, bytes]]:
    """Lines with their numbers from 1; of one that is too long only as much as shows it."""
    number = 0
    while text := reader.readline(ROW_MAX_BYTES + 1):
        number += 1
        whole = text.endswith(b"\n")
        if len(text) > ROW_MAX_BYTES and not whole:
            skip_line(reader)
        elif not whole and cut_off(text):
            raise Broken(f"The file ends in the middle of line {number}; send it again.", line=number)
        yield number, text


def skip_line(reader: io.BufferedReader) -> None:
    """The rest of the line."""
    while (text := reader.readline(ROW_MAX_BYTES)) and not text.endswith(b"\n"):
        pass


def cut_off(text: bytes) -> bool:
    """Whether JSON stops before it is complete."""
    try:
        msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return "truncated" in str(error)
    return False


def row(number: int, text: bytes) -> Row | Bad:
    """One line as an annotation."""
    try:
        line = DECODER.decode(text)
        shape = shape_of(line)
    except Refusal as refusal:
        return Bad(line=number, text=text, code=refusal.code, sentence=refusal.sentence)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        return unreadable(number, text, error)
    return Row(
        line=number,
        text=text,
        image=line.image,
        annotation_type=line.annotation_type,
        shape=shape,
        vector_type=line.vector_type,
        unique_identifier=line.unique_identifier,
        description=line.description or "",
        meta_data=meta_data(line),
    )


def meta_data(line: Line) -> dict[str, Any] | None:  # Any: the client's own JSON
    """The client's own data, with the confidence among them."""
    if line.confidence is None:
        return line.meta_data
    return {**(line.meta_data or {}), "confidence": line.confidence}


def shape_of(line: Line) -> Shape | None:
    """The points, given as pairs or as the ancestor's object; without any it is one for the image as a whole."""
    if line.points is not UNSET:
        if line.vector is not UNSET:
            raise msgspec.ValidationError("A line has `points` or `vector`, not both")
        return Shape(Form.POINTS, list(chain.from_iterable(line.points)), line.frame, line.plane or 0)
    if line.vector is None:
        return None
    if line.vector is UNSET:
        return Shape(Form.POINTS, [], line.frame, line.plane or 0)
    return of_ancestor(line.vector, line.frame, line.plane)


def of_ancestor(vector: dict[str, float], frame: int | None, plane: int | None) -> Shape:
    """`{"x1": .., "y1": .., "frame": ..}`; frame and plane may also stand beside it."""
    count = len(vector) - len(PLACE & vector.keys())
    try:
        coordinates = [vector[key] for key in keys(count // 2)]
    except KeyError:
        coordinates = []
    if len(coordinates) != count:
        from_ancestor(VectorType.POLYGON, vector)  # says which key is wrong
    return Shape(
        Form.POINTS,
        coordinates,
        frame if frame is not None else whole(vector.get("frame"), "frame"),
        plane if plane is not None else whole(vector.get("plane"), "plane") or 0,
    )


@cache
def keys(count: int) -> tuple[str, ...]:
    """x1, y1, x2, y2, ..."""
    return tuple(f"{axis}{index}" for index in range(1, count + 1) for axis in "xy")


def whole(value: float | None, what: str) -> int | None:
    """A number without a fraction."""
    if value is not None and value != int(value):
        raise msgspec.ValidationError(f"`{what}` must be a whole number")
    return None if value is None else int(value)
