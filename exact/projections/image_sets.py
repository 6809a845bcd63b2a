"""Image sets as people see them, with the products attached to each."""

from uuid import UUID

import msgspec
from django.db import models

from exact.domain import image_sets
from exact.domain.identifiers import derived_id
from exact.projections.base import Detail, Inline, Row
from exact.projections.products import ProductRow
from exact.projections.teams import TeamRow


class ImageSetRow(models.Model):
    """One image set."""

    id = models.UUIDField(primary_key=True)
    number = models.IntegerField(unique=True)
    version = models.IntegerField()
    team = models.ForeignKey(TeamRow, models.CASCADE, related_name="image_sets", db_constraint=False)
    name = models.TextField()
    description = models.TextField()
    withdrawn = models.BooleanField()
    products = models.ManyToManyField(ProductRow, through="ImageSetProductRow", related_name="image_sets")

    class Meta:
        db_table = "image_sets"
        ordering = ["number"]


class ImageSetProductRow(models.Model):
    """A product attached to an image set."""

    id = models.UUIDField(primary_key=True)
    image_set = models.ForeignKey(ImageSetRow, models.CASCADE, db_constraint=False)
    product = models.ForeignKey(ProductRow, models.CASCADE, db_constraint=False)

    class Meta:
        db_table = "image_set_products"


def row_of(image_set: image_sets.ImageSet) -> Row:
    """The row of an image set."""
    return {
        "id": image_set.id,
        "number": image_set.number,
        "version": image_set.version,
        "team_id": image_set.team_id,
        "name": image_set.name,
        "description": image_set.description,
        "withdrawn": image_set.withdrawn,
    }


def product_rows(image_set: image_sets.ImageSet) -> list[Row]:
    """The rows of its products."""
    return [
        {"id": derived_id(image_set.id, product_id), "image_set_id": image_set.id, "product_id": product_id}
        for product_id in image_set.product_ids
    ]


IMAGE_SETS = Inline(
    name="image_sets",
    noun=image_sets,
    state=image_sets.ImageSet,
    model=ImageSetRow,
    row_of=row_of,
    details=(
        Detail(
            model=ImageSetProductRow,
            rows_of=product_rows,
            owner="image_set_id",
            moved_by=(image_sets.ProductAttached, image_sets.ProductDetached),
        ),
    ),
)


class SetPlace(msgspec.Struct, frozen=True, kw_only=True):
    """What a socket needs to know of a set."""

    id: UUID
    number: int
    team_id: UUID
    withdrawn: bool


def find_image_set(number: int) -> SetPlace | None:
    """The set with that public number; None where there is none. One query."""
    row = ImageSetRow.objects.filter(number=number).values(*SetPlace.__struct_fields__).first()
    return SetPlace(**row) if row else None
