"""What a shape of a file becomes under an annotation type: the points of the type's geometry, in pixels."""

from exact.domain.errors import Invalid
from exact.domain.vectors import VectorType
from exact.exchange.reading.rows import Form, Row, Shape
from exact.projections.annotation_types import AnnotationTypeRow

BOXES = {VectorType.BOUNDING_BOX, VectorType.FIXED_SIZE_BOUNDING_BOX}
PATHS = {VectorType.LINE, VectorType.MULTI_LINE}
WORDS = {
    VectorType.BOUNDING_BOX: "a box",
    VectorType.ELLIPSE: "an ellipse",
    VectorType.LINE: "a line",
    VectorType.MULTI_LINE: "a path",
    VectorType.POLYGON: "a polygon",
    VectorType.FIXED_SIZE_BOUNDING_BOX: "a box of fixed size",
    VectorType.GLOBAL: "a label of the whole image",
}


def coordinates_of(shape: Shape, row: Row, kind: AnnotationTypeRow) -> list[float]:
    """x1, y1, x2, y2, ... for a vector of the type's geometry, or a refusal where the shape is of another one."""
    wanted = VectorType(kind.vector_type)
    if row.vector_type is not None and row.vector_type != wanted:
        raise other_geometry(kind, wanted)
    match shape.form:
        case Form.POINTS if shape.coordinates or wanted is VectorType.GLOBAL:
            return shape.coordinates
        case Form.POINTS:
            raise Invalid(f"The shape is missing; the type “{kind.name}” is {WORDS[wanted]}.", code="vector_missing")
        case Form.OUTLINE if wanted is VectorType.POLYGON:
            return shape.coordinates
        case Form.OUTLINE if wanted in BOXES and is_box(shape.coordinates):
            return bounds(shape.coordinates)
        case Form.ELLIPSE if wanted is VectorType.ELLIPSE:
            return bounds(shape.coordinates)
        case Form.ELLIPSE if wanted is VectorType.POLYGON:
            return shape.coordinates
        case Form.PATH if wanted in PATHS:
            return shape.coordinates
        case Form.SPOT if wanted in BOXES | {VectorType.ELLIPSE} and min(kind.default_width, kind.default_height) > 0:
            return around(shape.coordinates, kind)
    raise other_geometry(kind, wanted)


def other_geometry(kind: AnnotationTypeRow, wanted: VectorType) -> Invalid:
    """The refusal."""
    sentence = f"The type “{kind.name}” is {WORDS[wanted]}; this shape is none."
    return Invalid(sentence, code="vector_type")


def bounds(coordinates: list[float]) -> list[float]:
    """Left, top, right, bottom; nothing of nothing."""
    xs, ys = coordinates[::2], coordinates[1::2]
    return [min(xs), min(ys), max(xs), max(ys)] if xs else []


def is_box(coordinates: list[float]) -> bool:
    """Whether a ring has four corners whose sides go along the axes."""
    corners = list(zip(coordinates[::2], coordinates[1::2], strict=True))
    if len(corners) != 4:
        return False
    sides = list(zip(corners, [*corners[1:], corners[0]], strict=True))
    return len(set(corners)) == 4 and all(a[0] == b[0] or a[1] == b[1] for a, b in sides)


def around(centre: list[float], kind: AnnotationTypeRow) -> list[float]:
    """A box of the type's own size."""
    x, y = centre
    width, height = kind.default_width / 2, kind.default_height / 2
    return [x - width, y - height, x + width, y + height]
