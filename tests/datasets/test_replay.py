"""The same version gives the same bytes: after edits, after a rebuild, elsewhere, and from copied events alone."""

import hashlib
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.db import connection

from exact.commands.annotation_types import ChangeAnnotationType
from exact.commands.annotations import DescribeAnnotation, RemoveAnnotation, ReshapeAnnotation, VerifyAnnotation
from exact.commands.bus import dispatch
from exact.commands.dataset_versions import WithdrawDatasetVersion
from exact.commands.images import RenameImage, WithdrawImage
from exact.datasets.exporting import write
from exact.datasets.freezing import Freeze, freeze, manifest_of
from exact.datasets.manifest import digest
from exact.datasets.replay import of_image, of_version
from exact.domain.annotations import Verdict
from exact.domain.dataset_versions import DatasetVersion
from exact.domain.errors import Forbidden, Invalid, KeyReused, NotFound
from exact.domain.teams import Role
from exact.domain.vectors import Vector, VectorType
from exact.eventstore.log import head, load
from exact.exchange.registry import FORMATS, format_named
from exact.projections.rebuilding import rebuild
from exact.projections.registry import INLINE
from tests.builders import a_box, a_polygon, a_workplace, someone

pytestmark = pytest.mark.django_db(transaction=True)


def a_busy_place():
    """A set of two images with every kind of shape, a removed one, a verified one, an umlaut."""
    place = a_workplace()
    second = place.image("Schnitt ü.svs").id
    for vector in (a_polygon(), a_box(), *other_shapes()):
        place.draw(vector)
        place.draw(vector, image_id=second)
    drawn = place.draw(a_polygon(100), description="=SUM(A1)", meta_data={"score": 0.1, "names": ["ä", "b"]})
    dispatch(VerifyAnnotation(annotation_id=drawn.id, verdict=Verdict.ACCEPTED), by=place.owner)
    dispatch(RemoveAnnotation(annotation_id=place.draw(a_polygon(300)).id), by=place.owner)
    return place, drawn


def other_shapes():
    points = (1050, 2025, 3333, 4444)
    for kind in (VectorType.ELLIPSE, VectorType.LINE, VectorType.FIXED_SIZE_BOUNDING_BOX):
        yield Vector(vector_type=kind, points=points)
    yield Vector(vector_type=VectorType.MULTI_LINE, points=(*points, 7777, 1))
    yield Vector(vector_type=VectorType.GLOBAL)


def frozen(place, name="mitoses"):
    answer = freeze(Freeze(name=name, image_set_ids=(place.image_set_id,)), by=place.owner)
    version: DatasetVersion = load(answer.id)
    return version


def sums(definition, folder):
    """SHA-256 of every format."""
    replay = of_version(definition)
    return {f.name: write(replay, f, folder / f"{f.name}{f.suffix(replay)}").sha256 for f in FORMATS}


def edit_everything(place, drawn):
    dispatch(ReshapeAnnotation(annotation_id=drawn.id, vector=a_polygon(500)), by=place.owner)
    dispatch(DescribeAnnotation(annotation_id=drawn.id, description="other"), by=place.owner)
    place.draw(a_polygon(600))
    dispatch(RenameImage(image_id=place.image_id, name="renamed.svs"), by=place.owner)
    kind = place.types[VectorType.POLYGON]
    dispatch(ChangeAnnotationType(annotation_type_id=kind, name="renamed", color_code="#000000"), by=place.owner)


def test_a_frozen_version_gives_the_same_bytes_after_further_edits(tmp_path):
    place, drawn = a_busy_place()
    definition = frozen(place).definition
    before = sums(definition, tmp_path)
    edit_everything(place, drawn)
    dispatch(WithdrawImage(image_id=place.image_id), by=place.owner)
    assert sums(definition, tmp_path) == before
    assert digest(manifest_of(definition)) == definition.manifest_sha256


def test_and_after_every_read_model_was_rebuilt(tmp_path):
    place, drawn = a_busy_place()
    definition = frozen(place).definition
    before = sums(definition, tmp_path)
    edit_everything(place, drawn)
    for inline in INLINE:
        rebuild(inline)
    assert sums(definition, tmp_path) == before


def test_later_edits_give_other_bytes(tmp_path):
    place, drawn = a_busy_place()
    before = sums(frozen(place).definition, tmp_path)
    dispatch(ReshapeAnnotation(annotation_id=drawn.id, vector=a_polygon(500)), by=place.owner)
    after = sums(frozen(place).definition, tmp_path)
    assert all(before[name] != after[name] for name in before)


def command(name, *words, database, **variables):
    """manage.py in a process of its own."""
    url = f"postgresql://exact@/{database}?host={settings.RUN}"
    environ = {**os.environ, "DATABASE_URL": url, **variables}
    words = [sys.executable, str(settings.ROOT / "manage.py"), name, *map(str, words)]
    done = subprocess.run(words, env=environ, capture_output=True, text=True, cwd=settings.ROOT, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_another_process_with_other_habits_gives_the_same_bytes(tmp_path):
    place, _ = a_busy_place()
    definition = frozen(place).definition
    here = sums(definition, tmp_path)
    habits = {"TZ": "Pacific/Kiritimati", "LANG": "de_DE.UTF-8", "LC_ALL": "C", "PYTHONHASHSEED": "7"}
    name = connection.settings_dict["NAME"]
    for format_ in FORMATS:
        out = tmp_path / "there"
        printed = command(
            "export_dataset", "mitoses@1", "--format", format_.name, "--out", out, database=name, **habits
        )
        assert printed.split()[0] == here[format_.name] == hashlib.sha256(out.read_bytes()).hexdigest()


@pytest.fixture
def second_database():
    """An empty database beside the first."""
    address = {"host": str(settings.RUN), "user": "exact", "autocommit": True}
    with psycopg.connect(dbname="exact", **address) as admin:
        admin.execute("drop database if exists copied")
        admin.execute("create database copied")
        yield "copied"
        admin.execute("drop database copied with (force)")


def test_a_database_filled_by_copying_the_events_gives_the_same_bytes(tmp_path, second_database):
    place, drawn = a_busy_place()
    here = sums(frozen(place).definition, tmp_path)
    edit_everything(place, drawn)
    command("migrate", "-v0", database=second_database)
    address = {"host": str(settings.RUN), "user": "exact"}
    name = connection.settings_dict["NAME"]
    with psycopg.connect(dbname=name, **address) as source, psycopg.connect(dbname=second_database, **address) as copy:
        with source.cursor().copy("copy (select * from es.event order by position) to stdout (format binary)") as out:
            with copy.cursor().copy("copy es.event from stdin (format binary)") as into:
                for block in out:
                    into.write(block)
    command("rebuild", "all", database=second_database)
    for format_ in FORMATS:
        out = tmp_path / "copied"
        printed = command(
            "export_dataset", "mitoses@1", "--format", format_.name, "--out", out, database=second_database
        )
        assert printed.split()[0] == here[format_.name]


def test_an_image_at_a_position_is_what_it_was_then(tmp_path):
    place = a_workplace()
    place.draw(a_polygon())
    position = head()
    then = write(of_image(place.image_id, position), format_named("geojson"), tmp_path / "then").sha256
    place.draw(a_polygon(200))
    again = write(of_image(place.image_id, position), format_named("geojson"), tmp_path / "again").sha256
    now = write(of_image(place.image_id, head()), format_named("geojson"), tmp_path / "now").sha256
    assert then == again != now


def test_versions_of_a_name_count_and_stay_readable_when_withdrawn():
    place, _ = a_busy_place()
    first, second = frozen(place), frozen(place)
    assert [first.definition.version, second.definition.version] == [1, 2]
    dispatch(WithdrawDatasetVersion(dataset_version_id=first.id, reason="wrong types"), by=place.owner)
    withdrawn = load(first.id)
    assert (withdrawn.withdrawn, withdrawn.reason, withdrawn.definition) == (True, "wrong types", first.definition)


def test_freezing_twice_under_one_key_is_freezing_once():
    place = a_workplace()
    wish = Freeze(name="d", image_set_ids=(place.image_set_id,))
    first = freeze(wish, by=place.owner, key="k")
    place.draw()
    assert freeze(wish, by=place.owner, key="k") == first
    with pytest.raises(KeyReused):
        freeze(Freeze(name="e", image_set_ids=(place.image_set_id,)), by=place.owner, key="k")


def test_who_may_not_freeze_is_refused():
    place = a_workplace()
    wish = Freeze(name="d", image_set_ids=(place.image_set_id,))
    with pytest.raises(NotFound):
        freeze(wish, by=someone())
    with pytest.raises(Forbidden):
        freeze(wish, by=place.member(Role.ANNOTATOR))
    with pytest.raises(Invalid):
        freeze(Freeze(name="a@b", image_set_ids=(place.image_set_id,)), by=place.owner)


def test_the_zip_holds_one_readable_file_for_each_image(tmp_path):
    place, _ = a_busy_place()
    replay = of_version(frozen(place).definition)
    path: Path = tmp_path / "d.zip"
    write(replay, format_named("geojson"), path)
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == ["00001-slide.svs.geojson", "00002-Schnitt_ü.svs.geojson"]
        collection = json.loads(archive.read(archive.namelist()[0]))
    assert len(collection["features"]) == 7
    assert len(collection["exact"]["image_labels"]) == 1
