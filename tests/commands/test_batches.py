"""Batches: all or nothing, in order, in one range of positions, and not a query for each."""

from uuid import uuid4

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from exact.commands.annotations import DrawAnnotation, RemoveAnnotation, ReshapeAnnotation, VerifyAnnotation
from exact.commands.batches import batch
from exact.commands.bus import dispatch
from exact.commands.image_sets import AttachProduct, DetachProduct
from exact.commands.products import ChangeProduct, CreateProduct
from exact.domain.annotations import Verdict
from exact.domain.errors import Conflict, Forbidden, Invalid, NotFound, StaleVersion
from exact.domain.identifiers import annotation_stream, new_id
from exact.domain.teams import Role
from exact.domain.vectors import VectorType
from exact.eventstore import log, many
from exact.eventstore.snapshots import EVERY
from exact.projections.annotations import ANNOTATIONS, AnnotationRow
from exact.projections.products import ProductRow
from exact.projections.rebuilding import differences
from tests.builders import a_polygon, a_workplace, someone
from tests.contracts.store import in_threads

pytestmark = pytest.mark.django_db(transaction=True)


def draw(place, x=10, **fields):
    polygon = place.types[VectorType.POLYGON]
    return DrawAnnotation(image_id=place.image_id, annotation_type_id=polygon, vector=a_polygon(x), **fields)


def accept(annotation_id):
    return VerifyAnnotation(annotation_id=annotation_id, verdict=Verdict.ACCEPTED)


def test_a_later_wish_sees_what_an_earlier_one_did():
    place = a_workplace()
    identifier = uuid4()
    drawn = annotation_stream(place.image_id, identifier)
    before = log.head()
    wishes = [
        draw(place, unique_identifier=identifier),
        accept(drawn),
        draw(place, 80, unique_identifier=identifier),
        accept(drawn),
        RemoveAnnotation(annotation_id=drawn),
    ]
    answer = dispatch(batch(wishes), by=place.owner)
    assert (answer.first_position, answer.position) == (before + 1, before + 5)
    assert [one["version"] for one in answer.details["results"]] == [1, 2, 3, 4, 5]
    assert {one["id"] for one in answer.details["results"]} == {str(drawn)}
    names = [type(recorded.fact).__name__ for recorded in log.facts_of(answer.command_id)]
    assert names == ["AnnotationDrawn", "AnnotationVerified", "AnnotationReshaped", "AnnotationVerified",
                     "AnnotationRemoved"]  # fmt: skip
    assert differences(ANNOTATIONS) == []


def test_a_refusal_names_the_culprit_and_leaves_nothing():
    place = a_workplace()
    drawn, before = place.draw(), log.head()
    for culprit, kind in [
        (draw(place, 99_999), Invalid),
        (RemoveAnnotation(annotation_id=new_id()), NotFound),
        (batch([draw(place)]), Invalid),
    ]:
        with pytest.raises(kind) as refusal:
            dispatch(batch([draw(place), accept(drawn.id), culprit, draw(place)]), by=place.owner, key="k")
        assert refusal.value.details["index"] == 2
    assert log.head() == before
    assert AnnotationRow.objects.get().status == "open"
    assert dispatch(batch([draw(place)]), by=place.owner, key="k").version == 1


def test_each_wish_names_the_version_it_has_seen():
    place = a_workplace()
    drawn = place.draw()
    dispatch(ReshapeAnnotation(annotation_id=drawn.id, vector=a_polygon(30)), by=place.owner)
    reshape = ReshapeAnnotation(annotation_id=drawn.id, vector=a_polygon(40))
    with pytest.raises(StaleVersion) as refusal:
        dispatch(batch([reshape], expected_version=1), by=place.owner)
    assert refusal.value.details["index"] == 0
    assert dispatch(batch([reshape], expected_version=2), by=place.owner).version == 3


def test_rights_are_asked_for_every_wish():
    place = a_workplace()
    drawn = place.draw()
    annotator = place.member(Role.ANNOTATOR)
    with pytest.raises(Forbidden) as refusal:
        dispatch(batch([draw(place), accept(drawn.id)]), by=annotator)
    assert refusal.value.details["index"] == 1
    with pytest.raises(NotFound):
        dispatch(batch([draw(place)]), by=someone())
    assert AnnotationRow.objects.count() == 1


def test_a_repetition_is_answered_alike_also_by_twins_in_flight():
    place = a_workplace()
    wishes = batch([draw(place), draw(place, 80)])
    answers = in_threads(4, lambda _: dispatch(wishes, by=place.owner, key="k"), connections.close_all)
    assert len({str(answer) for answer in answers}) == 1
    assert AnnotationRow.objects.count() == 2


def test_things_that_are_no_annotations_are_seen_by_the_next_wish_too():
    place = a_workplace()
    create = CreateProduct(team_id=place.team_id, name="new")
    with pytest.raises(Conflict) as refusal:
        dispatch(batch([create, create]), by=place.owner)
    assert (refusal.value.code, refusal.value.details["index"]) == ("name_taken", 1)
    assert not ProductRow.objects.filter(name="new").exists()
    ids = {"image_set_id": place.image_set_id, "product_id": place.product_id}
    with pytest.raises(Invalid, match="not offered") as refusal:
        dispatch(batch([draw(place), DetachProduct(**ids), draw(place)]), by=place.owner)
    assert refusal.value.details["index"] == 2
    granted = [draw(place), DetachProduct(**ids), AttachProduct(**ids), draw(place)]
    rename = ChangeProduct(product_id=place.product_id, name="renamed")
    answer = dispatch(batch([*granted, rename]), by=place.owner)
    assert len(log.facts_of(answer.command_id)) == 5
    assert ProductRow.objects.get(id=place.product_id).name == "renamed"


def test_many_wishes_take_as_many_queries_as_a_few():
    place = a_workplace()

    def queries(count):
        known = [place.draw(a_polygon(10 + n)).id for n in range(count)]
        wishes = [draw(place, 10 + n, unique_identifier=uuid4()) for n in range(count)]
        with CaptureQueriesContext(connection) as captured:
            dispatch(batch([*wishes, *(accept(one) for one in known)]), by=place.owner)
        return len(captured)

    assert queries(30) == queries(3)


def test_a_long_stream_is_read_whole_in_a_batch_too():
    place = a_workplace()
    drawn = place.draw()
    for n in range(EVERY // 50 + 1):
        moves = [ReshapeAnnotation(annotation_id=drawn.id, vector=a_polygon(20 + n * 50 + k)) for k in range(50)]
        answer = dispatch(batch(moves), by=place.owner)
    assert answer.version == 151
    assert many.load_all([drawn.id, new_id()]) == {drawn.id: log.load(drawn.id)}
    assert differences(ANNOTATIONS) == []
