"""GeoJSON as QuPath writes it (0.2 to 0.6): one annotation a feature, as docs/importing.md tells."""

import io
from collections.abc import Iterator
from itertools import chain
from typing import Any
from uuid import UUID

import msgspec

from exact.domain.errors import Invalid, Refusal
from exact.domain.vectors import Plane
from exact.exchange.reading.features import Features
from exact.exchange.reading.rows import Bad, Form, Row, Shape, unreadable

name = "geojson"
title = "QuPath GeoJSON"
Position = list[float]


class Place(msgspec.Struct, frozen=True):
    """QuPath's foreign member: channel, slice, time."""

    z: int = 0
    t: int = 0


class Geometry(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    """Where it lies, with QuPath's and our own foreign members."""

    plane: Place = Place()
    exactPlane: str = "axial"  # noqa: N815 - the file's name


class Polygon(Geometry, frozen=True, kw_only=True):
    coordinates: list[list[Position]]
    isEllipse: bool = False  # noqa: N815 - the file's name


class MultiPolygon(Geometry, frozen=True, kw_only=True):
    coordinates: list[list[list[Position]]]


class LineString(Geometry, frozen=True, kw_only=True):
    coordinates: list[Position]


class MultiLineString(Geometry, frozen=True, kw_only=True):
    coordinates: list[list[Position]]


class Point(Geometry, frozen=True, kw_only=True):
    coordinates: Position


class MultiPoint(Geometry, frozen=True, kw_only=True):
    coordinates: list[Position]


class Classification(msgspec.Struct, frozen=True):
    """QuPath's class: one name, or several of a derived class."""

    name: str | None = None
    names: list[str] = []

    @property
    def full_name(self) -> str | None:
        return self.name if self.name is not None else ": ".join(self.names) or None


class Measurement(msgspec.Struct, frozen=True):
    """As QuPath wrote them before 0.4."""

    name: str
    value: float | str | None = None


class Properties(msgspec.Struct, frozen=True):
    """What QuPath tells of an object; what only concerns its own window (colour, lock) is passed over."""

    objectType: str | None = None  # noqa: N815 - the file's name
    name: str | None = None
    classification: str | Classification | None = None
    measurements: dict[str, float | str | None] | list[Measurement] | None = None
    metadata: dict[str, Any] | None = None  # Any: the client's own JSON
    childObjects: list[msgspec.Raw] = []  # noqa: N815 - the file's name


class Feature(msgspec.Struct, frozen=True):
    """One object of QuPath."""

    type: str
    geometry: Polygon | MultiPolygon | LineString | MultiLineString | Point | MultiPoint | None
    id: str | int | float | None = None
    properties: Properties | None = None
    nucleusGeometry: dict[str, Any] | None = None  # noqa: N815 - the file's name; Any: kept as it is


DECODER = msgspec.json.Decoder(Feature)


def rows(reader: io.BufferedReader) -> Iterator[Row | Bad]:
    """Every feature of a collection, of a bare array, or of one feature after the other."""
    for number, text in enumerate(Features(reader), 1):
        yield row(number, text)


def row(number: int, text: bytes) -> Row | Bad:
    """One feature as an annotation."""
    if not text:
        return Bad(line=number, text=text, code="not_json", sentence="After the last comma no feature follows.")
    try:
        feature = DECODER.decode(text)
        properties = checked(feature)
        return Row(
            line=number,
            text=text,
            annotation_type=class_of(properties),
            shape=shape_of(feature.geometry),
            unique_identifier=identifier(feature.id),
            description=properties.name or "",
            meta_data=meta_data(feature, properties),
        )
    except Refusal as refusal:
        return Bad(line=number, text=text, code=refusal.code, sentence=refusal.sentence)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        return unreadable(number, text, error)


def checked(feature: Feature) -> Properties:
    """The feature's properties, when nothing of it would be lost."""
    if feature.type != "Feature":
        raise Invalid("This is no feature: its `type` must be “Feature”.", code="not_a_feature")
    properties = feature.properties or Properties()
    if properties.childObjects:
        sentence = "The object holds other objects; export from QuPath without the hierarchy."
        raise Invalid(sentence, code="child_objects")
    return properties


def class_of(properties: Properties) -> str | None:
    """The name of QuPath's class, which names the annotation type; None for an object without one."""
    kind = properties.classification
    return kind.full_name if isinstance(kind, Classification) else kind


def identifier(value: object) -> UUID | None:
    """QuPath's own id; before 0.4 something else stood there."""
    try:
        return UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None


def meta_data(feature: Feature, properties: Properties) -> dict[str, Any] | None:  # Any: the client's own JSON
    """What QuPath measured and what else must not be lost."""
    measured = properties.measurements
    if isinstance(measured, list):
        measured = {one.name: one.value for one in measured}
    found = {
        "measurements": measured,
        "metadata": properties.metadata,
        "nucleusGeometry": feature.nucleusGeometry,
        "objectType": None if properties.objectType == "annotation" else properties.objectType,
    }
    return {key: value for key, value in found.items() if value} or None


def shape_of(geometry: Geometry | None) -> Shape:
    """The geometry, when it is of one piece without holes: an annotation has one outline."""
    match geometry:
        case Polygon():
            form = Form.ELLIPSE if geometry.isEllipse else Form.OUTLINE
            return shape(form, ring(geometry.coordinates), geometry)
        case MultiPolygon():
            return shape(Form.OUTLINE, ring(only(geometry.coordinates, "outlines")), geometry)
        case LineString():
            return shape(Form.PATH, geometry.coordinates, geometry)
        case MultiLineString():
            return shape(Form.PATH, only(geometry.coordinates, "lines"), geometry)
        case Point():
            return shape(Form.SPOT, [geometry.coordinates], geometry)
        case MultiPoint():
            return shape(Form.SPOT, [only(geometry.coordinates, "points")], geometry)
    raise Invalid("The feature has no geometry.", code="geometry_missing")


def only(parts: list[Any], what: str) -> Any:  # Any: coordinates of whatever depth
    """The one part of a geometry that could have several."""
    if len(parts) != 1:
        sentence = f"The object has {len(parts)} {what}; split it in QuPath, an annotation has one."
        raise Invalid(sentence, code="several_parts")
    return parts[0]


def ring(rings: list[list[Position]]) -> list[Position]:
    """The outer ring, its first point once."""
    if len(rings) > 1:
        sentence = f"The outline has {len(rings) - 1} holes; fill them in QuPath, an annotation has none."
        raise Invalid(sentence, code="holes")
    outer = rings[0] if rings else []
    return outer[:-1] if len(outer) > 1 and outer[0] == outer[-1] else outer


def shape(form: Form, positions: list[Position], geometry: Geometry) -> Shape:
    """The neutral shape; a height behind x and y is passed over."""
    sizes = set(map(len, positions))
    if sizes - {2}:
        if min(sizes) < 2:
            raise Invalid("A position needs x and y.", code="vector_point_count")
        positions = [position[:2] for position in positions]
    flat = list(chain.from_iterable(positions))
    return Shape(form, flat, frame_of(geometry.plane), plane_of(geometry.exactPlane))


def frame_of(place: Place) -> int:
    """The slice or the moment: an image has one such axis here."""
    if place.z and place.t:
        raise Invalid("An object at a slice and a moment cannot be placed; an image has one of both.", code="frame")
    return place.z or place.t


def plane_of(word: str) -> int:
    """Our own foreign member."""
    try:
        return Plane[word.upper()].value
    except KeyError:
        raise Invalid(f"“{word}” is no plane; axial, coronal and sagittal are.", code="vector_plane") from None
