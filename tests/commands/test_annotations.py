"""Wishes about annotations: what is granted, what is refused, and what a repetition gets."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from django.db import connection

from exact.commands.annotations import (
    DescribeAnnotation,
    DrawAnnotation,
    EditAnnotation,
    ReclassifyAnnotation,
    RemoveAnnotation,
    ReshapeAnnotation,
    RestoreAnnotation,
    VerifyAnnotation,
    WithdrawVerification,
)
from exact.commands.bus import dispatch
from exact.domain.annotations import Verdict
from exact.domain.errors import Conflict, Forbidden, Invalid, KeyReused, NotFound, StaleVersion
from exact.domain.identifiers import new_id
from exact.domain.teams import Role
from exact.domain.vectors import VectorType
from exact.eventstore.log import load, read_stream
from exact.projections.annotations import AnnotationRow
from tests.builders import a_box, a_polygon, a_workplace, someone

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_drawn_annotation_is_seen_at_once():
    place = a_workplace()
    answer = place.draw(a_polygon())
    row = AnnotationRow.objects.get(id=answer.id)
    assert (row.number, row.version, row.status, row.removed) == (answer.number, 1, "open", False)
    assert (row.left, row.top, row.right, row.bottom) == (1000, 1000, 6000, 6000)
    assert row.created_by == place.owner.person_id


def test_every_change_is_a_fact_and_the_row_shows_the_last():
    place = a_workplace()
    drawn = place.draw(a_polygon())
    by = place.owner
    other = place.types[VectorType.BOUNDING_BOX]
    dispatch(ReshapeAnnotation(annotation_id=drawn.id, vector=a_polygon(20)), by=by)
    dispatch(DescribeAnnotation(annotation_id=drawn.id, description="mitosis?"), by=by)
    dispatch(RemoveAnnotation(annotation_id=drawn.id), by=by)
    dispatch(RestoreAnnotation(annotation_id=drawn.id), by=by)
    edit = EditAnnotation(annotation_id=drawn.id, vector=a_box(), annotation_type_id=other)
    last = dispatch(edit, by=by)
    names = [type(recorded.fact).__name__ for recorded in read_stream(drawn.id)]
    assert names == ["AnnotationDrawn", "AnnotationReshaped", "AnnotationDescribed", "AnnotationRemoved",
                     "AnnotationRestored", "AnnotationReclassified", "AnnotationReshaped"]  # fmt: skip
    row = AnnotationRow.objects.get(id=drawn.id)
    assert (row.version, row.description, row.annotation_type_id) == (last.version, "mitosis?", other)


def test_the_same_key_is_granted_once_and_answered_alike():
    place = a_workplace()
    wish = DrawAnnotation(
        image_id=place.image_id, annotation_type_id=place.types[VectorType.POLYGON], vector=a_polygon()
    )
    first = dispatch(wish, by=place.owner, key="a key")
    assert dispatch(wish, by=place.owner, key="a key") == first
    assert AnnotationRow.objects.count() == 1


def test_the_same_key_with_another_body_is_refused():
    place = a_workplace()
    drawn = place.draw()
    dispatch(RemoveAnnotation(annotation_id=drawn.id), by=place.owner, key="k")
    with pytest.raises(KeyReused):
        dispatch(RestoreAnnotation(annotation_id=drawn.id), by=place.owner, key="k")


def test_two_people_may_choose_the_same_key():
    place = a_workplace()
    other = place.member(Role.ANNOTATOR)
    wish = DrawAnnotation(
        image_id=place.image_id, annotation_type_id=place.types[VectorType.POLYGON], vector=a_polygon()
    )
    assert dispatch(wish, by=place.owner, key="k").id != dispatch(wish, by=other, key="k").id


def test_a_wish_that_changes_nothing_is_answered_alike_too():
    place = a_workplace()
    drawn = place.draw(a_polygon())
    wish = ReshapeAnnotation(annotation_id=drawn.id, vector=a_polygon())
    first = dispatch(wish, by=place.owner, key="same shape")
    place.draw()
    assert first.version == 1
    assert dispatch(wish, by=place.owner, key="same shape") == first


def test_a_stale_version_is_refused_with_both_versions():
    place = a_workplace()
    drawn = place.draw()
    dispatch(ReshapeAnnotation(annotation_id=drawn.id, vector=a_polygon(30)), by=place.owner, expected_version=1)
    with pytest.raises(StaleVersion) as refusal:
        dispatch(ReshapeAnnotation(annotation_id=drawn.id, vector=a_polygon(40)), by=place.owner, expected_version=1)
    details = refusal.value.details
    assert (details["expected"], details["version"]) == (1, 2)
    assert details["current"]["vector"]["points"] == a_polygon(30).points
    assert details["changed_by_name"] == place.owner.name


def test_a_verification_does_not_disturb_the_one_who_edits():
    place = a_workplace()
    drawn = place.draw()
    dispatch(VerifyAnnotation(annotation_id=drawn.id, verdict=Verdict.ACCEPTED), by=place.owner)
    edited = dispatch(
        ReshapeAnnotation(annotation_id=drawn.id, vector=a_polygon(30)), by=place.owner, expected_version=1
    )
    assert edited.version == 3
    assert AnnotationRow.objects.get(id=drawn.id).status == "open"


def test_a_verdict_about_an_overtaken_version_is_refused():
    place = a_workplace()
    drawn = place.draw()
    dispatch(ReshapeAnnotation(annotation_id=drawn.id, vector=a_polygon(30)), by=place.owner)
    with pytest.raises(StaleVersion):
        dispatch(VerifyAnnotation(annotation_id=drawn.id, verdict=Verdict.ACCEPTED, of_version=1), by=place.owner)


def test_one_rejection_outweighs_an_acceptance_until_it_is_withdrawn():
    place = a_workplace()
    drawn = place.draw()
    critic = place.member(Role.VERIFIER)
    dispatch(VerifyAnnotation(annotation_id=drawn.id, verdict=Verdict.ACCEPTED), by=place.owner)
    dispatch(VerifyAnnotation(annotation_id=drawn.id, verdict=Verdict.REJECTED), by=critic)
    assert AnnotationRow.objects.get(id=drawn.id).status == "rejected"
    dispatch(WithdrawVerification(annotation_id=drawn.id), by=critic)
    assert AnnotationRow.objects.get(id=drawn.id).status == "accepted"


def test_a_removed_annotation_refuses_to_be_reshaped():
    place = a_workplace()
    drawn = place.draw()
    dispatch(RemoveAnnotation(annotation_id=drawn.id), by=place.owner)
    with pytest.raises(Conflict, match="restore it first"):
        dispatch(ReshapeAnnotation(annotation_id=drawn.id, vector=a_polygon(30)), by=place.owner)


def test_a_stranger_learns_nothing_and_a_viewer_is_told_why():
    place = a_workplace()
    drawn = place.draw()
    wish = RemoveAnnotation(annotation_id=drawn.id)
    with pytest.raises(NotFound):
        dispatch(wish, by=someone())
    with pytest.raises(Forbidden, match="viewer"):
        dispatch(wish, by=place.member(Role.VIEWER))


def test_an_unknown_annotation_is_not_found():
    with pytest.raises(NotFound):
        dispatch(RemoveAnnotation(annotation_id=new_id()), by=someone())


def test_an_annotator_may_not_verify():
    place = a_workplace()
    drawn = place.draw()
    annotator = place.member(Role.ANNOTATOR)
    wish = VerifyAnnotation(annotation_id=drawn.id, verdict=Verdict.ACCEPTED)
    with pytest.raises(Forbidden):
        dispatch(wish, by=annotator)


def test_a_shape_outside_the_image_is_refused_and_leaves_nothing():
    place = a_workplace()
    with pytest.raises(Invalid, match="outside"):
        place.draw(a_polygon(x=5000))
    assert not AnnotationRow.objects.exists()


def test_a_type_that_the_set_does_not_offer_is_refused():
    place, other = a_workplace(), a_workplace()
    wish = DrawAnnotation(
        image_id=place.image_id, annotation_type_id=other.types[VectorType.POLYGON], vector=a_polygon()
    )
    with pytest.raises(Invalid, match="not offered"):
        dispatch(wish, by=place.owner)


def test_the_shape_must_have_the_geometry_of_its_type():
    place = a_workplace()
    drawn = place.draw(a_polygon())
    box = place.types[VectorType.BOUNDING_BOX]
    with pytest.raises(Invalid):
        dispatch(ReclassifyAnnotation(annotation_id=drawn.id, annotation_type_id=box), by=place.owner)


def test_drawing_an_identifier_again_edits_the_one_that_is_there():
    place = a_workplace()
    identifier = uuid4()
    first = place.draw(a_polygon(), unique_identifier=identifier)
    second = place.draw(a_polygon(70), unique_identifier=identifier)
    assert (second.id, second.number, second.version) == (first.id, first.number, 2)


def test_two_images_may_carry_the_same_identifier():
    place = a_workplace()
    other = place.image("other.svs").id
    identifier = uuid4()
    one = place.draw(unique_identifier=identifier)
    two = place.draw(unique_identifier=identifier, image_id=other)
    assert one.id != two.id


def in_threads(count, do):
    def one(index):
        try:
            return do(index)
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def test_two_senders_of_one_identifier_make_one_annotation():
    place = a_workplace()
    identifier = uuid4()
    answers = in_threads(6, lambda i: place.draw(a_polygon(10 + i), unique_identifier=identifier))
    assert len({answer.id for answer in answers}) == 1
    assert AnnotationRow.objects.count() == 1
    assert load(answers[0].id).version == 6


def test_edits_without_a_version_at_the_same_moment_are_all_kept():
    place = a_workplace()
    drawn = place.draw()
    in_threads(
        6, lambda i: dispatch(ReshapeAnnotation(annotation_id=drawn.id, vector=a_polygon(20 + i)), by=place.owner)
    )
    assert load(drawn.id).version == 7
    assert AnnotationRow.objects.get(id=drawn.id).version == 7


def test_edits_that_name_the_same_version_at_the_same_moment_let_one_through():
    place = a_workplace()
    drawn = place.draw()

    def edit(i):
        try:
            wish = ReshapeAnnotation(annotation_id=drawn.id, vector=a_polygon(20 + i))
            return dispatch(wish, by=place.owner, expected_version=1).version
        except StaleVersion:
            return "stale"

    assert sorted(map(str, in_threads(6, edit))) == ["2", *["stale"] * 5]


def test_twins_of_one_command_in_flight_are_granted_once():
    place = a_workplace()
    wish = DrawAnnotation(
        image_id=place.image_id, annotation_type_id=place.types[VectorType.POLYGON], vector=a_polygon()
    )
    answers = in_threads(6, lambda _: dispatch(wish, by=place.owner, key="twin"))
    assert len(set(map(str, answers))) == 1
    assert AnnotationRow.objects.count() == 1
