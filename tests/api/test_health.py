"""GET /health/: green while everything follows, red when a reader of the log has stopped or lags too long."""

import pytest
from django.conf import settings as exact_settings
from django.test import Client

from exact.eventstore.driver import execute
from exact.eventstore.log import head
from exact.projections.places import start, stop
from exact.projections.registry import PROJECTIONS
from exact.projections.runner import Lease, catch_up, park, register
from tests.builders import a_workplace

pytestmark = [
    pytest.mark.django_db(transaction=True, available_apps=exact_settings.INSTALLED_APPS),
    pytest.mark.usefixtures("services"),
]


@pytest.fixture
def place():
    """Two projections that have caught up."""
    place = a_workplace()
    for projection in PROJECTIONS:
        register(projection)
        catch_up(projection)
    return place


def health():
    """Status, and the projections by name."""
    answer = Client().get("/health/")
    body = answer.json()
    assert (answer.status_code == 200) == (body["status"] == "ok")
    return answer.status_code, {row["name"]: row for row in body["projections"]}


def test_what_has_caught_up_is_green(place):
    status, rows = health()
    assert (status, rows["activity"]) == (200, {"name": "activity", "state": "live", "lag": 0, "lag_s": 0})


def test_a_lag_is_told_and_becomes_red_beyond_the_setting(place, settings):
    place.draw()
    status, rows = health()
    assert (status, rows["activity"]["lag"]) == (200, 1)
    assert 0 < rows["activity"]["lag_s"] < 60
    execute("update es.command set at = at - interval '100 seconds' where position = %s", head())
    settings.LAG_MAX_S = 99
    assert health()[0] == 503
    settings.LAG_MAX_S = 300
    assert health()[0] == 200


def test_a_stopped_one_is_red_until_it_is_started(place):
    stop("activity", "ValueError: secret")
    status, rows = health()
    assert (status, rows["activity"]["state"], "secret" in str(rows)) == (503, "stopped", False)
    start("activity")
    assert health()[0] == 200


def test_a_degraded_one_is_told_and_is_green(place):
    drawn = place.draw()
    park(Lease(name="activity", generation=1, position=0), drawn.position, drawn.id, "ValueError: no")
    status, rows = health()
    assert (status, rows["activity"]["state"]) == (200, "degraded")


def test_a_generation_that_is_being_built_or_was_replaced_is_not_waited_for(place):
    for generation, state in ((2, "building"), (3, "retired")):
        execute("insert into es.projection (name, generation, state) values ('activity', %s, %s)", generation, state)
    execute("update es.command set at = at - interval '1 day'")
    status, rows = health()
    assert (status, rows["activity"]["lag"]) == (200, 0)
