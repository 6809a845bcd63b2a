"""From rows to annotations that may be imported, a batch at a time, each of the others with the reason why not."""

from collections.abc import Iterable, Iterator, Sequence
from uuid import UUID

import msgspec
import numpy as np

from exact.commands.places import Place
from exact.domain.annotations import UNSTORABLE, check_description, check_meta_data
from exact.domain.errors import Invalid, Refusal
from exact.domain.identifiers import annotation_stream
from exact.domain.imports import ImportedItem
from exact.domain.vectors import Plane, Vector, VectorType
from exact.eventstore.bulk import known_among
from exact.exchange.checking.catalogue import Catalogue
from exact.exchange.checking.outlines import Bed, Units, surely_right, to_units
from exact.exchange.checking.shapes import coordinates_of
from exact.exchange.reading.rows import Bad, Row
from exact.projections.annotation_types import AnnotationTypeRow

BATCH_ROWS = 2000
BATCH_BYTES = 8 * 2**20


class Good(msgspec.Struct, frozen=True, kw_only=True):
    """An annotation that may be imported, and the row it came from."""

    row: Row
    image_id: UUID
    item: ImportedItem


class Draft(msgspec.Struct, kw_only=True):
    """A row whose image and type are known; `frames` of the plane it lies in."""

    row: Row
    place: Place
    kind: AnnotationTypeRow
    coordinates: list[float]
    bed: Bed | None = None
    frames: int = 1
    units: Units | None = None
    right: bool = False
    stream: UUID | None = None


class Defaults(msgspec.Struct, frozen=True, kw_only=True):
    """What counts for rows that name no image or no type."""

    image: int | str | None = None
    annotation_type: int | str | None = None


class Checker:
    """Checks the rows of one file for one image set; remembers the identifiers it has seen (100 bytes a row)."""

    def __init__(self, image_set_id: UUID, defaults: Defaults) -> None:
        self.catalogue, self.defaults = Catalogue(image_set_id), defaults
        self._seen: set[int] = set()
        self._beds: dict[tuple[UUID, int, UUID], tuple[Bed, int]] = {}

    def check(self, rows: Sequence[Row | Bad]) -> list[Good | Bad]:
        """Each row as an annotation or with its problem, in the order of the rows."""
        drafts = [row if isinstance(row, Bad) else self._draft(row) for row in rows]
        _measure([draft for draft in drafts if isinstance(draft, Draft)])
        known = self._known([draft for draft in drafts if isinstance(draft, Draft)])
        return [draft if isinstance(draft, Bad) else self._finish(draft, known) for draft in drafts]

    def _draft(self, row: Row) -> Draft | Bad:
        try:
            return self._placed(row)
        except Refusal as refusal:
            return bad(row, refusal)

    def _placed(self, row: Row) -> Draft:
        place = self.catalogue.images.find(named(row.image, self.defaults.image, "image"))
        kind = self.catalogue.types.find(named(row.annotation_type, self.defaults.annotation_type, "annotation type"))
        if row.shape is None:
            return Draft(row=row, place=place, kind=kind, coordinates=[])
        bed, frames = self._bed(place, row.shape.plane, kind)
        return Draft(row=row, place=place, kind=kind, coordinates=coordinates_of(row.shape, row, kind), bed=bed,
                     frames=frames)  # fmt: skip

    def _bed(self, place: Place, plane: int, kind: AnnotationTypeRow) -> tuple[Bed, int]:
        """What a shape lies on and how many frames that has, remembered for the next row."""
        key = place.image.id, plane, kind.id
        if key not in self._beds:
            width, height, frames = place.size_of(plane)
            self._beds[key] = Bed(width, height, kind.node_count), frames
        return self._beds[key]

    def _known(self, drafts: Sequence[Draft]) -> set[UUID]:
        """Of the identifiers that clients gave, those that the log has on that image already: one query."""
        for draft in drafts:
            if draft.row.unique_identifier:
                draft.stream = annotation_stream(draft.place.image.id, draft.row.unique_identifier)
        streams = [draft.stream for draft in drafts if draft.stream]
        return known_among(streams) if streams else set()

    def _finish(self, draft: Draft, known: set[UUID]) -> Good | Bad:
        row, image_id = draft.row, draft.place.image.id
        try:
            check_texts(row)
            vector = vector_of(draft)
            self._refuse_twins(draft, known)
        except Refusal as refusal:
            return bad(row, refusal)
        item = ImportedItem(
            line=row.line,
            unique_identifier=row.unique_identifier,
            annotation_type_id=draft.kind.id,
            vector=vector,
            description=row.description,
            meta_data=row.meta_data,
        )
        return Good(row=row, image_id=image_id, item=item)

    def _refuse_twins(self, draft: Draft, known: set[UUID]) -> None:
        if draft.stream is None:
            return
        if draft.stream in known:
            raise Invalid("The image has an annotation of this identifier already.", code="already_there")
        if draft.stream.int in self._seen:
            raise Invalid("An earlier row of the file has this identifier on the same image.", code="twice_in_file")
        self._seen.add(draft.stream.int)


def batches(rows: Iterable[Row | Bad]) -> Iterator[list[Row | Bad]]:
    """Rows in lists that never hold much text."""
    batch: list[Row | Bad] = []
    size_bytes = 0
    for row in rows:
        batch.append(row)
        size_bytes += len(row.text)
        if len(batch) >= BATCH_ROWS or size_bytes >= BATCH_BYTES:
            yield batch
            batch, size_bytes = [], 0
    if batch:
        yield batch


def named(own: int | str | None, default: int | str | None, what: str) -> int | str:
    """What the row names, else what the request does."""
    found = default if own is None else own
    if found is None:
        sentence = f"The row names no {what}; name it in the row, or one for all rows with the file."
        raise Invalid(sentence, code=f"{what.replace(' ', '_')}_missing")
    return found


def check_texts(row: Row) -> None:
    """Remark and data are what the database can keep."""
    if row.description:
        check_description(row.description)
        if UNSTORABLE.search(row.description):
            raise Invalid("The remark holds half a character.", code="not_text")
    if row.meta_data is not None:
        check_meta_data(row.meta_data)


def _measure(drafts: Sequence[Draft]) -> None:
    """All coordinates in whole units at once, and all polygons judged at once."""
    if not drafts:
        return
    units = to_units([value for draft in drafts for value in draft.coordinates])
    end = 0
    for draft in drafts:
        begin, end = end, end + len(draft.coordinates)
        draft.units = units[begin:end]
    outlines = [draft for draft in drafts if draft.kind.vector_type == VectorType.POLYGON and draft.bed]
    _judge(outlines)


def _judge(outlines: Sequence[Draft]) -> None:
    if not outlines:
        return
    units = np.concatenate([draft.units for draft in outlines if draft.units is not None])
    counts = [len(draft.coordinates) // 2 for draft in outlines]
    verdicts = surely_right(units, counts, [draft.bed for draft in outlines if draft.bed])
    for draft, verdict in zip(outlines, verdicts.tolist(), strict=True):
        frame = frame_of(draft)
        draft.right = verdict and (frame is None or 0 <= frame < draft.frames)


def frame_of(draft: Draft) -> int | None:
    """The frame; a flat image knows none."""
    frame = draft.row.shape.frame if draft.row.shape else None
    return None if frame == 0 and draft.frames == 1 else frame


def vector_of(draft: Draft) -> Vector | None:
    """The geometry, checked by the domain unless it is known to be right; None for "not in the image"."""
    if draft.row.shape is None:
        return None
    assert draft.units is not None, "every shape has been measured"
    vector = Vector(
        vector_type=VectorType(draft.kind.vector_type),
        points=tuple(draft.units.tolist()),
        frame=frame_of(draft),
        plane=Plane(draft.row.shape.plane),
    )
    return vector if draft.right else draft.place.checked(vector, draft.kind.node_count)


def bad(row: Row, refusal: Refusal) -> Bad:
    """The row with its problem."""
    return Bad(line=row.line, text=row.text, code=refusal.code, sentence=refusal.sentence)
