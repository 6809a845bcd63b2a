"""Exports as files: asked for with the right to, whole or not at all, finished by the next worker."""

import hashlib
from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from exact.datasets import exporting
from exact.datasets.exporting import forget_old, path_of, perform, request_image, request_version, unfinished
from exact.datasets.freezing import Freeze, freeze
from exact.datasets.models import Export
from exact.domain.errors import Invalid, NotFound
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


def test_a_file_that_nobody_came_for_in_a_month_goes():
    place = a_workplace()
    export = request_version(a_version(place), "csv", place.owner)
    perform(export.id)
    assert forget_old() == 0
    Export.objects.update(requested_at=timezone.now() - timedelta(days=31))
    assert forget_old() == 1
    assert not path_of(export).exists()
