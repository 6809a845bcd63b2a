"""Wishes about imports: begun, brought in chunks, shown at once; cancelled, undone and restored as a whole."""

from collections.abc import Sequence
from itertools import islice
from typing import ClassVar
from uuid import UUID

import msgspec

from exact.accounts.permissions import Permission
from exact.accounts.policy import Person, require
from exact.commands.bus import Answer, Change, Changes, Command, Context, Subject, dispatch, handles, load_or_refuse
from exact.domain import imports
from exact.domain.errors import NotFound
from exact.domain.facts import Fact
from exact.domain.imports import (
    Import,
    ImportedAnnotations,
    ImportedAnnotationsRemoved,
    ImportedAnnotationsRestored,
    ImportedAnnotationsShown,
    ImportedItem,
    Origin,
    Progress,
)
from exact.eventstore import bulk
from exact.eventstore.log import next_number, next_numbers
from exact.projections.image_sets import ImageSetRow
from exact.projections.images import ImageRow
from exact.projections.imports import ImportImageRow, hold_import, lock_rows, move_followers, show_brought, state_of

CHUNKS_MAX = 20
"""Chunks of one transaction: the order of the log is held while they are written, some 30 ms; others wait for it."""


class ImportAnnotations(Command, frozen=True, kw_only=True):
    """Begin an import into an image set; the server has read and checked the whole file."""

    NEEDS: ClassVar[Permission] = Permission.ANNOTATE
    PUBLIC: ClassVar[bool] = False
    import_id: UUID
    image_set_id: UUID
    origin: Origin
    filename: str
    sha256: str
    rows: int
    set_aside: int = 0


class Chunk(msgspec.Struct, frozen=True, kw_only=True):
    """Up to a thousand checked annotations of one image."""

    image_id: UUID
    items: Sequence[ImportedItem]


class BringAnnotations(Command, frozen=True, kw_only=True):
    """Write chunks of an import that has begun; they stay hidden until all of it is there."""

    NEEDS: ClassVar[Permission] = Permission.ANNOTATE
    PUBLIC: ClassVar[bool] = False
    import_id: UUID
    chunks: list[Chunk]


class CompleteImport(Command, frozen=True, kw_only=True):
    """Show everything that an import has brought."""

    NEEDS: ClassVar[Permission] = Permission.ANNOTATE
    PUBLIC: ClassVar[bool] = False
    import_id: UUID


class CancelImport(Command, frozen=True, kw_only=True):
    """Give up an import that is under way; nothing of it is ever shown."""

    NEEDS: ClassVar[Permission] = Permission.ANNOTATE
    import_id: UUID
    reason: str = ""


class UndoImport(Command, frozen=True, kw_only=True):
    """Remove every annotation of an import that nobody has touched since; the others stay and are counted."""

    NEEDS: ClassVar[Permission] = Permission.ANNOTATE
    import_id: UUID


class RestoreImport(Command, frozen=True, kw_only=True):
    """Bring back what was removed when an import was undone."""

    NEEDS: ClassVar[Permission] = Permission.ANNOTATE
    import_id: UUID


@handles(ImportAnnotations)
def import_annotations(command: ImportAnnotations, context: Context) -> Change:
    """The first fact of an import."""
    _require_set(command.image_set_id, context, command.NEEDS)
    fact = imports.start(
        command.import_id,
        number=next_number("import"),
        image_set_id=command.image_set_id,
        origin=command.origin,
        filename=command.filename,
        sha256=command.sha256,
        rows=command.rows,
        set_aside=command.set_aside,
        stamp=context.stamp,
    )
    return Change(before=None, facts=[fact], scope_id=command.image_set_id)


@handles(BringAnnotations)
def bring_annotations(command: BringAnnotations, context: Context) -> Changes:
    """A fact for each chunk, and a head for each annotation in it."""
    hold_import(command.import_id)
    found = import_of(command.import_id, context, command.NEEDS)
    found.refuse_unless(Progress.RUNNING)
    _refuse_other_images(found, {chunk.image_id for chunk in command.chunks})
    known = {row.image_id: state_of(row) for row in ImportImageRow.objects.filter(import_row_id=found.id)}
    changes = []
    numbers = iter(next_numbers("annotation", sum(len(chunk.items) for chunk in command.chunks)))
    with bulk.heads(len(command.chunks)) as copy_heads:
        for chunk in command.chunks:
            before, own = known.get(chunk.image_id), list(islice(numbers, len(chunk.items)))
            fact = imports.bring(before, found.id, chunk.image_id, chunk.items, own, context.stamp)
            copy_heads(fact, imports.streams_of(found.id, chunk.image_id, chunk.items))
            change = Change(before=before, facts=[fact], scope_id=chunk.image_id)
            known[chunk.image_id] = change.after
            changes.append(change)
    return Changes(subject=_subject(found), changes=changes)


@handles(CompleteImport)
def complete_import(command: CompleteImport, context: Context) -> Changes:
    """The rows of all annotations, and a fact for each image that says so."""
    found = import_of(command.import_id, context, command.NEEDS)
    found.refuse_unless(Progress.RUNNING)
    brought = _brought_by(found.id)
    changes = []
    for state in brought:
        show_brought(state.id)
        changes.append(_next(state, state.next(ImportedAnnotationsShown, context.stamp, count=state.count)))
    total = sum(state.count for state in brought)
    return _with_import(found, found.complete(total, len(brought), context.stamp), changes)


@handles(CancelImport)
def cancel_import(command: CancelImport, context: Context) -> Changes:
    """The identifiers of what had been brought are free again."""
    hold_import(command.import_id)
    found = import_of(command.import_id, context, command.NEEDS, others=True)
    facts = found.cancel(command.reason, context.stamp)
    if facts:
        for state in _brought_by(found.id):
            bulk.forget_heads(bulk.chunks_of(state.id))
    return _with_import(found, facts, [])


@handles(UndoImport)
def undo_import(command: UndoImport, context: Context) -> Changes:
    """Remove what follows; what people have touched stays."""
    found = import_of(command.import_id, context, command.NEEDS, others=True)
    found.refuse_unless(Progress.COMPLETE)
    changes, removed, kept = _move(found, ImportedAnnotationsRemoved, context)
    return _with_import(found, found.undo(removed, kept, context.stamp), changes, removed=removed, kept=kept)


@handles(RestoreImport)
def restore_import(command: RestoreImport, context: Context) -> Changes:
    """Bring back what still follows."""
    found = import_of(command.import_id, context, command.NEEDS, others=True)
    found.refuse_unless(Progress.UNDONE)
    changes, restored, left = _move(found, ImportedAnnotationsRestored, context)
    return _with_import(found, found.restore(restored, left, context.stamp), changes, restored=restored, left=left)


def _move(found: Import, kind: type[Fact], context: Context) -> tuple[list[Change], int, int]:
    """What happens to all that follow, image after image: the changes, how many moved, how many did not."""
    lock_rows(found.id)
    removing = kind is ImportedAnnotationsRemoved
    changes, all_moved, all_others = [], 0, 0
    for state in _brought_by(found.id):
        moved = bulk.advance_followers(bulk.chunks_of(state.id))
        move_followers(removed=removing, stamp=context.stamp)
        counts = {"removed": moved, "kept": state.count - moved} if removing else {
            "restored": moved, "left": state.count - moved}  # fmt: skip
        changes.append(_next(state, state.next(kind, context.stamp, **counts)))
        all_moved, all_others = all_moved + moved, all_others + state.count - moved
    return changes, all_moved, all_others


def import_of(import_id: UUID, context: Context, permission: Permission, *, others: bool = False) -> Import:
    """The import, when the person may do this in the team of its set and has seen its newest version.

    With `others`, what somebody else has brought needs the right to undo others' work.
    """
    found: Import = load_or_refuse(import_id, Import, "import", context)
    foreign = others and found.started_by != context.person.person_id
    _require_set(found.image_set_id, context, Permission.UNDO_OTHERS if foreign else permission)
    found.refuse_stale(context.expected_version)
    return found


def _require_set(image_set_id: UUID, context: Context, permission: Permission) -> None:
    image_set = ImageSetRow.objects.filter(id=image_set_id).first()
    if image_set is None:
        raise NotFound("There is no such image set, or it belongs to another team.", what="image set")
    require(context.person, permission, image_set.team_id)
    if image_set.withdrawn:
        raise NotFound("The image set was withdrawn.", code="withdrawn")


def _refuse_other_images(found: Import, image_ids: set[UUID]) -> None:
    offered = ImageRow.objects.filter(id__in=image_ids, image_set_id=found.image_set_id, withdrawn=False).count()
    if offered != len(image_ids):
        raise NotFound("One of the images is not in the set any more; begin a new import.", what="image")


def _brought_by(import_id: UUID) -> list[ImportedAnnotations]:
    return [state_of(row) for row in ImportImageRow.objects.filter(import_row_id=import_id)]


def _next(state: ImportedAnnotations, fact: Fact) -> Change:
    return Change(before=state, facts=[fact], scope_id=state.image_id)


def _with_import(found: Import, facts: list[Fact], changes: list[Change], **details: int) -> Changes:
    own = Change(before=found, facts=facts, scope_id=found.image_set_id)
    return Changes(subject=_subject(own.after), changes=[*changes, own], details=details)


def _subject(found: Import) -> Subject:
    return Subject(id=found.id, number=found.number, version=found.version)


# --- what the doors call: each is done once, whoever asks again is answered alike ------------------------------------


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """Which step of which import: what the log remembers instead of a thousand annotations."""

    import_id: UUID
    step: str


def start_import(
    import_id: UUID, image_set_id: UUID, origin: Origin, *, rows: int, set_aside: int, filename: str, sha256: str,
    by: Person,
) -> Answer:  # fmt: skip
    """Begin; `rows` is how many annotations will come."""
    command = ImportAnnotations(
        import_id=import_id, image_set_id=image_set_id, origin=origin, rows=rows, set_aside=set_aside,
        filename=filename, sha256=sha256,
    )  # fmt: skip
    return _once(command, import_id, "start", by)


def record_chunks(
    import_id: UUID, batch: int, chunks: Sequence[tuple[UUID, Sequence[ImportedItem]]], *, by: Person
) -> Answer:
    """Write up to CHUNKS_MAX chunks, each (image, at most a thousand items), in one transaction.

    `batch` counts them from 1 for each import: the same batch is written once.
    """
    assert 0 < len(chunks) <= CHUNKS_MAX, f"1 to {CHUNKS_MAX} chunks"
    command = BringAnnotations(
        import_id=import_id, chunks=[Chunk(image_id=image, items=items) for image, items in chunks]
    )
    return _once(command, import_id, f"batch {batch}", by)


def finish_import(import_id: UUID, *, by: Person) -> Answer:
    """Show everything: one transaction, in which all rows are written."""
    return _once(CompleteImport(import_id=import_id), import_id, "complete", by)


def _once(command: Command, import_id: UUID, step: str, by: Person) -> Answer:
    """Its steps belong together: the import's id is their correlation id."""
    wish = Step(import_id=import_id, step=step)
    return dispatch(command, by=by, key=f"import {import_id} {step}", correlation_id=import_id, wish=wish)
