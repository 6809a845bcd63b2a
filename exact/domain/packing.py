"""Many annotations in few bytes: columns instead of rows, differences instead of coordinates, MessagePack, zlib.

An annotation of eight points takes about 60 bytes, a tenth of what it takes as a fact of its own.
"""

import zlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, chain
from operator import sub
from typing import Any, Protocol
from uuid import UUID

import msgspec

from exact.domain.vectors import Plane, Vector, VectorType

LEVEL = 1
"""Of zlib: columns of small numbers get two hundredths smaller by more, in a third more time."""
ENCODER = msgspec.msgpack.Encoder()
NO_FRAME = -1
NO_VECTOR = 0


class Nothing:
    """What is packed for an annotation that has no shape."""

    vector_type = NO_VECTOR
    frame = None
    plane = 0
    points = ()


NOTHING = Nothing()


class Packed(msgspec.Struct, frozen=True, kw_only=True):
    """One annotation of a packed list; `line` is where it stood in the file it came with."""

    line: int
    number: int
    unique_identifier: UUID | None
    annotation_type_id: UUID
    vector: Vector | None
    description: str = ""
    meta_data: dict[str, Any] | None = None  # Any: the client's own JSON


class Columns(msgspec.Struct, frozen=True, array_like=True):
    """The list as columns; None where a column holds nothing but what is left out by default."""

    lines: list[int]
    numbers: list[int]
    identifiers: bytes | None
    kinds: bytes
    kind_of: list[int]
    vector_types: list[int]
    frames: list[int] | None
    planes: list[int] | None
    counts: list[int]
    points: list[int]
    descriptions: list[str] | None
    meta_data: list[Any] | None  # Any: the clients' own JSON


DECODER = msgspec.msgpack.Decoder(Columns)


class Packable(Protocol):
    """What is packed: a Packed, or what is like it; its public number is given beside it."""

    line: int
    unique_identifier: UUID | None
    annotation_type_id: UUID
    vector: Any  # Any: a Vector or None
    description: str
    meta_data: dict[str, Any] | None  # Any: the client's own JSON


def pack(items: Sequence[Packable], numbers: Sequence[int]) -> bytes:
    """The items as bytes, in their order; either all of them have an identifier of their own or none has."""
    kinds = {item.annotation_type_id.int: item.annotation_type_id for item in items}
    place = {kind: index for index, kind in enumerate(kinds)}
    vectors = [item.vector or NOTHING for item in items]
    identified = [item.unique_identifier for item in items if item.unique_identifier is not None]
    columns = Columns(
        lines=differences([item.line for item in items]),
        numbers=differences(numbers),
        identifiers=_joined(identified) if identified else None,
        kinds=_joined(kinds.values()),
        kind_of=[place[item.annotation_type_id.int] for item in items],
        vector_types=[int(vector.vector_type) for vector in vectors],
        frames=_unless_all(NO_FRAME, [NO_FRAME if vector.frame is None else vector.frame for vector in vectors]),
        planes=_unless_all(0, [int(vector.plane) for vector in vectors]),
        counts=[len(vector.points) for vector in vectors],
        points=_offsets(vectors),
        descriptions=_unless_all("", [item.description for item in items]),
        meta_data=_unless_all(None, [item.meta_data for item in items]),
    )
    return zlib.compress(ENCODER.encode(columns), LEVEL)


def unpack(data: bytes) -> Iterator[Packed]:
    """The items again, in their order."""
    columns = columns_of(data)
    count = len(columns.lines)
    kinds = split(columns.kinds)
    identifiers: Sequence[UUID | None] = split(columns.identifiers) if columns.identifiers else [None] * count
    vectors = _vectors(columns, count)
    texts = columns.descriptions or [""] * count
    own = columns.meta_data or [None] * count
    lines, numbers = accumulate(columns.lines), accumulate(columns.numbers)
    for line, number, identifier, kind, vector, text, meta_data in zip(
        lines, numbers, identifiers, columns.kind_of, vectors, texts, own, strict=True
    ):
        yield Packed(
            line=line,
            number=number,
            unique_identifier=identifier,
            annotation_type_id=kinds[kind],
            vector=vector,
            description=text,
            meta_data=meta_data,
        )


def columns_of(data: bytes) -> Columns:
    """The packed columns as they are."""
    return DECODER.decode(zlib.decompress(data))


def differences(values: Sequence[int]) -> list[int]:
    """Each value less the one before it; the first one as it is."""
    return list(map(sub, values, chain((0,), values)))


def _unless_all(default: Any, values: list[Any]) -> list[Any] | None:
    return None if values.count(default) == len(values) else values


def _joined(ids: Iterable[UUID]) -> bytes:
    return b"".join([one.bytes for one in ids])


def split(joined: bytes) -> list[UUID]:
    """Ids that stand one after the other."""
    return [UUID(bytes=joined[start : start + 16]) for start in range(0, len(joined), 16)]


def _offsets(vectors: Sequence[Any]) -> list[int]:  # Any: Vectors, or Nothing
    """x and y by turns, each less the one before it in its own direction, across all shapes."""
    points = list(chain.from_iterable([vector.points for vector in vectors]))
    points[::2], points[1::2] = differences(points[::2]), differences(points[1::2])
    return points


def _vectors(columns: Columns, count: int) -> Iterator[Vector | None]:
    points = [0] * len(columns.points)
    points[::2], points[1::2] = accumulate(columns.points[::2]), accumulate(columns.points[1::2])
    frames, planes = columns.frames or [NO_FRAME] * count, columns.planes or [0] * count
    start = 0
    for kind, size, frame, plane in zip(columns.vector_types, columns.counts, frames, planes, strict=True):
        if kind == NO_VECTOR:
            yield None
            continue
        yield Vector(
            vector_type=TYPES[kind],
            points=tuple(points[start : start + size]),
            frame=None if frame == NO_FRAME else frame,
            plane=PLANES[plane],
        )
        start += size


TYPES = {int(kind): kind for kind in VectorType}
PLANES = {int(plane): plane for plane in Plane}
