"""Whoever looks at a version that was just frozen finds its GeoJSON ready to download."""

import hashlib

import pytest

from exact.datasets.exporting import perform
from exact.datasets.freezing import Freeze, freeze
from exact.datasets.models import Export
from exact.eventstore.driver import execute
from exact.projections.places import position_of
from exact.projections.reactors import Running, register
from exact.projections.registry import PROJECTIONS
from tests.api.clients import V1, Place, client_of
from tests.builders import a_workplace, someone
from workers.reactors import REACTORS
from workers.reactors.prepared_exports import PreparedExports

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("services")]


@pytest.fixture(autouse=True)
def exports_folder(tmp_path, settings):
    settings.EXPORTS = tmp_path / "exports"


@pytest.fixture
def place():
    """A workplace with an annotation, and the reactor registered."""
    register(PreparedExports())
    place = Place(a_workplace())
    place.workplace.draw()
    return place


def frozen(place, name="d"):
    wish = Freeze(name=name, image_set_ids=(place.workplace.image_set_id,))
    return freeze(wish, by=place.owner)


def listed(client, version):
    answer = client.get(f"{V1}/datasets/exports/", {"version": version})
    assert answer.status_code == 200, answer.content
    return answer.json()["results"]


def test_the_file_is_there_before_anybody_asks(place):
    version = frozen(place)
    assert Running(PreparedExports()).turn() == 1
    [waiting] = listed(place.client, version.number)
    assert (waiting["state"], waiting["format"]) == ("queued", "geojson")
    perform(Export.objects.get().id)
    [ready] = listed(place.client, version.number)
    data = b"".join(place.client.get(ready["download"]).streaming_content)
    assert hashlib.sha256(data).hexdigest() == ready["sha256"]


def test_it_is_the_file_that_a_person_gets(place):
    version = frozen(place)
    Running(PreparedExports()).turn()
    wish = {"version": version.number, "format": "geojson"}
    asked = place.client.post(f"{V1}/datasets/exports/", wish, format="json").json()
    for export in Export.objects.all():
        perform(export.id)
    sums = {row["id"]: row["sha256"] for row in listed(place.client, version.number)}
    assert len(sums) == 2
    assert set(sums.values()) == {sums[asked["id"]]}


def test_a_fact_seen_twice_makes_one_file(place):
    before = position_of(PreparedExports.name)
    frozen(place)
    Running(PreparedExports()).turn()
    execute("update es.projection set position = %s where name = %s", before, PreparedExports.name)
    assert Running(PreparedExports()).turn() == 1
    assert Export.objects.count() == 1


def test_each_version_has_its_own_and_other_teams_see_none(place):
    first, second = frozen(place), frozen(place)
    Running(PreparedExports()).turn()
    assert [len(listed(place.client, version.number)) for version in (first, second)] == [1, 1]
    stranger = client_of(someone())
    assert stranger.get(f"{V1}/datasets/exports/").json()["results"] == []
    assert stranger.get(f"{V1}/datasets/exports/", {"version": first.number}).status_code == 404
    assert place.client.get(f"{V1}/datasets/exports/").json()["count"] == 2
    assert place.client.get(f"{V1}/datasets/exports/", {"image": place.image}).json()["count"] == 0
    assert place.client.get(f"{V1}/datasets/exports/", {"version": "x"}).status_code == 404


def test_readers_of_the_log_have_different_names():
    names = [reader.name for reader in (*PROJECTIONS, *REACTORS)]
    assert len(set(names)) == len(names)
