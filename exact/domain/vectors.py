"""Vectors: the geometry of an annotation in level-0 pixels, kept as whole hundredths of a pixel."""

from collections.abc import Mapping
from enum import IntEnum
from typing import Any

import msgspec
import shapely

from exact.domain.errors import Invalid

UNITS_PER_PIXEL = 100
LIMIT_PIXELS = 2**31 - 1
MAX_POINTS = 100_000


class VectorType(IntEnum):
    """The ancestor's numbers; 8 (segmentation) is kept free for pixel masks."""

    BOUNDING_BOX = 1
    ELLIPSE = 2  # the ancestor's POINT: the box around an ellipse
    LINE = 3
    MULTI_LINE = 4
    POLYGON = 5
    FIXED_SIZE_BOUNDING_BOX = 6
    GLOBAL = 7


class Plane(IntEnum):
    """The three ways through a volume; flat images know only AXIAL."""

    AXIAL = 0
    CORONAL = 1
    SAGITTAL = 2


POINTS: dict[VectorType, tuple[int, int]] = {
    VectorType.BOUNDING_BOX: (2, 2),
    VectorType.ELLIPSE: (2, 2),
    VectorType.LINE: (2, 2),
    VectorType.MULTI_LINE: (2, MAX_POINTS),
    VectorType.POLYGON: (3, MAX_POINTS),
    VectorType.FIXED_SIZE_BOUNDING_BOX: (2, 2),
    VectorType.GLOBAL: (0, 2),  # the ancestor's annotation maps give it a box
}
"""Least and most points of each type."""
BOXES = {VectorType.BOUNDING_BOX, VectorType.ELLIPSE, VectorType.FIXED_SIZE_BOUNDING_BOX}


class Vector(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One shape: `points` is x1, y1, x2, y2, ... in 1/100 pixel; `frame` the zero-based slice, None on flat images."""

    vector_type: VectorType
    points: tuple[int, ...] = ()
    frame: int | None = None
    plane: Plane = Plane.AXIAL

    @property
    def corners(self) -> list[tuple[int, int]]:
        """The points as pairs (x, y), 1/100 pixel."""
        return list(zip(self.points[::2], self.points[1::2], strict=True))

    @property
    def bounds(self) -> tuple[int, int, int, int] | None:
        """Left, top, right, bottom in 1/100 pixel; None without points."""
        xs, ys = self.points[::2], self.points[1::2]
        return (min(xs), min(ys), max(xs), max(ys)) if xs else None


def checked(vector: Vector, *, width: int, height: int, frames: int = 1, node_count: int = 0) -> Vector:
    """The vector itself, or a refusal: number of points, size, place on the image of width x height pixels, crossings.

    Boxes given with exchanged corners are put right. `node_count` 0 and 1 mean any number of points.
    """
    _check_points(vector, node_count)
    if vector.vector_type in BOXES:
        vector = _upright(vector)
    _check_size(vector)
    _check_place(vector, width, height, frames)
    if vector.vector_type is VectorType.POLYGON:
        _check_outline(vector)
    return vector


def _check_points(vector: Vector, node_count: int) -> None:
    least, most = POINTS[vector.vector_type]
    count, odd = divmod(len(vector.points), 2)
    if odd or not least <= count <= most or (vector.vector_type is VectorType.GLOBAL and count == 1):
        name = vector.vector_type.name.lower()
        wanted = f"{least}" if least == most else f"{least} to {most}"
        raise Invalid(f"A {name} needs {wanted} points with x and y; this one has {len(vector.points) / 2:g}.",
                      code="vector_point_count")  # fmt: skip
    free = {VectorType.MULTI_LINE, VectorType.POLYGON}
    if vector.vector_type in free and node_count > 1 and count != node_count:
        raise Invalid(f"This annotation type wants exactly {node_count} points; this shape has {count}.",
                      code="vector_point_count")  # fmt: skip
    if any(abs(value) > LIMIT_PIXELS * UNITS_PER_PIXEL for value in vector.points):
        raise Invalid("A coordinate is further away than any image reaches.", code="vector_coordinate")


def _upright(vector: Vector) -> Vector:
    bounds = vector.bounds
    return msgspec.structs.replace(vector, points=bounds) if bounds else vector


def _check_size(vector: Vector) -> None:
    bounds = vector.bounds
    if bounds is None:
        return
    width, height = bounds[2] - bounds[0], bounds[3] - bounds[1]
    if vector.vector_type in BOXES and min(width, height) < UNITS_PER_PIXEL:
        raise Invalid("The box must be at least one pixel wide and high.", code="vector_too_small")
    if vector.vector_type is not VectorType.GLOBAL and width == height == 0:
        raise Invalid("All points of the shape lie on one spot.", code="vector_too_small")


def _check_place(vector: Vector, width: int, height: int, frames: int) -> None:
    bounds = vector.bounds
    right, bottom = width * UNITS_PER_PIXEL, height * UNITS_PER_PIXEL
    if bounds and (bounds[2] < 0 or bounds[3] < 0 or bounds[0] > right or bounds[1] > bottom):
        raise Invalid(f"The shape lies outside the image, which is {width} × {height} pixels.",  # noqa: RUF001
                      code="vector_outside_image")  # fmt: skip
    if vector.frame is not None and not 0 <= vector.frame <= frames:
        raise Invalid(f"The image has {frames} frames; frame {vector.frame} does not exist.",
                      code="vector_frame")  # fmt: skip


def _check_outline(vector: Vector) -> None:
    polygon = shapely.Polygon(vector.corners)
    if polygon.area == 0:
        raise Invalid("The outline encloses no area.", code="vector_too_small")
    if not shapely.is_valid(polygon):
        place = shapely.is_valid_reason(polygon)
        raise Invalid("The outline crosses itself; move or remove the point where it does.",
                      code="vector_crosses_itself", reason=place)  # fmt: skip


def from_ancestor(vector_type: int, value: Mapping[str, Any] | None) -> Vector | None:  # Any: a client's JSON
    """The ancestor's `{"x1": .., "y1": .., "frame": ..}` as a Vector; None stays None ("not in image").

    Numbers may be integers or floats in pixels; they are rounded to 1/100 pixel.
    """
    if value is None:
        return None
    if not isinstance(value, Mapping):
        raise Invalid('A vector is an object such as {"x1": 10, "y1": 20, "x2": 30, "y2": 40}.', code="vector_shape")
    frame, plane = value.get("frame"), value.get("plane", 0)
    names = [name for name in value if name not in {"frame", "plane"}]
    count = len(names) // 2
    wanted = [f"{axis}{index}" for index in range(1, count + 1) for axis in "xy"]
    if sorted(wanted) != sorted(names):
        raise Invalid("The vector's keys must be x1, y1, x2, y2, ... without a gap.", code="vector_shape")
    return Vector(
        vector_type=vector_type_of(vector_type),
        points=tuple(_units(value[name], name) for name in wanted),
        frame=None if frame is None else _whole(frame, "frame"),
        plane=_plane(plane),
    )


def vector_type_of(value: int) -> VectorType:
    """The type of that number, or a refusal that names the numbers there are."""
    try:
        return VectorType(value)
    except ValueError:
        raise Invalid(f"Vector type {value} is not known here; 1 to 7 are.", code="vector_type") from None


def to_ancestor(vector: Vector | None) -> dict[str, int | float] | None:
    """A Vector as the ancestor's JSON: whole pixels as integers, others with two decimals."""
    if vector is None or (vector.vector_type is VectorType.GLOBAL and not vector.points and vector.frame is None):
        return None
    answer: dict[str, int | float] = {}
    for index, (x, y) in enumerate(vector.corners, 1):
        answer[f"x{index}"], answer[f"y{index}"] = pixels(x), pixels(y)
    if vector.frame is not None:
        answer["frame"] = vector.frame
    if vector.plane:
        answer["plane"] = int(vector.plane)
    return answer


def pixels(units: int) -> int | float:
    """1/100 pixels as pixels: an integer where it is whole."""
    whole, rest = divmod(units, UNITS_PER_PIXEL)
    return units / UNITS_PER_PIXEL if rest else whole


def _units(value: Any, name: str) -> int:  # Any: a client's JSON
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= LIMIT_PIXELS:
        raise Invalid(f"{name} must be a number of pixels, at most {LIMIT_PIXELS}.", code="vector_coordinate")
    return round(value * UNITS_PER_PIXEL)


def _whole(value: Any, name: str) -> int:  # Any: a client's JSON
    whole = isinstance(value, int | float) and abs(value) <= LIMIT_PIXELS and value == int(value)
    if isinstance(value, bool) or not whole:
        raise Invalid(f"{name} must be a whole number.", code=f"vector_{name}")
    return int(value)


def _plane(value: Any) -> Plane:  # Any: a client's JSON
    try:
        return Plane(value)
    except ValueError:
        raise Invalid("A plane is 0 (axial), 1 (coronal) or 2 (sagittal).", code="vector_plane") from None
