"""The whole way of a file: all of it or nothing, once however often it is tried, and gone on with after any death."""

import gzip
import json
import os
from datetime import timedelta
from uuid import uuid4

import psycopg
import pytest
from django.conf import settings

from exact.accounts.models import User
from exact.commands.annotations import DrawAnnotation
from exact.commands.bus import dispatch
from exact.commands.image_sets import WithdrawImageSet
from exact.commands.imports import CancelImport, UndoImport
from exact.commands.teams import ChangeRole
from exact.domain.errors import Conflict, Forbidden, Invalid, KeyReused, NotFound, TooLarge, Unsupported
from exact.domain.identifiers import new_id
from exact.domain.imports import Origin
from exact.domain.teams import Role
from exact.eventstore.log import head, read
from exact.eventstore.subscription import listening_parameters
from exact.exchange import chunks, imports, progress, receiving
from exact.exchange.folders import ImportFolder, sweep_imports
from exact.exchange.imports import cancel, perform, unfinished
from exact.exchange.models import ImportRun, OnBadRows, State
from exact.exchange.reading.rows import Broken
from exact.projections.annotations import AnnotationRow
from exact.projections.imports import ImportRow
from tests.builders import a_polygon, a_workplace, someone
from tests.exchange.files import a_row, crossing, imported, jsonl, sent

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("services")]


@pytest.fixture(autouse=True)
def imports_folder(tmp_path, settings):
    settings.IMPORTS = tmp_path / "imports"


def drawn(place):
    return list(AnnotationRow.objects.filter(image__image_set=place.image_set_id).order_by("number"))


def rejected(run):
    return [json.loads(line) for line in ImportFolder(run.id).rejected.read_text().splitlines()]


def test_good_rows_become_annotations_with_all_that_is_told_of_them():
    place, own = a_workplace(), uuid4()
    origin = Origin(source="HoVer-Net on batch 7", model="hovernet", model_digest="ab12", parameters={"t": 0.5})
    rows = (a_row(1, description="first", unique_identifier=str(own), confidence=0.25), a_row(2, description="second"))
    run = imported(place, *rows, origin=origin)
    assert (run.state, run.rows_seen, run.rows_good, run.rows_bad, run.rows_done) == ("complete", 2, 2, 0, 2)
    first, second = sorted(drawn(place), key=lambda row: row.description)
    assert (first.unique_identifier, first.meta_data) == (own, {"confidence": 0.25})
    assert (second.description, second.created_by) == ("second", place.owner.person_id)
    row = ImportRow.objects.get(id=run.id)
    assert (row.source, row.model, row.model_digest, row.parameters) == (*map(origin.__getattribute__, (
        "source", "model", "model_digest", "parameters")),)  # fmt: skip
    assert (row.progress, row.annotation_count, row.filename, row.sha256) == (
        "complete", 2, "cells.jsonl", run.sha256)  # fmt: skip


def test_refusing_writes_nothing_at_all_and_tells_every_bad_row():
    place = a_workplace()
    before = head()
    run = imported(place, a_row(1), crossing(), a_row(2, annotation_type="nothing"), a_row(3))
    assert (run.state, run.problem) == ("refused", "2 of 4 rows are bad; nothing was imported.")
    assert (head(), drawn(place)) == (before, [])
    assert [(bad["line"], bad["code"], bad["row"]) for bad in rejected(run)] == [
        (2, "vector_crosses_itself", crossing()),
        (3, "annotation_type_unknown", a_row(2, annotation_type="nothing")),
    ]
    assert run.problem_counts == {"vector_crosses_itself": 1, "annotation_type_unknown": 1}


def test_set_aside_imports_the_good_rows_and_keeps_the_others_for_their_sender():
    place = a_workplace()
    data = jsonl(a_row(1)) + b'{"points": [[1, NaN]]}\n' + jsonl(a_row(3))
    run = sent(place, data, on_bad_rows=OnBadRows.SET_ASIDE)
    perform(run.id)
    run.refresh_from_db()
    assert (run.state, run.rows_good, run.rows_bad) == ("complete", 2, 1)
    assert len(drawn(place)) == 2
    assert [(bad["line"], bad["row"]) for bad in rejected(run)] == [(2, '{"points": [[1, NaN]]}')]
    assert ImportRow.objects.get(id=run.id).set_aside == 1


def test_a_file_without_one_good_row_is_refused_whatever_was_asked():
    place = a_workplace()
    before = head()
    assert imported(place, crossing(), on_bad_rows=OnBadRows.SET_ASIDE).state == "refused"
    assert head() == before


def test_a_file_that_was_cut_off_is_refused_whatever_was_asked():
    place = a_workplace()
    before = head()
    run = sent(place, jsonl(a_row(1)) + b'{"points": [[1, 2]', on_bad_rows=OnBadRows.SET_ASIDE)
    perform(run.id)
    run.refresh_from_db()
    assert (run.state, run.problem) == ("failed", "The file ends in the middle of line 2; send it again.")
    with pytest.raises(Broken, match="send it again"):
        sent(place, gzip.compress(jsonl(*map(a_row, range(500))))[:-30])
    assert head() == before


def test_rows_of_several_images_come_to_each_of_them():
    place = a_workplace()
    other = place.image("other.svs")
    run = imported(place, *(a_row(n, image=[place.image_number, other.number][n % 2]) for n in range(7)), image=None)
    assert run.state == "complete"
    assert [row.image_id for row in drawn(place)].count(other.id) == 3


def test_the_same_key_names_the_same_import():
    place, data = a_workplace(), jsonl(a_row())
    first = sent(place, data, "once")
    perform(first.id)
    again = sent(place, data, "once")
    assert (again.id, again.state) == (first.id, "complete")
    perform(again.id)
    assert len(drawn(place)) == 1
    for other in ({"data": jsonl(a_row(1))}, {"on_bad_rows": OnBadRows.SET_ASIDE}):
        with pytest.raises(KeyReused):
            sent(place, **{"data": data, "key": "once", **other})
    member = place.member(Role.ANNOTATOR)
    assert sent(place, data, "once", by=member).id != first.id


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"by": "stranger"}, NotFound),
        ({"by": "viewer"}, Forbidden),
        ({"image_set_id": new_id()}, NotFound),
        ({"filename": "../x"}, Invalid),
        ({"format": "xml"}, Unsupported),
        ({"format": "geojson", "image": None}, Invalid),
        ({"origin": Origin(source="x" * 501)}, Invalid),
        ({"data": b"a,b\n"}, Unsupported),
        ({"data": b""}, Invalid),
    ],
)
def test_what_cannot_be_an_import_is_refused_at_once_and_leaves_nothing(fields, error):
    place = a_workplace()
    people = {"stranger": someone, "viewer": lambda: place.member(Role.VIEWER)}
    if "by" in fields:
        fields = {"by": people[fields["by"]]()}
    with pytest.raises(error):
        sent(place, **{"data": jsonl(a_row()), **fields})
    assert not ImportRun.objects.exists()
    assert [path for path in settings.IMPORTS.rglob("*") if path.is_file()] == []


def test_a_stranger_sends_no_byte():
    place, read_blocks = a_workplace(), []

    def blocks():
        read_blocks.append(1)
        yield b"{}"

    with pytest.raises(NotFound):
        receiving.receive(receiving.Asked(image_set_id=place.image_set_id), blocks(), someone())
    assert read_blocks == []


def test_too_large_a_file_and_too_many_rows_are_refused(settings, monkeypatch):
    place = a_workplace()
    settings.IMPORT_MAX_BYTES = 1000
    with pytest.raises(TooLarge):
        sent(place, b" " * 1001)
    with pytest.raises(TooLarge, match="unpacked"):
        sent(place, gzip.compress(jsonl(*map(a_row, range(60)))))
    settings.IMPORT_MAX_BYTES = 10**9
    monkeypatch.setattr("exact.exchange.examining.ROWS_MAX", 3)
    assert imported(place, *map(a_row, range(4))).state == "failed"
    assert drawn(place) == []


def test_rights_are_asked_again_when_the_worker_comes_to_it():
    place = a_workplace()
    member = place.member(Role.ANNOTATOR)
    run = sent(place, jsonl(a_row()), by=member)
    dispatch(ChangeRole(team_id=place.team_id, person_id=member.person_id, role=Role.VIEWER), by=place.owner)
    perform(run.id)
    run.refresh_from_db()
    assert (run.state, "annotate" in run.problem) == ("failed", True)
    second = sent(place, jsonl(a_row()))
    User.objects.filter(person_id=place.owner.person_id).update(is_active=False)
    perform(second.id)
    second.refresh_from_db()
    assert second.state == "failed"
    assert drawn(place) == []


def test_a_set_that_was_withdrawn_meanwhile_gets_nothing():
    place = a_workplace()
    run = sent(place, jsonl(a_row()))
    dispatch(WithdrawImageSet(image_set_id=place.image_set_id), by=place.owner)
    perform(run.id)
    run.refresh_from_db()
    assert run.state == "failed"


class Killed(BaseException):
    """As sudden as a signal: nothing catches it."""


def die_at(monkeypatch, point):
    """The process dies when it comes to this point of the run for the n-th time."""
    where, name, times = point
    real, left = getattr(where, name), [times]

    def mortal(*args, **kwargs):
        left[0] -= 1
        if left[0] < 0:
            raise Killed
        answer = real(*args, **kwargs)
        if left[0] == 0 and times > 0:
            raise Killed
        return answer

    monkeypatch.setattr(where, name, mortal)


POINTS = [
    (imports, "examine", 0),
    (imports, "examine", 1),
    (imports, "start_import", 0),
    (imports, "start_import", 1),
    (imports, "record_chunks", 0),
    (imports, "record_chunks", 1),
    (imports, "record_chunks", 2),
    (imports, "finish_import", 0),
    (imports, "finish_import", 1),
    (chunks.ChunkWriter, "finish", 0),
    (chunks.ChunkWriter, "finish", 1),
    *((progress.Teller, "_update", times) for times in range(8)),
]
"""Before the first time (0), or right after the n-th."""


@pytest.mark.parametrize("point", POINTS, ids=lambda point: f"{point[1]}-{point[2]}")
def test_whenever_it_dies_it_goes_on_and_nothing_is_doubled_or_lost(point, monkeypatch):
    monkeypatch.setattr(chunks, "ITEMS_MAX", 2)
    monkeypatch.setattr(imports, "CHUNKS_MAX", 2)
    place = a_workplace()
    run = sent(place, jsonl(*map(a_row, range(11))))
    with monkeypatch.context() as patch:
        die_at(patch, point)
        with pytest.raises(Killed):
            perform(run.id)
    run.refresh_from_db()
    assert run.state == "complete" or unfinished() == [run.id]
    assert len(drawn(place)) in {0, 11}
    perform(run.id)
    run.refresh_from_db()
    assert (run.state, run.rows_done) == ("complete", 11)
    assert len({row.unique_identifier for row in drawn(place)}) == len(drawn(place)) == 11
    names = [type(recorded.fact).__name__ for recorded in read()]
    assert (names.count("ImportStarted"), names.count("AnnotationsImported"), names.count("ImportCompleted")) == (
        1,
        6,
        1,
    )


def test_two_workers_never_work_on_one_import():
    place = a_workplace()
    run = sent(place, jsonl(a_row()))
    with psycopg.connect(**listening_parameters(), autocommit=True) as other:
        other.execute("select pg_advisory_lock(hashtextextended(%s, 0))", [f"exact import {run.id}"])
        assert not perform(run.id)
        run.refresh_from_db()
        assert run.state == "queued"
        other.execute("select pg_advisory_unlock_all()")
    assert perform(run.id)
    run.refresh_from_db()
    assert run.state == "complete"


def cancelled(run, by):
    run.refresh_from_db()
    cancel(run, by, lambda command: dispatch(command, by=by))


def test_a_run_that_waits_can_be_cancelled_and_never_begins():
    place = a_workplace()
    before = head()
    run = sent(place, jsonl(a_row()))
    cancelled(run, place.owner)
    perform(run.id)
    run.refresh_from_db()
    assert (run.state, head(), unfinished()) == ("cancelled", before, [])
    assert not ImportFolder(run.id).received.exists()


@pytest.mark.parametrize("moment", ["examine", "start_import", "record_chunks"])
def test_a_run_that_is_cancelled_while_it_works_stops_and_shows_nothing(moment, monkeypatch):
    monkeypatch.setattr(chunks, "ITEMS_MAX", 2)
    monkeypatch.setattr(imports, "CHUNKS_MAX", 1)
    place = a_workplace()
    run = sent(place, jsonl(*map(a_row, range(9))))
    real = getattr(imports, moment)

    def then_cancelled(*args, **kwargs):
        answer = real(*args, **kwargs)
        if ImportRun.objects.get(id=run.id).state != "cancelled":
            cancelled(run, place.owner)
        return answer

    monkeypatch.setattr(imports, moment, then_cancelled)
    perform(run.id)
    run.refresh_from_db()
    assert (run.state, drawn(place)) == ("cancelled", [])
    assert [row.progress for row in ImportRow.objects.all()] in ([], ["cancelled"])
    with pytest.raises(Conflict):
        cancelled(run, place.owner)


def test_somebody_elses_import_is_cancelled_only_with_the_right_to():
    place = a_workplace()
    first, second = place.member(Role.ANNOTATOR), place.member(Role.ANNOTATOR)
    run = sent(place, jsonl(a_row()), by=first)
    with pytest.raises(Forbidden):
        cancelled(run, second)
    with pytest.raises(NotFound):
        cancelled(run, someone())
    cancelled(run, place.owner)
    assert run.state == "cancelled"


def test_what_was_shown_cannot_be_cancelled_but_undone():
    place = a_workplace()
    run = imported(place, a_row())
    with pytest.raises(Conflict):
        cancelled(run, place.owner)
    dispatch(UndoImport(import_id=run.id), by=place.owner)
    assert [row.removed for row in drawn(place)] == [True]


def test_an_import_cancelled_by_the_plain_command_stops_the_worker(monkeypatch):
    place = a_workplace()
    run = sent(place, jsonl(a_row()))
    real = imports.start_import

    def then_cancelled(*args, **kwargs):
        real(*args, **kwargs)
        dispatch(CancelImport(import_id=run.id), by=place.owner)

    monkeypatch.setattr(imports, "start_import", then_cancelled)
    perform(run.id)
    run.refresh_from_db()
    assert (run.state, drawn(place)) == ("cancelled", [])


def meanwhile(monkeypatch, place, *owns):
    """Somebody draws annotations of these identifiers between the check and the import."""
    real = imports.start_import

    def then_drawn(*args, **kwargs):
        real(*args, **kwargs)
        for own in owns:
            dispatch(DrawAnnotation(image_id=place.image_id, annotation_type_id=place.types[5], vector=a_polygon(),
                                    unique_identifier=own), by=place.owner)  # fmt: skip

    monkeypatch.setattr(imports, "start_import", then_drawn)


@pytest.mark.parametrize("policy", list(OnBadRows))
def test_an_identifier_that_came_meanwhile_is_told_and_never_doubled(policy, monkeypatch):
    place, own = a_workplace(), uuid4()
    meanwhile(monkeypatch, place, own)
    run = imported(place, a_row(1), a_row(2, unique_identifier=str(own)), a_row(3), on_bad_rows=policy)
    refused = policy is OnBadRows.REFUSE
    assert (run.state, run.rows_bad, run.rows_good) == ("refused" if refused else "complete", 1, 2)
    assert [(bad["line"], bad["code"]) for bad in rejected(run)] == [(2, "already_there")]
    assert len(drawn(place)) == (1 if refused else 3)


def test_what_fails_again_and_again_ends_with_a_sentence(monkeypatch):
    place = a_workplace()
    run = sent(place, jsonl(a_row()))

    def broken(*_):
        raise ZeroDivisionError

    monkeypatch.setattr(imports, "examine", broken)
    for _ in range(imports.ATTEMPTS_MAX):
        with pytest.raises(ZeroDivisionError):
            perform(run.id)
    run.refresh_from_db()
    assert (run.state, run.problem) == (
        "failed",
        "The server failed at this file; its log says why. Ask the administrator.",
    )


def test_what_is_told_goes_forward_and_over_the_databases_channel():
    place, told = a_workplace(), []
    run = sent(place, jsonl(*map(a_row, range(5))))
    with psycopg.connect(**listening_parameters(), autocommit=True) as ear:
        ear.execute("listen exact_imports")
        perform(run.id, lambda run: told.append((run.state, progress.progress_of(run))))
        heard = [json.loads(hint.payload) for hint in ear.notifies(timeout=0.5)]
    assert list(dict.fromkeys(state for state, _ in told)) == ["checking", "importing", "showing", "complete"]
    shares = [share for _, share in told]
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert [(one["state"], one["progress"]) for one in heard] == told
    assert {one["image_set_id"] for one in heard} == {str(place.image_set_id)}


def test_files_go_with_the_end_and_the_refused_rows_after_a_month(settings):
    place = a_workplace()
    run = imported(place, a_row(1), crossing(), on_bad_rows=OnBadRows.SET_ASIDE)
    folder = ImportFolder(run.id)
    assert [path.name for path in folder.path.iterdir()] == ["rejected.jsonl"]
    waiting = sent(place, jsonl(a_row(2)))
    assert sweep_imports() == 0
    ImportRun.objects.update(requested_at=run.requested_at - timedelta(days=31))
    assert sweep_imports() == 1
    assert not folder.path.exists()
    assert ImportFolder(waiting.id).received.exists()


def test_a_folder_without_a_run_goes_after_a_day():
    folder = ImportFolder(new_id())
    folder.path.mkdir(parents=True)
    folder.received.write_text("x")
    (settings.IMPORTS / "somebody's").mkdir()
    assert sweep_imports() == 0
    for path in settings.IMPORTS.iterdir():
        os.utime(path, (0, 0))
    assert sweep_imports() == 1
    assert not folder.path.exists()


def test_states_of_a_run_are_as_the_door_tells_them():
    assert {state.value for state in State} == {
        "queued", "checking", "importing", "showing", "complete", "refused", "failed", "cancelled",
    }  # fmt: skip
