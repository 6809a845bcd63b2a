"""Wishes about all annotations that a filter leaves: what is changed, what is left alone and why."""

from uuid import uuid4

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from exact.commands import selections
from exact.commands.annotations import ReshapeAnnotation, VerifyAnnotation
from exact.commands.bus import dispatch
from exact.commands.selections import (
    ReclassifyAnnotations,
    RemoveAnnotations,
    RestoreAnnotations,
    VerifyAnnotations,
    Where,
)
from exact.domain.annotations import Status, Verdict
from exact.domain.errors import Forbidden, Invalid, NotFound, StaleVersion
from exact.domain.teams import Role
from exact.domain.vectors import Plane, VectorType
from exact.eventstore import log
from exact.projections.annotations import ANNOTATIONS, AnnotationRow
from exact.projections.rebuilding import differences
from tests.builders import a_box, a_polygon, a_type, a_workplace, someone
from tests.commands.test_imports import complete
from tests.contracts.store import in_threads

pytestmark = pytest.mark.django_db(transaction=True)


def accept(place, **fields):
    return VerifyAnnotations(image_id=place.image_id, verdict=Verdict.ACCEPTED, **fields)


def drawn_in_a_row(place, count):
    """Triangles at x = 100, 200, ... pixels, 50 pixels wide."""
    return [place.draw(a_polygon(100 * n)).id for n in range(1, count + 1)]


def statuses(ids):
    rows = {row.id: row.status for row in AnnotationRow.objects.all()}
    return [rows[one] for one in ids]


def test_all_of_a_type_in_a_region_are_accepted_in_one_range_of_positions():
    place = a_workplace()
    polygons, box = drawn_in_a_row(place, 4), place.draw(a_box(250)).id
    before = log.head()
    where = Where(annotation_type_id=place.types[VectorType.POLYGON], region=(20_000, 0, 35_000, 100_000))
    answer = dispatch(accept(place, where=where), by=place.owner)
    assert answer.details == {"changed": 2, "left_count": 0, "left": []}
    assert (answer.first_position, answer.position) == (before + 1, before + 2)
    assert (answer.id, answer.number) == (place.image_id, place.image_number)
    assert statuses([*polygons, box]) == ["open", "accepted", "accepted", "open", "open"]
    assert differences(ANNOTATIONS) == []


def test_what_somebody_changed_or_drew_since_is_left_alone_and_reported():
    place = a_workplace()
    ids = drawn_in_a_row(place, 3)
    member = place.member(Role.ANNOTATOR)
    seen = log.head()
    dispatch(ReshapeAnnotation(annotation_id=ids[1], vector=a_polygon(5)), by=member)
    late = place.draw(a_polygon(7), by=member)
    answer = dispatch(accept(place, unless_changed_since=seen), by=place.owner)
    assert (answer.details["changed"], answer.details["left_count"]) == (2, 2)
    reason = {"code": "changed_since", "reason": "Somebody changed it since.", "changed_by": str(member.person_id)}
    numbers = dict(AnnotationRow.objects.values_list("id", "number"))
    assert answer.details["left"] == [
        {"annotation_id": str(one), "number": numbers[one], "version": version, **reason}
        for one, version in ((ids[1], 2), (late.id, 1))
    ]
    assert statuses([*ids, late.id]) == ["accepted", "open", "accepted", "open"]


def test_what_is_as_wished_already_is_neither_changed_nor_left():
    place = a_workplace()
    ids = drawn_in_a_row(place, 2)
    seen = log.head()
    dispatch(VerifyAnnotation(annotation_id=ids[0], verdict=Verdict.ACCEPTED), by=place.owner)
    answer = dispatch(accept(place, unless_changed_since=seen), by=place.owner)
    assert answer.details == {"changed": 1, "left_count": 0, "left": []}
    again = dispatch(accept(place), by=place.owner)
    assert again.details["changed"] == 0
    assert log.facts_of(again.command_id) == []


def test_another_geometry_is_left_alone_with_the_reason():
    place = a_workplace()
    polygon, box = place.draw().id, place.draw(a_box()).id
    tumour = a_type(place.product_id, place.owner, VectorType.POLYGON, name="tumour")
    wish = ReclassifyAnnotations(image_id=place.image_id, annotation_type_id=tumour)
    answer = dispatch(wish, by=place.owner)
    [left] = answer.details["left"]
    assert (left["annotation_id"], left["code"]) == (str(box), "vector_type")
    assert "another geometry" in left["reason"]
    assert AnnotationRow.objects.get(id=polygon).annotation_type_id == tumour
    with pytest.raises(Invalid, match="not offered"):
        dispatch(ReclassifyAnnotations(image_id=place.image_id, annotation_type_id=uuid4()), by=place.owner)


def test_a_set_is_removed_and_restored():
    place = a_workplace()
    ids = drawn_in_a_row(place, 3)
    where = Where(annotation_ids=tuple(ids[:2]))
    wishes = [
        RemoveAnnotations(image_id=place.image_id, where=where, reason="twice"),
        RestoreAnnotations(image_id=place.image_id, where=Where(annotation_ids=(ids[0],))),
    ]
    assert [dispatch(wish, by=place.owner).details["changed"] for wish in wishes] == [2, 1]
    assert list(AnnotationRow.objects.filter(removed=True).values_list("id", flat=True)) == [ids[1]]
    assert differences(ANNOTATIONS) == []


def test_every_filter_leaves_what_it_says():
    place = a_workplace()
    planes = [{"plane": plane, "name": "p", "width": 2000, "height": 1000, "frames": 9} for plane in (0, 1)]
    volume = place.image("brain.nii", frames=9, planes=planes).id
    member = place.member(Role.ANNOTATOR)
    first = place.draw(a_polygon(10, frame=2), image_id=volume).id
    second = place.draw(a_polygon(200, frame=3), image_id=volume, by=member).id
    third = place.draw(a_polygon(10, frame=3, plane=Plane.CORONAL), image_id=volume).id
    nothing = place.draw(a_box(frame=2), image_id=volume).id
    place.draw(a_polygon(10))
    dispatch(VerifyAnnotation(annotation_id=nothing, verdict=Verdict.REJECTED), by=place.owner)

    def left(**where):
        wish = RemoveAnnotations(image_id=volume, where=Where(**where))
        return set(selections._matching(wish, removed=False))

    assert left() == {first, second, third, nothing}
    assert left(frame=3) == {second, third}
    assert left(plane=0) == {first, second, nothing}
    assert left(plane=1) == {third}
    assert left(created_by=member.person_id) == {second}
    assert left(status=Status.REJECTED) == {nothing}
    assert left(region=(0, 0, 6_000, 100_000)) == {first, third, nothing}
    assert left(region=(1_000, 1_000, 6_000, 6_000), frame=2) == {first, nothing}
    assert left(region=(1_001, 1_000, 6_000, 6_000), frame=2) == set()
    assert left(annotation_ids=(first, uuid4())) == {first}
    assert left(annotation_ids=()) == set()
    assert left(annotation_type_id=place.types[VectorType.BOUNDING_BOX]) == {nothing}


def test_more_than_one_command_takes_is_refused_with_the_number(monkeypatch):
    monkeypatch.setattr(selections, "MATCHING_MAX", 2)
    place = a_workplace()
    drawn_in_a_row(place, 4)
    with pytest.raises(Invalid, match="leaves 4 annotations") as refusal:
        dispatch(accept(place), by=place.owner)
    assert refusal.value.details == {"matching": 4, "most": 2}
    assert dispatch(accept(place, where=Where(region=(0, 0, 25_000, 99_999))), by=place.owner).details["changed"] == 2


def test_only_the_first_hundred_that_were_left_are_named(monkeypatch):
    monkeypatch.setattr(selections, "LEFT_SHOWN", 2)
    place = a_workplace()
    drawn_in_a_row(place, 3)
    answer = dispatch(accept(place, unless_changed_since=0), by=place.owner)
    assert (answer.details["left_count"], len(answer.details["left"])) == (3, 2)


def test_a_repetition_is_answered_alike():
    place = a_workplace()
    drawn_in_a_row(place, 3)
    wish = accept(place, unless_changed_since=log.head() - 1)
    first = dispatch(wish, by=place.owner, key="k")
    assert (first.details["changed"], first.details["left_count"]) == (2, 1)
    drawn_in_a_row(place, 1)
    assert dispatch(wish, by=place.owner, key="k") == first


def test_who_may_not_is_told_before_anything_is_counted():
    place = a_workplace()
    drawn_in_a_row(place, 1)
    with pytest.raises(Forbidden):
        dispatch(accept(place), by=place.member(Role.ANNOTATOR))
    with pytest.raises(NotFound):
        dispatch(RemoveAnnotations(image_id=place.image_id), by=someone())
    with pytest.raises(StaleVersion):
        dispatch(RemoveAnnotations(image_id=place.image_id), by=place.owner, expected_version=7)


def test_many_take_as_many_queries_as_a_few():
    place = a_workplace()

    def queries(count):
        wish = accept(place, where=Where(annotation_ids=tuple(drawn_in_a_row(place, count))))
        with CaptureQueriesContext(connection) as captured:
            assert dispatch(wish, by=place.owner).details["changed"] == count
        return len(captured)

    assert queries(19) == queries(3)


def test_annotations_of_an_import_are_meant_too_and_are_new_when_they_are_shown():
    place = a_workplace()
    mine, seen = place.draw().id, log.head()
    complete(place)
    careful = dispatch(accept(place, unless_changed_since=seen), by=place.owner)
    assert (careful.details["changed"], careful.details["left_count"]) == (1, 30)
    with CaptureQueriesContext(connection) as captured:
        assert dispatch(accept(place), by=place.owner).details["changed"] == 30
    assert len(captured) < 40
    assert set(AnnotationRow.objects.values_list("status", flat=True)) == {"accepted"}
    assert AnnotationRow.objects.get(id=mine).version == 2
    assert differences(ANNOTATIONS) == []


def test_two_at_the_same_moment_both_get_their_way():
    place = a_workplace()
    drawn_in_a_row(place, 5)
    tumour = a_type(place.product_id, place.owner, VectorType.POLYGON, name="tumour")
    wishes = [accept(place), ReclassifyAnnotations(image_id=place.image_id, annotation_type_id=tumour)]
    answers = in_threads(2, lambda n: dispatch(wishes[n], by=place.owner), connections.close_all)
    assert [answer.details["changed"] for answer in answers] == [5, 5]
    assert differences(ANNOTATIONS) == []
