"""What was lost on the way to the worker is found by its next look; one that fails does not keep the others back."""

import pytest
from django.db import OperationalError

from exact.datasets import exporting
from exact.datasets.exporting import request_image
from exact.datasets.models import Export
from tests.builders import a_workplace
from workers.actors import housekeeping
from workers.actors.housekeeping import Round, finish_exports, sweep

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("services")]


@pytest.fixture(autouse=True)
def folders(tmp_path, settings):
    for name in ("EXPORTS", "UPLOADS", "CACHE", "ORIGINALS", "IMPORTS"):
        setattr(settings, name, tmp_path / name.lower())


def test_a_request_that_no_message_speaks_of_is_done():
    place = a_workplace()
    request_image(place.image_number, None, "csv", place.owner)
    finish_exports()
    assert exporting.unfinished() == []


def test_one_that_fails_does_not_keep_the_others_back(monkeypatch):
    place = a_workplace()
    bad, good = (request_image(place.image_number, None, name, place.owner) for name in ("csv", "geojson"))
    asked = exporting.format_named
    monkeypatch.setattr(exporting, "format_named", lambda name: {}["mistake"] if name == "csv" else asked(name))
    finish_exports()
    states = dict(Export.objects.values_list("id", "state"))
    assert states == {bad.id: "failed", good.id: "ready"}


def test_a_round_goes_on_when_the_database_was_away(monkeypatch):
    monkeypatch.setattr(housekeeping, "LOOK_EVERY_S", 0.01)
    rounds = []

    def look():
        rounds.append(1)
        if len(rounds) == 1:
            raise OperationalError("the database system is starting up")
        going.stopping.set()

    going = Round(look, 3600)
    going.run()
    assert len(rounds) == 2


def test_a_disk_that_refuses_one_kind_keeps_nothing_else_back(monkeypatch):
    swept = []

    def refused():
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(housekeeping, "SWEEPS", (refused, lambda: swept.append(1) or 0))
    sweep()
    assert swept == [1]
