"""Import: many annotations that a program made, brought in chunks, shown all at once, taken back by one wish.

An import has a stream of its own, and one for each image it brings annotations to. Each annotation has its own stream
as any other; its first fact is read out of the chunk, and what happens to the whole import happens to every annotation
of it that has no other fact of its own yet: those *follow* it.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from enum import StrEnum
from itertools import accumulate
from typing import Any
from uuid import UUID

import msgspec
from msgspec.structs import replace

from exact.domain.annotations import (
    META_DATA_MAX,
    AnnotationDrawn,
    AnnotationRemoved,
    AnnotationRestored,
    check_meta_data,
)
from exact.domain.errors import Conflict, Invalid
from exact.domain.facts import Fact, Stamp
from exact.domain.identifiers import annotation_stream, derived_id, imported_identifier, imported_streams
from exact.domain.packing import columns_of, pack, split, unpack
from exact.domain.streams import Stream, checked_text

ITEMS_MAX = 1000
"""Annotations of one chunk."""
ROWS_MAX = 1_000_000
"""Annotations of one import."""
TEXT_MAX = 500


class Origin(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What made the annotations: words for people, and what is needed to make them again."""

    source: str = ""
    model: str = ""
    model_digest: str = ""
    parameters: dict[str, Any] | None = None  # Any: the model's own JSON


class ImportedItem(msgspec.Struct, frozen=True, kw_only=True):
    """One annotation to be brought, checked already; without an identifier it gets one from the import and its line."""

    line: int
    annotation_type_id: UUID
    unique_identifier: UUID | None = None
    vector: Any = None  # Any: a Vector or None; msgspec need not check it again
    description: str = ""
    meta_data: dict[str, Any] | None = None  # Any: the client's own JSON


class ImportStarted(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """A file of annotations was accepted; nothing of it is to be seen yet."""

    number: int
    image_set_id: UUID
    origin: Origin
    filename: str
    sha256: str
    rows: int
    set_aside: int = 0


class ImportCompleted(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """Everything has been brought and is shown."""

    annotation_count: int
    image_count: int


class ImportCancelled(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """It will never be shown; what had been brought stays in the log and counts for nothing."""

    reason: str = ""


class ImportUndone(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """Taken back: `removed` annotations followed, `kept` had been touched by people and stay."""

    removed: int
    kept: int


class ImportRestored(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """Brought back: `restored` annotations still followed, `left` had been touched by people and stay as they are."""

    restored: int
    left: int


class AnnotationsImported(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """Up to a thousand annotations of one image, packed (exact/domain/packing.py); hidden until they are shown."""

    import_id: UUID
    image_id: UUID
    count: int
    items: bytes


class ImportedAnnotationsShown(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """All annotations of the import on this image are there from now on."""

    import_id: UUID
    image_id: UUID
    count: int


class ImportedAnnotationsRemoved(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """Every annotation of the import on this image that still follows it was removed."""

    import_id: UUID
    image_id: UUID
    removed: int
    kept: int


class ImportedAnnotationsRestored(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """Every annotation of the import on this image that still follows it was restored."""

    import_id: UUID
    image_id: UUID
    restored: int
    left: int


class Progress(StrEnum):
    """How far an import is."""

    RUNNING = "running"
    COMPLETE = "complete"
    CANCELLED = "cancelled"
    UNDONE = "undone"


class Import(Stream, frozen=True, kw_only=True):
    """The state of one import."""

    image_set_id: UUID
    origin: Origin
    filename: str
    sha256: str
    rows: int
    set_aside: int
    progress: Progress = Progress.RUNNING
    annotation_count: int = 0
    image_count: int = 0
    kept: int = 0
    reason: str = ""
    started_by: UUID
    started_at: datetime
    ended_at: datetime | None = None

    def refuse_unless(self, progress: Progress) -> None:
        """Each step can be taken from one state only."""
        if self.progress is not progress:
            raise Conflict(f"This import is {self.progress}; only one that is {progress} can do that.",
                           code=f"import_{self.progress}")  # fmt: skip

    def complete(self, annotation_count: int, image_count: int, stamp: Stamp) -> list[Fact]:
        """Everything has been brought."""
        self.refuse_unless(Progress.RUNNING)
        return [self.next(ImportCompleted, stamp, annotation_count=annotation_count, image_count=image_count)]

    def cancel(self, reason: str, stamp: Stamp) -> list[Fact]:
        """Never show it; once is enough."""
        if self.progress is Progress.CANCELLED:
            return []
        self.refuse_unless(Progress.RUNNING)
        return [self.next(ImportCancelled, stamp, reason=checked_text(reason, what="reason"))]

    def undo(self, removed: int, kept: int, stamp: Stamp) -> list[Fact]:
        """Take it back."""
        self.refuse_unless(Progress.COMPLETE)
        return [self.next(ImportUndone, stamp, removed=removed, kept=kept)]

    def restore(self, restored: int, left: int, stamp: Stamp) -> list[Fact]:
        """Bring it back."""
        self.refuse_unless(Progress.UNDONE)
        return [self.next(ImportRestored, stamp, restored=restored, left=left)]


class ImportedAnnotations(msgspec.Struct, frozen=True, kw_only=True):
    """What one import brought to one image; `moves` counts what has happened to all that follow since it was shown."""

    id: UUID
    version: int
    import_id: UUID
    image_id: UUID
    chunks: int = 0
    count: int = 0
    kept: int = 0
    shown: bool = False
    removed: bool = False
    moves: int = 0
    number: int = 0

    def next(self, kind: type[Fact], stamp: Stamp, **fields: Any) -> Fact:  # Any: the fact's own fields
        """The fact that follows this state."""
        own = {"import_id": self.import_id, "image_id": self.image_id, **fields}
        return kind(originator_id=self.id, originator_version=self.version + 1, **stamp.fields(), **own)


def imported_stream(import_id: UUID, image_id: UUID) -> UUID:
    """The stream of what an import brings to an image."""
    return derived_id("imported", import_id, image_id)


def start(id: UUID, *, number: int, image_set_id: UUID, origin: Origin, filename: str, sha256: str, rows: int,
          set_aside: int, stamp: Stamp) -> ImportStarted:  # fmt: skip
    """The first fact of an import."""
    check_origin(origin)
    if not 0 < rows <= ROWS_MAX:
        raise Invalid(f"An import brings 1 to {ROWS_MAX} annotations; this one would bring {rows}.", code="import_rows")
    return ImportStarted(
        originator_id=id,
        originator_version=1,
        number=number,
        image_set_id=image_set_id,
        origin=origin,
        filename=filename,
        sha256=sha256,
        rows=rows,
        set_aside=set_aside,
        **stamp.fields(),
    )


def check_origin(origin: Origin) -> None:
    """Words of at most 500 characters, parameters as any client's own data."""
    for name in ("source", "model", "model_digest"):
        checked_text(getattr(origin, name), what=name.replace("_", " "), most=TEXT_MAX)
    try:
        check_meta_data(origin.parameters)
    except Invalid:
        raise Invalid(f"The parameters are JSON of at most {META_DATA_MAX} bytes, without NUL and endless nesting.",
                      code="parameters_invalid") from None  # fmt: skip


def bring(state: ImportedAnnotations | None, import_id: UUID, image_id: UUID, items: Sequence[ImportedItem],
          numbers: Sequence[int], stamp: Stamp) -> AnnotationsImported:  # fmt: skip
    """One chunk of at most a thousand checked annotations, each with its public number."""
    if not 0 < len(items) <= ITEMS_MAX:
        raise Invalid(f"A chunk holds 1 to {ITEMS_MAX} annotations.", code="chunk_size")
    if len({item.unique_identifier is None for item in items}) == 2:  # the packed list knows all or none
        items = [replace(item, unique_identifier=_identifier(import_id, item)) for item in items]
    return AnnotationsImported(
        originator_id=state.id if state else imported_stream(import_id, image_id),
        originator_version=state.version + 1 if state else 1,
        import_id=import_id,
        image_id=image_id,
        count=len(items),
        items=pack(items, numbers),  # type: ignore[arg-type]  # msgspec's frozen fields cannot be set, and need not
        **stamp.fields(),
    )


def _identifier(import_id: UUID, item: ImportedItem) -> UUID:
    return identifier_of(import_id, item.line, item.unique_identifier)


def identifier_of(import_id: UUID, line: int, own: UUID | None) -> UUID:
    """The item's own identifier, else the one that import and line give it."""
    return own or imported_identifier(import_id, line)


def births(fact: AnnotationsImported) -> Iterator[AnnotationDrawn]:
    """The first fact of each annotation of a chunk, as if it had been drawn by itself; its cause is the import."""
    stamp = Stamp(
        at=fact.at, by=fact.by, behind=fact.behind, correlation_id=fact.correlation_id, causation_id=fact.import_id
    ).fields()
    for item in unpack(fact.items):
        identifier = identifier_of(fact.import_id, item.line, item.unique_identifier)
        yield AnnotationDrawn(
            originator_id=annotation_stream(fact.image_id, identifier),
            originator_version=1,
            number=item.number,
            image_id=fact.image_id,
            unique_identifier=identifier,
            annotation_type_id=item.annotation_type_id,
            vector=item.vector,
            description=item.description,
            meta_data=item.meta_data,
            **stamp,
        )


def stream_ids(fact: AnnotationsImported) -> list[bytes]:
    """The streams of a chunk's annotations, sixteen bytes each and sorted, without making anything else of them."""
    columns = columns_of(fact.items)
    if columns.identifiers:
        return sorted(annotation_stream(fact.image_id, own).bytes for own in split(columns.identifiers))
    return sorted(imported_streams(fact.import_id, fact.image_id, accumulate(columns.lines)))


def streams_of(import_id: UUID, image_id: UUID, items: Sequence[ImportedItem]) -> list[bytes]:
    """The same of annotations that are not packed yet."""
    if any(item.unique_identifier for item in items):
        return sorted(annotation_stream(image_id, _identifier(import_id, item)).bytes for item in items)
    return sorted(imported_streams(import_id, image_id, [item.line for item in items]))


MOVES = (ImportedAnnotationsRemoved, ImportedAnnotationsRestored)


def moved(move: Fact, stream_id: UUID, version: int) -> Fact:
    """What happened to the whole import, as the fact of one annotation that follows it."""
    assert isinstance(move, MOVES), "only these happen to a whole import"
    common = {"originator_id": stream_id, "originator_version": version, "causation_id": move.import_id,
              "at": move.at, "by": move.by, "behind": move.behind, "correlation_id": move.correlation_id}  # fmt: skip
    if isinstance(move, ImportedAnnotationsRemoved):
        return AnnotationRemoved(reason=UNDONE, **common)  # type: ignore[arg-type]  # as the fact has them
    return AnnotationRestored(**common)  # type: ignore[arg-type]


UNDONE = "The import was undone."


def evolve(state: Import | ImportedAnnotations | None, fact: Fact) -> Import | ImportedAnnotations:
    """The state after one more fact of either kind of stream."""
    if isinstance(fact, ImportStarted):
        return _started(fact)
    if isinstance(fact, AnnotationsImported):
        return _brought(state, fact)
    assert state is not None, "the first fact is ImportStarted or AnnotationsImported"
    state = replace(state, version=fact.originator_version)
    if isinstance(state, ImportedAnnotations):
        return _followed(state, fact)
    return _progressed(state, fact)


def _started(fact: ImportStarted) -> Import:
    return Import(
        id=fact.originator_id,
        version=fact.originator_version,
        number=fact.number,
        image_set_id=fact.image_set_id,
        origin=fact.origin,
        filename=fact.filename,
        sha256=fact.sha256,
        rows=fact.rows,
        set_aside=fact.set_aside,
        started_by=fact.by,
        started_at=fact.at,
    )


def _brought(state: Import | ImportedAnnotations | None, fact: AnnotationsImported) -> ImportedAnnotations:
    if state is None:
        state = ImportedAnnotations(id=fact.originator_id, version=0, import_id=fact.import_id, image_id=fact.image_id)
    assert isinstance(state, ImportedAnnotations), "the two kinds have streams of their own"
    return replace(state, version=fact.originator_version, chunks=state.chunks + 1, count=state.count + fact.count)


def _followed(state: ImportedAnnotations, fact: Fact) -> ImportedAnnotations:
    match fact:
        case ImportedAnnotationsShown():
            return replace(state, shown=True)
        case ImportedAnnotationsRemoved():
            return replace(state, removed=True, kept=fact.kept, moves=state.moves + 1)
        case ImportedAnnotationsRestored():
            return replace(state, removed=False, kept=fact.left, moves=state.moves + 1)
    raise TypeError(f"{type(fact).__name__} is no fact of imported annotations")


def _progressed(state: Import, fact: Fact) -> Import:
    match fact:
        case ImportCompleted():
            return replace(state, progress=Progress.COMPLETE, annotation_count=fact.annotation_count,
                           image_count=fact.image_count, ended_at=fact.at)  # fmt: skip
        case ImportCancelled():
            return replace(state, progress=Progress.CANCELLED, reason=fact.reason, ended_at=fact.at)
        case ImportUndone():
            return replace(state, progress=Progress.UNDONE, kept=fact.kept, ended_at=fact.at)
        case ImportRestored():
            return replace(state, progress=Progress.COMPLETE, kept=fact.left, ended_at=fact.at)
    raise TypeError(f"{type(fact).__name__} is no fact of an import")
