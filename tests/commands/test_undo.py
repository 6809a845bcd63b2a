"""Undo: what it takes back, what it leaves and why, and who may."""

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from exact.commands.annotations import (
    DescribeAnnotation,
    DrawAnnotation,
    EditAnnotation,
    RemoveAnnotation,
    ReshapeAnnotation,
    VerifyAnnotation,
)
from exact.commands.batches import batch
from exact.commands.bus import dispatch
from exact.commands.selections import RemoveAnnotations, VerifyAnnotations
from exact.commands.undo import Undo
from exact.domain.annotations import Verdict
from exact.domain.errors import Forbidden, Invalid, NotFound
from exact.domain.identifiers import new_id
from exact.domain.teams import Role
from exact.domain.vectors import VectorType
from exact.eventstore import log
from exact.projections.annotations import ANNOTATIONS, AnnotationRow, shown
from exact.projections.rebuilding import differences
from tests.builders import a_box, a_polygon, a_workplace, someone
from tests.contracts.store import in_threads

pytestmark = pytest.mark.django_db(transaction=True)


def undone(answer, by, **more):
    return dispatch(Undo(command_id=answer.command_id), by=by, **more)


def content(annotation_id):
    row = shown(log.load(annotation_id))
    names = ("vector", "annotation_type_id", "description", "meta_data", "removed", "status")
    return {name: row[name] for name in names}


def test_every_wish_about_an_annotation_is_undone_and_the_undo_too():
    place = a_workplace()
    drawn, by = place.draw(a_polygon()), place.owner
    mine = {"annotation_id": drawn.id}
    box = place.types[VectorType.BOUNDING_BOX]
    for wish in (
        ReshapeAnnotation(**mine, vector=a_polygon(90)),
        DescribeAnnotation(**mine, description="large", meta_data={"a": 1}),
        VerifyAnnotation(**mine, verdict=Verdict.REJECTED),
        EditAnnotation(**mine, annotation_type_id=box, vector=a_box(), description="box"),
        RemoveAnnotation(**mine),
    ):
        before = content(drawn.id)
        done = dispatch(wish, by=by)
        after = content(drawn.id)
        back = undone(done, by)
        assert back.details["left"] == [], wish
        assert content(drawn.id) == before, wish
        assert log.facts_of(back.command_id)[0].fact.causation_id == done.command_id
        if not isinstance(wish, VerifyAnnotation):
            again = undone(back, by)
            assert content(drawn.id) == after, wish
            undone(again, by)
    assert differences(ANNOTATIONS) == []


def test_what_somebody_changed_since_stays_and_the_rest_is_undone():
    place = a_workplace()
    ids = [place.draw(a_polygon(10 * n)).id for n in range(3)]
    member = place.member(Role.VERIFIER)
    removed = dispatch(RemoveAnnotations(image_id=place.image_id), by=place.owner)
    assert undone(removed, place.owner).details == {"undone": 3, "left_count": 0, "left": []}
    edited = dispatch(ReshapeAnnotation(annotation_id=ids[0], vector=a_polygon(50)), by=place.owner)
    dispatch(ReshapeAnnotation(annotation_id=ids[0], vector=a_polygon(70)), by=member)
    before = log.head()
    answer = undone(edited, place.owner)
    assert answer.details["undone"] == 0
    [left] = answer.details["left"]
    assert left == {"stream_id": str(ids[0]), "name": "AnnotationReshaped", "code": "cannot_undo",
                    "reason": "Somebody changed it since.", "changed_by": str(member.person_id)}  # fmt: skip
    assert log.head() == before


def test_commands_that_belong_together_are_undone_together():
    place = a_workplace()
    work = new_id()
    drawn = place.draw()
    for wish in (ReshapeAnnotation(annotation_id=drawn.id, vector=a_polygon(90)),
                 DescribeAnnotation(annotation_id=drawn.id, description="x")):  # fmt: skip
        dispatch(wish, by=place.owner, correlation_id=work)
    answer = dispatch(Undo(correlation_id=work), by=place.owner, key="k")
    assert answer.details["undone"] == 2
    assert log.load(drawn.id).vector == a_polygon()
    assert dispatch(Undo(correlation_id=work), by=place.owner, key="k") == answer


def test_others_work_needs_the_right_and_a_stranger_learns_nothing():
    place = a_workplace()
    verifier, admin = place.member(Role.VERIFIER), place.member(Role.ADMIN)
    drawn = place.draw()
    accepted = dispatch(VerifyAnnotations(image_id=place.image_id, verdict=Verdict.ACCEPTED), by=verifier)
    with pytest.raises(Forbidden, match="undo_others"):
        undone(drawn, verifier)
    with pytest.raises(NotFound):
        undone(drawn, someone())
    assert undone(accepted, admin).details["undone"] == 1
    assert AnnotationRow.objects.get().status == "open"


def test_what_there_is_not_is_refused_with_a_sentence():
    place = a_workplace()
    with pytest.raises(NotFound):
        dispatch(Undo(command_id=new_id()), by=place.owner)
    with pytest.raises(Invalid):
        dispatch(Undo(), by=place.owner)


def test_a_shape_that_would_not_fit_its_type_any_more_stays_and_the_rest_is_undone():
    place, work = a_workplace(), new_id()
    box = place.types[VectorType.BOUNDING_BOX]
    changed, kept, own = (place.draw(a_polygon(10 * n)).id for n in range(3))
    for one in (changed, kept):
        edit = EditAnnotation(annotation_id=one, annotation_type_id=box, vector=a_box(), description="box")
        dispatch(edit, by=place.owner, correlation_id=work)
    dispatch(ReshapeAnnotation(annotation_id=own, vector=a_polygon(90)), by=place.owner, correlation_id=work)
    member = place.member(Role.ANNOTATOR)
    dispatch(ReshapeAnnotation(annotation_id=changed, vector=a_box(200)), by=member)
    before = content(changed)
    answer = dispatch(Undo(correlation_id=work), by=place.owner)
    assert content(changed) == before
    assert [content(one)["vector"] for one in (kept, own)] == [a_polygon(10), a_polygon(20)]
    assert (answer.details["undone"], answer.details["left_count"]) == (4, 3)
    assert {(one["stream_id"], one["code"], one["changed_by"]) for one in answer.details["left"]} == {
        (str(changed), "would_not_fit", str(member.person_id))
    }
    assert differences(ANNOTATIONS) == []


def test_many_facts_are_undone_in_as_many_queries_as_few():
    place = a_workplace()
    counts = []
    for number in (2, 40):
        drawn = dispatch(batch([draw_wish(place) for _ in range(number)]), by=place.owner)
        with CaptureQueriesContext(connection) as queries:
            assert undone(drawn, place.owner).details["undone"] == number
        counts.append(len(queries))
    assert counts[0] == counts[1] < 40


def draw_wish(place):
    polygon = place.types[VectorType.POLYGON]
    return DrawAnnotation(image_id=place.image_id, annotation_type_id=polygon, vector=a_polygon())


def test_the_second_verdict_is_undone_to_the_first_one():
    place = a_workplace()
    drawn = place.draw()
    for verdict, status in ((Verdict.ACCEPTED, "accepted"), (Verdict.REJECTED, "rejected")):
        last = dispatch(VerifyAnnotation(annotation_id=drawn.id, verdict=verdict), by=place.owner)
        assert AnnotationRow.objects.get().status == status
    undone(last, place.owner)
    assert AnnotationRow.objects.get().status == "accepted"


def test_two_people_who_undo_the_same_at_once_undo_it_once():
    place = a_workplace()
    drawn = dispatch(batch([draw_wish(place) for _ in range(5)]), by=place.owner)
    people = [place.owner, place.member(Role.ADMIN)]
    answers = in_threads(2, lambda one: undone(drawn, people[one]).details, connections.close_all)
    assert sorted(answer["undone"] for answer in answers) == [0, 5]
    assert {one["reason"] for answer in answers for one in answer["left"]} == {"It is as it was before already."}
    assert AnnotationRow.objects.filter(removed=True).count() == 5
    assert differences(ANNOTATIONS) == []
