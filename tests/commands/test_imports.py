"""Imports through the one door: hidden until complete, undone as a whole, and equal to a fold of the log throughout."""

from contextlib import suppress
from threading import Event, Thread
from uuid import UUID

import pytest
from django.db import connection

from exact.commands import imports as commands
from exact.commands.annotations import DrawAnnotation, RemoveAnnotation, ReshapeAnnotation, VerifyAnnotation
from exact.commands.bus import dispatch
from exact.commands.imports import (
    CancelImport,
    RestoreImport,
    UndoImport,
    finish_import,
    record_chunks,
    start_import,
)
from exact.domain.annotation_fold import AnnotationFold
from exact.domain.annotations import Verdict
from exact.domain.errors import Conflict, Forbidden, NotFound
from exact.domain.identifiers import annotation_stream, new_id
from exact.domain.imports import ImportedItem, Origin
from exact.domain.teams import Role
from exact.domain.vectors import VectorType
from exact.eventstore.heads import derive_heads
from exact.eventstore.log import all_of, head_of, load, read_stream
from exact.projections import rebuilding
from exact.projections.annotations import ANNOTATIONS, AnnotationRow
from exact.projections.image_progress import ImageProgress, ImageProgressRow
from exact.projections.imports import IMPORT_IMAGES, IMPORTS, ImportRow
from exact.projections.runner import catch_up, register
from tests.builders import a_polygon, a_workplace

pytestmark = pytest.mark.django_db(transaction=True)
COUNT = 30


def items(place, count: int = COUNT, first: int = 1, **fields):
    """So many triangles."""
    kind = place.types[VectorType.POLYGON]
    return [
        ImportedItem(line=line, annotation_type_id=kind, vector=a_polygon(10 + line % 900, 10), **fields)
        for line in range(first, first + count)
    ]


def begun(place, by=None, rows: int = COUNT) -> UUID:
    import_id = new_id()
    start_import(import_id, place.image_set_id, Origin(source="a test", model="m"), rows=rows, set_aside=0,
                 filename="cells.jsonl", sha256="ab" * 32, by=by or place.owner)  # fmt: skip
    return import_id


def complete(place, by=None) -> UUID:
    """An import of thirty triangles in two chunks."""
    by = by or place.owner
    import_id = begun(place, by)
    half = COUNT // 2
    chunks = [(place.image_id, items(place, half)), (place.image_id, items(place, half, half + 1))]
    record_chunks(import_id, 1, chunks, by=by)
    finish_import(import_id, by=by)
    return import_id


def rows_of(place):
    return list(AnnotationRow.objects.filter(image_id=place.image_id).order_by("number"))


def assert_everything_agrees(place):
    """Rows = replay of the whole log = fold of the image's scope = each stream by itself."""
    for inline in (ANNOTATIONS, IMPORTS, IMPORT_IMAGES):
        assert rebuilding.differences(inline) == []
    fold = AnnotationFold()
    for recorded in all_of(place.image_id):
        fold.take(recorded.fact)
    assert fold.states == {key: load(key) for key in fold.states}
    assert set(fold.states) == {row.id for row in rows_of(place)}
    with connection.cursor() as cursor:
        cursor.execute("select stream_id, version from es.stream where bulk is not null")
        heads = dict(cursor.fetchall())
    assert {key: state.version for key, state in fold.states.items() if key in heads} == heads


def counts(place) -> tuple[int, int, int]:
    progress = ImageProgress()
    register(progress)
    catch_up(progress)
    row = ImageProgressRow.objects.filter(image_id=place.image_id).first()
    return (row.annotated, row.accepted, row.open) if row else (0, 0, 0)


def test_nothing_is_to_be_seen_before_it_is_complete_and_then_everything_is():
    place = a_workplace()
    import_id = begun(place)
    record_chunks(import_id, 1, [(place.image_id, items(place))], by=place.owner)
    assert rows_of(place) == []
    assert counts(place) == (0, 0, 0)
    hidden = annotation_stream(place.image_id, new_id())
    assert load(hidden) is None
    answer = finish_import(import_id, by=place.owner)
    rows = rows_of(place)
    assert [row.number for row in rows] == list(range(rows[0].number, rows[0].number + COUNT))
    assert counts(place) == (COUNT, 0, COUNT)
    assert head_of(place.image_id) < answer.position, "the import's own fact is the last"
    assert ImportRow.objects.get(id=import_id).progress == "complete"
    assert_everything_agrees(place)


def test_the_image_s_newest_position_does_not_move_while_chunks_come():
    place = a_workplace()
    before = head_of(place.image_id)
    import_id = begun(place)
    record_chunks(import_id, 1, [(place.image_id, items(place))], by=place.owner)
    assert head_of(place.image_id) == before


def test_a_batch_is_written_once_and_answered_alike():
    place = a_workplace()
    import_id = begun(place)
    chunks = [(place.image_id, items(place))]
    first = record_chunks(import_id, 1, chunks, by=place.owner)
    assert record_chunks(import_id, 1, chunks, by=place.owner) == first
    finish_import(import_id, by=place.owner)
    assert finish_import(import_id, by=place.owner).version == 2
    assert len(rows_of(place)) == COUNT


def test_an_imported_annotation_is_edited_like_any_other_and_a_stale_edit_is_refused():
    place = a_workplace()
    complete(place)
    row = rows_of(place)[3]
    wish = ReshapeAnnotation(annotation_id=row.id, vector=a_polygon(300))
    assert dispatch(wish, by=place.owner, expected_version=1).version == 2
    with pytest.raises(Conflict):
        dispatch(ReshapeAnnotation(annotation_id=row.id, vector=a_polygon(301)), by=place.owner, expected_version=1)
    assert [type(one.fact).__name__ for one in read_stream(row.id)] == ["AnnotationDrawn", "AnnotationReshaped"]
    assert_everything_agrees(place)


def test_undo_keeps_what_people_have_touched_and_says_how_many():
    place = a_workplace()
    import_id = complete(place)
    reshaped, verified, removed, *_ = rows_of(place)
    dispatch(ReshapeAnnotation(annotation_id=reshaped.id, vector=a_polygon(300)), by=place.owner)
    dispatch(VerifyAnnotation(annotation_id=verified.id, verdict=Verdict.ACCEPTED), by=place.owner)
    dispatch(RemoveAnnotation(annotation_id=removed.id), by=place.owner)
    answer = dispatch(UndoImport(import_id=import_id), by=place.owner)
    assert answer.details == {"removed": COUNT - 3, "kept": 3}
    left = [row for row in rows_of(place) if not row.removed]
    assert [row.id for row in left] == [reshaped.id, verified.id]
    assert counts(place) == (2, 1, 1)
    assert_everything_agrees(place)
    again = dispatch(RestoreImport(import_id=import_id), by=place.owner)
    assert again.details == {"restored": COUNT - 3, "left": 3}
    assert counts(place) == (COUNT - 1, 1, COUNT - 2)
    assert_everything_agrees(place)


def test_what_was_undone_can_be_restored_one_by_one_and_then_no_longer_follows():
    from exact.commands.annotations import RestoreAnnotation

    place = a_workplace()
    import_id = complete(place)
    dispatch(UndoImport(import_id=import_id), by=place.owner)
    row = rows_of(place)[0]
    assert dispatch(RestoreAnnotation(annotation_id=row.id), by=place.owner).version == 3
    answer = dispatch(RestoreImport(import_id=import_id), by=place.owner)
    assert answer.details == {"restored": COUNT - 1, "left": 1}
    assert [type(one.fact).__name__ for one in read_stream(row.id)] == [
        "AnnotationDrawn", "AnnotationRemoved", "AnnotationRestored"]  # fmt: skip
    assert_everything_agrees(place)


def test_undo_an_undone_import_is_refused():
    place = a_workplace()
    import_id = complete(place)
    dispatch(UndoImport(import_id=import_id), by=place.owner)
    with pytest.raises(Conflict) as refused:
        dispatch(UndoImport(import_id=import_id), by=place.owner)
    assert refused.value.code == "import_undone"


def test_a_cancelled_import_is_never_shown_and_its_identifiers_are_free_again():
    place = a_workplace()
    mine = new_id()
    import_id = begun(place)
    kind = place.types[VectorType.POLYGON]
    item = ImportedItem(line=1, annotation_type_id=kind, vector=a_polygon(), unique_identifier=mine)
    record_chunks(import_id, 1, [(place.image_id, [item])], by=place.owner)
    dispatch(CancelImport(import_id=import_id), by=place.owner)
    with pytest.raises(Conflict):
        finish_import(import_id, by=place.owner)
    wish = DrawAnnotation(image_id=place.image_id, annotation_type_id=kind, vector=a_polygon(), unique_identifier=mine)
    assert dispatch(wish, by=place.owner).version == 1
    assert_everything_agrees(place)


def test_an_identifier_that_is_on_the_image_already_is_refused_and_nothing_of_the_batch_is_kept():
    place = a_workplace()
    mine = new_id()
    place.draw(unique_identifier=mine)
    import_id = begun(place)
    twin = items(place, 1, unique_identifier=mine)
    with pytest.raises(Conflict) as refused:
        record_chunks(import_id, 1, [(place.image_id, items(place, 5, 10)), (place.image_id, twin)], by=place.owner)
    assert refused.value.code == "already_there"
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from es.stream where bulk is not null")
        assert cursor.fetchone()[0] == 0
    finish_import(import_id, by=place.owner)
    assert len(rows_of(place)) == 1


def test_drawing_an_identifier_that_was_imported_edits_the_annotation_that_is_there():
    place = a_workplace()
    mine = new_id()
    import_id = begun(place, rows=1)
    record_chunks(import_id, 1, [(place.image_id, items(place, 1, unique_identifier=mine))], by=place.owner)
    finish_import(import_id, by=place.owner)
    kind = place.types[VectorType.POLYGON]
    wish = DrawAnnotation(
        image_id=place.image_id, annotation_type_id=kind, vector=a_polygon(500), unique_identifier=mine
    )
    assert dispatch(wish, by=place.owner).version == 2
    assert_everything_agrees(place)


def test_the_past_is_seen_without_what_was_imported_later():
    place = a_workplace()
    before = place.draw().position
    import_id = complete(place)
    shown = head_of(place.image_id)
    dispatch(UndoImport(import_id=import_id), by=place.owner)

    def alive(at: int) -> int:
        fold = AnnotationFold()
        for recorded in all_of(place.image_id, upto=at):
            fold.take(recorded.fact)
        return sum(not state.removed for state in fold.states.values())

    assert (alive(before), alive(shown - 1), alive(shown), alive(head_of(place.image_id))) == (1, 1, COUNT + 1, 1)


def test_an_image_of_another_set_is_refused():
    place, other = a_workplace(), a_workplace()
    import_id = begun(place)
    with pytest.raises(NotFound):
        record_chunks(import_id, 1, [(other.image_id, items(place))], by=place.owner)


def test_a_viewer_may_not_import_and_a_stranger_finds_nothing():
    place, stranger = a_workplace(), a_workplace().owner
    with pytest.raises(Forbidden):
        begun(place, by=place.member(Role.VIEWER))
    with pytest.raises(NotFound):
        begun(place, by=stranger)


def test_an_annotator_undoes_the_own_import_and_needs_a_right_for_another_s():
    place = a_workplace()
    annotator = place.member(Role.ANNOTATOR)
    own, other = complete(place, by=annotator), complete(place)
    assert dispatch(UndoImport(import_id=own), by=annotator).details["removed"] == COUNT
    with pytest.raises(Forbidden):
        dispatch(UndoImport(import_id=other), by=annotator)


def test_heads_are_made_again_of_the_facts_alone():
    place = a_workplace()
    import_id = complete(place)
    reshaped, *_ = rows_of(place)
    dispatch(ReshapeAnnotation(annotation_id=reshaped.id, vector=a_polygon(300)), by=place.owner)
    dispatch(UndoImport(import_id=import_id), by=place.owner)
    cancelled = begun(place)
    record_chunks(cancelled, 1, [(place.image_id, items(place))], by=place.owner)
    dispatch(CancelImport(import_id=cancelled), by=place.owner)
    last = rows_of(place)[-1].number
    with connection.cursor() as cursor:
        cursor.execute("select stream_id, version, scope_id, sign(bulk) from es.stream order by 1")
        before = cursor.fetchall()
        cursor.execute("alter sequence es.number_annotation restart")
    derive_heads()
    with connection.cursor() as cursor:
        cursor.execute("select stream_id, version, scope_id, sign(bulk) from es.stream order by 1")
        assert cursor.fetchall() == before
    assert place.draw().number > last
    assert_everything_agrees(place)


def test_progress_folded_again_is_what_was_followed():
    place = a_workplace()
    import_id = complete(place)
    dispatch(VerifyAnnotation(annotation_id=rows_of(place)[0].id, verdict=Verdict.ACCEPTED), by=place.owner)
    counts(place)
    dispatch(UndoImport(import_id=import_id), by=place.owner)
    counts(place)
    assert rebuilding.differences(ImageProgress()) == []


def test_a_chunk_that_is_written_while_the_import_is_cancelled_leaves_no_heads(monkeypatch):
    """Cancelling waits for it, and frees its identifiers, too."""
    place = a_workplace()
    import_id = begun(place)
    reading, done, real = Event(), Event(), commands.next_numbers

    def slowly(*args):
        reading.set()
        done.wait(0.5)
        return real(*args)

    monkeypatch.setattr(commands, "next_numbers", slowly)
    chunks = [(place.image_id, items(place))]
    bringing = Thread(target=alone, args=(lambda: record_chunks(import_id, 1, chunks, by=place.owner),))

    def cancel():
        dispatch(CancelImport(import_id=import_id), by=place.owner)
        done.set()

    cancelled = Thread(target=alone, args=(cancel,))
    bringing.start()
    assert reading.wait(5)
    cancelled.start()
    for thread in (bringing, cancelled):
        thread.join(10)
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from es.stream where bulk is not null")
        assert cursor.fetchone()[0] == 0
    assert ImportRow.objects.get(id=import_id).progress == "cancelled"


def alone(do):
    """In a thread of its own, whose connection ends with it."""
    try:
        with suppress(Conflict):
            do()
    finally:
        connection.close()
