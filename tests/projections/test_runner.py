"""Following the log: once, in order, by one projector at a time, with the position in the read model's transaction."""

from threading import Thread
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import connection, connections, transaction

from exact.commands.annotations import ReclassifyAnnotation, RemoveAnnotation, RestoreAnnotation, VerifyAnnotation
from exact.commands.bus import dispatch
from exact.domain.annotations import Verdict
from exact.domain.teams import Role
from exact.domain.vectors import VectorType
from exact.eventstore.log import head, log, read
from exact.eventstore.mapper import UnknownFact
from exact.projections.activity import Activity, ActivityRow, activity_of_image_set, activity_of_team
from exact.projections.generations import LIVE, clear
from exact.projections.image_progress import ImageProgress, ImageProgressItem, ImageProgressRow
from exact.projections.places import places, position_of, stop, wait_for
from exact.projections.rebuilding import rebuild
from exact.projections.runner import advance, catch_up, hold, register
from tests.builders import a_box, a_polygon, a_type, a_workplace
from tests.contracts.store import StoredEvent, in_threads

pytestmark = pytest.mark.django_db(transaction=True, available_apps=settings.INSTALLED_APPS)


@pytest.fixture
def place():
    """A workplace, and both projections registered but not moved."""
    for projection in (ImageProgress(), Activity()):
        register(projection)
    return a_workplace()


def numbers(image_id):
    """Type to annotated, accepted, rejected, open, after the projection has caught up."""
    catch_up(ImageProgress())
    names = ("annotation_type_id", "annotated", "accepted", "rejected", "open")
    return {row[0]: row[1:] for row in ImageProgressRow.objects.filter(image_id=image_id).values_list(*names)}


# --- what is counted --------------------------------------------------------------------------------------------------


def test_progress_counts_by_type_and_status(place):
    polygon, box = place.types[VectorType.POLYGON], place.types[VectorType.BOUNDING_BOX]
    first, second, _ = place.draw(a_polygon()), place.draw(a_polygon()), place.draw(a_box())
    critic = place.member(Role.VERIFIER)
    dispatch(VerifyAnnotation(annotation_id=first.id, verdict=Verdict.ACCEPTED), by=place.owner)
    assert numbers(place.image_id) == {polygon: (2, 1, 0, 1), box: (1, 0, 0, 1)}
    dispatch(VerifyAnnotation(annotation_id=first.id, verdict=Verdict.REJECTED), by=critic)
    dispatch(RemoveAnnotation(annotation_id=second.id), by=place.owner)
    assert numbers(place.image_id) == {polygon: (1, 0, 1, 0), box: (1, 0, 0, 1)}
    dispatch(RestoreAnnotation(annotation_id=second.id), by=place.owner)
    assert numbers(place.image_id)[polygon] == (2, 0, 1, 1)


def test_a_verdict_of_an_overtaken_content_counts_as_open(place):
    drawn, other = place.draw(), a_type(place.product_id, place.owner, VectorType.POLYGON, name="other")
    dispatch(VerifyAnnotation(annotation_id=drawn.id, verdict=Verdict.ACCEPTED), by=place.owner)
    dispatch(ReclassifyAnnotation(annotation_id=drawn.id, annotation_type_id=other), by=place.owner)
    assert numbers(place.image_id) == {other: (1, 0, 0, 1)}


def test_a_type_without_annotations_has_no_row(place):
    dispatch(RemoveAnnotation(annotation_id=place.draw().id), by=place.owner)
    assert numbers(place.image_id) == {}


def test_batches_of_any_size_add_up_alike(place):
    drawn = [place.draw().id for _ in range(3)]
    for annotation_id in drawn:
        dispatch(VerifyAnnotation(annotation_id=annotation_id, verdict=Verdict.ACCEPTED), by=place.owner)
    dispatch(RemoveAnnotation(annotation_id=drawn[0]), by=place.owner)
    together = numbers(place.image_id)
    with transaction.atomic():
        hold(ImageProgress())
        clear(ImageProgress.tables, LIVE)
        connection.cursor().execute("update es.projection set position = 0 where name = 'image_progress'")
    while advance(ImageProgress(), limit=1):
        continue
    assert numbers(place.image_id) == together == {place.types[VectorType.POLYGON]: (2, 2, 0, 0)}


def test_many_at_once_take_the_same_way_as_few(place, monkeypatch):
    from exact.projections import base

    for _ in range(5):
        place.draw()
    few = numbers(place.image_id)
    items = list(ImageProgressItem.objects.order_by("id").values())
    monkeypatch.setattr(base, "BULK_FROM", 1)
    rebuild(ImageProgress())
    rebuild(Activity())
    assert numbers(place.image_id) == few
    assert list(ImageProgressItem.objects.order_by("id").values()) == items
    assert ActivityRow.objects.count() == head()


def test_activity_says_who_did_what_when(place):
    drawn = place.draw()
    catch_up(Activity())
    row = ActivityRow.objects.first()
    assert (row.name, row.stream_id, row.version, row.scope_id) == ("AnnotationDrawn", drawn.id, 1, place.image_id)
    assert (row.by, row.id) == (place.owner.person_id, drawn.position)
    assert row in activity_of_image_set(place.image_set_id)
    assert activity_of_team(place.team_id).count() == head()
    assert not activity_of_team(a_workplace().team_id).filter(id=row.id).exists()


# --- once -------------------------------------------------------------------------------------------------------------


def test_a_batch_delivered_twice_counts_once(place):
    place.draw()
    catch_up(Activity())
    before = numbers(place.image_id)
    batch = read()
    ImageProgress().apply(batch)
    Activity().apply(batch)
    assert numbers(place.image_id) == before
    assert [(found.name, found.state) for found in places()] == [("activity", "live"), ("image_progress", "live")]
    assert ActivityRow.objects.count() == len(batch)


def test_two_projectors_never_do_the_same_work(place):
    for _ in range(10):
        place.draw()
    folded = in_threads(4, lambda _: sum(advance(Activity(), limit=2) for _ in range(30)), connections.close_all)
    catch_up(Activity())
    assert sum(folded) <= head()
    assert ActivityRow.objects.count() == head()


def test_whoever_comes_second_finds_the_lease_taken_and_does_not_wait(place):
    place.draw()
    answers = []

    def second():
        answers.append(advance(Activity()))
        connection.close()

    with transaction.atomic():
        hold(Activity())
        thread = Thread(target=second)
        thread.start()
        thread.join(5)
    assert answers == [0]
    assert advance(Activity()) == head()


class Crashed(BaseException):
    """The projector died."""


class Crashing(ImageProgress):
    """Dies after its rows are written and before its position moves."""

    def apply(self, batch):
        super().apply(batch)
        raise Crashed

    def fill(self, part):
        super().fill(part)
        raise Crashed


def test_a_crash_between_rows_and_position_leaves_neither(place):
    place.draw()
    with pytest.raises(Crashed):
        advance(Crashing())
    assert position_of("image_progress") == 0
    assert not ImageProgressItem.objects.exists()
    assert numbers(place.image_id) == {place.types[VectorType.POLYGON]: (1, 0, 0, 1)}
    assert position_of("image_progress") == head()


def test_a_crash_in_a_rebuild_leaves_the_old_rows(place):
    place.draw()
    before = numbers(place.image_id)
    with pytest.raises(Crashed):
        rebuild(Crashing())
    assert numbers(place.image_id) == before


# --- what cannot be folded --------------------------------------------------------------------------------------------


def test_an_unknown_fact_is_never_skipped(place):
    place.draw()
    reached = head()
    catch_up(Activity())
    log().facts.insert_events([StoredEvent(uuid4(), 1, "FromTheFuture", b"{}")])
    place.draw()
    for _ in range(2):
        with pytest.raises(UnknownFact, match="FromTheFuture"):
            advance(Activity())
    assert position_of("activity") == reached


def test_a_newer_version_of_a_known_fact_is_not_skipped_either(place):
    log().facts.insert_events([StoredEvent(uuid4(), 1, "AnnotationDrawn@9", b"{}")])
    with pytest.raises(UnknownFact, match="version 9"):
        advance(ImageProgress())


def test_a_stopped_projection_stands_still_until_it_is_rebuilt(place):
    stop("activity", "UnknownFact: FromTheFuture")
    assert advance(Activity()) == 0
    [found] = [found for found in places() if found.name == "activity"]
    assert (found.state, found.error) == ("stopped", "UnknownFact: FromTheFuture")
    assert rebuild(Activity()).position == head()
    [found] = [found for found in places() if found.name == "activity" and found.state != "retired"]
    assert (found.state, found.error, found.position) == ("live", None, head())


def test_a_reader_waits_for_the_position_it_has_written(place):
    drawn = place.draw()
    assert not wait_for("image_progress", drawn.position, timeout_s=0.05)
    catch_up(ImageProgress())
    assert wait_for("image_progress", drawn.position, timeout_s=0.05)
    assert not wait_for("nobody", 1, timeout_s=0.05)
