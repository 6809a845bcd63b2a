"""The projector as real processes: killed at random, together with others, told to stop."""

import signal
import time

import pytest
from django.conf import settings

from exact.eventstore.log import head
from exact.projections.places import places, position_of
from tests.builders import a_workplace
from tests.soak.projector_kills import Projectors, trial

pytestmark = pytest.mark.django_db(transaction=True, available_apps=settings.INSTALLED_APPS)


def until(true, within_s=30.0):
    """Wait for a condition."""
    deadline = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < deadline, places()
        time.sleep(0.02)


def test_processes_killed_at_work_lose_nothing_and_count_nothing_twice():
    found = trial(kills=6, processes=3)
    assert (found.kills, found.wrong) == (6, 0)
    assert found.facts > 1000
    assert set(found.states) == {"live"}


def test_one_process_follows_runs_the_reactors_and_ends_when_it_is_told_to():
    place = a_workplace()
    place.draw()
    with Projectors(1) as projectors:
        names = {"activity", "image_progress", "prepared_exports"}
        until(lambda: {found.name for found in places()} == names)
        until(lambda: all(position_of(name) == head() for name in names))
        place.draw()
        until(lambda: all(position_of(name) == head() for name in names))
        [process] = projectors.alive.values()
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
