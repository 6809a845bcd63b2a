"""Judging many outlines at once gives the verdicts that the domain gives one by one."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from exact.domain.errors import Invalid
from exact.domain.vectors import LIMIT_PIXELS, Vector, VectorType, checked, from_ancestor
from exact.exchange.checking.outlines import Bed, surely_right, to_units

WIDTH, HEIGHT = 10, 8
NUMBERS = st.one_of(
    st.integers(-1, 11),
    st.floats(-2, 12, width=32),
    st.sampled_from([1e9, -1e12, LIMIT_PIXELS, LIMIT_PIXELS + 1, 1e59]),
)
OUTLINES = st.lists(st.tuples(NUMBERS, NUMBERS), min_size=0, max_size=7)


def alone(points, node_count):
    vector = Vector(vector_type=VectorType.POLYGON, points=tuple(to_units(points).tolist()))
    try:
        return checked(vector, width=WIDTH, height=HEIGHT, node_count=node_count) == vector
    except Invalid:
        return False


@given(st.lists(st.tuples(OUTLINES, st.sampled_from([0, 1, 3, 4])), max_size=6))
def test_together_as_alone(outlines):
    flat = [[value for pair in outline for value in pair] for outline, _ in outlines]
    units = to_units([value for one in flat for value in one])
    beds = [Bed(WIDTH, HEIGHT, node_count) for _, node_count in outlines]
    verdicts = surely_right(units, [len(one) // 2 for one in flat], beds)
    assert verdicts.tolist() == [alone(one, count) for one, (_, count) in zip(flat, outlines, strict=True)]


@given(st.lists(st.floats(-1e6, 1e6) | st.integers(-(2**31) + 1, 2**31 - 1), min_size=2, max_size=10))
def test_pixels_are_rounded_as_the_domain_rounds_them(values):
    values = values[: len(values) // 2 * 2]
    names = [f"{axis}{index}" for index in range(1, len(values) // 2 + 1) for axis in "xy"]
    vector = from_ancestor(VectorType.MULTI_LINE, dict(zip(names, values, strict=True)))
    assert tuple(to_units(values).tolist()) == vector.points


def test_what_no_image_reaches_stays_out_of_reach():
    assert np.abs(to_units([1e300, -1e300])).min() > LIMIT_PIXELS * 100
