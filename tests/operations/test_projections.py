"""`manage.py projections`: an operator sees where everything stands, starts what stopped, replays what was parked."""

import json
from io import StringIO

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from exact.eventstore.driver import execute
from exact.eventstore.log import head
from exact.projections.activity import Activity
from exact.projections.places import places, stop
from exact.projections.reactors import register as register_reactor
from exact.projections.registry import PROJECTIONS
from exact.projections.runner import catch_up, hold, park, register
from tests.builders import a_workplace
from workers.reactors import REACTORS

pytestmark = pytest.mark.django_db(transaction=True, available_apps=settings.INSTALLED_APPS)


def said(*words):
    out = StringIO()
    call_command("projections", *words, stdout=out)
    return out.getvalue()


def as_json():
    return {row["name"]: row for row in json.loads(said("--json"))}


@pytest.fixture
def place():
    """Everything registered and caught up."""
    place = a_workplace()
    for projection in PROJECTIONS:
        register(projection)
        catch_up(projection)
    for reactor in REACTORS:
        register_reactor(reactor)
    return place


def test_before_the_first_projector_there_is_nothing_to_show():
    assert said() == "No projector has run yet.\n"
    assert json.loads(said("--json")) == []


def test_position_lag_in_facts_and_in_seconds(place):
    place.draw()
    execute("update es.command set at = at - interval '90 seconds' where position = %s", head())
    place.draw()
    row = as_json()["activity"]
    assert (row["kind"], row["generation"], row["state"], row["position"]) == ("projection", 1, "live", head() - 2)
    assert (row["lag"], row["parked"], row["error"]) == (2, 0, None)
    assert 90 <= row["lag_s"] < 120
    assert f"activity g1  live  position {head() - 2}  lag 2 (9" in said()
    catch_up(Activity())
    assert (as_json()["activity"]["lag"], as_json()["activity"]["lag_s"]) == (0, 0)
    assert as_json()["prepared_exports"]["kind"] == "reactor"


def test_a_log_copied_without_its_commands_has_facts_of_unknown_age(place):
    place.draw()
    execute("delete from es.command")
    assert (as_json()["activity"]["lag"], as_json()["activity"]["lag_s"]) == (1, 0)


def test_a_stopped_one_says_why_and_is_started_by_name(place):
    stop("activity", "ValueError: no")
    assert as_json()["activity"]["state"] == "stopped"
    assert "stopped" in said()
    assert "  ValueError: no\n" in said()
    assert said("--start", "activity") == "activity: goes on\n"
    assert (as_json()["activity"]["state"], as_json()["activity"]["error"]) == ("live", None)
    with pytest.raises(CommandError, match="is not stopped"):
        said("--start", "activity")


def test_what_was_parked_is_replayed_by_name(place):
    drawn = place.draw()
    park(held_of("activity"), drawn.position, drawn.id, "ValueError: no")
    catch_up(Activity())
    assert (as_json()["activity"]["state"], as_json()["activity"]["parked"]) == ("degraded", 1)
    assert said("--replay", "activity") == "activity: 1 folded, 0 still parked\n"
    assert as_json()["activity"]["state"] == "live"
    assert said("--replay", "prepared_exports") == "prepared_exports: 0 will be tried again by the projector\n"
    for name in ("annotations", "nonsense"):
        with pytest.raises(CommandError, match="parks nothing"):
            said("--replay", name)


def held_of(name):
    from django.db import transaction

    [projection] = [found for found in PROJECTIONS if found.name == name]
    with transaction.atomic():
        return hold(projection)


def test_places_are_one_line_each(place):
    assert len(said().splitlines()) == len(places()) == len(PROJECTIONS) + len(REACTORS)
