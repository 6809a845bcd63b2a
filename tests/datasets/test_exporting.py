"""Exports as files: asked for with the right to, whole or not at all, finished by the next worker."""

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import OperationalError, connection
from django.utils import timezone

from exact.datasets import exporting, work
from exact.datasets.exporting import (
    ATTEMPTS_MAX,
    forget_old,
    path_of,
    perform,
    request_image,
    request_version,
    sweep_drafts,
    unfinished,
)
from exact.datasets.freezing import Freeze, freeze
from exact.datasets.models import Export
from exact.domain.errors import Invalid, NotFound
from exact.eventstore.alone import alone
from tests.builders import a_workplace, someone

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("services")]


@pytest.fixture(autouse=True)
def exports_folder(tmp_path, settings):
    settings.EXPORTS = tmp_path / "exports"


def a_version(place):
    return freeze(Freeze(name="d", image_set_ids=(place.image_set_id,)), by=place.owner).number


def test_a_version_is_written_once_and_tells_its_sum():
    place = a_workplace()
    place.draw()
    export = request_version(a_version(place), "csv", place.owner)
    assert (export.state, unfinished()) == ("queued", [export.id])
    perform(export.id)
    export.refresh_from_db()
    data = path_of(export).read_bytes()
    assert (export.state, export.progress, export.size_bytes) == ("ready", 1, len(data))
    assert export.sha256 == hashlib.sha256(data).hexdigest()
    assert unfinished() == []


def test_doing_it_twice_gives_the_same_file():
    place = a_workplace()
    export = request_image(place.image_number, None, "geojson", place.owner)
    perform(export.id)
    first = path_of(export).read_bytes()
    Export.objects.update(state="running")
    perform(export.id)
    assert path_of(export).read_bytes() == first


def test_a_stranger_and_an_unknown_format_are_refused():
    place = a_workplace()
    number = a_version(place)
    with pytest.raises(NotFound):
        request_version(number, "csv", someone())
    with pytest.raises(Invalid, match="geojson, csv"):
        request_version(number, "excel", place.owner)
    assert not Export.objects.exists()


@pytest.mark.parametrize("position", [0, -1, 10**9])
def test_a_position_the_log_has_not_is_refused(position):
    place = a_workplace()
    with pytest.raises(Invalid, match="positions 1 to"):
        request_image(place.image_number, position, "csv", place.owner)


def test_a_disk_that_is_full_is_told_and_leaves_no_half_file(monkeypatch):
    place = a_workplace()
    export = request_version(a_version(place), "csv", place.owner)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(exporting.os, "fsync", full)
    perform(export.id)
    export.refresh_from_db()
    assert (export.state, export.problem) == ("failed", "The file could not be written: No space left on device.")
    assert list(settings.EXPORTS.iterdir()) == []


def test_a_request_whose_hint_was_lost_waits_for_the_next_look(settings):
    place = a_workplace()
    settings.REDIS_URL = "unix:///nowhere/redis.sock"
    work._broker.cache_clear()
    export = request_image(place.image_number, None, "csv", place.owner)
    work._broker.cache_clear()
    assert unfinished() == [export.id]


def test_a_file_is_written_by_one_worker_at_a_time():
    place = a_workplace()
    export = request_image(place.image_number, None, "csv", place.owner)
    with ThreadPoolExecutor(1) as other, alone(f"export {export.id}") as mine:
        assert mine
        other.submit(in_a_thread, export.id).result()
        assert unfinished() == [export.id]
    perform(export.id)
    assert unfinished() == []


def in_a_thread(export_id):
    """As another worker: on a connection of its own."""
    try:
        perform(export_id)
    finally:
        connection.close()


def test_a_file_whose_worker_dies_each_time_is_given_up():
    place = a_workplace()
    export = request_image(place.image_number, None, "csv", place.owner)
    Export.objects.update(state="running", attempts=ATTEMPTS_MAX)
    perform(export.id)
    export.refresh_from_db()
    assert (export.state, export.problem.partition(",")[0]) == ("failed", "The file was begun 10 times")
    assert unfinished() == []


def test_a_mistake_of_ours_ends_the_request_and_is_heard(monkeypatch):
    place = a_workplace()
    export = request_image(place.image_number, None, "csv", place.owner)
    monkeypatch.setattr(exporting, "_document", {}.__getitem__)
    with pytest.raises(KeyError):
        perform(export.id)
    export.refresh_from_db()
    assert (export.state, export.problem) == ("failed", "The server made a mistake in writing it (KeyError).")


def test_a_file_whose_database_goes_away_is_begun_again(monkeypatch):
    place = a_workplace()
    export = request_image(place.image_number, None, "csv", place.owner)
    with monkeypatch.context() as away:
        away.setattr(exporting, "_document", unreachable)
        with pytest.raises(OperationalError):
            perform(export.id)
    assert unfinished() == [export.id]
    perform(export.id)
    assert unfinished() == []


def unreachable(_export):
    """What every query says while PostgreSQL starts again."""
    raise OperationalError("the database system is starting up")


def test_a_draft_that_a_killed_worker_left_goes_after_a_day():
    settings.EXPORTS.mkdir()
    old, new = settings.EXPORTS / ".draft-old", settings.EXPORTS / ".draft-new"
    for file in (old, new):
        file.write_bytes(b"half")
    os.utime(old, (0, 0))
    assert sweep_drafts() == 1
    assert list(settings.EXPORTS.iterdir()) == [new]


def test_a_file_that_nobody_came_for_in_a_month_goes():
    place = a_workplace()
    export = request_version(a_version(place), "csv", place.owner)
    perform(export.id)
    assert forget_old() == 0
    Export.objects.update(requested_at=timezone.now() - timedelta(days=31))
    assert forget_old() == 1
    assert not path_of(export).exists()
