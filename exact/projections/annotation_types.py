"""Annotation types as people see them: what may be marked, in which colour and geometry."""

from django.db import models

from exact.domain import annotation_types
from exact.projections.base import Inline, Row
from exact.projections.products import ProductRow


class AnnotationTypeRow(models.Model):
    """One annotation type; sizes in pixels."""

    id = models.UUIDField(primary_key=True)
    number = models.IntegerField(unique=True)
    version = models.IntegerField()
    product = models.ForeignKey(ProductRow, models.CASCADE, related_name="annotation_types", db_constraint=False)
    vector_type = models.SmallIntegerField()
    name = models.TextField()
    color_code = models.TextField()
    node_count = models.IntegerField()
    default_width = models.IntegerField()
    default_height = models.IntegerField()
    sort_order = models.IntegerField()
    closed = models.BooleanField()
    area_hit_test = models.BooleanField()
    multi_frame = models.BooleanField()
    enable_concealed = models.BooleanField()
    enable_blurred = models.BooleanField()
    withdrawn = models.BooleanField()

    class Meta:
        db_table = "annotation_types"
        ordering = ["number"]


STYLE = annotation_types.Style.__struct_fields__


def row_of(annotation_type: annotation_types.AnnotationType) -> Row:
    """The row of a type."""
    return {
        "id": annotation_type.id,
        "number": annotation_type.number,
        "version": annotation_type.version,
        "product_id": annotation_type.product_id,
        "vector_type": annotation_type.vector_type.value,
        **{name: getattr(annotation_type.style, name) for name in STYLE},
        "withdrawn": annotation_type.withdrawn,
    }


ANNOTATION_TYPES = Inline(
    name="annotation_types",
    noun=annotation_types,
    state=annotation_types.AnnotationType,
    model=AnnotationTypeRow,
    row_of=row_of,
)
