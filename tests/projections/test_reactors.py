"""Side effects follow the log from their registration on, happen once, and hold up nobody when they fail."""

from uuid import uuid4

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connections

from exact.commands.annotations import RemoveAnnotation
from exact.commands.bus import dispatch
from exact.domain.annotations import AnnotationDrawn
from exact.domain.errors import Busy
from exact.eventstore.alone import alone
from exact.eventstore.driver import execute
from exact.eventstore.log import head, log
from exact.projections.follow import OnPoison
from exact.projections.places import places, position_of, start
from exact.projections.reactors import BUSY_S, Reactor, Running, ask_again, register
from tests.builders import a_workplace
from tests.contracts.store import StoredEvent, in_threads

pytestmark = pytest.mark.django_db(transaction=True, available_apps=settings.INSTALLED_APPS)


class Noting(Reactor):
    """Notes what was drawn; fails as often as it is told to."""

    name = "noting"
    on = (AnnotationDrawn,)

    def __init__(self):
        self.made, self.calls, self.fails, self.problem = {}, [], 0, ValueError

    def react(self, recorded):
        self.calls.append(recorded.position)
        if self.fails:
            self.fails -= 1
            raise self.problem("no")
        self.made[self.effect_id(recorded)] = recorded.position


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


class Process:
    """One process that runs one reactor."""

    def __init__(self, reactor):
        self.clock = Clock()
        self.running = Running(reactor, self.clock)

    def turns(self, count=10, apart_s=1.0):
        for _ in range(count):
            self.running.turn()
            self.clock.now += apart_s


@pytest.fixture
def place():
    return a_workplace()


@pytest.fixture
def noting(place):
    """Registered at the head."""
    reactor = Noting()
    register(reactor)
    return reactor


def the_place():
    return next(found for found in places() if found.name == "noting")


def test_it_reacts_to_its_facts_in_order_and_to_nothing_older_than_its_registration(place):
    place.draw()
    reactor = Noting()
    register(reactor)
    first, second = place.draw(), place.draw()
    dispatch(RemoveAnnotation(annotation_id=first.id), by=place.owner)
    register(reactor)
    Process(reactor).turns(2)
    assert reactor.calls == [first.position, second.position]
    assert position_of("noting") == head(), "what it is not for is behind it, too"


def test_a_rebuild_or_a_comparison_of_everything_is_silent(place, noting):
    drawn = place.draw()
    process = Process(noting)
    process.turns(1)
    call_command("rebuild", "all", verbosity=0)
    call_command("compare", "all", verbosity=0)
    process.turns(2)
    assert noting.calls == [drawn.position]


def test_a_process_that_dies_between_effect_and_position_makes_one_thing_of_it(place, noting):
    drawn = place.draw()
    before = position_of("noting")
    Process(noting).turns(1)
    execute("update es.projection set position = %s where name = 'noting'", before)
    Process(noting).turns(1)
    assert noting.calls == [drawn.position] * 2
    assert list(noting.made.values()) == [drawn.position], "the same id"


def test_what_fails_is_tried_four_times_then_parked_and_the_next_goes_on(place, noting):
    bad, good = place.draw(), place.draw()
    noting.fails = 4
    Process(noting).turns(6)
    assert noting.calls == [bad.position] * 4 + [good.position]
    found = the_place()
    assert (found.condition, found.parked, found.position) == ("degraded", 1, head())


def test_the_pauses_between_the_tries_are_kept(place, noting):
    place.draw()
    noting.fails = 10
    process = Process(noting)
    process.turns(4, apart_s=0.2)  # at 0, and at 0.4 after a pause of 0.25
    assert len(noting.calls) == 2
    assert the_place().error.endswith("ValueError: no")
    assert (the_place().state, the_place().lag_s > 0) == ("live", True)


def test_a_parked_effect_is_made_when_somebody_asks(place, noting):
    bad = place.draw()
    noting.fails = 5
    process = Process(noting)
    process.turns(6)
    assert ask_again("noting") == 1
    process.turns(2)
    assert (the_place().parked, noting.fails) == (1, 0), "once for each time that somebody asks"
    assert ask_again("noting") == 1
    process.turns(2)
    assert (the_place().condition, list(noting.made.values())) == ("live", [bad.position])


def test_what_is_only_busy_is_tried_for_ever_ever_less_often(place, noting):
    drawn = place.draw()
    noting.fails, noting.problem = 8, Busy
    process = Process(noting)
    process.turns(20, apart_s=0.5)
    assert 3 <= len(noting.calls) <= 5
    assert (the_place().parked, the_place().state) == (0, "live")
    process.turns(10, apart_s=BUSY_S[-1])
    assert list(noting.made.values()) == [drawn.position]
    assert the_place().error is None


def test_one_that_may_not_leave_anything_out_stops_and_is_started_by_hand(place, noting):
    noting.on_poison = OnPoison.STOP
    bad, good = place.draw(), place.draw()
    noting.fails = 4
    process = Process(noting)
    process.turns(8)
    assert (the_place().state, noting.calls) == ("stopped", [bad.position] * 4)
    start("noting")
    process.turns(2)
    assert list(noting.made.values()) == [bad.position, good.position]


def test_a_fact_it_is_for_that_cannot_be_read_stops_it(place, noting):
    log().facts.insert_events([StoredEvent(uuid4(), 1, "AnnotationDrawn@9", b"{}")])
    Process(noting).turns(2)
    assert (the_place().state, noting.calls) == ("stopped", [])


def test_a_fact_of_tomorrow_that_it_is_not_for_does_not(place, noting):
    log().facts.insert_events([StoredEvent(uuid4(), 1, "FromTheFuture", b"{}")])
    drawn = place.draw()
    Process(noting).turns(2)
    assert (the_place().state, noting.calls) == ("live", [drawn.position])


def test_two_processes_react_once(place, noting):
    drawn = [place.draw().position for _ in range(5)]
    in_threads(3, lambda _: Process(noting).turns(5), connections.close_all)
    assert noting.calls == drawn


def test_only_one_is_alone():
    with alone("at something") as mine:
        [other] = in_threads(1, lambda _: someone_else(), connections.close_all)
        assert (mine, other) == (True, False)
    [other] = in_threads(1, lambda _: someone_else(), connections.close_all)
    assert other


def someone_else():
    with alone("at something") as mine:
        return mine
