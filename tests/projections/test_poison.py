"""A fact that cannot be folded is found, tried again, and then stops the projection or is parked with its stream."""

from uuid import uuid4

import psycopg
import pytest
from django import db
from django.conf import settings
from django.db import connections

from exact.commands.annotations import RemoveAnnotation, ReshapeAnnotation
from exact.commands.bus import dispatch
from exact.eventstore.driver import execute
from exact.eventstore.log import head, log, read
from exact.eventstore.subscription import listening_parameters
from exact.projections import poison
from exact.projections.activity import Activity, ActivityRow
from exact.projections.follow import OnPoison, Projection
from exact.projections.image_progress import ImageProgress, ImageProgressRow
from exact.projections.places import places, position_of, start
from exact.projections.poison import advance_with_care, give_up, replay_parked
from exact.projections.runner import catch_up, register
from tests.builders import a_polygon, a_workplace
from tests.contracts.store import StoredEvent, in_threads

pytestmark = pytest.mark.django_db(transaction=True, available_apps=settings.INSTALLED_APPS)


class Chokes:
    """A projection that cannot fold the facts of some streams from a version on, so many times."""

    def __init__(self, on_poison=OnPoison.PARK):
        super().__init__()
        self.on_poison = on_poison
        self.bad, self.from_version, self.times = set(), 1, 10**6
        self.calls, self.paused = 0, []

    def apply(self, batch):
        self.calls += 1
        for recorded in batch:
            fact = recorded.fact
            if fact.originator_id in self.bad and fact.originator_version >= self.from_version and self.times > 0:
                self.times -= 1
                raise ValueError(f"choked on {recorded.position}")
        super().apply(batch)

    def go_on(self):
        """As the projector's process does, until nothing is left."""
        while advance_with_care(self, self.paused.append):
            pass


class Choking(Chokes, Activity):
    pass


class Counting(Chokes, ImageProgress):
    pass


@pytest.fixture
def place():
    register(Activity())
    return a_workplace()


def the_place(name="activity"):
    return next(found for found in places() if found.name == name)


def parked():
    """Position and error of what was laid aside."""
    return execute("select position, error from es.parked order by position")


def folded():
    return list(ActivityRow.objects.order_by("id").values_list("id", flat=True))


def test_the_one_fact_is_found_tried_three_times_again_and_stops_the_projection(place):
    choking = Choking(OnPoison.STOP)
    before = [place.draw() for _ in range(3)][-1]
    bad = place.draw()
    for _ in range(5):
        place.draw()
    choking.bad.add(bad.id)
    choking.go_on()
    found = the_place()
    assert (found.state, found.position, found.parked) == ("stopped", before.position, 0)
    assert found.error == f"position {bad.position}, AnnotationDrawn of {bad.id}: ValueError: choked on {bad.position}"
    assert folded() == list(range(1, bad.position)), "what stands before it is folded, what follows is not"
    assert choking.paused == [0.25, 0.5, 1.0]
    assert choking.calls < 30, "halved, not walked"


def test_a_stopped_one_goes_on_from_where_it_stands_when_it_is_started(place):
    choking = Choking(OnPoison.STOP)
    choking.bad.add(place.draw().id)
    choking.go_on()
    place.draw()
    assert advance_with_care(choking) == 0
    choking.bad.clear()
    assert start("activity")
    assert not start("activity"), "only once"
    choking.go_on()
    assert (the_place().condition, the_place().error, folded()) == ("live", None, list(range(1, head() + 1)))


def test_what_passes_by_itself_is_folded_and_nothing_is_parked(place):
    choking = Choking()
    bad = place.draw()
    choking.bad.add(bad.id)
    choking.times = 14
    choking.go_on()
    assert choking.times == 0, "it did fail"
    assert (parked(), folded()) == ([], list(range(1, head() + 1)))


def test_a_parked_stream_waits_and_the_others_go_on(place):
    choking = Choking()
    bad, other = place.draw(), place.draw()
    choking.bad.add(bad.id)
    choking.go_on()
    for drawn in (bad, other):
        dispatch(ReshapeAnnotation(annotation_id=drawn.id, vector=a_polygon(200)), by=place.owner)
    choking.bad.clear()
    last = place.draw()
    choking.go_on()
    behind = bad.position + 2
    assert parked() == [
        (bad.position, f"ValueError: choked on {bad.position}"),
        (behind, "an earlier fact of its stream is parked"),
    ]
    assert folded() == [n for n in range(1, last.position + 1) if n not in (bad.position, behind)]
    found = the_place()
    assert (found.condition, found.parked, found.position) == ("degraded", 2, head())


def test_what_was_parked_is_folded_in_order_and_the_stream_is_free_again(place):
    register(ImageProgress())
    choking = Counting()
    bad = place.draw()
    choking.bad.add(bad.id)
    choking.go_on()
    dispatch(RemoveAnnotation(annotation_id=bad.id), by=place.owner)
    choking.go_on()
    assert the_place("image_progress").parked == 2
    choking.bad.clear()
    assert replay_parked(choking) == (2, 0)
    assert not ImageProgressRow.objects.exists(), "drawn, then removed: the other way round it would count"
    assert the_place("image_progress").condition == "live"
    place.draw()
    choking.go_on()
    assert (parked(), ImageProgressRow.objects.get().annotated) == ([], 1)


def test_what_still_cannot_be_folded_stays_parked_with_what_stands_behind_it(place):
    choking = Choking()
    good, bad = place.draw(), place.draw()
    choking.bad |= {good.id, bad.id}
    choking.go_on()
    for drawn in (bad, bad, good):
        vector = a_polygon(100 + head())
        dispatch(ReshapeAnnotation(annotation_id=drawn.id, vector=vector), by=place.owner)
    choking.go_on()
    assert len(parked()) == 5
    choking.bad.remove(good.id)
    choking.from_version = 2
    assert replay_parked(choking) == (3, 2)
    assert [position for position, _ in parked()] == [bad.position + 1, bad.position + 2]
    assert parked()[0][1].startswith("ValueError: choked")
    assert the_place().condition == "degraded"


def test_the_fact_of_a_program_of_tomorrow_stops_also_who_would_park_and_is_never_skipped(place):
    reached = head()
    log().facts.insert_events([StoredEvent(uuid4(), 1, "FromTheFuture", b"{}")])
    place.draw()
    choking = Choking()
    choking.go_on()
    found = the_place()
    assert (found.state, found.position, parked()) == ("stopped", reached, [])
    assert "FromTheFuture in schema version 1 is not known" in found.error
    assert len(choking.paused) == 1, "no repetition helps"
    start("activity")
    choking.go_on()
    assert (the_place().state, the_place().position) == ("stopped", reached), "while the cause is there it stops again"


def test_a_fact_that_cannot_be_read_stops_too(place):
    log().facts.insert_events([StoredEvent(uuid4(), 1, "AnnotationDrawn", b'{"number": "seven"}')])
    choking = Choking()
    choking.go_on()
    assert (the_place().state, parked()) == ("stopped", [])
    assert "AnnotationDrawn in schema version 1" in the_place().error


def test_a_lock_that_is_held_is_no_poison(place):
    place.draw()
    with psycopg.connect(**listening_parameters()) as other:
        other.execute("lock table activity in access exclusive mode")
        execute("set lock_timeout = '50ms'")
        try:
            with pytest.raises(db.OperationalError):
                advance_with_care(Activity(), lambda _: None)
        finally:
            execute("set lock_timeout = '5s'")
    assert (the_place().state, parked()) == ("live", [])
    assert advance_with_care(Activity()) == head()


def test_what_another_projector_has_dealt_with_is_not_parked_again(place):
    after = position_of("activity")
    catch_up(Activity())
    assert give_up(Choking(), after, ValueError("late")) == 0
    assert (parked(), the_place().state) == ([], "live")


def test_two_projectors_meet_one_poison_and_park_it_once(place, monkeypatch):
    monkeypatch.setattr(poison, "RETRIES_S", (0.01, 0.02, 0.03))
    bad = place.draw()
    for _ in range(20):
        place.draw()

    def one(_):
        choking = Choking()
        choking.bad.add(bad.id)
        while position_of("activity") < head():
            advance_with_care(choking)

    in_threads(3, one, connections.close_all)
    assert [position for position, _ in parked()] == [bad.position]
    assert folded() == [recorded.position for recorded in read() if recorded.position != bad.position]


def test_whoever_writes_a_projection_that_decides_something_need_not_think_of_poison():
    assert Projection.on_poison is OnPoison.STOP
