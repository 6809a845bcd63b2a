"""Shapes as rings and paths in pixels, exact to the bit: integers until the last step, no sine, no platform's libm."""

from fractions import Fraction

from exact.domain.vectors import UNITS_PER_PIXEL, Vector

Point = tuple[float, float]
QUADRANT_STEPS = 16


def path(vector: Vector) -> list[Point]:
    """The points in pixels, two decimals."""
    return [_pixels(x, y) for x, y in vector.corners]


def ring(vector: Vector) -> list[Point]:
    """The points and the first once more."""
    points = path(vector)
    return [*points, points[0]]


def box_ring(vector: Vector) -> list[Point]:
    """The outline of the bounds, clockwise on the screen from the top left corner, closed."""
    left, top, right, bottom = _bounds(vector)
    corners = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)]
    return [_pixels(x, y) for x, y in corners]


def ellipse_ring(vector: Vector) -> list[Point]:
    """64 points on the ellipse in the bounds, closed; its four extremes are among them, so that its bounds are exact.

    Points come from the rational parametrisation of the circle, (1 - t²) / (1 + t²) and 2t / (1 + t²).
    """
    left, top, right, bottom = _bounds(vector)
    centre_x, centre_y = Fraction(left + right, 2), Fraction(top + bottom, 2)
    radius_x, radius_y = Fraction(right - left, 2), Fraction(bottom - top, 2)
    points = [_pixels(round(centre_x + radius_x * x), round(centre_y + radius_y * y)) for x, y in CIRCLE]
    return [*points, points[0]]


def _circle() -> list[tuple[Fraction, Fraction]]:
    quadrant = []
    for step in range(QUADRANT_STEPS):
        t = Fraction(step, QUADRANT_STEPS)
        quadrant.append(((1 - t * t) / (1 + t * t), 2 * t / (1 + t * t)))
    points = quadrant
    for _ in range(3):
        quadrant = [(-y, x) for x, y in quadrant]
        points = [*points, *quadrant]
    return points


CIRCLE = _circle()
"""64 points of the unit circle, a quarter turn after the other."""


def _bounds(vector: Vector) -> tuple[int, int, int, int]:
    bounds = vector.bounds
    assert bounds is not None, "only shapes with points have an outline"
    return bounds


def _pixels(x: int, y: int) -> Point:
    return x / UNITS_PER_PIXEL, y / UNITS_PER_PIXEL
