"""Annotations as people see them at once: one row each, with bounds, and one row for each verification."""

from typing import Any

from django.db import models

from exact.domain import annotations
from exact.domain.identifiers import derived_id
from exact.projections.annotation_types import AnnotationTypeRow
from exact.projections.base import Detail, Inline, Row
from exact.projections.images import ImageRow


class AnnotationRow(models.Model):
    """One annotation; coordinates in 1/100 pixel."""

    id = models.UUIDField(primary_key=True)
    number = models.IntegerField(unique=True)
    version = models.IntegerField()
    content_version = models.IntegerField()
    image = models.ForeignKey(ImageRow, models.CASCADE, related_name="annotations", db_constraint=False)
    unique_identifier = models.UUIDField(db_index=True)
    annotation_type = models.ForeignKey(
        AnnotationTypeRow, models.CASCADE, related_name="annotations", db_constraint=False
    )
    vector = models.JSONField(null=True)
    left = models.BigIntegerField(null=True)
    top = models.BigIntegerField(null=True)
    right = models.BigIntegerField(null=True)
    bottom = models.BigIntegerField(null=True)
    description = models.TextField()
    meta_data = models.JSONField(null=True)
    removed = models.BooleanField()
    status = models.TextField()
    created_by = models.UUIDField()
    created_at = models.DateTimeField()
    edited_by = models.UUIDField()
    edited_at = models.DateTimeField()

    class Meta:
        db_table = "annotations"
        ordering = ["number"]


class VerificationRow(models.Model):
    """What one person said of one annotation; it counts while `of_version` is the annotation's content version."""

    id = models.UUIDField(primary_key=True)
    number = models.IntegerField(unique=True)
    annotation = models.ForeignKey(AnnotationRow, models.CASCADE, related_name="verifications", db_constraint=False)
    person_id = models.UUIDField(db_index=True)
    verdict = models.TextField()
    of_version = models.IntegerField()
    at = models.DateTimeField()

    class Meta:
        db_table = "verifications"
        ordering = ["number"]


def row_of(annotation: annotations.Annotation) -> Row:
    """The row of an annotation."""
    vector = annotation.vector
    left, top, right, bottom = (vector.bounds if vector else None) or (None, None, None, None)
    return {
        "id": annotation.id,
        "number": annotation.number,
        "version": annotation.version,
        "content_version": annotation.content_version,
        "image_id": annotation.image_id,
        "unique_identifier": annotation.unique_identifier,
        "annotation_type_id": annotation.annotation_type_id,
        "vector": vector,
        "left": left,
        "top": top,
        "right": right,
        "bottom": bottom,
        "description": annotation.description,
        "meta_data": annotation.meta_data,
        "removed": annotation.removed,
        "status": annotation.status.value,
        "created_by": annotation.created_by,
        "created_at": annotation.created_at,
        "edited_by": annotation.edited_by,
        "edited_at": annotation.edited_at,
    }


def verification_rows(annotation: annotations.Annotation) -> list[Row]:
    """The rows of its verifications."""
    return [
        {
            "id": derived_id(annotation.id, verification.person_id),
            "number": verification.number,
            "annotation_id": annotation.id,
            "person_id": verification.person_id,
            "verdict": verification.verdict.value,
            "of_version": verification.of_version,
            "at": verification.at,
        }
        for verification in annotation.verifications
    ]


ANNOTATIONS = Inline(
    name="annotations",
    noun=annotations,
    state=annotations.Annotation,
    model=AnnotationRow,
    row_of=row_of,
    details=(
        Detail(
            model=VerificationRow,
            rows_of=verification_rows,
            owner="annotation_id",
            moved_by=(annotations.AnnotationVerified, annotations.VerificationWithdrawn),
        ),
    ),
)


def shown(annotation: annotations.Annotation) -> dict[str, Any]:  # Any: JSON
    """An annotation as the page and the live protocol know it (see docs: annotation row)."""
    plain = ("id", "number", "version", "content_version", "image_id", "unique_identifier", "annotation_type_id",
             "vector", "description", "meta_data", "removed", "created_by", "created_at", "edited_by", "edited_at",
             "status")  # fmt: skip
    verifications = [
        {"person_id": v.person_id, "verdict": v.verdict, "of_version": v.of_version, "at": v.at}
        for v in annotation.verifications
    ]
    return {**{name: getattr(annotation, name) for name in plain}, "verifications": verifications}
