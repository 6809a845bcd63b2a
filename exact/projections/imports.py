"""Imports as people see them: one row each, and one for each image an import brings annotations to."""

from uuid import UUID

from django.db import connection, models

from exact.domain import imports
from exact.domain.annotation_fold import AnnotationFold
from exact.domain.facts import Stamp
from exact.domain.imports import Import, ImportedAnnotations
from exact.eventstore import bulk
from exact.projections.annotations import ANNOTATIONS
from exact.projections.base import Inline, Row
from exact.projections.image_sets import ImageSetRow
from exact.projections.images import ImageRow


class ImportRow(models.Model):
    """One import; `progress` is running, complete, cancelled or undone."""

    id = models.UUIDField(primary_key=True)
    number = models.IntegerField(unique=True)
    version = models.IntegerField()
    image_set = models.ForeignKey(ImageSetRow, models.CASCADE, related_name="imports", db_constraint=False)
    filename = models.TextField()
    sha256 = models.TextField()
    source = models.TextField()
    model = models.TextField()
    model_digest = models.TextField()
    parameters = models.JSONField(null=True)
    progress = models.TextField()
    rows = models.IntegerField()
    set_aside = models.IntegerField()
    annotation_count = models.IntegerField()
    image_count = models.IntegerField()
    kept = models.IntegerField()
    reason = models.TextField()
    started_by = models.UUIDField()
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "imports"
        ordering = ["number"]


class ImportImageRow(models.Model):
    """What an import brings to one image: how many chunks and annotations, and what has become of them."""

    id = models.UUIDField(primary_key=True)
    version = models.IntegerField()
    import_row = models.ForeignKey(
        ImportRow, models.CASCADE, related_name="images", db_constraint=False, db_column="import_id"
    )
    image = models.ForeignKey(ImageRow, models.CASCADE, related_name="imports", db_constraint=False)
    chunks = models.IntegerField()
    count = models.IntegerField()
    kept = models.IntegerField()
    shown = models.BooleanField()
    removed = models.BooleanField()
    moves = models.IntegerField()

    class Meta:
        db_table = "import_images"
        ordering = ["id"]


def row_of(state: Import) -> Row:
    """The row of an import."""
    plain = ("id", "number", "version", "image_set_id", "filename", "sha256", "rows", "set_aside", "annotation_count",
             "image_count", "kept", "reason", "started_by", "started_at", "ended_at")  # fmt: skip
    words = ("source", "model", "model_digest", "parameters")
    return {
        **{name: getattr(state, name) for name in plain},
        **{name: getattr(state.origin, name) for name in words},
        "progress": state.progress.value,
    }


def image_row_of(state: ImportedAnnotations) -> Row:
    """The row of what an import brings to an image."""
    plain = ("id", "version", "image_id", "chunks", "count", "kept", "shown", "removed", "moves")
    return {"import_row_id": state.import_id, **{name: getattr(state, name) for name in plain}}


IMPORTS = Inline(name="imports", noun=imports, state=Import, model=ImportRow, row_of=row_of)
IMPORT_IMAGES = Inline(
    name="import_images", noun=imports, state=ImportedAnnotations, model=ImportImageRow, row_of=image_row_of
)


def state_of(row: ImportImageRow) -> ImportedAnnotations:
    """The state that the row shows; reading it costs nothing, its stream may hold a thousand chunks."""
    names = [name for name in ImportedAnnotations.__struct_fields__ if name not in {"import_id", "number"}]
    return ImportedAnnotations(import_id=row.import_row_id, **{name: getattr(row, name) for name in names})


def show_brought(stream_id: UUID) -> None:
    """Write the rows of what an import brought to an image, a chunk at a time, in the command that shows them."""
    for chunk in bulk.chunks_of(stream_id):
        fold = AnnotationFold()
        for birth in imports.births(chunk):
            fold.take(birth)
        ANNOTATIONS.show(list(fold.states.values()), [])


def move_followers(*, removed: bool, stamp: Stamp) -> None:
    """The rows of the annotations in the table `followers` (exact/eventstore/bulk.py), after what happened to all."""
    sql = (
        "update annotations set version = annotations.version + 1, removed = %s, edited_by = %s, edited_at = %s"
        " from followers where annotations.id = followers.id"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [removed, stamp.by, stamp.at])


def hold_import(import_id: UUID) -> None:
    """Until the transaction ends nobody else fills or cancels it: what is cancelled gets no chunk after that."""
    ImportRow.objects.select_for_update().filter(id=import_id).first()


def lock_rows(import_id: UUID) -> None:
    """The rows that an undo will change, before the heads: an edit takes its locks in this order, too."""
    sql = (
        "select count(*) from (select a.id from annotations a join es.stream s on s.stream_id = a.id and s.bulk > 0"
        " join es.bulk b on b.number = s.bulk join import_images i on i.id = b.stream_id where i.import_id = %s"
        " order by a.id for update of a) as locked"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [import_id])
