"""Checking rows: the door's own rules, all of the drawing command's rules, and a constant number of questions."""

import json
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from exact.commands.annotation_types import WithdrawAnnotationType
from exact.commands.annotations import DrawAnnotation, RemoveAnnotation
from exact.commands.bus import dispatch
from exact.commands.images import RenameImage, WithdrawImage
from exact.domain.errors import Invalid
from exact.domain.vectors import Plane, Vector, VectorType
from exact.eventstore.log import load
from exact.exchange.checking.rows import Checker, Defaults, Good, batches
from exact.exchange.reading import geojson, jsonl
from exact.exchange.reading.rows import Bad
from exact.projections.annotation_types import AnnotationTypeRow
from exact.projections.images import ImageRow
from tests.builders import a_polygon, a_type, a_workplace

pytestmark = pytest.mark.django_db(transaction=True)

TRIANGLE = [[10, 10], [60, 10], [10, 60.005]]
SQUARE = [[10, 10], [60, 10], [60, 50], [10, 50], [10, 10]]


def lines(*given):
    return [jsonl.row(number, json.dumps(one).encode()) for number, one in enumerate(given, 1)]


def features(*geometries, kind):
    return [
        geojson.row(number, json.dumps({"type": "Feature", "geometry": geometry,
                                        "properties": {"classification": kind}}).encode())
        for number, geometry in enumerate(geometries, 1)
    ]  # fmt: skip


class Desk:
    """A workplace and a checker for its set."""

    def __init__(self, **defaults):
        self.place = a_workplace()
        self.defaults = {"image": self.place.image_number, "annotation_type": "polygon", **defaults}

    def check(self, *given):
        return self.checked(lines(*given))

    def checked(self, rows):
        return Checker(self.place.image_set_id, Defaults(**self.defaults)).check(rows)

    def the_item(self, *given):
        (good,) = self.check(*given)
        assert isinstance(good, Good), good
        return good.item

    def the_code(self, **fields):
        (bad,) = self.check(fields)
        assert isinstance(bad, Bad), bad
        return bad.code


def test_a_row_becomes_an_annotation_that_is_known_for_right():
    desk, own = Desk(), uuid4()
    row = {"points": TRIANGLE, "unique_identifier": str(own), "description": "ä", "confidence": 0.5, "frame": 0}
    item = desk.the_item(row)
    assert item.vector.points == (1000, 1000, 6000, 1000, 1000, 6000)
    assert (item.vector.vector_type, item.vector.frame, item.vector.plane) == (VectorType.POLYGON, None, Plane.AXIAL)
    assert (item.line, item.unique_identifier, item.annotation_type_id) == (1, own, desk.place.types[5])
    assert (item.description, item.meta_data) == ("ä", {"confidence": 0.5})


def test_images_and_types_are_found_by_number_name_file_name_and_uuid():
    desk = Desk()
    other = desk.place.image("second.svs")
    dispatch(RenameImage(image_id=other.id, name="Second"), by=desk.place.owner)
    kind = AnnotationTypeRow.objects.get(id=desk.place.types[5])
    for image in (other.number, "Second", "second.svs", str(other.id), str(other.id).upper()):
        for name in (kind.number, kind.name, str(kind.id)):
            (good,) = desk.check({"image": image, "annotation_type": name, "points": TRIANGLE})
            assert (good.image_id, good.item.annotation_type_id) == (other.id, kind.id)


def test_a_name_that_two_have_is_refused_rather_than_guessed():
    desk = Desk()
    desk.place.image("slide.svs")
    a_type(desk.place.product_id, desk.place.owner, VectorType.LINE, name="polygon 2")
    assert desk.the_code(image="slide.svs", points=TRIANGLE) == "image_ambiguous"
    AnnotationTypeRow.objects.filter(name="polygon 2").update(name="polygon")
    assert desk.the_code(points=TRIANGLE) == "annotation_type_ambiguous"


def test_what_the_set_does_not_offer_is_unknown():
    desk, other = Desk(), a_workplace()
    gone = desk.place.image("gone.svs")
    dispatch(WithdrawImage(image_id=gone.id), by=desk.place.owner)
    dispatch(WithdrawAnnotationType(annotation_type_id=desk.place.types[3]), by=desk.place.owner)
    for image in (gone.number, other.image_number, str(other.image_id), "nothing", 10**12):
        assert desk.the_code(image=image, points=TRIANGLE) == "image_unknown"
    for kind in (str(other.types[5]), "nothing", str(desk.place.types[3]), -1):
        assert desk.the_code(annotation_type=kind, points=TRIANGLE) == "annotation_type_unknown"


def test_a_row_that_names_nothing_needs_a_request_that_does():
    desk = Desk(image=None)
    assert desk.the_code(points=TRIANGLE) == "image_missing"
    desk = Desk(annotation_type=None)
    assert desk.the_code(points=TRIANGLE) == "annotation_type_missing"


BOW_TIE = [[10, 10], [60, 60], [60, 10], [10, 40]]
BAD = [
    ({"points": BOW_TIE}, "vector_crosses_itself"),
    ({"points": [[5000, 10], [6000, 10], [5000, 60]]}, "vector_outside_image"),
    ({"points": [[-9, -9], [-5, -9], [-9, -5]]}, "vector_outside_image"),
    ({"points": [[1e12, 10], [60, 10], [10, 60]]}, "vector_coordinate"),
    ({"points": [[10, 10], [60, 10]]}, "vector_point_count"),
    ({"points": [[10, 10], [60, 10], [110, 10]]}, "vector_too_small"),
    ({"points": [[10, 10]] * 3}, "vector_too_small"),
    ({"points": [[10, 10]] * 100_001}, "vector_point_count"),
    ({"points": TRIANGLE, "frame": 5}, "vector_frame"),
    ({"points": TRIANGLE, "frame": -1}, "vector_frame"),
    ({"points": TRIANGLE, "plane": 1}, "vector_plane"),
    ({"points": TRIANGLE, "plane": 7}, "vector_plane"),
    ({"points": TRIANGLE, "vector_type": 1}, "vector_type"),
    ({"points": TRIANGLE, "description": "x" * 1001}, "description_too_long"),
    ({"points": TRIANGLE, "description": "\x00"}, "description_too_long"),
    ({"points": TRIANGLE, "meta_data": {"a": 2**63}}, "meta_data_invalid"),
    ({"points": TRIANGLE, "meta_data": {"a": "x" * 100_001}}, "meta_data_invalid"),
    ({"points": TRIANGLE, "annotation_type": "bounding_box"}, "vector_point_count"),
    ({"points": [[10, 10], [10.5, 60]], "annotation_type": "bounding_box"}, "vector_too_small"),
    ({}, "vector_missing"),
]


def test_what_drawing_would_refuse_is_told_row_by_row_in_the_files_order():
    desk = Desk()
    found = desk.check(*(one for row, _ in BAD for one in (row, {"points": TRIANGLE})))
    assert [bad.code for bad in found[::2]] == [code for _, code in BAD]
    assert [bad.line for bad in found[::2]] == list(range(1, 2 * len(BAD), 2))
    assert all(isinstance(good, Good) for good in found[1::2])


def test_importing_and_drawing_agree():
    """What is accepted can be drawn and becomes the same shape; what is refused cannot be drawn for the same reason."""
    desk = Desk()
    given = [
        ({"points": [[1, 2], [50, 40]], "annotation_type": "bounding_box"}),
        ({"points": [[50, 40], [1, 2]], "annotation_type": "ellipse"}),
        ({"points": [[1, 2], [5, 4], [7, 9]], "annotation_type": "multi_line"}),
        ({"vector": {"x1": -5, "y1": 2, "x2": 5, "y2": 4.125}, "annotation_type": "line"}),
        ({"annotation_type": "global"}),
        ({"vector": None}),
        *(row for row, code in BAD if code.startswith("vector_") and "points" in row and row.get("plane") != 7),
    ]
    kinds = {row.name: row for row in AnnotationTypeRow.objects.all()}
    for row, verdict in zip(lines(*given), desk.check(*given), strict=True):
        kind = kinds[row.annotation_type or "polygon"]
        vector = row.shape and Vector(
            vector_type=VectorType(row.vector_type or kind.vector_type),
            points=tuple(round(min(value, 1e11) * 100) for value in row.shape.coordinates),
            frame=row.shape.frame,
            plane=Plane(row.shape.plane),
        )
        wish = DrawAnnotation(image_id=desk.place.image_id, annotation_type_id=kind.id, vector=vector)
        if isinstance(verdict, Good):
            drawn = dispatch(wish, by=desk.place.owner)
            assert load(drawn.id).vector == verdict.item.vector
        else:
            with pytest.raises(Invalid) as refused:
                dispatch(wish, by=desk.place.owner)
            assert refused.value.code == verdict.code


def test_an_identifier_may_come_once_for_each_image():
    desk, own = Desk(), str(uuid4())
    other = desk.place.image("other.svs")
    row = {"points": TRIANGLE, "unique_identifier": own}
    first, again, elsewhere = desk.check(row, row, {**row, "image": other.number})
    assert isinstance(first, Good)
    assert (again.line, again.code) == (2, "twice_in_file")
    assert isinstance(elsewhere, Good)


def test_an_identifier_that_is_on_the_image_is_told_also_where_the_annotation_was_removed():
    desk, own = Desk(), uuid4()
    drawn = desk.place.draw(a_polygon(), unique_identifier=own)
    dispatch(RemoveAnnotation(annotation_id=drawn.id), by=desk.place.owner)
    assert desk.the_code(points=TRIANGLE, unique_identifier=str(own)) == "already_there"


def test_the_number_of_questions_does_not_grow_with_the_rows():
    desk = Desk()
    counts = []
    for count in (1, 500):
        checker = Checker(desk.place.image_set_id, Defaults(**desk.defaults))
        rows = lines(*({"points": TRIANGLE, "unique_identifier": str(UUID(int=n))} for n in range(count)))
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert all(isinstance(one, Good) for one in checker.check(rows))
        counts.append(len(asked))
    assert counts == [1, 1]


GEOMETRIES = {
    "polygon": {"type": "Polygon", "coordinates": [SQUARE]},
    "ellipse": {"type": "Polygon", "coordinates": [SQUARE], "isEllipse": True},
    "path": {"type": "LineString", "coordinates": TRIANGLE},
    "line": {"type": "LineString", "coordinates": TRIANGLE[:2]},
    "spot": {"type": "Point", "coordinates": [30, 20]},
    "triangle": {"type": "Polygon", "coordinates": [[*TRIANGLE, TRIANGLE[0]]]},
}
BOX = (1000, 1000, 6000, 5000)


@pytest.mark.parametrize(
    ("kind", "fits"),
    [
        ("polygon", {"polygon": (1000, 1000, 6000, 1000, 6000, 5000, 1000, 5000), "ellipse": ..., "triangle": ...}),
        ("bounding_box", {"polygon": BOX, "spot": (2500, 1800, 3500, 2200)}),
        ("fixed_size_bounding_box", {"polygon": BOX, "spot": (2500, 1800, 3500, 2200)}),
        ("ellipse", {"ellipse": BOX, "spot": (2500, 1800, 3500, 2200)}),
        ("line", {"line": (1000, 1000, 6000, 1000)}),
        ("multi_line", {"line": ..., "path": (1000, 1000, 6000, 1000, 1000, 6000)}),
        ("global", {}),
    ],
)
def test_a_geometry_becomes_what_the_type_is_or_is_told(kind, fits):
    desk = Desk()
    AnnotationTypeRow.objects.update(default_width=10, default_height=4)
    found = desk.checked(features(*GEOMETRIES.values(), kind=kind))
    accepted = {
        name: one.item.vector.points for name, one in zip(GEOMETRIES, found, strict=True) if isinstance(one, Good)
    }
    assert set(accepted) == set(fits)
    assert all(points in (..., accepted[name]) for name, points in fits.items())
    assert {one.code for one in found if isinstance(one, Bad)} <= {"vector_type", "vector_point_count"}


def test_a_point_needs_a_type_that_has_a_size():
    desk = Desk()
    AnnotationTypeRow.objects.update(default_width=0, default_height=0)
    (bad,) = desk.checked(features(GEOMETRIES["spot"], kind="ellipse"))
    assert bad.code == "vector_type"


def test_slices_of_a_stack_are_kept_and_a_flat_image_has_none():
    desk = Desk()
    ImageRow.objects.filter(number=desk.place.image_number).update(frames=4)
    third, first = desk.check({"points": TRIANGLE, "frame": 2}, {"points": TRIANGLE, "frame": 0})
    assert (third.item.vector.frame, first.item.vector.frame) == (2, 0)


def test_batches_hold_neither_many_rows_nor_much_text():
    text = b"x" * 3 * 2**20
    rows = [Bad(line=number, text=text, code="c", sentence="s") for number in range(7)]
    assert [len(batch) for batch in batches(rows)] == [3, 3, 1]
    small = [Bad(line=number, text=b"", code="c", sentence="s") for number in range(4001)]
    assert [len(batch) for batch in batches(small)] == [2000, 2000, 1]
