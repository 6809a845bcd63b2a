"""Vectors: what is a shape, what is refused and how fast, and that the ancestor's form says the same."""

import math
import time

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from exact.domain.errors import Invalid
from exact.domain.vectors import (
    BOXES,
    LIMIT_PIXELS,
    MAX_POINTS,
    UNITS_PER_PIXEL,
    Plane,
    Vector,
    VectorType,
    checked,
    from_ancestor,
    to_ancestor,
    vector_type_of,
)

WIDTH, HEIGHT = 2000, 1000
EACH = pytest.mark.parametrize("kind", VectorType)


def shape(kind, *pixels, **fields):
    return Vector(vector_type=kind, points=tuple(round(value * UNITS_PER_PIXEL) for value in pixels), **fields)


def check(vector, **fields):
    return checked(vector, **{"width": WIDTH, "height": HEIGHT, **fields})


def refused(code, vector, **fields):
    with pytest.raises(Invalid) as refusal:
        check(vector, **fields)
    assert refusal.value.code == code
    assert refusal.value.sentence.endswith(".")


GOOD = {
    VectorType.BOUNDING_BOX: (10, 10, 60, 50),
    VectorType.ELLIPSE: (10, 10, 60, 50),
    VectorType.LINE: (10, 10, 60, 10),
    VectorType.MULTI_LINE: (10, 10, 60, 50, 10, 10),
    VectorType.POLYGON: (10, 10, 60, 10, 60, 50),
    VectorType.FIXED_SIZE_BOUNDING_BOX: (10, 10, 60, 50),
    VectorType.GLOBAL: (),
}

# --- each type --------------------------------------------------------------------------------------------------------


@EACH
def test_a_good_shape_of_each_type_is_taken_as_it_is(kind):
    vector = shape(kind, *GOOD[kind])
    assert check(vector) == vector


@pytest.mark.parametrize(
    ("kind", "count"),
    [
        *[(kind, count) for kind in BOXES for count in (0, 1, 3)],
        *[(VectorType.LINE, count) for count in (0, 1, 3)],
        *[(VectorType.MULTI_LINE, count) for count in (0, 1)],
        *[(VectorType.POLYGON, count) for count in (0, 1, 2)],
        *[(VectorType.GLOBAL, count) for count in (1, 3)],
    ],
)
def test_the_wrong_number_of_points_is_refused(kind, count):
    refused("vector_point_count", shape(kind, *[value for n in range(count) for value in (n, n * n + 1)]))


@EACH
def test_half_a_point_is_refused(kind):
    refused("vector_point_count", shape(kind, *GOOD[kind], 5))


def test_a_global_annotation_may_have_the_ancestor_s_box():
    assert check(shape(VectorType.GLOBAL, 0, 0, 0, 0)).points == (0, 0, 0, 0)


@pytest.mark.parametrize("kind", sorted(BOXES))
def test_a_box_with_exchanged_corners_is_put_right(kind):
    for corners in [(60, 50, 10, 10), (60, 10, 10, 50), (10, 50, 60, 10)]:
        assert check(shape(kind, *corners)) == shape(kind, 10, 10, 60, 50)


@pytest.mark.parametrize("kind", sorted(BOXES))
def test_a_box_is_at_least_one_pixel_wide_and_high(kind):
    assert check(shape(kind, 10, 10, 11, 11))
    for corners in [(10, 10, 10.99, 20), (10, 10, 20, 10.99), (10, 10, 10, 10)]:
        refused("vector_too_small", shape(kind, *corners))


def test_a_line_may_be_thin_but_not_a_spot():
    assert check(shape(VectorType.LINE, 10, 10, 10, 10.01))
    refused("vector_too_small", shape(VectorType.LINE, 10, 10, 10, 10))
    refused("vector_too_small", shape(VectorType.MULTI_LINE, 10, 10, 10, 10, 10, 10))


def test_an_outline_encloses_something():
    refused("vector_too_small", shape(VectorType.POLYGON, 10, 10, 60, 10, 110, 10))


def test_an_outline_that_crosses_itself_is_refused():
    refused("vector_crosses_itself", shape(VectorType.POLYGON, 10, 10, 60, 60, 60, 10, 10, 70))


def test_an_outline_that_touches_itself_is_refused():
    refused("vector_crosses_itself", shape(VectorType.POLYGON, 10, 10, 60, 10, 35, 30, 60, 60, 10, 60, 35, 30))


def test_a_multi_line_may_cross_itself():
    assert check(shape(VectorType.MULTI_LINE, 10, 10, 60, 60, 60, 10, 10, 60))


def test_a_type_may_want_exactly_so_many_points():
    triangle = shape(VectorType.POLYGON, *GOOD[VectorType.POLYGON])
    assert check(triangle, node_count=3)
    assert check(triangle, node_count=0)
    assert check(triangle, node_count=1)
    refused("vector_point_count", triangle, node_count=4)
    box = shape(VectorType.BOUNDING_BOX, *GOOD[VectorType.BOUNDING_BOX])
    assert check(box, node_count=4), "a box has its corners, whatever the type says"


# --- where it lies ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("move", [(-70, 0), (0, -60), (WIDTH, 0), (0, HEIGHT)])
def test_a_shape_outside_the_image_is_refused(move):
    x, y = move
    refused("vector_outside_image", shape(VectorType.BOUNDING_BOX, 10 + x, 10 + y, 60 + x, 50 + y))


@pytest.mark.parametrize("move", [(-30, 0), (0, -30), (WIDTH - 30, 0), (0, HEIGHT - 30)])
def test_a_shape_may_reach_over_the_edge(move):
    x, y = move
    assert check(shape(VectorType.BOUNDING_BOX, 10 + x, 10 + y, 60 + x, 50 + y))


def test_a_coordinate_no_image_reaches_is_refused():
    far = (LIMIT_PIXELS + 1) * UNITS_PER_PIXEL
    refused("vector_coordinate", Vector(vector_type=VectorType.LINE, points=(0, 0, far, 0)))


def test_a_frame_exists():
    assert check(shape(VectorType.BOUNDING_BOX, 10, 10, 60, 50, frame=0))
    assert check(shape(VectorType.BOUNDING_BOX, 10, 10, 60, 50, frame=39), frames=40)
    assert check(shape(VectorType.BOUNDING_BOX, 10, 10, 60, 50, frame=40), frames=40), "the ancestor counts one more"
    refused("vector_frame", shape(VectorType.BOUNDING_BOX, 10, 10, 60, 50, frame=-1))
    refused("vector_frame", shape(VectorType.BOUNDING_BOX, 10, 10, 60, 50, frame=41), frames=40)


# --- the ancestor's form ----------------------------------------------------------------------------------------------


def test_the_ancestor_s_keys_become_points():
    vector = from_ancestor(5, {"x1": 1, "y1": 2.5, "x2": 3, "y2": 4, "x3": 5.256, "y3": 6, "frame": 3, "plane": 2})
    assert vector == Vector(
        vector_type=VectorType.POLYGON, points=(100, 250, 300, 400, 526, 600), frame=3, plane=Plane.SAGITTAL
    )


def test_the_order_of_the_keys_does_not_matter():
    assert from_ancestor(3, {"y2": 4, "x1": 1, "x2": 3, "y1": 2}) == shape(VectorType.LINE, 1, 2, 3, 4)


def test_whole_pixels_stay_integers():
    assert to_ancestor(shape(VectorType.LINE, 1, 2.5, -3, 4)) == {"x1": 1, "y1": 2.5, "x2": -3, "y2": 4}


def test_nothing_is_nothing():
    assert from_ancestor(1, None) is None
    assert to_ancestor(None) is None


BAD_NUMBERS = [math.nan, math.inf, -math.inf, True, "1", "", None, [1], {"x": 1}]


@pytest.mark.parametrize("bad", BAD_NUMBERS, ids=repr)
def test_what_is_no_number_is_no_coordinate(bad):
    with pytest.raises(Invalid) as refusal:
        from_ancestor(1, {"x1": bad, "y1": 1, "x2": 2, "y2": 2})
    assert refusal.value.code == "vector_coordinate"


@pytest.mark.parametrize("bad", [1e300, 10**400, -(10**30)], ids=["1e300", "10**400", "-10**30"])
def test_a_number_beyond_all_images_is_refused_too(bad):
    with pytest.raises(Invalid):
        check(from_ancestor(3, {"x1": bad, "y1": 1, "x2": 2, "y2": 2}))


@pytest.mark.parametrize("bad", [math.nan, math.inf, True, "1", 1.5, [1]], ids=repr)
def test_what_is_no_whole_number_is_no_frame(bad):
    with pytest.raises(Invalid) as refusal:
        from_ancestor(1, {"x1": 1, "y1": 1, "x2": 2, "y2": 2, "frame": bad})
    assert refusal.value.code == "vector_frame"


@pytest.mark.parametrize("bad", [3, -1, "axial", None, 0.5, [0], {}], ids=repr)
def test_there_are_three_planes(bad):
    with pytest.raises(Invalid) as refusal:
        from_ancestor(1, {"x1": 1, "y1": 1, "x2": 2, "y2": 2, "plane": bad})
    assert refusal.value.code == "vector_plane"


@pytest.mark.parametrize(
    "value",
    [
        {"x1": 1, "y1": 1, "x3": 2, "y3": 2},
        {"x1": 1, "y1": 1, "x2": 2},
        {"x0": 1, "y0": 1},
        {"x1": 1, "y1": 1, "z1": 1},
        {"x1": 1, "y1": 1, "color": "red"},
        {"x01": 1, "y01": 1},
        {1: 1, 2: 2},
        [1, 2, 3, 4],
        "x1",
        7,
    ],
    ids=repr,
)
def test_keys_with_gaps_or_of_another_kind_are_refused(value):
    with pytest.raises(Invalid) as refusal:
        from_ancestor(1, value)
    assert refusal.value.code == "vector_shape"


@pytest.mark.parametrize("bad", [0, 8, -1, 99])
def test_there_are_seven_types(bad):
    with pytest.raises(Invalid):
        vector_type_of(bad)


# --- large ones -------------------------------------------------------------------------------------------------------


def ring(count):
    """A circle of so many points, in 1/100 pixel."""
    angles = (2 * math.pi * n / count for n in range(count))
    return tuple(
        round(value) for a in angles for value in (50_000 + 45_000 * math.cos(a), 50_000 + 45_000 * math.sin(a))
    )


def refusal_of(do):
    """The code of the refusal; None when there is none."""
    try:
        do()
    except Invalid as refusal:
        return refusal.code
    return None


def seconds(do):
    began = time.perf_counter()
    do()
    return time.perf_counter() - began


def test_too_many_points_are_refused_at_once():
    many = Vector(vector_type=VectorType.POLYGON, points=(0, 1) * 200_000)
    assert seconds(lambda: refused("vector_point_count", many)) < 0.5
    keys = {f"{axis}{n}": n for n in range(1, 200_001) for axis in "xy"}
    assert seconds(lambda: refused("vector_point_count", from_ancestor(5, keys))) < 5


def test_as_many_points_as_are_allowed_are_checked_in_seconds():
    star = Vector(vector_type=VectorType.MULTI_LINE, points=ring(MAX_POINTS))
    assert seconds(lambda: check(star)) < 2


def test_an_outline_that_crosses_itself_everywhere_is_refused_in_time():
    """Every second point on the other side: each edge crosses all the others."""
    corners = list(zip(ring(2000)[::2], ring(2000)[1::2], strict=True))
    web = [corners[n * 999 % 2000] for n in range(2000)]
    vector = Vector(vector_type=VectorType.POLYGON, points=tuple(value for corner in web for value in corner))
    assert seconds(lambda: refused("vector_crosses_itself", vector)) < 5


# --- properties -------------------------------------------------------------------------------------------------------

UNITS = st.integers(-20_000, 220_000)
POINTS = st.lists(UNITS, min_size=4, max_size=24).filter(lambda values: len(values) % 2 == 0).map(tuple)
VECTORS = st.builds(
    Vector,
    vector_type=st.sampled_from(VectorType),
    points=POINTS,
    frame=st.none() | st.integers(0, 3),
    plane=st.sampled_from(Plane),
)


@given(VECTORS)
def test_the_ancestor_s_form_says_the_same(vector):
    assert from_ancestor(vector.vector_type, to_ancestor(vector)) == vector


@given(VECTORS)
@settings(max_examples=300)
def test_what_was_checked_once_is_good_for_ever(vector):
    try:
        once = check(vector, frames=4)
    except Invalid:
        return
    assert check(once, frames=4) == once
    assert set(once.points[::2]) <= set(vector.points[::2])


@given(st.lists(UNITS, min_size=6, max_size=16).filter(lambda values: len(values) % 2 == 0))
@settings(max_examples=300)
def test_an_outline_is_taken_exactly_when_shapely_calls_it_simple(values):
    vector = Vector(vector_type=VectorType.POLYGON, points=tuple(values))
    ring = shapely.LinearRing(vector.corners)
    code = refusal_of(lambda: check(vector, width=10_000, height=10_000))
    assert code in {None, "vector_crosses_itself", "vector_too_small", "vector_outside_image"}
    if code is None:
        assert ring.is_simple
        assert shapely.Polygon(ring).area > 0
    elif vector.bounds and vector.bounds[2] >= 0 and vector.bounds[3] >= 0:
        assert not ring.is_simple or shapely.Polygon(ring).area == 0


@given(
    st.dictionaries(st.text(max_size=3), st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3))
)
def test_whatever_a_client_sends_is_taken_or_refused(value):
    code = refusal_of(lambda: from_ancestor(5, value))
    assert code is None or code.startswith("vector_")
