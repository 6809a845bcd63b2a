"""The team and the image set of every fact are found in the facts alone."""

import pytest
from django.db import connection

from exact.commands.bus import dispatch
from exact.commands.teams import RenameTeam
from exact.datasets.freezing import Freeze, freeze
from exact.domain.identifiers import new_id
from exact.eventstore import log
from exact.eventstore.log import head
from exact.eventstore.recorder import Recording
from exact.operations import examples
from exact.projections.activity import Activity, activity_of_image_set, activity_of_team, activity_of_teams
from exact.projections.generations import LIVE, clear
from exact.projections.models import ActivityRow
from exact.projections.rebuilding import rebuild
from exact.projections.runner import advance, catch_up, register
from tests.builders import a_workplace

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def places():
    """Two teams whose facts take turns in the log: everything a team can have."""
    register(Activity())
    one, other = a_workplace(), a_workplace()
    for place in (one, other, one):
        place.draw(image_id=place.image().id)
    freeze(Freeze(name="nuclei", image_set_ids=(one.image_set_id,)), by=one.owner)
    dispatch(RenameTeam(team_id=other.team_id, name="renamed"), by=other.owner)
    return one, other


def told():
    """Where each fact is said to belong."""
    return list(ActivityRow.objects.order_by("id").values_list("id", "team_id", "image_set_id"))


def test_every_fact_belongs_to_the_team_whose_owner_made_it(places):
    catch_up(Activity())
    for place in places:
        rows = activity_of_team(place.team_id)
        assert set(rows.values_list("by", flat=True)) == {place.owner.person_id}
        assert rows.count() == ActivityRow.objects.filter(by=place.owner.person_id).count()
    assert activity_of_teams([place.team_id for place in places]).count() == head()


def test_the_facts_of_a_set_are_its_own_and_those_of_its_images(places):
    one, _ = places
    catch_up(Activity())
    rows = activity_of_image_set(one.image_set_id)
    assert set(rows.values_list("name", flat=True)) == {
        "ImageSetCreated", "ProductAttached", "ImageRegistered", "AnnotationDrawn",
    }  # fmt: skip
    assert rows.count() == 2 + 3 + 2


def test_a_fact_alone_finds_its_team_as_in_a_batch(places):
    rebuild(Activity())
    together = told()
    clear(Activity.tables, LIVE)
    with connection.cursor() as cursor:
        cursor.execute("update es.projection set position = 0 where name = 'activity'")
    while advance(Activity(), limit=1):
        continue
    assert told() == together


def test_a_scope_that_the_log_does_not_explain_belongs_to_nobody():
    register(Activity())
    drawn = examples.drawn(examples.a_box())
    log.append(Recording.anonymous(), [drawn], [new_id()])
    rebuild(Activity())
    assert [(row.team_id, row.image_set_id) for row in ActivityRow.objects.all()] == [(None, None)]
