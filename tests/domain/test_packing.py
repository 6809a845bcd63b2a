"""Packed lists come back as they were, and are small."""

import math
import random
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as some

from exact.domain.packing import Packed, pack, unpack
from exact.domain.vectors import POINTS, Plane, Vector, VectorType

COORDINATES = some.integers(-(2**31) * 100, 2**31 * 100)


@some.composite
def vectors(draw):
    kind = draw(some.sampled_from(VectorType))
    least, most = POINTS[kind]
    count = draw(some.integers(least, min(most, 40)))
    points = draw(some.lists(COORDINATES, min_size=2 * count, max_size=2 * count))
    frame = draw(some.none() | some.integers(0, 5000))
    return Vector(vector_type=kind, points=tuple(points), frame=frame, plane=draw(some.sampled_from(Plane)))


@some.composite
def lists(draw):
    """Like those of one file: with identifiers of their own, or all without."""
    identified = draw(some.booleans())
    identifiers = some.uuids() if identified else some.none()
    kinds = draw(some.lists(some.uuids(), min_size=1, max_size=4))
    item = some.builds(
        Packed,
        line=some.integers(1, 10**6),
        number=some.integers(1, 2**31),
        unique_identifier=identifiers,
        annotation_type_id=some.sampled_from(kinds),
        vector=some.none() | vectors(),
        description=some.text(max_size=20),
        meta_data=some.none() | some.dictionaries(some.text(max_size=5), some.floats(allow_nan=False), max_size=3),
    )
    return draw(some.lists(item, min_size=1, max_size=12))


@given(lists())
def test_a_packed_list_comes_back_as_it_was(items):
    assert list(unpack(pack(items, [item.number for item in items]))) == items


def test_a_cell_of_eight_points_takes_less_than_fifty_bytes():
    chance = random.Random(7)

    def cell(number: int) -> Packed:
        x, y, radius = (chance.randrange(*ends) for ends in ((0, 8_000_000), (0, 8_000_000), (500, 1500)))
        corners = [
            (x + radius * math.cos(turn * math.pi / 4), y + radius * math.sin(turn * math.pi / 4)) for turn in range(8)
        ]
        points = tuple(round(value + chance.random() * 200) for corner in corners for value in corner)
        vector = Vector(vector_type=VectorType.POLYGON, points=points)
        return Packed(line=number, number=number, unique_identifier=None, annotation_type_id=UUID(int=3), vector=vector)

    assert len(pack([cell(number) for number in range(1, 1001)], range(1, 1001))) < 50 * 1000
